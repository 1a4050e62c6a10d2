"""Stories of roles, policies and boundaries: they are deployed, and what is there then is put to
the evaluator of IAM policies with the expectations that tests/iam/expect/ has of the same examples.

The engine knows no service control policies and refuses every template with one, so these are taken
out of the template; tests/iam puts them to the evaluator as the template has them.
"""

import json
import shutil
import sys
from typing import Any

from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from tests.deploy import aws
from tests.deploy.stories import ACCOUNTS, A, B, Told, story
from tests.deploy.story import BUCKET, Broken, Story
from tests.iam import expectations
from tests.iam import template as iam
from tests.iam.cases import Comparison
from tests.shared.checks import ROOT, stack_sets

EXAMPLES = ROOT / "examples"


def deploy_example(told: Story, name: str, parameters: dict[str, Any]) -> None:
    """Deploys an example without its guardrails."""
    done = told.compiler("build", EXAMPLES / f"{name}.layers", "--format", "json")
    if done.returncode != 0:
        raise Broken(done.stderr)
    template = json.loads(done.stdout)
    resources = template["Resources"]
    template["Resources"] = {
        name: one for name, one in resources.items() if one["Type"] != "AWS::Organizations::Policy"
    }
    told.template.write_text("")
    told.deploy(parameters, body=json.dumps(template, indent=2))


def documents(told: Story) -> list[iam.Document]:
    """The policy documents that the account has now, by the logical IDs of their resources."""
    resources = aws.ask("cloudformation", "describe-stack-resources", "--stack-name", told.stack)[
        "StackResources"
    ]
    found = []
    for one in resources:
        logical, physical = one["LogicalResourceId"], one["PhysicalResourceId"]
        if one["ResourceType"] == "AWS::IAM::Role":
            role = ["--role-name", physical]
            trust = aws.ask("iam", "get-role", *role)["Role"]["AssumeRolePolicyDocument"]
            found.append(iam.Document(logical, "trust", trust))
            for policy in aws.ask("iam", "list-role-policies", *role)["PolicyNames"]:
                inline = aws.ask("iam", "get-role-policy", *role, "--policy-name", policy)[
                    "PolicyDocument"
                ]
                found.append(iam.Document(logical, "identity", inline))
        elif one["ResourceType"] == "AWS::IAM::ManagedPolicy":
            policy = ["--policy-arn", physical]
            version = aws.ask("iam", "get-policy", *policy)["Policy"]["DefaultVersionId"]
            there = aws.ask("iam", "get-policy-version", *policy, "--version-id", version)[
                "PolicyVersion"
            ]["Document"]
            found.append(iam.Document(logical, "identity", there))
    return found


def judge(told: Story, name: str) -> None:
    """Puts what is deployed to the evaluator."""
    expected = json.loads((ROOT / "tests" / "iam" / "expect" / f"{name}.json").read_text())
    there = documents(told)
    expected["policies"] = {
        policy: entry
        for policy, entry in expected["policies"].items()
        if policy in {one.resource for one in there}
    }
    comparison = Comparison(f"deployed {name}")
    for about, request, use, contents, answer in expectations.requests_in(expected, there):
        comparison.ask(about, request, use, contents, answer)
    if not comparison.report():
        raise Broken(f"what is deployed of {name} does not mean what its rules say")


def of_example(
    name: str, parameters: dict[str, Any] | None = None, prepare: Told | None = None
) -> None:
    def told(told: Story) -> None:
        if prepare:
            prepare(told)
        deploy_example(told, name, parameters or {})
        judge(told, name)

    told.__name__ = f"deployed_{name.replace('-', '_')}"
    ACCOUNTS[told.__name__] = iam.ACCOUNT
    story(told)


def developers(_: Story) -> None:
    aws.run("iam", "create-group", "--group-name", "developers")


def payments(_: Story) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": A}, "Action": "sts:AssumeRole"}],
    }
    aws.run(
        "iam",
        "create-role",
        "--role-name",
        "payments-deployer",
        "--assume-role-policy-document",
        json.dumps(trust),
    )


def observability(told: Story) -> None:
    """The expectations count the versions that the stack publishes from 7."""
    told.upload("old.zip")
    for _ in range(iam.FIRST_VERSION - 1):
        aws.run(
            "lambda",
            "publish-layer-version",
            "--layer-name",
            "observability",
            "--content",
            f"S3Bucket={told.bucket},S3Key=old.zip",
        )
    aws.run("s3api", "create-bucket", "--bucket", "acme-layers")
    for version in ("2.0.0", "2.1.0"):
        body = told.place / "upload.zip"
        aws.run(
            "s3api",
            "put-object",
            "--bucket",
            "acme-layers",
            "--key",
            f"observability/{version}.zip",
            "--body",
            body,
        )


if shutil.which("node"):
    of_example("only-test-layers", prepare=developers)
    of_example("ci-deployer")
    of_example("approved-boundary", {"PlatformAccount": "123456789012"}, observability)
    of_example("no-layers", prepare=payments)
    of_example("publishers")
else:
    print(
        "deploy: no Node.js, so the stories that need the evaluator of policies are left out",
        file=sys.stderr,
    )


@story
def a_policy_changes(told: Story) -> None:
    """A changed rule changes the policy that is there."""
    rules = """
        boundary approved {{
          deny all except {} from account {}
        }}

        role deployer {{
          trust account {}
          boundary approved
          allow shared-* from account {}
        }}
    """
    for pattern in ("shared-*", "shared-deps"):
        told.build(rules.format(pattern, A, A, A))
        told.deploy()
        [there] = [one.content for one in documents(told) if one.resource == "Approved"]
        layers = there["Statement"][1]["Condition"]["ForAnyValue:StringNotLike"]["lambda:Layer"]
        if layers != [f"arn:aws:lambda:*:{A}:layer:{pattern}:*"]:
            raise Broken(f"the boundary says {layers}")


@story
def publishers(told: Story) -> None:
    """A boundary and a role say who publishes layers and shares them; a changed rule changes both,
    and the sharing of the layer stays.
    """
    told.upload("1.zip")
    rules = f"""
        layer sdk-base {{{{
          version 1 from s3://{BUCKET}/1.zip
          share with account {B}
        }}}}

        boundary publishers {{{{
          deny publish except {{pattern}}
          deny share
        }}}}

        role layer-publisher {{{{
          trust account {A}
          boundary publishers
          allow publish {{pattern}}
          allow share {{pattern}}
        }}}}
    """
    share = ["lambda:AddLayerVersionPermission", "lambda:RemoveLayerVersionPermission"]
    for pattern in ("sdk-*", "sdk-base"):
        told.build(rules.format(pattern=pattern))
        told.deploy()
        own = f"arn:aws:lambda:*:{told.account}:layer:{pattern}"
        there = documents(told)
        [allowed] = [
            one.content
            for one in there
            if one.resource == "LayerPublisher" and one.use == "identity"
        ]
        [boundary] = [one.content for one in there if one.resource == "Publishers"]
        found = {one["Sid"]: one for one in [*allowed["Statement"], *boundary["Statement"]]}
        expected = [
            ("AllowToPublish", "Resource", ["lambda:PublishLayerVersion"], [own]),
            ("AllowToShare", "Resource", [*share, "lambda:GetLayerVersionPolicy"], [f"{own}:*"]),
            (
                "DenyPublishingOthers",
                "NotResource",
                ["lambda:PublishLayerVersion"],
                [f"arn:aws:lambda:*:*:layer:{pattern}"],
            ),
            ("DenySharing", "Resource", share, "*"),
        ]
        for sid, key, actions, resources in expected:
            one = found.get(sid, {})
            written = one.get("Action")
            listed = [written] if isinstance(written, str) else written
            if one.get(key) != resources or sorted(listed or []) != sorted(actions):
                raise Broken(f"the statement {sid} is {one}")
        told.expect(**{"sdk-base": {1: {B}}})


@story
def rolled_out(told: Story) -> None:
    """What a stack set rolls out is deployed as each account gets it."""
    rules = """
        parameter Partner account
        account partner = ${{Partner}}

        roll out to ou-ab12-cdefghij in us-east-1

        boundary approved {{
          deny all except {pattern} from account {owner}, * from this account, tools-* from partner
        }}

        role deployer {{
          trust account {owner}
          boundary approved
          allow {pattern} from account {owner}
        }}
    """
    for pattern in ("shared-*", "shared-deps"):
        told.build(rules.format(pattern=pattern, owner=A))
        [stack_set] = stack_sets(yaml_parse(told.template.read_text()))
        told.deploy({"Partner": B}, body=stack_set["TemplateBody"])
        there = documents(told)
        [boundary] = [one.content for one in there if one.resource == "Approved"]
        layers = boundary["Statement"][1]["Condition"]["ForAnyValue:StringNotLike"]["lambda:Layer"]
        owners = [(told.account, "*"), (A, pattern), (B, "tools-*")]
        expected = [f"arn:aws:lambda:*:{owner}:layer:{name}:*" for owner, name in owners]
        if sorted(layers) != sorted(expected):
            raise Broken(f"the boundary says {layers}")
        deployer = [one.use for one in there if one.resource == "Deployer"]
        if sorted(deployer) != ["identity", "trust"]:
            raise Broken(f"the role has {deployer}")


@story
def drift_reads_the_deployed_template_too(told: Story) -> None:
    """A grant that is made by hand is found and taken away by the printed command."""
    told.upload("1.zip")
    told.build(
        f"layer deps {{\n  version 1 from s3://{BUCKET}/1.zip\n  share with account {A}\n}}\n"
    )
    told.deploy()
    aws.run(
        "lambda", "add-layer-version-permission", "--layer-name", "deps",
        "--version-number", 1, "--statement-id", "oops",
        "--action", "lambda:GetLayerVersion", "--principal", "*",
    )  # fmt: skip
    told.drifts("widened")
    told.repair()
    told.drifts()
    told.expect(deps={1: {A}})
    [(_, sid)] = told.statements("deps", 1)
    aws.run(
        "lambda", "remove-layer-version-permission", "--layer-name", "deps",
        "--version-number", 1, "--statement-id", sid,
    )  # fmt: skip
    told.drifts("missing")
    told.repair()
    told.expect(deps={1: {A}})

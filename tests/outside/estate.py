"""Checks the workflows of docs/estate.md: that they have the form that GitHub asks for, and that
their commands do what the page says, with stand-ins for AWS and for what only GitHub has.
"""

import itertools
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.outside.pipeline import Fault, block, git, run, tool
from tests.shared.checks import COMPILER, ROOT, finish

PAGE = ROOT / "docs" / "estate.md"
ORGANIZATION = "o-a1b2c3d4e5"
ACCOUNT = "123456789012"

SOURCE = f"""organization acme = {ORGANIZATION}

regions us-east-1, eu-west-1

layer deps {{
  version 1.0.0 from s3://acme-${{AWS::Region}}/deps-1.0.0.zip
  share with acme
}}

layer tools {{
  version 1.0.0 from s3://acme-${{AWS::Region}}/tools-1.0.0.zip
  share with acme
}}

role deployer {{
  trust account {ACCOUNT}
  allow deps
}}
"""
BROADER = SOURCE.replace(
    "  share with acme", '  share with acme, everyone because "it is public"', 1
)

# The command line of AWS: it notes the deploys, and knows the stacks and policies in some files.
AWS = """#!/bin/sh
case "$*" in
*" deploy "*) echo "$@" >> "$CALLED" ;;
*list-stack-resources*)
  if [ -e "$KNOWN/$4.json" ]; then
    sed "s/REGION/$6/" "$KNOWN/$4.json"
  else
    echo "(ValidationError) Stack with id $4 does not exist" >&2
    exit 254
  fi
  ;;
*list-layer-versions*)
  if [ -e "$KNOWN/$4" ]; then echo "arn:aws:lambda:$6:ACCOUNT:layer:$4:1"; fi
  ;;
*get-layer-version-policy*) sed "s/REGION/$4/" "$KNOWN/$6" ;;
*) exit 2 ;;
esac
""".replace("ACCOUNT", ACCOUNT)

Workflow = dict[Any, Any]


class Repository:
    """A repository with the source, its folder and the workflows of the page."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.main, self.branch = place / "main", place / "branch"
        self.known = place / "known"
        programs = place / "bin"
        for folder in [self.main, self.known, programs]:
            folder.mkdir()
        (programs / "layershare").symlink_to(COMPILER)
        for name, text in {"aws": AWS, "gh": '#!/bin/sh\necho "$@" > "$CALLED"\n'}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "CALLED": str(place / "called"),
            "GITHUB_BASE_REF": "main",
            "GITHUB_OUTPUT": str(place / "output"),
            "GITHUB_STEP_SUMMARY": str(place / "summary"),
            "KNOWN": str(self.known),
            "NUMBER": "7",
        }
        git(self.main, "init", "-q", "-b", "main")
        self.commit(self.main, SOURCE)
        git(place, "clone", "-q", str(self.main), str(self.branch))

    def commit(self, where: Path, source: str) -> None:
        (where / "shared.layers").write_text(source)
        run([COMPILER, "build", "shared.layers", "-o", "layers/"], where)
        git(where, "add", "-A")
        git(where, "commit", "-qm", "share layers")

    def workflow(self, name: str) -> Workflow:
        text = block("name", name, PAGE)
        path = self.place / "workflow.yml"
        path.write_text(text)
        schema = ["--builtin-schema", "vendor.github-workflows"]
        run([tool("check-jsonschema"), *schema, str(path)], self.place)
        read: dict[str, Any] = yaml.safe_load(text)
        return read

    def do(self, step: Workflow, code: int = 0, more: dict[str, str] | None = None) -> str:
        """Runs a step as GitHub does where no shell is named."""
        return run(
            ["bash", "-e", "-c", step["run"]], self.branch, self.environment | (more or {}), code
        )

    def written(self, name: str) -> str:
        """What the steps wrote to a file since the last time."""
        path = self.place / name
        text = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        return text


def commands(job: Workflow) -> list[Workflow]:
    """The steps of a job that run something, without those that install the program."""
    steps = [step for step in job["steps"] if "run" in step]
    return [step for step in steps if not step["run"].startswith("cargo install --locked ")]


def review(repository: Repository) -> None:
    """A pull request that shares with everyone is commented on, and fails without the label."""
    [job] = repository.workflow("review layers")["jobs"].values()
    check, build, comment, gate = commands(job)
    if "labels.*.name, 'wider access'" not in gate["if"]:
        raise Fault(f"the gate runs if {gate['if']}")
    for step in [check, build, comment, gate]:
        repository.do(step)
    if "EVERYONE" in repository.written("summary"):
        raise Fault("a branch without a change has a summary about everyone")
    repository.commit(repository.branch, BROADER)
    for step in [check, build, comment]:
        repository.do(step)
    repository.do(gate, 1)
    if not any("EVERYONE" in line for line in repository.written("summary").splitlines()[:3]):
        raise Fault("the summary does not begin with everyone")
    if not repository.written("called").startswith("pr comment 7 --body-file access.md "):
        raise Fault("there is no comment")
    # A folder that is not built from the source stops the run.
    (repository.branch / "shared.layers").write_text(SOURCE)
    repository.do(build, 1)
    git(repository.branch, "restore", "shared.layers")


def filled_in(environment: dict[str, str], stack: dict[str, Any]) -> dict[str, str]:
    """The variables of a step, for one stack of the matrix."""
    filled = {}
    for name, text in environment.items():
        joined = re.fullmatch(r"\$\{\{ join\(matrix\.stack\.(\w+), ' '\) \}\}", text)
        plain = re.fullmatch(r"\$\{\{ matrix\.stack\.(\w+) \}\}", text)
        if joined:
            filled[name] = " ".join(stack[joined[1]])
        elif plain:
            filled[name] = stack[plain[1]]
        else:
            raise Fault(f"{name} has an expression that nobody knows here: {text}")
    return filled


def deploy(repository: Repository) -> None:
    """Every stack is deployed to each of its regions, once."""
    workflow = repository.workflow("deploy layers")
    jobs = workflow["jobs"]
    [listing] = commands(jobs["stacks"])
    repository.do(listing)
    name, _, value = repository.written("output").partition("=")
    matrix = jobs["deploy"]["strategy"]["matrix"]
    if name != "stacks" or matrix["stack"] != "${{ fromJSON(needs.stacks.outputs.stacks) }}":
        raise Fault("the matrix is not what the list of stacks is written to")
    stacks = json.loads(value)
    [step] = commands(jobs["deploy"])
    for stack in stacks:
        repository.do(step, more=workflow["env"] | filled_in(step["env"], stack))
    calls = repository.written("called").splitlines()
    deployed = set()
    for call in calls:
        words = call.split()
        options = dict(itertools.pairwise(words))
        region = options["--region"]
        if options["--s3-bucket"] != f"acme-templates-{region}":
            raise Fault(f"the bucket is in another region: {call}")
        is_about_roles = options["--template-file"] == "layers/restrictions.yaml"
        if options.get("--capabilities") != ("CAPABILITY_IAM" if is_about_roles else None):
            raise Fault(f"the capabilities are others: {call}")
        deployed.add((options["--stack-name"], options["--template-file"], region))
    layers = [("shared-deps", "layers/deps.yaml"), ("shared-tools", "layers/tools.yaml")]
    expected = {(*layer, region) for layer in layers for region in ["us-east-1", "eu-west-1"]}
    expected.add(("shared-restrictions", "layers/restrictions.yaml", "us-east-1"))
    if deployed != expected or len(calls) != len(expected):
        raise Fault(f"these were deployed: {calls}")
    # A source without regions deploys nothing, and must not look as if it had.
    nowhere = filled_in(step["env"], stacks[0] | {"regions": []})
    repository.do(step, 1, workflow["env"] | nowhere)


def policy(principal: str) -> str:
    """The policy of a version as Lambda prints it, with the organization or everyone."""
    condition = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}}
    statement = {
        "Sid": "live",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:GetLayerVersion",
        "Resource": f"arn:aws:lambda:REGION:{ACCOUNT}:layer:deps:1",
        **(condition if principal == "organization" else {}),
    }
    return json.dumps({"Policy": json.dumps({"Statement": [statement]})})


def drift(repository: Repository) -> None:
    """A night without a change is fine, one after a change by hand is not, and a stack that is not
    deployed yet is said.
    """
    [job] = repository.workflow("drift of layers")["jobs"].values()
    collect, read, compare = commands(job)
    git(repository.branch, "switch", "-q", "--detach", "origin/main")
    resource = {
        "LogicalResourceId": "DepsV1x0x0",
        "PhysicalResourceId": f"arn:aws:lambda:REGION:{ACCOUNT}:layer:deps:1",
        "ResourceStatus": "CREATE_COMPLETE",
    }
    listed = json.dumps(
        {
            "StackName": "shared-deps",
            "Region": "REGION",
            "StackResourceSummaries": [resource],
        },
        indent=4,
    )
    (repository.known / "shared-deps.json").write_text(listed)
    for principal, code in [("organization", 0), ("everyone", 1)]:
        (repository.known / "deps").write_text(policy(principal))
        repository.do(collect)
        said = repository.do(read)
        if "there is no stack shared-tools in eu-west-1" not in said:
            raise Fault(f"the stack that is not deployed is not said: {said}")
        repository.do(compare, code)
        summary = repository.written("summary")
        fixes = summary.count("remove-layer-version-permission")
        if fixes != 2 * code:
            raise Fault(f"the summary has {fixes} commands: {summary}")


def main() -> int:
    faults = []
    for check in [review, deploy, drift]:
        with tempfile.TemporaryDirectory() as place:
            try:
                check(Repository(Path(place)))
            except Fault as fault:
                faults.append(f"{check.__name__}: {fault}")
    return finish("estate", faults, "the workflows of docs/estate.md do what the page says")


if __name__ == "__main__":
    sys.exit(main())

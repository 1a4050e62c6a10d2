"""A story: a stack that lives through several sources, and who may use its layers after each."""

import io
import json
import os
import re
import subprocess
import textwrap
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.deploy import aws

BUCKET = "BUCKET"
"""Stands in sources for the bucket of the story."""


class Broken(Exception):
    """What happened is not what the story says."""


class Story:
    """One stack in an account and a folder of its own."""

    def __init__(self, name: str, account: str, place: Path) -> None:
        self.stack = name.replace("_", "-")
        self.account = account
        self.place = place
        self.source = place / "rules.layers"
        self.template = place / "rules.yaml"
        self.bucket = f"archives-{account}"
        self.exists = False
        place.mkdir(parents=True)
        aws.run("s3api", "create-bucket", "--bucket", self.bucket)

    # What a user does

    def write(self, source: str) -> None:
        self.source.write_text(textwrap.dedent(source).lstrip().replace(BUCKET, self.bucket))

    def archive(self, path: str, content: str) -> None:
        """Makes a zip file beside the source."""
        target = self.place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(zipfile.ZipInfo("layer.txt"), content)

    def upload(self, *keys: str) -> None:
        """Puts an archive into the bucket for each key."""
        for key in keys:
            target = self.place / "upload.zip"
            with zipfile.ZipFile(target, "w") as archive:
                archive.writestr(zipfile.ZipInfo("layer.txt"), key)
            aws.run("s3api", "put-object", "--bucket", self.bucket, "--key", key, "--body", target)

    def compiler(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [os.environ["LAYERSHARE"], *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=self.place, check=False)

    def build(self, source: str, *options: str, warned: str | None = None) -> None:
        """The build succeeds, with a warning of that code if one is given."""
        self.write(source)
        done = self.compiler("build", self.source, "-o", self.template, *options)
        if done.returncode != 0:
            raise Broken(f"the build failed:\n{done.stderr}")
        if warned and f"warning[{warned}]" not in done.stderr:
            raise Broken(f"the build should warn of {warned}:\n{done.stderr}")

    def refuses(self, source: str, code: str) -> None:
        """The build fails with that code and leaves the template as it is."""
        before = self.template.read_bytes()
        self.write(source)
        done = self.compiler("build", self.source, "-o", self.template)
        if (
            done.returncode != 1
            or f"[{code}]" not in done.stderr
            or self.template.read_bytes() != before
        ):
            raise Broken(f"the build should refuse this as {code}:\n{done.stderr}")

    def deploy(
        self, parameters: dict[str, Any] | None = None, body: str | None = None
    ) -> list[dict[str, Any]]:
        """Packages the template where that is needed and deploys it by a change set; gives the
        changes.
        """
        template = self.template
        if body is not None:
            template = self.place / "other.yaml"
            template.write_text(body)
        if re.search(r"^      Content: ", template.read_text(), re.M):
            packaged = self.place / "packaged.yaml"
            aws.run(
                "cloudformation", "package", "--template-file", template,
                "--s3-bucket", self.bucket,
                "--output-template-file", packaged,
            )  # fmt: skip
            template = packaged
        options = []
        if parameters:
            options = [
                "--parameters",
                *(
                    f"ParameterKey={name},ParameterValue={value}"
                    for name, value in parameters.items()
                ),
            ]
        named = ["--stack-name", self.stack, "--change-set-name", f"at-{time.monotonic_ns()}"]
        aws.run(
            "cloudformation", "create-change-set", *named, "--template-body", f"file://{template}",
            "--change-set-type", "UPDATE" if self.exists else "CREATE",
            "--capabilities", "CAPABILITY_NAMED_IAM", *options,
        )  # fmt: skip
        change_set = aws.ask("cloudformation", "describe-change-set", *named)
        if not change_set.get("Changes"):
            return []
        aws.run("cloudformation", "execute-change-set", *named)
        status = self.settled()
        if not status.endswith("_COMPLETE") or "ROLLBACK" in status:
            raise aws.Failed(f"the deploy ended in {status}")
        self.exists = True
        return [change["ResourceChange"] for change in change_set["Changes"]]

    def turn(self, **parameters: str) -> dict[str, str]:
        """Gives other values to parameters of the template that is deployed, and to nothing else;
        gives what was in the stack before and is in it still. The change sets of the engine do not
        see that a condition changes.
        """
        before = self.resources()
        # The short form would lose blanks and commas.
        given = json.dumps(
            [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        )
        aws.run(
            "cloudformation", "update-stack", "--stack-name", self.stack, "--template-body", f"file://{self.template}",
            "--parameters", given,
        )  # fmt: skip
        status = self.settled()
        if not status.endswith("_COMPLETE") or "ROLLBACK" in status:
            raise aws.Failed(f"the update ended in {status}")
        after = self.resources()
        return {name: physical for name, physical in before.items() if after.get(name) == physical}

    def resources(self) -> dict[str, str]:
        """The physical ID of each resource of the stack."""
        listed = aws.ask("cloudformation", "list-stack-resources", "--stack-name", self.stack)[
            "StackResourceSummaries"
        ]
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for one in listed
            if not one["ResourceStatus"].startswith("DELETE")
        }

    def settled(self) -> str:
        """The status of the stack once nothing is in progress any more."""
        deadline = time.monotonic() + 60
        while True:
            status = aws.ask("cloudformation", "describe-stacks", "--stack-name", self.stack)[
                "Stacks"
            ][0]["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                return str(status)
            if time.monotonic() > deadline:
                raise Broken(f"the stack stays in {status}")
            time.sleep(0.1)

    def delete(self) -> None:
        aws.run("cloudformation", "delete-stack", "--stack-name", self.stack)

    # What came of it

    def sharing(self, layer: str) -> dict[int, set[str]]:
        """Who may use each version of a layer that exists, as Lambda says."""
        listed = aws.ask("lambda", "list-layer-versions", "--layer-name", layer).get(
            "LayerVersions", []
        )
        return {
            one["Version"]: {who for who, _ in self.statements(layer, one["Version"])}
            for one in listed
        }

    def statements(self, layer: str, version: int) -> list[tuple[str, str]]:
        """The principal and the Sid of each statement in a version's policy."""
        printed = self.policy(layer, version)
        return (
            []
            if printed is None
            else [read(one) for one in json.loads(printed["Policy"])["Statement"]]
        )

    def policy(self, layer: str, version: int) -> dict[str, Any] | None:
        try:
            return aws.ask(
                "lambda",
                "get-layer-version-policy",
                "--layer-name",
                layer,
                "--version-number",
                version,
            )
        except aws.Failed as failed:
            if "ResourceNotFoundException" in str(failed):
                return None
            raise

    def expect(self, **layers: dict[int, set[str]]) -> None:
        """These versions of these layers exist, shared with these and nobody else; an underscore
        stands for a dash where a name has no dash.
        """
        for name, expected in layers.items():
            layer = name if "-" in name else name.replace("_", "-")
            found = self.sharing(layer)
            if found != expected:
                policies = [
                    json.loads(printed["Policy"])
                    for version in found
                    if (printed := self.policy(layer, version))
                ]
                raise Broken(
                    f"{layer}: expected {expected}, found {found}\n"
                    f"{json.dumps(policies, indent=2)}\n"
                    f"by the rules\n{self.source.read_text()}"
                )

    def drifts(self, *kinds: str, parameters: dict[str, Any] | None = None) -> None:
        """`layershare drift` finds these kinds of differences, and none else."""
        resources = self.place / "resources.json"
        resources.write_text(
            aws.run(
                "cloudformation",
                "list-stack-resources",
                "--stack-name",
                self.stack,
                "--output",
                "json",
            )
        )
        policies = self.place / "policies.json"
        layers = aws.ask("lambda", "list-layers").get("Layers", [])
        numbers = [
            (layer["LayerName"], version)
            for layer in layers
            for version in self.sharing(layer["LayerName"])
        ]
        printed = [
            self.policy(layer, version) or self.no_policy(layer, version)
            for layer, version in numbers
        ]
        policies.write_text("\n".join(json.dumps(one) for one in printed))
        given = [f"--parameter={name}={value}" for name, value in (parameters or {}).items()]
        done = self.compiler("drift", self.source, "--stack-resources", resources, *given, policies)
        found = sorted(
            line.split(":")[0] for line in done.stdout.splitlines() if not line.startswith(" ")
        )
        if found != sorted(kinds) or done.returncode != (1 if kinds else 0):
            raise Broken(
                f"drift should find {sorted(kinds)}, exit {done.returncode}:\n"
                f"{done.stdout}{done.stderr}"
            )

    def no_policy(self, layer: str, version: int) -> dict[str, Any]:
        """What says of a version that it has no policy, of which Lambda prints nothing."""
        arn = f"arn:aws:lambda:us-east-1:{self.account}:layer:{layer}:{version}"
        return {"LayerVersionArn": arn, "Policy": None}

    def repair(self) -> None:
        """Runs the commands that `layershare drift` prints."""
        resources, policies = self.place / "resources.json", self.place / "policies.json"
        done = self.compiler("drift", self.source, "--stack-resources", resources, policies)
        for line in done.stdout.splitlines():
            if line.startswith("  aws "):
                words = line.split()[1:]
                aws.run(*(word.strip("'") for word in words))

    def usable(self, layer: str, version: int, by: str) -> bool:
        """Whether another account can read the version and attach it to a function; both or
        neither.
        """
        arn = f"arn:aws:lambda:us-east-1:{self.account}:layer:{layer}:{version}"
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("index.py", "def handler(event, context): pass")
        code = self.place / "function.zip"
        code.write_bytes(archive.getvalue())
        attempts = [
            ["lambda", "get-layer-version-by-arn", "--arn", arn],
            [
                "lambda",
                "create-function",
                "--function-name",
                f"f{time.monotonic_ns()}",
                "--runtime",
                "python3.13",
                "--handler",
                "index.handler",
                "--role",
                f"arn:aws:iam::{by}:role/r",
                "--zip-file",
                f"fileb://{code}",
                "--layers",
                arn,
            ],
        ]
        with aws.account(by):
            done = [succeeds(attempt) for attempt in attempts]
        if done[0] != done[1]:
            raise Broken(f"{by} can read or attach {arn}, but not both")
        return done[0]


def succeeds(attempt: Sequence[object]) -> bool:
    """Whether a command is allowed; it may fail for want of permission only."""
    try:
        aws.run(*attempt)
    except aws.Failed as failed:
        if "AccessDenied" in str(failed):
            return False
        raise
    return True


def read(statement: dict[str, Any]) -> tuple[str, str]:
    """Who a statement lets use a version, in the words of the stories; and its Sid."""
    principal = statement["Principal"]
    if isinstance(principal, dict):
        principal = principal["AWS"]
    condition = statement.get("Condition")
    organization = {"StringEquals": ["aws:PrincipalOrgID"]}
    if statement["Effect"] != "Allow" or statement["Action"] != "lambda:GetLayerVersion":
        raise Broken(f"a statement of another kind: {statement}")
    if principal == "*" and condition is None:
        return "everyone", statement["Sid"]
    if (
        condition
        and principal == "*"
        and {key: [*condition[key]] for key in condition} == organization
    ):
        return condition["StringEquals"]["aws:PrincipalOrgID"], statement["Sid"]
    account = re.fullmatch(r"(?:arn:aws:iam::)?(\d{12})(?::root)?", principal)
    if condition is None and account:
        return account[1], statement["Sid"]
    raise Broken(f"a statement of another kind: {statement}")

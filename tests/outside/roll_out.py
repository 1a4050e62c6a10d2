"""Checks that the commands of docs/estate.md roll out what `roll out` rolls out, and that those for
a self-managed stack set deploy a layer to each region.

`create-stack-set` and `create-stack-instances` are read from the manual and run by the AWS command
line against moto, which makes a stack in each account of a unit. No emulator makes anything of the
resource `AWS::CloudFormation::StackSet`, so what it says is compared with what these commands
made.
"""

import contextlib
import io
import json
import os
import re
import shlex
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awscli.clidriver import create_clidriver
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
from moto import mock_aws

from tests.shared.checks import ROOT, finish, layershare, stack_sets

RESTRICTIONS, DEPS = "shared-restrictions", "shared-deps"
"""The names of the stack sets of the manual."""

REGIONS = ["eu-west-1", "us-east-1"]
"""Where the layer of the manual goes."""

UNIT = "ou-ab12-cdefghij"
"""The unit in the commands of the manual."""

SOURCE = f"""
account publisher = 123456789012

roll out to {UNIT} in us-east-1

boundary approved-layers {{
  deny all except shared-* from publisher, * from this account
}}

role function-deployer {{
  name function-deployer
  trust service codebuild.amazonaws.com
  boundary approved-layers
  allow shared-* from publisher
}}
"""


LAYER = """
organization acme = o-a1b2c3d4e5

regions us-east-1, eu-west-1

layer deps {
  version 1.0.0 from s3://acme-${AWS::Region}/deps-1.0.0.zip
  share with acme
}
"""


def commands(of: str) -> list[list[str]]:
    """The commands of the manual for the stack set with this name."""
    manual = (ROOT / "docs" / "estate.md").read_text().replace("\\\n", " ")
    found = re.findall(r"^aws (cloudformation create-stack-(?:set|instances) .*)$", manual, re.M)
    return [words for command in found if of in (words := shlex.split(command))]


def aws(*arguments: str) -> str:
    """Runs the AWS command line in this process, where moto stands for AWS."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = create_clidriver().main(list(arguments))
    if code != 0:
        raise RuntimeError(f"`aws {shlex.join(arguments)}` failed: {errors.getvalue().strip()}")
    return output.getvalue()


def ask(*arguments: str) -> dict[str, Any]:
    """What the AWS command line answers."""
    answer: dict[str, Any] = json.loads(aws(*arguments, "--output", "json"))
    return answer


def organization() -> tuple[str, str]:
    """An organization with an account in a unit: the IDs of the unit and the account."""

    def organizations(command: str, *arguments: str) -> dict[str, Any]:
        return ask("organizations", command, *arguments)

    organizations("create-organization", "--feature-set", "ALL")
    root = organizations("list-roots")["Roots"][0]["Id"]
    unit = organizations("create-organizational-unit", "--parent-id", root, "--name", "shops")
    unit = unit["OrganizationalUnit"]["Id"]
    account = organizations(
        "create-account", "--email", "shop@example.com", "--account-name", "shop"
    )["CreateAccountStatus"]["AccountId"]
    move = ["--source-parent-id", root, "--destination-parent-id", unit]
    aws("organizations", "move-account", "--account-id", account, *move)
    return unit, account


def options_faults(expected: dict[str, Any]) -> Iterator[str]:
    """What the commands say otherwise than the template, where moto forgets what they said."""
    said = commands(RESTRICTIONS)[0]
    automatic = expected["AutoDeployment"].items()
    for option, value in [
        ("--capabilities", " ".join(expected["Capabilities"])),
        ("--auto-deployment", ",".join(f"{key}={str(on).lower()}" for key, on in automatic)),
    ]:
        if said[said.index(option) + 1] != value:
            yield f"the template says {option} {value}"


def roll_out(folder: Path) -> Iterator[str]:
    """What differs between the commands and the stack set of the template."""
    (folder / "shared.layers").write_text(SOURCE)
    built = layershare("build", folder / "shared.layers", "-o", f"{folder}/layers/")
    if built.returncode != 0:
        yield f"the source does not build:\n{built.stderr}"
        return
    template = yaml_parse((folder / "layers" / "roll-out.yaml").read_text())
    [expected] = stack_sets(template)
    unit, account = organization()
    yield from options_faults(expected)
    os.chdir(folder)
    for command in commands(RESTRICTIONS):
        aws(*(argument.replace(UNIT, unit) for argument in command))
    name = ["--stack-set-name", RESTRICTIONS]
    made = ask("cloudformation", "describe-stack-set", *name)["StackSet"]
    for key in ["PermissionModel", "TemplateBody"]:
        if made[key] != expected[key]:
            yield f"{key} is {made[key]!r}, and {expected[key]!r} in the template"
    listed = ask("cloudformation", "list-stack-instances", *name)["Summaries"]
    instances = [(one["Account"], one["Region"], one["Status"]) for one in listed]
    if instances != [(account, "us-east-1", "CURRENT")]:
        yield f"the stacks are {instances}"
    [group] = expected["StackInstancesGroup"]
    targets = group["DeploymentTargets"]["OrganizationalUnitIds"]
    if (targets, group["Regions"]) != ([UNIT], ["us-east-1"]):
        yield f"the template rolls out to {targets} in {group['Regions']}"


def regions(folder: Path) -> Iterator[str]:
    """What the commands for a layer make otherwise than a stack in each region."""
    (folder / "shared.layers").write_text(LAYER)
    built = layershare("build", folder / "shared.layers", "-o", f"{folder}/layers/")
    if built.returncode != 0:
        yield f"the layer does not build:\n{built.stderr}"
        return
    os.chdir(folder)
    with zipfile.ZipFile("deps.zip", "w") as archive:
        archive.writestr("layer.txt", "deps")
    for region in REGIONS:
        bucket = ["--bucket", f"acme-{region}"]
        aws("s3api", "create-bucket", *bucket)
        aws("s3api", "put-object", *bucket, "--key", "deps-1.0.0.zip", "--body", "deps.zip")
    for command in commands(DEPS):
        aws(*command)
    name = ["--stack-set-name", DEPS]
    listed = ask("cloudformation", "list-stack-instances", *name)["Summaries"]
    instances = sorted((one["Account"], one["Region"], one["Status"]) for one in listed)
    if instances != [("123456789012", region, "CURRENT") for region in REGIONS]:
        yield f"the stacks of the layer are {instances}"
    for region in REGIONS:
        # moto gives the layer a name of its own.
        layers = ask("lambda", "list-layers", "--region", region)["Layers"]
        newest = [layer["LatestMatchingVersion"]["Version"] for layer in layers]
        if newest != [1]:
            yield f"in {region}, the newest versions of the layers are {newest}"


def main() -> int:
    os.environ.update(
        AWS_ACCESS_KEY_ID="none",
        AWS_SECRET_ACCESS_KEY="none",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    faults = []
    for of, check in {RESTRICTIONS: roll_out, DEPS: regions}.items():
        if len(commands(of)) != 2:
            faults.append(f"the manual does not have the two commands for {of}")
        with tempfile.TemporaryDirectory() as place, mock_aws():
            try:
                faults += check(Path(place))
            except RuntimeError as error:
                faults.append(str(error))
            os.chdir(ROOT)
    return finish("roll_out", faults, "the commands of the manual roll out what the template does")


if __name__ == "__main__":
    sys.exit(main())

"""Stories of a folder of templates: a stack for each layer, in several regions."""

import json
import os
import shlex
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.deploy import aws
from tests.deploy.stories import ORG, A, B, story
from tests.deploy.story import Broken, Story
from tests.shared.emulator import MODULE

US, EU, ASIA = "us-east-1", "eu-west-1", "ap-southeast-2"
ARCHITECTURES = ("x86_64", "arm64")

Sharing = dict[int, set[str]]
"""Who may use each version of a layer, by its number."""


class Estate:
    """A source that is built to a folder, and its stacks."""

    def __init__(self, told: Story) -> None:
        self.told = told
        self.source = told.place / "shared.layers"
        self.folder = told.place / "layers"
        self.deployed: dict[tuple[str, str], bytes] = {}
        """The template that each stack has in each region."""

    def upload(self, region: str, *keys: str) -> None:
        self.told.bucket = f"archives-{self.told.account}-{region}"
        with aws.region(region):
            aws.run("s3", "mb", f"s3://{self.told.bucket}")
            self.told.upload(*keys)

    def build(self, source: str) -> str:
        """Builds the folder; gives what the program says."""
        self.source.write_text(source)
        done = self.told.compiler("build", "shared.layers", "-o", "layers/")
        if done.returncode != 0:
            raise Broken(f"the build failed:\n{done.stderr}")
        return str(done.stderr)

    def stacks(self) -> list[dict[str, Any]]:
        stacks: list[dict[str, Any]] = json.loads((self.folder / "stacks.json").read_text())
        return stacks

    def deploy(self) -> int:
        """Deploys every template that changed, to each of its regions; gives how many deploys that
        were.
        """
        deploys = 0
        for stack in self.stacks():
            template = self.folder / stack["template"]
            for region in stack["regions"]:
                here = (stack["name"], region)
                if self.deployed.get(here) == template.read_bytes():
                    continue
                told = self.told
                told.stack, told.template = stack["name"], template
                told.exists = here in self.deployed
                with aws.region(region):
                    told.deploy()
                self.deployed[here] = template.read_bytes()
                deploys += 1
        return deploys

    def expect(self, region: str, **layers: Sharing) -> None:
        with aws.region(region):
            self.told.expect(**layers)

    def drift(self, versions: int, *found: str) -> list[str]:
        """The collecting script runs as it is printed, and `drift` finds these kinds of
        differences in what it leaves, and none elsewhere in that many versions; gives the commands
        that it prints.
        """
        told = self.told
        printed = told.compiler("live", "layers/")
        if printed.returncode != 0:
            raise Broken(f"no script was printed:\n{printed.stderr}")
        (told.place / "live.sh").write_text(printed.stdout)
        done = subprocess.run(
            ["sh", "-c", "sh live.sh > live.json"],
            cwd=told.place,
            env=programs(told.place),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or done.stderr:
            raise Broken(f"the collecting script failed:\n{done.stderr}")
        done = told.compiler("drift", "layers/", "live.json")
        kinds = [line.split(":")[0] for line in done.stdout.splitlines() if line[:1] != " "]
        if sorted(kinds) != sorted(found) or done.returncode != (1 if found else 0):
            raise Broken(f"drift should find {found}:\n{done.stdout}{done.stderr}")
        policies = (told.place / "live.json").read_text().count('"Policy": ')
        if policies != versions:
            raise Broken(f"the script collected {policies} policies, of {versions}")
        return [line.strip() for line in done.stdout.splitlines() if line[:1] == " "]


def programs(place: Path) -> dict[str, str]:
    """An environment in which `aws` and `layershare` are found, and start."""
    folder = place / "bin"
    folder.mkdir(exist_ok=True)
    for name, command in {
        "layershare": [os.environ["LAYERSHARE"]],
        "aws": [*MODULE, "awscli"],
    }.items():
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


@story
def live_everywhere(told: Story) -> None:
    """One script collects what is live in two regions, and one command compares it."""
    estate = Estate(told)
    keys = ["deps-1.zip", "deps-2.zip", "tools-1.zip"]
    for region in (US, EU):
        estate.upload(region, *keys)
    content = f"s3://archives-{told.account}-${{AWS::Region}}"
    estate.build(f"""regions {US}, {EU}

layer deps {{
  version 1 from {content}/deps-1.zip
  version 2 from {content}/deps-2.zip
  share version 2 with account {A}, organization {ORG}
}}

layer tools {{
  version 1 from {content}/tools-1.zip
  share with account {B}
}}
""")
    estate.deploy()
    for region in (US, EU):
        estate.expect(region, deps={1: set(), 2: {A, ORG}}, tools={1: {B}})
    estate.drift(6)
    by_hand = ["--action", "lambda:GetLayerVersion", "--principal", "*", "--region", EU]
    aws.run(
        "lambda", "add-layer-version-permission", "--layer-name", "deps",
        "--version-number", 1, "--statement-id", "hand", *by_hand,
    )  # fmt: skip
    [command] = estate.drift(6, "widened")
    aws.run(*shlex.split(command)[1:])
    estate.drift(6)


@story
def moved_to_a_folder(told: Story) -> None:
    """A source moves from one template to a folder, by what the program prints: nothing is
    published again, and at no step does anybody lose a version.
    """
    estate = Estate(told)
    for region in (US, EU):
        estate.upload(region, "deps-1.zip", "deps-2.zip", "deps-3.zip", "tools-1.zip")
    deps = "layer deps {{\n{}  share with account {}\n  share version 2 with organization {}\n}}\n"
    tools = "layer tools {{\n{}  share with account {}\n}}\n"
    bucket = f"s3://archives-{told.account}-${{AWS::Region}}"

    def source(of_deps: dict[str, int | None], of_tools: dict[str, int | None]) -> str:
        """The layers with these versions: those that are published have their number."""

        def lines(layer: str, versions: dict[str, int | None]) -> str:
            arn = f"arn:aws:lambda:${{AWS::Region}}:{told.account}:layer:{layer}"
            origins = {
                label: f"at {arn}:{number}" if number else f"from {bucket}/{layer}-{label}.zip"
                for label, number in versions.items()
            }
            return "".join(f"  version {label} {of}\n" for label, of in origins.items())

        return (
            f"regions {US}, {EU}\n"
            + deps.format(lines("deps", of_deps), A, ORG)
            + tools.format(lines("tools", of_tools), B)
        )

    def same() -> None:
        for region in (US, EU):
            estate.expect(region, deps={1: {A}, 2: {A, ORG}}, tools={1: {B}})

    published = source({"1": None, "2": None}, {"1": None})
    estate.source.write_text(published)
    single = told.place / "shared.yaml"
    if told.compiler("build", "shared.layers", "-o", "shared.yaml").returncode != 0:
        raise Broken("the single template was not built")
    for region in (US, EU):
        told.stack, told.template, told.exists = "shared", single, False
        with aws.region(region):
            told.deploy()
    same()

    refused = told.compiler("build", "shared.layers", "-o", "layers/")
    if refused.stderr.count("error[republished-version]") != 3 or estate.folder.exists():
        raise Broken(f"the folder would publish again:\n{refused.stderr}")
    if "layershare adopt FILE live.json" not in refused.stderr:
        raise Broken(f"the program does not say how to get the ARNs:\n{refused.stderr}")
    with aws.region(EU):
        there = told.resources()
    ids = ("DepsV1", "DepsV2", "ToolsV1")
    numbers = {name: int(there[name].rpartition(":")[2]) for name in ids}
    listed: dict[str, int | None] = {"1": numbers["DepsV1"], "2": numbers["DepsV2"]}
    of_each = source(listed, {"1": numbers["ToolsV1"]})

    # Nobody types an ARN: the program writes them, from what the stacks have in both regions.
    adopt = (
        "layershare live shared.layers > live.sh; sh live.sh > live.json;"
        " layershare adopt shared.layers live.json"
    )
    adopted = subprocess.run(
        ["sh", "-ec", adopt],
        cwd=told.place,
        env=programs(told.place),
        capture_output=True,
        text=True,
        check=False,
    )
    if adopted.returncode != 0 or estate.source.read_text() != of_each:
        raise Broken(f"the ARNs should be in the source:\n{adopted}\n{estate.source.read_text()}")

    # Without one of the rules or versions, somebody would lose it with the old stack.
    estate.source.write_text(source({"2": numbers["DepsV2"]}, {"1": numbers["ToolsV1"]}))
    refused = told.compiler("build", "shared.layers", "-o", "layers/")
    if "error[lost-grants]" not in refused.stderr or estate.folder.exists():
        raise Broken(f"the build should refuse to lose a grant:\n{refused.stderr}")

    # The numbers of two versions are confused. The printed commands say so before any deploy.
    def before_the_move(code: int) -> str:
        first = said.partition("first, ")[2].partition("\nnext:")[0].splitlines()[1:]
        done = subprocess.run(
            ["sh", "-ec", "\n".join(first)],
            cwd=told.place,
            env=programs(told.place),
            capture_output=True,
            text=True,
            check=False,
        )
        if len(first) < 4 or done.returncode != code:
            raise Broken(f"the first commands should give {code}:\n{said}\n{done}")
        return done.stdout

    confused: dict[str, int | None] = {"1": numbers["DepsV2"], "2": numbers["DepsV1"]}
    said = estate.build(source(confused, {"1": numbers["ToolsV1"]}))
    found = before_the_move(1)
    if found.count("other version: ") != 2 or "DepsV1To" not in found:
        raise Broken(f"the numbers are confused:\n{found}")
    said = estate.build(of_each)
    before_the_move(0)
    estate.deploy()
    same()
    with aws.region(US):
        if len(told.statements("deps", 2)) != 4:
            raise Broken("both stacks should grant now")
    last = said.partition("\nlast, ")[2].splitlines()[1:]
    done = subprocess.run(
        ["sh", "-ec", "\n".join(last)],
        cwd=told.place,
        env=programs(told.place),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 or single.exists():
        raise Broken(f"the last commands failed:\n{last}\n{done.stderr}")
    for region in (US, EU):
        with aws.region(region):
            until_gone("shared")
    same()
    with aws.region(US):
        if len(told.statements("deps", 2)) != 2:
            raise Broken("the old stack should grant no more")
    estate.drift(6)

    estate.build(source(listed | {"3": None}, {"1": numbers["ToolsV1"]}))
    if estate.deploy() != 2:
        raise Broken("a release should touch one stack in each region")
    for region in (US, EU):
        estate.expect(region, deps={1: {A}, 2: {A, ORG}, 3: {A}}, tools={1: {B}})

    # The way back would publish again.
    estate.source.write_text(published.replace("version 2", "version 3"))
    refused = told.compiler("build", "shared.layers", "-o", "shared.yaml")
    if "error[republished-version]" not in refused.stderr or single.exists():
        raise Broken(f"one template should not publish what the folder has:\n{refused.stderr}")


@story
def a_role_stays_when_its_source_moves(told: Story) -> None:
    """The old stack becomes that of `restrictions.yaml`: its role is the same one afterwards, and
    nobody loses a version at any step.
    """
    estate = Estate(told)
    estate.upload(US, "deps-1.zip")
    told.stack, told.template = "shared", told.place / "shared.yaml"

    def source(version: str) -> str:
        return f"""regions {US}

layer deps {{
  version 1 {version}
  share with account {A}
}}

role deployer {{
  trust account {B}
  allow deps
}}
"""

    def role() -> tuple[str, str]:
        """The name and the identity of the role of the stack."""
        with aws.region(US):
            name = told.resources()["Deployer"]
        return name, aws.ask("iam", "get-role", "--role-name", name)["Role"]["RoleId"]

    estate.source.write_text(source(f"from s3://{told.bucket}/deps-1.zip"))
    if told.compiler("build", "shared.layers", "-o", "shared.yaml").returncode != 0:
        raise Broken("the single template was not built")
    with aws.region(US):
        told.deploy()
    estate.expect(US, deps={1: {A}})
    before = role()

    said = estate.build(source(f"at arn:aws:lambda:${{AWS::Region}}:{told.account}:layer:deps:1"))
    names = {stack["template"]: stack["name"] for stack in estate.stacks()}
    if names != {"deps.yaml": "shared-deps", "restrictions.yaml": "shared"}:
        raise Broken(f"the old stack should become that of the role: {names}")
    first, _, last = said.partition("\nlast, ")
    if "--stack-name shared-deps " not in first or "--stack-name shared " not in last:
        raise Broken(f"the old stack should change last:\n{said}")
    for name, granted in {"deps.yaml": 2, "restrictions.yaml": 1}.items():
        told.stack, told.template = names[name], estate.folder / name
        told.exists = names[name] == "shared"
        with aws.region(US):
            told.deploy()
            statements = len(told.statements("deps", 1))
        if statements != granted:
            raise Broken(f"after {name}, the version has {statements} grants, not {granted}")
        estate.expect(US, deps={1: {A}})
    if role() != before:
        raise Broken(f"the role {before} became {role()}")
    estate.drift(1)


def until_gone(stack: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            stacks = aws.ask("cloudformation", "describe-stacks", "--stack-name", stack)["Stacks"]
        except aws.Failed as failed:
            if "does not exist" in str(failed):
                return
            raise
        if all(one["StackStatus"] == "DELETE_COMPLETE" for one in stacks):
            return
        time.sleep(0.1)
    raise Broken(f"the stack {stack} is not deleted")


@story
def a_year_of_releases(told: Story) -> None:
    """Layers for two architectures in two regions: releases, then a revocation, a retired version,
    a new region and a removed layer. After each step every version has the policy that the rules
    say, everywhere.

    `ESTATE=12x10` tells it with twelve layers and ten releases.
    """
    layers, _, releases = os.environ.get("ESTATE", "2x2").partition("x")
    estate = Estate(told)
    year = Year(estate, [f"l{index}" for index in range(int(layers))])
    for region in (US, EU, ASIA):
        estate.upload(region, "any.zip")
    for release in range(1, int(releases) + 1):
        year.labels.append(str(release))
        year.deploy(2 * len(year.regions) * len(year.layers))
    year.accounts.remove(B)
    year.deploy(2 * len(year.regions) * len(year.layers))
    year.unshared.add("1")
    year.deploy(2 * len(year.regions) * len(year.layers))
    year.regions.append(ASIA)
    year.deploy(2 * len(year.layers))
    [removed] = [year.layers.pop()]
    said = year.deploy(0)
    for arch in ARCHITECTURES:
        stack = f"shared-{removed}-{arch}".replace("_", "-")
        if f"delete-stack --stack-name {stack} " not in said:
            raise Broken(f"the build does not say how {stack} ends:\n{said}")
        for region in year.regions:
            with aws.region(region):
                aws.run("cloudformation", "delete-stack", "--stack-name", stack)
                until_gone(stack)
        for region in year.regions:
            nobody: dict[int, set[str]] = {
                number: set() for number in range(1, len(year.labels) + 1)
            }
            estate.expect(region, **{f"{removed}-{arch}": nobody})
    year.check()


class Year:
    """What the rules say as time goes on."""

    def __init__(self, estate: Estate, layers: list[str]) -> None:
        self.estate = estate
        self.layers = layers
        self.regions = [US, EU]
        self.labels: list[str] = []
        self.accounts = [A, B]
        self.unshared: set[str] = set()

    def source(self) -> str:
        bucket = f"s3://archives-{self.estate.told.account}-${{AWS::Region}}"
        text = f"regions {', '.join(self.regions)}\n"
        accounts = ", ".join(f"account {account}" for account in self.accounts)
        for layer in self.layers:
            text += f"\nlayer {layer} for arch in x86_64, arm64 {{\n  architectures <arch>\n"
            for label in self.labels:
                text += f"  version {label} from {bucket}/{layer}-{label}-<arch>.zip\n"
            for label in self.labels:
                if label not in self.unshared:
                    text += f"  share version {label} with {accounts}, organization {ORG}\n"
            text += "}\n"
        return text

    def deploy(self, deploys: int) -> str:
        """Builds and deploys, in so many deploys; gives what the program says."""
        said = self.estate.build(self.source())
        done = self.estate.deploy()
        if done != deploys:
            raise Broken(f"{done} stacks were deployed, of {deploys}")
        self.check()
        return said

    def check(self) -> None:
        shared = {
            number: set() if label in self.unshared else {*self.accounts, ORG}
            for number, label in enumerate(self.labels, 1)
        }
        for region in self.regions:
            for layer in self.layers:
                for arch in ARCHITECTURES:
                    self.estate.expect(region, **{f"{layer}-{arch}": shared})

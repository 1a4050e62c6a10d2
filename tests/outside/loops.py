"""Checks that loops of templates, `Fn::ForEach`, give the access that cfn-lint's expansion of them
gives.

    loops.py [--count N] [--seed S]

The program reads each made-up template as it is, and as cfn-lint expands it. Both must give the
same report, and neither may be broader than the other. A loop over a parameter goes over its
default, which the program is told too.
"""

import copy
import json
import random
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from cfnlint.template import Template
from cfnlint.template.transforms._language_extensions import language_extension

from tests.shared.checks import STATE, abreast, count, differences, finish, layershare, sample_of

Json = dict[str, Any]

NAMES = ["Deps", "Tools", "a-b", "x.y", "D", "De"]
ACCOUNTS = ["111122223333", "222233334444", "011112222333"]
STAGES = ["Live", "Test"]
GIVEN = "222233334444,333344445555"
ATTACH = ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"]


def loop(resources: Json, name: str, identifier: str, items: object, body: Json) -> None:
    resources[f"Fn::ForEach::{name}"] = [identifier, items, body]


def text(pattern: str) -> Json:
    return {"Fn::Sub": pattern}


def accounts(rng: random.Random) -> object:
    """What a loop goes through: a list, a list parameter, or a list with a parameter in it."""
    listed = rng.sample(ACCOUNTS, rng.randint(1, 3))
    return rng.choice([listed, listed, {"Ref": "Accounts"}])


def layer(name: object) -> Json:
    content = {"S3Bucket": "archives", "S3Key": "layer.zip"}
    return {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {"LayerName": name, "Content": content},
    }


def grant(layer: object, who: Json) -> Json:
    properties = {"Action": "lambda:GetLayerVersion", "LayerVersionArn": layer, **who}
    return {"Type": "AWS::Lambda::LayerVersionPermission", "Properties": properties}


def grants(rng: random.Random, at: int) -> Json:
    """Grants of one version, in a loop over accounts."""
    who: Json = rng.choice(
        [
            {"Principal": {"Ref": "Who"}},
            {"Principal": text("${Who}")},
            {"Principal": text("arn:aws:iam::${Who}:root")},
            {"Principal": "*", "OrganizationId": "o-a1b2c3d4e5"},
        ]
    )
    made = grant({"Ref": "Fixed"}, who)
    if rng.random() < 0.3:
        made["Condition"] = f"Is{rng.choice(STAGES)}"
    resources: Json = {}
    loop(resources, f"Grants{at}", "Who", accounts(rng), {f"Grant{at}${{Who}}": made})
    return resources


def layers(rng: random.Random, at: int) -> Json:
    """Layers in a loop over names, and the grants of each, in a loop over accounts within it."""
    inner: Json = {f"Layer{at}&{{Name}}": layer(text("layer-&{Name}"))}
    who = {"Principal": {"Ref": "Who"}}
    named = {"Ref": text(f"Layer{at}&{{Name}}")}
    body = {f"Grant{at}&{{Name}}${{Who}}": grant(named, who)}
    if rng.random() < 0.5:
        body = {f"Grant{at}&{{Name}}${{Who}}": grant({"Ref": "Fixed"}, who)}
    loop(inner, "Inner", "Who", accounts(rng), body)
    resources: Json = {}
    loop(resources, f"Layers{at}", "Name", rng.sample(NAMES, rng.randint(1, 3)), inner)
    return resources


def policies(rng: random.Random, at: int) -> Json:
    """Policies in a loop over accounts, with what the loop gives in their patterns."""
    pattern = text("arn:aws:lambda:*:${Who}:layer:team-*:*")
    condition = {"ForAllValues:StringLike": {"lambda:Layer": [pattern]}}
    statements = [
        {"Effect": "Allow", "Action": ATTACH, "Resource": "*", "Condition": condition},
        {"Effect": "Allow", "Action": "lambda:GetLayerVersion", "Resource": pattern},
    ]
    if rng.random() < 0.4:
        denied = {"ForAnyValue:StringNotLike": {"lambda:Layer": [pattern]}}
        deny = {"Effect": "Deny", "Action": ATTACH, "Resource": "*", "Condition": denied}
        statements = [deny]
    document = {"Version": "2012-10-17", "Statement": statements}
    properties: Json = {"PolicyDocument": document, "Groups": [text("group-${Who}")]}
    made = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
    resources: Json = {}
    loop(resources, f"Policies{at}", "Who", accounts(rng), {f"Policy{at}${{Who}}": made})
    return resources


def properties_by_a_loop(rng: random.Random, at: int) -> Json:
    """A role with a loop within its properties."""
    condition: Json = {}
    keys = ["sts:ExternalId", "aws:PrincipalTag/team"]
    loop(condition, "Keys", "Key", rng.sample(keys, rng.randint(1, 2)), {"${Key}": ["x"]})
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "222222222222"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": condition},
    }
    named = {"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}]}}  # fmt: skip
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    properties = {"AssumeRolePolicyDocument": trust, "Policies": [named]}
    return {f"Role{at}": {"Type": "AWS::IAM::Role", "Properties": properties}}


def made_template(rng: random.Random) -> Json:
    conditions: Json = {}
    body = {"Is${Stage}": {"Fn::Equals": [{"Ref": "Where"}, {"Ref": "Stage"}]}}
    loop(conditions, "Stages", "Stage", STAGES, body)
    resources: Json = {"Fixed": layer("fixed")}
    for at in range(rng.randint(1, 4)):
        resources |= rng.choice([grants, layers, policies, properties_by_a_loop])(rng, at)
    return {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {
            "Accounts": {"Type": "CommaDelimitedList", "Default": GIVEN},
            "Where": {"Type": "String"},
        },
        "Conditions": conditions,
        "Resources": resources,
    }


def expanded(template: Json) -> Json:
    """What cfn-lint makes of it."""
    matches, made = language_extension(Template("template.json", copy.deepcopy(template)))
    if matches:
        raise ValueError(f"cfn-lint does not expand it: {matches}")
    found: Json = json.loads(json.dumps(made))
    if "Fn::ForEach" in json.dumps(found):
        raise ValueError("cfn-lint leaves a loop")
    return found


def report(path: Path) -> Json:
    """What `access` says. The order of the parts is that of the template."""
    done = layershare("access", path, "--format", "json", "--parameter", f"Accounts={GIVEN}")
    if done.returncode != 0:
        raise ValueError(done.stderr)
    said = json.loads(done.stdout)
    for version in said["versions"]:
        version["grants"] = sorted(version["grants"], key=str)
        for one in version["grants"]:
            one["by"] = sorted(one["by"])
    return {
        "versions": {version["id"]: version for version in said["versions"]},
        "attach": {f"{part['subject']} {part['verb']}": part for part in said["attach"]},
        "not_read": sorted(map(str, said["not_read"])),
    }


def faults_of(place: Path, job: tuple[int, Json]) -> list[str]:
    number, template = job
    paths = [place / f"{number}-loops.json", place / f"{number}-expanded.json"]
    faults: list[str] = []
    try:
        for path, value in zip(paths, [template, expanded(template)], strict=True):
            path.write_text(json.dumps(value))
        faults += differences(report(paths[1]), report(paths[0]))
        given = ["--parameter", f"Accounts={GIVEN}"]
        for old, new in [paths, paths[::-1]]:
            done = layershare("diff", old, new, "--fail-on", "broader", *given)
            if done.returncode != 0:
                faults.append(f"from {old.stem} to {new.stem}: {done.stdout}{done.stderr}")
    except ValueError as problem:
        faults.append(str(problem))
    return [f"{fault}, in {json.dumps(template)}" for fault in faults]


def main() -> int:
    options = sample_of("loops", 300)
    rng = random.Random(options.seed)
    jobs = [(at, made_template(rng)) for at in range(options.count)]
    STATE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="loops-", dir=STATE) as place:
        found = list(abreast(partial(faults_of, Path(place)), jobs))
    faults = [fault for faults in found for fault in faults]
    success = f"{count(len(jobs), 'template')} as cfn-lint expands them, seed {options.seed}"
    return finish("loops", faults, success)


if __name__ == "__main__":
    sys.exit(main())

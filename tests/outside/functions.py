"""Checks that the layers of serverless functions are those that AWS's own translator gives them.

    functions.py [--count N] [--seed S]

The program reads each template twice: as it is, and as the translator writes it. Both must have the
same functions with the same layers, in the same order and in the same cases, and the same findings.
A finding about a layer that is written out must point to it, in the list of the function or in
`Globals`. The first templates are shapes that repositories have; the others are made up.
"""

import json
import logging
import os
import random
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.outside.serverless import CODE, NO_VALUE, Json, translated
from tests.shared.checks import STATE, abreast, count, differences, finish, layershare, sample_of

HERE, ELSEWHERE = "us-west-2", "eu-west-2"
TARGET = ["--region", HERE, "--account", "444455556666"]


def arn(name: str, number: int, region: str = ELSEWHERE) -> str:
    return f"arn:aws:lambda:{region}:111122223333:layer:{name}:{number}"


POWERTOOLS = "arn:aws:lambda:${AWS::Region}:017000801446:layer:AWSLambdaPowertoolsPythonV3:7"
SAME_REGION = {"Fn::Sub": POWERTOOLS}
OF_STAGE: Json = {"Fn::If": ["IsLive", arn("live", 1), arn("test", 1)]}
MAYBE: Json = {"Fn::If": ["IsLive", arn("live", 2), NO_VALUE]}
OF_REGION = {"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, "Deps"]}
LOOKED_UP = "{{resolve:ssm:/layers/deps}}"
SHAPES: list[tuple[object, object]] = [
    # What `Globals` and the function have: three and three are more than five.
    ([arn("a", 1), arn("b", 1), arn("c", 1)], [arn("d", 1), arn("e", 1), arn("f", 1)]),
    ([arn("a", 1)], [arn("a", 2)]),
    ([arn("a", 1)], None),
    ([LOOKED_UP, SAME_REGION], [{"Ref": "Deps"}]),
    ([{"Ref": "Deps"}], [{"Ref": "Deps"}]),
    ({"Ref": "Given"}, None),
    ({"Ref": "Given"}, [arn("a", 1)]),
    ([arn("a", 1)], {"Ref": "Given"}),
    ([arn("a", 1)], {"Fn::If": ["IsLive", [arn("b", 1)], NO_VALUE]}),
    ({"Fn::If": ["IsLive", [arn("a", 1)], []]}, None),
    ({"Fn::If": ["IsLive", [arn("a", 1)], []]}, {"Fn::If": ["IsLive", [], [arn("b", 1)]]}),
    ([OF_STAGE, MAYBE], [OF_REGION, {"Ref": "One"}]),
    ([arn("a", 1)], []),
    ([], [arn("a", 1)]),
    (None, {"Fn::Split": [",", {"Fn::Join": [",", [arn("a", 1), {"Ref": "One"}]]}]}),
    (None, ["deps", arn("deps", 1).removesuffix(":1"), arn("a", 1).replace(":1", ":latest")]),
]


def layer(rng: random.Random) -> object:
    """A layer, as people write them; most are written out, each with a name of its own."""
    choices: list[object] = [SAME_REGION, OF_STAGE, MAYBE, OF_REGION, LOOKED_UP, "deps"]
    choices += [{"Ref": name} for name in ["Deps", "Tools", "One", "Given"]]
    choices += [arn("deps", rng.randint(1, 2)), arn("deps", 1, HERE)]
    written = arn(f"own-{rng.randrange(10**6)}", 1)
    return rng.choice(choices) if rng.random() < 0.5 else written


def layers(rng: random.Random) -> object:
    """A list of layers, or a function that gives one."""
    own: list[object] = [layer(rng) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.8:
        return own
    other = rng.choice([NO_VALUE, [layer(rng)], {"Ref": "Given"}])
    return rng.choice([{"Ref": "Given"}, {"Fn::If": ["IsLive", own, other]}])


def function(rng: random.Random, own: object, shared: object) -> Json:
    properties: Json = dict(CODE)
    if own is not None:
        properties["Layers"] = own
    if rng.random() < 0.2:
        properties["Architectures"] = [rng.choice(["arm64", "x86_64"])]
    made: Json = {"Type": "AWS::Serverless::Function", "Properties": properties}
    if rng.random() < 0.2:
        made["Condition"] = "IsLive"
    if rng.random() < 0.2:
        # The translator refuses to ignore what `Globals` does not have.
        made["IgnoreGlobals"] = rng.choice(["*", ["Timeout"] if shared is None else ["Layers"]])
    return made


def template_of(functions: list[Json], shared: object) -> Json:
    deps = {"ContentUri": "s3://archives/deps.zip", "CompatibleArchitectures": ["arm64"]}
    # The regions of the mapping count in both templates, also where no function takes `Globals`.
    tools = {
        "Content": {"S3Bucket": "archives", "S3Key": "tools.zip"},
        "LayerName": "tools",
        "Description": OF_REGION,
    }
    resources = {
        "Deps": {"Type": "AWS::Serverless::LayerVersion", "Properties": deps},
        "Tools": {"Type": "AWS::Lambda::LayerVersion", "Properties": tools},
        **{f"Function{'ABC'[at]}": made for at, made in enumerate(functions)},
    }
    made: Json = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {
            "Stage": {"Type": "String"},
            "One": {"Type": "String"},
            "Given": {"Type": "CommaDelimitedList"},
        },
        "Conditions": {"IsLive": {"Fn::Equals": [{"Ref": "Stage"}, "live"]}},
        "Mappings": {"Regions": {HERE: {"Deps": arn("deps", 3, HERE)}}},
        "Resources": resources,
    }
    general: Json = {"Timeout": 30}
    if shared is not None:
        general["Layers"] = shared
    made["Globals"] = {"Function": general}
    return made


def made_template(rng: random.Random) -> Json:
    own = [layers(rng) if rng.random() < 0.8 else None for _ in range(rng.randint(1, 3))]
    shared = layers(rng) if rng.random() < 0.7 else None
    return template_of([function(rng, one, shared) for one in own], shared)


def shape(shared: object, own: object) -> Json:
    plain: Json = {"Type": "AWS::Serverless::Function", "Properties": dict(CODE)}
    with_own: Json = {
        "Type": "AWS::Serverless::Function",
        "Properties": dict(CODE) if own is None else {**CODE, "Layers": own},
    }
    alone = {**with_own, "IgnoreGlobals": "*" if shared is None else ["Layers"]}
    return template_of([with_own, plain, alone], shared)


def uses(path: Path, *target: str) -> Json:
    done = layershare("uses", path, *target, "--format", "json", "--message-format", "short")
    if done.returncode not in (0, 1):
        raise ValueError(done.stderr)
    found: Json = json.loads(done.stdout)
    return found


def report(said: Json) -> Json:
    """The layers of each function, and the kinds of findings: what is said of several functions at
    one place is said once.
    """
    kinds = {
        (one["code"], one["severity"], re.sub("`Function.`", "`Function`", one["message"]))
        for one in said["findings"]
    }
    return {
        "functions": {one["function"]: one["layers"] for one in said["functions"]},
        "findings": sorted(map(list, kinds)),
    }


def written_out(function: Json) -> list[str]:
    """The ARNs of another region that stand in the list of a function, each once."""
    own = re.compile(f"arn:aws:lambda:{ELSEWHERE}:[0-9]+:layer:[a-z0-9-]+:[0-9]+")
    layers = function["Properties"].get("Layers")
    items = layers if isinstance(layers, list) else []
    return sorted({item for item in items if isinstance(item, str) and own.fullmatch(item)})


def pointed_to(path: Path) -> list[str]:
    """The ARNs that the findings about the region point to."""
    lines = path.read_text().splitlines()
    found = set()
    for one in uses(path, *TARGET)["findings"]:
        word = lines[one["line"] - 1][one["column"] - 1 :].split('"')[0]
        if one["code"] == "layer-region" and word.startswith("arn:"):
            found.add(word)
    return sorted(found)


def misplaced(place: Path, template: Json, plain: Json) -> list[str]:
    """The faults in the places of findings, for each function alone."""
    faults = []
    for name, translated_to in plain["Resources"].items():
        if translated_to["Type"] != "AWS::Lambda::Function":
            continue
        resources = {
            other: one
            for other, one in template["Resources"].items()
            if other == name or one["Type"] != "AWS::Serverless::Function"
        }
        place.write_text(json.dumps({**template, "Resources": resources}, indent=1))
        expected, found = written_out(translated_to), pointed_to(place)
        if found != expected:
            faults.append(f"{name} has {expected}, and the findings point to {found}")
    return faults


def faults_of(place: Path, job: tuple[int, Json, Json]) -> list[str]:
    number, template, plain = job
    paths = [place / f"{number}-{name}.json" for name in ("serverless", "plain")]
    for path, value in zip(paths, [template, plain], strict=True):
        path.write_text(json.dumps(value))
    faults: list[str] = []
    try:
        for target in ([], TARGET):
            own, other = (report(uses(path, *target)) for path in paths)
            faults += differences(other, own)
        faults += misplaced(place / f"{number}-alone.json", template, plain)
    except ValueError as problem:
        faults.append(str(problem))
    return [f"{fault}, in {json.dumps(template)}" for fault in faults]


def main() -> int:
    # The translator misses the service that it sends its metrics to.
    logging.disable(logging.WARNING)
    os.environ.setdefault("AWS_DEFAULT_REGION", HERE)
    options = sample_of("functions", 300)
    rng = random.Random(options.seed)
    templates = [shape(*one) for one in SHAPES]
    templates += [made_template(rng) for _ in range(options.count)]
    jobs = [(at, template, translated(template)) for at, template in enumerate(templates)]
    STATE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="functions-", dir=STATE) as place:
        found = list(abreast(partial(faults_of, Path(place)), jobs))
    faults = [fault for faults in found for fault in faults]
    success = (
        f"{count(len(jobs), 'template')} have the layers that the translator gives their "
        f"functions, seed {options.seed}"
    )
    return finish("functions", faults, success)


if __name__ == "__main__":
    sys.exit(main())

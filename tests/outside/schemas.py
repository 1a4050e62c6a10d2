"""Holds the JSON of reports to the schemas of the manual, by a validator that is not ours: each
report fits, and nothing in a schema is there for nothing: every field is filled in one report at
least, and every word of a list is said.
"""

import json
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema

from tests.shared.checks import ROOT, abreast, finish, layershare, some, templates

SCHEMAS = ROOT / "docs" / "schemas"
CASES = ROOT / "tests" / "cases"
EXAMPLES = ROOT / "examples"

Schema = dict[str, Any]
Arguments = list[str | Path]


def parts(root: Schema, schema: Schema, place: str) -> Iterator[str]:
    """What a schema knows: the places of its fields, and each word of its lists."""
    if "$ref" in schema:
        return
    for word in schema.get("enum", []):
        if word is not None:
            yield f"{place} = {word}"
    for name, below in schema.get("properties", {}).items():
        yield f"{place}.{name}"
        yield from parts(root, below, f"{place}.{name}")
    if "items" in schema:
        yield from parts(root, schema["items"], f"{place}[]")


def known(schema: Schema) -> set[str]:
    found = set(parts(schema, schema, ""))
    for name, below in schema.get("$defs", {}).items():
        found |= set(parts(schema, below, name))
    return found


def said(root: Schema, schema: Schema, value: object, place: str) -> Iterator[str]:
    """Which of that a report uses."""
    for choice in schema.get("oneOf", []):
        if isinstance(value, list) == (choice.get("type") == "array"):
            yield from said(root, choice, value, place)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from said(root, root["$defs"][name], value, name)
    if "enum" in schema:
        yield f"{place} = {value}"
    if isinstance(value, dict):
        for name, below in schema.get("properties", {}).items():
            if value.get(name) is not None:
                yield f"{place}.{name}"
                yield from said(root, below, value[name], f"{place}.{name}")
    if isinstance(value, list) and "items" in schema:
        for item in value:
            yield from said(root, schema["items"], item, f"{place}[]")


def held(name: str, commands: list[Arguments], at_least: int) -> list[str]:
    """Runs the commands, and holds what they print to the schema."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    runs = abreast(lambda command: layershare(*command, "--format", "json"), commands)
    faults: list[str] = []
    used: set[str] = set()
    read = 0
    for command, run in zip(commands, runs, strict=True):
        # Some cases are about files that are refused.
        if not run.stdout:
            continue
        read += 1
        report = json.loads(run.stdout)
        used |= set(said(schema, schema, report, ""))
        shown = " ".join(str(word) for word in command)
        faults += [
            f"{shown}: {error.json_path}: {error.message}"
            for error in validator.iter_errors(report)
        ]
    if read < at_least:
        faults.append(f"{name}.json: only {read} of {len(commands)} commands gave a report")
    faults += [f"{name}.json: no report has {part}" for part in sorted(known(schema) - used)]
    return faults


def readable(folder: str) -> list[Path]:
    """The sources and templates of cases."""
    found = (CASES / folder).rglob("*")
    return sorted(path for path in found if path.suffix in {".layers", ".yaml", ".json"})


def access() -> list[Arguments]:
    inputs = [*templates(), *some(EXAMPLES.glob("*.layers")), *readable("access")]
    inputs += readable("reading")
    return [["access", path, "--revision", "0123abc"] for path in inputs]


def retained(place: Path) -> list[Arguments]:
    """A rolling layer with grants that come to be retained, and other content."""
    sides: list[str | Path] = []
    for policy, archive in [("Delete", "1.zip"), ("Retain", "2.zip")]:
        resources: dict[str, object] = {
            "Deps": {
                "Type": "AWS::Lambda::LayerVersion",
                "Properties": {
                    "LayerName": "deps",
                    "Content": {"S3Bucket": "archives-1", "S3Key": archive},
                },
            }
        }
        for name, who in [("Other", "123456789012"), ("Own", {"Ref": "AWS::AccountId"})]:
            resources[name] = {
                "Type": "AWS::Lambda::LayerVersionPermission",
                "DeletionPolicy": policy,
                "UpdateReplacePolicy": policy,
                "Properties": {
                    "Action": "lambda:GetLayerVersion",
                    "LayerVersionArn": {"Ref": "Deps"},
                    "Principal": who,
                },
            }
        path = place / f"{policy}.json"
        path.write_text(json.dumps({"Resources": resources}))
        sides.append(path)
    return [["diff", *sides], ["diff", *reversed(sides)]]


def diff() -> list[Arguments]:
    olds = some((CASES / "diff").glob("*.old.*"))
    sides = [(old, old.with_name(old.name.replace(".old.", ".new."))) for old in olds]
    sides += [(new, old) for old, new in sides]
    for inputs in [some(EXAMPLES.glob("*.layers")), readable("reading")]:
        sides += pairwise(inputs)
    losses = CASES / "uses" / "losses"
    functions: Arguments = ["--uses", losses / "functions.yaml", "--account", "777788889999"]
    pairs: list[Arguments] = [["diff", old, new] for old, new in sides]
    return [*pairs, ["diff", losses / "old.layers", losses / "new.layers", *functions]]


def uses() -> list[Arguments]:
    commands: list[Arguments] = []
    for path in readable("uses"):
        commands.append(["uses", path, "--region", "eu-west-1", "--account", "444455556666"])
        commands.append(["uses", path])
    return commands


def users() -> list[Arguments]:
    layers = ["deps", "arn:aws:lambda:us-east-1:123456789012:layer:deps"]
    found = readable("uses")
    return [["uses", path, "--of", layer] for path in found for layer in layers]


def archives(place: Path) -> list[Arguments]:
    folder = place / "folder"
    (folder / "python").mkdir(parents=True)
    (folder / "python" / "deps.py").write_text("import this\n")
    (folder / "lost.py").write_text("")
    made = place / "made.zip"
    with zipfile.ZipFile(made, "w") as to:
        to.write(sys.executable, "bin/python")
        to.writestr("python/fast.cpython-310-x86_64-linux-gnu.so", elf())
        to.writestr("python/../../evil", "")
    target = ["--runtime", "python3.12", "--architecture", "arm64"]
    commands: list[Arguments] = [["inspect", made], ["inspect", made, folder, *target]]
    return commands


def elf() -> bytes:
    """A program of this machine."""
    return Path(sys.executable).resolve().read_bytes()


def drift() -> list[Arguments]:
    commands: list[Arguments] = []
    for source in some((CASES / "drift").glob("*.layers")):
        command: Arguments = ["drift", source, source.with_suffix(".json")]
        resources = source.with_suffix(".resources.json")
        if resources.exists():
            command += ["--stack-resources", resources]
        commands.append(command)
    live = [source.with_suffix(".json") for source in some((CASES / "drift").glob("*.layers"))]
    shared = some(EXAMPLES.glob("*.layers"))
    return commands + [["drift", source, policy] for source in shared for policy in live]


def deploys(place: Path) -> list[Arguments]:
    """Folders of templates that are not deployed everywhere yet, one with confused numbers."""
    commands: list[Arguments] = []
    manual = CASES / "manual"
    for case, source, live in [
        ("not-deployed", "shared.layers", ["night.json"]),
        ("moving", "confused/shared.layers", ["old.json", "live.json"]),
    ]:
        folder = place / case
        built = layershare("build", manual / case / source, "-o", f"{folder}/")
        if built.returncode != 0:
            raise RuntimeError(built.stderr)
        commands.append(["drift", folder, *(manual / case / name for name in live)])
    return commands


def ask() -> list[Arguments]:
    claims = [
        "everyone can use *",
        "everyone cannot use *",
        "account 123456789012 can use my-shared-deps",
        "only account 123456789012 can use *",
    ]
    inputs = [*templates(), *some(EXAMPLES.glob("*.layers"))]
    asked: list[Arguments] = [["ask", path, claim] for path in inputs for claim in claims]
    return asked + [[*command, "--defaults"] for command in asked[:20]]


def main() -> int:
    faults = held("access", access(), 100)
    with tempfile.TemporaryDirectory() as place:
        faults += held("diff", diff() + retained(Path(place)), 60)
    faults += held("uses", uses(), 20)
    faults += held("users", users(), 20)
    with tempfile.TemporaryDirectory() as place:
        faults += held("inspect", archives(Path(place)), 2)
    with tempfile.TemporaryDirectory() as place:
        faults += held("drift", drift() + deploys(Path(place)), 5)
    faults += held("ask", ask(), 60)
    return finish("schemas", faults, "the reports fit the schemas of the manual")


if __name__ == "__main__":
    sys.exit(main())

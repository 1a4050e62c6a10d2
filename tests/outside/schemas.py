"""Holds the JSON of reports to the schemas of the manual, by a validator that is not ours: each
report fits, and nothing in a schema is there for nothing.
"""

import json
import sys

import jsonschema

from tests.shared.checks import ROOT, abreast, finish, layershare, shown, some, templates

SCHEMAS = ROOT / "docs" / "schemas"
CASES = ROOT / "tests" / "cases"

# What each field that may be empty has to hold in one report at least.
FILLED = {
    "access": [
        "made_from.revision",
        "versions.layer",
        "versions.label",
        "versions.grants.id",
        "versions.grants.names",
        "versions.grants.by",
        "versions.grants.when",
        "versions.grants.because",
        "versions.grants.until",
        "attach.layers",
        "not_read.what",
    ]
}


def fields(value: object, path: str = "") -> set[str]:
    """The paths of all values that say something."""
    if isinstance(value, dict):
        below = (fields(item, f"{path}.{name}" if path else name) for name, item in value.items())
        return set().union(*below)
    if isinstance(value, list):
        return set().union(*(fields(item, path) for item in value))
    return set() if value is None else {path}


def access() -> list[str]:
    schema = json.loads((SCHEMAS / "access.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    inputs = [*templates(), *some((ROOT / "examples").glob("*.layers"))]
    inputs += sorted((CASES / "access").glob("*.layers")) + sorted(
        (CASES / "access").glob("*.yaml")
    )
    inputs += [
        path
        for path in sorted((CASES / "reading").glob("*/*"))
        if path.suffix in {".yaml", ".json"}
    ]
    runs = abreast(
        lambda path: layershare("access", path, "--format", "json", "--revision", "0123abc"), inputs
    )
    faults, found, kinds, verbs, read = [], set(), set(), set(), 0
    for path, run in zip(inputs, runs, strict=True):
        # Some cases are about files that are refused.
        if run.returncode != 0:
            continue
        read += 1
        report = json.loads(run.stdout)
        faults += [
            f"{shown(path)}: {error.json_path}: {error.message}"
            for error in validator.iter_errors(report)
        ]
        found |= fields(report)
        verbs |= {row["verb"] for row in report["attach"]}
        kinds |= {grant["kind"] for version in report["versions"] for grant in version["grants"]}
    if read < 100:
        faults.append(f"only {read} files were read")
    faults += [
        f"access.json: no report fills {field}" for field in FILLED["access"] if field not in found
    ]
    row = schema["properties"]["attach"]["items"]
    unseen = sorted(set(row["properties"]["verb"]["enum"]) - verbs)
    faults += [f"access.json: no report says {verb}" for verb in unseen]
    known = set(schema["$defs"]["grant"]["properties"]["kind"]["enum"])
    faults += [f"access.json: no report has the kind {kind}" for kind in sorted(known - kinds)]
    return faults


if __name__ == "__main__":
    sys.exit(finish("schemas", access(), "the reports fit the schemas of the manual"))

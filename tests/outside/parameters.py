"""Checks that no value which CloudFormation takes for a parameter widens what a template shares.

Every value of a list, and many that differ from a good one in one place, is held against the
parameter's own rules by Python's reader of patterns, as CloudFormation documents them: a pattern
must fit the whole value. With each value that passes, and each of the other parameters', the
conditions are evaluated, and whoever is then shared with must be an account or an organization that
is written out or given, or everyone where the template says so by itself.
"""

import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from tests.shared.checks import ROOT, count, finish, shown, templates

ACCOUNT, ORGANIZATION = "123456789012", "o-a1b2c3d4e5"
HOSTILE = [
    "", " ", "\n", "\r", "\t", "\0", "*", "**", "?", "''", '""', "null", "None", "~", "true",
    "TRUE", "false", "AWS::NoValue",
    "arn:aws:iam::123456789012:root", "1234567890123", "12345678901", "-12345678901",
    "1.23456789e11", "o-", "o-*", "o-a1b2c3d4e",
    "O-A1B2C3D4E5", "o-" + "a" * 33, "ou-ab12-cdefghij", "r-ab12", "{{resolve:ssm:x}}",
    "${AWS::AccountId}",
]  # fmt: skip


def near(good: str) -> Iterator[str]:
    """Values that differ from a good one in one place, and some on several lines."""
    for character in [
        "*",
        "?",
        " ",
        "\n",
        "\r\n",
        "\u2028",
        "\0",
        "-",
        ",",
        "0",
        "a",
        "A",
        "\u0663",
        "\uff11",
    ]:
        for at in range(len(good) + 1):
            yield good[:at] + character + good[at:]
            yield good[:at] + character + good[at + 1 :]
    yield from (good[:at] + good[at + 1 :] for at in range(len(good)))
    yield from (f"{good}\n{other}" for other in HOSTILE)
    yield from (f"{other}\n{good}" for other in HOSTILE)


VALUES = [*HOSTILE, ACCOUNT, ORGANIZATION, *near(ACCOUNT), *near(ORGANIZATION)]


def takes(parameter: dict[str, Any], value: str) -> bool:
    allowed = parameter.get("AllowedValues")
    pattern = parameter.get("AllowedPattern")
    return (allowed is None or value in map(str, allowed)) and (
        pattern is None or re.fullmatch(pattern, value) is not None
    )


def holds(condition: dict[str, Any], template: dict[str, Any], given: dict[str, str]) -> bool:
    [(function, argument)] = condition.items()
    if function == "Condition":
        return holds(template["Conditions"][argument], template, given)
    if function == "Fn::Equals":
        left, right = (given[side["Ref"]] if isinstance(side, dict) else side for side in argument)
        return left == right
    inner = [holds(one, template, given) for one in argument]
    return {"Fn::Not": not inner[0], "Fn::And": all(inner), "Fn::Or": any(inner)}[function]


def decides(condition: object, template: dict[str, Any]) -> set[str]:
    """The parameters that a condition names."""
    if isinstance(condition, dict):
        named = {condition["Ref"]} if "Ref" in condition else set()
        if isinstance(condition.get("Condition"), str):
            named |= decides(template["Conditions"][condition["Condition"]], template)
        return named.union(*(decides(value, template) for value in condition.values()))
    return (
        set().union(*(decides(one, template) for one in condition))
        if isinstance(condition, list)
        else set()
    )


def faults_of(template: dict[str, Any], name: str) -> tuple[list[str], int]:
    faults, tried = [], 0
    parameters = template.get("Parameters", {})
    for identity, resource in template.get("Resources", {}).items():
        if resource["Type"] != "AWS::Lambda::LayerVersionPermission":
            continue
        properties = resource["Properties"]
        if "NoValue" in str(properties) or "Fn::If" in str(properties):
            faults.append(f"{name}: {identity}: a value decides who is meant")
        condition = {"Condition": resource["Condition"]} if "Condition" in resource else None
        said = [properties["Principal"], properties.get("OrganizationId")]
        named = {one["Ref"] for one in said if isinstance(one, dict) and "Ref" in one}
        needed = sorted(named | decides(condition, template)) if condition else sorted(named)
        tries = [[*VALUES, *map(str, parameters[one].get("AllowedValues", []))] for one in needed]
        values = [
            [value for value in dict.fromkeys(all_tried) if takes(parameters[one], value)]
            for one, all_tried in zip(needed, tries, strict=True)
        ]
        if named and not any(values):
            faults.append(f"{name}: {identity}: no value is taken")
        for chosen in itertools.product(*values):
            given = dict(zip(needed, chosen, strict=True))
            tried += 1
            if condition and not holds(condition, template, given):
                continue
            principal, organization = (
                given[one["Ref"]] if isinstance(one, dict) and "Ref" in one else one for one in said
            )
            written_out = organization is None and principal == "*" and not named
            account = organization is None and (
                isinstance(principal, dict) or re.fullmatch("[0-9]{12}", str(principal), re.A)
            )
            whole = (
                principal == "*"
                and organization is not None
                and re.fullmatch("o-[0-9a-z]{10,32}", organization, re.A)
            )
            if not (written_out or account or whole):
                faults.append(
                    f"{name}: {identity}: with {given} it shares with "
                    f"{principal!r}, {organization!r}"
                )
    return faults, tried


def main() -> int:
    paths: list[Path] = [*templates(), *sorted((ROOT / "tests" / "cases").rglob("*.yaml"))]
    faults, tried = [], 0
    for path in paths:
        if not path.read_bytes().startswith(b"# Generated by layershare"):
            continue
        found, values = faults_of(yaml_parse(path.read_text()), shown(path))
        faults += found
        tried += values
    if tried < 100:
        faults.append(f"only {tried} values were tried")
    return finish(
        "parameters",
        faults[:20],
        f"{count(tried, 'combination')} of values share with nobody whom no rule names",
    )


if __name__ == "__main__":
    sys.exit(main())

"""Checks that `layershare access` finds in a template what an independent reader finds in it.

The reader here knows YAML and what a layer version and its permission look like, and nothing of the
compiler.
"""

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from tests.shared.checks import ROOT, count, finish, layershare, shown, some, templates


def deploys(parameters: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The values of all parameters, for each deploy that a report distinguishes: those that the
    template allows, or else a default and, as `${Name}`, what only the deploy tells.
    """
    choices = []
    for name, parameter in parameters.items():
        default = [str(parameter["Default"])] if "Default" in parameter else []
        choices.append(
            list(map(str, parameter.get("AllowedValues", []))) or ["${" + name + "}", *default]
        )
    for chosen in itertools.product(*choices):
        yield dict(zip(parameters, chosen, strict=True))


def text(value: object, given: dict[str, str]) -> str:
    """A value as the report shows it."""
    if isinstance(value, dict):
        [(function, argument)] = value.items()
        if function == "Ref":
            return given.get(str(argument), f"${{{argument}}}")
        if function == "Fn::Sub":
            return str(argument)
        raise ValueError(f"{function} in a permission")
    return str(value)


def holds(condition: dict[str, Any], conditions: dict[str, Any], given: dict[str, str]) -> bool:
    [(function, argument)] = condition.items()
    if function == "Condition":
        return holds(conditions[argument], conditions, given)
    if function == "Fn::Equals":
        left, right = (text(side, given) for side in argument)
        return left == right
    inner = [holds(one, conditions, given) for one in argument]
    return {"Fn::Not": not inner[0], "Fn::And": all(inner), "Fn::Or": any(inner)}[function]


def grantee(properties: dict[str, Any], given: dict[str, str]) -> tuple[str, str | None]:
    principal = text(properties["Principal"], given)
    if "OrganizationId" in properties:
        return ("organization", text(properties["OrganizationId"], given))
    return (
        ("everyone", None)
        if principal == "*"
        else ("account", principal.removesuffix(":root").rpartition(":")[2])
    )


def found_in(template: dict[str, Any]) -> dict[str, set[Any]]:
    """Who may use each version, by its logical ID or its ARN."""
    parameters, conditions = template.get("Parameters", {}), template.get("Conditions", {})
    versions: dict[str, set[Any]] = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::LayerVersion":
            versions.setdefault(name, set())
        if resource["Type"] == "AWS::Lambda::LayerVersionPermission":
            arn = resource["Properties"]["LayerVersionArn"]
            layer = (
                arn["Ref"]
                if isinstance(arn, dict) and arn.get("Ref") in template["Resources"]
                else text(arn, {})
            )
            named = {
                name: parameter
                for name, parameter in parameters.items()
                if name in str(resource) + str(conditions)
            }
            for given in deploys(named):
                if "Condition" not in resource or holds(
                    {"Condition": resource["Condition"]}, conditions, given
                ):
                    versions.setdefault(layer, set()).add(grantee(resource["Properties"], given))
    return versions


def faults_of(path: Path) -> list[str]:
    expected = found_in(yaml_parse(path.read_text()))
    done = layershare("access", path, "--format", "json")
    if done.returncode != 0:
        return [f"{shown(path)}: {done.stderr.strip()}"]
    reported = {
        version["id"]: {(grant["kind"], grant["id"]) for grant in version["grants"]}
        for version in json.loads(done.stdout)["versions"]
    }
    return [] if reported == expected else [f"{shown(path)}: expected {expected}, found {reported}"]


def main() -> int:
    paths = templates() + some((ROOT / "tests" / "cases" / "compile").glob("*.yaml"))
    faults = []
    for path in paths:
        try:
            faults += faults_of(path)
        except (ValueError, KeyError, yaml.YAMLError) as problem:
            faults.append(f"{shown(path)}: {problem}")
    return finish(
        "access", faults, f"{count(len(paths), 'template')} give the access that is found in them"
    )


if __name__ == "__main__":
    sys.exit(main())

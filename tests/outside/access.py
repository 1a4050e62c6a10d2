"""Checks that `layershare access` finds in a template what an independent reader finds in it.

The reader here knows YAML and what a layer version and its permission look like, and nothing of the compiler.
"""

import json
import sys
from pathlib import Path

import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from common import ROOT, count, finish, layershare, shown, templates


def texts(value: object, parameters: dict) -> list[str]:
    """A value as the report shows it, once for each value that a deploy may give: a default, and what only the deploy
    tells as `${Name}`."""
    if isinstance(value, dict):
        [(function, argument)] = value.items()
        if function == "Ref":
            default = parameters.get(argument, {}).get("Default")
            return ["${" + argument + "}"] + ([] if default is None else [str(default)])
        if function == "Fn::Sub":
            return [argument]
        raise ValueError(f"{function} in a permission")
    return [str(value)]


def grantees(properties: dict, parameters: dict) -> set[tuple[str, str | None]]:
    principals = texts(properties["Principal"], parameters)
    if "OrganizationId" in properties:
        return {("organization", id) for id in texts(properties["OrganizationId"], parameters)}
    if principals == ["*"]:
        return {("everyone", None)}
    return {("account", one.removesuffix(":root").rpartition(":")[2]) for one in principals}


def found_in(template: dict) -> dict[str, set]:
    """Who may use each version, by its logical ID or its ARN."""
    parameters = template.get("Parameters", {})
    versions: dict[str, set] = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::LayerVersion":
            versions.setdefault(name, set())
        if resource["Type"] == "AWS::Lambda::LayerVersionPermission":
            arn = resource["Properties"]["LayerVersionArn"]
            layer = arn["Ref"] if isinstance(arn, dict) and arn.get("Ref") in template["Resources"] else texts(arn, parameters)[0]
            versions.setdefault(layer, set()).update(grantees(resource["Properties"], parameters))
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
    paths = templates() + sorted((ROOT / "tests" / "cases" / "compile").glob("*.yaml"))
    faults = []
    for path in paths:
        try:
            faults += faults_of(path)
        except (ValueError, KeyError, yaml.YAMLError) as problem:
            faults.append(f"{shown(path)}: {problem}")
    return finish("access", faults, f"{count(len(paths), 'template')} give the access that is found in them")


if __name__ == "__main__":
    sys.exit(main())

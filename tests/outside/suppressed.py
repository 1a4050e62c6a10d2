"""Holds `suppress` against the tools that read it: a rule of ours finds a public grant, and finds
none where the source says that it is intended.

cfn-nag is not run, since it is in none of these registries: the goldens hold the form that its
documentation gives.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cfn_guard_rs
import yaml

from tests.shared.checks import ROOT, finish, layershare

SOURCE = """layer deps {{
  version 1.0.0 from s3://bucket-1/deps-1.0.0.zip
  share with everyone because "released under MIT"{suppress}
}}
"""

# In the form of the rules of AWS's registry.
GUARD = """
let grants = Resources.*[ Type == 'AWS::Lambda::LayerVersionPermission'
  Metadata.guard.SuppressedRules not exists or
  Metadata.guard.SuppressedRules.* != "LAYER_PUBLIC"
]
rule LAYER_PUBLIC when %grants !empty {
  %grants.Properties.Principal != "*"
}
"""

LINT = """from cfnlint.rules import CloudFormationLintRule, RuleMatch


class Public(CloudFormationLintRule):
    id = "E9999"
    shortdesc = "A layer is public"
    description = "A layer is public"
    source_url = "https://example.com"
    tags = ["layers"]

    def match(self, cfn):
        kind = "AWS::Lambda::LayerVersionPermission"
        return [
            RuleMatch(["Resources", name, "Properties", "Principal"], "public")
            for name, resource in cfn.get_resources([kind]).items()
            if resource["Properties"].get("Principal") == "*"
        ]
"""

CHECKOV = """\
from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck
from checkov.common.models.enums import CheckCategories, CheckResult


class Public(BaseResourceCheck):
    def __init__(self):
        super().__init__(
            name="A layer is public",
            id="CKV_LAYER_1",
            categories=[CheckCategories.IAM],
            supported_resources=["AWS::Lambda::LayerVersionPermission"],
        )

    def scan_resource_conf(self, conf):
        is_public = conf["Properties"].get("Principal") == "*"
        return CheckResult.FAILED if is_public else CheckResult.PASSED


check = Public()
"""

CASES = [
    # What a rule suppresses, and whether guard, cfn-lint and Checkov still find the grant.
    ("", True, True, True),
    (" suppress guard LAYER_PUBLIC", False, True, True),
    (" suppress cfn-lint E9999", True, False, True),
    (" suppress checkov CKV_LAYER_1", True, True, False),
    (
        " suppress guard LAYER_PUBLIC suppress cfn-lint E9999 suppress checkov CKV_LAYER_1",
        False,
        False,
        False,
    ),
    (
        " suppress guard LAYER_OTHER suppress cfn-lint W3005 suppress checkov CKV_LAYER_2",
        True,
        True,
        True,
    ),
]


class Loader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation's functions as mappings."""


def function(loader: Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    assert isinstance(node, yaml.ScalarNode)
    return {name: loader.construct_scalar(node)}


Loader.add_multi_constructor("!", function)


def guard_finds(template: Path) -> bool:
    read = yaml.load(template.read_text(), Loader)
    return bool(cfn_guard_rs.run_checks(read, GUARD).not_compliant)


def lint_finds(template: Path, rules: Path) -> bool:
    linter = Path(sys.executable).with_name("cfn-lint")
    command: list[str | Path] = [linter, "--append-rules", rules, "--", template]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "E9999" in run.stdout


def checkov_finds(templates: Path, rules: Path) -> set[str]:
    """The templates below a folder that Checkov finds something in. It loads for seconds, so it
    runs once.
    """
    command: list[str | Path] = [
        ROOT / "target" / "tests" / "checkov" / "bin" / "checkov",
        "--directory", templates, "--framework", "cloudformation", "--check", "CKV_LAYER_1",
        "--external-checks-dir", rules, "--skip-download", "--output", "json",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        read = json.loads(run.stdout)
        if read["summary"]["resource_count"] == 0:
            raise ValueError("it has seen no resource")
        failed = read["results"]["failed_checks"]
    except (ValueError, KeyError, TypeError) as error:
        sys.exit(f"checkov: {error}\n{run.stdout}{run.stderr}")
    return {Path(one["file_path"]).stem for one in failed}


def faults(folder: Path) -> list[str]:
    of_lint, of_checkov, templates = folder / "lint", folder / "checkov", folder / "templates"
    for place, name, text in [
        (of_lint, "Public.py", LINT),
        (of_checkov, "Public.py", CHECKOV),
        (of_checkov, "__init__.py", ""),
    ]:
        place.mkdir(exist_ok=True)
        (place / name).write_text(text)
    templates.mkdir()
    found = []
    for index, (suppress, *_) in enumerate(CASES):
        source = folder / "deps.layers"
        source.write_text(SOURCE.format(suppress=suppress))
        built = layershare("build", source, "-o", templates / f"case{index}.yaml")
        if built.returncode != 0:
            found.append(f"`{suppress}` does not compile: {built.stderr}")
    if found:
        return found
    of_all = checkov_finds(templates, of_checkov)
    for index, (suppress, guard, lint, checkov) in enumerate(CASES):
        template = templates / f"case{index}.yaml"
        for tool, finds, wanted in [
            ("guard", guard_finds(template), guard),
            ("cfn-lint", lint_finds(template, of_lint), lint),
            ("checkov", template.stem in of_all, checkov),
        ]:
            if finds != wanted:
                what = "leave" if wanted else "take away"
                found.append(f"{tool}: `{suppress}` should {what} the finding")
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        success = "guard, cfn-lint and Checkov leave out the findings that a source suppresses"
        return finish("suppressed", faults(Path(place)), success)


if __name__ == "__main__":
    sys.exit(main())

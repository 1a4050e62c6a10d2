"""Holds `suppress` against the tools that read it: a rule of ours finds a public grant, and finds
none where the source says that it is intended.

cfn-nag and Checkov are not run: the one is no package of these registries, the other asks the
network for its guidelines. The goldens hold the forms that their documentation gives.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cfn_guard_rs
import yaml

from tests.shared.checks import finish, layershare

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


def faults(folder: Path) -> list[str]:
    rules = folder / "rules"
    rules.mkdir()
    (rules / "Public.py").write_text(LINT)
    found = []
    for suppress, guard, lint in [
        ("", True, True),
        (" suppress guard LAYER_PUBLIC", False, True),
        (" suppress cfn-lint E9999", True, False),
        (" suppress guard LAYER_PUBLIC suppress cfn-lint E9999", False, False),
        (" suppress guard LAYER_OTHER suppress cfn-lint W3005", True, True),
    ]:
        source, template = folder / "deps.layers", folder / "deps.yaml"
        source.write_text(SOURCE.format(suppress=suppress))
        template.unlink(missing_ok=True)
        built = layershare("build", source, "-o", template)
        if built.returncode != 0:
            found.append(f"`{suppress}` does not compile: {built.stderr}")
            continue
        if guard_finds(template) != guard:
            found.append(f"guard: `{suppress}` should {'leave' if guard else 'take away'} it")
        if lint_finds(template, rules) != lint:
            found.append(f"cfn-lint: `{suppress}` should {'leave' if lint else 'take away'} it")
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        success = "guard and cfn-lint leave out the findings that a source suppresses"
        return finish("suppressed", faults(Path(place)), success)


if __name__ == "__main__":
    sys.exit(main())

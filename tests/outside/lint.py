"""Checks the templates with two linters that are not ours: cfn-lint and AWS's
cloudformation-validate.

Both hold a template against the resource schemas and know rules that no schema states. Every
finding at the level of a warning or above fails, unless its rule stands in the table below with the
reason why it does not concern us. Advice below that level is left out: it describes properties
("create-only") and asks for tags. A rule of the table that no template sets off any more fails too,
so that the table holds no dead entries.

Templates named as arguments are checked beside templates/*.yaml and tests/cases/compile/*.yaml. So
is what the stack sets of all of these roll out, since no linter looks into that text.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from awscli.customizations.cloudformation.yamlhelper import yaml_parse
from cloudformation_validate import CompositeEngine, ReportStatus, Severity, ValidateConfig

from tests.shared.checks import ROOT, STATE, count, finish, shown, some, stack_sets, templates

EMPTY = " of an empty default"

SUPPRESSED = {
    f"W1030{EMPTY}": "What refers to a parameter that may be empty has a condition, which the "
    "linter does not evaluate; parameters.py does.",
    "W3002": "Local content is for `aws cloudformation package`, which package.py runs.",
    "W9002": "An existing version is adopted by its ARN: the stack has no resource for it.",
    "W9013": "The account in such an ARN is the layer's owner, which a source may write out.",
}
"""Rules that are not applied, each with its reason. The two linters share one namespace of rules.
"""


@dataclass(frozen=True)
class Finding:
    """One finding of one linter."""

    linter: str
    rule: str
    path: Path
    line: int
    place: str
    message: str

    def __str__(self) -> str:
        where = f"{shown(self.path)}:{self.line}"
        return f"{where}: {self.rule} of {self.linter} at {self.place}: {self.message}"


def cfn_lint(paths: list[Path]) -> Iterator[Finding]:
    """The findings of cfn-lint. It runs where no configuration file of the user's can change its
    rules.
    """
    program = Path(sys.executable).with_name("cfn-lint")
    command: list[str | Path] = [program, "--format", "json", "--", *paths]
    environment = {**os.environ, "HOME": str(STATE)}
    result = subprocess.run(
        command, cwd=STATE, env=environment, capture_output=True, text=True, timeout=300
    )
    try:
        findings = json.loads(result.stdout)
    except ValueError:
        sys.exit(
            f"lint: cfn-lint failed with exit code {result.returncode}:\n"
            f"{result.stderr or result.stdout}"
        )
    for finding in findings:
        yield Finding(
            linter="cfn-lint",
            rule=finding["Rule"]["Id"],
            path=Path(finding["Filename"]),
            line=finding["Location"]["Start"]["LineNumber"],
            place="/".join(map(str, finding["Location"]["Path"] or [])) or "the template",
            message=finding["Message"],
        )


def cloudformation_validate(paths: list[Path]) -> Iterator[Finding]:
    """The findings of cloudformation-validate."""
    engine = CompositeEngine()
    config = ValidateConfig(severity_level=Severity.WARN)
    for path in paths:
        report = engine.validate_template(path, config)
        if report.status is ReportStatus.ANALYSIS_INCOMPLETE:
            message = "the analysis was cut short"
            yield Finding("cloudformation-validate", "INCOMPLETE", path, 1, "the template", message)
        for found in report.diagnostics:
            names = [found.entity and found.entity.logical_id, found.property_path]
            yield Finding(
                linter="cloudformation-validate",
                rule=found.rule_id + (EMPTY if "default ''" in found.message else ""),
                path=path,
                line=found.start_line or 1,
                place=" ".join(filter(None, names)) or "the template",
                message=found.message,
            )


def rolled_out(paths: list[Path]) -> Iterator[Path]:
    """A file for each template that is rolled out by a stack set of another one."""
    for path in paths:
        for stack_set in stack_sets(yaml_parse(path.read_text())):
            place = STATE / f"rolled-out-{path.name}"
            place.write_text(stack_set["TemplateBody"])
            yield place


def main() -> int:
    cases = some((ROOT / "tests" / "cases" / "compile").glob("*.yaml"))
    paths = templates() + cases + [Path(argument).absolute() for argument in sys.argv[1:]]
    absent = [path for path in paths if not path.is_file()]
    if absent or not paths:
        return finish(
            "lint",
            [f"{shown(path)}: no such file" for path in absent] or ["there is no template"],
            "",
        )
    STATE.mkdir(parents=True, exist_ok=True)
    bodies = list(rolled_out(paths))
    if not bodies:
        return finish("lint", ["no template has a stack set"], "")
    paths += bodies
    findings = [*cfn_lint(paths), *cloudformation_validate(paths)]
    fired = {finding.rule for finding in findings}
    faults = [str(finding) for finding in findings if finding.rule not in SUPPRESSED]
    if not faults:  # a template that cannot be parsed sets off none of its usual findings
        dead = [rule for rule in SUPPRESSED if rule not in fired]
        faults += [
            f"{rule} is suppressed but never fires; take it out of the table" for rule in dead
        ]
    suppressed = count(len(SUPPRESSED), "rule")
    return finish(
        "lint",
        faults,
        f"{count(len(paths), 'template')} clean under two linters, {suppressed} suppressed",
    )


if __name__ == "__main__":
    sys.exit(main())

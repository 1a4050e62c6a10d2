"""Has the forms of messages judged that are documents: SARIF by its schema and by Microsoft's
validator with GitHub's rules, JUnit by a reader of it. What GitLab and reviewdog ask for has no
judge on a registry: their fields are looked at here.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
from junitparser import JUnitXml, TestSuite

from tests.shared.checks import ROOT, finish, layershare, shown

MULTITOOL = ROOT / "target" / "services" / "node_modules" / "@microsoft" / "sarif-multitool-linux"
CASES = ROOT / "tests" / "cases"

# SARIF1001 asks that rules have names other than their IDs, and ours have IDs only, which are
# words. SARIF2005 asks for the address of the tool, which has none yet.
ALLOWED = {"SARIF1001", "SARIF2005"}


def runs(place: Path) -> Iterator[tuple[str, list[str | Path]]]:
    """The commands that have findings, with what they are about."""
    for source in sorted((CASES / "report").glob("*.layers")):
        yield shown(source), ["check", source]
    yield "a source without findings", ["check", ROOT / "examples" / "three-shares.layers"]
    for old in sorted((CASES / "diff").glob("*.old.layers")):
        new = old.with_name(old.name.replace(".old.", ".new."))
        yield shown(new), ["diff", old, new, "--fail-on", "broader"]
    foreign = CASES / "access" / "foreign.yaml"
    yield "a template", ["diff", CASES / "access" / "open.yaml", foreign, "--fail-on", "broader"]
    live = place / "live.json"
    arn = "arn:aws:lambda:us-east-1:111122223333:layer:deps:1"
    statement = {
        "Sid": "by-hand",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:GetLayerVersion",
        "Resource": arn,
    }
    live.write_text(
        json.dumps({"Policy": json.dumps({"Statement": [statement]}), "RevisionId": "1"})
    )
    source = place / "deps.layers"
    source.write_text(
        f"layer deps {{\n  version 1 at {arn}\n  share with account 123456789012\n}}\n"
    )
    yield "drift", ["drift", source, live]


def sarif(text: str, schema: dict[str, Any], path: Path) -> Iterator[str]:
    report = json.loads(text)
    for error in jsonschema.Draft202012Validator(schema).iter_errors(report):
        yield f"{error.json_path}: {error.message}"
    for result in report["runs"][0]["results"]:
        # Without a location, GitHub refuses the whole file.
        if not result["locations"]:
            yield f"a result of {result['ruleId']} has no location"
    path.write_text(text)


def validated(folder: Path) -> Iterator[str]:
    """What Microsoft's validator says of all reports in a folder. Its exit code says nothing."""
    done = subprocess.run(
        [
            MULTITOOL / "Sarif.Multitool",
            "validate",
            folder / "*.sarif",
            "--rule-kind",
            "Sarif;Gh;Ghas",
            "--level",
            "Error;Warning",
        ],
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    found = re.findall(r"^(.*?): (error|warning|fail\w*) (\w+)(.*)$", said, re.M)
    if "Analysis completed successfully" not in said and not found:
        yield f"the validator did not come to its end: {said[-500:]}"
    for place, level, rule, text in found:
        if rule not in ALLOWED:
            yield f"{Path(place).name}: {level} {rule}{text[:200]}"


def blind(schema: dict[str, Any], place: Path) -> Iterator[str]:
    """Whether a judge sees nothing in what is wrong."""
    done = layershare("check", CASES / "report" / "syntax.layers", "--message-format", "sarif")
    report = json.loads(done.stderr)
    result = report["runs"][0]["results"][0]
    result["locations"][0]["physicalLocation"]["region"]["endLine"] = 0
    folder = place / "bad"
    folder.mkdir()
    (folder / "bad.sarif").write_text(json.dumps(report))
    if not list(validated(folder)):
        yield "the validator has nothing against a region that ends before it begins"
    result["level"] = "fatal"
    if not list(sarif(json.dumps(report), schema, folder / "bad.sarif")):
        yield "the schema has nothing against a level that there is not"


def junit(text: str) -> Iterator[str]:
    document = JUnitXml.fromstring(text.encode())
    suites = list(document)
    cases = [case for suite in suites if isinstance(suite, TestSuite) for case in suite]
    if not cases:
        yield "there is no case"
    failed = sum(
        1 for case in cases for result in case.result if type(result).__name__ == "Failure"
    )
    if sum(suite.failures for suite in suites) != failed or sum(
        suite.tests for suite in suites
    ) != len(cases):
        yield "the counts of the suites are not those of their cases"


def gitlab(text: str) -> Iterator[str]:
    """https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format"""
    findings = json.loads(text)
    for finding in findings:
        if finding["severity"] not in {"info", "minor", "major", "critical", "blocker"}:
            yield f"the severity {finding['severity']}"
        if (
            not finding["description"]
            or not finding["check_name"]
            or finding["location"]["lines"]["begin"] < 1
        ):
            yield f"a field of {finding} is empty"
        if finding["location"]["path"].startswith("./"):
            yield f"the path {finding['location']['path']}"
    if len({finding["fingerprint"] for finding in findings}) != len(findings):
        yield "two findings have one fingerprint"


def rdjson(text: str) -> Iterator[str]:
    """https://github.com/reviewdog/reviewdog/tree/master/proto/rdf"""
    for finding in json.loads(text)["diagnostics"]:
        if finding["severity"] not in {"ERROR", "WARNING", "INFO"}:
            yield f"the severity {finding['severity']}"
        if not finding["message"] or finding["location"]["range"]["start"]["line"] < 1:
            yield f"a field of {finding} is empty"


def main() -> int:
    schema = json.loads((MULTITOOL / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    faults, number = [], 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, command in runs(place):
            texts = {}
            for form in ["sarif", "junit", "gitlab", "rdjson"]:
                done = layershare(*command, "--message-format", form)
                if done.returncode not in {0, 1}:
                    faults.append(
                        f"{name}: {form}: ended with {done.returncode}: {done.stderr[:200]}"
                    )
                    break
                texts[form] = done.stderr
            else:
                number += 1
                checks = {
                    "sarif": sarif(texts["sarif"], schema, place / f"{number}.sarif"),
                    "junit": junit(texts["junit"]),
                    "gitlab": gitlab(texts["gitlab"]),
                    "rdjson": rdjson(texts["rdjson"]),
                }
                faults += [
                    f"{name}: {form}: {fault}" for form, found in checks.items() for fault in found
                ]
                # All forms have the same findings.
                counts = {
                    len(json.loads(texts["sarif"])["runs"][0]["results"]),
                    len(json.loads(texts["gitlab"])),
                    len(json.loads(texts["rdjson"])["diagnostics"]),
                }
                if len(counts) > 1:
                    faults.append(f"{name}: the forms have {sorted(counts)} findings")
        faults += validated(place)
        faults += blind(schema, place)
    return finish("forms", faults, f"{number} runs are written as the services read them")


if __name__ == "__main__":
    sys.exit(main())

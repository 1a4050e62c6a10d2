"""Checks the files for pipelines: that they have the form their services ask for, and that their
commands do in a repository what they are for, with the wheel that was built and stand-ins for what
only the service has.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import yaml

from tests.outside.pipeline import AFTER, BEFORE, STAND_IN, Fault, git, run, tool
from tests.shared.checks import ROOT, finish

DIST = ROOT / "target" / "packaging" / "dist"
HOOKS = ROOT / "packaging" / "pre-commit"
ACTION = ROOT / "action.yml"
GITLAB = ROOT / "packaging" / "gitlab" / "layershare.gitlab-ci.yml"
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
MISTAKE = BEFORE.replace("share with data-team", "share with date-team")


def wheel() -> Path:
    [found] = DIST.glob("*.whl")
    return found


def built(place: Path, source: str) -> None:
    """Writes a source, and its template as the program of the wheel builds it."""
    (place / "shared.layers").write_text(source)
    run(
        [
            str(place.parent / "program" / "bin" / "layershare"),
            "build",
            "shared.layers",
            "-o",
            "shared.yaml",
        ],
        place,
    )
    git(place, "add", "-A")
    git(place, "commit", "-qm", "share")


def installed(place: Path) -> None:
    run([sys.executable, "-m", "venv", str(place / "program")], place)
    python = str(place / "program" / "bin" / "python")
    run([python, "-m", "pip", "install", "--quiet", "--no-index", str(wheel())], place)


def forms(_: Path) -> None:
    for schema, file in [
        ("github-actions", ACTION),
        ("github-workflows", RELEASE),
        ("gitlab-ci", GITLAB),
    ]:
        run([tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", str(file)], ROOT)


def action(place: Path) -> None:
    """Runs the steps of the action on a branch that shares with everyone, and then on one with a
    mistake.
    """
    installed(place)
    declared = yaml.safe_load(ACTION.read_text())
    main, branch = place / "main", place / "branch"
    main.mkdir()
    git(main, "init", "-q", "-b", "main")
    built(main, BEFORE)
    git(place, "clone", "-q", str(main), str(branch))
    built(branch, AFTER)
    programs = place / "stand-ins"
    programs.mkdir()
    # The comment's text has a path of its own, not the one that the stand-in of the page's workflow
    # reads.
    (programs / "gh").write_text(STAND_IN.replace("access.md", '"$RUNNER_TEMP/access.md"'))
    (programs / "gh").chmod(0o755)
    temporary = place / "temporary"
    temporary.mkdir()
    given = {name: str(entry["default"]) for name, entry in declared["inputs"].items()} | {
        "install": str(wheel())
    }
    environment = {
        "PATH": f"{programs}:{temporary}/layershare/bin:{os.environ['PATH']}",
        "RUNNER_TEMP": str(temporary),
        "GITHUB_PATH": str(place / "path"),
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(branch),
        "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(place / "summary"),
        "CALLED": str(place / "called"),
        "COMMENT": "",
    }
    steps = {step["name"]: step for step in declared["runs"]["steps"] if "run" in step}

    def do(name: str, code: int = 0) -> str:
        step = steps[name]
        values = {key: expression(value, given) for key, value in step.get("env", {}).items()}
        # The action and the stand-in both have a variable of this name: a wish there, a path here.
        script = step["run"].replace('"$COMMENT" = true', '"$WISH" = true')
        wish = {"WISH": values.pop("COMMENT", "")}
        here = environment | values | wish | {"COMMENT": str(place / "comment")}
        return run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], branch, here, code
        )

    for name in steps:
        do(name)
    # What everyone may use, the team may use too: that is the warning of the source.
    expect_results(temporary, ["redundant-share"])
    for written in ["comment", "summary"]:
        if "EVERYONE" not in (place / written).read_text():
            raise Fault(f"the {written} does not name everyone")
    # A folder of templates is compared like one template.
    given["template"] = "layers/"
    (place / "summary").unlink()
    program = str(place / "program" / "bin" / "layershare")
    run([program, "build", "shared.layers", "-o", "layers/", "--republish", "1.0.0"], branch)
    do("Show who gains and who loses access")
    if "EVERYONE" not in (place / "summary").read_text():
        raise Fault("the summary of a folder does not name everyone")
    (branch / "shared.layers").write_text(MISTAKE)
    do("Report findings")
    expect_results(temporary, ["unknown-name"])
    if "::error file=shared.layers,line=5," not in do("Check the rules and the template", 1):
        raise Fault("a mistake is not annotated")
    (branch / "shared.layers").unlink()
    do("Report findings", 2)


def expect_results(temporary: Path, wanted: list[str]) -> None:
    report = json.loads((temporary / "layershare.sarif").read_text())
    found = [result["ruleId"] for result in report["runs"][0]["results"]]
    if found != wanted:
        raise Fault(f"the report has {found}, not {wanted}")


def expression(text: str, inputs: dict[str, str]) -> str:
    """The value of an expression of the action."""
    for name, value in inputs.items():
        text = text.replace(f"${{{{ inputs.{name} }}}}", value)
    return text.replace("${{ github.event.number }}", "7").replace("${{ github.token }}", "token")


def gitlab(place: Path) -> None:
    """Runs the job where the rules are fine, and where they have a mistake."""
    job = yaml.safe_load(GITLAB.read_text())
    installed(place)
    repository = place / "repository"
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    built(repository, BEFORE)
    environment = {
        **job["variables"],
        "LAYERSHARE_INSTALL": str(wheel()),
        "PATH": f"{place / 'program' / 'bin'}:{os.environ['PATH']}",
    }
    script = "\n".join(job["layershare"]["script"])
    report = repository / job["layershare"]["artifacts"]["reports"]["codequality"]
    for source, code, wanted in [
        (BEFORE, 0, []),
        (MISTAKE, 1, ["unknown-name"]),
        (AFTER, 1, ["redundant-share"]),
    ]:
        (repository / "shared.layers").write_text(source)
        run(["bash", "-eo", "pipefail", "-c", script], repository, environment, code)
        found = [issue["check_name"] for issue in json.loads(report.read_text())]
        if found != wanted:
            raise Fault(f"the report has {found}, not {wanted}")


def hooks(place: Path) -> None:
    """Installs the hooks as pre-commit does, from a repository of their own and the wheel, and runs
    them.
    """
    origin = place / "origin"
    origin.mkdir()
    for name in [".pre-commit-hooks.yaml", "pyproject.toml"]:
        (origin / name).write_bytes((HOOKS / name).read_bytes())
    git(origin, "init", "-q", "-b", "main")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "hooks")
    repository = place / "repository"
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    revision = run(["git", "rev-parse", "HEAD"], origin).strip()
    wanted = [{"id": "layershare-fmt"}, {"id": "layershare-check"}]
    config = {"repos": [{"repo": str(origin), "rev": revision, "hooks": wanted}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    # Without a compiler on the path, nothing can be compiled.
    programs = place / "programs"
    programs.mkdir()
    for name in ["cargo", "rustc", "maturin"]:
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(place / "cache"),
        "PIP_FIND_LINKS": str(DIST),
    }
    for text, failures in [
        (BEFORE, []),
        (BEFORE.replace("  share", " share"), ["layershare-fmt"]),
        (MISTAKE, ["layershare-check"]),
    ]:
        (repository / "shared.layers").write_text(text)
        git(repository, "add", "-A")
        output = run(
            [tool("pre-commit"), "run", "--all-files"], repository, environment, int(bool(failures))
        )
        if output.count("Failed") != len(failures) or not all(name in output for name in failures):
            raise Fault(f"the hooks said {output}")


def main() -> int:
    faults = []
    for check in [forms, action, gitlab, hooks]:
        with tempfile.TemporaryDirectory() as place:
            try:
                check(Path(place))
            except Fault as fault:
                faults.append(f"{check.__name__}: {fault}")
    return finish(
        "pipelines",
        faults,
        "the action, the template for GitLab and the hooks do what they are for",
    )


if __name__ == "__main__":
    sys.exit(main())

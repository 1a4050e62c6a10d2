"""Checks the workflow and the hooks of docs/reviewing.md: that they have the form their services
ask for, and that their commands do in a repository what the page says, with stand-ins for what only
the service has.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tests.shared.checks import COMPILER, ROOT, finish

PAGE = ROOT / "docs" / "reviewing.md"

BEFORE = """account data-team = 123456789012

layer deps {
  version 1.0.0 from s3://archives-1/deps-1.0.0.zip
  share with data-team
}
"""
AFTER = BEFORE.replace("with data-team", 'with data-team, everyone because "the public SDK"')

# What a program of the service writes down instead of doing it.
STAND_IN = '#!/bin/sh\necho "$@" > "$CALLED"\ncat access.md > "$COMMENT"\n'


class Fault(Exception):
    """Something is not as the page says."""


def block(key: str, value: str | None = None, page: Path = PAGE) -> str:
    """The YAML of a page that has this key at its top, and this value if one is given."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.M | re.S)
    read = [(text, yaml.safe_load(text)) for text in blocks]
    found = [text for text, top in read if key in top and value in (None, top[key])]
    if len(found) != 1:
        raise Fault(f"{page.name} has {len(found)} blocks with `{key}` {value or ''}")
    return str(found[0])


def run(
    command: list[str], place: Path, environment: dict[str, str] | None = None, code: int = 0
) -> str:
    done = subprocess.run(
        command,
        cwd=place,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != code:
        raise Fault(
            f"{shlex.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}"
        )
    return done.stdout + done.stderr


def tool(name: str) -> str:
    """A program of the virtual environment that this runs in."""
    return str(Path(sys.executable).parent / name)


def git(place: Path, *arguments: str) -> None:
    known = [
        "-c",
        "user.name=tester",
        "-c",
        "user.email=tester@example.org",
        "-c",
        "core.hooksPath=/dev/null",
    ]
    run(["git", *known, *arguments], place)


def committed(place: Path, source: str, message: str) -> None:
    (place / "shared.layers").write_text(source)
    run([COMPILER, "build", "shared.layers", "-o", "shared.yaml"], place)
    git(place, "add", "-A")
    git(place, "commit", "-qm", message)


def workflow(place: Path) -> None:
    """Runs the steps on a branch that shares with everyone, once where main has a template and once
    where it has none.
    """
    text = block("jobs")
    path = place / "access.yml"
    path.write_text(text)
    run([tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(path)], place)
    steps = [step for step in yaml.safe_load(text)["jobs"]["access"]["steps"] if "run" in step]
    installs = [step for step in steps if step["run"].startswith("cargo install --locked ")]
    checks = [step["run"] for step in steps if step["run"].endswith(" --check")]
    if len(installs) != 1 or len(checks) != 1:
        raise Fault("the workflow does not install the program once and check the template once")
    programs = place / "bin"
    programs.mkdir()
    (programs / "layershare").symlink_to(COMPILER)
    (programs / "gh").write_text(STAND_IN)
    (programs / "gh").chmod(0o755)
    for name, first in {"known": BEFORE, "new": None}.items():
        main, branch = place / f"{name}-main", place / f"{name}-branch"
        main.mkdir()
        git(main, "init", "-q", "-b", "main")
        if first:
            committed(main, first, "share with the team")
        else:
            git(main, "commit", "-q", "--allow-empty", "-m", "begin")
        git(place, "clone", "-q", str(main), str(branch))
        git(branch, "switch", "-qc", "change")
        committed(branch, AFTER, "share with everyone")
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "GITHUB_BASE_REF": "main",
            "GITHUB_STEP_SUMMARY": str(place / f"{name}-summary"),
            "CALLED": str(place / f"{name}-called"),
            "COMMENT": str(place / f"{name}-comment"),
            "NUMBER": "7",
        }
        for step in steps:
            if step not in installs:
                run(["bash", "-e", "-c", step["run"]], branch, environment)
        called = (place / f"{name}-called").read_text()
        if not called.startswith("pr comment 7 --body-file access.md "):
            raise Fault(f"gh was called with {called}")
        for written in ["comment", "summary"]:
            begin = (place / f"{name}-{written}").read_text().splitlines()[:3]
            if not any("EVERYONE" in line for line in begin):
                raise Fault(
                    f"the {written} of a pull request that shares with everyone begins with {begin}"
                )
        # A template that is not built from its source stops the run.
        (branch / "shared.layers").write_text(BEFORE)
        run(["bash", "-e", "-c", checks[0]], branch, environment, code=1)


def hooks(place: Path) -> None:
    """Runs the hooks on a source that is fine, an unformatted one, and one with a mistake."""
    repository = place / "hooks"
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    (repository / ".pre-commit-config.yaml").write_text(block("repos"))
    (repository / "README.md").write_text("not a source\n")
    source = repository / "shared.layers"
    programs = place / "hooks-bin"
    programs.mkdir()
    (programs / "layershare").symlink_to(COMPILER)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(place / "cache"),
    }
    run([tool("pre-commit"), "validate-config"], repository)
    for text, code, said in [
        (BEFORE, 0, ""),
        (BEFORE.replace("  share", " share"), 1, "layershare-fmt"),
        (BEFORE.replace("share with data-team", "share with date-team"), 1, "layershare-check"),
    ]:
        source.write_text(text)
        git(repository, "add", "-A")
        output = run([tool("pre-commit"), "run", "--all-files"], repository, environment, code)
        if said not in output or output.count("Failed") != code:
            raise Fault(f"the hooks said {output}")


def main() -> int:
    faults = []
    for check in [workflow, hooks]:
        with tempfile.TemporaryDirectory() as place:
            try:
                check(Path(place))
            except Fault as fault:
                faults.append(f"{check.__name__}: {fault}")
    return finish("pipeline", faults, "the workflow and the hooks do what docs/reviewing.md says")


if __name__ == "__main__":
    sys.exit(main())

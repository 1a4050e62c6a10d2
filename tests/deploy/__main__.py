"""Tells the stories.

    python -m tests.deploy [WORD...]     only the stories whose names contain one of these words

A row of docs/sharing-over-time.md that no story shows fails the run, and so does a story about a
row that is not there.
"""

import os
import re
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.deploy import (
    aws,
    estate,  # noqa: F401  its stories are added
    functions,  # noqa: F401  its story is added
    policies,  # noqa: F401  its stories are added
    readme,  # noqa: F401  its story is added
)
from tests.deploy.stories import ACCOUNTS, SHOWN, STORIES, Told
from tests.deploy.story import Broken, Story
from tests.shared.checks import ROOT, count
from tests.shared.emulator import emulator

PAGE = ROOT / "docs" / "sharing-over-time.md"


def rows(page: str) -> list[tuple[str, str]]:
    """The first cells of the tables below headings of the page, with the heading."""
    found = []
    for part in page.split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        table = re.search(r"^\| you \|.*\n\|[ -|]*\n((?:\|.*\n)+)", text, re.M)
        if table:
            found += [(heading, line.split("|")[1].strip()) for line in table[1].splitlines()]
    return found


def faults_of_the_page() -> list[str]:
    there = rows(PAGE.read_text())
    unshown = [
        f"no story shows the row «{row}» of «{table}»"
        for table, row in there
        if (table, row) not in SHOWN
    ]
    unknown = [
        f"{name} shows a row that is not there: «{row}»"
        for (_, row), name in SHOWN.items()
        if (_, row) not in there
    ]
    return unshown + unknown or (
        [] if len(there) > 30 else [f"only {len(there)} rows in the tables"]
    )


def tell(told: Told, number: int, place: Path) -> str | None:
    """Why a story is broken, if it is."""
    account = ACCOUNTS.get(told.__name__, f"1111000{number:05}")
    with aws.account(account):
        try:
            told(Story(told.__name__, account, place / told.__name__))
        except (Broken, aws.Failed) as fault:
            return str(fault)
        except (
            Exception
        ):  # a mistake of the story's own is a broken story too, and the others go on
            return traceback.format_exc()
    return None


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    words = sys.argv[1:]
    chosen = [told for told in STORIES if not words or any(word in told.__name__ for word in words)]
    faults = [("docs/sharing-over-time.md", fault) for fault in faults_of_the_page()]
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="layershare-") as folder,
        emulator(Path(folder)) as environment,
    ):
        # Nothing of the user's environment, but for where the command line, which is loaded, has
        # its data.
        names = ("LAYERSHARE", "AWS_DATA_PATH", "ESTATE")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        os.environ.clear()
        os.environ.update(environment | kept)
        for number, told in enumerate(chosen):
            fault = tell(told, number, Path(folder) / "stories")
            print(
                f"deploy: {told.__name__.replace('_', ' ')}: {'broken' if fault else 'as told'}",
                flush=True,
            )
            if fault:
                faults.append((told.__name__, fault))
    for where, fault in faults:
        print(f"\n{where}: {fault}", file=sys.stderr)
    print(
        f"deploy: {count(len(chosen), 'story', 'stories')} in {time.monotonic() - begun:.0f} s, "
        f"{count(len(faults), 'fault')}"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

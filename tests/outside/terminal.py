"""Runs the program on a terminal: long work shows how far it is, and nothing of that is left beside
the answer; in a pipe, nothing is shown.
"""

import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.shared.checks import COMPILER, ROOT, finish

TEMPLATE = ROOT / "templates" / "three-shares.yaml"
# So many that reading them takes longer than the program is patient, on every machine.
TEMPLATES = 1500


def on_a_terminal(*arguments: str | Path) -> str:
    """What somebody at a terminal gets, character by character."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([COMPILER, *arguments], stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        got = b""
        # At the end of the program, Linux reports an error.
        try:
            while some := os.read(ours, 1 << 16):
                got += some
        except OSError:
            pass
        os.close(ours)
        running.wait(timeout=60)
    return got.decode()


def seen(got: str) -> list[str]:
    """The lines that are left on the screen, where each `\\r` goes back to the beginning."""
    lines = []
    for line in got.replace("\r\n", "\n").split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


def faults(folder: Path) -> list[str]:
    text = TEMPLATE.read_text()
    for number in range(TEMPLATES):
        (folder / f"{number}.yaml").write_text(text)
    found = []
    for command in [["access"], ["ask", "everyone can use *"], ["diff", "--defaults"]]:
        name, *more = command
        paths = [folder, folder] if name == "diff" else [folder]
        arguments: list[str | Path] = [name, *paths, *more]
        got = on_a_terminal(*arguments)
        if f"of {TEMPLATES}" not in got:
            found.append(f"{name}: no progress is shown on a terminal")
        piped = subprocess.run([COMPILER, *arguments], capture_output=True, text=True, check=False)
        if piped.stderr:
            found.append(f"{name}: in a pipe, there is {piped.stderr[:80]!r} beside the answer")
        left = seen(got)
        if left != [line.rstrip() for line in piped.stdout.split("\n")]:
            found.append(f"{name}: on a terminal, the answer begins with {left[0]!r}")
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        return finish("terminal", faults(Path(place)), "progress comes and goes on a terminal")


if __name__ == "__main__":
    sys.exit(main())

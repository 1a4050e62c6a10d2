"""Checks that `layershare diff --fail-on broader` fails on every change that widens access, and on
no other.

    widening.py [--count N] [--seed S]

The changes are those of mutations.py, each of one place of a template: what examples/ and made-up
sources compile to, and the templates of written/, which no compiler wrote. A kind that applies
nowhere fails, so that none is dead.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from tests.outside import made_sources
from tests.outside.mutations import SAME, WIDER, Edits, Template, applied
from tests.shared.checks import ROOT, STATE, abreast, count, finish, layershare, sample_of, some

MADE = 24
"""How many sources are made up. Each has some hundred places for changes."""


@dataclass(frozen=True)
class Change:
    """One edit of one template."""

    kind: str
    base: Path
    edits: Edits

    @property
    def code(self) -> int:
        """The exit code that the difference must have."""
        return 1 if self.kind in WIDER else 0

    def __str__(self) -> str:
        places = ", ".join(".".join(map(str, path)) for path in self.edits)
        return f"{self.kind} of {self.base.name} at {places or 'no place'}"


def bases(place: Path, rng: random.Random) -> dict[Path, Template]:
    """The templates that are changed, each as a file of JSON."""
    texts = {
        path.stem: json.dumps(yaml_parse(path.read_text()))
        for path in some((ROOT / "tests" / "outside" / "written").glob("*.yaml"))
    }
    sources = some((ROOT / "examples").glob("*.layers"))
    for number in range(MADE):
        path = place / f"made-{number}.layers"
        path.write_text(made_sources.source(rng))
        sources.append(path)
    for path in sources:
        built = layershare("build", path, "--format", "json")
        if built.returncode != 0:
            sys.exit(f"widening: {path} does not build:\n{built.stderr}{path.read_text()}")
        texts[path.stem] = built.stdout
    made = {}
    for name, text in texts.items():
        path = place / f"{name}.json"
        path.write_text(text)
        made[path] = json.loads(text)
    return made


def chosen(rng: random.Random, templates: dict[Path, Template], number: int) -> list[Change]:
    """As many changes of each kind, as far as there are that many."""
    queues = []
    for kind, edits_of in (WIDER | SAME).items():
        queue = [
            Change(kind, base, edits)
            for base, template in templates.items()
            for edits in edits_of(template)
        ]
        if not queue:
            sys.exit(f"widening: {kind} applies to no template")
        rng.shuffle(queue)
        queues.append(queue)
    found: list[Change] = []
    while len(found) < number and (queues := [queue for queue in queues if queue]):
        found += [queue.pop() for queue in queues]
    return found[:number]


def outcome(templates: dict[Path, Template], change: Change) -> str | None:
    """What is wrong with the answer to a change, if anything is."""
    template = applied(templates[change.base], change.edits)
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=change.base.parent) as file:
        json.dump(template, file)
        file.flush()
        try:
            done = layershare("diff", change.base, file.name, "--fail-on", "broader")
        except subprocess.TimeoutExpired:
            return f"{change}: no answer within a minute"
    if done.returncode == change.code:
        return None
    edits = {".".join(map(str, path)): repr(value) for path, value in change.edits.items()}
    said = (done.stdout + done.stderr).strip()
    return f"{change}: exit {done.returncode} instead of {change.code}\n  {edits}\n  {said}"


def main() -> int:
    options = sample_of("widening", 2400)
    rng = random.Random(options.seed)
    STATE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="widening-", dir=STATE) as place:
        templates = bases(Path(place), rng)
        changes = chosen(rng, templates, options.count)
        outcomes = list(abreast(partial(outcome, templates), changes))
    tried = Counter(change.kind for change in changes)
    wrong = Counter(change.kind for change, fault in zip(changes, outcomes, strict=True) if fault)
    for kind, number in tried.items():
        missed = f", {wrong[kind]} wrong" if wrong[kind] else ""
        print(f"  {kind.replace('_', ' ')}: {number}{missed}")
    widened = count(sum(tried[kind] for kind in WIDER), "change")
    same = sum(tried[kind] for kind in SAME)
    success = (
        f"{widened} of {count(len(WIDER), 'kind')} are broader, {same} of {len(SAME)} are not, "
        f"seed {options.seed}"
    )
    return finish("widening", [fault for fault in outcomes if fault], success)


if __name__ == "__main__":
    sys.exit(main())

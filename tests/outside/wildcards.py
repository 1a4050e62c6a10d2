"""Checks claims about patterns with `*` and `?` against Z3, which decides them as strings and
regular expressions.

    python -m tests.outside.wildcards [--count N] [--seed S]

Made-up blocks allow, deny and bound layers by patterns; each claim about them is put to both. Where
a claim fails, each side names a layer version that shows it. The program's is put to Z3, and Z3's
to the program, as a claim about that one version. Names have 1 to 140 letters, digits, `-` and `_`,
so that a long pattern can be within what seems narrower.
"""

import json
import random
import re
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import z3

from tests.shared.checks import STATE, count, finish, layershare, sample_of

ACCOUNTS = {"first": "111122223333", "second": "444455556666"}
BLOCKS = 3
CLAIMS = 40
"""How many claims a source has, about its blocks."""
LIMIT = 4000
"""Milliseconds for a question to Z3, which takes most of them in ten."""
MOST_OPEN = 0.01
"""How many questions either side may leave open, of all."""
HOLDS, FAILS, OPEN = "holds", "fails", "open"
CODES = {"failed-claim": FAILS, "undecided-claim": OPEN}
WITNESS = re.compile(r"arn:aws:lambda:[a-z0-9-]+:(\d{12}):layer:([A-Za-z0-9_-]+):(\d+)")


@dataclass(frozen=True)
class Item:
    """An item of a layer set: the account's name, the pattern of the layer's name, and the version,
    or a star.
    """

    account: str
    name: str
    version: str

    def __str__(self) -> str:
        if self.version == "*":
            return f"{self.name} from {self.account}"
        return f"arn:aws:lambda:*:{ACCOUNTS[self.account]}:layer:{self.name}:{self.version}"


@dataclass(frozen=True)
class Block:
    """A block: what it allows, or everything; the only layers that it does not deny, or all; and
    what it denies.
    """

    name: str
    allowed: tuple[Item, ...] | None
    excepted: tuple[Item, ...] | None
    denied: tuple[Item, ...]
    boundary: "Block | None" = None

    def __str__(self) -> str:
        lines = [f"{self.name.partition('-')[0]} {self.name} {{"]
        if self.name.startswith("role"):
            lines.append("  trust first")
        if self.name.startswith("guardrail"):
            lines.append("  apply to r-ab12")
        if self.allowed is not None:
            lines.append(f"  allow {listed(self.allowed)}")
        if self.excepted is not None:
            lines.append(f"  deny all except {listed(self.excepted)}")
        if self.denied:
            lines.append(f"  deny {listed(self.denied)}")
        if self.boundary:
            lines.append(f"  boundary {self.boundary.name}")
        return "\n".join([*lines, "}"])


@dataclass(frozen=True)
class Claim:
    """A claim about a block."""

    block: Block
    verb: str
    items: tuple[Item, ...]

    def __str__(self) -> str:
        return f"{self.block.name} {self.verb} {listed(self.items)}"


def listed(items: tuple[Item, ...]) -> str:
    return ", ".join(map(str, items))


# What Z3 is asked

NAME = z3.String("name")
NAMES = z3.ReSort(z3.StringSort())
ANY, NONE = z3.AllChar(NAMES), z3.Empty(NAMES)
LETTER = z3.Union(
    z3.Range("a", "z"), z3.Range("A", "Z"), z3.Range("0", "9"), z3.Re("-"), z3.Re("_")
)
LONGEST = 140


@dataclass(frozen=True)
class Place:
    """Where the names are that are asked about: an account, and a version that patterns name or one
    that none does.
    """

    account: str
    version: str


OTHER_VERSION = "99"


def pattern_of(text: str) -> z3.ReRef:
    pieces = re.findall(r"\*|\?|[^*?]+", text)
    parts = [{"*": z3.Star(ANY), "?": ANY}.get(piece, z3.Re(piece)) for piece in pieces]
    return parts[0] if len(parts) == 1 else z3.Concat(*parts)


def among(items: tuple[Item, ...], place: Place) -> z3.ReRef:
    """The names that are in a set."""
    found = [
        pattern_of(item.name)
        for item in items
        if item.account == place.account and item.version in ("*", place.version)
    ]
    return z3.Union(*found) if len(found) > 1 else [*found, NONE][0]


def permitted(block: Block, place: Place) -> z3.ReRef:
    """The names that can be attached, or are not denied by what only denies."""
    names = z3.Complement(among(block.denied, place))
    for items in [block.allowed, block.excepted]:
        if items is not None:
            names = z3.Intersect(names, among(items, place))
    return z3.Intersect(names, permitted(block.boundary, place)) if block.boundary else names


def against(claim: Claim, place: Place) -> z3.ReRef:
    """The names that show that the claim does not hold."""
    can, asked = permitted(claim.block, place), among(claim.items, place)
    if claim.verb == "can attach":
        return z3.Intersect(asked, z3.Complement(can))
    return z3.Intersect(can, asked if claim.verb == "cannot attach" else z3.Complement(asked))


def others(claim: Claim) -> bool:
    """Whether the versions of an account that nobody names show that the claim does not hold."""
    block, bounds = claim.block, claim.block.boundary
    everything = block.allowed is None and block.excepted is None
    return (
        claim.verb == "can attach only" and everything and (not bounds or bounds.excepted is None)
    )


def some_name(names: z3.ReRef, is_bounded: bool = False) -> tuple[z3.CheckSatResult, str]:
    """A name among them. Its length is bounded only if the one that is found is too long."""
    solver = z3.Solver()
    solver.set("timeout", LIMIT)
    solver.add(z3.InRe(NAME, z3.Intersect(z3.Plus(LETTER), names)))
    if is_bounded:
        solver.add(z3.Length(NAME) <= LONGEST)
    answer = solver.check()
    if answer != z3.sat:
        return answer, ""
    name = solver.model().eval(NAME, True).as_string()
    return some_name(names, True) if len(name) > LONGEST else (answer, name)


def solved(claim: Claim) -> tuple[str, list[Item]]:
    """What Z3 says of the claim, with a version for each place that shows that it fails."""
    block = claim.block
    bounds = block.boundary or block
    sets = [
        block.allowed,
        block.excepted,
        block.denied,
        bounds.excepted,
        bounds.denied,
        claim.items,
    ]
    named = {item.version for items in sets for item in items or ()} - {"*"}
    answer, found = HOLDS, []
    for account in ACCOUNTS:
        for version in [OTHER_VERSION, *sorted(named)]:
            said, name = some_name(against(claim, Place(account, version)))
            if said == z3.sat:
                found.append(Item(account, name, version))
            elif said == z3.unknown:
                answer = OPEN
    return FAILS if found or others(claim) else answer, found


def shows(claim: Claim, said: str) -> bool:
    """Whether Z3 agrees that the version in a message shows that the claim fails."""
    found = WITNESS.search(said)
    if found is None:
        return False
    account, name, version = found.groups()
    names = [known for known, id in ACCOUNTS.items() if id == account]
    if not names:
        return others(claim)
    solver = z3.Solver()
    solver.add(z3.InRe(z3.StringVal(name), against(claim, Place(names[0], version))))
    return len(name) <= LONGEST and solver.check() == z3.sat


# Making up


def made_pattern(rng: random.Random) -> str:
    """A pattern of few letters, so that patterns meet; some nearly as long as a name can be."""
    size = rng.randint(1, 6)
    text = "".join(rng.choice("aab-_**?") for _ in range(size))
    text = re.sub(r"\*+", "*", text).lstrip("-_") or "a*"
    if rng.random() < 0.08:
        text = "a" * (139 - len(text)) + text
    return text


def made_item(rng: random.Random) -> Item:
    version = "*" if rng.random() < 0.8 else rng.choice(["1", "7", "10"])
    return Item(rng.choice(list(ACCOUNTS)), made_pattern(rng), version)


def made_items(rng: random.Random, most: int) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(made_item(rng) for _ in range(rng.randint(1, most))))


def variant(rng: random.Random, item: Item) -> Item:
    """An item that is a little wider or narrower."""
    letters = list(item.name)
    at = rng.randrange(max(0, len(letters) - 6), len(letters))
    letters[at] = rng.choice(["*", "?", "a", "?*", ""])
    name = re.sub(r"\*+", "*", "".join(letters)).lstrip("-_") or "*"
    return Item(item.account, name[:140], item.version)


def made_block(rng: random.Random, kind: str, at: int, boundary: Block | None) -> Block:
    allowed = made_items(rng, 4) if kind in ("role", "policy") else None
    excepted = made_items(rng, 4) if rng.random() < 0.6 else None
    needed = allowed is None and excepted is None
    denied = made_items(rng, 3) if needed or rng.random() < 0.5 else ()
    return Block(f"{kind}-{at}", allowed, excepted, denied, boundary if kind == "role" else None)


def made_claim(rng: random.Random, blocks: list[Block]) -> Claim:
    block = rng.choice(blocks)
    base = [*(block.allowed or ()), *(block.excepted or ()), *block.denied]
    chosen = rng.sample(base, rng.randint(1, len(base)))
    items = [variant(rng, item) if rng.random() < 0.4 else item for item in chosen]
    if rng.random() < 0.3:
        items = list(made_items(rng, 3))
    verb = rng.choice(["can attach", "cannot attach", "can attach only", "can attach only"])
    return Claim(block, verb, tuple(dict.fromkeys(items)))


def made(seed: int) -> tuple[list[Block], list[Claim]]:
    rng = random.Random(seed)
    fence = made_block(rng, "boundary", 0, None)
    kinds = [
        "role",
        rng.choice(["role", "policy"]),
        rng.choice(["policy", "guardrail", "boundary"]),
    ]
    blocks = [fence] + [
        made_block(rng, kind, at, rng.choice([fence, None])) for at, kind in enumerate(kinds, 1)
    ]
    claims = {str(claim): claim for claim in (made_claim(rng, blocks) for _ in range(CLAIMS))}
    return blocks, list(claims.values())


# Asking


def checked(place: Path, blocks: list[Block], claims: list[Claim]) -> list[tuple[str, str]]:
    """What the program says of each claim, with its message."""
    lines = [f"account {name} = {id}" for name, id in ACCOUNTS.items()]
    text = "\n".join([*lines, *map(str, blocks)]) + "\n"
    first = text.count("\n") + 1
    place.write_text(text + "".join(f"expect {claim}\n" for claim in claims))
    done = layershare("check", place, "--message-format", "json")
    found = {}
    for message in map(json.loads, done.stderr.splitlines()):
        if message["severity"] == "error":
            if message["code"] not in CODES:
                line = place.read_text().splitlines()[message["line"] - 1]
                raise ValueError(f"{message['code']}: {message['message']}: {line}")
            found[message["line"] - first] = CODES[message["code"]], message["message"]
    return [found.get(index, (HOLDS, "")) for index in range(len(claims))]


def judged(job: tuple[Path, int]) -> tuple[list[str], Counter[str]]:
    """The faults of one made-up source, and how its claims were answered."""
    place, seed = job
    blocks, claims = made(seed)
    path = place / f"wildcards-{seed}.layers"
    faults = []
    tally: Counter[str] = Counter()
    single: dict[Claim, Claim] = {}
    try:
        for claim, (own, said) in zip(claims, checked(path, blocks, claims), strict=True):
            theirs, versions = solved(claim)
            tally[OPEN if OPEN in (own, theirs) else own] += 1
            if OPEN not in (own, theirs) and own != theirs:
                faults.append(f"`{claim}` {own} and {theirs} by Z3, of {versions}; {said}")
            if own == FAILS and not shows(claim, said):
                faults.append(f"`{claim}` is not shown to fail: {said}")
            can = "can attach" if claim.verb == "can attach" else "cannot attach"
            for version in versions:
                single[Claim(claim.block, can, (version,))] = claim
        for one, (own, _) in zip(single, checked(path, blocks, list(single)), strict=True):
            if own != FAILS:
                faults.append(f"`{one}` {own}, which by Z3 shows that `{single[one]}` fails")
    except ValueError as problem:
        faults.append(str(problem))
    source = "\n".join(map(str, blocks))
    return [f"{fault}, in\n{source}" for fault in faults], tally


def main() -> int:
    options = sample_of("wildcards", 2000)
    STATE.mkdir(parents=True, exist_ok=True)
    faults, tally = [], Counter[str]()
    with tempfile.TemporaryDirectory(prefix="wildcards-", dir=STATE) as place:
        seeds = random.Random(options.seed).sample(range(10**9), max(1, options.count // CLAIMS))
        with ProcessPoolExecutor() as pool:
            for found, answers in pool.map(judged, [(Path(place), seed) for seed in seeds]):
                faults += found
                tally += answers
    if tally[OPEN] > MOST_OPEN * tally.total():
        faults.append(
            f"{tally[OPEN]} of {tally.total()} claims are left open by one side or the other"
        )
    said = ", ".join(f"{number} {answer}" for answer, number in sorted(tally.items()))
    success = f"{count(tally.total(), 'claim')} as Z3 decides ({said}), seed {options.seed}"
    return finish("wildcards", faults, success)


if __name__ == "__main__":
    sys.exit(main())

"""Checks claims of every form against an oracle in set logic, which knows docs/reviewing.md and
docs/language.md only.

    python -m tests.outside.claims [--count N] [--seed S]

The made-up sources are full of names and labels that begin one another: what `p` has must not be
told of `p1`. A source has many claims, each on its own line. A claim holds where `check` reports
nothing in its line.
"""

import json
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.shared.checks import STATE, abreast, count, finish, layershare, sample_of

NAMES = ["p", "p1", "p10", "pTo1", "pV1", "p2", "q", "q1", "q-1V10"]
LABELS = ["1", "1Tools", "10", "1To", "1ToA", "1.0", "2", "1V1"]
ACCOUNTS = {"a": "111122223333", "a1": "111122223334", "aTo": "011112222333", "b": "999988887777"}
ORGANIZATIONS = {"o": "o-a1b2c3d4e5", "o1": "o-a1b2c3d4e51", "oB": "o-b1b2c3d4e5"}
GROUPS = {"g": ["a", "b"], "g1": ["a1"]}
PUBLISHER = "123123123123"
"""The account of the versions that a source lists by their ARN."""
STACK = "the account of the stack"
CALLER = "the account of whoever asks"
"""What `this account` is in a guardrail. As the account of the stack, it is one that no rule names.
"""
THIS = "this account"
CLAIMS = 250
"""How many claims a source has."""
HOLDS, FAILS, UNDECIDED = "holds", "fails", "undecided"
CODES = {"failed-claim": FAILS, "undecided-claim": UNDECIDED}


# Who may use a version


@dataclass
class Layer:
    """A layer of a source: its labels, with the number of each version that exists already, and who
    may use each.
    """

    name: str
    labels: dict[str, int | None]
    shared: dict[str, set[str]]

    @property
    def owner(self) -> str:
        return PUBLISHER if any(self.labels.values()) else STACK


def members(who: list[str]) -> set[str]:
    """The principals of a list, with the members of groups in their place."""
    return {one for name in who for one in GROUPS.get(name, [name])}


def both(answers: list[str]) -> str:
    """Whether all of them hold."""
    if FAILS in answers:
        return FAILS
    return UNDECIDED if UNDECIDED in answers else HOLDS


def opposite(answer: str) -> str:
    return {HOLDS: FAILS, FAILS: HOLDS}.get(answer, UNDECIDED)


def can_use(one: str, home: str | None, shared: set[str]) -> str:
    """Whether a principal can use a version. An account is in at most one organization, and an
    organization has at least one account, of which nothing is known.
    """
    if "everyone" in shared or one in shared or home in shared:
        return HOLDS
    if one in ACCOUNTS:
        return UNDECIDED if home is None and shared & ORGANIZATIONS.keys() else FAILS
    if one in ORGANIZATIONS:
        return UNDECIDED if shared & ACCOUNTS.keys() else FAILS
    return FAILS


def cannot_use(one: str, home: str | None, shared: set[str]) -> str:
    """For an organization: whether none of its accounts can. That everyone cannot means that it is
    not public.
    """
    return opposite(can_use(one, home, shared))


def is_within(granted: str, who: set[str]) -> str:
    """Whether a grantee is among the principals of an `only`."""
    if "everyone" in who or granted in who:
        return HOLDS
    if granted in ACCOUNTS and who & ORGANIZATIONS.keys():
        return UNDECIDED
    # An organization may have no other accounts than those.
    return UNDECIDED if granted in ORGANIZATIONS and who & ACCOUNTS.keys() else FAILS


# What may be attached


@dataclass(frozen=True)
class Version:
    """A layer version. A number of which only a deploy knows is a text with the label."""

    account: str
    name: str
    number: str


@dataclass(frozen=True)
class Item:
    """An item of a layer set: how it is written, and its account, name and number; a star at an end
    is any rest.
    """

    text: str
    account: str
    name: str
    number: str

    def has(self, version: Version, this: str) -> bool:
        """Whether a version is in it, where `this account` is `this`."""
        account = this if self.account == THIS else self.account
        name = version.name == self.name
        if self.name.endswith("*"):
            name = version.name.startswith(self.name[:-1])
        return name and account == version.account and self.number in ("*", version.number)


@dataclass
class Handling:
    """What a block says of publishing or of sharing: patterns of those that it allows; and of those
    that it denies, all if there are none, or of those that it spares.
    """

    allowed: list[str]
    denied: list[str] | None
    spared: list[str] | None

    def denies(self, name: str) -> bool:
        is_denied = self.denied is not None and (not self.denied or named(self.denied, name))
        return is_denied or (self.spared is not None and not named(self.spared, name))

    @property
    def has_deny(self) -> bool:
        return self.denied is not None or self.spared is not None


def named(patterns: list[str], name: str) -> bool:
    """Whether one of the patterns, which may end in a star, is for a name."""
    return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in patterns)


@dataclass
class Block:
    """A role or its like: what it allows, if anything, what it denies all others than, and what it
    denies.
    """

    kind: str
    name: str
    allowed: list[Item] | None
    excepted: list[Item] | None
    denied: list[Item]
    handling: dict[str, Handling] = field(default_factory=dict)
    attached: list["Block"] = field(default_factory=list)

    def handles(self, right: str, name: str) -> bool:
        """Whether it lets publish or share the layers of a name."""
        said = [one.handling[right] for one in [self, *self.attached] if right in one.handling]
        if any(one.denies(name) for one in said):
            return False
        allowed = [pattern for one in said for pattern in one.allowed]
        only_denies = self.kind == "policy" and not allowed and any(one.has_deny for one in said)
        return self.kind in ("boundary", "guardrail") or only_denies or named(allowed, name)

    def among(self, items: list[Item], version: Version, caller: str) -> bool:
        this = caller if self.kind == "guardrail" else STACK
        return any(item.has(version, this) for item in items)

    def callers(self) -> list[str]:
        """The accounts of callers that a claim is about: a guardrail's may be in any."""
        if self.kind == "guardrail":
            return [CALLER, STACK, PUBLISHER, *ACCOUNTS.values()]
        return [STACK]

    def denies(self, version: Version, caller: str) -> bool:
        excepted = self.excepted is None or self.among(self.excepted, version, caller)
        return not excepted or self.among(self.denied, version, caller)

    def permits(self, version: Version, caller: str) -> bool:
        """A role has what is attached to it. What does not allow by its nature, or denies only, is
        asked about that.
        """
        blocks = [self, *self.attached]
        if any(block.denies(version, caller) for block in blocks):
            return False
        sets = [item for block in blocks for item in block.allowed or []]
        if self.kind in ("boundary", "guardrail") or (
            self.kind == "policy" and self.allowed is None
        ):
            return True
        return self.among(sets, version, caller)


@dataclass
class Source:
    """A source, and the versions that stand for all that its items can tell apart."""

    layers: list[Layer]
    blocks: list[Block]
    universe: list[Version]

    def text(self, claims: list[str]) -> str:
        lines = [f"account {name} = {id}" for name, id in ACCOUNTS.items()]
        lines += [f"account publisher = {PUBLISHER}"]
        lines += [f"organization {name} = {id}" for name, id in ORGANIZATIONS.items()]
        lines += [f"group {name} = {', '.join(names)}" for name, names in GROUPS.items()]
        for layer in self.layers:
            lines.append(f"layer {layer.name} {{")
            for label, number in layer.labels.items():
                arn = f"arn:aws:lambda:us-east-1:{PUBLISHER}:layer:{layer.name}:{number}"
                address = f"s3://archives-1/{layer.name}/{label}.zip"
                lines.append(
                    f"  version {label} at {arn}" if number else f"  version {label} from {address}"
                )
            for label, shared in layer.shared.items():
                if shared:
                    reason = ' because "r"' if "everyone" in shared else ""
                    lines.append(
                        f"  share version {label} with {', '.join(sorted(shared))}{reason}"
                    )
            lines.append("}")
        for block in self.blocks:
            lines += self.rules(block)
        return "\n".join(lines + [f"expect {claim}" for claim in claims]) + "\n"

    def rules(self, block: Block) -> list[str]:
        lines = [f"{block.kind} {block.name} {{"]
        if block.kind == "role":
            lines.append("  trust a")
        if block.kind == "guardrail":
            lines.append("  apply to ou-ab12-aaaaaaaa")
        if block.allowed is not None:
            lines.append(f"  allow {written(block.allowed) or 'none'}")
        if block.excepted is not None:
            lines.append(
                f"  deny all except {written(block.excepted)}" if block.excepted else "  deny all"
            )
        if block.denied:
            lines.append(f"  deny {written(block.denied)}")
        for right, said in block.handling.items():
            if said.allowed:
                lines.append(f"  allow {right} {', '.join(said.allowed)}")
            if said.denied is not None:
                lines.append(f"  deny {right} {', '.join(said.denied)}".rstrip())
            if said.spared is not None:
                lines.append(f"  deny {right} except {', '.join(said.spared)}")
        holders = [role.name for role in self.blocks if any(one is block for one in role.attached)]
        if holders:
            lines.append(f"  attach to role {', '.join(holders)}")
        return [*lines, "}"]


def written(items: list[Item]) -> str:
    return ", ".join(item.text for item in items)


# Making up


def made_layer(rng: random.Random, name: str) -> Layer:
    exists = rng.random() < 0.3
    labels = rng.sample(LABELS, rng.randint(1, 4))
    everybody = [*ACCOUNTS, *ORGANIZATIONS]
    shared = {}
    for label in labels:
        shared[label] = set(rng.sample(everybody, rng.choice([0, 1, 1, 2, 3])))
        if rng.random() < 0.1:
            shared[label].add("everyone")
    return Layer(
        name,
        {label: rng.randint(1, 9) + 10 * at if exists else None for at, label in enumerate(labels)},
        shared,
    )


def made_item(rng: random.Random, layers: list[Layer]) -> Item:
    layer = rng.choice(layers)
    label = rng.choice(list(layer.labels))
    match rng.randrange(7):
        case 0 | 1:
            return Item(layer.name, layer.owner, layer.name, "*")
        case 2 | 3:
            return Item(
                f"{layer.name} version {label}", layer.owner, layer.name, number(layer, label)
            )
        case 4:
            name = rng.choice(NAMES)
            account = rng.choice([*ACCOUNTS, "publisher"])
            id = ACCOUNTS.get(account, PUBLISHER)
            pattern = rng.choice([name, name + "*", "*"])
            return Item(f"{pattern} from {account}", id, pattern, "*")
        case 5:
            pattern = rng.choice([layer.name, layer.name + "*", "*"])
            return Item(f"{pattern} from this account", THIS, pattern, "*")
    name, version = rng.choice(NAMES), rng.choice(["*", "1", "10"])
    account = rng.choice([*ACCOUNTS.values(), PUBLISHER])
    return Item(f"arn:aws:lambda:*:{account}:layer:{name}:{version}", account, name, version)


def number(layer: Layer, label: str) -> str:
    return str(layer.labels[label] or f"the number of {label}")


def items(rng: random.Random, layers: list[Layer], most: int = 4) -> list[Item]:
    """Items of a set, none of which says what another one says."""
    found: list[Item] = []
    for _ in range(rng.randint(1, most)):
        item = made_item(rng, layers)
        if item.text not in [other.text for other in found]:
            found.append(item)
    return found


def made_block(rng: random.Random, name: str, layers: list[Layer]) -> Block:
    kind = rng.choice(["role", "role", "policy", "boundary", "guardrail"])
    allowed, excepted, denied = None, None, []
    if kind in ("role", "policy") and rng.random() < 0.8:
        allowed = rng.choice([[], items(rng, layers), items(rng, layers)])
    if rng.random() < 0.4:
        excepted = rng.choice([[], items(rng, layers), items(rng, layers)])
    if rng.random() < 0.5 or (allowed is None and excepted is None):
        denied = items(rng, layers, 2)
    if excepted == []:
        denied = []
    rights = [right for right in ("publish", "share") if rng.random() < 0.4]
    handling = {right: made_handling(rng, kind) for right in rights}
    return Block(kind, name, allowed, excepted, denied, handling)


def patterns(rng: random.Random, most: int = 3) -> list[str]:
    names = rng.sample(NAMES, rng.randint(1, most))
    return [rng.choice([name, name + "*"]) for name in names] if rng.random() < 0.9 else ["*"]


def made_handling(rng: random.Random, kind: str) -> Handling:
    allowed = patterns(rng) if kind in ("role", "policy") and rng.random() < 0.7 else []
    denied = rng.choice([None, None, [], patterns(rng)])
    return Handling(allowed, denied, patterns(rng) if rng.random() < 0.3 else None)


def made_source(rng: random.Random) -> Source:
    names = rng.sample(NAMES, rng.randint(4, 7))
    cut = rng.randint(2, len(names) - 1)
    layers = [made_layer(rng, name) for name in names[:cut]]
    blocks = [
        made_block(rng, name, layers) for name in rng.sample(NAMES, 5) if name not in names[:cut]
    ]
    roles = [block for block in blocks if block.kind == "role"]
    for block in blocks:
        if block.kind == "policy" and roles and rng.random() < 0.6:
            rng.choice(roles).attached.append(block)
    accounts = [*ACCOUNTS.values(), PUBLISHER, STACK, CALLER, "another account"]
    # A name for what each pattern can tell apart: the text itself, and the text with a rest that
    # nobody else has.
    known = [known for name in NAMES for known in (name, name + "zz")] + ["zz"]
    numbers = [
        "1",
        "10",
        "77",
        *(number(layer, label) for layer in layers for label in layer.labels),
    ]
    universe = [
        Version(account, name, value)
        for account in accounts
        for name in known
        for value in dict.fromkeys(numbers)
        if not value.startswith("the number") or is_published(layers, account, name, value)
    ]
    return Source(layers, blocks, universe)


def is_published(layers: list[Layer], account: str, name: str, value: str) -> bool:
    """Whether the number of a label is one of that layer."""
    for layer in layers:
        if layer.name == name and account == STACK and layer.owner == STACK:
            return value in [number(layer, label) for label in layer.labels]
    return False


# Claims


def principals(rng: random.Random) -> list[str]:
    everybody = [*ACCOUNTS, *ORGANIZATIONS, *GROUPS, "everyone"]
    return rng.sample(everybody, rng.choice([1, 1, 1, 2, 3]))


def use_claim(rng: random.Random, source: Source) -> tuple[str, set[str]]:
    layer = rng.choice(source.layers)
    labels, which = list(layer.labels), layer.name
    if rng.random() < 0.6:
        labels = [rng.choice(labels)]
        which += f" version {labels[0]}"
    versions = [layer.shared[label] for label in labels]
    if rng.random() < 0.2:
        which, versions = "*", [one for each in source.layers for one in each.shared.values()]
    # A granted list may have an account twice, by its name and by a group of it.
    who = principals(rng)
    match rng.randrange(5):
        case 0 | 1:
            verb, test = rng.choice([("can", can_use), ("cannot", cannot_use)])
            answer = both([test(one, None, shared) for one in members(who) for shared in versions])
            return f"{', '.join(who)} {verb} use {which}", {answer}
        case 2:
            verb, test = rng.choice([("can", can_use), ("cannot", cannot_use)])
            one, home = rng.choice(list(ACCOUNTS)), rng.choice(list(ORGANIZATIONS))
            answer = both([test(one, home, shared) for shared in versions])
            return f"{one} in {home} {verb} use {which}", {answer}
    able = [can_use(one, None, shared) for one in members(who) for shared in versions]
    alone = [is_within(one, members(who)) for shared in versions for one in shared]
    answer = both(able + alone)
    # Whether an organization has no other accounts than those of the claim may be taken for out of
    # question.
    return f"only {', '.join(who)} can use {which}", {answer, FAILS} if answer == UNDECIDED else {
        answer
    }


def attach_claim(rng: random.Random, source: Source) -> tuple[str, set[str]]:
    block = rng.choice(source.blocks)
    choices = (block.allowed or []) + (block.excepted or []) + block.denied
    asked = items(rng, source.layers)
    if choices and rng.random() < 0.6:
        asked = rng.sample(choices, rng.randint(1, len(choices)))
        if rng.random() < 0.3:
            asked += [item for item in items(rng, source.layers, 1) if item not in asked]
    asked = list(dict.fromkeys(asked))
    verb = rng.choice(["can attach", "cannot attach", "can attach only"])
    wrong = any(
        block.among(asked, version, caller) == (verb != "can attach only")
        and block.permits(version, caller) == (verb != "can attach")
        for caller in block.callers()
        for version in source.universe
    )
    return f"{block.name} {verb} {written(asked)}", {FAILS if wrong else HOLDS}


def handle_claim(rng: random.Random, source: Source) -> tuple[str, set[str]]:
    handling = [block for block in source.blocks if block.handling]
    block = rng.choice(handling or source.blocks)
    right, asked = rng.choice(["publish", "share"]), patterns(rng)
    known = [end for name in NAMES for end in (name, name + "zz")] + ["zz"]
    inside = [name for name in known if named(asked, name)]
    outside = [name for name in known if not named(asked, name)]
    verb, wrong = rng.choice(
        [
            (f"can {right}", [name for name in inside if not block.handles(right, name)]),
            (f"cannot {right}", [name for name in inside if block.handles(right, name)]),
            (f"can {right} only", [name for name in outside if block.handles(right, name)]),
        ]
    )
    return f"{block.name} {verb} {', '.join(asked)}", {FAILS if wrong else HOLDS}


def judged(
    place: Path, job: tuple[int, str, list[tuple[str, set[str]]]]
) -> tuple[list[str], Counter[str]]:
    """The faults of one source, and how its claims were answered."""
    at, text, claims = job
    path = place / f"claims-{at}.layers"
    path.write_text(text)
    done = layershare("check", path, "--message-format", "json")
    answers, faults = {}, []
    first = text.count("\n") - len(claims) + 1
    for message in map(json.loads, done.stderr.splitlines()):
        if message["severity"] != "error":
            continue
        if message["code"] == "logical-id-clash":  # Names that come to the same ID are refused.
            return [], Counter()
        if message["code"] not in CODES:
            return [
                f"{message['code']}: {message['message']} at line {message['line']} of\n{text}"
            ], Counter()
        answers[message["line"] - first] = CODES[message["code"]]
    tally: Counter[str] = Counter()
    for index, (claim, wanted) in enumerate(claims):
        answer = answers.get(index, HOLDS)
        tally[answer] += 1
        if answer not in wanted:
            without = text.split("\nexpect ")[0]
            faults.append(
                f"`{claim}` {answer}, and should be: {' or '.join(sorted(wanted))}, in\n{without}"
            )
    return faults, tally


def main() -> int:
    options = sample_of("claims", 5000)
    rng = random.Random(options.seed)
    jobs: list[tuple[int, str, list[tuple[str, set[str]]]]] = []
    while sum(len(claims) for _, _, claims in jobs) < options.count:
        source = made_source(rng)
        made = [
            rng.choice([use_claim, attach_claim, handle_claim] if source.blocks else [use_claim])
            for _ in range(CLAIMS)
        ]
        claims = list(dict(make(rng, source) for make in made).items())
        jobs.append((len(jobs), source.text([claim for claim, _ in claims]), claims))
    STATE.mkdir(parents=True, exist_ok=True)
    faults, tally = [], Counter[str]()
    with tempfile.TemporaryDirectory(prefix="claims-", dir=STATE) as place:
        for found, answers in abreast(partial(judged, Path(place)), jobs):
            faults += found
            tally += answers
    said = ", ".join(f"{number} {answer}" for answer, number in sorted(tally.items()))
    if tally.total() < options.count / 2:
        faults.append(f"of {options.count} claims, {tally.total()} stand in sources that compile")
    return finish(
        "claims",
        faults,
        f"{count(tally.total(), 'claim')} as the oracle says ({said}), seed {options.seed}",
    )


if __name__ == "__main__":
    sys.exit(main())

"""Makes up rules: declarations, and a role, policy, boundary or guardrail that uses them."""

import random
from dataclasses import dataclass, field
from typing import Any

from tests.iam.oracle import Block, Item, Rule, Trust
from tests.iam.template import ACCOUNT

ACCOUNTS = {
    "data-team": "123456789012",
    "web-team": "123456789013",
    "ops-team": "012345678901",
    "partner": "999988887777",
}
GROUPS = {"builders": ("data-team", "web-team"), "outsiders": ("ops-team", "partner")}
ORGANIZATIONS = {"acme": "o-a1b2c3d4e5", "umbrella": "o-zyxwv98765"}
NAMES = [
    "deps",
    "deps2",
    "deps-extra",
    "dep",
    "shared-log",
    "shared-log_v3",
    "shared",
    "Tools",
    "t",
]
NAME_PATTERNS = ["*", "deps*", "dep?", "shared-*", "*-extra", "?", "shared-log", "d*s", "*log*"]
VERSIONS = ["3", "30", "33", "13", "1"]
ROLE_PATTERNS = ["break-glass-*", "ops-?", "dev"]
FUNCTION_PATTERNS = ["api-*", "job?", "worker"]


@dataclass(frozen=True)
class Layer:
    """A declared layer; a version without an ARN is published by the stack itself."""

    name: str
    known_as: str
    versions: dict[str, Any]


@dataclass(frozen=True)
class Declarations:
    """What the blocks of one file can name."""

    layers: list[Any]
    accounts: dict[str, Any] = field(default_factory=lambda: ACCOUNTS)
    organizations: dict[str, Any] = field(default_factory=lambda: ORGANIZATIONS)
    groups: dict[str, Any] = field(default_factory=lambda: GROUPS)


def some(rng: random.Random, choices: list[str], most: int) -> tuple[str, ...]:
    """One to `most` different ones."""
    return tuple(rng.sample(choices, rng.randint(1, most)))


def declarations(rng: random.Random) -> Declarations:
    adopted = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:shared-log:{rng.choice(VERSIONS)}"
    return Declarations(
        [
            Layer("deps", "deps", {"1.0.0": None, "1.1.0": None, "2.0.0-rc1": None}),
            Layer("deps-extra", "deps-extra", {"3": None}),
            Layer("tools", "Tools", {"a": None, "b": None}),
            Layer("shared-log", "shared-log", {"7": adopted}),
        ]
    )


def item(rng: random.Random, declared: Declarations) -> Item:
    kind = rng.choice(
        ["layer", "layer", "version", "version", "from", "from", "this", "arn", "arn", "arn"]
    )
    if kind in ("layer", "version"):
        layer = rng.choice(declared.layers)
        if kind == "layer":
            return Item(kind, layer.known_as, name=layer.name)
        return Item(kind, name=layer.name, label=rng.choice(list(layer.versions)))
    if kind == "this":
        return Item("from", rng.choice(NAME_PATTERNS), name="this account")
    if kind == "from":
        name = rng.choice([*declared.accounts, *declared.groups])
        members = declared.groups.get(name, (name,))
        return Item(
            kind, rng.choice(NAME_PATTERNS), tuple(declared.accounts[one] for one in members), name
        )
    partition = rng.choice(["aws", "aws", "*"])
    region = rng.choice(["*", "*", "us-*", "eu-west-1"])
    account = rng.choice(["*", *declared.accounts.values(), ACCOUNT])
    name = rng.choice([*NAMES, *NAME_PATTERNS])
    return Item(
        kind,
        f"arn:{partition}:lambda:{region}:{account}:layer:{name}:{rng.choice(['*', *VERSIONS])}",
    )


def item_set(rng: random.Random, declared: Declarations) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(item(rng, declared) for _ in range(rng.choice([1, 1, 2, 2, 3, 5]))))


def named(rng: random.Random, declared: Declarations) -> Item:
    """Layers to publish or to share: declared ones, which AWS may know by another name, and
    patterns.
    """
    layer = rng.choice([one for one in declared.layers if None in one.versions.values()])
    of_source = Item("named", layer.known_as, name=layer.name)
    return rng.choice(
        [of_source, Item("named", rng.choice(NAME_PATTERNS)), Item("named", rng.choice(NAMES))]
    )


def handling(rng: random.Random, verb: str, declared: Declarations) -> Rule:
    """A rule about publishing or sharing; the verb of a bare deny has no items."""
    bare = verb.startswith("deny") and not verb.endswith("except") and rng.random() < 0.4
    return Rule(
        verb, () if bare else tuple(named(rng, declared) for _ in range(rng.choice([1, 1, 2, 3])))
    )


def rules(rng: random.Random, kind: str, declared: Declarations) -> tuple[Rule, ...]:
    """At most one rule of each verb, at most one of them an allow of functions."""
    verbs = {}
    rights = ["publish", "share"]
    if kind in ("role", "policy"):
        verbs[rng.choice(["allow", "allow", "allow", "allow none", "allow update"])] = True
        for verb in some(rng, ["allow read", *(f"allow {right}" for right in rights)], 3):
            if rng.random() < 0.4:
                verbs[verb] = True
    if not verbs or rng.random() < 0.4:
        for verb in some(rng, ["deny all except", "deny all except", "deny", "deny all"], 2):
            verbs[verb] = True
    for verb in [f"deny {right}{end}" for right in rights for end in ("", " except")]:
        if rng.random() < 0.2:
            verbs[verb] = True
    bare = ("allow none", "deny all")

    def made(verb: str) -> Rule:
        if any(right in verb for right in rights):
            return handling(rng, verb, declared)
        return Rule(verb, () if verb in bare else item_set(rng, declared))

    return tuple(map(made, verbs))


def block(rng: random.Random, number: int, declared: Declarations) -> Block:
    kind = rng.choice(["role", "policy", "boundary", "guardrail"])
    made = rules(rng, kind, declared)
    allows = any(rule.verb in ("allow", "allow none", "allow update") for rule in made)
    denies = any(rule.verb.startswith("deny") for rule in made)
    return Block(
        kind,
        f"gen{number:04}",
        made,
        functions=some(rng, FUNCTION_PATTERNS, 2) if allows and rng.random() < 0.3 else (),
        exempt=some(rng, ROLE_PATTERNS, 2)
        if denies and kind != "role" and rng.random() < 0.4
        else (),
        trust=trust(rng, declared) if kind == "role" else (),
    )


def trust(rng: random.Random, declared: Declarations) -> tuple[Trust, ...]:
    who = {
        name: (id,) for name, id in [*declared.accounts.items(), *declared.organizations.items()]
    }
    who |= {
        name: tuple(declared.accounts[one] for one in members)
        for name, members in declared.groups.items()
    }
    return tuple(Trust(name, who[name]) for name in some(rng, list(who), 2))

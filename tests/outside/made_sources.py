"""Made-up sources with layers, grants and each kind of block, for the checks that change what is
compiled of them.
"""

import random
from collections.abc import Iterator

ACCOUNTS = {"data-team": "123456789012", "web-team": "210987654321", "auditor": "017000801446"}
ORGANIZATIONS = {"acme": "o-a1b2c3d4e5", "partners": "o-z9y8x7w6v5u4"}
OPTIONAL = {"guest": "account", "guests": "organization"}
SWITCHES = ["Open", "Early"]
WHO = [*ACCOUNTS, *ORGANIZATIONS]
PATTERNS = ["shared-*", "test-?", "team-*-extra", "metrics"]


def some(rng: random.Random, choices: list[str], most: int = 3) -> str:
    """One to `most` of the choices, as a list of the language."""
    return ", ".join(rng.sample(choices, rng.randint(1, min(most, len(choices)))))


def layer_set(rng: random.Random, most: int = 3) -> str:
    """A layer set. No item of it covers another one."""
    patterns = rng.sample(PATTERNS, rng.randint(1, most))
    return ", ".join(f"{pattern} from {rng.choice(list(ACCOUNTS))}" for pattern in patterns)


def layer(rng: random.Random, name: str) -> Iterator[str]:
    labels = [f"{major}.{minor}.0" for major, minor in [(1, 0), (1, 1), (2, 0)]][
        : rng.randint(1, 3)
    ]
    variants = rng.random() < 0.3
    if variants:
        yield f"layer {name} for arch in x86, arm {{"
        yield f"  version {', '.join(labels)} from s3://archives-1/{name}-<version>-<arch>.zip"
    else:
        yield f"layer {name} {{"
        for label in labels:
            yield f"  version {label} from s3://archives-1/{name}-{label}.zip"
    # Rules name the versions of the first layer, which must exist.
    if name != "first" and rng.random() < 0.3:
        which = " for arm" if variants and rng.random() < 0.5 else ""
        yield f"  exists {rng.choice(['when', 'unless'])} Early{which}"
    for _ in range(rng.randint(0, 3)):
        newest = f"newest {rng.randint(1, len(labels))} "
        which = rng.choice(["", f"version {rng.choice(labels)} ", newest])
        case = rng.choice(["", "", " when Open", " unless Open"])
        yield f"  share {which}with {some(rng, [*WHO, *OPTIONAL])}{case}"
    if rng.random() < 0.2:
        yield f'  share version {labels[-1]} with everyone because "released"'
    yield "}"


def rules(rng: random.Random, kind: str, name: str) -> Iterator[str]:
    """A block. What a `deny` of it denies, no other one of it denies."""
    allowing = kind in ("role", "policy") and rng.random() < 0.7
    yield f"{kind} {name} {{"
    if kind == "role":
        yield f"  trust {some(rng, WHO)}"
    if kind == "guardrail":
        yield f"  apply to {rng.choice(['r-ab12', 'ou-ab12-aaaaaaaa, ou-ab12-bbbbbbbb'])}"
    if kind == "policy":
        holder = rng.choice(["group", "role", "user"])
        yield f"  attach to {holder} {rng.choice(['ops', 'ops, developers'])}"
    if allowing:
        if rng.random() < 0.3:
            yield f"  functions {some(rng, ['api-*', 'job-?'])}"
        yield rng.choice(
            ["  allow none", f"  allow {layer_set(rng)}", f"  allow first, {layer_set(rng)}"]
        )
        if rng.random() < 0.3:
            yield f"  allow publish {some(rng, PATTERNS)}"
        if rng.random() < 0.3:
            yield f"  allow share {some(rng, PATTERNS)}"
        if rng.random() < 0.3:
            yield "  pass-role arn:aws:iam::111122223333:role/service/*"
    else:
        form = rng.randrange(4)
        if form == 0:
            yield "  deny all"
        elif form == 1:
            yield f"  deny {layer_set(rng)}"
        else:
            yield f"  deny all except first, {layer_set(rng)}"
        if form == 3:
            yield "  deny first version 1.0.0"
        if rng.random() < 0.3:
            yield rng.choice(["  deny publish", "  deny publish except shared, team-*"])
        if rng.random() < 0.3:
            yield rng.choice(["  deny share", "  deny share except metrics"])
        if kind != "role" and rng.random() < 0.4:
            yield "  exempt role break-glass-*"
    if kind == "role" and rng.random() < 0.3:
        yield "  boundary fence"
    yield "}"


def source(rng: random.Random) -> str:
    lines = [f"account {name} = {id}" for name, id in ACCOUNTS.items()]
    lines += [f"organization {name} = {id}" for name, id in ORGANIZATIONS.items()]
    lines += [f"parameter {name} switch = false" for name in SWITCHES]
    for name, what in OPTIONAL.items():
        lines += [
            f"parameter {name.title()} optional {what}",
            f"{what} {name} = ${{{name.title()}}}",
        ]
    lines += [*layer(rng, "first"), *layer(rng, "second")]
    for number in range(rng.randint(1, 3)):
        kind = rng.choice(["role", "policy", "boundary", "guardrail"])
        lines += rules(rng, kind, f"{kind}-{'abc'[number]}")
    lines += ["boundary fence {", "  deny all except first, shared-* from data-team", "}"]
    return "\n".join(lines) + "\n"

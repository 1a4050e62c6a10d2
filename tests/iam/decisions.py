"""Puts made-up policies and requests to two evaluators: the independent one and the project's own.

    python3 -m tests.iam.decisions [--seed N] [--count N]

What ours leaves undecided is counted and may not be much. Any other disagreement fails, and is
printed with its documents. DECIDE names our program, which `cargo test --no-run` builds.
"""

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tests.iam.evaluator import Batch
from tests.iam.template import Policy

ACCOUNTS = ["111122223333", "111122223334", "123456789012"]
ORGANIZATIONS = ["o-a1b2c3d4e5", "o-a1b2c3d4e6"]
NAMES = ["deps", "deps2", "dep", "deps-extra", "Deps"]
VERSIONS = ["3", "30", "33", "13"]
REGIONS = ["us-east-1", "us-east-2", "eu-west-1"]
ROLES = ["role/dev", "role/break-glass-1", "role/teams/dev", "user/ann", "user/dev"]
ATTACH = ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"]
ACTIONS = [*ATTACH, *ATTACH, "lambda:GetLayerVersion", "lambda:InvokeFunction"]
ACTION_PATTERNS = [
    "*", "lambda:*", "lambda:Create*", "LAMBDA:createfunction", "lambda:UpdateFunction*",
    "lambda:GetLayer*",
    "lambda:GetLayerVersion", "lambda:?reateFunction", "s3:*", *ATTACH,
]  # fmt: skip
TRUTHS = ["aws:SecureTransport", "aws:MultiFactorAuthPresent"]
"""Keys that are true, false or missing."""
MOST_UNDECIDED = 0.02


def layer(rng: random.Random, wild: bool = False, variable: Sequence[str] = ()) -> str:
    def one(plain: Sequence[str], patterns: Sequence[str] = ()) -> str:
        return rng.choice([*plain, *patterns] if wild else plain)

    partition = one(["aws", "aws", "aws-cn"], ["*", "aws*"])
    account = one(ACCOUNTS, ["*", "11112222333?", *variable])
    name = one(NAMES, ["*", "dep*", "deps-*", "dep?", "*s*"])
    version = one(VERSIONS, ["*", "*", "3*", "?"])
    return f"arn:{partition}:lambda:{one(REGIONS, ['*', 'us-*'])}:{account}:layer:{name}:{version}"


def function(rng: random.Random, account: str, wild: bool = False) -> str:
    name = rng.choice(
        [
            "api",
            "api-2",
            "job",
            *(["api*", "*", "${aws:username}", "*${aws:PrincipalAccount}"] if wild else []),
        ]
    )
    return f"arn:aws:lambda:{rng.choice(REGIONS + ['*'] * wild)}:{account}:function:{name}"


def some(rng: random.Random, most: int, make: Callable[[], str]) -> str | list[str]:
    """One to `most` of them; a single one is written with or without its list."""
    found = list(dict.fromkeys(make() for _ in range(rng.randint(1, most))))
    return found[0] if len(found) == 1 and rng.random() < 0.5 else found


def cased(rng: random.Random, text: str) -> str:
    return rng.choice([text, text, text.lower()])


def principal_pattern(rng: random.Random) -> str:
    """A pattern of roles, or a role."""
    partition, account = rng.choice(["aws", "*"]), rng.choice([*ACCOUNTS, "*"])
    return (
        f"arn:{partition}:iam::{account}:{rng.choice([*ROLES, 'role/*', '*/dev', 'role/break-*'])}"
    )


def condition(rng: random.Random) -> Policy:
    made: Policy = {}
    for _ in range(rng.choice([0, 1, 1, 1, 2])):
        exists = rng.choice(["", "", "IfExists"])
        match rng.randrange(7):
            case 0 | 1 | 2:
                operator = rng.choice(["ForAllValues", "ForAnyValue"]) + ":"
                operator += rng.choice(
                    [
                        "StringLike",
                        "StringNotLike",
                        "StringLike",
                        "StringNotLike",
                        "StringEquals",
                        "ArnLike",
                        "ArnNotLike",
                    ]
                )
                # The other evaluator takes the colon of a variable's name for one of the ARN's.
                variable = [] if "Arn" in operator else ["${aws:PrincipalAccount}"]
                # With ForAnyValue, what IfExists says of a missing key is not documented.
                exists = "" if operator.startswith("ForAny") else exists
                made.setdefault(operator + exists, {})[cased(rng, "lambda:Layer")] = some(
                    rng, 3, partial(layer, rng, True, variable)
                )
            case 3:
                made.setdefault("Null", {})[
                    rng.choice(["lambda:Layer", "aws:PrincipalOrgID", "aws:username"])
                ] = rng.choice(["true", "false"])
            case 4:
                operator = rng.choice(
                    ["ArnLike", "ArnNotLike", "ArnEquals", "StringLike", "StringNotLike"]
                )
                made.setdefault(operator + exists, {})[cased(rng, "aws:PrincipalArn")] = some(
                    rng, 2, lambda: principal_pattern(rng)
                )
            case 5:
                key, values = rng.choice(
                    [
                        ("aws:PrincipalOrgID", ORGANIZATIONS),
                        ("aws:PrincipalAccount", ACCOUNTS),
                        ("aws:username", ["ann", "ANN", "dev"]),
                    ]
                )
                operator = rng.choice(
                    [
                        "StringEquals",
                        "StringNotEquals",
                        "StringEqualsIgnoreCase",
                        "StringNotEqualsIgnoreCase",
                        "StringLike",
                        "StringNotLike",
                    ]
                )
                made.setdefault(operator + exists, {})[cased(rng, key)] = some(
                    rng, 2, partial(rng.choice, [*values, "${aws:PrincipalAccount}"])
                )
            case 6:
                made.setdefault("Bool" + exists, {})[cased(rng, rng.choice(TRUTHS))] = some(
                    rng, 2, lambda: rng.choice(["true", "false", "TRUE"])
                )
    return made


def statement(
    rng: random.Random, number: int, effect: str | None = None, principal: Any = None
) -> Policy:
    made: Policy = {"Sid": f"S{number}", "Effect": effect or rng.choice(["Allow", "Allow", "Deny"])}
    if principal:
        made["Principal"] = principal
    made[rng.choice(["Action", "Action", "Action", "NotAction"])] = some(
        rng, 3, lambda: rng.choice(ACTION_PATTERNS)
    )

    def resource() -> str:
        return rng.choice(
            ["*", "*", layer(rng, True), function(rng, rng.choice([*ACCOUNTS, "*"]), True)]
        )

    made[rng.choice(["Resource", "Resource", "Resource", "NotResource"])] = some(rng, 2, resource)
    if conditions := condition(rng):
        made["Condition"] = conditions
    return made


def document(rng: random.Random, most: int = 3) -> Policy:
    return {
        "Version": "2012-10-17",
        "Statement": [statement(rng, number) for number in range(rng.randint(1, most))],
    }


def generous(rng: random.Random) -> Policy:
    """A document with a wide Allow in it, so that something is left to be denied."""
    made = document(rng)
    if rng.random() < 0.7:
        made["Statement"].append(
            {
                "Sid": "All",
                "Effect": "Allow",
                "Action": rng.choice(["*", "lambda:*"]),
                "Resource": "*",
            }
        )
    return made


def resource_policy(rng: random.Random) -> Policy:
    account = rng.choice(ACCOUNTS)
    principal = rng.choice(
        ["*", {"AWS": account}, {"AWS": f"arn:aws:iam::{account}:root"}, {"AWS": "*"}]
    )
    made = statement(rng, 0, "Allow", principal)
    return {"Version": "2012-10-17", "Statement": [made]}


def ask(rng: random.Random, batch: Batch) -> None:
    account = rng.choice(ACCOUNTS)
    who = rng.choice(ROLES)
    case: dict[str, Any] = {
        "principal": f"arn:aws:iam::{account}:{who}",
        "action": rng.choice(ACTIONS),
        "context": {},
    }
    if rng.random() < 0.6:
        case["context"]["aws:PrincipalOrgID"] = rng.choice(ORGANIZATIONS)
    for key in TRUTHS:
        if rng.random() < 0.7:
            case["context"][key] = rng.choice(["true", "false"])
    if who.startswith("user/"):
        case["context"]["aws:username"] = who.removeprefix("user/")
    if case["action"] in ATTACH and rng.random() < 0.8:
        case["context"]["lambda:Layer"] = [layer(rng) for _ in range(rng.randint(1, 3))]
    case["resource"] = (
        layer(rng) if case["action"] == "lambda:GetLayerVersion" else function(rng, account)
    )
    case["identity"] = [batch.name_of(generous(rng)) for _ in range(rng.choice([1, 1, 2]))]
    if rng.random() < 0.4:
        case["boundary"] = [batch.name_of(generous(rng))]
    if rng.random() < 0.4:
        case["scps"] = [batch.name_of(document(rng)) for _ in range(rng.choice([1, 2]))]
    if case["action"] == "lambda:GetLayerVersion" and rng.random() < 0.7:
        case["resourcePolicy"] = batch.name_of(resource_policy(rng))
    batch.lines.append({"id": batch.count, **case})
    batch.count += 1


def ours(batch: Batch) -> list[dict[str, Any]]:
    done = subprocess.run(
        [os.environ["DECIDE"]], input="".join(json.dumps(line) + "\n" for line in batch.lines),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares two evaluators of IAM policies.")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--count", type=int, default=20_000)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    tally: dict[str, int] = {}
    wrong = 0
    for _ in range(0, arguments.count, 20_000):
        batch = Batch()
        for _ in range(min(20_000, arguments.count)):
            ask(rng, batch)
        named = {line["define"]: line["document"] for line in batch.lines if "define" in line}
        cases = [line for line in batch.lines if "define" not in line]
        for case, theirs, own in zip(cases, batch.judge(), ours(batch), strict=True):
            found = own["decision"]
            tally[found] = tally.get(found, 0) + 1
            if found != "undecided" and found != theirs.get("decision"):
                wrong += 1
                if wrong <= 5:
                    used = [
                        case["identity"],
                        case.get("boundary", []),
                        case.get("scps", []),
                        [case.get("resourcePolicy")],
                    ]
                    documents = {name: named[name] for names in used for name in names if name}
                    print(
                        f"ours {found}, theirs {theirs}\n{json.dumps(case)}\n"
                        f"{json.dumps(documents, indent=1)}\n",
                        file=sys.stderr,
                    )
    undecided = tally.get("undecided", 0) / sum(tally.values())
    print(
        f"decisions, seed {arguments.seed}: {sum(tally.values())} cases, {tally}, "
        f"{wrong} disagreements"
    )
    return (
        0
        if wrong == 0
        and undecided <= MOST_UNDECIDED
        and min(tally.get("allowed", 0), tally.get("denied", 0)) > 1000
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())

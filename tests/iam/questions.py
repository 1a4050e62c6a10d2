"""Makes up requests that lie within a block's rules, beside them and just past their edges."""

import random

from tests.iam.generate import ACCOUNTS, NAMES, ORGANIZATIONS, VERSIONS
from tests.iam.oracle import (
    ATTACH,
    CHANGE_SHARES,
    PUBLISH,
    READ,
    SHOW_SHARES,
    Block,
    Deployment,
    Item,
    fields_of,
    known_fields,
    like,
)
from tests.iam.template import ACCOUNT, Request

DETAILS = [
    "partition",
    "region",
    "account",
    "account",
    "name",
    "name",
    "name",
    "version",
    "version",
    "legacy",
]
REGIONS = ["us-east-1", "us-east-2", "eu-west-1", "eu-central-1", "ap-southeast-2"]
ROLES = [
    "break-glass-1",
    "break-glass-",
    "break-glass",
    "ops-a",
    "ops-ab",
    "dev",
    "my-break-glass-1",
]
FUNCTIONS = ["api-orders", "api-", "api", "job1", "job12", "worker"]
BYSTANDERS = [
    ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:{}:function:api"),
    ("s3:GetObject", "arn:aws:s3:::bucket/key"),
]


def fitting(rng: random.Random, pattern: str, choices: list[str]) -> str:
    """One of the choices that the pattern matches, or the pattern itself if it is plain text."""
    return rng.choice([choice for choice in choices if like(pattern, choice)] or [pattern])


def named(rng: random.Random, pattern: str) -> str:
    """A layer's name that the pattern matches."""
    if rng.random() < 0.8:
        pattern = fitting(rng, pattern, NAMES)
    return "".join(
        {"*": rng.choice(["1", "2-b"]), "?": "4"}.get(letter, letter) for letter in pattern
    )


def member(rng: random.Random, one: Item, deployment: Deployment, caller: str) -> str:
    """The ARN of a layer version that is in the item."""
    if one.kind == "version":
        return deployment.versions[one.name, one.label]
    if one.kind == "arn":
        partition, region, account, name, version = known_fields(one.pattern)
    else:
        partition, region, name, version = deployment.partition, "*", one.pattern, "*"
        account = (
            deployment.account
            if one.kind in ("layer", "named")
            else rng.choice(one.accounts or (caller,))
        )
    partition = fitting(rng, partition, ["aws", "aws-cn"])
    place = f"{fitting(rng, region, REGIONS)}:{fitting(rng, account, list(ACCOUNTS.values()))}"
    return (
        f"arn:{partition}:lambda:{place}:layer:{named(rng, name)}:{fitting(rng, version, VERSIONS)}"
    )


def neighbour(rng: random.Random, arn: str) -> str:
    """The same ARN but for one detail, the sort of detail that a careless pattern overlooks."""
    partition, region, account, name, version = known_fields(arn)
    match rng.choice(DETAILS):
        case "partition":
            partition = rng.choice(["aws-cn", "aws-us-gov"])
        case "region":
            region = rng.choice(REGIONS)
        case "account":
            place = rng.randrange(12)
            account = account[:place] + rng.choice("0123456789") + account[place + 1 :]
        case "name":
            name = rng.choice(
                [name + "2", "x" + name, name[:-1] or "z", name.swapcase(), name + "-extra"]
            )
        case "version":
            version = rng.choice([version + "0", "1" + version, version[:-1] or "9", "3", "30"])
        case "legacy":
            return f"arn:{partition}:lambda:::awslayer:{name}"
    return f"arn:{partition}:lambda:{region}:{account}:layer:{name}:{version}"


def request(rng: random.Random, made: Block, deployment: Deployment) -> Request:
    """A request that has something to do with the block's rules."""
    at_home = made.kind != "guardrail"
    account = (
        deployment.account if at_home else rng.choice([*ACCOUNTS.values(), deployment.account])
    )
    asked: Request = {
        "principal": f"arn:aws:iam::{account}:role/{rng.choice(ROLES)}",
        "context": {},
    }
    items = [one for rule in made.rules for one in rule.items] or [
        Item("from", "*", name="this account")
    ]
    inside = [member(rng, rng.choice(items), deployment, account) for _ in range(4)]
    outside = [neighbour(rng, rng.choice(inside)) for _ in range(4)]

    action = rng.choice(
        [*ATTACH, *ATTACH, *ATTACH, READ, READ, PUBLISH, *CHANGE_SHARES, SHOW_SHARES, None]
    )
    if action in ATTACH:
        function = rng.choice(FUNCTIONS)
        asked |= {
            "action": action,
            "resource": f"arn:aws:lambda:us-east-1:{account}:function:{function}",
        }
        layers = rng.choice(
            [[], inside[:1], inside[:2], inside[:1] + outside[:1], outside[:1], outside]
        )
        if layers:
            asked["context"]["lambda:Layer"] = rng.sample(layers, len(layers))
    elif action == READ:
        readable = [arn for arn in inside + outside if fields_of(arn)]
        asked |= {"action": action, "resource": rng.choice(readable)}
    elif action in (PUBLISH, SHOW_SHARES, *CHANGE_SHARES):
        arn = rng.choice(handled(rng, made, inside + outside, deployment, account))
        asked |= {
            "action": action,
            "resource": arn.rpartition(":")[0] if action == PUBLISH else arn,
        }
    else:
        bystander, resource = rng.choice(BYSTANDERS)
        asked |= {"action": bystander, "resource": resource.format(account)}
    return asked


def handled(
    rng: random.Random, made: Block, arns: list[str], deployment: Deployment, account: str
) -> list[str]:
    """Versions of layers to publish or share, more of those that rules about that name. They are of
    the principal's own account: nobody can let another one do it.
    """
    named = [one for rule in made.rules for one in rule.items if one.kind == "named"]
    more = [member(rng, rng.choice(named), deployment, account) for _ in range(4)] if named else []
    found = filter(None, map(fields_of, [*arns, *more, *(neighbour(rng, one) for one in more)]))
    return [
        f"arn:{partition}:lambda:{region}:{account}:layer:{name}:{version}"
        for partition, region, _, name, version in found
    ]


def request_for_trust(rng: random.Random, role_arn: str) -> Request:
    """A request to assume a role."""
    account = rng.choice([*ACCOUNTS.values(), ACCOUNT, "123456789014"])
    organization = rng.choice([*ORGANIZATIONS.values(), "o-a1b2c3d4e55", None])
    return {
        "principal": f"arn:aws:iam::{account}:role/{rng.choice(ROLES)}",
        "action": "sts:AssumeRole",
        "resource": role_arn,
        "context": {"aws:PrincipalOrgID": organization} if organization else {},
    }

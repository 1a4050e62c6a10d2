"""Makes sure that the judge itself understands the conditions which our policies rest on.

The documents are written by hand. The first table gives, for each way to write a condition on
lambda:Layer, the answer for a request with no layers, with approved layers only, with an approved
and a foreign one, and with foreign ones only. Documents that IAM would refuse come last: the judge
has to call those errors and never give a decision.
"""

import sys
from collections.abc import Iterator
from typing import Any

from tests.iam.evaluator import Batch
from tests.iam.template import Policy, Request

OWN = "111122223333"
APPROVED = [
    "arn:aws:lambda:*:111122223333:layer:deps:*",
    "arn:aws:lambda:*:111122223333:layer:tool-?:3",
]
DEPS = "arn:aws:lambda:eu-west-1:111122223333:layer:deps:12"
TOOL = "arn:aws:lambda:us-east-1:111122223333:layer:tool-b:3"
FOREIGN = "arn:aws:lambda:us-east-1:111122223334:layer:deps:12"
NEAR = [
    "arn:aws:lambda:us-east-1:111122223333:layer:deps2:12",
    "arn:aws:lambda:us-east-1:111122223333:layer:tool-b:30",
    "arn:aws:lambda:us-east-1:111122223333:layer:tool-bb:3",
    "arn:aws:lambda:us-east-1:111122223333:layer:tool-:3",
    "arn:aws:lambda:us-east-1:111122223333:layer:Deps:12",
    "arn:aws-cn:lambda:cn-north-1:111122223333:layer:deps:12",
    "arn:aws:lambda:::awslayer:deps",
]
ATTACH = ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"]

COLUMNS: dict[str, list[list[str] | None]] = {
    "no layers": [None],
    "all approved": [[DEPS], [TOOL], [DEPS, TOOL]],
    "some foreign": [[DEPS, FOREIGN], [FOREIGN, DEPS], *([TOOL, near] for near in NEAR)],
    "none approved": [[FOREIGN], *([near] for near in NEAR), [FOREIGN, NEAR[0]]],
}

# Without a set operator the outcome for a given multivalued key is undefined: nothing is asked
# there.
ROWS = [
    ("Allow", "ForAllValues:StringLike", APPROVED, "yes yes no no"),
    ("Allow", "ForAnyValue:StringLike", APPROVED, "no yes yes no"),
    ("Allow", "Null", "true", "yes no no no"),
    ("Deny", "ForAnyValue:StringNotLike", APPROVED, "yes yes no no"),
    ("Deny", "ForAllValues:StringNotLike", APPROVED, "no yes yes no"),
    ("Deny", "ForAnyValue:StringLike", APPROVED, "yes no no yes"),
    ("Deny", "StringNotLike", APPROVED, "no - - -"),
    ("Deny", "Null", "false", "yes no no no"),
    ("Deny", "Null", "true", "no yes yes yes"),
]


def document(*statements: Policy) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(effect: str, condition: Policy, actions: Any = ATTACH) -> Policy:
    return {"Effect": effect, "Action": actions, "Resource": "*", "Condition": condition}


def request(
    layers: list[str] | None,
    action: str = "lambda:CreateFunction",
    principal: str = f"arn:aws:iam::{OWN}:role/dev",
) -> Request:
    account = principal.split(":")[4]
    context = {} if layers is None else {"lambda:Layer": layers}
    resource = f"arn:aws:lambda:us-east-1:{account}:function:f"
    return {"principal": principal, "action": action, "resource": resource, "context": context}


def table() -> Iterator[Any]:
    """Every row in every place a document can stand, which an Allow row can do as an identity
    policy only.
    """
    for effect, operator, values, answers in ROWS:
        rule = statement(effect, {operator: {"lambda:Layer": values}})
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        for use in ["identity"] if effect == "Allow" else ["identity", "boundary", "scps"]:
            whole = (
                document(rule) if effect == "Allow" or use == "scps" else document(everything, rule)
            )
            for (column, lists), answer in zip(COLUMNS.items(), answers.split(), strict=True):
                for layers in lists if answer != "-" else []:
                    for action in ATTACH:
                        label = f"{effect} {operator}, as {use}, {column}: {action} {layers}"
                        yield label, request(layers, action), use, whole, answer == "yes"


def particulars() -> Iterator[Any]:
    """The constructions that the table has no column for."""
    foreign = {"ForAnyValue:StringNotLike": {"lambda:Layer": APPROVED}}
    spare = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass-*"}}
    exempting = document(statement("Deny", {**foreign, **spare}))
    for role, allowed in [("break-glass-1", True), ("break-glass", False), ("dev", False)]:
        who = f"arn:aws:iam::222233334444:role/{role}"
        yield f"exempt {role}", request([FOREIGN], principal=who), "scps", exempting, allowed

    own = ["arn:aws:lambda:*:${aws:PrincipalAccount}:layer:*:*"]
    own_only = document(statement("Deny", {"ForAnyValue:StringNotLike": {"lambda:Layer": own}}))
    for account, allowed in [(OWN, True), ("222233334444", False)]:
        who = f"arn:aws:iam::{account}:role/dev"
        yield f"own layers in {account}", request([DEPS], principal=who), "scps", own_only, allowed

    others = {"Effect": "Allow", "NotAction": ATTACH, "Resource": "*"}
    approved = {"ForAllValues:StringLike": {"lambda:Layer": APPROVED}}
    split = document(others, statement("Allow", approved))
    for layers, action, allowed in [
        ([DEPS], "lambda:CreateFunction", True),
        ([FOREIGN], "lambda:CreateFunction", False),
        (None, "lambda:CreateFunction", True),
        (None, "lambda:InvokeFunction", True),
    ]:
        yield f"NotAction, {action} {layers}", request(layers, action), "boundary", split, allowed

    reading = {"Effect": "Allow", "Action": "lambda:GetLayerVersion", "Resource": APPROVED}
    for arn, allowed in [(DEPS, True), (TOOL, True), (NEAR[0], False), (NEAR[1], False)]:
        get = {**request(None, "lambda:GetLayerVersion"), "resource": arn}
        yield f"read {arn}", get, "identity", document(reading), allowed


def refused() -> Iterator[Any]:
    """Documents that must not be judged at all."""
    good = {"ForAllValues:StringLike": {"lambda:Layer": APPROVED}}
    allow = statement("Allow", good)
    yield "no effect", document({"Action": "*", "Resource": "*"})
    yield "no resource", document({"Effect": "Allow", "Action": "*"})
    yield "a principal", document({**allow, "Principal": "*"})
    yield "an action without a service", document({**allow, "Action": "CreateFunction"})
    yield "a property unknown to IAM", document({**allow, "Conditions": {}})
    yield "an unknown version", {**document(allow), "Version": "2012-10-18"}
    yield "no statement", document()
    yield "an empty resource list", document({**allow, "Resource": []})
    for label, operator, key, values in [
        ("a misspelt set operator", "ForAllValue:StringLike", "lambda:Layer", APPROVED),
        ("a misspelt operator", "ForAllValues:StringLikes", "lambda:Layer", APPROVED),
        ("a misspelt key", "ForAllValues:StringLike", "lambda:Layers", APPROVED),
        ("no value", "ForAllValues:StringLike", "lambda:Layer", []),
        ("neither true nor false", "Null", "lambda:Layer", "yes"),
    ]:
        yield label, document(statement("Allow", {operator: {key: values}}))
    yield "one Sid twice", document({**allow, "Sid": "A"}, {**allow, "Sid": "A"})
    variable = {
        "ForAllValues:StringLike": {
            "lambda:Layer": "arn:aws:lambda:*:${aws:PrincipalAccount}:layer:*:*"
        }
    }
    yield (
        "a variable in the old version",
        {**document(statement("Allow", variable)), "Version": "2008-10-17"},
    )


def main() -> int:
    batch = Batch()
    expected = []
    for label, asked, use, given, allowed in [*table(), *particulars()]:
        batch.add(asked, use, [given])
        expected.append((label, "allowed" if allowed else "denied"))
    for label, given in refused():
        for use in ["identity", "boundary", "scps"]:
            batch.add(request([DEPS]), use, [given])
            expected.append((f"{label}, as {use}", "error"))

    wrong = 0
    for (label, wanted), answer in zip(expected, batch.judge(), strict=True):
        found = answer.get("decision", "error")
        if found != wanted:
            wrong += 1
            print(
                f"truth table: {label}\n  expected {wanted}, the evaluator says {answer}",
                file=sys.stderr,
            )
    print(f"truth table: {len(expected)} questions, {wrong} answered otherwise than IAM does")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

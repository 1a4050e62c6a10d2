"""Reads what somebody wrote down by hand about the policies of one example: expect/NAME.json.

    {
      "parameters": {"ArtifactBucket": "archives"},
      "policies": {
        "FunctionDeployer": {
          "as": "identity",
          "principal": "arn:aws:iam::111122223333:role/dev",
          "approved": ["arn:aws:lambda:eu-west-1:111122223333:layer:deps:3"],
          "foreign": ["arn:aws:lambda:eu-west-1:111122223333:layer:deps2:3"],
          "attach": {"no layers": "allowed", "approved only": "allowed",
                     "some foreign": "denied", "foreign only": "denied"},
          "read": {"approved": "allowed", "foreign": "denied"},
          "publish": "denied",
          "anything else": "denied",
          "requests": [{"action": "iam:PassRole", "resource": "arn:…", "expect": "allowed"}],
          "trust": [{"principal": "arn:aws:iam::123456789012:role/ci", "expect": "allowed"},
                    {"principal": "arn:aws:iam::123456789012:role/ci", "permitted": false,
                     "expect": "denied"}],
          "tokens": [{"provider": "gitlab.com", "sub": "…", "aud": "sts.amazonaws.com",
                      "expect": "allowed"}]
        }
      }
    }

A policy is named by its logical ID. `as` is needed where the template does not tell how a document
takes part: a managed policy that is a permissions boundary says boundary, one that only denies says
beside (beside an administrator's policy). Who asks to assume a role is an administrator, but for
`permitted`: without it, the principal has no policy at all. `principal`, `function`, `requests`,
`tokens`, `parameters` and, but for a role, `trust` may be left out, and so may `publish`, which is
about publishing the layer deps of the principal's account and is like anything else without it, and
so may a column whose list of layers is empty. Both actions that attach layers are asked with each
approved and each foreign layer alone, with each pair of approved ones, with each approved one
together with each foreign one, and with all foreign ones.
"""

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

from tests.iam.oracle import ATTACH, PUBLISH, READ
from tests.iam.template import ACCOUNT, REGION, Document, Policy, Request

FIELDS = {
    "as",
    "principal",
    "function",
    "approved",
    "foreign",
    "attach",
    "read",
    "publish",
    "anything else",
    "requests",
    "trust",
    "tokens",
}
REQUEST_FIELDS = {"action", "resource", "principal", "layers", "context", "expect"}
DECISIONS = ("allowed", "denied")
FUNCTION = "arn:aws:lambda:" + REGION + ":{}:function:f"
DEPS = "arn:aws:lambda:" + REGION + ":{}:layer:deps"
BYSTANDERS = [
    ("lambda:InvokeFunction", FUNCTION),
    ("s3:GetObject", "arn:aws:s3:::bucket/key"),
]


class Misstated(Exception):
    """The expectations do not fit their format or their template."""


def requests_in(
    expected: dict[str, Any], documents: list[Document]
) -> Iterator[tuple[str, Request, str, list[Policy], str]]:
    """Each request to ask, with its use, its documents and the answer that is expected."""
    by_resource: dict[str, dict[str, list[Policy]]] = {}
    for document in documents:
        by_resource.setdefault(document.resource, {}).setdefault(document.use, []).append(
            document.content
        )
    entries = expected["policies"]
    if entries.keys() != by_resource.keys():
        odd = sorted(entries.keys() ^ by_resource.keys())
        raise Misstated(
            f"in the template or in its expectations, but not in both: {', '.join(odd)}"
        )
    for name, entry in entries.items():
        unknown = entry.keys() - FIELDS
        if unknown:
            raise Misstated(f"{name}: unknown fields: {', '.join(sorted(unknown))}")
        found = by_resource[name]
        trust = found.pop("trust", None)
        for use, contents in found.items():
            for request, answer in asked_of(name, entry):
                yield name, request, entry.get("as", use), contents, answer
        if trust:
            own = f"arn:aws:iam::{ACCOUNT}:role/{name}"
            for one in required(name, entry, "trust"):
                asked = {"action": "sts:AssumeRole", "resource": own, **one}
                use = "trust" if asked.pop("permitted", True) else "trust alone"
                request, answer = individual(name, asked)
                yield f"{name}, trust", request, use, trust, answer


def required(name: str, entry: dict[str, Any], key: str) -> Any:
    if key not in entry:
        raise Misstated(f"{name}: nothing is said about {key}")
    return entry[key]


def asked_of(name: str, entry: dict[str, Any]) -> Iterator[tuple[Request, str]]:
    principal = entry.get("principal", f"arn:aws:iam::{ACCOUNT}:role/dev")
    account = principal.split(":")[4]
    function = entry.get("function", FUNCTION.format(account))
    approved, foreign = required(name, entry, "approved"), required(name, entry, "foreign")

    columns = {
        "no layers": [[]],
        "approved only": [[one] for one in approved]
        + [list(pair) for pair in combinations(approved, 2)],
        "some foreign": [list(pair) for pair in product(approved, foreign)],
        "foreign only": [[one] for one in foreign] + ([foreign] if len(foreign) > 1 else []),
    }
    for column, lists in columns.items():
        for layers, action in product(lists, ATTACH):
            context = {"lambda:Layer": layers} if layers else {}
            request = {
                "principal": principal,
                "action": action,
                "resource": function,
                "context": context,
            }
            yield request, decision(name, required(name, entry, "attach"), column)
    for column, arns in {"approved": approved, "foreign": foreign}.items():
        for arn in arns:
            if ":awslayer:" not in arn:
                request = {"principal": principal, "action": READ, "resource": arn, "context": {}}
                yield request, decision(name, required(name, entry, "read"), column)
    for action, resource in BYSTANDERS:
        request = {
            "principal": principal,
            "action": action,
            "resource": resource.format(account),
            "context": {},
        }
        yield request, decision(name, entry, "anything else")
    publish = {
        "principal": principal,
        "action": PUBLISH,
        "resource": DEPS.format(account),
        "context": {},
    }
    yield publish, decision(name, entry, "publish" if "publish" in entry else "anything else")
    for one in entry.get("requests", []):
        home = FUNCTION.format(one.get("principal", principal).split(":")[4])
        yield individual(
            name, {"principal": principal, "resource": entry.get("function", home), **one}
        )


def individual(name: str, one: dict[str, Any]) -> tuple[Request, str]:
    unknown = one.keys() - REQUEST_FIELDS
    if unknown:
        raise Misstated(f"{name}: unknown fields of a request: {', '.join(sorted(unknown))}")
    context = dict(one.get("context", {}))
    if one.get("layers"):
        context["lambda:Layer"] = one["layers"]
    request = {key: required(name, one, key) for key in ("principal", "action", "resource")}
    return {**request, "context": context}, decision(name, one, "expect")


def decision(name: str, answers: dict[str, Any], key: str) -> str:
    answer = required(name, answers, key)
    if answer not in DECISIONS:
        raise Misstated(f"{name}: {key} is {answer!r}, neither allowed nor denied")
    return str(answer)

"""Judges tokens of identity providers by a role's trust policy.

The independent evaluator does not know the condition keys of providers. What is emitted for them is
small: principals by the ARN of their provider, `StringEquals` and `StringLike`. Anything else is
refused here and never judged.
"""

from fnmatch import fnmatchcase
from typing import Any

from tests.iam.expectations import Misstated
from tests.iam.template import Document, Policy

ACTION = "sts:AssumeRoleWithWebIdentity"


def like(pattern: str, text: str) -> bool:
    """`StringLike`: `*` and `?`; no other character means anything."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


OPERATORS = {"StringEquals": str.__eq__, "StringLike": like}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def holds(condition: dict[str, Any], provider: str, claims: dict[str, str]) -> bool:
    """Whether every condition holds of the claims of a token."""
    for operator, keys in condition.items():
        if operator not in OPERATORS:
            raise Misstated(f"no token can be judged by {operator}")
        for key, values in keys.items():
            name, _, claim = key.rpartition(":")
            if name != provider or claim not in ("aud", "sub"):
                raise Misstated(f"no token can be judged by {key}")
            if claim not in claims or not any(
                OPERATORS[operator](value, claims[claim]) for value in listed(values)
            ):
                return False
    return True


def admitted(document: Policy, token: dict[str, str]) -> bool:
    """Whether a token may assume the role: {"provider", "sub", "aud"}."""
    provider = token["provider"]
    for statement in document["Statement"]:
        federated = statement["Principal"].get("Federated")
        if federated is None:
            continue
        if statement["Effect"] != "Allow" or listed(statement["Action"]) != [ACTION]:
            raise Misstated(f"no token can be judged by {statement['Sid']}")
        trusted = [arn.partition(":oidc-provider/")[2] for arn in listed(federated)]
        if provider in trusted and holds(statement["Condition"], provider, token):
            return True
    return False


def compare(title: str, expected: dict[str, Any], documents: list[Document]) -> bool:
    """Puts the tokens that are written down to the trust policies; says whether all are judged as
    they should be.
    """
    wrong = asked = 0
    for document in documents:
        if document.use != "trust":
            continue
        for token in expected["policies"][document.resource].get("tokens", []):
            found = "allowed" if admitted(document.content, token) else "denied"
            asked += 1
            if found != token["expect"]:
                wrong += 1
                print(f"{title}: expected {token['expect']}, found {found}: {token}")
    if asked:
        print(f"{title}: {asked} tokens, {wrong} disagreements")
    return wrong == 0

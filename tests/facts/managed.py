"""Prints src/aws/managed.txt: the managed policies of AWS, and what those that concern layers say.

The policies are those that moto ships, which reads them from AWS. What they say is cut to the
actions that the answers of the compiler rest on, and those are written out. A statement keeps its
resources and its conditions whole.
"""

import fnmatch
import importlib.metadata
import importlib.util
import json
from pathlib import Path
from typing import Any

ACTIONS = [
    "lambda:CreateFunction",
    "lambda:UpdateFunctionConfiguration",
    "lambda:GetLayerVersion",
    "lambda:PublishLayerVersion",
    "lambda:AddLayerVersionPermission",
    "iam:PassRole",
]


def policies() -> dict[str, Any]:
    """Every policy by its name. The module is loaded alone, since the rest of moto needs other
    packages.
    """
    package = Path(str(importlib.metadata.distribution("moto").locate_file("moto")))
    path = package / "iam" / "aws_managed_policies.py"
    spec = importlib.util.spec_from_file_location("aws_managed_policies", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    policies: dict[str, Any] = json.loads(module.aws_managed_policies_data)
    return policies


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def concerned(patterns: Any, action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def cut(statement: dict[str, Any]) -> dict[str, Any] | None:
    """The statement with the actions that matter, and None where there are none."""
    if "NotAction" in statement:
        actions = [
            action for action in ACTIONS if not concerned(listed(statement["NotAction"]), action)
        ]
    elif "*" in listed(statement["Action"]):
        actions = ["*"]
    else:
        actions = [action for action in ACTIONS if concerned(listed(statement["Action"]), action)]
    if actions == ["iam:PassRole"] and passes_elsewhere(statement):
        return None
    kept = {"Effect": statement["Effect"], "Action": actions}
    kept |= {
        key: statement[key] for key in ("Resource", "NotResource", "Condition") if key in statement
    }
    return kept if actions else None


def passes_elsewhere(statement: dict[str, Any]) -> bool:
    """Whether roles are passed to other services than Lambda alone."""
    for operator, keys in statement.get("Condition", {}).items():
        services = [
            service
            for key, value in keys.items()
            if key.lower() == "iam:passedtoservice"
            for service in listed(value)
        ]
        if operator in ("StringEquals", "StringLike") and services:
            return not any(
                fnmatch.fnmatchcase("lambda.amazonaws.com", service) for service in services
            )
    return False


def main() -> None:
    lines = []
    every = policies()
    for name, policy in every.items():
        document = policy["Document"]
        if document["Version"] != "2012-10-17":
            raise SystemExit(f"{name} has the version {document['Version']}")
        kept = [one for one in map(cut, listed(document["Statement"])) if one]
        said = " " + json.dumps(kept, separators=(",", ":")) if kept else ""
        lines.append(policy["Path"].removeprefix("/") + name + said)
    newest = max(policy["UpdateDate"] for policy in every.values())
    print(
        "# The managed policies of AWS by path and name, in the partition aws. "
        "What follows a name is what the policy says"
    )
    print(f"# of {', '.join(ACTIONS)};")
    print("# a policy with its name alone says nothing of them.")
    print(f"# Source: moto {importlib.metadata.version('moto')}, moto/iam/aws_managed_policies.py")
    print(f"# As of {newest[:10]}")
    print("\n".join(sorted(lines)))


if __name__ == "__main__":
    main()

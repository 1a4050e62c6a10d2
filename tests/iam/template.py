"""Reads a CloudFormation template as CloudFormation would deploy it into one account and region."""

import re
from dataclasses import dataclass
from typing import Any

Policy = dict[str, Any]
"""A policy document, or a part of one."""
Request = dict[str, Any]
"""`principal`, `action`, `resource`, and `context` with the values of condition keys."""

PARTITION = "aws"
REGION = "us-east-1"
ACCOUNT = "111122223333"
FIRST_VERSION = 7

PSEUDO = {
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": "layers",
    "AWS::URLSuffix": "amazonaws.com",
}

# `${!Name}` stands for a literal `${Name}`, any other `${Name}` for a value.
PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")
LAYER = "AWS::Lambda::LayerVersion"


class Unresolvable(Exception):
    """The template says something whose value cannot be known here."""


@dataclass(frozen=True)
class Document:
    """One policy document of a template."""

    resource: str
    """The logical ID of the resource that holds it."""
    use: str
    """How it takes part in a decision unless told otherwise: identity, trust or scps."""
    content: dict[str, Any]


class Template:
    """A template with the values that its parameters and resources have once deployed."""

    def __init__(self, source: dict[str, Any], parameters: dict[str, str] | None = None) -> None:
        self.resources = source.get("Resources", {})
        self.values = {
            **PSEUDO,
            **self.defaults(source.get("Parameters", {})),
            **(parameters or {}),
        }
        self.layer_versions = self.numbered()

    @staticmethod
    def defaults(declared: dict[str, Any]) -> dict[str, str]:
        return {name: str(one["Default"]) for name, one in declared.items() if "Default" in one}

    def numbered(self) -> dict[str, str]:
        """The ARN of each layer version. A layer's versions count from 7, in template order."""
        newest: dict[str, int] = {}
        arns = {}
        for logical_id, resource in self.resources.items():
            if resource["Type"] == LAYER:
                name = self.resolve(resource["Properties"].get("LayerName", logical_id))
                newest[name] = newest.get(name, FIRST_VERSION - 1) + 1
                arns[logical_id] = (
                    f"arn:{PARTITION}:lambda:{REGION}:{ACCOUNT}:layer:{name}:{newest[name]}"
                )
        return arns

    def reference(self, name: str) -> str:
        if name in self.values:
            return self.values[name]
        if name in self.layer_versions:
            return self.layer_versions[name]
        if name in self.resources:
            return self.named(
                name, {"AWS::IAM::Role": "{}", "AWS::IAM::ManagedPolicy": self.iam_arn("policy")}
            )
        raise Unresolvable(
            f"{name} has no value: a parameter needs a default or a value from the expectations"
        )

    def attribute(self, name: str, attribute: str) -> str:
        if attribute == "LayerVersionArn" and name in self.layer_versions:
            return self.layer_versions[name]
        if attribute == "Arn" and name in self.resources:
            return self.named(name, {"AWS::IAM::Role": self.iam_arn("role")})
        raise Unresolvable(f"the attribute {attribute} of {name} is not known")

    @staticmethod
    def iam_arn(kind: str) -> str:
        return f"arn:{PARTITION}:iam::{ACCOUNT}:{kind}/{{}}"

    def named(self, logical_id: str, forms: dict[str, str]) -> str:
        resource = self.resources[logical_id]
        if resource["Type"] not in forms:
            raise Unresolvable(f"the value of {logical_id}, a {resource['Type']}, is not known")
        properties = resource.get("Properties", {})
        name = properties.get("RoleName") or properties.get("ManagedPolicyName") or logical_id
        return forms[resource["Type"]].format(self.resolve(name))

    def substitute(self, text: str, local: dict[str, Any]) -> str:
        def value(found: re.Match[str]) -> str:
            escaped, name = found.groups()
            if escaped:
                return "${" + name + "}"
            if name in local:
                return str(self.resolve(local[name]))
            return self.attribute(*name.split(".", 1)) if "." in name else self.reference(name)

        return PLACEHOLDER.sub(value, text)

    def resolve(self, value: Any) -> Any:
        """The value with every intrinsic function in it replaced by what it stands for."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(function, argument)] = value.items()
            if function == "Ref":
                return self.reference(argument)
            if function == "Fn::Sub":
                text, local = (argument, {}) if isinstance(argument, str) else argument
                return self.substitute(text, local)
            if function == "Fn::GetAtt":
                parts = argument.split(".", 1) if isinstance(argument, str) else argument
                return self.attribute(*parts)
            if function == "Fn::Join":
                separator, parts = argument
                return separator.join(self.resolve(parts))
            if function.startswith("Fn::"):
                raise Unresolvable(f"{function} is not understood in a policy document")
        return {key: self.resolve(item) for key, item in value.items()}

    def documents(self) -> list[Document]:
        """Every policy document of the template, in template order."""
        found = []
        for logical_id, resource in self.resources.items():
            properties = resource.get("Properties", {})
            match resource["Type"]:
                case "AWS::IAM::Role":
                    found.append((logical_id, "trust", properties["AssumeRolePolicyDocument"]))
                    inline = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
                    found.extend((logical_id, "identity", one) for one in inline)
                case "AWS::IAM::ManagedPolicy":
                    found.append((logical_id, "identity", properties["PolicyDocument"]))
                case "AWS::Organizations::Policy":
                    found.append((logical_id, "scps", properties["Content"]))
        return [
            Document(logical_id, use, self.resolve(content)) for logical_id, use, content in found
        ]

"""Changes of a parsed template, by kind: those that are wider by construction, and those that say
the same.

A kind is a function that gives the edits of a template, one for each place where the kind applies.
What makes an edit wider is seen from the template's form alone: where another part could allow the
same already, the kind stays away.
"""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Template = dict[str, Any]
Path = tuple[str | int, ...]
Edits = dict[Path, object]
Kind = Callable[[Template], Iterator[Edits]]

DELETED = object()
"""What an edit puts where something goes."""

NO_VALUE = {"Ref": "AWS::NoValue"}
STRANGER = "919191919191"
STRANGERS = "o-stranger000"
VERSION = "AWS::Lambda::LayerVersion"
PERMISSION = "AWS::Lambda::LayerVersionPermission"
GUARDRAIL = "AWS::Organizations::Policy"
ATTACH = ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"]
PUBLISHING = ["lambda:PublishLayerVersion", "lambda:AddLayerVersionPermission"]
GENEROUS = ["AdministratorAccess", "PowerUserAccess", "AWSLambda_FullAccess"]
ANY_LAYER = "arn:*:lambda:*:*:layer:*:*"
FULL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}],
}
LOGS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}],
}
ANYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}

WIDER: dict[str, Kind] = {}
SAME: dict[str, Kind] = {}


def wider(kind: Kind) -> Kind:
    WIDER[kind.__name__] = kind
    return kind


def same(kind: Kind) -> Kind:
    SAME[kind.__name__] = kind
    return kind


def applied(template: Template, edits: Edits) -> Template:
    """The template after the edits. A path may lead through objects that are not there yet."""
    made = deepcopy(template)
    for path, value in edits.items():
        place: Any = made
        for key in path[:-1]:
            place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
        if value is DELETED:
            del place[path[-1]]
        elif isinstance(place, list) and path[-1] == len(place):
            place.append(deepcopy(value))
        else:
            place[path[-1]] = deepcopy(value)
    return made


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def mentions(value: object, name: str) -> bool:
    """Whether a value refers to a parameter or a resource, or is that text."""
    if isinstance(value, dict):
        return any(mentions(item, name) for item in value.values())
    if isinstance(value, list):
        return any(mentions(item, name) for item in value)
    return value == name or (isinstance(value, str) and "${" + name + "}" in value)


def resources(template: Template, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] in types:
            yield name, resource


def layers(template: Template) -> list[str]:
    return [name for name, _ in resources(template, VERSION)]


CASE: Edits = {
    ("Parameters", "MutatedCase"): {"Type": "String"},
    ("Conditions", "MutatedCase"): {"Fn::Equals": [{"Ref": "MutatedCase"}, "yes"]},
}
"""A condition that only a deploy decides."""


def in_one_case(first: object, second: object) -> object:
    return {"Fn::If": ["MutatedCase", first, second]}


# Grants


def open_versions(template: Template) -> list[object]:
    """The versions that everyone can use already, or may be able to."""
    found = []
    for _, grant in resources(template, PERMISSION):
        properties = grant["Properties"]
        if properties["Principal"] == "*" and "OrganizationId" not in properties:
            found.append(properties["LayerVersionArn"])
    return found


def is_made(template: Template, resource: dict[str, Any]) -> bool:
    """Whether some deploy makes it: its condition asks for no value that is not allowed."""
    condition = template.get("Conditions", {}).get(resource.get("Condition"), {})
    asked = condition.get("Fn::Equals")
    parameter = template["Parameters"][asked[0]["Ref"]] if asked else {}
    return not asked or asked[1] in parameter.get("AllowedValues", [asked[1]])


def grants(template: Template) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The grants of versions that are not open to everyone: the path of each one's properties, and
    those.
    """
    already = open_versions(template)
    for name, grant in resources(template, PERMISSION):
        if is_made(template, grant) and grant["Properties"]["LayerVersionArn"] not in already:
            yield ("Resources", name, "Properties"), grant["Properties"]


def of_organizations(template: Template) -> Iterator[tuple[Path, Any]]:
    for path, properties in grants(template):
        if "OrganizationId" in properties:
            yield (*path, "OrganizationId"), properties["OrganizationId"]


def of_accounts(template: Template) -> Iterator[tuple[Path, Any]]:
    for path, properties in grants(template):
        if "OrganizationId" not in properties:
            yield (*path, "Principal"), properties["Principal"]


@wider
def organization_dropped(template: Template) -> Iterator[Edits]:
    for path, _ in of_organizations(template):
        yield {path: DELETED}


@wider
def organization_without_a_value(template: Template) -> Iterator[Edits]:
    for path, _ in of_organizations(template):
        yield {path: NO_VALUE}


@wider
def organization_in_one_case(template: Template) -> Iterator[Edits]:
    for path, value in of_organizations(template):
        yield {**CASE, path: in_one_case(value, NO_VALUE)}
        yield {**CASE, path: in_one_case(NO_VALUE, value)}


@wider
def organization_of_strangers(template: Template) -> Iterator[Edits]:
    for path, _ in of_organizations(template):
        yield {path: STRANGERS}


@wider
def organization_from_elsewhere(template: Template) -> Iterator[Edits]:
    for path, _ in of_organizations(template):
        yield {path: {"Fn::ImportValue": "organization"}}
        yield {path: "{{resolve:ssm:/organization}}"}


@wider
def principal_everyone(template: Template) -> Iterator[Edits]:
    for path, _ in of_accounts(template):
        yield {path: "*"}


@wider
def principal_everyone_in_one_case(template: Template) -> Iterator[Edits]:
    for path, value in of_accounts(template):
        yield {**CASE, path: in_one_case(value, "*")}
        yield {**CASE, path: in_one_case("*", value)}


@wider
def principal_of_an_unchecked_parameter(template: Template) -> Iterator[Edits]:
    for path, _ in of_accounts(template):
        for parameter in [{"Type": "String"}, {"Type": "String", "Default": "919191919191"}]:
            yield {("Parameters", "Mutated"): parameter, path: {"Ref": "Mutated"}}


@wider
def principal_a_stranger(template: Template) -> Iterator[Edits]:
    for path, _ in of_accounts(template):
        yield {path: STRANGER}
        yield {path: f"arn:aws:iam::{STRANGER}:root"}


@wider
def principal_from_elsewhere(template: Template) -> Iterator[Edits]:
    for path, _ in of_accounts(template):
        yield {path: {"Fn::ImportValue": "principal"}}
        yield {path: "{{resolve:ssm:/principal}}"}
        yield {
            path: {
                "Fn::Transform": {
                    "Name": "AWS::Include",
                    "Parameters": {"Location": "s3://archives/p"},
                }
            }
        }


@wider
def grant_of_another_version(template: Template) -> Iterator[Edits]:
    """To a version that has no grants at all."""
    granted = [
        grant["Properties"]["LayerVersionArn"] for _, grant in resources(template, PERMISSION)
    ]
    for path, _ in grants(template):
        for name in layers(template):
            if {"Ref": name} not in granted:
                yield {(*path, "LayerVersionArn"): {"Ref": name}}
        yield {(*path, "LayerVersionArn"): {"Fn::ImportValue": "version"}}
        yield {(*path, "LayerVersionArn"): "arn:aws:lambda:us-east-1:111111111111:layer:another:1"}


@wider
def grant_without_its_condition(template: Template) -> Iterator[Edits]:
    for path, _ in grants(template):
        if "Condition" in template["Resources"][path[1]]:
            yield {("Resources", path[1], "Condition"): DELETED}


@wider
def grant_in_the_other_case(template: Template) -> Iterator[Edits]:
    """A condition that asks for another value, of a grant that has no like."""
    for path, properties in grants(template):
        name = template["Resources"][path[1]].get("Condition")
        asked = template.get("Conditions", {}).get(name, {}).get("Fn::Equals", [])
        alike = [other for _, other in grants(template) if other == properties]
        if asked and asked[1] in ("true", "false") and len(alike) == 1:
            other = "false" if asked[1] == "true" else "true"
            yield {("Conditions", name): {"Fn::Equals": [asked[0], other]}}
            yield {("Conditions", name): {"Fn::Not": [{"Fn::Equals": asked}]}}
            yield {
                ("Conditions", name): {"Fn::Or": [{"Fn::Equals": asked}, {"Fn::Equals": [1, 1]}]}
            }


@wider
def grant_that_stays(template: Template) -> Iterator[Edits]:
    for name, grant in resources(template, PERMISSION):
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"]:
            if is_made(template, grant) and grant.get(policy, "Delete") == "Delete":
                yield {("Resources", name, policy): "Retain"}


@wider
def grant_added(template: Template) -> Iterator[Edits]:
    already = open_versions(template)
    for name in layers(template):
        made = {"Action": "lambda:GetLayerVersion", "LayerVersionArn": {"Ref": name}}
        place = ("Resources", "MutatedGrant")
        for who in [
            {"Principal": STRANGER},
            {"Principal": "*"},
            {"Principal": "*", "OrganizationId": STRANGERS},
        ]:
            if {"Ref": name} not in already:
                grant = {"Type": PERMISSION, "Properties": {**made, **who}}
                yield {place: grant}
                yield {**CASE, place: {**grant, "Condition": "MutatedCase"}}


@wider
def grants_by_a_loop(template: Template) -> Iterator[Edits]:
    already = open_versions(template)
    for name in layers(template):
        if {"Ref": name} not in already:
            made = {
                "Action": "lambda:GetLayerVersion",
                "LayerVersionArn": {"Ref": name},
                "Principal": {"Ref": "Who"},
            }
            body = {"Mutated${Who}": {"Type": PERMISSION, "Properties": made}}
            for accounts in [[STRANGER], {"Ref": "MutatedAccounts"}]:
                yield {
                    ("Parameters", "MutatedAccounts"): {"Type": "CommaDelimitedList"},
                    ("Transform",): "AWS::LanguageExtensions",
                    ("Resources", "Fn::ForEach::Mutated"): ["Who", accounts, body],
                }


# Parameters


def who_may_be(template: Template, name: str) -> bool:
    """Whether a parameter says for whom a grant is, or which layers a policy is about."""
    for _, properties in grants(template):
        if mentions([properties["Principal"], properties.get("OrganizationId")], name):
            return True
    return any(mentions(document, name) for _, document, _ in documents(template))


def parameters(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, parameter in template.get("Parameters", {}).items():
        if who_may_be(template, name):
            yield name, parameter


@wider
def allowed_pattern_dropped(template: Template) -> Iterator[Edits]:
    for name, parameter in parameters(template):
        if "AllowedPattern" in parameter:
            yield {("Parameters", name, "AllowedPattern"): DELETED}


@wider
def allowed_pattern_looser(template: Template) -> Iterator[Edits]:
    for name, parameter in parameters(template):
        if "AllowedPattern" in parameter:
            yield {("Parameters", name, "AllowedPattern"): ".*"}


@wider
def allowed_values_more(template: Template) -> Iterator[Edits]:
    for name, parameter in parameters(template):
        if "AllowedValues" in parameter:
            for value in ["*", STRANGER]:
                yield {
                    ("Parameters", name, "AllowedValues", len(parameter["AllowedValues"])): value
                }


@wider
def allowed_values_dropped(template: Template) -> Iterator[Edits]:
    for name, parameter in parameters(template):
        if "AllowedValues" in parameter:
            yield {("Parameters", name, "AllowedValues"): DELETED}


@wider
def case_allowed(template: Template) -> Iterator[Edits]:
    """A value allowed that a condition asks for, which makes a grant."""
    for name, parameter in template.get("Parameters", {}).items():
        for condition in template.get("Conditions", {}).values():
            equals = condition.get("Fn::Equals", [])
            values = parameter.get("AllowedValues")
            if equals and equals[0] == {"Ref": name} and values and equals[1] not in values:
                yield {("Parameters", name, "AllowedValues", len(values)): equals[1]}
                yield {("Parameters", name, "AllowedValues"): DELETED}


@wider
def default_a_stranger(template: Template) -> Iterator[Edits]:
    for name, parameter in parameters(template):
        principal = any(
            properties["Principal"] == {"Ref": name} for _, properties in grants(template)
        )
        if principal and "AllowedPattern" in parameter:
            yield {("Parameters", name, "Default"): STRANGER}


# Policies

Place = tuple[Path, dict[str, Any], str]
"""A policy document: where it stands, what it is, and the logical ID of its resource."""

INLINE = ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"]
BY_THEMSELVES = [
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
]
DOCUMENT = {
    **dict.fromkeys(BY_THEMSELVES, "PolicyDocument"),
    GUARDRAIL: "Content",
    "AWS::SSO::PermissionSet": "InlinePolicy",
}


def documents(template: Template) -> Iterator[Place]:
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if key := DOCUMENT.get(resource["Type"]):
            if key in properties:
                yield ("Resources", name, "Properties", key), properties[key], name
        elif resource["Type"] in INLINE:
            for index, policy in enumerate(properties.get("Policies", [])):
                path = ("Resources", name, "Properties", "Policies", index, "PolicyDocument")
                yield path, policy["PolicyDocument"], name


Statement = tuple[Path, dict[str, Any]]


def statements(document: dict[str, Any], path: Path, effect: str) -> Iterator[Statement]:
    for index, statement in enumerate(document["Statement"]):
        if statement["Effect"] == effect:
            yield (*path, "Statement", index), statement


def denies(template: Template) -> Iterator[Statement]:
    """The statements that deny, each something that no other one of its holder does. A boundary may
    deny the same.
    """
    for path, document, name in documents(template):
        if "PermissionsBoundary" not in template["Resources"][name]["Properties"]:
            yield from statements(document, path, "Deny")


def restrictions(template: Template) -> Iterator[str]:
    """The resources with a document that denies."""
    for path, document, name in documents(template):
        if any(statements(document, path, "Deny")):
            yield name


def allows(template: Template) -> Iterator[Statement]:
    """The statements that allow something about layers, where nothing beside them denies or allows
    it already.
    """
    denying = set(restrictions(template))
    for path, document, name in documents(template):
        properties = template["Resources"][name]["Properties"]
        bound = properties.get("PermissionsBoundary") or properties.get("ManagedPolicyArns")
        attached = any(
            mentions(template["Resources"][other]["Properties"].get("Roles"), name)
            for other in denying
        )
        if name in denying or bound or attached:
            continue
        for place, statement in statements(document, path, "Allow"):
            if "iam:PassRole" not in listed(statement["Action"]):
                yield place, statement


def attaching(template: Template) -> Iterator[Statement]:
    for path, statement in allows(template):
        if "lambda:CreateFunction" in listed(statement["Action"]):
            yield path, statement


def layer_conditions(statement: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """The operators of the conditions on the layers, with the values of each."""
    for operator, keys in statement.get("Condition", {}).items():
        if "lambda:Layer" in keys:
            yield operator, listed(keys["lambda:Layer"])


@wider
def deny_dropped(template: Template) -> Iterator[Edits]:
    for path, _ in denies(template):
        yield {path: DELETED}


@wider
def deny_dropped_in_one_case(template: Template) -> Iterator[Edits]:
    for path, statement in denies(template):
        yield {**CASE, path: in_one_case(statement, NO_VALUE)}


@wider
def deny_turned_into_allow(template: Template) -> Iterator[Edits]:
    for path, _ in denies(template):
        yield {(*path, "Effect"): "Allow"}


@wider
def deny_of_fewer_actions(template: Template) -> Iterator[Edits]:
    for path, statement in denies(template):
        actions = listed(statement["Action"])
        for action in actions:
            # What else a denial of publishing denies lets nobody publish, share or attach.
            if set(actions) & {*ATTACH, *PUBLISHING} != {action}:
                yield {(*path, "Action"): action}


@wider
def deny_of_fewer_functions(template: Template) -> Iterator[Edits]:
    for path, _ in denies(template):
        yield {(*path, "Resource"): "arn:aws:lambda:*:*:function:some-*"}


@wider
def deny_in_fewer_cases(template: Template) -> Iterator[Edits]:
    added = {
        "Bool": {"aws:ViaAWSService": "true"},
        "StringEquals": {"aws:RequestedRegion": "us-east-1"},
        "StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/someone"},
        "StringNotEquals": {"aws:PrincipalAccount": STRANGER},
        "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"},
        "NotAnOperator": {"aws:PrincipalAccount": STRANGER},
    }
    for path, statement in denies(template):
        for operator, condition in added.items():
            if operator not in statement.get("Condition", {}):
                yield {(*path, "Condition", operator): condition}


@wider
def deny_by_another_operator(template: Template) -> Iterator[Edits]:
    """Of all layers instead of any; of the layers in the set instead of the others; of a missing
    key.
    """
    for path, statement in denies(template):
        for operator, values in layer_conditions(statement):
            if operator == "Null":
                yield {(*path, "Condition", "Null", "lambda:Layer"): "true"}
                continue
            qualifier, _, name = operator.partition(":")
            other = name.replace("Not", "") if "Not" in name else name.replace("Like", "NotLike")
            for replaced in [f"ForAllValues:{name}", f"{qualifier}:{other}", f"{operator}IfExits"]:
                yield {
                    (*path, "Condition", operator): DELETED,
                    (*path, "Condition", replaced): {"lambda:Layer": values},
                }


@wider
def deny_of_a_misspelt_key(template: Template) -> Iterator[Edits]:
    for path, statement in denies(template):
        for operator, values in layer_conditions(statement):
            yield {(*path, "Condition", operator): {"lambda:Layers": values}}


@wider
def deny_of_fewer_layers(template: Template) -> Iterator[Edits]:
    for path, statement in denies(template):
        for operator, values in layer_conditions(statement):
            place = (*path, "Condition", operator, "lambda:Layer")
            if operator.endswith("Not" + operator.rpartition("Not")[2]):
                yield {place: [*values, ANY_LAYER]}
                yield {place: [*values, f"arn:aws:lambda:*:{STRANGER}:layer:*:*"]}
                yield {**CASE, place: [*values, in_one_case(ANY_LAYER, NO_VALUE)]}
                yield {place: [*values, {"Fn::ImportValue": "layers"}]}
            elif operator != "Null":
                for index in range(len(values) if len(values) > 1 else 0):
                    yield {(*place, index): DELETED}
                yield {place: [f"arn:aws:lambda:*:{STRANGER}:layer:some:*"]}


@wider
def deny_that_exempts_more(template: Template) -> Iterator[Edits]:
    for path, statement in denies(template):
        key = (*path, "Condition", "ArnNotLike", "aws:PrincipalArn")
        exempt = statement.get("Condition", {}).get("ArnNotLike", {}).get("aws:PrincipalArn", [])
        for role in ["arn:aws:iam::*:role/*", "arn:aws:iam::*:role/stranger"]:
            yield {key: [*listed(exempt), role]}


@wider
def restriction_deleted(template: Template) -> Iterator[Edits]:
    for name in restrictions(template):
        mentioned = any(mentions(other, name) for other in template["Resources"].values())
        if template["Resources"][name]["Type"] not in INLINE and not mentioned:
            yield {("Resources", name): DELETED}


@wider
def restriction_in_one_case(template: Template) -> Iterator[Edits]:
    """Also in no case at all. Not of roles, since a role that is not made attaches nothing."""
    for name in restrictions(template):
        if template["Resources"][name]["Type"] not in INLINE:
            yield {**CASE, ("Resources", name, "Condition"): "MutatedCase"}
            never: Edits = {("Conditions", "MutatedNever"): {"Fn::Equals": ["a", "b"]}}
            yield {**never, ("Resources", name, "Condition"): "MutatedNever"}


@wider
def restriction_detached(template: Template) -> Iterator[Edits]:
    for name in restrictions(template):
        properties = template["Resources"][name]["Properties"]
        for key in ["Roles", "Groups", "Users", "TargetIds"]:
            for index in range(len(properties.get(key, []))):
                yield {("Resources", name, "Properties", key, index): DELETED}
            if key in properties:
                yield {
                    ("Resources", name, "Properties", key): [
                        "ou-zz99-elsewhere" if key == "TargetIds" else "elsewhere"
                    ]
                }
                yield {
                    **CASE,
                    ("Resources", name, "Properties", key): in_one_case(properties[key], NO_VALUE),
                }


@wider
def inline_policy_replaced(template: Template) -> Iterator[Edits]:
    """By another one of the same name, which says nothing of layers."""
    for path, document, name in documents(template):
        resource = template["Resources"][name]
        if resource["Type"] != "AWS::IAM::Role" or not any(statements(document, path, "Deny")):
            continue
        if "PermissionsBoundary" in resource["Properties"]:
            continue
        policy = resource["Properties"]["Policies"][path[-2]]
        properties = {"PolicyName": policy["PolicyName"], "PolicyDocument": LOGS}
        made: list[tuple[str, dict[str, object]]] = [
            ("AWS::IAM::Policy", {"Roles": [{"Ref": name}]}),
            ("AWS::IAM::RolePolicy", {"RoleName": {"Ref": name}}),
        ]
        for type, roles in made:
            yield {("Resources", "Mutated"): {"Type": type, "Properties": {**properties, **roles}}}


@wider
def guardrail_of_another_type(template: Template) -> Iterator[Edits]:
    for name, _ in resources(template, GUARDRAIL):
        for type in [
            "TAG_POLICY",
            "RESOURCE_CONTROL_POLICY",
            "DECLARATIVE_POLICY_EC2",
            "BACKUP_POLICY",
        ]:
            yield {("Resources", name, "Properties", "Type"): type}


@wider
def account_moved(template: Template) -> Iterator[Edits]:
    """To where other guardrails apply."""
    for name, _ in resources(template, "AWS::Organizations::Account"):
        for parents in [["ou-ab12-cccccccc"], ["r-ab12"], {"Ref": "Team"}, NO_VALUE]:
            yield {("Resources", name, "Properties", "ParentIds"): parents}
        yield {("Resources", name, "Properties", "ParentIds"): DELETED}
    for name, _ in resources(template, "AWS::Organizations::OrganizationalUnit"):
        yield {("Resources", name, "Properties", "ParentId"): "r-ab12"}
        yield {**CASE, ("Resources", name, "Properties", "ParentId"): in_one_case("r-ab12", "x")}


@wider
def boundary_dropped(template: Template) -> Iterator[Edits]:
    for name, role in resources(template, "AWS::IAM::Role", "AWS::IAM::User"):
        path = ("Resources", name, "Properties", "PermissionsBoundary")
        # Without a boundary, somebody who is denied every layer attaches none, either.
        denying = "DenyEveryLayer" in json.dumps(role)
        if not denying and (boundary := role["Properties"].get("PermissionsBoundary")):
            yield {path: DELETED}
            yield {path: NO_VALUE}
            yield {**CASE, path: in_one_case(boundary, NO_VALUE)}
            yield {path: "arn:aws:iam::aws:policy/AdministratorAccess"}
            yield {path: "arn:aws:iam::111111111111:policy/another"}
            yield {path: {"Fn::ImportValue": "boundary"}}


@wider
def allow_without_its_condition(template: Template) -> Iterator[Edits]:
    for path, statement in attaching(template):
        if "Condition" in statement:
            yield {(*path, "Condition"): DELETED}
            yield {(*path, "Condition"): NO_VALUE}
            yield {**CASE, (*path, "Condition"): in_one_case(statement["Condition"], NO_VALUE)}


@wider
def allow_by_another_operator(template: Template) -> Iterator[Edits]:
    """Of any layer instead of all; of the layers outside of the set; where there are layers instead
    of none.
    """
    for path, statement in attaching(template):
        for operator, values in layer_conditions(statement):
            if operator == "Null":
                yield {(*path, "Condition", "Null", "lambda:Layer"): "false"}
                continue
            qualifier, _, name = operator.partition(":")
            for replaced in [
                f"ForAnyValue:{name}",
                f"{qualifier}:{name.replace('Like', 'NotLike')}",
                name,
            ]:
                yield {
                    (*path, "Condition", operator): DELETED,
                    (*path, "Condition", replaced): {"lambda:Layer": values},
                }


@wider
def allow_of_more_layers(template: Template) -> Iterator[Edits]:
    for path, statement in attaching(template):
        for operator, values in layer_conditions(statement):
            if operator != "Null":
                place = (*path, "Condition", operator, "lambda:Layer")
                yield {place: [*values, "*"]}
                yield {place: [*values, ANY_LAYER]}
                yield {place: [*values, f"arn:aws:lambda:*:{STRANGER}:layer:*:*"]}
                yield {place: [*values, f"arn:aws:lambda:us-east-1:{STRANGER}:layer:one:1"]}
                yield {place: [*values, {"Fn::ImportValue": "layers"}]}
                yield {**CASE, place: [*values, in_one_case(ANY_LAYER, NO_VALUE)]}


def starred(value: object, field: int) -> object | None:
    """A layer pattern with a field starred, which is wider unless it was a star before."""
    text = (
        value["Fn::Sub"]
        if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str)
        else value
    )
    if not isinstance(text, str):
        return None
    fields = text.replace("::", "\0").split(":")
    if len(fields) != 8 or fields[field] == "*":
        return None
    changed = ":".join([*fields[:field], "*", *fields[field + 1 :]]).replace("\0", "::")
    return changed if value is text else {"Fn::Sub": changed}


@wider
def allow_of_a_starred_pattern(template: Template) -> Iterator[Edits]:
    """The account, or the name. No other pattern of the same list covers what is gained."""
    for path, statement in attaching(template):
        for operator, values in layer_conditions(statement):
            for index, value in enumerate(values):
                others = values[:index] + values[index + 1 :]
                for field in [4, 6]:
                    pattern = starred(value, field)
                    covered = any(starred(other, 6) is None for other in others)
                    if pattern and not covered:
                        place = (*path, "Condition", operator, "lambda:Layer")
                        yield {place: [*values[:index], pattern, *values[index + 1 :]]}


@wider
def allow_of_any_function(template: Template) -> Iterator[Edits]:
    for path, statement in attaching(template):
        if statement["Resource"] != "*":
            yield {(*path, "Resource"): "*"}
            yield {(*path, "Resource"): "arn:aws:lambda:*:*:function:*"}


@wider
def allow_to_read_any_layer(template: Template) -> Iterator[Edits]:
    for path, statement in allows(template):
        if statement["Action"] == "lambda:GetLayerVersion" and statement["Resource"] != "*":
            yield {(*path, "Resource"): "*"}
            yield {(*path, "Resource"): [*listed(statement["Resource"]), ANY_LAYER]}


@wider
def allow_everything_but(template: Template) -> Iterator[Edits]:
    for path, _ in attaching(template):
        yield {(*path, "Action"): DELETED, (*path, "NotAction"): "s3:*", (*path, "Resource"): "*"}
        yield {
            (*path, "Resource"): DELETED,
            (*path, "NotResource"): "arn:aws:s3:::*",
            (*path, "Condition"): {},
        }


@wider
def allow_added(template: Template) -> Iterator[Edits]:
    for path, document, _ in documents(template):
        if any(path == place[: len(path)] for place, _ in attaching(template)):
            for action in ["lambda:*", "*", ["lambda:Create*", "lambda:Get*"]]:
                added = {"Effect": "Allow", "Action": action, "Resource": "*"}
                yield {(*path, "Statement", len(document["Statement"])): added}
            included = {
                "Fn::Transform": {
                    "Name": "AWS::Include",
                    "Parameters": {"Location": "s3://archives/s"},
                }
            }
            yield {(*path, "Statement", len(document["Statement"])): included}


@wider
def publishing_of_more_layers(template: Template) -> Iterator[Edits]:
    for path, statement in allows(template):
        if set(listed(statement["Action"])) & set(PUBLISHING) and statement["Resource"] != "*":
            yield {(*path, "Resource"): "*"}
            yield {(*path, "Resource"): DELETED, (*path, "NotResource"): "arn:aws:s3:::archives"}
            yield {**CASE, (*path, "Resource"): in_one_case("*", statement["Resource"])}


@wider
def publishing_added(template: Template) -> Iterator[Edits]:
    """Where nothing is said of publishing, neither allowed nor denied."""
    for path, document, _ in documents(template):
        said = [listed(statement["Action"]) for statement in document["Statement"]]
        if any(path == place[: len(path)] for place, _ in attaching(template)):
            for action in PUBLISHING:
                if not any(action in actions for actions in said):
                    added = {"Effect": "Allow", "Action": action, "Resource": "*"}
                    yield {(*path, "Statement", len(document["Statement"])): added}


@wider
def allow_with_an_unknown_element(template: Template) -> Iterator[Edits]:
    for path, _ in attaching(template):
        yield {(*path, "Actions"): "lambda:*"}


@wider
def pass_role_of_any_role(template: Template) -> Iterator[Edits]:
    for path, document, name in documents(template):
        if name not in set(restrictions(template)):
            for place, statement in statements(document, path, "Allow"):
                if statement["Action"] == "iam:PassRole":
                    yield {(*place, "Resource"): "*"}


@wider
def policy_attached_to_more(template: Template) -> Iterator[Edits]:
    denying = set(restrictions(template))
    for name, policy in resources(template, "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        if name not in denying:
            for key in ["Roles", "Groups", "Users"]:
                attached = policy["Properties"].get(key, [])
                yield {("Resources", name, "Properties", key): [*attached, "strangers"]}


@wider
def managed_policy_added(template: Template) -> Iterator[Edits]:
    for name, holder in resources(template, *INLINE):
        properties = holder["Properties"]
        if "PermissionsBoundary" not in properties and "ManagedPolicyArns" not in properties:
            for policy in GENEROUS:
                arn = f"arn:aws:iam::aws:policy/{policy}"
                yield {("Resources", name, "Properties", "ManagedPolicyArns"): [arn]}
            yield {
                ("Resources", name, "Properties", "ManagedPolicyArns"): [
                    "arn:aws:iam::111111111111:policy/unseen"
                ]
            }


# Names, tags and accounts


@wider
def name_that_is_exempt(template: Template) -> Iterator[Edits]:
    """A role gets a name that a guardrail exempts."""
    for _, guardrail in resources(template, GUARDRAIL):
        for _, statement in statements(guardrail["Properties"]["Content"], (), "Deny"):
            exempt = (
                statement.get("Condition", {}).get("ArnNotLike", {}).get("aws:PrincipalArn", [])
            )
            for arn in listed(exempt):
                for name, role in resources(template, "AWS::IAM::Role"):
                    path = ("Resources", name, "Properties", "RoleName")
                    if isinstance(arn, str) and "RoleName" in role["Properties"]:
                        yield {path: arn.rpartition("/")[2].replace("*", "one")}
                        yield {path: {"Fn::ImportValue": "name"}}


@wider
def tag_that_a_policy_mentions(template: Template) -> Iterator[Edits]:
    """A role gets another value of such a tag, or loses it."""
    for name, role in resources(template, "AWS::IAM::Role", "AWS::IAM::User"):
        written = json.dumps(role["Properties"].get("Policies"))
        for index, tag in enumerate(role["Properties"].get("Tags", [])):
            if f"aws:PrincipalTag/{tag['Key']}" in written:
                path = ("Resources", name, "Properties", "Tags", index)
                yield {(*path, "Value"): "another"}
                yield {(*path, "Value"): {"Fn::ImportValue": "tag"}}
                yield {**CASE, (*path, "Value"): in_one_case(tag["Value"], "another")}
                yield {path: DELETED}


def rolled_out(template: Template) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The stack sets whose templates only deny."""
    for name, stack_set in resources(template, "AWS::CloudFormation::StackSet"):
        if '"Deny"' in json.dumps(json.loads(stack_set["Properties"]["TemplateBody"])):
            yield ("Resources", name, "Properties"), stack_set["Properties"]


@wider
def rolled_out_to_fewer(template: Template) -> Iterator[Edits]:
    """To fewer accounts or units, or only to those that are there at the deploy."""
    for path, properties in rolled_out(template):
        yield {(*path, "AutoDeployment"): {"Enabled": False}}
        yield {(*path, "StackInstancesGroup"): DELETED}
        yield {path[:-1]: DELETED}
        for index, group in enumerate(properties["StackInstancesGroup"]):
            targets = (*path, "StackInstancesGroup", index, "DeploymentTargets")
            for key, members in group["DeploymentTargets"].items():
                for place in range(len(members)):
                    yield {(*targets, key, place): DELETED}
                    yield {**CASE, (*targets, key, place): in_one_case(members[place], NO_VALUE)}
            yield {
                (*targets, "AccountFilterType"): "DIFFERENCE",
                (*targets, "Accounts"): [STRANGER],
            }


@wider
def rolled_out_with_less(template: Template) -> Iterator[Edits]:
    """A template that denies less."""
    for path, properties in rolled_out(template):
        body = json.loads(properties["TemplateBody"])
        for place, document, _ in documents(body):
            for statement, _ in statements(document, place, "Deny"):
                yield {(*path, "TemplateBody"): json.dumps(applied(body, {statement: DELETED}))}
        yield {(*path, "TemplateBody"): {"Fn::ImportValue": "body"}}
        yield {(*path, "TemplateBody"): DELETED, (*path, "TemplateURL"): "https://archives/t.yaml"}


@wider
def organization_without_guardrails(template: Template) -> Iterator[Edits]:
    for name, _ in resources(template, "AWS::Organizations::Organization"):
        yield {("Resources", name, "Properties", "FeatureSet"): "CONSOLIDATED_BILLING"}


@wider
def credential_added(template: Template) -> Iterator[Edits]:
    for name, user in resources(template, "AWS::IAM::User"):
        if "Policies" in user["Properties"]:
            password = {"Password": {"Fn::ImportValue": "password"}}
            yield {("Resources", name, "Properties", "LoginProfile"): password}
            key = {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": name}}}
            yield {("Resources", "Mutated"): key}


# Trust


def trusts(template: Template) -> Iterator[tuple[Path, dict[str, Any]]]:
    for name, role in resources(template, "AWS::IAM::Role"):
        document = role["Properties"]["AssumeRolePolicyDocument"]
        path = ("Resources", name, "Properties", "AssumeRolePolicyDocument")
        denying = isinstance(document, dict) and any(statements(document, path, "Deny"))
        if not denying:
            yield path, json.loads(document) if isinstance(document, str) else document


@wider
def trust_in_anybody(template: Template) -> Iterator[Edits]:
    for path, document in trusts(template):
        opened = {**document, "Statement": [*document["Statement"], ANYBODY]}
        if "${" not in json.dumps(document):
            yield {path: json.dumps(opened)}
        yield {path: opened}
        yield {path: {**document, "Statement": [ANYBODY]}}
        yield {**CASE, path: in_one_case(document, opened)}
        yield {
            path: {**document, "Statement": [*document["Statement"], {**ANYBODY, "Principal": "*"}]}
        }


@wider
def trust_in_a_stranger(template: Template) -> Iterator[Edits]:
    for path, document in trusts(template):
        principals: list[dict[str, object]] = [
            {"AWS": STRANGER},
            {"AWS": f"arn:aws:iam::{STRANGER}:role/one"},
            {"Service": "apigateway.amazonaws.com"},
            {"Federated": "cognito-identity.amazonaws.com"},
            {"AWS": {"Fn::ImportValue": "principal"}},
        ]
        for principal in principals:
            added = {**ANYBODY, "Principal": principal}
            yield {path: {**document, "Statement": [*document["Statement"], added]}}
        excepted = {
            "Effect": "Allow",
            "NotPrincipal": {"AWS": STRANGER},
            "Action": "sts:AssumeRole",
        }
        yield {path: {**document, "Statement": [*document["Statement"], excepted]}}


@wider
def trust_without_its_condition(template: Template) -> Iterator[Edits]:
    for path, document in trusts(template):
        for index, statement in enumerate(document["Statement"]):
            if "Condition" in statement:
                yield {(*path, "Statement", index, "Condition"): DELETED}
                for operator in statement["Condition"]:
                    yield {(*path, "Statement", index, "Condition", operator): DELETED}


@wider
def trust_in_more_subjects(template: Template) -> Iterator[Edits]:
    for path, document in trusts(template):
        for index, statement in enumerate(document["Statement"]):
            for operator, keys in statement.get("Condition", {}).items():
                for key in keys:
                    if operator == "StringLike":
                        yield {(*path, "Statement", index, "Condition", operator, key): ["*"]}
                    elif operator == "StringEquals":
                        yield {
                            (*path, "Statement", index, "Condition", operator, key): [
                                *listed(keys[key]),
                                "one-more",
                            ]
                        }


@wider
def trust_without_its_deny(template: Template) -> Iterator[Edits]:
    for name, role in resources(template, "AWS::IAM::Role"):
        document = role["Properties"]["AssumeRolePolicyDocument"]
        if isinstance(document, dict):
            path = ("Resources", name, "Properties", "AssumeRolePolicyDocument")
            for place, _ in statements(document, path, "Deny"):
                yield {place: DELETED}
                yield {(*place, "Condition", "Bool"): {"aws:MultiFactorAuthPresent": "false"}}


# What stands for more than itself


def handed(template: Template) -> object:
    """The layer of a template, or its role or policy."""
    names = layers(template) or [name for name, _ in resources(template, *INLINE, *BY_THEMSELVES)]
    return {"Ref": names[0]} if names else "nothing"


@wider
def resource_that_is_not_read(template: Template) -> Iterator[Edits]:
    url = {"TemplateURL": "https://archives.s3.amazonaws.com/t.yaml"}
    given = {"Given": handed(template)}
    body = json.dumps(
        {"Resources": {"Open": {"Type": PERMISSION, "Properties": {"Principal": "*"}}}}
    )
    for type, properties in [
        ("AWS::CloudFormation::Stack", {**url, "Parameters": given}),
        ("AWS::CloudFormation::Stack", url),
        (
            "AWS::CloudFormation::StackSet",
            {"StackSetName": "s", "PermissionModel": "SELF_MANAGED", "TemplateBody": body},
        ),
        (
            "AWS::CloudFormation::CustomResource",
            {"ServiceToken": "arn:aws:sns:us-east-1:111111111111:t", **given},
        ),
        ("Custom::Share", {"ServiceToken": "arn:aws:sns:us-east-1:111111111111:t", **given}),
        ("Acme::Layers::Share::MODULE", given),
        ("Acme::Layers::Share", given),
    ]:
        yield {("Resources", "Mutated"): {"Type": type, "Properties": properties}}
    yield {("Resources", "Mutated"): {"Properties": given}}


@wider
def macro(template: Template) -> Iterator[Edits]:
    included = {"Name": "AWS::Include", "Parameters": {"Location": "s3://archives/more.yaml"}}
    yield {("Resources", "Fn::Transform"): included}
    yield {("Transform",): "Acme"}
    yield {("Transform",): ["Acme"]}
    yield {("Transform",): included}
    yield {("Transform",): "AWS::Serverless-2016-10-31", ("Resources", "Mutated"): APPLICATION}
    yield {("Globals", "Function", "Fn::Transform"): included}
    for name in [*layers(template), *[name for name, _ in resources(template, *INLINE)]][:1]:
        yield {("Resources", name, "Properties", "Fn::Transform"): included}


APPLICATION = {
    "Type": "AWS::Serverless::Application",
    "Properties": {"Location": "https://archives.s3.amazonaws.com/t.yaml"},
}


@wider
def identity_with_full_access(template: Template) -> Iterator[Edits]:
    """Each type of IAM and Identity Center that bears policies, with all of Lambda."""
    named = {"PolicyName": "all", "PolicyDocument": FULL}
    administrator = ["arn:aws:iam::aws:policy/AdministratorAccess"]
    instance = {"InstanceArn": "arn:aws:sso:::instance/ssoins-1111111111111111", "Name": "all"}
    trust = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [ANYBODY]}}
    made: list[tuple[str, dict[str, object]]] = [
        ("AWS::IAM::Role", {**trust, "Policies": [named]}),
        ("AWS::IAM::Role", {**trust, "ManagedPolicyArns": administrator}),
        ("AWS::IAM::User", {"Policies": [named]}),
        ("AWS::IAM::User", {"ManagedPolicyArns": administrator}),
        ("AWS::IAM::User", {"Groups": ["administrators"]}),
        ("AWS::IAM::Group", {"Policies": [named]}),
        ("AWS::IAM::Group", {"ManagedPolicyArns": administrator}),
        ("AWS::IAM::ManagedPolicy", {"PolicyDocument": FULL}),
        ("AWS::IAM::ManagedPolicy", {"PolicyDocument": FULL, "Groups": ["outside"]}),
        ("AWS::IAM::Policy", {**named, "Groups": ["outside"]}),
        ("AWS::IAM::Policy", {**named, "Roles": ["outside"]}),
        ("AWS::IAM::Policy", {**named, "Users": ["outside"]}),
        ("AWS::IAM::RolePolicy", {**named, "RoleName": "outside"}),
        ("AWS::IAM::UserPolicy", {**named, "UserName": "outside"}),
        ("AWS::IAM::GroupPolicy", {**named, "GroupName": "outside"}),
        ("AWS::SSO::PermissionSet", {**instance, "InlinePolicy": FULL}),
        ("AWS::SSO::PermissionSet", {**instance, "InlinePolicy": json.dumps(FULL)}),
        ("AWS::SSO::PermissionSet", {**instance, "ManagedPolicies": administrator}),
        (
            "AWS::SSO::PermissionSet",
            {**instance, "CustomerManagedPolicyReferences": [{"Name": "all"}]},
        ),
    ]
    for type, properties in made:
        yield {("Resources", "Mutated"): {"Type": type, "Properties": properties}}


@wider
def member_added(template: Template) -> Iterator[Edits]:
    for name, _ in resources(template, "AWS::IAM::Group"):
        added = {"GroupName": {"Ref": name}, "Users": ["stranger"]}
        yield {
            ("Resources", "Mutated"): {"Type": "AWS::IAM::UserToGroupAddition", "Properties": added}
        }
    for name, addition in resources(template, "AWS::IAM::UserToGroupAddition"):
        yield {
            (
                "Resources",
                name,
                "Properties",
                "Users",
                len(addition["Properties"]["Users"]),
            ): "stranger"
        }


# The same


def shuffled(template: Template, value: dict[str, Any]) -> dict[str, Any]:
    """In another order, the same one for the same template."""
    keys = list(value)
    random.Random(len(json.dumps(template))).shuffle(keys)
    return {key: value[key] for key in keys}


@same
def nothing(template: Template) -> Iterator[Edits]:
    yield {}


@same
def order_of_resources(template: Template) -> Iterator[Edits]:
    yield {("Resources",): dict(reversed(template["Resources"].items()))}
    yield {("Resources",): shuffled(template, template["Resources"])}


@same
def order_of_statements(template: Template) -> Iterator[Edits]:
    for path, document, _ in documents(template):
        if len(document["Statement"]) > 1:
            yield {(*path, "Statement"): document["Statement"][::-1]}


@same
def order_of_values(template: Template) -> Iterator[Edits]:
    for path, document, _ in documents(template):
        for index, statement in enumerate(document["Statement"]):
            place = (*path, "Statement", index)
            for key in ["Action", "Resource"]:
                if len(listed(statement.get(key, []))) > 1:
                    yield {(*place, key): statement[key][::-1]}
            for operator, keys in statement.get("Condition", {}).items():
                for key, values in keys.items():
                    if len(listed(values)) > 1:
                        yield {(*place, "Condition", operator, key): values[::-1]}


@same
def order_of_attachments(template: Template) -> Iterator[Edits]:
    for name, resource in template["Resources"].items():
        for key in ["Roles", "Groups", "Users", "TargetIds", "ManagedPolicyArns", "Policies"]:
            values = resource.get("Properties", {}).get(key, [])
            if len(values) > 1:
                yield {("Resources", name, "Properties", key): values[::-1]}


@same
def value_in_a_list(template: Template) -> Iterator[Edits]:
    for path, document, _ in documents(template):
        for index, statement in enumerate(document["Statement"]):
            for key in ["Action", "Resource"]:
                value = statement.get(key)
                if isinstance(value, list) and len(value) == 1:
                    yield {(*path, "Statement", index, key): value[0]}
                elif isinstance(value, str):
                    yield {(*path, "Statement", index, key): [value]}


@same
def statement_without_a_list(template: Template) -> Iterator[Edits]:
    for path, document, _ in documents(template):
        if len(document["Statement"]) == 1:
            yield {(*path, "Statement"): document["Statement"][0]}


@same
def sids(template: Template) -> Iterator[Edits]:
    for path, document, _ in documents(template):
        for index, statement in enumerate(document["Statement"]):
            yield {(*path, "Statement", index, "Sid"): f"Renamed{index}"}
            if "Sid" in statement:
                yield {(*path, "Statement", index, "Sid"): DELETED}


@same
def case_of_actions(template: Template) -> Iterator[Edits]:
    for path, document, _ in documents(template):
        for index, statement in enumerate(document["Statement"]):
            action = [one.lower() for one in listed(statement["Action"])]
            yield {(*path, "Statement", index, "Action"): action}


@same
def name_of_a_grant(template: Template) -> Iterator[Edits]:
    for name, grant in resources(template, PERMISSION):
        yield {("Resources", name): DELETED, ("Resources", "Renamed"): grant}


@same
def descriptions(template: Template) -> Iterator[Edits]:
    yield {("Description",): "Another description"}
    yield {("Metadata",): {"Author": "somebody"}}
    for name in template.get("Parameters", {}):
        yield {("Parameters", name, "Description"): "Another description"}
    for name, _ in resources(template, "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", GUARDRAIL):
        yield {("Resources", name, "Properties", "Description"): "Another description"}
    for name in template["Resources"]:
        yield {("Resources", name, "Metadata"): {"Note": "another"}}


@same
def output_added(template: Template) -> Iterator[Edits]:
    for name in layers(template)[:2]:
        yield {("Outputs", "Arn"): {"Value": {"Ref": name}}}


@same
def unrelated_resource(template: Template) -> Iterator[Edits]:
    for type, properties in [
        ("AWS::SNS::Topic", {}),
        ("AWS::S3::Bucket", {"BucketName": "archives"}),
        ("AWS::SQS::Queue", {"QueueName": "orders"}),
        ("AWS::DynamoDB::Table", {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 7}),
        ("AWS::CloudWatch::Alarm", {"MetricName": "Errors"}),
        ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
    ]:
        yield {("Resources", "Unrelated"): {"Type": type, "Properties": properties}}


@same
def unused_parameter(template: Template) -> Iterator[Edits]:
    yield CASE
    yield {("Parameters", "Unused"): {"Type": "String", "Default": "*"}}


@same
def tag_that_no_policy_mentions(template: Template) -> Iterator[Edits]:
    for name, role in resources(template, "AWS::IAM::Role"):
        for index, tag in enumerate(role["Properties"].get("Tags", [])):
            if "aws:PrincipalTag/" + tag["Key"] not in json.dumps(template):
                path = ("Resources", name, "Properties", "Tags", index)
                yield {(*path, "Value"): "another"}
                yield {path: DELETED}


@same
def boundary_added(template: Template) -> Iterator[Edits]:
    for name, holder in resources(template, "AWS::IAM::Role", "AWS::IAM::User"):
        if "PermissionsBoundary" not in holder["Properties"]:
            for policy in GENEROUS:
                arn = f"arn:aws:iam::aws:policy/{policy}"
                yield {("Resources", name, "Properties", "PermissionsBoundary"): arn}


@same
def narrower(template: Template) -> Iterator[Edits]:
    """Somebody loses something, and nobody gains."""
    for name, grant in resources(template, PERMISSION):
        if grant.get("DeletionPolicy", "Delete") == "Delete":
            yield {("Resources", name): DELETED}
    for path, document, _ in documents(template):
        denied = {
            "Sid": "Never",
            "Effect": "Deny",
            "Action": ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"],
            "Resource": "*",
        }
        yield {(*path, "Statement", len(document["Statement"])): denied}
        for index, statement in enumerate(document["Statement"]):
            if statement["Effect"] == "Allow" and len(document["Statement"]) > 1:
                yield {(*path, "Statement", index): DELETED}

"""What the rules of a role, policy, boundary or guardrail mean, in plain set logic.

Written from the language's manual and from nothing else: no policy document is looked at and no
pattern is matched the way IAM does it. An ARN is taken apart into its fields, and a set is a
question asked of the fields.
"""

from dataclasses import dataclass
from typing import Any

from tests.iam.template import Request

ATTACH = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
UPDATE = "lambda:UpdateFunctionConfiguration"
READ = "lambda:GetLayerVersion"
PUBLISH = "lambda:PublishLayerVersion"
CHANGE_SHARES = ("lambda:AddLayerVersionPermission", "lambda:RemoveLayerVersionPermission")
SHOW_SHARES = "lambda:GetLayerVersionPolicy"

Fields = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Item:
    """One item of a layer set."""

    kind: str
    """layer: any version of a declared layer. version: one version of it. from: layers by name,
    from some accounts. arn: as written. named: layers to publish or to share, by name.
    """
    pattern: str = ""
    """layer: the name that AWS knows. from, named: a pattern for names. arn: the ARN, which may
    hold wildcards.
    """
    accounts: tuple[Any, ...] = ()
    """from: the accounts; empty stands for `this account`."""
    name: str = ""
    """What the source calls the declared layer, or the accounts."""
    label: str = ""
    """version: its label."""


@dataclass(frozen=True)
class Rule:
    """allow, allow none, allow update, allow read, deny, deny all or deny all except, with the
    items of its set; allow publish, allow share, deny publish, deny publish except and the same of
    share, with items that are named.
    """

    verb: str
    items: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Trust:
    """Accounts or organizations that may assume a role."""

    name: str
    ids: tuple[Any, ...]


@dataclass(frozen=True)
class Block:
    """A role, policy, boundary or guardrail."""

    kind: str
    name: str
    rules: tuple[Any, ...]
    functions: tuple[Any, ...] = ()
    exempt: tuple[Any, ...] = ()
    trust: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """Where the stack is, and the ARN of each declared version by layer name and label."""

    partition: str
    account: str
    versions: dict[tuple[str, str], str]


def like(pattern: str, text: str) -> bool:
    """Whether `*` for any characters and `?` for any one make the pattern the text."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(like(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and like(pattern[1:], text[1:])


def fields_of(arn: str) -> Fields | None:
    """Partition, region, account, name and version of a layer version's ARN; None for any other."""
    parts = arn.split(":")
    if len(parts) != 8 or parts[0] != "arn" or parts[2] != "lambda" or parts[5] != "layer":
        return None
    return parts[1], parts[3], parts[4], parts[6], parts[7]


def known_fields(arn: str) -> Fields:
    """The same, of an ARN that is one."""
    fields = fields_of(arn)
    if fields is None:
        raise ValueError(f"{arn} is not the ARN of a layer version")
    return fields


def layer_of(arn: str) -> tuple[str, str, str] | None:
    """Partition, account and name of a layer's ARN, with or without a version, or None."""
    parts = arn.split(":")
    if len(parts) not in (7, 8) or parts[0] != "arn" or parts[2] != "lambda" or parts[5] != "layer":
        return None
    return parts[1], parts[4], parts[6]


def within(item: Item, arn: str, deployment: Deployment, caller: str) -> bool:
    """Whether the layer version is in the item. `this account` means the account `caller`."""
    found = fields_of(arn)
    if found is None:
        return False
    partition, _, account, name, _ = found
    match item.kind:
        case "version":
            return arn == deployment.versions[item.name, item.label]
        case "arn":
            return all(map(like, known_fields(item.pattern), found))
        case "layer":
            return (partition, account, name) == (
                deployment.partition,
                deployment.account,
                item.pattern,
            )
        case "from":
            listed = account in (item.accounts or (caller,))
            return partition == deployment.partition and listed and like(item.pattern, name)
    raise ValueError(f"a set has no item of the kind {item.kind}")


def permitted(block: Block, request: Request, deployment: Deployment, administrator: bool) -> bool:
    """Whether to allow the request, to somebody who may do everything otherwise or nothing."""
    account = request["principal"].split(":")[4]
    caller = account if block.kind == "guardrail" else deployment.account
    layers = request["context"].get("lambda:Layer", [])
    action, resource = request["action"], request["resource"]

    def holds(rule: Rule, arn: str) -> bool:
        return any(within(item, arn, deployment, caller) for item in rule.items)

    def allows(rule: Rule) -> bool:
        if rule.verb == "allow none":
            return not layers
        if rule.verb == "allow update" and action != UPDATE:
            return False
        return rule.verb in ("allow", "allow update") and all(holds(rule, arn) for arn in layers)

    def names(rule: Rule, account: str | None = None) -> bool:
        """Whether the layer of the request is one that the rule names; of any account if none is
        given.
        """
        found = layer_of(resource)
        if found is None:
            raise ValueError(f"{resource} is not a layer")
        partition, owner, name = found
        at_home = partition == deployment.partition and account in (None, owner)
        return at_home and any(like(item.pattern, name) for item in rule.items)

    def lets(*verbs: str) -> bool:
        return any(rule.verb in verbs and names(rule, deployment.account) for rule in block.rules)

    def keeps(right: str, rule: Rule) -> bool:
        if rule.verb == f"deny {right} except":
            return not names(rule)
        return rule.verb == f"deny {right}" and (not rule.items or names(rule))

    def denies(rule: Rule) -> bool:
        match rule.verb:
            case "deny":
                return any(holds(rule, arn) for arn in layers)
            case "deny all":
                return bool(layers)
            case "deny all except":
                return not all(holds(rule, arn) for arn in layers)
        return False

    role = request["principal"].split(":role/")[-1]
    spared = any(like(pattern, role) for pattern in block.exempt)
    if action == READ:
        readable = ("allow", "allow update", "allow read")
        return (
            administrator
            or lets("allow publish")
            or any(rule.verb in readable and holds(rule, resource) for rule in block.rules)
        )
    if action == PUBLISH or action in CHANGE_SHARES:
        right = "publish" if action == PUBLISH else "share"
        if not spared and any(keeps(right, rule) for rule in block.rules):
            return False
        return administrator or lets(f"allow {right}")
    if action == SHOW_SHARES:
        return administrator or lets("allow share")
    if action not in ATTACH:
        return administrator
    if not spared and any(map(denies, block.rules)):
        return False
    function = resource.split(":function:")[-1]
    about = not block.functions or any(like(pattern, function) for pattern in block.functions)
    return administrator or (about and any(map(allows, block.rules)))


def trusted(block: Block, request: Request, permitted: bool) -> bool:
    """Whether the principal, with the organization it is in, may assume the role.

    To trust an account or an organization leaves it to the principal's own account whom it permits
    to assume the role; so nobody may without a permission, not even in the account of the role.
    """
    if not permitted:
        return False
    ids = [one for trust in block.trust for one in trust.ids]
    organization = request["context"].get("aws:PrincipalOrgID")
    return request["principal"].split(":")[4] in ids or organization in ids

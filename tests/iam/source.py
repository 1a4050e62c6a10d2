"""Writes abstract rules in the project's language. Nothing else here knows the grammar."""

from collections.abc import Iterator

from tests.iam.generate import Declarations, Layer
from tests.iam.oracle import Block, Item


def write(declarations: Declarations, blocks: list[Block]) -> str:
    """The text of a source file: the declarations, then one block for each of the abstract ones."""
    lines = [f"account {name} = {id}" for name, id in declarations.accounts.items()]
    lines += [f"organization {name} = {id}" for name, id in declarations.organizations.items()]
    lines += [
        f"group {name} = {', '.join(members)}" for name, members in declarations.groups.items()
    ]
    for layer in declarations.layers:
        lines += ["", *write_layer(layer)]
    for block in blocks:
        lines += ["", *write_block(block)]
    return "\n".join(lines) + "\n"


def write_layer(layer: Layer) -> Iterator[str]:
    yield f"layer {layer.name} {{"
    if layer.known_as != layer.name:
        yield f"  name {layer.known_as}"
    for label, arn in layer.versions.items():
        yield (
            f"  version {label} at {arn}"
            if arn
            else f"  version {label} from s3://archives/{key(layer, label)}"
        )
    yield "}"


def key(layer: Layer, label: str) -> str:
    """The S3 key of a version that the stack publishes; no two versions share one."""
    return f"{layer.name}/{label}.zip"


def write_block(block: Block) -> Iterator[str]:
    yield f"{block.kind} {block.name} {{"
    if block.kind == "guardrail":
        yield "  apply to ou-ab12-cdefghij"
    if block.trust:
        yield f"  trust {', '.join(trust.name for trust in block.trust)}"
    for rule in block.rules:
        yield "  " + " ".join([rule.verb, ", ".join(map(write_item, rule.items))]).rstrip()
    if block.functions:
        yield f"  functions {', '.join(block.functions)}"
    if block.exempt:
        yield f"  exempt role {', '.join(block.exempt)}"
    yield "}"


def write_item(item: Item) -> str:
    match item.kind:
        case "layer":
            return item.name
        case "version":
            return f"{item.name} version {item.label}"
        case "from":
            return f"{item.pattern} from {item.name}"
        case "named":
            return item.name or item.pattern
    return item.pattern

"""Checks that the YAML the compiler writes says to other readers what its JSON says.

The emitter is our own, so its quoting, its short-form tags and its line ends are judged by readers
that are not: the parser of aws-cli, which `aws cloudformation package` and `deploy` use, and
PyYAML's libyaml binding, on which most linters rest. JSON leaves nothing to a reader's judgement;
each YAML must read the same, types included. The text itself keeps to what every YAML 1.1 reader
and every terminal handles alike, and the committed template must be what its source compiles to
today. The sources of tests/cases/compile are read as well: they hold what readers differ about.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from tests.shared.checks import (
    ROOT,
    count,
    differences,
    finish,
    long_form,
    shown,
    some,
    stack_sets,
    templates,
)

FUNCTIONS = [
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
]
"""The intrinsic functions that have a short tag; the long form puts `Fn::` before the name."""

BARE = ["Ref", "Condition"]
"""Those whose long form has no prefix."""


class TemplateLoader(yaml.SafeLoader):
    """PyYAML's safe loader with CloudFormation's short tags, refusing what CloudFormation refuses:
    keys that occur twice, merge keys and unknown tags.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "a merge key", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def function(name: str) -> Callable[[TemplateLoader, yaml.Node], dict[str, Any]]:
    """The constructor of a short tag: the long form, an object with one key."""

    def construct(loader: TemplateLoader, node: yaml.Node) -> dict[str, Any]:
        if isinstance(node, yaml.ScalarNode):
            return {name: loader.construct_scalar(node)}
        if isinstance(node, yaml.SequenceNode):
            return {name: loader.construct_sequence(node, deep=True)}
        if isinstance(node, yaml.MappingNode):
            return {name: loader.construct_mapping(node, deep=True)}
        raise ValueError(f"a node of an unknown kind: {node}")

    return construct


for bare in BARE:
    TemplateLoader.add_constructor(f"!{bare}", function(bare))
for name in FUNCTIONS:
    TemplateLoader.add_constructor(f"!{name}", function(f"Fn::{name}"))

READERS: dict[str, Callable[[str], object]] = {
    "aws-cli": yaml_parse,
    "PyYAML": lambda text: yaml.load(text, TemplateLoader),
}


def compiler() -> Path:
    """The compiler under test: $LAYERSHARE, or the debug build."""
    wanted = os.environ.get("LAYERSHARE") or str(ROOT / "target" / "debug" / "layershare")
    found = shutil.which(wanted)
    if found is None:
        sys.exit(f"readers: there is no compiler at {wanted}; build it first, or set LAYERSHARE")
    return Path(found).absolute()


def no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, Any]:
    """A JSON object, refused if one of its keys occurs twice."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError(f"a key occurs twice among {[key for key, _ in pairs]}")
    return result


def text_faults(data: bytes) -> Iterator[str]:
    """What is wrong with the bytes of a YAML file before its meaning is asked for."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.isascii():
            yield f"line {number} is not ASCII: {line.decode(errors='replace')}"
        if b"\t" in line:
            yield f"line {number} has a tab"
        if b"\r" in line:
            yield f"line {number} has a carriage return"
    if not data.endswith(b"\n") or data.endswith(b"\n\n"):
        yield "it does not end in exactly one newline"
    try:
        for token in yaml.scan(data.decode()):
            if isinstance(token, (yaml.AnchorToken, yaml.AliasToken)):
                yield f"line {token.start_mark.line + 1} has the anchor or alias {token.value!r}"
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        yield f"it is not YAML: {error}"


def opened(template: object, parse: Callable[[str], object]) -> object:
    """A parsed template in the long form, in which the text that a stack set rolls out is parsed,
    too.
    """
    if not isinstance(template, dict):
        raise ValueError("it is not a mapping")
    for stack_set in stack_sets(template):
        stack_set["TemplateBody"] = parse(stack_set["TemplateBody"])
    return long_form(template)


def unmarked(text: str | bytes) -> dict[str, Any]:
    """JSON without its mark, since the mark of YAML is its first line."""
    read = json.loads(text, object_pairs_hook=no_duplicates)
    metadata = read["Metadata"]
    del metadata["GeneratedBy"]
    if not metadata:
        del read["Metadata"]
    return dict(read)


def reading_faults(data: bytes, expected: object) -> Iterator[str]:
    """Where a reader of the YAML sees something else than the JSON says."""
    for reader, parse in READERS.items():
        try:
            found = opened(parse(data.decode()), parse)
        except (yaml.YAMLError, ValueError) as error:
            yield f"{reader} cannot read it: {error}"
            continue
        for difference in differences(expected, found):
            yield f"{reader} reads it differently: {difference}"


def example_faults(layershare: Path, source: Path) -> Iterator[str]:
    """What is wrong with the templates of one source."""

    def run(*options: str) -> subprocess.CompletedProcess[bytes]:
        # Relative paths: the compiler names its source in the template, and the committed one was
        # built like this.
        command: list[str | Path] = [layershare, "build", shown(source), *options]
        return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60)

    def failure(what: str, result: subprocess.CompletedProcess[bytes]) -> str:
        said = (result.stderr or result.stdout).decode(errors="replace")
        return f"{what}, exit code {result.returncode}:\n{said}"

    as_yaml, as_json = run(), run("--format", "json")
    for result in (as_yaml, as_json):
        if result.returncode != 0:
            yield failure("does not build", result)
            return
    for fault in text_faults(as_yaml.stdout):
        yield f"in the YAML, {fault}"
    try:
        expected = opened(unmarked(as_json.stdout), unmarked)
    except ValueError as error:
        yield f"the JSON cannot be read: {error}"
        return
    yield from reading_faults(as_yaml.stdout, expected)
    if source.parent != ROOT / "examples":
        return

    committed = ROOT / "templates" / f"{source.stem}.yaml"
    if not committed.exists():
        yield f"{shown(committed)} is missing"
        return
    for fault in text_faults(committed.read_bytes()):
        yield f"in {shown(committed)}, {fault}"
    check = run("-o", shown(committed), "--check")
    if check.returncode != 0:
        yield failure(f"{shown(committed)} is not what it compiles to", check)


def main() -> int:
    layershare = compiler()
    sources = some((ROOT / "examples").glob("*.layers"))
    cases = some((ROOT / "tests" / "cases" / "compile").glob("*.layers"))
    faults = [] if sources else ["there is no source in examples/"]
    for source in sources + cases:
        faults += [f"{shown(source)}: {fault}" for fault in example_faults(layershare, source)]
    names = {source.stem for source in sources}
    faults += [
        f"{shown(path)}: no source compiles to it" for path in templates() if path.stem not in names
    ]
    return finish("readers", faults, f"{count(len(sources + cases), 'template')} read alike")


if __name__ == "__main__":
    sys.exit(main())

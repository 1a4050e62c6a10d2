"""What the checks share: where things are, how the program is run, how two parsed templates are
compared, and how a check begins and ends.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / "target" / "tests"
COMPILER = os.environ.get("LAYERSHARE", str(ROOT / "target" / "debug" / "layershare"))

Item = TypeVar("Item")
Result = TypeVar("Result")


def layershare(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the program; the caller judges its exit code. A minute is far beyond what any answer
    takes.
    """
    command = [COMPILER, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def sample_of(check: str, count: int) -> argparse.Namespace:
    """The options of a check that makes up its questions: how many, and which."""
    parser = argparse.ArgumentParser(prog=f"{check}.py")
    parser.add_argument(
        "--count", type=int, default=count, help="how many questions (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=20261126, help="which ones (default: %(default)s)"
    )
    return parser.parse_args()


def abreast(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """The results in the order of the items. The work is to wait for the program, so threads are
    enough.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(work, items)


def templates() -> list[Path]:
    """The committed templates, in the order of their names."""
    return some((ROOT / "templates").glob("*.yaml"))


def some(paths: Iterable[Path]) -> list[Path]:
    """The paths in order. A check that finds nothing to check fails."""
    found = sorted(paths)
    if not found:
        sys.exit("no file was found to check")
    return found


def shown(path: Path) -> str:
    """A path as a message shows it: relative to the repository where it lies in it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def stack_sets(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The properties of the stack sets of a parsed template. `TemplateBody` is what one rolls
    out.
    """
    for resource in template.get("Resources", {}).values():
        if resource["Type"] == "AWS::CloudFormation::StackSet":
            yield resource["Properties"]


def long_form(value: object) -> object:
    """A parsed template with `Fn::GetAtt: Resource.Attribute` written as a list, which is the one
    spelling that reading a short tag leaves open.
    """
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("Fn::GetAtt"), str):
            return {"Fn::GetAtt": value["Fn::GetAtt"].split(".", 1)}
        return {key: long_form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [long_form(item) for item in value]
    return value


def differences(expected: object, found: object, at: str = "") -> Iterator[str]:
    """Every place where two parsed templates differ. Types count: `1`, `1.0`, `true` and `"1"` are
    four values.
    """
    here = at or "the template"
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in expected:
            if key in found:
                yield from differences(expected[key], found[key], f"{at}/{key}")
            else:
                yield f"{here}: the key {key!r} is missing"
        for key in found:
            if key not in expected:
                yield f"{here}: the key {key!r} should not be there"
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield f"{here}: expected {len(expected)} items, found {len(found)}"
        for index, (left, right) in enumerate(zip(expected, found, strict=False)):
            yield from differences(left, right, f"{at}/{index}")
    elif type(expected) is not type(found) or expected != found:
        yield f"{here}: expected {described(expected)}, found {described(found)}"


def described(value: object) -> str:
    """A value with its type, so that 123 and '123' are distinguished."""
    return f"{value!r} ({type(value).__name__})"


def finish(check: str, faults: list[str], success: str) -> int:
    """Prints the faults, or the one line that says what was checked; gives the exit code."""
    for fault in faults:
        print(f"{check}: {fault}", file=sys.stderr)
    print(f"{check}: {count(len(faults), 'fault') if faults else success}", flush=True)
    return 1 if faults else 0


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 template`, `2 templates`."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"

"""The AWS command line inside this process: a call takes a fiftieth of the time to start it."""

import contextlib
import functools
import io
import json
import os
from collections.abc import Iterator
from typing import Any

from awscli.clidriver import CLIDriver, create_clidriver


class Failed(Exception):
    """The command failed; holds what it said."""


@functools.cache
def driver(_region: str, _environment: frozenset[tuple[str, str]]) -> CLIDriver:
    """The command line, with the models of services that it has read. It keeps the region of a
    call and its credentials, so there is one for each of them.
    """
    return create_clidriver()


def run(*arguments: object) -> str:
    """What `aws` prints for these arguments."""
    words = [str(argument) for argument in arguments]
    region = words[words.index("--region") + 1] if "--region" in words else ""
    environment = frozenset(one for one in os.environ.items() if one[0].startswith("AWS_"))
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        code = driver(region, environment).main(words)
    if code != 0:
        raise Failed(f"aws {' '.join(map(str, arguments[:2]))}: {complained.getvalue().strip()}")
    return said.getvalue()


def ask(*arguments: object) -> dict[str, Any]:
    """The JSON that `aws` prints for these arguments."""
    printed = run(*arguments, "--output", "json")
    return json.loads(printed) if printed.strip() else {}


@contextlib.contextmanager
def account(identity: str) -> Iterator[None]:
    """Lets the commands inside speak for another account. The engine takes a 12-digit access key
    for the account.
    """
    with setting("AWS_ACCESS_KEY_ID", identity):
        yield


@contextlib.contextmanager
def region(name: str) -> Iterator[None]:
    """Lets the commands inside speak to another region."""
    with setting("AWS_DEFAULT_REGION", name):
        yield


@contextlib.contextmanager
def setting(name: str, value: str) -> Iterator[None]:
    before = os.environ[name]
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ[name] = before

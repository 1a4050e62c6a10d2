"""The licenses of every crate that the program is built from, as one text."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LICENSE = re.compile(r"^(UN)?LICEN[CS]E|^COPYING|^NOTICE", re.IGNORECASE)

HEAD = """The program `layershare` is built from the crates below, each under its own license.

Rust's standard library is part of it, under the MIT license or the Apache License 2.0. On Linux
the program is linked statically with the GNU C library, which is under the GNU Lesser General
Public License 2.1 or later: its source comes from its project, and `packaging/build` of the
repository of layershare links the program again, with another version of it too.
"""


class Unfit(Exception):
    """A crate that must not be shipped as it is."""


def shipped(host: str) -> list[dict]:
    """The packages that get into the program on that host, ours left out."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host]
    metadata = json.loads(
        subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    )
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    found, left = set(), [root]
    while left:
        package = left.pop()
        if package not in found:
            found.add(package)
            for dependency in nodes[package]["deps"]:
                if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                    left.append(dependency["pkg"])
    packages = [package for package in metadata["packages"] if package["id"] in found - {root}]
    return sorted(packages, key=lambda package: (package["name"], package["version"]))


def named(expression: str) -> set[str]:
    """The licenses that an SPDX expression names, also those among which there is a choice. `/` is
    an old way to write OR.
    """
    parts = re.split(r"\s+(?:OR|AND)\s+|[/()]", expression)
    return {part.strip() for part in parts if part.strip()}


def text(host: str) -> str:
    """The text for the program on that host."""
    allowed = set(tomllib.loads((ROOT / "deny.toml").read_text())["licenses"]["allow"])
    parts = [HEAD]
    for package in shipped(host):
        title = f"{package['name']} {package['version']}"
        strange = named(package["license"] or "none") - allowed
        if strange:
            raise Unfit(
                f"{title}: deny.toml does not allow the license {', '.join(sorted(strange))}"
            )
        folder = Path(package["manifest_path"]).parent
        files = sorted(
            file for file in folder.iterdir() if file.is_file() and LICENSE.match(file.name)
        )
        if not files:
            raise Unfit(f"{title} has no file with its license")
        parts.append(f"{'=' * 80}\n{title}: {package['license']}\n{package['repository'] or ''}\n")
        parts.extend(f"--- {file.name}\n\n{file.read_text().strip()}\n" for file in files)
    return "\n".join(parts)


if __name__ == "__main__":
    try:
        sys.stdout.write(text(sys.argv[1]))
    except Unfit as unfit:
        sys.exit(f"licenses: {unfit}")

"""Checks that real packages, laid out as people do, are inspected rightly.

Packages are installed by `pip` and `npm`, for the system of Lambda and for others, and are zipped.
The findings must be those that are true of them, and no others. What is said of programs and
libraries must be what `readelf` says, the entries those that Info-ZIP's `zipinfo` lists, and a
module is reported exactly if this Python cannot import it. Without `zipinfo`, Python's `zipfile`
stands in for it. It is the weaker witness, since it also wrote the archives; so the last line says
which of the two it was.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.shared.checks import abreast, count, finish, layershare

X86 = ["manylinux2014_x86_64", "manylinux_2_28_x86_64"]
ARM = ["manylinux2014_aarch64", "manylinux_2_28_aarch64"]
MACHINES = {"Advanced Micro Devices X86-64": "x86_64", "AArch64": "arm64"}
GLIBC = re.compile(r"Name: GLIBC_2\.(\d+)")


@dataclass(frozen=True)
class Layer:
    """Packages, for what they are installed, what the layer says of itself, and what is found."""

    packages: tuple[str, ...]
    platforms: tuple[str, ...] = tuple(X86)
    python: str = "3.12"
    runtime: str = "python3.12"
    architecture: str = "x86_64"
    found: tuple[str, ...] = ()
    folder: str = "python"

    def __str__(self) -> str:
        where = f"{self.platforms[0]}, Python {self.python}, in {self.folder or 'no folder'}"
        return f"{' '.join(self.packages)} for {where}"


LAYERS = [
    Layer(("requests==2.34.2",)),
    Layer(("pyyaml==6.0.3", "markupsafe==3.0.4")),
    Layer(("cffi==2.1.1",)),
    Layer(("cryptography==50.0.2",)),
    Layer(("cryptography==50.0.2",), python="3.11", runtime="python3.11"),
    Layer(("pydantic_core==2.50.5",)),
    Layer(("orjson==3.13.0",)),
    Layer(("lxml==6.1.3",)),
    Layer(("pillow==13.0.0",)),
    Layer(("psycopg2-binary==2.9.13",)),
    Layer(("protobuf==7.36.2",)),
    Layer(("setuptools==84.2.1",)),
    Layer(("aiohttp==3.14.5", "greenlet==3.5.6")),
    Layer(("debugpy==1.8.22",)),
    Layer(("numpy==2.4.6", "pandas==3.1.1"), found=("needless-files",)),
    Layer(("pillow==13.0.0",), tuple(ARM), architecture="arm64"),
    Layer(("pillow==13.0.0",), tuple(ARM), found=("wrong-architecture",)),
    Layer(("pillow==13.0.0",), python="3.11", found=("python-abi",)),
    Layer(("pyyaml==6.0.3",), ("macosx_11_0_arm64",), found=("foreign-binary",)),
    Layer(("pyyaml==6.0.3",), ("win_amd64",), found=("foreign-binary",)),
    Layer(("pyyaml==6.0.3",), ("musllinux_1_2_x86_64",), found=("other-libc",)),
    Layer(("requests==2.34.2",), folder="", found=("archive-layout",)),
    Layer(
        ("requests==2.34.2",),
        folder="python/lib/python3.10/site-packages",
        found=("version-folder",),
    ),
]

# Packages without dependencies, each with a module that is a library. That of the last fits every
# later Python, too.
MODULES = [
    ("pyyaml==6.0.3", "yaml._yaml"),
    ("markupsafe==3.0.4", "markupsafe._speedups"),
    ("bcrypt==5.0.0", "bcrypt._bcrypt"),
]

NODE = ("sharp@0.34.5", "esbuild@0.27.0")
NODE_LAYERS = [
    (("--os", "linux", "--cpu", "x64", "--libc", "glibc"), ()),
    (("--os", "darwin", "--cpu", "arm64"), ("foreign-binary",)),
]


def run(command: list[str | Path], folder: Path) -> str:
    """What a command prints; a command that fails ends the check."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} {command[1]}: {done.stderr.strip()}")
    return done.stdout


def install(layer: Layer, folder: Path) -> None:
    """Lays the packages out as `pip install -t` does, for a system that is not this one."""
    pip: list[str | Path] = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    pip += ["--no-deps", "--disable-pip-version-check", "--only-binary", ":all:"]
    pip += ["--python-version", layer.python, "--target", folder / layer.folder]
    for platform in layer.platforms:
        pip += ["--platform", platform]
    run([*pip, *layer.packages], folder.parent)


def zipped(folder: Path) -> Path:
    """The folder as a zip file, with the permissions of its files."""
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as to:
        for path in sorted(folder.rglob("*")):
            to.write(path, path.relative_to(folder))
    return archive


def inspected(archive: Path, *target: str) -> dict[str, Any]:
    """What the program says of an archive."""
    done = layershare("inspect", archive, "--format", "json", *target)
    if not done.stdout:
        raise RuntimeError(done.stderr)
    said: list[dict[str, Any]] = json.loads(done.stdout)["archives"]
    return said[0]


def read(folder: Path) -> tuple[dict[str, int], str | None]:
    """The machines of the programs and libraries in a folder, and the newest glibc that they need,
    as `readelf` tells them.
    """
    machines: Counter[str] = Counter()
    newest = -1
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            head = file.read(18)
        if head[:4] != b"\x7fELF" or head[16] not in {2, 3}:
            continue
        header = run(["readelf", "-hW", path], folder)
        [machine] = re.findall(r"Machine:\s+(.+)", header)
        machines[MACHINES.get(machine, machine)] += 1
        needs = GLIBC.findall(run(["readelf", "-VW", path], folder))
        newest = max([newest, *map(int, needs)])
    return dict(machines), None if newest < 0 else f"2.{newest}"


def listed(archive: Path) -> list[tuple[str, int]]:
    """The names and the sizes of the entries, in their order."""
    if shutil.which("zipinfo") is None:
        with zipfile.ZipFile(archive) as file:
            return [(one.filename, one.file_size) for one in file.infolist()]
    # Permissions, version, system, size, kind, method, date, time and name.
    lines = run(["zipinfo", "-s", "--h-t", archive], archive.parent).splitlines()
    parts = [line.split(maxsplit=8) for line in lines]
    return [(part[8], int(part[3])) for part in parts]


def compare(name: str, folder: Path, found: tuple[str, ...], *target: str) -> list[str]:
    """What the program says wrongly of the packages in a folder."""
    archive = zipped(folder)
    said = inspected(archive, *target)
    faults = []
    codes = tuple(sorted({finding["code"] for finding in said["findings"]}))
    if codes != found:
        messages = [finding["message"] for finding in said["findings"]]
        faults.append(f"{name}: found {messages}, and {found} is true")
    machines, glibc = read(folder)
    if said["architectures"] != machines or said["glibc"] != glibc:
        faults.append(f"{name}: {said['architectures']} and {said['glibc']}; {machines}, {glibc}")
    entries = listed(archive)
    sizes = [size for entry, size in entries if not entry.endswith("/")]
    if (said["files"], said["unzipped"]) != (len(sizes), sum(sizes)):
        faults.append(f"{name}: another listing: {len(sizes)} files of {sum(sizes)} bytes")
    for finding in said["findings"]:
        if entries[finding["line"] - 1][0] != finding["entry"]:
            faults.append(f"{name}: {finding['entry']} is not entry {finding['line']}")
    archive.unlink()
    return faults


def check(layer: Layer) -> list[str]:
    """What is said wrongly of packages of Python."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "layer"
        folder.mkdir()
        install(layer, folder)
        target = ("--runtime", layer.runtime, "--architecture", layer.architecture)
        return compare(str(layer), folder, layer.found, *target)


def check_node(options: tuple[str, ...], found: tuple[str, ...]) -> list[str]:
    """What is said wrongly of packages of Node.js."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "layer"
        (folder / "nodejs").mkdir(parents=True)
        npm: list[str | Path] = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
        run([*npm, "--ignore-scripts", *options, *NODE], folder / "nodejs")
        name = f"{' '.join(NODE)} for {options[1]}"
        target = ("--runtime", "nodejs22.x", "--architecture", "x86_64")
        return compare(name, folder, found, *target)


def check_import(package: str, module: str, minor: int) -> tuple[bool, list[str]]:
    """Whether this Python imports a module that was installed for Python 3.`minor`, and what is
    said wrongly of it.
    """
    platforms = ARM if os.uname().machine == "aarch64" else X86
    layer = Layer((package,), tuple(platforms), f"3.{minor}")
    runtime = f"python3.{sys.version_info.minor}"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "layer"
        folder.mkdir()
        install(layer, folder)
        codes = {
            finding["code"]
            for finding in inspected(zipped(folder), "--runtime", runtime)["findings"]
        }
        done = subprocess.run(
            [sys.executable, "-c", f"import {module}"],
            env={**os.environ, "PYTHONPATH": str(folder / layer.folder)},
            capture_output=True,
            check=False,
        )
    imports = done.returncode == 0
    if imports == ("python-abi" in codes):
        outcome = "imports" if imports else "cannot import"
        return imports, [f"{layer}: {runtime} {outcome} {module}, and {codes} is found"]
    return imports, []


def check_imports() -> list[str]:
    """What is said wrongly of modules that this Python imports, or cannot import."""
    faults = []
    outcomes = set()
    ours = sys.version_info.minor
    for package, module in MODULES:
        for minor in (ours - 1, ours, ours + 1):
            imports, found = check_import(package, module, minor)
            outcomes.add(imports)
            faults += found
    if outcomes != {True, False}:
        faults.append("this Python imports all modules, or none")
    return faults


def main() -> int:
    """Checks every layer."""
    for tool in ("readelf", "npm"):
        if shutil.which(tool) is None:
            print(f"archives: {tool} is needed and was not found", file=sys.stderr)
            return 1
    faults = [fault for found in abreast(check, LAYERS) for fault in found]
    for options, found in NODE_LAYERS:
        faults += check_node(options, found)
    faults += check_imports()
    layers = count(len(LAYERS) + len(NODE_LAYERS), "layer")
    lister = "zipinfo" if shutil.which("zipinfo") else "zipfile, since there is no zipinfo"
    success = f"{layers} of real packages are inspected rightly, listed by {lister}"
    return finish("archives", faults, success)


if __name__ == "__main__":
    sys.exit(main())

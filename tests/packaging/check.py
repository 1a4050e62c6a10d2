"""Tries what `packaging/build` built: that it runs where nothing else is installed, and holds
nothing that it should not.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DIST = ROOT / "target" / "packaging" / "dist"
SOURCE = ROOT / "examples" / "three-shares.layers"
TEMPLATE = ROOT / "templates" / "three-shares.yaml"


class Fault(Exception):
    """Something is not as a release needs it."""


def only(pattern: str) -> Path:
    found = list(DIST.glob(pattern))
    if len(found) != 1:
        raise Fault(f"{len(found)} files are {pattern}")
    return found[0]


def builds(command: list[str | Path], folder: Path) -> None:
    """Builds the first example, which must give the committed template, byte for byte."""
    done = subprocess.run(
        [*command, "build", SOURCE.name, "-o", TEMPLATE.name],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise Fault(f"ended with {done.returncode}: {done.stderr.decode()}")
    if (folder / TEMPLATE.name).read_bytes() != TEMPLATE.read_bytes():
        raise Fault("the template has other bytes than the committed one")


def the_wheel_in_a_fresh_environment(place: Path) -> None:
    environment = place / "venv"
    venv.create(environment, with_pip=True)
    pip: list[str | Path] = [
        environment / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--no-index",
        "--disable-pip-version-check",
        "--quiet",
    ]
    subprocess.run([*pip, only("*.whl")], check=True)
    shutil.copy(SOURCE, place)
    builds([environment / "bin" / "layershare"], place)
    if not (environment / "share" / "man" / "man1" / "layershare-build.1").is_file():
        raise Fault("the wheel installs no manual pages")


def the_program_in_an_empty_root(place: Path) -> None:
    with tarfile.open(only("*.tar.gz")) as tar:
        tar.extractall(place, filter="data")
    [folder] = place.iterdir()
    root = place / "root"
    root.mkdir()
    shutil.copy(SOURCE, root)
    builds(["unshare", "--map-root-user", "chroot", root, *image(folder, root)], root)


def image(folder: Path, root: Path) -> list[str]:
    """Copies into the root what the Dockerfile of the archive puts into an image, and returns the
    command that the image runs.
    """
    entry: list[str] = []
    for line in (folder / "Dockerfile").read_text().splitlines():
        match line.split(maxsplit=1):
            case ["FROM", "scratch"] | ["WORKDIR", _] | ["#", _] | []:
                pass
            case ["COPY", files]:
                source, target = files.split()
                shutil.copy(folder / source, root / target.removeprefix("/"))
            case ["ENTRYPOINT", command]:
                entry = json.loads(command)
            case _:
                raise Fault(f"this test does not know what the Dockerfile does by {line!r}")
    return entry


def content(tar: tarfile.TarFile, entry: tarfile.TarInfo | str) -> bytes:
    file = tar.extractfile(entry)
    if file is None:
        raise Fault(f"{entry} is not a file")
    return file.read()


def the_wheel_has_the_program_of_the_archive(_: Path) -> None:
    with zipfile.ZipFile(only("*.whl")) as wheel, tarfile.open(only("*.tar.gz")) as tar:
        [script] = [name for name in wheel.namelist() if name.endswith(".data/scripts/layershare")]
        [program] = [name for name in tar.getnames() if name.endswith("/layershare")]
        if wheel.read(script) != content(tar, program):
            raise Fault("the two differ")


def contents() -> dict[str, bytes]:
    """Every file of the wheel and of the archive."""
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(only("*.whl")) as wheel, tarfile.open(only("*.tar.gz")) as tar:
        files |= {f"wheel: {name}": wheel.read(name) for name in wheel.namelist()}
        files |= {f"archive: {entry.name}": content(tar, entry) for entry in tar}
    return files


def no_path_of_this_machine(_: Path) -> None:
    cargo = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    for name, content in contents().items():
        for path in [str(ROOT), cargo]:
            if path.encode() in content:
                raise Fault(f"{name} has {path} in it")


def licenses_and_bill_of_materials(_: Path) -> None:
    names = list(contents())
    for wanted in ["LICENSE", "THIRD-PARTY-LICENSES", r"layershare\.cyclonedx\.json"]:
        found = [name for name in names if re.search(f"/{wanted}$", name)]
        if len(found) != 2:
            raise Fault(f"{wanted} is in {found}, not once in the wheel and once in the archive")


def manual_pages(_: Path) -> None:
    names = list(contents())
    for place in ["wheel: .*\\.data/data/share", "archive: [^/]*"]:
        for page in ["layershare", "layershare-build"]:
            if not any(re.fullmatch(f"{place}/man/man1/{page}\\.1", name) for name in names):
                raise Fault(f"{page}.1 is not in {place}")


def checksums(_: Path) -> None:
    lines = only("*.sha256").read_text().splitlines()
    if len(lines) != 2:
        raise Fault(f"{len(lines)} checksums for two files")
    for line in lines:
        digest, name = line.split("  ")
        if hashlib.sha256((DIST / name).read_bytes()).hexdigest() != digest:
            raise Fault(f"{name} has another checksum")


CHECKS = [
    the_wheel_in_a_fresh_environment,
    the_program_in_an_empty_root,
    the_wheel_has_the_program_of_the_archive,
    no_path_of_this_machine,
    licenses_and_bill_of_materials,
    manual_pages,
    checksums,
]


def main() -> int:
    faults = 0
    for check in CHECKS:
        with tempfile.TemporaryDirectory() as place:
            try:
                check(Path(place))
            except Fault as fault:
                faults += 1
                print(f"packaging: {check.__name__}: {fault}", file=sys.stderr)
    print(f"{len(CHECKS) - faults} passed, {faults} failed")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())

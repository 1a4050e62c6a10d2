"""Makes of maturin's wheel what is shipped: a wheel without paths of the machine and with all
licenses, an archive with the same program, and their checksums.

    packaging/finish.py HOST RAW DIST
"""

import gzip
import hashlib
import io
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import licenses

ROOT = Path(__file__).resolve().parent.parent
THIRD_PARTY = "THIRD-PARTY-LICENSES"


def unpacked(wheel: Path, place: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "wheel", "unpack", "-d", place, wheel],
        stdout=subprocess.PIPE,
        check=True,
    )
    [folder] = place.iterdir()
    return folder


def clean(info: Path, third_party: str, host: str) -> None:
    """Takes the machine's paths out of the bill of materials, adds the licenses, and names the
    systems that it runs on.
    """
    for bill in (info / "sboms").iterdir():
        bill.write_text(bill.read_text().replace(ROOT.as_uri(), "file:///layershare"))
    (info / "licenses" / THIRD_PARTY).write_text(third_party)
    if host.endswith("-linux-gnu"):
        # A static program runs with every C library, or with none: musl's systems may take the
        # wheel too.
        with (info / "WHEEL").open("a") as wheel:
            wheel.write(f"Tag: py3-none-musllinux_1_1_{platform.machine()}\n")


def manual(program: Path, place: Path) -> dict[str, bytes]:
    """The manual pages, as the program writes them."""
    program.chmod(0o755)
    subprocess.run([program, "man", place], check=True)
    return {page.name: page.read_bytes() for page in sorted(place.iterdir())}


def archive(path: Path, files: dict[str, tuple[bytes, int]]) -> None:
    """An archive whose bytes depend on nothing but names, contents and modes."""
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, 0) as packed,
        tarfile.open(None, "w", packed) as tar,
    ):
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(f"{path.name.removesuffix('.tar.gz')}/{name}")
            entry.size, entry.mode, entry.mtime = len(content), mode, epoch
            tar.addfile(entry, io.BytesIO(content))


def main() -> None:
    host, raw, dist = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    third_party = licenses.text(host)
    dist.mkdir(parents=True)
    [wheel] = raw.iterdir()
    with tempfile.TemporaryDirectory() as place:
        folder = unpacked(wheel, Path(place))
        [info] = folder.glob("*.dist-info")
        [program] = folder.glob("*.data/scripts/*")
        clean(info, third_party, host)
        pages = manual(program, Path(place) / "man")
        share = program.parent.parent / "data" / "share" / "man" / "man1"
        share.mkdir(parents=True)
        for name, page in pages.items():
            (share / name).write_bytes(page)
        subprocess.run(
            [sys.executable, "-m", "wheel", "pack", "-d", dist, folder],
            stdout=subprocess.PIPE,
            check=True,
        )
        [bill] = (info / "sboms").iterdir()
        files = {program.name: (program.read_bytes(), 0o755)}
        # An image holds a program for Linux alone.
        image = ["Dockerfile"] if host.endswith("-linux-gnu") else []
        for name in ["LICENSE", "README.md", "CHANGELOG.md", *image]:
            files[name] = ((ROOT / name).read_bytes(), 0o644)
        for name, page in pages.items():
            files[f"man/man1/{name}"] = (page, 0o644)
        files[THIRD_PARTY] = (third_party.encode(), 0o644)
        files[bill.name] = (bill.read_bytes(), 0o644)
        archive(dist / f"{folder.name}-{host}.tar.gz", files)
    sums = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
        for file in sorted(dist.iterdir())
    ]
    (dist / f"{host}.sha256").write_text("".join(sums))


if __name__ == "__main__":
    try:
        main()
    except licenses.Unfit as unfit:
        sys.exit(f"licenses: {unfit}")

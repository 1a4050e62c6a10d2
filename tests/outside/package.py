"""Checks that `aws cloudformation package` leaves the meaning of a template alone.

Templates with local content go through `package` before they are deployed, and it writes them anew:
comments go, short tags become long ones, and quotes are dropped where its own reader would not need
them. An account ID such as 017000801446 then stands bare, and CloudFormation reads it as a number.
No emulator shows that harm, so the text of the output is looked at too.

The command is the real one; the bucket it uploads to belongs to an emulator on a free loopback
port. It works on copies, with a placeholder for each archive that a build would have made.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from tests.shared.checks import ROOT, STATE, count, differences, finish, long_form, shown, templates
from tests.shared.emulator import MODULE, emulator

BUCKET = "layers"
ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")


def aws(environment: dict[str, str], *arguments: str | Path) -> None:
    """Runs the AWS command line; its own words become the fault when it fails."""
    command = [*MODULE, "awscli", *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        raise RuntimeError(
            f"`aws {' '.join(map(str, arguments[:2]))}` failed with {result.returncode}: {said}"
        )


def local_contents(template: dict[str, Any]) -> dict[str, str]:
    """The local content of each layer version that has one, by logical ID."""
    return {
        name: resource["Properties"]["Content"]
        for name, resource in template.get("Resources", {}).items()
        if resource.get("Type") == "AWS::Lambda::LayerVersion"
        and isinstance(resource.get("Properties", {}).get("Content"), str)
    }


def supply(place: Path, content: str, folder: Path) -> None:
    """Puts a placeholder where a template in `folder` expects an archive or a folder that no build
    has made yet.
    """
    path = Path(os.path.normpath(folder / content))
    if path.exists():
        return
    if not path.is_relative_to(place):
        raise RuntimeError(f"the content {content} lies outside the repository")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("placeholder", content)
    else:
        path.mkdir()
        (path / "placeholder").write_text(content)


def principals(value: object, inside: bool = False) -> Iterator[str]:
    """Every account ID that stands somewhere below a `Principal`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from principals(item, inside or key == "Principal")
    elif isinstance(value, list):
        for item in value:
            yield from principals(item, inside)
    elif inside:
        yield from ACCOUNT.findall(str(value))


def faults_of(before: dict[str, Any], text: str) -> Iterator[str]:
    """What `package` changed in a template beside its local content."""
    after = yaml_parse(text)
    for name in local_contents(before):
        resource = after.get("Resources", {}).get(name, {}).get("Properties", {})
        uploaded = resource.get("Content")
        if (
            isinstance(uploaded, dict)
            and set(uploaded) == {"S3Bucket", "S3Key"}
            and uploaded["S3Bucket"] == BUCKET
        ):
            resource["Content"] = before["Resources"][name]["Properties"]["Content"]
        else:
            yield f"the content of {name} was not uploaded, it is {uploaded!r}"
    for difference in differences(long_form(before), long_form(after)):
        yield f"package changed {difference}"
    for account in sorted(set(principals(before)) - set(ACCOUNT.findall(text))):
        yield f"package lost the principal {account}"
    for token in yaml.scan(text):
        if isinstance(token, yaml.ScalarToken) and token.plain and ACCOUNT.fullmatch(token.value):
            line = token.start_mark.line + 1
            yield f"package left {token.value} without quotes in line {line} of its output"


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    local = {
        path: parsed
        for path in templates()
        if local_contents(parsed := yaml_parse(path.read_text()))
    }
    if not local:
        return finish(
            "package", ["no template has local content, so there is nothing to check"], ""
        )
    STATE.mkdir(parents=True, exist_ok=True)
    faults = []
    with tempfile.TemporaryDirectory(prefix="package-", dir=STATE) as scratch:
        place = Path(scratch)
        for tree in ("examples", "templates"):
            shutil.copytree(ROOT / tree, place / "repo" / tree)
        with emulator(place, "s3") as environment:
            aws(environment, "s3", "mb", f"s3://{BUCKET}")
            for path, before in local.items():
                copy, output = (
                    place / "repo" / path.relative_to(ROOT),
                    place / f"packaged-{path.name}",
                )
                try:
                    for content in local_contents(before).values():
                        supply(place / "repo", content, copy.parent)
                    options: list[str | Path] = [
                        "--template-file",
                        copy,
                        "--s3-bucket",
                        BUCKET,
                        "--output-template-file",
                        output,
                    ]
                    aws(environment, "cloudformation", "package", *options)
                    faults += [
                        f"{shown(path)}: {fault}" for fault in faults_of(before, output.read_text())
                    ]
                except RuntimeError as error:
                    faults.append(f"{shown(path)}: {error}")
    return finish(
        "package", faults, f"{count(len(local), 'template')} unchanged but for local content"
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as error:
        sys.exit(f"package: {error}")

"""Checks that `aws cloudformation package` leaves the meaning of a template alone.

Templates with local content go through `package` before they are deployed, and it writes them anew: comments go, short
tags become long ones, and quotes are dropped where its own reader would not need them. An account ID such as
017000801446 then stands bare, and CloudFormation reads it as a number. No emulator shows that harm, so the text of the
output is looked at too.

The command is the real one; the bucket it uploads to belongs to an emulator on a free loopback port. It works on
copies, with a placeholder for each archive that a build would have made.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from common import ROOT, STATE, count, differences, finish, long_form, shown, templates

BUCKET = "layers"
MODULE = [sys.executable, "-P", "-m"]
"""Starts a module as a program. The script `aws` names its interpreter in a way that a space in the path breaks."""

ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")


@contextmanager
def emulator(place: Path) -> Iterator[dict[str, str]]:
    """A running S3 emulator, as the environment in which the AWS command line finds it and nothing of the user's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    clean = {"PATH": os.environ["PATH"], "HOME": str(place), "TMPDIR": str(place), "LC_ALL": "C.UTF-8"}
    settings = {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "s3",
        "AUTH": "false",
        "DOCKER_HOST": f"unix://{place}/no-docker.sock",
        "S3_DATA_DIR": str(place / "s3"),
        "STATE_DIR": str(place / "state"),
    }
    log = place / "emulator.log"
    with log.open("wb") as output:
        command = [*MODULE, "ministack"]
        server = subprocess.Popen(command, cwd=place, env=clean | settings, stdout=output, stderr=output)
    try:
        wait_until_ready(server, f"{url}/_ministack/health", log)
        yield clean | {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "123456789012",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        server.terminate()
        try:
            server.wait(timeout=5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_until_ready(server: subprocess.Popen, health: str, log: Path) -> None:
    """Returns once the emulator answers; ends the check if it dies or stays silent for half a minute."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            direct.open(health, timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"package: the emulator did not start:\n{log.read_text(errors='replace')}")


def aws(environment: dict[str, str], *arguments: str | Path) -> None:
    """Runs the AWS command line; its own words become the fault when it fails."""
    command = [*MODULE, "awscli", *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        raise RuntimeError(f"`aws {' '.join(map(str, arguments[:2]))}` failed with {result.returncode}: {said}")


def local_contents(template: dict) -> dict[str, str]:
    """The local content of each layer version that has one, by logical ID."""
    return {
        name: resource["Properties"]["Content"]
        for name, resource in template.get("Resources", {}).items()
        if resource.get("Type") == "AWS::Lambda::LayerVersion"
        and isinstance(resource.get("Properties", {}).get("Content"), str)
    }


def supply(place: Path, content: str, folder: Path) -> None:
    """Puts a placeholder where a template in `folder` expects an archive or a folder that no build has made yet."""
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


def faults_of(before: dict, text: str) -> Iterator[str]:
    """What `package` changed in a template beside its local content."""
    after = yaml_parse(text)
    for name in local_contents(before):
        resource = after.get("Resources", {}).get(name, {}).get("Properties", {})
        uploaded = resource.get("Content")
        if isinstance(uploaded, dict) and set(uploaded) == {"S3Bucket", "S3Key"} and uploaded["S3Bucket"] == BUCKET:
            resource["Content"] = before["Resources"][name]["Properties"]["Content"]
        else:
            yield f"the content of {name} was not uploaded, it is {uploaded!r}"
    for difference in differences(long_form(before), long_form(after)):
        yield f"package changed {difference}"
    for account in sorted(set(principals(before)) - set(ACCOUNT.findall(text))):
        yield f"package lost the principal {account}"
    for token in yaml.scan(text):
        if isinstance(token, yaml.ScalarToken) and token.plain and ACCOUNT.fullmatch(token.value):
            yield f"package left {token.value} without quotes in line {token.start_mark.line + 1} of its output"


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    local = {path: parsed for path in templates() if local_contents(parsed := yaml_parse(path.read_text()))}
    if not local:
        return finish("package", ["no template has local content, so there is nothing to check"], "")
    STATE.mkdir(parents=True, exist_ok=True)
    faults = []
    with tempfile.TemporaryDirectory(prefix="package-", dir=STATE) as scratch:
        place = Path(scratch)
        for tree in ("examples", "templates"):
            shutil.copytree(ROOT / tree, place / "repo" / tree)
        with emulator(place) as environment:
            aws(environment, "s3", "mb", f"s3://{BUCKET}")
            for path, before in local.items():
                copy, output = place / "repo" / path.relative_to(ROOT), place / f"packaged-{path.name}"
                try:
                    for content in local_contents(before).values():
                        supply(place / "repo", content, copy.parent)
                    options = ["--template-file", copy, "--s3-bucket", BUCKET, "--output-template-file", output]
                    aws(environment, "cloudformation", "package", *options)
                    faults += [f"{shown(path)}: {fault}" for fault in faults_of(before, output.read_text())]
                except RuntimeError as error:
                    faults.append(f"{shown(path)}: {error}")
    return finish("package", faults, f"{count(len(local), 'template')} unchanged but for local content")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as error:
        sys.exit(f"package: {error}")

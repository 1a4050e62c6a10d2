"""Starts an emulator of AWS, and stops it whatever happens."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODULE = [sys.executable, "-P", "-m"]
"""Starts a module as a program. The script `aws` names its interpreter in a way that a space in the
path breaks.
"""


@contextmanager
def emulator(place: Path, services: str | None = None) -> Iterator[dict[str, str]]:
    """A running emulator of AWS, of all that it knows or of a few services, as the environment in
    which the AWS command line finds it and nothing of the user's. It listens on a free loopback
    port and keeps everything below `place`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "TMPDIR": str(place),
        "LC_ALL": "C.UTF-8",
    }
    settings = {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AUTH": "false",
        "DOCKER_HOST": f"unix://{place}/no-docker.sock",
        "S3_DATA_DIR": str(place / "s3"),
        "STATE_DIR": str(place / "state"),
    }
    if services:
        settings["SERVICES"] = services
    log = place / "emulator.log"
    with log.open("wb") as output:
        command = [*MODULE, "ministack"]
        server = subprocess.Popen(
            command, cwd=place, env=clean | settings, stdout=output, stderr=output
        )
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


def wait_until_ready(server: subprocess.Popen[bytes], health: str, log: Path) -> None:
    """Returns once the emulator answers; ends the check if it dies or stays silent for half a
    minute.
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            direct.open(health, timeout=1).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"the emulator did not start:\n{log.read_text(errors='replace')}")

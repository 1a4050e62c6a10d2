"""The story of the README: the commands of «From rules to AWS in five commands», exactly as they
stand there.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

from tests.deploy.stories import story
from tests.deploy.story import BUCKET, Broken, Story
from tests.shared.checks import ROOT
from tests.shared.emulator import MODULE

HEADING = "## From rules to AWS in five commands"


def commands(bucket: str) -> str:
    section = (ROOT / "README.md").read_text().partition(HEADING)[2].partition("\n## ")[0]
    block = re.search(r"^```sh\n(.*?)^```", section, re.M | re.S)
    if not block or len(block[1].splitlines()) != 5:
        raise Broken(f"the README has no five commands below «{HEADING}»")
    return block[1].replace(BUCKET, bucket)


@story
def five_commands(told: Story) -> None:
    told.upload("my-shared-deps-1.0.0.zip")
    programs = told.place / "bin"
    programs.mkdir()
    for name, command in {
        "layershare": [os.environ["LAYERSHARE"]],
        "aws": [*MODULE, "awscli"],
    }.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", commands(told.bucket)],
        cwd=told.place,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Broken(f"the commands failed:\n{done.stdout}{done.stderr}")
    told.source = Path(told.place / "shared.layers")
    told.expect(my_shared_deps={1: {"123456789012"}})

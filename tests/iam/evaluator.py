"""Asks the independent evaluator, simulate.mjs, many questions in one run."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.iam.template import Policy, Request

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

FULL_ACCESS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

# Reading another account's layer also takes that account's consent. With it given to everyone,
# the answer depends on the document in question alone.
PUBLIC_LAYER = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion", "Resource": "*"}
    ],
}

USES = ("identity", "beside", "boundary", "scps", "trust", "trust alone")


class Batch:
    """Cases to be judged together; each document is sent once, however many cases name it."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.names: dict[str, str] = {}
        self.count = 0

    def name_of(self, document: Policy) -> str:
        text = json.dumps(document, sort_keys=True)
        if text not in self.names:
            self.names[text] = f"document-{len(self.names) + 1}"
            self.lines.append({"define": self.names[text], "document": document})
        return self.names[text]

    def add(self, request: Request, use: str, documents: list[Policy]) -> None:
        """Adds one request and the documents in question, which take part in the decision as `use`
        says.

        identity: they are all that the principal has. beside: the principal is an administrator and
        has them as well. boundary, scps, trust: they stand there, before an administrator. trust
        alone: they stand there, before somebody who has no policy at all.
        """
        if use not in USES:
            raise ValueError(f"a document cannot be used as {use}")
        names = [self.name_of(document) for document in documents]
        case = {"id": self.count, **request, "identity": []}
        if use not in ("identity", "trust alone"):
            case["identity"].append(self.name_of(FULL_ACCESS))
        if use in ("identity", "beside"):
            case["identity"] += names
        elif use in ("trust", "trust alone"):
            [case["resourcePolicy"]] = names
        else:
            case[use] = names
        owner = request["resource"].split(":")[4]
        if (
            request["action"] == "lambda:GetLayerVersion"
            and owner != request["principal"].split(":")[4]
        ):
            case["resourcePolicy"] = self.name_of(PUBLIC_LAYER)
        self.lines.append(case)
        self.count += 1

    def judge(self) -> list[dict[str, Any]]:
        """One answer a case, in order: {"decision", "detail"}, or {"error"} where it has none."""
        if self.count == 0:
            return []
        done = subprocess.run(
            ["node", str(HERE / "simulate.mjs")],
            input="".join(json.dumps(line) + "\n" for line in self.lines),
            capture_output=True,
            text=True,
            check=False,
        )
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        failed = any("error" in answer for answer in answers)
        if [answer["id"] for answer in answers] != list(range(self.count)) or failed != (
            done.returncode != 0
        ):
            raise RuntimeError(
                f"the evaluator broke off, exit code {done.returncode}:\n{done.stderr}"
            )
        return answers

"""Compares what emitted policies mean with what their rules say, by an independent evaluator.

    python3 -m tests.iam.cases [--seed N] [--count N] [TEMPLATE.json …]

Each template, as `layershare build FILE --format json` prints it, is compared with the expectations
in expect/ that bear its name. With --count, that many requests are also made up: random rules are
written as source files, built by the compiler that LAYERSHARE names (target/debug/layershare if it
is not set), and the answers to random requests compared with an oracle of the language's rules.
"""

import argparse
import json
import os
import random
import subprocess
import sys
from pathlib import Path

from tests.iam import generate, oracle, questions, source, tokens
from tests.iam.evaluator import HERE, ROOT, Batch
from tests.iam.expectations import Misstated, requests_in
from tests.iam.template import ACCOUNT, PARTITION, Policy, Request, Template, Unresolvable

BLOCKS = 40
REQUESTS = 40
TYPES = {
    "role": "AWS::IAM::Role",
    "policy": "AWS::IAM::ManagedPolicy",
    "boundary": "AWS::IAM::ManagedPolicy",
    "guardrail": "AWS::Organizations::Policy",
}


class Comparison:
    """Questions with their expected answers, judged together."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.batch = Batch()
        self.asked: list[tuple[str, Request, str, list[Policy], str]] = []

    def ask(
        self, about: str, request: Request, use: str, documents: list[Policy], expected: str
    ) -> None:
        self.batch.add(request, use, documents)
        self.asked.append((about, request, use, documents, expected))

    def report(self) -> bool:
        """Prints every disagreement and one line in the end; says whether there was none."""
        wrong = 0
        for (about, request, use, documents, expected), answer in zip(
            self.asked, self.batch.judge(), strict=True
        ):
            found = answer.get("decision")
            if found != expected:
                wrong += 1
                print(f"\n{self.title}: {about}", file=sys.stderr)
                for document in documents:
                    print(f"as {use}: {json.dumps(document, indent=2)}", file=sys.stderr)
                print(f"request: {json.dumps(request)}", file=sys.stderr)
                said = f"{found}, {answer['detail']}" if found else f"error, {answer['error']}"
                print(f"expected: {expected}\nevaluator: {said}", file=sys.stderr)
        allowed = sum(expected == "allowed" for *_, expected in self.asked)
        print(
            f"{self.title}: {len(self.asked)} requests, {allowed} to be allowed, "
            f"{wrong} disagreements"
        )
        return wrong == 0


def compare_template(path: Path) -> bool:
    """A template against the expectations written for it."""
    comparison = Comparison(path.stem)
    written = HERE / "expect" / f"{path.stem}.json"
    if not written.exists():
        raise Misstated(f"there is no {written.relative_to(ROOT)}")
    expected = json.loads(written.read_text())
    template = Template(json.loads(path.read_text()), expected.get("parameters"))
    for name, request, use, documents, answer in requests_in(expected, template.documents()):
        comparison.ask(name, request, use, documents, answer)
    judged = tokens.compare(path.stem, expected, template.documents())
    return comparison.report() and judged


def build(text: str, path: Path) -> Template:
    """The template that the compiler makes of a source text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    compiler = os.environ.get("LAYERSHARE", str(ROOT / "target" / "debug" / "layershare"))
    command = [compiler, "build", str(path), "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as problem:
        raise Misstated(f"the compiler {compiler} does not start: {problem.strerror}") from problem
    if done.returncode != 0:
        raise Misstated(f"{path.relative_to(ROOT)} does not compile:\n{done.stderr}")
    return Template(json.loads(done.stdout))


def versions(declared: generate.Declarations, template: Template) -> dict[tuple[str, str], str]:
    """The ARN of each declared version; a published one is known by its archive."""
    by_key = {
        template.resolve(template.resources[logical_id]["Properties"]["Content"]["S3Key"]): arn
        for logical_id, arn in template.layer_versions.items()
    }
    return {
        (layer.name, label): arn or by_key[source.key(layer, label)]
        for layer in declared.layers
        for label, arn in layer.versions.items()
    }


def documents_of(block: oracle.Block, template: Template) -> dict[str, list[Policy]]:
    """The block's documents by use; its name is in the logical ID of its resource."""
    found: dict[str, list[Policy]] = {}
    for document in template.documents():
        right_type = template.resources[document.resource]["Type"] == TYPES[block.kind]
        if right_type and block.name in document.resource.lower():
            found.setdefault(document.use, []).append(document.content)
    if not found:
        raise Misstated(f"no resource of the template belongs to {block.kind} {block.name}")
    return found


def compare_generated(seed: int, count: int) -> bool:
    """Random rules and requests against the oracle."""
    rng = random.Random(seed)
    comparison = Comparison(f"generated, seed {seed}")
    file = 0
    while len(comparison.asked) < count:
        file += 1
        declared = generate.declarations(rng)
        blocks = [generate.block(rng, number, declared) for number in range(BLOCKS)]
        path = ROOT / "target" / "iam" / "generated" / f"{seed}-{file}.layers"
        template = build(source.write(declared, blocks), path)
        deployment = oracle.Deployment(PARTITION, ACCOUNT, versions(declared, template))
        for block in blocks:
            ask_about(comparison, rng, block, deployment, documents_of(block, template))
    return comparison.report()


def ask_about(
    comparison: Comparison,
    rng: random.Random,
    block: oracle.Block,
    deployment: oracle.Deployment,
    documents: dict[str, list[Policy]],
) -> None:
    about = "\n".join(source.write_block(block))
    for _ in range(REQUESTS):
        if block.trust and rng.random() < 0.2:
            request = questions.request_for_trust(
                rng, f"arn:aws:iam::{deployment.account}:role/{block.name}"
            )
            use, contents = rng.choice(["trust", "trust", "trust alone"]), documents["trust"]
            allowed = oracle.trusted(block, request, permitted=use == "trust")
        else:
            request = questions.request(rng, block, deployment)
            use = {"boundary": "boundary", "guardrail": "scps"}.get(block.kind) or rng.choice(
                ["identity", "beside"]
            )
            contents = [one for kind, each in documents.items() if kind != "trust" for one in each]
            allowed = oracle.permitted(block, request, deployment, administrator=use != "identity")
        comparison.ask(about, request, use, contents, "allowed" if allowed else "denied")


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Compares the meaning of emitted policies with their rules."
    )
    parser.add_argument(
        "--seed", type=int, default=random.randrange(1_000_000), help="of the made-up rules"
    )
    parser.add_argument(
        "--count", type=int, default=0, help="how many requests to make up, at least"
    )
    parser.add_argument("templates", nargs="*", type=Path, metavar="TEMPLATE.json")
    arguments = parser.parse_args()

    good = True
    for path in arguments.templates:
        try:
            good &= compare_template(path)
        except (Misstated, Unresolvable) as problem:
            print(f"{path.stem}: {problem}", file=sys.stderr)
            good = False
    if arguments.count > 0:
        try:
            good &= compare_generated(arguments.seed, arguments.count)
        except (Misstated, Unresolvable) as problem:
            print(f"generated, seed {arguments.seed}: {problem}", file=sys.stderr)
            good = False
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

"""The story of functions with layers: what `uses` says before a deploy is what the engine does.

The engine looks at the account, the region, the number and the sharing of a layer version when a
function is made. It counts no layers, and it takes one layer twice; so of these two mistakes the
story shows only that `uses` reports them. It holds no layers of accounts that published none there,
and lets every function have such layers.
"""

import json
import time

from tests.deploy import aws
from tests.deploy.stories import A, B, layer, story, version
from tests.deploy.story import Broken, Story

HERE, ELSEWHERE = "us-east-1", "eu-west-2"
FOREIGN = [f"arn:aws:lambda:{HERE}:444455556666:layer:tools-{n}:1" for n in range(6)]


def template(layers: list[str]) -> str:
    code = {"ZipFile": "def handler(event, context): pass"}
    properties = {
        "Role": "arn:aws:iam::111122223333:role/service",
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Code": code,
        "Layers": layers,
    }
    function = {"Type": "AWS::Lambda::Function", "Properties": properties}
    return json.dumps({"Resources": {"Handler": function}}, indent=1)


def catalogue(told: Story) -> list[str]:
    """The files with what Lambda says of the versions."""
    answers = {"versions": aws.ask("lambda", "list-layer-versions", "--layer-name", "deps")}
    for number in (1, 2):
        answers[f"policy-{number}"] = told.policy("deps", number) or {}
    for name, answer in answers.items():
        (told.place / f"{name}.json").write_text(json.dumps(answer))
    return [f"{name}.json" for name in answers]


def reported(told: Story, body: str, account: str, files: list[str]) -> set[str]:
    """The codes of the errors that `uses` reports of a template."""
    (told.place / "function.json").write_text(body)
    target = ["--region", HERE, "--account", account, "--catalog", *files]
    done = told.compiler("uses", "function.json", *target, "--format", "json")
    if done.returncode not in (0, 1):
        raise Broken(done.stderr)
    findings = json.loads(done.stdout)["findings"]
    return {one["code"] for one in findings if one["severity"] == "error"}


def is_deployed(body: str, account: str) -> bool:
    """Whether the engine makes the function in an account."""
    name = f"function-{time.monotonic_ns()}"
    with aws.account(account):
        aws.run("cloudformation", "create-stack", "--stack-name", name, "--template-body", body)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            [stack] = aws.ask("cloudformation", "describe-stacks", "--stack-name", name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return bool(stack["StackStatus"] == "CREATE_COMPLETE")
            time.sleep(0.1)
    raise Broken(f"the stack {name} does not settle")


@story
def functions_with_layers(told: Story) -> None:
    """Shared and unshared, existing and missing versions, of here and of elsewhere."""
    told.upload("1.zip", "2.zip")
    rules = [f"share version 1 with account {B}", f"share version 2 with account {A}"]
    told.build(layer(version("1"), version("2"), *rules))
    told.deploy()
    files = catalogue(told)

    def arn(number: object, region: str = HERE) -> str:
        return f"arn:aws:lambda:{region}:{told.account}:layer:deps:{number}"

    cases = [
        ([arn(2)], A, None),
        ([arn(1)], A, "version-not-shared"),
        ([arn(1)], B, None),
        ([arn(2), *FOREIGN[:4]], A, None),
        ([arn(3)], A, "missing-version"),
        ([arn(2, ELSEWHERE)], A, "layer-region"),
        ([arn("latest")], A, "not-a-layer-version"),
        ([arn(2).removesuffix(":2")], A, "not-a-layer-version"),
        (["deps"], A, "not-a-layer-version"),
        ([arn(1), FOREIGN[0]], told.account, None),
        ([arn(3)], told.account, "missing-version"),
        ([arn(1, ELSEWHERE)], told.account, "layer-region"),
    ]
    for layers, account, code in cases:
        body = template(layers)
        expected = set() if code is None else {code}
        found = reported(told, body, account, files)
        if found != expected:
            raise Broken(f"{layers} in {account}: expected {expected}, found {found}")
        if is_deployed(body, account) != (code is None):
            raise Broken(f"the engine and `uses` differ about {layers} in {account}")
    for layers, code in [(FOREIGN, "too-many-layers"), ([arn(2), arn(2)], "layer-twice")]:
        found = reported(told, template(layers), A, files)
        if found != {code}:
            raise Broken(f"{layers} in {A}: expected {code}, found {found}")

"""Stories of layers whose sources change: each is deployed step by step, and each step says who may
use what then.

Every row of the tables of docs/sharing-over-time.md is shown by a story, which names it by its
first cell.
"""

import json
from collections.abc import Callable

from tests.deploy import aws
from tests.deploy.story import BUCKET, Broken, Story
from tests.shared.checks import ROOT

A, B, C = "222222222222", "333333333333", "017000801446"
ORG = "o-a1b2c3d4e5"

STORIES: list[Callable[[Story], None]] = []
SHOWN: dict[tuple[str, str], str] = {}
"""The story that shows a row, by the row's table and first cell."""
ACCOUNTS: dict[str, str] = {}
"""The account of a story that needs a certain one, by its name."""

Told = Callable[[Story], None]


def story(told: Told) -> Told:
    STORIES.append(told)
    return told


def listed(*rows: str) -> Callable[[Told], Told]:
    """The story shows these rows of the table about layers with listed versions."""
    return shows("Layers with listed versions", rows)


def rolling(*rows: str) -> Callable[[Told], Told]:
    """The story shows these rows of the table about rolling layers."""
    return shows("Rolling layers", rows)


def shows(table: str, rows: tuple[str, ...]) -> Callable[[Told], Told]:
    def note(told: Told) -> Told:
        SHOWN.update({(table, row): told.__name__ for row in rows})
        return told

    return note


def layer(*lines: str, name: str = "deps", before: str = "") -> str:
    """A source with one layer of these statements."""
    return f"{before}\nlayer {name} {{\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def version(label: str) -> str:
    return f"version {label} from s3://{BUCKET}/{label}.zip"


@story
@listed("add a `version … from` line at the end")
def publish(told: Story) -> None:
    """A second version leaves the first one's sharing alone."""
    told.upload("1.zip", "2.zip")
    rules = [
        f"share with account {A}, account {C}, organization {ORG}",
        'share with everyone because "it is public"',
    ]
    told.build(layer(version("1"), *rules))
    told.deploy()
    told.expect(deps={1: {A, C, ORG, "everyone"}})
    told.build(layer(version("1"), version("2"), *rules))
    told.deploy()
    told.expect(deps={1: {A, C, ORG, "everyone"}, 2: {A, C, ORG, "everyone"}})
    told.drifts()


@story
@listed("add a rule", "remove a rule", "change the ID of a name")
def rules(told: Story) -> None:
    """A rule that goes revokes on every version, unless another one leads to the same principal."""
    told.upload("1.zip", "2.zip")
    both = [version("1"), version("2")]
    told.build(layer(*both, f"share with account {A}"))
    told.deploy()
    told.build(
        layer(*both, f"share with account {A}", f"share version 2 with account {B}, account {A}")
    )
    told.deploy()
    told.expect(deps={1: {A}, 2: {A, B}})
    told.build(layer(*both, f"share version 2 with account {B}, account {A}"))
    told.deploy()
    told.expect(deps={1: set(), 2: {A, B}})
    named = "account team = {}\n"
    told.build(layer(*both, "share with team", before=named.format(A)))
    told.deploy()
    told.expect(deps={1: {A}, 2: {A}})
    told.build(layer(*both, "share with team", before=named.format(B)))
    changes = told.deploy()
    if sorted(change["Action"] for change in changes) != ["Add", "Add", "Remove", "Remove"]:
        raise Broken(f"a changed ID should be grants made and grants deleted: {changes}")
    told.expect(deps={1: {B}, 2: {B}})
    told.build(layer(*both))
    told.deploy()
    told.expect(deps={1: set(), 2: set()})
    told.drifts()


@story
@listed(
    "remove a `version … from` line, `keep`",
    "add a removed line back as it was",
    "change `old-versions`",
)
def versions_go(told: Story) -> None:
    """A version that leaves the source stays, unshared; put back, it is another one; what is said
    before it goes counts.
    """
    told.upload("1.zip", "2.zip")
    share = f"share with account {A}"
    told.build(layer(version("1"), version("2"), share))
    told.deploy()
    told.build(layer(version("2"), share))
    told.deploy()
    told.expect(deps={1: set(), 2: {A}})
    told.drifts()
    told.build(layer(version("1"), version("2"), share))
    told.deploy()
    told.expect(deps={1: set(), 2: {A}, 3: {A}})
    told.build(layer(version("1"), version("2"), share, "old-versions delete"))
    told.deploy()
    told.expect(deps={1: set(), 2: {A}, 3: {A}})
    told.build(layer(version("2"), share))
    told.deploy()
    told.expect(deps={1: set(), 2: {A}})


def accounts(told: Story, **states: tuple[str, str]) -> None:
    """Makes the list of accounts: the unit and the state of each, by its name."""
    ids = {"Web": A, "Data": B, "Batch": C}
    listed_accounts = [
        {
            "Id": ids[name],
            "Name": name,
            "State": state,
            "Paths": [f"{ORG}/r-ab12/{unit}/{ids[name]}/"],
        }
        for name, (unit, state) in states.items()
    ]
    (told.place / "accounts.json").write_text(json.dumps({"Accounts": listed_accounts}))


@story
@listed("make a new list of accounts")
def a_unit(told: Story) -> None:
    """Accounts join a unit, leave it and are closed: the deploy after the next list follows, and
    `diff` names them before it.
    """
    unit, elsewhere = "ou-ab12-dataplat", "ou-ab12-other123"
    source = layer(
        version("1"),
        "share with data-platform",
        before=f'accounts from "accounts.json"\nunit data-platform = {unit}\n',
    )
    told.upload("1.zip")
    accounts(told, Web=(unit, "ACTIVE"), Data=(elsewhere, "ACTIVE"), Batch=(unit, "SUSPENDED"))
    told.build(source, warned="inactive-account")
    told.deploy()
    told.expect(deps={1: {A}})
    before = told.template.read_text()
    accounts(told, Web=(elsewhere, "ACTIVE"), Data=(unit, "ACTIVE"), Batch=(unit, "ACTIVE"))
    told.expect(deps={1: {A}})
    told.build(source)
    (told.place / "before.yaml").write_text(before)
    compared = told.compiler("diff", "before.yaml", told.source).stdout
    for name in ("Web", "Data", "Batch"):
        if name not in compared:
            raise Broken(f"diff should name the account {name}:\n{compared}")
    told.deploy()
    told.expect(deps={1: {B, C}})
    told.drifts()
    # An account that is closed loses its grant by the next build.
    accounts(told, Web=(elsewhere, "ACTIVE"), Data=(unit, "CLOSED"), Batch=(unit, "ACTIVE"))
    told.build(source, warned="inactive-account")
    told.deploy()
    told.expect(deps={1: {C}})


@story
@listed("remove a `version … from` line, `delete`")
def versions_are_deleted(told: Story) -> None:
    told.upload("1.zip", "2.zip")
    told.build(
        layer(version("1"), version("2"), "old-versions delete", f"share with organization {ORG}")
    )
    told.deploy()
    told.build(layer(version("2"), "old-versions delete", f"share with organization {ORG}"))
    told.deploy()
    told.expect(deps={2: {ORG}})


@story
@listed(
    "add a `version … at` line", "remove a `version … at` line", "change the ARN after `at`",
    "turn `from …` into `at ARN`, `keep`",
)  # fmt: skip
def adopt(told: Story) -> None:
    """Versions that exist already: only their sharing comes and goes."""
    told.upload("a.zip", "b.zip", "1.zip")
    for key in ("a.zip", "b.zip"):
        aws.run(
            "lambda",
            "publish-layer-version",
            "--layer-name",
            "deps",
            "--content",
            f"S3Bucket={told.bucket},S3Key={key}",
        )
    aws.run(
        "lambda", "add-layer-version-permission", "--layer-name", "deps",
        "--version-number", 1, "--statement-id", "hand",
        "--action", "lambda:GetLayerVersion", "--principal", B,
    )  # fmt: skip
    arn = f"arn:aws:lambda:us-east-1:{told.account}:layer:deps:{{}}"
    share = f"share with account {A}"
    told.build(layer(f"version old at {arn.format(1)}", version("1"), share))
    told.deploy()
    told.expect(deps={1: {A, B}, 2: set(), 3: {A}})
    told.drifts("extra")
    told.build(layer(f"version old at {arn.format(2)}", version("1"), share))
    told.deploy()
    told.expect(deps={1: {B}, 2: {A}, 3: {A}})
    told.build(layer(version("1"), share))
    told.deploy()
    told.expect(deps={1: {B}, 2: set(), 3: {A}})
    told.build(layer(f"version 1 at {arn.format(3)}", share))
    told.deploy()
    told.expect(deps={1: {B}, 2: set(), 3: {A}})


@story
@listed("remove the line of a version that the source lists by `at ARN` too, `delete`")
def listed_twice(told: Story) -> None:
    """A version that is listed by its ARN before its own line goes is not deleted with the line."""
    told.upload("1.zip")
    adopted = [
        f"version one at arn:aws:lambda:us-east-1:{told.account}:layer:deps:1",
        f"share with account {A}",
    ]
    told.build(layer(version("1"), "old-versions delete", f"share with account {A}"))
    told.deploy()
    told.build(layer(version("1"), "old-versions delete", *adopted))
    told.deploy()
    told.refuses(layer(*adopted), "deleted-version")
    told.refuses(layer(*adopted, name="other"), "deleted-version")
    told.build(layer(version("1"), *adopted))
    told.deploy()
    told.build(layer(*adopted))
    told.deploy()
    told.expect(deps={1: {A}})


@story
@listed("build over somebody else's template that publishes a version, and list it by `at ARN`")
def somebody_elses_template(told: Story) -> None:
    """A version that somebody else's template publishes is taken over in two deploys; one would
    delete it.
    """
    told.upload("1.zip", "2.zip")
    plain = """\
Resources:
  Shared:
    Type: AWS::Lambda::LayerVersion
    Properties:
      LayerName: {}
      Content: {{S3Bucket: {}, S3Key: 1.zip}}
"""
    harm = Story("harm", told.account, told.place / "harm")
    harm.template.write_text(plain.format("harmed", told.bucket))
    harm.deploy()
    harm.expect(harmed={1: set()})
    harm.refuses(layer(version("2"), name="other"), "deleted-version")
    harm.template.unlink()
    harm.build(layer(version("2"), name="other"))
    harm.deploy()
    harm.expect(harmed={}, other={1: set()})

    told.template.write_text(plain.format("deps", told.bucket))
    told.deploy()
    adopted = layer(
        f"version 1 at arn:aws:lambda:us-east-1:{told.account}:layer:deps:1",
        version("2"),
        f"share with account {A}",
    )
    told.refuses(adopted, "deleted-version")
    told.template.write_text(
        told.template.read_text().replace(
            "    Properties:", "    DeletionPolicy: Retain\n    Properties:"
        )
    )
    told.deploy()
    told.write(adopted)
    if told.compiler("build", told.source, "-o", told.template).returncode != 2:
        raise Broken("a template of somebody else's should not be overwritten")
    told.build(adopted, "--replace")
    told.deploy()
    told.expect(deps={1: {A}, 2: {A}})


@story
@listed("move a layer to the source of another stack, by `at ARN`, `keep`")
def moved_to_another_source(told: Story) -> None:
    """The other stack shares the versions before this one gives them up."""
    told.upload("1.zip", "2.zip", "3.zip")
    share = f"share with account {A}"
    tools = layer(version("3"), share, name="tools")
    told.build(layer(version("1"), version("2"), share) + tools)
    told.deploy()
    other = Story("moved-there", told.account, told.place / "other")
    arn = f"arn:aws:lambda:us-east-1:{told.account}:layer:deps:{{}}"
    other.build(layer(*(f"version {n} at {arn.format(n)}" for n in (1, 2)), share))
    other.deploy()
    told.build(tools)
    told.deploy()
    told.expect(deps={1: {A}, 2: {A}}, tools={1: {A}})


@story
@listed(
    "rename an account, an organization or a group",
    "reorder statements, move members between groups, split the source by `include`",
)
def the_same_in_other_words(told: Story) -> None:
    """Whatever changes words and not meaning is an empty change set."""
    told.upload("1.zip", "2.zip")
    names = f"account a = {A}\naccount b = {B}\norganization o = {ORG}\n"
    told.build(
        layer(version("1"), version("2"), "share with g, o", before=f"{names}group g = a, b\n")
    )
    told.deploy()
    (told.place / "names.layers").write_text(
        f"account x = {A}\naccount b = {B}\norganization p = {ORG}\ngroup h = p, x\n"
    )
    others = [
        layer("share with g, o", version("1"), version("2"), before=f"group g = b, a\n{names}"),
        layer(
            version("1"),
            version("2"),
            "share with c, b, o",
            before=f"account c = {A}\naccount b = {B}\norganization o = {ORG}\n",
        ),
        layer(
            version("1"),
            version("2"),
            "share with b",
            "share with h",
            before='include "names.layers"\n',
        ),
    ]
    for source in others:
        told.build(source)
        if changes := told.deploy():
            raise Broken(f"this should change nothing: {changes}\n{source}")
        told.expect(deps={1: {A, B, ORG}, 2: {A, B, ORG}})
        told.drifts()


@story
@listed(
    "change the value of a parameter that is a principal",
    "change the value of a parameter in a version's content",
)
def parameters(told: Story) -> None:
    """A parameter's old value loses what its new value gets, and no value widens."""
    told.upload("1.zip", "2.zip")
    declared = "parameter Partner account\nparameter Group organization\nparameter Key\n"
    lines = [
        f"version 1 from s3://{BUCKET}/${{Key}}",
        "share with account ${Partner}, organization ${Group}",
    ]
    told.build(layer(*lines, before=declared))
    values = {"Partner": A, "Group": ORG, "Key": "1.zip"}
    told.deploy(values)
    told.expect(deps={1: {A, ORG}})
    values = {**values, "Partner": B, "Group": "o-zyxwv98765"}
    told.deploy(values)
    told.expect(deps={1: {B, "o-zyxwv98765"}})
    told.drifts(parameters=values)
    for name, value in [("Partner", "*"), ("Partner", ""), ("Group", ""), ("Group", "o-*")]:
        try:
            told.deploy({**values, name: value})
        except aws.Failed as failed:
            if "must be an" in str(failed):
                continue
            raise
        raise Broken(f"{name} should not take {value!r}")
    told.expect(deps={1: {B, "o-zyxwv98765"}})
    told.deploy({**values, "Key": "2.zip"})
    told.expect(deps={1: set(), 2: {B, "o-zyxwv98765"}})


@story
@listed("add a version to a list with a rule for the `newest` versions")
def a_window(told: Story) -> None:
    """The deploy that publishes the next version revokes the oldest in the window, and takes
    nothing from anybody else.
    """
    told.upload("1.zip", "2.zip", "3.zip", "4.zip")
    rules = [
        f"share with account {B}",
        f"share newest 2 with account {A}, account {C}",
        f"share version 1 with account {C}",
    ]

    def release(*labels: str) -> list[tuple[str, str]]:
        told.build(layer(f"version {', '.join(labels)} from s3://{BUCKET}/<version>.zip", *rules))
        return sorted((change["Action"], change["LogicalResourceId"]) for change in told.deploy())

    release("1")
    told.expect(deps={1: {A, B, C}})
    release("1", "2")
    told.expect(deps={1: {A, B, C}, 2: {A, B, C}})
    changes = release("1", "2", "3")
    told.expect(deps={1: {B, C}, 2: {A, B, C}, 3: {A, B, C}})
    gone = [name for action, name in changes if action != "Add"]
    if gone != [f"DepsV1ToAccount{A}"]:
        raise Broken(f"a release should take one grant away and leave all others alone: {changes}")
    release("1", "2", "3", "4")
    told.expect(deps={1: {B, C}, 2: {B}, 3: {A, B, C}, 4: {A, B, C}})
    told.drifts()


@story
@listed("turn a switch on", "turn a switch off", "empty an optional parameter, or give it a value")
def switches(told: Story) -> None:
    """A switch and an optional parameter bring grants and take them, and no value widens."""
    told.upload("1.zip", "2.zip")
    declared = """
        parameter Public switch = false
        parameter Partner optional organization
        parameter Auditor optional account
    """
    rules = [
        f"version 1, 2 from s3://{BUCKET}/<version>.zip",
        f"share with account {A}",
        f"share version 1 with account {B} unless Public",
        'share newest 1 with everyone because "it is public" when Public',
        "share with organization ${Partner}",
        "share version 2 with account ${Auditor} when Public",
    ]
    told.build(layer(*rules, before=declared))

    told.deploy()
    told.expect(deps={1: {A, B}, 2: {A}})

    def see(one: set[str], two: set[str], **values: str) -> None:
        kept = told.turn(**values)
        told.expect(deps={1: one, 2: two})
        told.drifts(parameters={"Public": "false", "Partner": "", "Auditor": "", **values})
        if not {"DepsV1", "DepsV2", f"DepsV1ToAccount{A}", f"DepsV2ToAccount{A}"} <= kept.keys():
            raise Broken(
                "a switch should touch nothing but the grants that depend on it, "
                f"and left only {sorted(kept)}"
            )

    see({A}, {A, "everyone"}, Public="true")
    see({A}, {A, "everyone", C}, Public="true", Auditor=C)
    see({A, B, ORG}, {A, ORG}, Public="false", Auditor=C, Partner=ORG)
    see({A, B, "o-zyxwv98765"}, {A, "o-zyxwv98765"}, Partner="o-zyxwv98765")
    see({A, B}, {A}, Partner="")
    organizations = [
        "*",
        " ",
        "o-",
        "o-*",
        f"{ORG}*",
        f"{ORG} ",
        f" {ORG}",
        f"{ORG}\n",
        "\n",
        f"x\n{ORG}",
        "O-A1B2C3D4E5",
        "''",
        A,
    ]
    accounts = [
        "*",
        " ",
        f"{A}3",
        A[1:],
        f"{A} ",
        f"{A}\n",
        "\n",
        f"{A}\n{B}",
        f"arn:aws:iam::{A}:root",
        "''",
        ORG,
    ]
    refused = [("Partner", value) for value in organizations] + [
        ("Auditor", value) for value in accounts
    ]
    for name, value in [
        *refused,
        ("Public", ""),
        ("Public", "*"),
        ("Public", "yes"),
        ("Public", "TRUE"),
        ("Public", "true "),
    ]:
        try:
            told.turn(**{"Public": "true", name: value})
        except aws.Failed as failed:
            if (
                "must be a" in str(failed)
                or "AllowedValues" in str(failed)
                or "allowed values" in str(failed)
            ):
                continue
            raise
        raise Broken(f"{name} should not take {value!r}")
    told.expect(deps={1: {A, B}, 2: {A}})


@story
@listed("turn off the switch that a layer `exists when`")
def a_layer_on_a_switch(told: Story) -> None:
    """A layer comes and goes with its shares, its SSM parameter and its output; its versions stay,
    and are others afterwards.
    """
    told.upload("1-arm64.zip", "1-x86_64.zip")
    rules = [
        "exists when Arm64 for arm64",
        f"version 1 from s3://{BUCKET}/<version>-<arch>.zip",
        f"share with account {A}",
        "publish to /layers/<arch>",
    ]
    told.build(
        layer(*rules, name="deps for arch in x86_64, arm64", before="parameter Arm64 switch = true")
    )

    def shown() -> set[str]:
        names = aws.ask("ssm", "describe-parameters").get("Parameters", [])
        stack = aws.ask("cloudformation", "describe-stacks", "--stack-name", told.stack)["Stacks"][
            0
        ]
        return {one["Name"] for one in names} | {
            one["OutputKey"] for one in stack.get("Outputs", [])
        }

    both = {"/layers/arm64", "/layers/x86_64", "DepsArm64NewestArn", "DepsX8664NewestArn"}
    one = {"/layers/x86_64", "DepsX8664NewestArn"}

    def see(versions: dict[int, set[str]], expected: set[str]) -> None:
        found = {
            "deps-x86_64": told.sharing("deps-x86_64"),
            "deps-arm64": told.sharing("deps-arm64"),
        }
        if found != {"deps-x86_64": {1: {A}}, "deps-arm64": versions} or shown() != expected:
            raise Broken(f"expected {versions} and {expected}, found {found} and {shown()}")

    told.deploy({"Arm64": "false"})
    see({}, one)
    turns: list[tuple[str, dict[int, set[str]], set[str]]] = [
        ("true", {1: {A}}, both),
        ("false", {1: set()}, one),
        ("true", {1: set(), 2: {A}}, both),
    ]
    for arm64, versions, expected in turns:
        told.turn(Arm64=arm64)
        see(versions, expected)


@story
@listed(
    "edit a property or the content of a published version", "the same with `--republish LABEL`",
    "rename a label, nothing else", "rename the layer and keep its name in AWS by `name`",
    "rename the layer without `name`",
)  # fmt: skip
def published_once(told: Story) -> None:
    """No version is published a second time by accident."""
    told.upload("1.zip", "2.zip")
    share = f"share with account {A}"
    told.build(layer(version("1"), share))
    told.deploy()
    told.refuses(layer(version("1"), "license MIT", share), "republished-version")
    told.refuses(layer(version("1").replace("1.zip", "2.zip"), share), "republished-version")
    told.refuses(
        layer(version("1").replace("version 1", "version one"), share), "republished-version"
    )
    told.refuses(layer(version("1"), "name deps", share, name="other"), "republished-version")
    told.refuses(layer(version("1"), share, name="other"), "republished-version")
    if told.deploy():
        raise Broken("a refused build should leave nothing to deploy")
    told.expect(deps={1: {A}})
    told.build(layer(version("1"), "license MIT", share), "--republish", "1")
    told.deploy()
    told.expect(deps={1: set(), 2: {A}})
    told.drifts()
    told.build(layer(version("1"), "license MIT", share, name="other"), "--republish", "1")
    told.deploy()
    told.expect(deps={1: set(), 2: set()}, other={1: {A}})


@story
@listed("change the name in `publish to`", "delete the stack")
def the_newest_arn(told: Story) -> None:
    told.upload("1.zip", "2.zip")
    share = f"share with account {A}"

    def newest(name: str) -> str | None:
        found = aws.ask("ssm", "get-parameters", "--names", name)["Parameters"]
        return found[0]["Value"].rpartition(":")[2] if found else None

    told.build(layer(version("1"), share, "publish to /layers/deps"))
    told.deploy()
    told.build(layer(version("1"), version("2"), share, "publish to /layers/deps"))
    told.deploy()
    if newest("/layers/deps") != "2":
        raise Broken("the SSM parameter should hold the newest ARN")
    told.build(layer(version("1"), version("2"), share, "publish to /layers/other"))
    told.deploy()
    if (newest("/layers/deps"), newest("/layers/other")) != (None, "2"):
        raise Broken("the SSM parameter should have another name")
    told.delete()
    told.expect(deps={1: set(), 2: set()})
    if newest("/layers/other"):
        raise Broken("the SSM parameter should be gone with its stack")


@story
@listed("remove a version that `publish to …<version>` gives an SSM parameter, `keep`")
def a_name_for_each_version(told: Story) -> None:
    """Whoever stays with a version reads its ARN as long as the version exists."""
    told.upload("1.zip", "2.zip")
    share = f"share with account {A}"
    names = ["publish to /layers/deps", "publish to /layers/deps/<version>"]

    def numbers() -> dict[str, str]:
        found = aws.ask("ssm", "get-parameters-by-path", "--path", "/layers", "--recursive")
        return {one["Name"]: one["Value"].rpartition(":")[2] for one in found["Parameters"]}

    told.build(layer(version("1"), version("2"), share, *names))
    told.deploy()
    both = {"/layers/deps": "2", "/layers/deps/1": "1", "/layers/deps/2": "2"}
    if numbers() != both:
        raise Broken(f"each version and the newest should have a name: {numbers()}")
    told.build(layer(version("2"), share, *names))
    told.deploy()
    told.expect(deps={1: set(), 2: {A}})
    if numbers() != both:
        raise Broken(f"the name of a version that was removed should stay: {numbers()}")


@story
def the_name_of_a_deleted_version(told: Story) -> None:
    """A version that is deleted takes its name with it."""
    told.upload("1.zip", "2.zip")
    rules = ["old-versions delete", "publish to /layers/gone/<version>"]
    told.build(layer(version("1"), version("2"), *rules))
    told.deploy()
    told.build(layer(version("2"), *rules))
    told.deploy()
    found = aws.ask("ssm", "get-parameters-by-path", "--path", "/layers/gone")["Parameters"]
    if [one["Name"] for one in found] != ["/layers/gone/2"]:
        raise Broken(f"the name of a deleted version should be gone: {found}")


def roll(key: str, *rules: str, before: str = "", name: str = "deps") -> str:
    return layer(f"content s3://{BUCKET}/{key}", *rules, before=before, name=name)


@story
@rolling(
    "change the content or a property, `keep`", "add a rule", "remove a rule",
    "change the ID of a name",
    "rename an account, an organization or a group; reorder; move members between groups",
)  # fmt: skip
def rolling_keeps(told: Story) -> None:
    """Old versions stay shared as they were; a removed rule is revoked on the newest only, and
    drift tells of the rest.
    """
    told.upload("1.zip", "2.zip", "3.zip")
    told.build(roll("1.zip", f"share with account {A}, organization {ORG}"))
    told.deploy()
    told.build(roll("2.zip", f"share with account {A}, organization {ORG}"))
    told.deploy()
    told.expect(deps={1: {A, ORG}, 2: {A, ORG}})
    told.build(roll("2.zip", f"share with account {A}, account {B}, organization {ORG}"))
    told.deploy()
    told.expect(deps={1: {A, ORG}, 2: {A, B, ORG}})
    told.build(
        roll(
            "2.zip",
            "share with g",
            before=f"account x = {A}\naccount y = {B}\norganization z = {ORG}\ngroup g = z, y, x\n",
        )
    )
    if changes := told.deploy():
        raise Broken(f"this should change nothing: {changes}")
    told.build(roll("2.zip", f"share with account {B}"))
    told.deploy()
    told.expect(deps={1: {A, ORG}, 2: {B}})
    named = "account team = {}\n"
    told.build(roll("2.zip", "share with team", before=named.format(C)))
    told.deploy()
    told.expect(deps={1: {A, ORG}, 2: {C}})
    told.build(roll("3.zip", "share with team", before=named.format(C)))
    told.deploy()
    told.expect(deps={1: {A, ORG}, 2: {C}, 3: {C}})
    told.drifts("extra", "extra", "extra")
    told.repair()
    told.expect(deps={1: set(), 2: set(), 3: {C}})


@story
@rolling("… with a principal that is a parameter")
def rolling_parameter(told: Story) -> None:
    told.upload("1.zip", "2.zip")
    declared = "parameter Partner account\n"
    share = f"share with account ${{Partner}}, account {B}"
    told.build(roll("1.zip", share, before=declared))
    told.deploy({"Partner": A})
    told.build(roll("2.zip", share, before=declared))
    told.deploy({"Partner": A})
    told.expect(deps={1: {B}, 2: {A, B}})


@story
@rolling("… with a rule that has `when` or `unless`")
def rolling_switch(told: Story) -> None:
    """What a rolling layer shares by a switch goes with the switch, on every version."""
    told.upload("1.zip", "2.zip")
    rules = ['share with everyone because "a test" when Public', f"share with account {A}"]
    told.build(
        roll("1.zip", *rules, before="parameter Public switch = false"), warned="rolling-parameter"
    )
    told.deploy({"Public": "true"})
    told.expect(deps={1: {"everyone", A}})
    told.build(
        roll("2.zip", *rules, before="parameter Public switch = false"), warned="rolling-parameter"
    )
    told.deploy({"Public": "true"})
    told.expect(deps={1: {A}, 2: {"everyone", A}})
    told.turn(Public="false")
    told.expect(deps={1: {A}, 2: {A}})


@story
@rolling("change the content or a property, `delete`")
def rolling_deletes(told: Story) -> None:
    told.upload("1.zip", "2.zip")
    for key in ("1.zip", "2.zip"):
        told.build(roll(key, "old-versions delete", f"share with account {A}"))
        told.deploy()
    told.expect(deps={2: {A}})


@story
@rolling("upload an archive over the old one, under the same key")
def rolling_same_key(told: Story) -> None:
    told.upload("1.zip")
    told.build(roll("1.zip", f"share with account {A}"))
    told.deploy()
    told.upload("1.zip")
    if told.deploy():
        raise Broken("the template is the same, so nothing should change")
    told.expect(deps={1: {A}})


@story
@rolling("remove a rule and change the content in one deploy")
def rolling_both_at_once(told: Story) -> None:
    told.upload("1.zip", "2.zip", "3.zip")
    for key, rules in [("1.zip", [A, B]), ("2.zip", [A, B]), ("3.zip", [B])]:
        told.build(roll(key, f"share with {', '.join(f'account {one}' for one in rules)}"))
        told.deploy()
    told.expect(deps={1: {A, B}, 2: {B}, 3: {B}})


@story
@rolling("rename the layer, with or without `name`")
def rolling_renamed(told: Story) -> None:
    told.upload("1.zip", "2.zip")
    for key in ("1.zip", "2.zip"):
        told.build(roll(key, f"share with account {A}"))
        told.deploy()
    told.build(
        roll("2.zip", f"share with account {A}", "name deps", name="renamed"), warned="lost-grants"
    )
    told.deploy()
    told.expect(deps={1: {A}, 2: set(), 3: {A}})


@story
@rolling("remove the layer, `keep`")
def rolling_leaves(told: Story) -> None:
    told.upload("1.zip", "2.zip", "3.zip")
    for key in ("1.zip", "2.zip"):
        told.build(roll(key, f"share with account {A}"))
        told.deploy()
    told.build(roll("3.zip", name="tools"), warned="lost-grants")
    told.deploy()
    told.expect(deps={1: {A}, 2: set()}, tools={1: set()})


@story
@rolling("change `keep` to `delete`", "delete the stack")
def rolling_ends(told: Story) -> None:
    told.upload("1.zip", "2.zip", "3.zip")
    for key in ("1.zip", "2.zip"):
        told.build(roll(key, f"share with account {A}"))
        told.deploy()
    told.build(roll("2.zip", f"share with account {A}", "old-versions delete"))
    told.deploy()
    told.expect(deps={1: {A}, 2: {A}})
    told.build(roll("2.zip", f"share with account {A}"))
    told.deploy()
    told.delete()
    told.expect(deps={1: {A}, 2: set()})


@story
def from_rolling_to_listed(told: Story) -> None:
    """As the page tells: the newest version is then shared by the rules; older ones have a
    statement too many.
    """
    told.upload("1.zip", "2.zip", "3.zip")
    for key in ("1.zip", "2.zip"):
        told.build(roll(key, f"share with account {A}"))
        told.deploy()
    arn = f"arn:aws:lambda:us-east-1:{told.account}:layer:deps:{{}}"
    versions = [f"version nightly-{n} at {arn.format(n)}" for n in (1, 2)]
    told.build(layer(*versions, version("3"), f"share with account {A}"))
    told.deploy()
    told.expect(deps={1: {A}, 2: {A}, 3: {A}})
    told.drifts("duplicate")
    told.repair()
    told.drifts()
    told.expect(deps={1: {A}, 2: {A}, 3: {A}})
    told.build(layer(*versions, version("3")))
    told.deploy()
    told.expect(deps={1: set(), 2: set(), 3: set()})


@story
def local_archives(told: Story) -> None:
    """A source that names local files goes through `package`; the second version leaves the first
    alone.
    """
    share = f"share with account {A}, account {C}"
    for number in (1, 2):
        told.archive(f"build/{number}.zip", f"archive {number}")
        versions = [f"version {n} from ./build/{n}.zip" for n in range(1, number + 1)]
        told.build(layer(*versions, share))
        told.deploy()
    told.expect(deps={1: {A, C}, 2: {A, C}})


@story
def a_deploy_that_fails(told: Story) -> None:
    """Half-way through, a grant is refused: nobody has more than before, and a failed first deploy
    leaves nothing.
    """
    told.upload("1.zip", "2.zip")
    bad = """
  Refused:
    Type: AWS::Lambda::LayerVersionPermission
    DependsOn: {}
    Properties:
      Action: lambda:GetLayerVersion
      LayerVersionArn: !Ref {}
      Principal: nobody
"""
    told.build(layer(version("1"), f"share with account {A}"))
    refuses(told, with_resource(told, bad.format(f"DepsV1ToAccount{A}", "DepsV1")))
    told.expect(deps={})
    told.delete()
    told.deploy()
    told.expect(deps={2: {A}})
    told.build(layer(version("1"), version("2"), f"share with account {B}"))
    refuses(told, with_resource(told, bad.format(f"DepsV2ToAccount{B}", "DepsV2")))
    found = told.sharing("deps")
    if found.get(2) != {A} or any(who - {A} for who in found.values()):
        raise Broken(f"a failed deploy should leave everybody with what they had: {found}")


def with_resource(told: Story, written: str) -> str:
    """The template with one more resource: after the last of its own, before its outputs."""
    resources, outputs = told.template.read_text().split("\nOutputs:\n")
    return f"{resources}{written}\nOutputs:\n{outputs}"


def refuses(told: Story, body: str) -> None:
    try:
        told.deploy(body=body)
    except aws.Failed:
        return
    raise Broken("this deploy should fail")


@story
def four_hundred_grants(told: Story) -> None:
    """400 grants, in a template that must come from a bucket, by the command of the build."""
    told.upload(*(f"{n}.zip" for n in range(1, 6)))
    accounts = [f"{n:012}" for n in range(700_000_000_001, 700_000_000_081)]
    share = "share with " + ",\n    ".join(f"account {one}" for one in accounts)
    told.write(layer(*(version(str(n)) for n in range(1, 6)), share))
    done = told.compiler("build", told.source, "-o", told.template)
    command = next(
        line.split()[1:] for line in done.stderr.splitlines() if "aws cloudformation deploy" in line
    )
    if told.template.stat().st_size <= 51_200 or "--s3-bucket" not in command:
        raise Broken(f"this template should need a bucket:\n{done.stderr}")
    aws.run(*(word.replace(BUCKET, told.bucket) for word in command))
    told.expect(deps={n: set(accounts) for n in range(1, 6)})


@story
def as_others_see_it(told: Story) -> None:
    """Who is named can read a version and attach it to a function, who is not named cannot, before
    and after.
    """
    told.upload("1.zip", "2.zip")
    with aws.account(B):
        theirs = aws.ask("organizations", "describe-organization")["Organization"]["Id"]

    def see(expected: dict[str, bool]) -> None:
        found = {who: told.usable("deps", 1, who) for who in expected}
        if found != expected:
            raise Broken(f"expected {expected}, found {found}")

    told.build(layer(version("1"), f"share with account {A}"))
    told.deploy()
    see({A: True, B: False, told.account: True})
    told.build(
        layer(
            version("1"),
            version("2"),
            f"share version 2 with account {A}",
            f"share with organization {theirs}",
        )
    )
    told.deploy()
    see({A: False, B: True, C: False})
    told.build(layer(version("1"), 'share with everyone because "a test"'))
    told.deploy()
    see({A: True, B: True, C: True})
    told.build(layer(version("1")))
    told.deploy()
    see({A: False, B: False, C: False, told.account: True})


SHAPES = {
    "two-architectures": (
        {},
        {"rust-runtime-x86_64": [{ORG}, {ORG}], "rust-runtime-arm64": [{ORG}, {ORG}]},
    ),
    "public-logger": ({}, {"logger": [{"everyone"}, {"everyone"}]}),
    "layer-per-runtime": (
        {},
        {"numeric-python312": [{A, B}, {A, B}], "numeric-python313": [{A, B}, {A, B}]},
    ),
    "empty-organization": ({"CustomerOrganization": "", "CustomerAuditor": ""}, {"agent": [{A}]}),
    "public-by-switch": (
        {"MakePublic": "true"},
        {"widgets-x86_64": [{"everyone"}], "widgets-arm64": [{"everyone"}]},
    ),
    "support-window": ({}, {"extension": [{A}, {A, B, "o-zyxwv98765"}, {A, B, "o-zyxwv98765"}]}),
    "regional-arm64": (
        {"HasArm64": "false"},
        {"tracing-x86_64": [{ORG}, {ORG}], "tracing-arm64": []},
    ),
    "nightly-matrix": (
        {"Build": "20261126"},
        {
            f"acme-nightly-nodejs{n}x-{arch}": [{A}]
            for n in (22, 24)
            for arch in ("x86_64", "arm64")
        },
    ),
    "platform": (
        {"Public": "true", "PartnerOrganization": "o-zyxwv98765"},
        {
            **{
                f"base-{arch}": [{ORG}, {ORG, "o-zyxwv98765"}, {ORG, "o-zyxwv98765"}]
                for arch in ("x86_64", "arm64")
            },
            **{
                f"sdk-{arch}": [{ORG}, {ORG}, {ORG, "o-zyxwv98765", "everyone"}]
                for arch in ("x86_64", "arm64")
            },
        },
    ),
}
"""Sources of tests/cases/compile by what real stacks do: the parameters of a deploy, and who may
use each version then.
"""


def shape(name: str, parameters: dict[str, str], layers: dict[str, list[set[str]]]) -> None:
    def told(one: Story) -> None:
        one.build((ROOT / "tests" / "cases" / "compile" / f"shape-{name}.layers").read_text())
        one.deploy(parameters)
        for layer_name, versions in layers.items():
            one.expect(**{layer_name: dict(enumerate(versions, 1))})
        one.drifts(parameters=parameters)

    told.__name__ = f"shape_{name.replace('-', '_')}"
    story(told)


for name, (given, expected) in SHAPES.items():
    shape(name, given, expected)


@story
def shape_adopted_pair(told: Story) -> None:
    """Versions that another stack published for two architectures, of which a partner has the last
    one where there is one.
    """
    told.upload("1.zip")
    other = Story("other", told.account, told.place / "other")
    labels = ", ".join(str(label) for label in range(1, 6))
    other.build(
        layer(
            f"version {labels} from s3://{BUCKET}/1.zip object-version <version>",
            name="codecs for arch in x86_64, arm64",
        )
    )
    other.deploy()
    told.build((ROOT / "tests" / "cases" / "compile" / "shape-adopted-pair.layers").read_text())
    told.deploy({"Partner": B})
    unshared: dict[int, set[str]] = {1: set(), 2: set(), 3: set()}
    for arch in ("x86_64", "arm64"):
        told.expect(**{f"codecs-{arch}": {**unshared, 4: {A}, 5: {A, B}}})

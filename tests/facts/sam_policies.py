"""The policy templates of SAM that say nothing of layers, from an installed aws-sam-translator."""

import datetime
import importlib.metadata
import importlib.resources
import json
import re

LAYER_ACTIONS = re.compile(
    r'"(\*|lambda:(\*|Create|Update|Get\*|GetLayer|Publish|Add)[A-Za-z*]*|iam:PassRole)"'
)


def main() -> None:
    data = (
        importlib.resources.files("samtranslator")
        / "policy_templates_data"
        / "policy_templates.json"
    )
    templates: dict[str, object] = json.loads(data.read_text(encoding="utf-8"))["Templates"]
    harmless = [name for name, template in templates.items() if not speaks_of_layers(template)]
    version = importlib.metadata.version("aws-sam-translator")
    print(
        "# The policy templates of the AWS Serverless Application Model. "
        "None of them speaks of an action that attaches, reads,"
    )
    print("# publishes or shares layers.")
    print(
        f"# Source: aws-sam-translator {version}, "
        "samtranslator/policy_templates_data/policy_templates.json"
    )
    print(f"# As of {datetime.datetime.now(datetime.UTC).date()}")
    print("\n".join(sorted(harmless)))


def speaks_of_layers(template: object) -> bool:
    """Whether an action of a template may be about layers; its resources may well be `*`."""
    statements = template["Definition"]["Statement"]  # type: ignore[index]
    return any(LAYER_ACTIONS.search(json.dumps(statement["Action"])) for statement in statements)


main()

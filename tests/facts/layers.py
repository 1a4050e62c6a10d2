"""Prints src/aws/layers.txt: the layers that AWS publishes, as items of a layer set.

    layers.py AWS-CDK-LIB.tgz

The accounts by region are those that aws-cdk-lib ships. What it does not know is listed here, with
the page that says it.
"""

import datetime
import json
import re
import sys
import tarfile

PRODUCTS = {
    "AWS-AppConfig-Extension": "AppConfig",
    "AWS-Parameters-and-Secrets-Lambda-Extension": "Parameters and Secrets",
    "LambdaInsightsExtension": "Lambda Insights",
    "aws-otel-": "AWS Distro for OpenTelemetry",
}
READ = "2026-11-26"
BY_HAND = [
    (
        "CloudWatch Application Signals",
        "arn:aws:lambda:*:615299751070:layer:AWSOpenTelemetryDistro*:*",
    ),
    ("Lambda Web Adapter", "arn:aws-cn:lambda:*:041581134020:layer:LambdaAdapterLayer*:*"),
    ("Lambda Web Adapter", "arn:aws:lambda:*:753240598075:layer:LambdaAdapterLayer*:*"),
    (
        "Powertools for Python",
        "arn:aws-cn:lambda:cn-north-1:498634801083:layer:AWSLambdaPowertoolsPython*:*",
    ),
    (
        "Powertools for Python",
        "arn:aws-us-gov:lambda:us-gov-east-1:165087284144:layer:AWSLambdaPowertoolsPython*:*",
    ),
    (
        "Powertools for Python",
        "arn:aws-us-gov:lambda:us-gov-west-1:165093116878:layer:AWSLambdaPowertoolsPython*:*",
    ),
    ("Powertools for Python", "arn:aws:lambda:*:017000801446:layer:AWSLambdaPowertoolsPython*:*"),
    (
        "Powertools for TypeScript",
        "arn:aws-cn:lambda:cn-north-1:498634801083:layer:AWSLambdaPowertoolsTypeScript*:*",
    ),
    (
        "Powertools for TypeScript",
        "arn:aws-us-gov:lambda:us-gov-east-1:165087284144:layer:AWSLambdaPowertoolsTypeScript*:*",
    ),
    (
        "Powertools for TypeScript",
        "arn:aws-us-gov:lambda:us-gov-west-1:165093116878:layer:AWSLambdaPowertoolsTypeScript*:*",
    ),
    (
        "Powertools for TypeScript",
        "arn:aws:lambda:*:094274105915:layer:AWSLambdaPowertoolsTypeScript*:*",
    ),
    ("SDK for pandas", "arn:aws:lambda:*:336392948345:layer:AWSSDKPandas*:*"),
]
PAGES = (
    "docs.aws.amazon.com/powertools (Powertools), aws-sdk-pandas.readthedocs.io (SDK for pandas), "
    "github.com/aws/aws-lambda-web-adapter (Web Adapter), "
    "CloudWatch User Guide (Application Signals)"
)
ARN = re.compile(r"arn:(aws[a-z-]*):lambda:([a-z0-9-]+):(\d{12}):layer:([A-Za-z0-9_-]+):")


Layers = tuple[str, str, str, str]


def shipped(path: str) -> tuple[str, dict[Layers, set[str]]]:
    """The version of the package, and each (product, partition, account, name's beginning) with its
    regions.
    """
    with tarfile.open(path) as package:

        def file(name: str) -> str:
            content = package.extractfile(name)
            if content is None:
                raise KeyError(f"the package has no file {name}")
            return content.read().decode()

        version = json.loads(file("package/package.json"))["version"]
        text = file("package/region-info/lib/built-ins.generated.js")
    found: dict[Layers, set[str]] = {}
    for partition, region, account, name in ARN.findall(text):
        for start, product in PRODUCTS.items():
            if name.startswith(start):
                found.setdefault((product, partition, account, start), set()).add(region)
    # An account is of one partition. Where the package gives one for two, it has filled in the
    # second.
    commercial = {account for _, partition, account, _ in found if partition == "aws"}
    return version, {
        key: regions
        for key, regions in found.items()
        if key[1] == "aws" or key[2] not in commercial
    }


def main() -> None:
    version, found = shipped(sys.argv[1])
    lines = [f"{product} {arn}" for product, arn in BY_HAND]
    for (product, partition, account, start), regions in found.items():
        # All these accounts are AWS's own, so that one in several regions needs no list of them.
        region = "*" if len(regions) > 1 else min(regions)
        lines.append(f"{product} arn:{partition}:lambda:{region}:{account}:layer:{start}*:*")
    print(
        "# The layers that AWS publishes, each as an item of a layer set, "
        "with the name of the product before it."
    )
    print(f"# Source: aws-cdk-lib {version}, region-info; by hand on {READ}: {PAGES}")
    print(f"# As of {datetime.date.today().isoformat()}")
    print("\n".join(sorted(lines)))


if __name__ == "__main__":
    main()

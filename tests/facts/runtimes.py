"""Prints src/aws/runtimes.txt: the runtimes that Lambda's API model lists, and what is known of
their support.

The names are those of botocore, the dates those of cfn-lint. A runtime without a date is marked as
`undated`: it is either so new that AWS has not said how long it is supported, or it never ends.
"""

import datetime
import gzip
import importlib.metadata
import json
from pathlib import Path


def packaged(package: str, path: str) -> Path:
    return Path(str(importlib.metadata.distribution(package).locate_file(path)))


def main() -> None:
    model = packaged("botocore", "botocore/data/lambda/2015-03-31/service-2.json.gz")
    names = json.loads(gzip.decompress(model.read_bytes()))["shapes"]["Runtime"]["enum"]
    lifecycle = packaged("cfn-lint", "cfnlint/data/AdditionalSpecs/LmbdRuntimeLifecycle.json")
    dates = {name: one["deprecated"] for name, one in json.loads(lifecycle.read_text()).items()}
    today = datetime.date.today().isoformat()
    print(
        "# The runtimes that a layer version can name. "
        "What Lambda no longer supports is marked as deprecated, and what has no"
    )
    print("# date of support as undated.")
    versions = (importlib.metadata.version("botocore"), importlib.metadata.version("cfn-lint"))
    print(
        "# Source: the Lambda API model of botocore {} (names), "
        "the lifecycle data of cfn-lint {} (dates)".format(*versions)
    )
    print(f"# As of {today}")
    for name in sorted(names):
        if name not in dates:
            print(name, "undated")
        else:
            print(name + (" deprecated" if dates[name] <= today else ""))


if __name__ == "__main__":
    main()

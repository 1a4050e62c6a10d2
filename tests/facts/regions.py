"""Prints src/aws/regions.txt: the regions of every partition, as botocore knows them."""

import datetime
import importlib.metadata
import json
from pathlib import Path


def main() -> None:
    package = importlib.metadata.distribution("botocore")
    regions: set[str] = set()
    for name in ("endpoints.json", "partitions.json"):
        path = Path(str(package.locate_file(f"botocore/data/{name}")))
        for partition in json.loads(path.read_text())["partitions"]:
            regions.update(partition["regions"])
    today = datetime.date.today().isoformat()
    print("# The regions of every partition. Not each of them is open to every account.")
    print(f"# Source: the endpoints and the partitions of botocore {package.version}")
    print(f"# As of {today}")
    for region in sorted(regions):
        if not region.endswith("-global"):
            print(region)


if __name__ == "__main__":
    main()

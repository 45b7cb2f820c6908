"""Building the key graph: time, memory and growth over three sizes of estate.

python benchmarks/graph.py [--sizes 10000 30000 100000]
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from datetime import UTC, datetime

from scanner.graph.build import build
from scanner.model.arn import key_arn
from scanner.model.records import Coverage, KeyFact, KeyUse, Link, ResourceFact, Source
from scanner.model.settings import Settings
from scanner.model.snapshot import Snapshot, snapshot_of

ACCOUNT, REGION = "111122223333", "eu-central-1"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def estate(resources: int) -> Snapshot:
    """`resources` volumes and snapshots over a tenth as many keys; every second one is a copy of the one before."""
    keys = [_key(number) for number in range(resources // 10)]
    rows = [_resource(number, len(keys)) for number in range(resources)]
    listed = Coverage(
        account=ACCOUNT, region=REGION, service="kms", operation="ListKeys", complete=True, provides=("key", "alias")
    )
    return snapshot_of(Source(type="aws", started=NOW, accounts=(ACCOUNT,), regions=(REGION,)), [listed, *keys, *rows])


def _key(number: int) -> KeyFact:
    return KeyFact(
        account=ACCOUNT,
        region=REGION,
        arn=key_arn(REGION, ACCOUNT, f"k{number}"),
        id=f"k{number}",
        manager="CUSTOMER",
        state="Enabled",
        origin="AWS_KMS",
        spec="SYMMETRIC_DEFAULT",
        usage="ENCRYPT_DECRYPT",
        created=NOW,
        multi_region_type=None,
        primary_arn=None,
        store_id=None,
        grants=(),
        tags={},
    )


def _resource(number: int, keys: int) -> ResourceFact:
    copy = number % 2 == 1
    return ResourceFact(
        account=ACCOUNT,
        region=REGION,
        arn=f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-{number}",
        type="AWS::EC2::Snapshot" if copy else "AWS::EC2::Volume",
        name=f"vol-{number}",
        uses=(KeyUse(field="storage", state="KEY", key=key_arn(REGION, ACCOUNT, f"k{number % keys}")),),
        tags={"DataClass": "pci"} if number % 7 == 0 else {},
        links=(Link(relation="derived_from", target=f"vol-{number - 1}"),) if copy else (),
    )


def main() -> None:
    """Print one line per size and the growth exponent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    sizes = parser.parse_args().sizes
    times = []
    for size in sizes:
        snapshot = estate(size)
        start = time.process_time()
        graph = build(snapshot, Settings())
        times.append(time.process_time() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{size:>9} resources: {times[-1]:7.2f} s CPU, peak {peak:6.0f} MiB, {len(graph.keys)} keys")
    if len(sizes) > 1:
        exponent = math.log(times[-1] / times[0]) / math.log(sizes[-1] / sizes[0])
        print(f"growth exponent {exponent:.2f}")


if __name__ == "__main__":
    main()

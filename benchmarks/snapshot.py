"""Time, memory and size of snapshot files over three sizes: `python -m benchmarks.snapshot [--largest N]`."""

from __future__ import annotations

import argparse
import gc
import tempfile
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks.measure import Timed, exponent, table
from scanner.model.records import KeyUse, ResourceFact, Source
from scanner.model.snapshot import Snapshot
from scanner.store.reading import read_snapshot
from scanner.store.snapshot_file import SnapshotWriter

TYPES = ("AWS::S3::Bucket", "AWS::EC2::Volume", "AWS::RDS::DBInstance", "AWS::SQS::Queue", "AWS::DynamoDB::Table")
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-east-2")
SOURCE = Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC))


def resources(count: int) -> Iterator[ResourceFact]:
    """`count` resources over five accounts, four Regions and five types, with tags as estates have them."""
    random = Random(1)
    accounts = [f"{number:012d}" for number in range(111111111111, 111111111116)]
    keys = [
        f"arn:aws:kms:eu-west-1:{accounts[0]}:key/{number:08x}-1111-2222-3333-444444444444" for number in range(2000)
    ]
    for number in range(count):
        account, region, type_ = random.choice(accounts), random.choice(REGIONS), random.choice(TYPES)
        service, name = type_.split("::")[1].lower(), f"payments-{number:08x}"
        yield ResourceFact(
            account=account,
            region=region,
            arn=f"arn:aws:{service}:{region}:{account}:thing/{name}",
            type=type_,
            name=name,
            uses=(KeyUse(field="storage", state="KEY", key=random.choice(keys), pointer="KmsKeyId"),),
            tags={"team": f"team-{random.randrange(40)}", "stage": "prod", "DataClass": random.choice(("pci", "none"))},
            created=datetime(2026, 1, random.randrange(1, 28), tzinfo=UTC),
        )


def measure(count: int, directory: Path) -> tuple[float, float, float, float]:
    """Seconds to write, seconds to read, MB of the file, bytes in memory for one resource."""
    path = directory / f"{count}.snapshot"
    facts = list(resources(count))
    with Timed() as write, SnapshotWriter(path, SOURCE) as writer:
        for fact in facts:
            writer.add(fact)
        writer.finish(SOURCE)
    del facts
    gc.collect()
    with Timed() as read:
        snapshot = read_snapshot(path)
    assert len(snapshot.of(ResourceFact)) == count
    del snapshot
    return write.seconds, read.seconds, path.stat().st_size / 1e6, memory_of(path) / count


def memory_of(path: Path) -> int:
    """Bytes that a snapshot keeps in memory once it is read."""
    gc.collect()
    tracemalloc.start()
    snapshot: Snapshot = read_snapshot(path)
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del snapshot
    return size


def main() -> None:
    """Print one row for each size and the growth exponents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=1_000_000)
    largest = parser.parse_args().largest
    sizes = [largest // 16, largest // 4, largest]
    with tempfile.TemporaryDirectory() as directory:
        rows = [measure(size, Path(directory)) for size in sizes]
    table(
        ("resources", "write s", "read s", "file MB", "bytes each"),
        [(size, *row) for size, row in zip(sizes, rows, strict=True)],
    )
    print(f"growth exponent: write {exponent(sizes, [row[0] for row in rows]):.2f}, ", end="")
    print(f"read {exponent(sizes, [row[1] for row in rows]):.2f}")


if __name__ == "__main__":
    main()

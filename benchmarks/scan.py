"""Scanning KMS keys over HTTP: CPU, time and memory per key, and how much of AWS's quotas a scan gets.

python -m benchmarks.scan [--sizes 100 300 1000] [--quotas]

Without `--quotas` the other end answers at once whatever is asked and the scan takes what its own throttle gives;
with it, every operation has AWS's quota in each second, and the bound is one ListGrants for each key at 100 a second.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.measure import exponent, table
from scanner.collect.aws import ScanOptions, scan
from scanner.collect.collectors import COLLECTORS
from scanner.model.records import Gap, Item, KeyFact

GRANTS_PER_SECOND = 100
COLUMNS = (
    "keys",
    "wall s",
    "% of the quota",
    "CPU s",
    "CPU ms a key",
    "CPU ms a request",
    "peak MiB",
    "throttled",
    "gaps",
)
KEYS_ONLY = tuple(row for row in COLLECTORS if row.name == "keys")


class Count:
    """A sink that keeps nothing."""

    def __init__(self) -> None:
        self.keys = self.gaps = 0

    def add(self, item: Item) -> None:
        """Count it."""
        self.keys += isinstance(item, KeyFact)
        self.gaps += isinstance(item, Gap)


def measure(keys: int, quotas: bool) -> dict[str, Any]:
    """One scan of `keys` keys on a fresh server; seconds of wall and CPU, and what the server counted."""
    command = [sys.executable, "-m", "benchmarks.fake_kms", str(keys), *(["--quotas"] if quotas else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        sink, wall, cpu = Count(), time.perf_counter(), time.process_time()
        options = ScanOptions(regions=("eu-west-1",), endpoint_url=url, quota_fraction=1.0, last_usage_budget=0)
        scan(options, sink, None, lambda: datetime.now(UTC), KEYS_ONLY)
        taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        server.stdin.close()
        counted = json.loads(server.stdout.readline())
    return {**taken, "keys": sink.keys, "gaps": sink.gaps, **counted}


def main() -> None:
    """Print one line per size and the growth exponent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--quotas", action="store_true")
    arguments = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
    rows = []
    for size in arguments.sizes:
        found = measure(size, arguments.quotas)
        requests = sum(found["answered"].values())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        share = 100 * size / GRANTS_PER_SECOND / found["wall"]
        cpu = found["cpu"]
        throttled = sum(found["throttled"].values())
        rows.append(
            [size, found["wall"], share, cpu, 1000 * cpu / size, 1000 * cpu / requests, peak, throttled, found["gaps"]]
        )
    table(COLUMNS, rows)
    print(f"growth of CPU: {exponent(arguments.sizes, [row[3] for row in rows]):.2f}")


if __name__ == "__main__":
    main()

"""Two consecutive runs into a SQLite history over three sizes: `python -m benchmarks.history [--store URL]`.

With `--store` (PostgreSQL: an empty database) the largest size goes there instead.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measure import Timed, exponent, table
from scanner.model.finding import Finding, Report
from scanner.model.records import Source
from scanner.model.rule import Outcome, RuleInfo, Severity
from scanner.store.history import record

SIZES = (10_000, 30_000, 100_000)
RULE = RuleInfo("key-rotation-off", "A key does not rotate", Severity.HIGH, "key", "lifecycle", "", {})
NIGHT = datetime(2026, 11, 1, 2, tzinfo=UTC)


def night(number: int, findings: tuple[Finding, ...]) -> Report:
    """A complete report."""
    at = NIGHT + timedelta(days=number)
    source = Source(type="aws", started=at, finished=at, accounts=("111122223333",), regions=("eu-west-1",))
    return Report(source, f"sha256:{number}", at, findings, (RULE,), (), True, "0")


def findings_of(size: int) -> tuple[Finding, ...]:
    """As many failures of one rule."""
    prefix = "arn:aws:kms:eu-west-1:111122223333:key/"
    place = ("111122223333", "eu-west-1", Outcome.FAIL, Severity.HIGH, "rotation is off")
    return tuple(Finding(RULE.id, f"{prefix}{number}", "key", *place) for number in range(size))


def two_nights(store: str, size: int) -> list[float]:
    """Wall seconds of the first night and of the second, in which a tenth is fixed and a tenth is new."""
    findings, seconds = findings_of(size + size // 10), []
    for number, some in enumerate((findings[:size], findings[-size:])):
        start = time.perf_counter()
        recorded = record(night(number, some), store)
        seconds.append(time.perf_counter() - start)
        assert recorded.findings[-1].first_seen == NIGHT + number * timedelta(days=1)
    return seconds


def main() -> None:
    """Print seconds, size of the file, memory and growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", help="an empty database, for the largest size alone")
    store = parser.parse_args().store
    sizes = SIZES[-1:] if store else SIZES
    rows: list[list[float | str]] = []
    totals = []
    with tempfile.TemporaryDirectory() as directory:
        for size in sizes:
            file = Path(directory) / f"{size}.db"
            with Timed() as timed:
                first, second = two_nights(store or str(file), size)
            totals.append(timed.seconds)
            megabytes = file.stat().st_size / 1e6 if file.exists() else 0.0
            rows.append([size, first, second, first + second, timed.seconds, megabytes])
    table(["findings", "first night, s", "second night, s", "both, s", "both, CPU s", "file, MB"], rows)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    if len(sizes) > 1:
        print(f"growth exponent of CPU {exponent(sizes, totals):.2f}")


if __name__ == "__main__":
    main()

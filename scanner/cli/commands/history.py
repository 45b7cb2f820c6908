"""`keyproof history`: what became of findings over many runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import AsOf, verbosity_options
from scanner.cli.output import write
from scanner.cli.words import Word
from scanner.model.words import plural

if TYPE_CHECKING:
    from scanner.model.finding import FixRecord, TrendPoint
    from scanner.store.history_trends import Trends

DEFAULT = "keyproof-history.db"
RUNS_SHOWN = 14
DAY = 86_400


@click.command("history")
@click.option(
    "--store",
    metavar="URL",
    envvar="KEYPROOF_STORE",
    default=DEFAULT,
    show_default=True,
    help="The history: a file (SQLite) or postgresql://user@host/database.",
)
@click.option("-f", "--format", "form", type=Word("format", ("text", "json")), default="text", show_default=True)
@click.option("--as-of", type=AsOf(), metavar="DATE", help="Tell ages as of this date.  [default: now]")
@verbosity_options
def command(store: str, form: str, as_of: datetime | None) -> None:
    """Show how findings came and went, and how long they stay.

    `keyproof scan --store URL` and `keyproof check --store URL` keep a history: when each failure was first and last
    seen, fixed and seen again. Runs are compared within one scope: the same accounts, Regions and framework.
    """
    from scanner.report.clean import clean_lines
    from scanner.store.history_trends import trends

    known = trends(store)
    if form == "json":
        write(json.dumps(as_json(known), indent=2, ensure_ascii=False) + "\n", None)
    else:
        write(clean_lines("\n".join(as_text(known, as_of or datetime.now(UTC)))) + "\n", None)


def as_json(known: Trends) -> dict[str, Any]:
    """Everything the history sums up to, times in seconds and RFC 3339."""
    return {
        "schema": 1,
        "scopes": [{"scope": one.scope, "runs": [_run_json(point) for point in one.points]} for one in known.scopes],
        "rules": [{"rule": record.name} | _record_json(record) for record in known.fixes.rules],
        "frameworks": [{"framework": record.name} | _record_json(record) for record in known.fixes.frameworks],
    }


def _run_json(point: TrendPoint) -> dict[str, Any]:
    return {
        "as_of": point.as_of.isoformat(),
        "complete": point.complete,
        "failed": point.failed,
        "not_assessed": point.not_assessed,
    }


def _record_json(record: FixRecord) -> dict[str, Any]:
    return {
        "open": record.open,
        "resolved": record.resolved,
        "regressed": record.regressed,
        "fixes": record.fixes,
        "mean_time_to_fix": record.mean_time_to_fix,
        "open_since": None if record.open_since is None else record.open_since.isoformat(),
    }


def as_text(known: Trends, now: datetime) -> Iterator[str]:
    """The latest runs of each scope, then the rules and standards with their mean time to fix."""
    for scope in known.scopes:
        yield scope.scope
        hidden = len(scope.points) - RUNS_SHOWN
        if hidden > 0:
            yield f"  {plural(hidden, 'earlier run is', 'earlier runs are')} in -f json"
        yield from _table(_runs(scope.points[-RUNS_SHOWN:]))
        yield ""
    for title, records in (("rule", known.fixes.rules), ("framework", known.fixes.frameworks)):
        yield from _table(_records(title, records, now))
        yield ""
    yield "Counts are of findings; `back` were fixed and failed again. The mean time to"
    yield "fix runs from the first run that saw a failure to the first complete one that"
    yield "saw it no more: an incomplete run fixes nothing that it could not see. `open"
    yield "for` is the age of the oldest that is open."


def _runs(points: tuple[TrendPoint, ...]) -> Iterator[tuple[str, ...]]:
    severities = tuple(points[0].failed)
    yield ("run", *severities, "not assessed", "")
    for point in points:
        counts = (f"{point.failed[severity]:,}" for severity in severities)
        yield (
            f"{point.as_of:%Y-%m-%d %H:%M}",
            *counts,
            f"{point.not_assessed:,}",
            "" if point.complete else "incomplete",
        )


def _records(title: str, records: tuple[FixRecord, ...], now: datetime) -> Iterator[tuple[str, ...]]:
    yield (title, "open", "fixed", "back", "time to fix", "open for")
    for record in records:
        age = None if record.open_since is None else (now - record.open_since).total_seconds()
        counts = (f"{number:,}" for number in (record.open, record.resolved, record.regressed))
        yield (record.name, *counts, _days(record.mean_time_to_fix), _days(age))


def _days(seconds: float | None) -> str:
    return "-" if seconds is None else f"{max(seconds, 0) / DAY:.1f} d"


def _table(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    """The first column to the left, the others to the right."""
    table = list(rows)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for first, *others in table:
        cells = (f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True))
        yield f"  {first:<{widths[0]}}  {'  '.join(cells)}".rstrip()

"""`keyproof snapshot`: look into a snapshot file, or print it as JSON lines."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from scanner.cli.options import FILE, verbosity_options
from scanner.cli.output import paragraph, terminal_width, write, write_stdout
from scanner.cli.words import Group
from scanner.model.words import many


@click.group("snapshot", cls=Group)
def command() -> None:
    """Look into a snapshot file or export it."""


@command.command()
@click.argument("file", type=FILE)
@verbosity_options
def show(file: Path) -> None:
    """Say where a snapshot comes from, what it holds and what could not be read."""
    from scanner.report.clean import clean
    from scanner.store.reading import read_snapshot, read_summary

    summary = read_summary(file)
    snapshot = read_snapshot(file)
    source = summary.source
    kinds: Counter[str] = Counter()
    for shard, count in summary.counts.items():
        kinds[shard.label] += count
    gaps = sorted({f"{gap.reason()}{f' ({gap.subject})' if gap.subject else ''}" for gap in snapshot.gaps})
    facts = {
        "source": source.type + (f" at {source.endpoint}" if source.endpoint else ""),
        "read by": source.caller or "unknown",
        "started": _moment(source.started),
        "finished": "interrupted" if source.interrupted else _moment(source.finished),
        "accounts": ", ".join(source.accounts) or "none",
        "regions": ", ".join(source.regions) or "none",
        "digest": snapshot.digest,
    }
    lines = [*_wrapped(facts), "", *_table({label: f"{kinds[label]:>9,}" for label in sorted(kinds)})]
    if gaps:
        lines += ["", f"{many(len(gaps), 'read')} failed:", *(f"  {gap}" for gap in gaps)]
    write("\n".join(clean(line) for line in lines) + "\n", None)


@command.command()
@click.argument("file", type=FILE)
@verbosity_options
def export(file: Path) -> None:
    """Print a snapshot as JSON lines: a header, then every record.

    docs/snapshot.schema.json is the schema of each line. The digest in the header is the SHA-256 of all further lines;
    on a terminal, characters that would act on it are written as escapes.
    """
    from scanner.report.jsontext import harmless
    from scanner.store.reading import export_lines

    watched = sys.stdout.isatty()
    for lines in export_lines(file):
        write_stdout(harmless(lines.decode()).encode() if watched else lines)


def _moment(moment: datetime | None) -> str:
    return "unknown" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _wrapped(rows: dict[str, str]) -> Iterable[str]:
    """The same with long values on several lines."""
    width = max(map(len, rows))
    for name, value in rows.items():
        filled = paragraph(value, terminal_width(), f"{name:<{width}}  ", " " * (width + 2))
        yield from filled.split("\n")


def _table(rows: dict[str, str]) -> Iterable[str]:
    width = max(map(len, rows), default=0)
    return (f"{name:<{width}}  {value}" for name, value in rows.items())

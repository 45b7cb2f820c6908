"""How far a scan is, on stderr, and only when that is a terminal and nobody asked for quiet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from scanner.cli.options import quiet


class Progress(Protocol):
    """Told how far a scan is; any thread may call."""

    def __call__(self, done: int, total: int, records: int, label: str) -> None:
        """Show it."""


@contextmanager
def progress_shown() -> Iterator[Progress | None]:
    """A function that shows (done, total, records, label), or None where a bar would only be noise."""
    if quiet() or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from scanner.report.clean import clean

    # The label is data: never markup.
    columns = (
        BarColumn(),
        TextColumn("{task.fields[records]:,} records"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[label]}", markup=False),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scan", total=None, records=0, label="")

        def show(done: int, total: int, records: int, label: str) -> None:
            bar.update(task, completed=done, total=total, records=records, label=clean(label))

        yield show

"""Read a live account into a snapshot file, with progress for a person who watches."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from msgspec.structs import replace

from scanner.cli.progress import progress_shown
from scanner.collect.aws import ScanOptions, scan
from scanner.model.records import Source
from scanner.store.snapshot_file import SnapshotWriter


def read_account(path: Path, target: dict[str, Any]) -> Source:
    """Scan what `target` (the fields of ScanOptions) names into the snapshot file `path`."""
    begun = Source(type="aws", started=now())
    with _stopped_like_ctrl_c(), progress_shown() as progress, SnapshotWriter(path, begun) as writer:
        try:
            source = scan(ScanOptions(**target), writer, progress, now)
        except KeyboardInterrupt:
            source = replace(begun, finished=now(), interrupted=True)
        writer.finish(source)
    return source


def now() -> datetime:
    """The time in whole seconds, UTC."""
    return datetime.now(UTC).replace(microsecond=0)


@contextmanager
def _stopped_like_ctrl_c() -> Iterator[None]:
    """A scheduler stops a scan with SIGTERM; what was read is worth keeping then, too."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

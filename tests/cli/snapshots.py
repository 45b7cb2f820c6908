"""Snapshot files for command line tests."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
from builders import NOW, a_snapshot

from scanner.model.records import Item
from scanner.store.snapshot_file import SnapshotWriter


def written(path: Path, *items: Item, at: datetime = NOW) -> Path:
    """The file of a snapshot of `items`, read at `at`."""
    snapshot = a_snapshot(*items)
    source = msgspec.structs.replace(snapshot.source, started=at, finished=at)
    with SnapshotWriter(path, source) as writer:
        for item in snapshot.items():
            writer.add(item)
        writer.finish(source)
    return path

"""Snapshots and history on disk."""

from scanner.store.lines import Header, in_canonical_order
from scanner.store.reading import Summary, export_lines, read_snapshot, read_summary
from scanner.store.snapshot_file import SnapshotWriter

__all__ = ["Header", "SnapshotWriter", "Summary", "export_lines", "in_canonical_order", "read_snapshot", "read_summary"]

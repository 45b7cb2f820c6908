"""Write a snapshot file while collecting, so that a stopped scan keeps what it has.

Until `finish`, items gather in `FILE.partial`, which `read_snapshot` reads too. `finish` merges them
into canonical order beside the target and renames, so `FILE` is always either whole or not there.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from scanner.errors import SourceError
from scanner.model.records import Coverage, Item, Source
from scanner.store import database
from scanner.store.lines import ENCODER, Digest, Shard, encode, shard_of
from scanner.store.merge import sorted_lines

LINES_PER_PART = 20_000
MAX_WAITING = 100_000
FAST, SMALL = 1, 3
"""zstd levels: for what is rewritten at the end, and for what stays."""


class SnapshotWriter:
    """A sink for any number of threads that writes the snapshot file `path`, readable by its owner alone.

    `source` is what can be said of the scan before it ends. Leaving the `with` block without `finish`
    keeps `FILE.partial`, unless nothing was read.
    """

    def __init__(self, path: Path, source: Source) -> None:
        self.path = path
        self.partial = path.with_name(path.name + ".partial")
        self._lock = Lock()
        self._waiting: dict[Shard, list[bytes]] = {}
        self._waiting_lines = 0
        self._parts: dict[Shard, int] = {}
        self._finished = False
        if path.exists() and not path.is_file():
            raise _unwritable(path, "is a directory" if path.is_dir() else "is no file that can be replaced")
        try:
            _empty_private_file(self.partial)
        except OSError as error:
            raise _unwritable(path, (error.strerror or str(error)).lower()) from error
        self._database = database.create(self.partial)
        # The file is rewritten and synced at the end; until then losing the last moment to a power cut is accepted.
        self._database.execute("PRAGMA synchronous = OFF")
        database.write_about(self._database, "source", ENCODER.encode(source))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._lock:
            if not self._finished:
                self._flush(list(self._waiting))
            self._database.close()
            if not self._parts:
                self.partial.unlink(missing_ok=True)

    def add(self, item: Item) -> None:
        """Keep one item. When a listing is complete, what was read in its account and Region goes to disk."""
        shard, line = shard_of(item), encode(item)
        with self._lock:
            if self._finished:
                return  # a thread that outlived the scan
            self._waiting.setdefault(shard, []).append(line)
            self._waiting_lines += 1
            if isinstance(item, Coverage):
                self._flush([waiting for waiting in self._waiting if waiting[:2] == shard[:2]])
            elif len(self._waiting[shard]) >= LINES_PER_PART:
                self._flush([shard])
            elif self._waiting_lines >= MAX_WAITING:
                self._flush(list(self._waiting))

    def finish(self, source: Source) -> str:
        """Complete the file, with `source` as the scan's last word on itself; returns the digest."""
        with self._lock:
            self._flush(list(self._waiting))
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            os.close(handle)
            finished = Path(name)
            try:
                digest = self._write_finished(finished, source)
                _replace_durably(finished, self.path)
            except BaseException:
                finished.unlink(missing_ok=True)
                raise
            self.partial.unlink()
            self._finished = True
            return digest

    def _flush(self, shards: Iterable[Shard]) -> None:
        self._database.execute("BEGIN")
        for shard in shards:
            lines = sorted(self._waiting.pop(shard))
            self._waiting_lines -= len(lines)
            part = self._parts[shard] = self._parts.get(shard, 0) + 1
            database.write_part(self._database, shard, part, lines, FAST)
        self._database.execute("COMMIT")

    def _write_finished(self, path: Path, source: Source) -> str:
        digest, finished = Digest(), database.create(path)
        try:
            finished.execute("BEGIN")
            for shard in database.shards(self._database):
                lines = sorted_lines(self._database, shard)
                for part, chunk in enumerate(iter(lambda: list(islice(lines, LINES_PER_PART)), []), 1):  # noqa: B023
                    database.write_part(finished, shard, part, chunk, SMALL)
                    digest.update(b"".join(chunk))
            database.write_about(finished, "source", ENCODER.encode(source))
            database.write_about(finished, "digest", str(digest).encode())
            finished.execute("COMMIT")
        finally:
            finished.close()
        return str(digest)


def _empty_private_file(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _unwritable(path: Path, why: str) -> SourceError:
    return SourceError(f"{path}: cannot write the snapshot here ({why})")


def _replace_durably(new: Path, target: Path) -> None:
    """Rename `new` to `target` so that a power cut leaves the one or the other, whole."""
    _sync(new)
    new.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

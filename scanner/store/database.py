"""The SQLite layout of a snapshot file: a table of facts about it, and compressed shards of lines.

    about(name, value)                                   source, digest (absent while collecting)
    shard(account, region, label, part, lines, body)     zstd-compressed canonical lines, sorted within a part

In a finished file the parts of a shard follow one another in order; in one that was left behind by a
killed scan they overlap and are merged on reading.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import zstandard

from scanner.errors import SourceError
from scanner.model.records import SCHEMA_VERSION
from scanner.store.lines import Shard

APPLICATION_ID = 0x4B50524F  # "KPRO": marks the file as ours in the SQLite header
MAGIC = b"SQLite format 3\0"
MAX_PART_BYTES = 1 << 30
"""No part that we write comes near this; a file that claims more is not taken at its word."""

LAYOUT = f"""
PRAGMA page_size = 16384;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE about(name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE shard(
  account TEXT NOT NULL, region TEXT NOT NULL, label TEXT NOT NULL, part INTEGER NOT NULL,
  lines INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY(account, region, label, part));
"""


def create(path: Path) -> sqlite3.Connection:
    """An empty snapshot database in the empty file `path`; used from several threads under the caller's lock."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.executescript(LAYOUT)
    return connection


def write_about(connection: sqlite3.Connection, name: str, value: bytes) -> None:
    """Set one fact about the file."""
    connection.execute("INSERT OR REPLACE INTO about VALUES(?, ?)", (name, value))


def read_about(connection: sqlite3.Connection, name: str) -> bytes | None:
    """One fact about the file."""
    row = connection.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def write_part(connection: sqlite3.Connection, shard: Shard, part: int, lines: list[bytes], level: int) -> None:
    """Add sorted `lines` as one part of `shard`."""
    body = zstandard.ZstdCompressor(level=level).compress(b"".join(lines))
    connection.execute("INSERT INTO shard VALUES(?, ?, ?, ?, ?, ?)", (*shard, part, len(lines), body))


def shards(connection: sqlite3.Connection) -> list[Shard]:
    """Every shard, in canonical order."""
    rows = connection.execute("SELECT DISTINCT account, region, label FROM shard ORDER BY 1, 2, 3")
    return [Shard(*row) for row in rows]


def parts(connection: sqlite3.Connection, shard: Shard) -> Iterator[tuple[int, bytes]]:
    """(number of lines, compressed body) of each part of `shard`, in order."""
    query = "SELECT lines, body FROM shard WHERE account = ? AND region = ? AND label = ? ORDER BY part"
    yield from connection.execute(query, shard)


def counts(connection: sqlite3.Connection) -> dict[Shard, int]:
    """Lines in each shard, in canonical order."""
    query = "SELECT account, region, label, SUM(lines) FROM shard GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    return {Shard(*row[:3]): row[3] for row in connection.execute(query)}


def decompress(body: bytes) -> bytes:
    """The lines of one part."""
    if not 0 <= zstandard.frame_content_size(body) <= MAX_PART_BYTES:
        raise zstandard.ZstdError("a part is larger than any that keyproof writes")
    return zstandard.ZstdDecompressor().decompress(body)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The snapshot database at `path` for reading; whatever is wrong with it is a SourceError that names it."""
    connection = _connect(path)
    try:
        _check_version(connection, path)
        yield connection
    except sqlite3.Error as error:
        raise SourceError(f"{path}: the snapshot is damaged or cut short ({error})") from error
    except zstandard.ZstdError as error:
        raise SourceError(f"{path}: a shard of the snapshot is damaged ({error})") from error
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except OSError as error:
        raise SourceError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    if start != MAGIC:
        hint = "; `keyproof report` renders a JSON report" if start.startswith(b"{") else ""
        raise SourceError(f"{path}: not a keyproof snapshot" + (hint if start else ", the file is empty"))
    # A scan that was killed in the middle of a write leaves a journal, which only a writer may roll back.
    mode = "rw" if path.with_name(path.name + "-journal").exists() else "ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise SourceError(f"{path}: a database, but not a keyproof snapshot")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        raise SourceError(f"{path}: snapshot schema {version}, but this keyproof reads schema {SCHEMA_VERSION}")

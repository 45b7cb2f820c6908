"""Read snapshot files: whole into memory, as JSON lines, or only what they say of themselves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from scanner.errors import SourceError
from scanner.model.records import SCHEMA_VERSION, Source
from scanner.model.snapshot import Snapshot
from scanner.store import database
from scanner.store.lines import ENCODER, Digest, Header, Shard, decode
from scanner.store.merge import sorted_lines
from scanner.store.sharing import Pool


class Summary(Struct, frozen=True):
    """What a snapshot file says of itself; `digest` is empty in the file of a scan that was killed."""

    source: Source
    digest: str
    counts: dict[Shard, int]


def read_snapshot(path: Path) -> Snapshot:
    """The snapshot in the file `path`, with equal values shared; SourceError names what is wrong and where."""
    with database.opened(path) as connection:
        snapshot, pool, digest = Snapshot(_source(connection, path)), Pool(), Digest()
        for shard, lines, first in _blocks(connection):
            digest.update(lines)
            for item in decode(lines, f"{path}: {shard}", first):
                pool.share(item)
                snapshot.add(item)
        _compare(digest, connection, path)
        snapshot.digest = str(digest)
    return snapshot


def read_summary(path: Path) -> Summary:
    """What the file says of itself, without reading the records."""
    with database.opened(path) as connection:
        stated = database.read_about(connection, "digest") or b""
        return Summary(_source(connection, path), stated.decode(), database.counts(connection))


def export_lines(path: Path) -> Iterator[bytes]:
    """The snapshot as JSON lines: a header, then every item in canonical order.

    The header is known only at the end of a file without digest, so such a file is gone through twice.
    """
    with database.opened(path) as connection:
        digest = Digest()
        for _, lines, _ in _blocks(connection):
            digest.update(lines)
        _compare(digest, connection, path)
        yield (
            ENCODER.encode(Header(schema=SCHEMA_VERSION, digest=str(digest), source=_source(connection, path))) + b"\n"
        )
        for _, lines, _ in _blocks(connection):
            yield lines


def _blocks(connection: sqlite3.Connection) -> Iterator[tuple[Shard, bytes, int]]:
    """(shard, sorted lines, number of the first of them) over the whole file in canonical order."""
    finished = database.read_about(connection, "digest") is not None
    for shard in database.shards(connection):
        if not finished:
            yield shard, b"".join(sorted_lines(connection, shard)), 1
            continue
        first = 1
        for count, body in database.parts(connection, shard):
            yield shard, database.decompress(body), first
            first += count


def _source(connection: sqlite3.Connection, path: Path) -> Source:
    """What the file says of its source; a file without digest was left by a scan that did not end."""
    stored = database.read_about(connection, "source")
    try:
        source = msgspec.json.decode(stored or b"", type=Source)
    except msgspec.MsgspecError as error:
        raise SourceError(f"{path}: the snapshot does not say where it comes from ({error})") from error
    if database.read_about(connection, "digest") is None:
        return msgspec.structs.replace(source, interrupted=True)
    return source


def _compare(digest: Digest, connection: sqlite3.Connection, path: Path) -> None:
    stated = database.read_about(connection, "digest")
    if stated is not None and stated.decode() != str(digest):
        raise SourceError(
            f"{path}: the records do not have the digest that was written with them; the file was changed"
        )

"""The lines of a shard in canonical order, streamed from its parts."""

from __future__ import annotations

import heapq
import io
import sqlite3
from collections.abc import Iterable, Iterator

import zstandard

from scanner.store import database
from scanner.store.lines import Shard


def sorted_lines(connection: sqlite3.Connection, shard: Shard) -> Iterator[bytes]:
    """The lines of `shard`, each once, whatever the order of its parts; holds no part decompressed."""
    bodies = [body for _, body in database.parts(connection, shard)]
    streams: list[Iterable[bytes]] = [_lines(body) for body in bodies]
    return _without_repeats(streams[0] if len(streams) == 1 else heapq.merge(*streams))


def _lines(body: bytes) -> Iterable[bytes]:
    return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(body), 1 << 16)


def _without_repeats(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Each fact is stated once, however often it was read."""
    previous = b""
    for line in lines:
        if line != previous:
            yield line
        previous = line

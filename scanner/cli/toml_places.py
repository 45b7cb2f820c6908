"""Line and column of a key in a TOML text: `tomllib` gives values without places, and messages need them.

Knows table headers and `key = value` lines. A key inside an inline table or array has the place of the
line that begins the value, which is where a person has to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_KEY = re.compile(rf"\s*((?:{_PART.pattern})(?:\s*\.\s*(?:{_PART.pattern}))*)\s*=")


def place_of(text: str, path: Sequence[Any]) -> tuple[int, int]:
    """(line, column), both from 1, of the longest beginning of `path` that stands in `text`; (0, 0) for none."""
    wanted = tuple(path)
    best, place = 0, (0, 0)
    for stands, line, column in _keys(text):
        common = len(stands) if stands == wanted[: len(stands)] else 0
        if common > best:
            best, place = common, (line, column)
    return place


def _keys(text: str) -> Iterator[tuple[tuple[Any, ...], int, int]]:
    """(full path, line, column) of every table header and key."""
    table: tuple[Any, ...] = ()
    lengths: dict[tuple[Any, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _inside_arrays(_split(header[2]), lengths)
            if header[1] == "[[":
                index = lengths[table] = lengths.get(table, -1) + 1
                table = (*table, index)
            yield table, number, line.index("[") + 1
        elif key := _KEY.match(line):
            yield (*table, *_split(key[1])), number, len(line) - len(line.lstrip()) + 1


def _inside_arrays(names: tuple[str, ...], lengths: dict[tuple[Any, ...], int]) -> tuple[Any, ...]:
    """The path of a header with the index of the current element of every array of tables above it."""
    path: tuple[Any, ...] = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in lengths:
            path = (*path, lengths[path])
    return (*path, names[-1])


def _split(dotted: str) -> tuple[str, ...]:
    """The parts of a dotted key, quotes removed."""
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))

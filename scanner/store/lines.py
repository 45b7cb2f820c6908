"""The canonical text of a snapshot: one JSON line per item, in one order, and the digest over them.

The order is by account, Region, label, then the bytes of the line. The digest is the SHA-256 of the
lines as `keyproof snapshot export` prints them after the header line, so anybody can recompute it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import msgspec

from scanner.errors import SourceError
from scanner.model.records import Item, ResourceFact, Source
from scanner.model.snapshot import Snapshot

ENCODER = msgspec.json.Encoder(order="deterministic")
SURROGATE = re.compile("[\ud800-\udfff]")


class Shard(NamedTuple):
    """What lies together in a snapshot file; `label` is the kind, for resources with their type."""

    account: str
    region: str
    label: str

    def __str__(self) -> str:
        return f"{self.label} of {self.account}/{self.region}"


class Header(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="snapshot", forbid_unknown_fields=True):
    """The first line of an export: what the lines below are."""

    schema: int
    digest: str
    """`sha256:` and the hex digest of all following lines, each with its line feed."""
    source: Source


def shard_of(item: Item) -> Shard:
    """Where `item` belongs: `key`, `alias`, `gap` ..., or `resource:AWS::S3::Bucket`."""
    label: str = item.__struct_config__.tag  # type: ignore[assignment]
    if isinstance(item, ResourceFact):
        label = f"resource:{item.type}"
    return Shard(item.account, item.region, label)


def encode(item: Item) -> bytes:
    """The canonical line of `item`, with its line feed; half a character, which UTF-8 cannot carry, becomes U+FFFD."""
    try:
        return ENCODER.encode(item) + b"\n"
    except UnicodeEncodeError:
        text = SURROGATE.sub("\ufffd", json.dumps(msgspec.to_builtins(item), ensure_ascii=False))
        return ENCODER.encode(_decoder().decode(text)) + b"\n"


@cache
def _decoder() -> msgspec.json.Decoder[Item]:
    """Made by whoever reads: it costs as much as reading a small file."""
    return msgspec.json.Decoder(Item)


def decode(lines: bytes, place: str, first: int = 1) -> list[Item]:
    """The items of `lines`; SourceError names `place`, the line (counted from `first`) and the path in it."""
    try:
        return _decoder().decode_lines(lines)
    except msgspec.MsgspecError:
        for number, line in enumerate(lines.split(b"\n"), first):
            _decode_line(line, f"{place}, line {number}")
        raise


def _decode_line(line: bytes, place: str) -> None:
    if not line:
        return
    try:
        _decoder().decode(line)
    except msgspec.MsgspecError as error:
        raise SourceError(f"{place}: {_lower_first(str(error))}") from error


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


class Digest:
    """The running digest of a snapshot's lines."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, lines: bytes) -> None:
        """Take in further lines."""
        self._hash.update(lines)

    def __str__(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def in_canonical_order(source: Source, items: Iterable[Item]) -> Snapshot:
    """A snapshot in memory with the order and digest that the same items have when read from a file."""
    keyed = sorted(((shard_of(item), encode(item), item) for item in items), key=lambda entry: entry[:2])
    snapshot, digest, previous = Snapshot(source), Digest(), b""
    for _, line, item in keyed:
        if line != previous:
            digest.update(line)
            snapshot.add(item)
        previous = line
    snapshot.digest = str(digest)
    return snapshot

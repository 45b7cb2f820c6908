"""A snapshot in memory: the records of one capture, by kind, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

from msgspec import Struct, field

from scanner.model.records import Coverage, Gap, Item, Record, Source

F = TypeVar("F", bound=Record)


class Sink(Protocol):
    """Where collectors put what they read; safe to call from several threads."""

    def add(self, item: Item) -> None:
        """Keep one record, gap or coverage row."""


class Snapshot(Struct):
    """Facts, gaps and coverage of one capture; `digest` covers facts, gaps and coverage, not `source`."""

    source: Source
    facts: dict[type[Record], list[Any]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    digest: str = ""

    def of(self, kind: type[F]) -> list[F]:
        """All records of one kind, in the order of the snapshot."""
        return self.facts.get(kind, [])

    def add(self, item: Item) -> None:
        """Keep one item. A Snapshot is a Sink for a single thread; files use `scanner.store`."""
        if isinstance(item, Gap):
            self.gaps.append(item)
        elif isinstance(item, Coverage):
            self.coverage.append(item)
        else:
            self.facts.setdefault(type(item), []).append(item)

    def items(self) -> Iterator[Item]:
        """Everything in it."""
        for records in self.facts.values():
            yield from records
        yield from self.gaps
        yield from self.coverage

    @property
    def complete(self) -> bool:
        """Whether nothing that was asked for is missing; of a plan that ended early, some of the change is."""
        return not self.gaps and not self.source.interrupted and not self.source.partial


def snapshot_of(source: Source, items: Iterable[Item]) -> Snapshot:
    """A snapshot of `items` in memory."""
    snapshot = Snapshot(source)
    for item in items:
        snapshot.add(item)
    return snapshot

"""From records to what is known: an unset field becomes `Unknown` with its reason, a refused listing a `Partial`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar

from msgspec import UNSET

from scanner.model.records import Record
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Partial, Unknown

T = TypeVar("T")


def fact(record: Record, name: str) -> Any:
    """The value of a field; `Unknown` or `Partial` with the reason where it was not (fully) read."""
    value = getattr(record, name)
    if value is UNSET:
        return Unknown(record.unread.get(name, f"{name} was not collected"))
    if isinstance(value, tuple) and name in record.unread:
        return Partial(value, record.unread[name])
    return value


class Completeness:
    """Which listings are incomplete, by what they provide, account and Region."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._missing: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
        self.listed: set[tuple[str, str, str]] = set()
        self._by_plan: set[str] = set()
        for row in snapshot.coverage:
            for word in row.provides:
                self.listed.add((word, row.account, row.region))
                if not row.complete:
                    self._missing[word].setdefault((row.account, row.region), row.reason())
                    if row.of_plan:
                        self._by_plan.add(row.reason())
        for gap in snapshot.gaps:
            if gap.subject is None:
                for word in gap.makes_unknown:
                    self._missing[word][gap.account, gap.region] = gap.reason()
        if snapshot.source.interrupted:
            self._missing["*"]["*", "*"] = "the scan was interrupted"

    def why_missing(self, word: str, account: str | None, region: str | None) -> str | None:
        """Why a listing is incomplete there, or None when it is complete; None as place means anywhere.

        `word` is a kind (`key`) or a prefix that ends in a colon (`resource:`).
        """
        for (there, region_there), reason in self._places(word):
            here = account is None or there in (account, "*")
            if here and (region is None or region_there in (region, "*", "aws-global")):
                return reason
        return None

    def places(self, word: str) -> list[tuple[str, str, str]]:
        """Every (account, Region, reason) where a listing that somebody made is incomplete; a plan lists nothing."""
        return sorted({(*place, reason) for place, reason in self._places(word) if reason not in self._by_plan})

    def was_listed(self, word: str, account: str, region: str) -> bool:
        """Whether the listing was made there, or for the whole account, and came back complete."""
        asked = (word, account, region) in self.listed or (word, account, "aws-global") in self.listed
        return asked and self.why_missing(word, account, region) is None

    def _places(self, word: str) -> Iterable[tuple[tuple[str, str], str]]:
        yield from self._missing["*"].items()
        if word.endswith(":"):
            for name, places in list(self._missing.items()):
                if name.startswith(word):
                    yield from places.items()
        else:
            yield from self._missing.get(word, {}).items()


def members(known: Iterable[T], reason: str | None) -> tuple[T, ...] | Partial[T]:
    """A relation: complete, or partly known for `reason`."""
    known = tuple(known)
    return known if reason is None else Partial(known, reason)

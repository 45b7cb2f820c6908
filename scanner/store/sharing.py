"""Equal values of many records kept once in memory: a million resources have few distinct tags and Regions.

Records are frozen and nobody changes a dict inside one, so sharing cannot be seen from outside.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import force_setattr

from scanner.model.records import Record

OWN = frozenset({"arn", "id", "name", "grants"})
"""Fields that are different in every record, so that looking for an equal one is wasted."""


class Pool:
    """The values seen so far."""

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}
        self._fields: dict[type[Record], tuple[str, ...]] = {}

    def share(self, record: Record) -> None:
        """Replace the values of `record` by equal ones that were seen before."""
        values = self._values
        for name in self._fields_of(type(record)):
            value = getattr(record, name)
            kind = type(value)
            if kind is dict:
                # The types belong to the key because 1, 1.0 and True are equal.
                key: Any = (tuple(value.items()), tuple(map(type, value.values())))
            elif kind is str or kind is tuple:
                key = value
            else:
                continue
            shared = values.setdefault(key, value)
            if shared is not value:
                force_setattr(record, name, shared)

    def _fields_of(self, kind: type[Record]) -> tuple[str, ...]:
        if kind not in self._fields:
            names = (field.name for field in msgspec.structs.fields(kind))
            self._fields[kind] = tuple(name for name in names if name not in OWN)
        return self._fields[kind]

"""Fields of a record being read from an instance, each with the reason where it cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.values import State, leaf, partly_unknown
from scanner.collect.terraform.world import Reference, World

T = TypeVar("T")

NOT_HELD = "a plan does not hold"
"""Begins the reason of what plans never say; over a live snapshot, the live value stands."""


def not_held(what: str) -> str:
    """The reason of a field that no plan can state."""
    return f"{NOT_HELD} {what}"


def text(value: Any) -> str | None:
    """A text, or None for anything else."""
    return value if isinstance(value, str) else None


def flag(value: Any) -> bool | None:
    """A boolean, also where a state wrote it as text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def number(value: Any) -> int | None:
    """A whole number in the range of a record."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 12:
        return int(value)
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53
    return value if whole else None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


class Draft:
    """Reads the fields of one record; `unread` collects why some are `UNSET`."""

    def __init__(self, world: World, instance: Instance) -> None:
        self.world = world
        self.instance = instance
        self.unread: dict[str, str] = {}

    def read(self, field: str, path: str, convert: Callable[[Any], T | None], default: T) -> T | UnsetType:
        """The attribute at `path`; `default` where the author did not write it; `UNSET` where it cannot be told."""
        one = leaf(self.instance, path)
        if one.state is State.VALUE:
            value = convert(one.value)
            return value if value is not None else self.unset(field, f"{self.instance.address}.{path} has another type")
        if one.state in (State.ABSENT, State.NO_BLOCK) or self.world.unwritten(self.instance, one, path):
            return default
        return self.unset(field, self.world.why_unknown(self.instance, one, path))

    def unset(self, field: str, reason: str) -> UnsetType:
        """Leave a field unread, with the reason."""
        self.unread[field] = reason
        return UNSET

    def refer(self, field: str, path: str, wanted: Iterable[str] | None) -> Reference:
        """What an attribute refers to; a reason is kept for `field`."""
        found = self.world.refer(self.instance, path, wanted)
        if found.reason:
            self.unread[field] = found.reason
        return found

    def tags(self, field: str = "tags") -> dict[str, str] | UnsetType:
        """All tags, those of the provider's `default_tags` included."""
        values = self.instance.after or {}
        path = "tags"
        if "tags_all" in values or (
            partly_unknown(self.instance, "tags_all") and self.world.has_default_tags(self.instance)
        ):
            path = "tags_all"
        if partly_unknown(self.instance, path):
            return self.unset(field, f"{self.instance.address}.{path} is known only after apply")
        stated: dict[str, Any] | UnsetType = self.read(field, path, _mapping, {})
        if isinstance(stated, UnsetType):
            return stated
        return {str(name): str(value) for name, value in stated.items() if value is not None}

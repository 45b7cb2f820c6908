"""Reads attributes of an instance at a dotted path: a value, unknown or absent, in every block on the way."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from msgspec import Struct

from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.masking import MASKED


class State(Enum):
    """What a plan says of an attribute."""

    VALUE = "value"
    ABSENT = "absent"
    """Not written, null or empty."""
    NO_BLOCK = "no-block"
    """The block that would hold it is not there."""
    UNKNOWN = "unknown"
    """Known only after apply."""
    UNKNOWN_BLOCK = "unknown-block"
    """The whole block is known only after apply."""
    SENSITIVE = "sensitive"


class Leaf(Struct, frozen=True):
    """One attribute of one block instance; `at` holds the positions of the blocks on the way."""

    state: State
    value: Any
    pointer: str
    at: tuple[int | str, ...] = ()


_NOTHING: Any = object()


def leaves(instance: Instance, path: str) -> list[Leaf]:
    """The attribute at `path` in every block instance that can hold it; never empty."""
    values = instance.after or {}
    if "." not in path:  # the usual case, a hundred thousand times in a large plan
        mark = instance.unknown.get(path) if isinstance(instance.unknown, dict) else instance.unknown
        return [_leaf(values.get(path, _NOTHING), mark, path, ())]
    found = list(_walk(values, instance.unknown, path.split("."), "", ()))
    return found or [Leaf(State.NO_BLOCK, None, path)]


def leaf(instance: Instance, path: str, at: tuple[int | str, ...] = ()) -> Leaf:
    """The attribute at `path` in the block instance at `at`, else in the first one."""
    found = leaves(instance, path)
    if not at:
        return found[0]
    for one in found:
        shared = min(len(one.at), len(at))
        if one.at[:shared] == at[:shared]:
            return one
    return Leaf(State.NO_BLOCK, None, path)


def _walk(values: Any, unknown: Any, path: list[str], pointer: str, at: tuple[int | str, ...]) -> Iterator[Leaf]:
    """Blocks show as lists (SDK blocks, even single ones) or objects (nested attributes)."""
    if isinstance(values, list) or (isinstance(unknown, list) and values is _NOTHING):
        yield from _each(values, unknown, path, pointer, at)
    elif not path:
        yield _leaf(values, unknown, pointer, at)
    else:
        yield from _step(values, unknown, path, pointer, at)


def _each(values: Any, unknown: Any, path: list[str], pointer: str, at: tuple[int | str, ...]) -> Iterator[Leaf]:
    items = values if isinstance(values, list) else []
    marks = unknown if isinstance(unknown, list) else [unknown] * len(items)
    if not path:
        yield _leaf(items, unknown, pointer, at)
        return
    for place in range(max(len(items), len(marks))):
        item = items[place] if place < len(items) else _NOTHING
        mark = marks[place] if place < len(marks) else None
        yield from _walk(item, mark, path, f"{pointer}[{place}]", (*at, place))


def _step(values: Any, unknown: Any, path: list[str], pointer: str, at: tuple[int | str, ...]) -> Iterator[Leaf]:
    name, rest = path[0], path[1:]
    where = f"{pointer}.{name}" if pointer else name
    mark = unknown.get(name) if isinstance(unknown, dict) else unknown
    value = values.get(name, _NOTHING) if isinstance(values, dict) else _NOTHING
    full = ".".join((where, *rest))
    if value == MASKED:
        yield Leaf(State.SENSITIVE, None, full, at)
    elif rest and mark is True:
        yield Leaf(State.UNKNOWN_BLOCK, None, full, at)
    elif rest and value in (_NOTHING, None) and not mark:
        yield Leaf(State.NO_BLOCK, None, full, at)
    elif rest and isinstance(value, dict) and not _is_object(value, rest[0], mark):
        for key, item in value.items():
            yield from _walk(
                item, mark.get(key) if isinstance(mark, dict) else mark, rest, f'{where}["{key}"]', (*at, key)
            )
    else:
        yield from _walk(value, mark, rest, where, at)


def _is_object(value: dict[str, Any], name: str, mark: Any) -> bool:
    """Whether a mapping is one nested object rather than a map of objects by key."""
    if name in value or (isinstance(mark, dict) and name in mark):
        return True
    return not (value and all(isinstance(item, dict) for item in value.values()))


def _leaf(value: Any, unknown: Any, pointer: str, at: tuple[int | str, ...]) -> Leaf:
    if unknown is True or (value is _NOTHING and _any_true(unknown)):
        return Leaf(State.UNKNOWN, None, pointer, at)
    if value in (_NOTHING, None, "", [], {}):
        return Leaf(State.ABSENT, None, pointer, at)
    if value == MASKED:
        return Leaf(State.SENSITIVE, None, pointer, at)
    return Leaf(State.VALUE, value, pointer, at)


def _any_true(mark: Any) -> bool:
    if isinstance(mark, dict):
        return any(_any_true(part) for part in mark.values())
    if isinstance(mark, list):
        return any(_any_true(part) for part in mark)
    return mark is True


def partly_unknown(instance: Instance, path: str) -> bool:
    """Whether any part of the attribute at a top-level `path` is known only after apply."""
    return isinstance(instance.unknown, dict) and _any_true(instance.unknown.get(path))

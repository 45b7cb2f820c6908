"""What the three-valued evaluator computes with besides plain values, and functions that can decide on part of a list.

A handler gets the arguments of its function, at least one of which is not fully known, and returns the result:
a plain value only when every completion of the unknown parts would give that very value.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from scanner.rules.lang import arithmetic


class Undecided(Struct, frozen=True):
    """A value that depends on facts that were not read, and why they were not."""

    reasons: tuple[str, ...]


class AtLeast(Undecided, frozen=True):
    """An int of which only a lower bound is known: the size of a partly known list."""

    least: int


class Worded(Undecided, frozen=True):
    """A text that nothing may be decided by, but that a message can show."""

    text: str


class PartList(Struct, frozen=True):
    """A list with these members and perhaps others."""

    known: tuple[Any, ...]
    reasons: tuple[str, ...]


class Broken(Struct, frozen=True):
    """A fault on the way to a value; `&&` and `||` absorb it when another operand decides."""

    message: str


def merged(values: tuple[Any, ...] | list[Any]) -> tuple[str, ...]:
    """The reasons of all values that are not fully known, each once, in order."""
    found: dict[str, None] = {}
    for value in values:
        if isinstance(value, (Undecided, PartList)):
            found.update(dict.fromkeys(value.reasons))
    return tuple(found)


def _members(value: Any) -> tuple[Any, ...]:
    if isinstance(value, PartList):
        return value.known
    return () if isinstance(value, Undecided) else tuple(value)


def _empty(value: Any) -> bool:
    return isinstance(value, (tuple, dict)) and not value


def size(args: list[Any]) -> Any:
    """How many there are at least."""
    return AtLeast(merged(args), len(args[0].known)) if isinstance(args[0], PartList) else Undecided(merged(args))


def plural(args: list[Any]) -> Any:
    """`at least 2 keys` for a lower bound, to be shown and not compared; the words that are not taken do not count."""
    number, one, many = args
    if isinstance(number, int) and isinstance(chosen := one if number == 1 else many, str):
        return arithmetic.plural(number, chosen, chosen)
    if isinstance(number, AtLeast) and isinstance(one, str) and isinstance(many, str):
        return Worded(number.reasons, f"at least {arithmetic.plural(number.least, one, many)}")
    return Undecided(merged(args))


def join(args: list[Any]) -> Any:
    """`a, b and perhaps others` for a list known in part, to be shown and not compared."""
    items, separator = args
    if isinstance(items, PartList) and items.known and isinstance(separator, str):
        return Worded(items.reasons, f"{arithmetic.joined(items.known, separator)} and perhaps others")
    return Undecided(merged(args))


def intersects(args: list[Any]) -> Any:
    """True when known members meet; false when either list is certainly empty."""
    if _empty(args[0]) or _empty(args[1]):
        return False
    if not set(_members(args[0])).isdisjoint(_members(args[1])):
        return True
    return Undecided(merged(args))


def contains_all(args: list[Any]) -> Any:
    """True when the known members suffice; false when a known member is wanted that is certainly missing."""
    whole, wanted = args
    if _empty(wanted):
        return True
    missing = set(_members(wanted)).difference(_members(whole))
    if isinstance(whole, tuple) and missing:
        return False
    if isinstance(wanted, tuple) and not missing:
        return True
    return Undecided(merged(args))


def distinct(args: list[Any]) -> Any:
    """The known members, each once."""
    if isinstance(args[0], PartList):
        return PartList(tuple(dict.fromkeys(args[0].known)), args[0].reasons)
    return Undecided(merged(args))


def concatenated(args: list[Any]) -> Any:
    """The known members of both."""
    return PartList(_members(args[0]) + _members(args[1]), merged(args))


def compared(op: str) -> Any:
    """A handler for `op` that uses the lower bound of a size."""

    def handler(args: list[Any]) -> Any:
        left, right = args
        answer: bool | None = None
        if isinstance(left, AtLeast) and isinstance(right, int):
            answer = _bounded(op, left.least, right)
        elif isinstance(right, AtLeast) and isinstance(left, int):
            answer = _bounded(MIRRORED[op], right.least, left)
        return Undecided(merged(args)) if answer is None else answer

    return handler


MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _bounded(op: str, least: int, number: int) -> bool | None:
    """The answer of `n op number` for every n >= least, or None when it depends on n."""
    above = least > number
    if op in ("==", "!=") and above:
        return op == "!="
    if (op == ">" and above) or (op == ">=" and least >= number):
        return True
    if (op == "<=" and above) or (op == "<" and least >= number):
        return False
    return None

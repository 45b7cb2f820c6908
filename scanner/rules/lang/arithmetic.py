"""Arithmetic and lists with the semantics of CEL: 64-bit ints, truncating division, faults instead of surprises."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from scanner.model import words
from scanner.model.unknown import Partial, Unknown, UnknownValueError
from scanner.rules.lang.faults import Fault
from scanner.rules.lang.limits import MAX_STRING


def int64(value: int) -> int:
    """`value`, or a Fault when it does not fit."""
    if -(2**63) <= value < 2**63:
        return value
    raise Fault("int overflow")


def add(left: int, right: int) -> int:
    """Sum."""
    return int64(left + right)


def subtract(left: int, right: int) -> int:
    """Difference."""
    return int64(left - right)


def multiply(left: int, right: int) -> int:
    """Product."""
    return int64(left * right)


def negate(value: int) -> int:
    """The int with the other sign."""
    return int64(-value)


def divide(left: int, right: int) -> int:
    """Quotient, cut off towards zero."""
    if right == 0:
        raise Fault("division by zero")
    quotient = abs(left) // abs(right)
    return int64(quotient if (left < 0) == (right < 0) else -quotient)


def remainder(left: int, right: int) -> int:
    """What division leaves, with the sign of `left`; a fault wherever division is one, as in CEL."""
    divide(left, right)
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def divide_doubles(left: float, right: float) -> float:
    """Quotient as IEEE 754 has it: infinity and NaN instead of faults."""
    if right == 0:
        if left == 0 or math.isnan(left):
            return math.nan
        return math.copysign(math.inf, left) * math.copysign(1.0, right)
    return left / right


def concatenate_text(left: str, right: str) -> str:
    """Both strings, one after the other."""
    if len(left) + len(right) > MAX_STRING:
        raise Fault(f"a string longer than {MAX_STRING} characters")
    return left + right


def concatenate(left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
    """Both lists, one after the other."""
    return (*left, *right)


def joined(items: tuple[str, ...], separator: str) -> str:
    """The strings with `separator` between them."""
    if sum(map(len, items)) + len(separator) * len(items) > MAX_STRING:
        raise Fault(f"a string longer than {MAX_STRING} characters")
    return separator.join(items)


def plural(number: int, one: str, many: str) -> str:
    """The number with the words that go with it."""
    return concatenate_text(words.plural(number, "", ""), one if number == 1 else many)


def known(value: Any) -> Any:
    """`value`; UnknownValueError when it is not fully known. Tuples compare by identity first, so none may get in."""
    if type(value) is Unknown or type(value) is Partial:
        raise UnknownValueError(value.reason)
    return value


def equal(left: Any, right: Any) -> bool:
    """Whether two lists are equal; UnknownValueError when either is not fully known."""
    return bool(known(left) == known(right))


def unequal(left: Any, right: Any) -> bool:
    """The opposite of `equal`."""
    return not equal(left, right)


def intersects(left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    """Whether the lists have a member in common."""
    return not frozenset(left).isdisjoint(right)


def contains_all(whole: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    """Whether every member of `wanted` is in `whole`."""
    return frozenset(whole).issuperset(wanted)


def distinct(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """Each member once, in the order of first appearance."""
    return tuple(dict.fromkeys(items))


def entry(mapping: dict[str, Any], key: str) -> Any:
    """The value of `key`."""
    if key not in mapping:
        raise Fault(f"no entry `{key}`")
    return mapping[key]


def days(count: int) -> timedelta:
    """So many days."""
    try:
        return timedelta(days=count)
    except OverflowError:
        raise Fault("duration overflow") from None


def guarded(operation: Callable[..., Any]) -> Callable[..., Any]:
    """`operation` on timestamps and durations, with a Fault when the result is out of range."""

    def run(*args: Any) -> Any:
        try:
            return operation(*args)
        except OverflowError:
            raise Fault("timestamp or duration out of range") from None

    return run

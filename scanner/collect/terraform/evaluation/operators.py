"""Operators, indexes and what can be gone over: the parts of the language that need values alone."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from scanner.collect.terraform.evaluation.values import (
    TOO_LARGE,
    WIDEST,
    EvaluationError,
    Opened,
    Planned,
    Unknown,
    Value,
    equal,
    undecided,
)


def entries(value: Value) -> list[tuple[Value, Value]] | Unknown:
    """Keys and values of what `for` and `for_each` go over."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Opened):
        return Opened.WHY
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        return sorted(value.items(), key=lambda entry: entry[0])
    raise EvaluationError("neither a list nor a map")


def item(value: Value, key: Value) -> Value:
    """`value[key]`"""
    if (missing := undecided(key)) is not None:
        return missing
    if isinstance(value, Unknown):
        return value
    if isinstance(value, dict):
        return entry(value, str(key))
    if isinstance(value, list) and isinstance(key, (int, str)) and str(key).isdecimal() and int(key) < len(value):
        return value[int(key)]
    raise EvaluationError("no such item")


def entry(value: dict[str, Value], name: str) -> Value:
    """`value.name` of a map."""
    if name not in value:
        if isinstance(value, Opened):
            return Unknown(f"`{name}` is an optional attribute that is not given")
        raise EvaluationError(f"no key `{name}`")
    return value[name]


def binary(sign: str, left: Value, right: Callable[[], Value]) -> Value:
    """The result of an operator."""
    if sign in ("&&", "||"):
        return _logical(sign == "||", left, right)
    other = right()
    if sign in ("==", "!="):
        same = equal(left, other)
        return same if isinstance(same, Unknown) else same is (sign == "==")
    for value in (left, other):
        if (missing := undecided(value)) is not None:
            return missing
    if sign in ("/", "%") and number(other) == 0:
        raise EvaluationError("division by zero")
    try:
        result = ARITHMETIC[sign](number(left), number(other))
    except ArithmeticError as problem:
        raise EvaluationError("too large a number") from problem
    return int(result) if isinstance(result, float) and result.is_integer() else result


def _logical(decisive: bool, left: Value, right: Callable[[], Value]) -> Value:
    if not isinstance(left, Unknown) and boolean(left) is decisive:
        return decisive
    other = right()
    if isinstance(left, Unknown):
        return left if isinstance(other, Unknown) or boolean(other) is not decisive else decisive
    return other if isinstance(other, Unknown) else boolean(other)


def boolean(value: Value) -> bool:
    """A condition: a boolean, or the text of one."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and not isinstance(value, Planned) and value in ("true", "false"):
        return value == "true"
    raise EvaluationError("not a boolean")


def numeral(text: str) -> Value:
    """The number that a literal writes, whole where it is."""
    if text.isdecimal() and len(text) <= WIDEST:
        return int(text)
    value = float(text)
    if math.isinf(value):
        return TOO_LARGE
    return int(value) if value.is_integer() else value


def number(value: Value) -> Any:
    """A number, which booleans are not."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise EvaluationError("not a number")


ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": lambda left, right: left - right * math.trunc(left / right),  # with the sign of the left side
}

"""Functions of Terraform's language that are worked out (developer.hashicorp.com/terraform/language/functions).

Those of `DECIDED` need every argument known; those of `KEEPING` only move values, so parts that apply will give, or
that cannot be told, stay where they are. Any other function is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from scanner.collect.terraform.evaluation.texts import TEXTS, moving
from scanner.collect.terraform.evaluation.values import (
    LARGEST,
    TOO_LARGE,
    EvaluationError,
    Opened,
    Planned,
    Unknown,
    Value,
    joined,
    text_of,
    to_json,
    undecided,
    unknown_in,
)
from scanner.collect.terraform.instances import Instance

MOST_COMPARED = 1_000
"""Lists and maps within a list that are compared with each other."""


def call(name: str, arguments: list[Value]) -> Value:
    """The result of a function; EvaluationError where Terraform would refuse the call."""
    if any(isinstance(argument, Opened) for argument in arguments):
        return Opened.WHY
    try:
        if name in KEEPING:
            return KEEPING[name](*arguments)
        if name not in DECIDED:
            return Unknown(f"`{name}()` is not evaluated")
        for argument in arguments:
            if (missing := undecided(argument)) is not None:
                return missing
        return DECIDED[name](*arguments)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as problem:
        raise EvaluationError(f"`{name}()` does not take these arguments") from problem


# --- that move values --------------------------------------------------------------------------------


def _concat(*lists: Value) -> Value:
    for one in lists:
        if isinstance(one, Unknown):
            return one
    return [item for one in lists for item in _listed(one)]


def _listed(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise EvaluationError("not a list")
    return value


def _mapped(value: Value) -> dict[Any, Value]:
    if not isinstance(value, dict):
        raise EvaluationError("not a map")
    return value


def _merge(*maps: Value) -> Value:
    for one in maps:
        if isinstance(one, Unknown):
            return one
    return {key: item for one in maps if one is not None for key, item in _mapped(one).items()}


def _flatten(value: Value) -> Value:
    if isinstance(value, Unknown):
        return value
    found: list[Value] = []
    for item in _listed(value):
        found += _flatten(item) if isinstance(item, list) else [item]
    return found


def _compact(value: Value) -> Value:
    if isinstance(value, Unknown):
        return value
    return [item for item in _listed(value) if item not in (None, "")]


def _set(value: Value) -> Value:
    """A set, as the sorted list that it is iterated as; duplicates are certain only between known values."""
    if isinstance(value, (Unknown, Instance)):
        return value if isinstance(value, Unknown) else Unknown(f"all of {value.address} is used as one value")
    found = _distinct(value)
    return sorted(found) if all(type(item) is str for item in found) else found


def _distinct(value: Value) -> Value:
    if isinstance(value, Unknown):
        return value
    items = _listed(value)
    if sum(isinstance(item, (list, dict)) for item in items) > MOST_COMPARED:
        return TOO_LARGE
    found: list[Value] = []
    seen: set[tuple[type, Value]] = set()
    for item in items:
        if unknown_in(item) is not None:
            found.append(item)
        elif isinstance(item, (list, dict)):
            found += [] if item in found else [item]
        elif (type(item), item) not in seen:
            seen.add((type(item), item))
            found.append(item)
    return found


def _members(values: list[Value]) -> Callable[[Value], bool]:
    """Whether a value, all of it known, is in a list; LookupError where that would have to compare too many parts."""
    plain = {value for value in values if not isinstance(value, (list, dict))}
    compared = [value for value in values if isinstance(value, (list, dict))]
    if len(compared) > MOST_COMPARED:
        raise LookupError
    return lambda value: value in (compared if isinstance(value, (list, dict)) else plain)


def _same(value: Value) -> Value:
    return value


def _coalesce(*values: Value) -> Value:
    for value in values:
        if isinstance(value, (Unknown, Planned)) or value not in (None, ""):
            return value
    raise EvaluationError("every argument is null or empty")


def _coalescelist(*values: Value) -> Value:
    for value in values:
        if isinstance(value, Unknown) or value:
            return value
    raise EvaluationError("every argument is empty")


def _join(separator: Value, *lists: Value) -> Value:
    items = _concat(*lists)
    if isinstance(items, Unknown) or isinstance(separator, Unknown):
        return items if isinstance(items, Unknown) else separator
    pieces = [piece for item in items for piece in (separator, item)][1:]
    return joined(pieces)


def _format(template: Value, *values: Value) -> Value:
    """`%s`, `%d`, `%v` and `%%`; anything else is not evaluated."""
    if (missing := undecided(template)) is not None:
        return missing
    pieces: list[Value] = []
    left = list(values)
    for place, part in enumerate(template.split("%%")):
        pieces.append("%" if place else "")
        first, *rest = part.split("%")
        pieces.append(first)
        for one in rest:
            if one[:1] not in ("s", "d", "v"):
                return Unknown("`format()` with this template is not evaluated")
            value = left.pop(0)
            if one[0] == "d" and isinstance(value, float) and not value.is_integer():
                raise EvaluationError("`%d` takes a whole number")
            pieces += [value, one[1:]]
    return joined(pieces)


def _element(value: Value, place: Value) -> Value:
    if isinstance(value, Unknown) or isinstance(place, Unknown):
        return value if isinstance(value, Unknown) else place
    items = _listed(value)
    if not items or place != int(place):
        raise EvaluationError("no such element")
    return items[int(place) % len(items)]


def _reverse(value: Value) -> Value:
    return value if isinstance(value, Unknown) else _listed(value)[::-1]


def _slice(value: Value, begin: Value, end: Value) -> Value:
    if isinstance(value, Unknown) or (missing := undecided([begin, end])) is not None:
        return value if isinstance(value, Unknown) else missing
    items = _listed(value)
    if not 0 <= begin <= end <= len(items):
        raise EvaluationError("not a part of the list")
    return items[begin:end]


def _lookup(table: Value, key: Value, *default: Value) -> Value:
    if isinstance(table, Unknown) or (missing := undecided(key)) is not None:
        return table if isinstance(table, Unknown) else missing
    if key in _mapped(table):
        return table[key]
    if not default:
        raise EvaluationError("no such key")
    return default[0]


def _values(table: Value) -> Value:
    return table if isinstance(table, Unknown) else [_mapped(table)[key] for key in sorted(table)]


def _keys(table: Value) -> Value:
    return table if isinstance(table, Unknown) else sorted(_mapped(table))


def _length(value: Value) -> Value:
    if isinstance(value, Planned):
        return undecided(value)
    items = value if isinstance(value, list) else [value]
    if (missing := next((one for one in items if isinstance(one, Unknown)), None)) is not None:
        return missing  # `compact()` would drop it if it were empty
    if isinstance(value, (list, dict, str)):
        return len(value)
    raise EvaluationError("has no length")


def _one(value: Value) -> Value:
    if isinstance(value, Unknown):
        return value
    items = _listed(value)
    if len(items) > 1:
        raise EvaluationError("more than one item")
    return items[0] if items else None


def _zipmap(keys: Value, values: Value) -> Value:
    if (missing := undecided(keys)) is not None or isinstance(values, Unknown):
        return missing or values
    return dict(zip(keys, _listed(values), strict=True))


def _tostring(value: Value) -> Value:
    return None if value is None else text_of(value) if not isinstance(value, Planned) else value


def _plain(value: Value) -> Value:
    """A value without a mark that it is sensitive: which then is not known."""
    return Unknown("a sensitive value") if not isinstance(value, Unknown) else value


KEEPING: Mapping[str, Callable[..., Value]] = {
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": _concat,
    "distinct": _distinct,
    "element": _element,
    "flatten": _flatten,
    "format": _format,
    "join": _join,
    "jsonencode": to_json,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": _same,
    "one": _one,
    "reverse": _reverse,
    "sensitive": _plain,
    "slice": _slice,
    "tolist": _same,
    "tomap": _same,
    "toset": _set,
    "tostring": _tostring,
    "values": _values,
    "zipmap": _zipmap,
    **moving(_format),
}


# --- that look at values ---------------------------------------------------------------------------


def _tobool(value: Value) -> Value:
    return {"true": True, "false": False}[value] if isinstance(value, str) else value


def _tonumber(value: Value) -> Value:
    return (float(value) if "." in value else int(value)) if isinstance(value, str) else value


def _replace(text: str, old: str, new: str) -> Value:
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        return Unknown("`replace()` with a pattern is not evaluated")
    return TOO_LARGE if text.count(old) * len(new) > LARGEST else text.replace(old, new)


def _substr(text: str, begin: int, length: int) -> str:
    return text[begin:] if length < 0 else text[begin : begin + length]


def _intersection(items: list[Value], *others: list[Value]) -> Value:
    for is_there in map(_members, others):
        items = [item for item in items if is_there(item)]
    return _set(items)


def _difference(items: list[Value], others: list[Value]) -> Value:
    is_there = _members(others)
    return _set([item for item in items if not is_there(item)])


def _union(*lists: list[Value]) -> Value:
    return _set(_concat(*lists))


DECIDED: Mapping[str, Callable[..., Value]] = {
    "alltrue": lambda values: all(_tobool(value) for value in values),
    "anytrue": lambda values: any(_tobool(value) for value in values),
    "contains": lambda values, one: one in _listed(values),
    "endswith": lambda text, end: text.endswith(end),
    "jsondecode": json.loads,
    "lower": str.lower,
    "max": max,
    "min": min,
    "replace": _replace,
    "setintersection": _intersection,
    "setsubtract": _difference,
    "setunion": _union,
    "sort": lambda values: sorted(_listed(values)),
    "split": lambda separator, text: text.split(separator) if separator else list(text),
    "startswith": lambda text, begin: text.startswith(begin),
    "substr": _substr,
    "tobool": _tobool,
    "tonumber": _tonumber,
    "trim": lambda text, cut: text.strip(cut),
    "trimprefix": lambda text, begin: text.removeprefix(begin),
    "trimspace": str.strip,
    "trimsuffix": lambda text, end: text.removesuffix(end),
    "upper": str.upper,
    **TEXTS,
}

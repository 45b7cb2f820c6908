"""Text of policies with variables: `${key}`, `${key, 'default'}` and the literals `${*}`, `${?}`, `${$}`.

IAM user guide, "IAM policy elements: Variables and tags". A variable without value and default makes the
whole text null, which equals nothing. What a variable brings in is literal, even a `*`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from scanner.authz.patterns import ANYTHING, Pattern, Token, Wild, literal, wildcard, wildcard_tokens
from scanner.authz.values import Known, Value

Lookup = Callable[[str], Value]
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")


class Resolved(NamedTuple):
    """A text with its variables replaced. `pattern` None: null. Not `exact`: stands for some text of this shape."""

    pattern: Pattern | None
    exact: bool = True


def has_variables(text: str) -> bool:
    """Whether a text has something to replace."""
    return "${" in text


@lru_cache(maxsize=65536)
def variables_of(text: str) -> tuple[str, ...]:
    """The context keys that a text refers to, in lower case."""
    found = (match.group(1) for match in _VARIABLE.finditer(text))
    return tuple(_key_and_default(inner)[0] for inner in found if inner not in ("*", "?", "$"))


def resolve(text: str, *, wild: bool, variables: bool, lookup: Lookup) -> Resolved:
    """The pattern of a policy's text; `wild` says whether its own `*` and `?` are wildcards."""
    if not variables or "${" not in text:
        return Resolved(wildcard(text) if wild else literal(text))
    tokens: list[Token] = []
    exact, possible = True, True
    place = 0
    for match in _VARIABLE.finditer(text):
        tokens += _plain(text[place : match.start()], wild)
        value, sure = _value(match.group(1), lookup)
        exact &= sure
        possible &= value is not None
        tokens += value or []
        place = match.end()
    tokens += _plain(text[place:], wild)
    return Resolved(Pattern(tuple(tokens)) if possible else None, exact)


def _plain(text: str, wild: bool) -> list[Token]:
    if wild:
        return wildcard_tokens(text)
    return [text] if text else []


def _value(inner: str, lookup: Lookup) -> tuple[list[Token] | None, bool]:
    """The tokens of one variable, None for null, and whether that is certain."""
    if inner in ("*", "?", "$"):
        return [inner], True
    key, default = _key_and_default(inner)
    value = lookup(key)
    if isinstance(value, Known):
        if len(value.values) == 1:
            return [value.values[0]], True
        return (None if default is None or value.values else [default]), True
    shapes = {*value.shapes, *([literal(default)] if value.absent and default is not None else [])}
    if len(shapes) == 1:
        return list(next(iter(shapes)).tokens), False
    return [Wild.MANY] if shapes else list(ANYTHING.tokens), False


def _key_and_default(inner: str) -> tuple[str, str | None]:
    key, comma, default = inner.partition(",")
    default = default.strip()
    if not comma or len(default) < 2 or default[0] != "'" or default[-1] != "'":
        return key.strip().lower(), None
    return key.strip().lower(), default[1:-1]

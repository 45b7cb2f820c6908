"""What is known of one context key of a request: its values, that it is absent, or only some of that.

`Truth` is the three-valued answer that follows: NO, MAYBE, YES, ordered so that `min` is and, `max` is or.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Protocol

from msgspec import Struct

from scanner.authz.patterns import ANYTHING, Pattern, literal, wildcard


class Truth(IntEnum):
    """Kleene's three values."""

    NO = 0
    MAYBE = 1
    YES = 2

    def __invert__(self) -> Truth:
        return Truth(2 - self.value)


class Known(Struct, frozen=True):
    """The key stands in the request with these values; none at all means that it is absent."""

    values: tuple[str, ...] = ()


class Open(Struct, frozen=True):
    """The key's value is not known, only what it would look like: one of `shapes`, or (`absent`) not there at all."""

    shapes: tuple[Pattern, ...] = (ANYTHING,)
    absent: bool = True


Value = Known | Open
ABSENT = Known()
UNKNOWN = Open()


def known(*values: str) -> Known:
    """A key with these values."""
    return Known(values)


def one_of(*values: str, absent: bool = True) -> Open:
    """A key with one of these values, which may be patterns; by default it may be missing too."""
    return Open(tuple(wildcard(value) for value in values), absent)


def shapes_of(value: Value) -> tuple[Pattern, ...]:
    """Everything a present key may look like."""
    return value.shapes if isinstance(value, Open) else tuple(literal(text) for text in value.values)


class Context(Protocol):
    """The context of a request; keys are asked in lower case."""

    def parts(self, key: str, actions: int) -> tuple[tuple[int, Value], ...]:
        """The value of a key for each part of `actions`: what a request can carry depends on its action."""

    def value(self, key: str) -> Value:
        """The value whatever the action, for policy variables."""

    def of_resource_policy(self) -> Context:
        """The same context as key policies and RCPs see it."""


CONTEXT_PAIR = "kms:encryptioncontext:"
CONTEXT_PAIR_EXACT = "kms:EncryptionContext:"
"""The same pairs by their names to the letter, as the constraints of grants ask for them; conditions never do."""
CONTEXT_NAMES = "kms:encryptioncontext"
"""Stands for the names of all pairs of the encryption context, which the constraints of grants look at."""


class Given:
    """The context of a fully specified request: a key that is not given is absent."""

    def __init__(self, values: Mapping[str, tuple[str, ...]]) -> None:
        self._values = {key.lower(): Known(texts) for key, texts in values.items()}
        pairs = {
            key[len(CONTEXT_PAIR) :]: texts for key, texts in values.items() if key.lower().startswith(CONTEXT_PAIR)
        }
        self._values |= {f"{CONTEXT_PAIR_EXACT}{name}": Known(texts) for name, texts in pairs.items()}
        listed = self._values.get("kms:encryptioncontextkeys", ABSENT).values
        self._values[CONTEXT_NAMES] = Known(tuple(dict.fromkeys([*pairs, *listed])))

    def parts(self, key: str, actions: int) -> tuple[tuple[int, Value], ...]:
        """One part: the values do not depend on the action."""
        return ((actions, self._values.get(key, ABSENT)),)

    def value(self, key: str) -> Value:
        """The values given, else absent."""
        return self._values.get(key, ABSENT)

    def of_resource_policy(self) -> Given:
        """The same: what is given counts everywhere."""
        return self

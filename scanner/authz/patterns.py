"""Text with the wildcards `*` and `?`: does it match, could two match the same text, does one cover another.

Matching is linear in the text, so a hostile pattern cannot make it slow. Characters that came out of a
policy variable are literal even when they are `*` or `?`.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache


class Wild(Enum):
    """The two wildcards."""

    ONE = "?"
    MANY = "*"


Token = str | Wild


class Pattern:
    """A sequence of literal characters and wildcards."""

    __slots__ = ("_regex", "literal", "tokens")

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = _tidy(tokens)
        self.literal: str | None = None
        self._regex: re.Pattern[str] | None = None
        if all(type(token) is str for token in self.tokens):
            self.literal = "".join(self.tokens)  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self.tokens == other.tokens

    def __hash__(self) -> int:
        return hash(self.tokens)

    def __str__(self) -> str:
        return "".join(token if isinstance(token, str) else token.value for token in self.tokens)

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        if self.literal is not None:
            return text == self.literal
        if self._regex is None:
            self._regex = re.compile(_regex(self.tokens), re.DOTALL)
        return self._regex.fullmatch(text) is not None

    def lower(self) -> Pattern:
        """The same pattern in lower case."""
        return Pattern(tuple(token.lower() if isinstance(token, str) else token for token in self.tokens))

    def intersects(self, other: Pattern) -> bool:
        """Whether some text matches both."""
        if other.literal is not None:
            return self.matches(other.literal)
        if self.literal is not None:
            return other.matches(self.literal)
        return _intersect(_characters(self.tokens), _characters(other.tokens))

    def covers(self, other: Pattern) -> bool:
        """Whether every text that matches `other` matches this; False also where that is not plain to see."""
        if other.literal is not None:
            return self.matches(other.literal)
        return _cover(_characters(self.tokens), _characters(other.tokens))

    def split(self, separator: str, parts: int) -> list[Pattern]:
        """Cut at literal separators into at most `parts` pieces."""
        pieces: list[list[Token]] = [[]]
        for token in _characters(self.tokens):
            if token == separator and len(pieces) < parts:
                pieces.append([])
            else:
                pieces[-1].append(token)
        return [Pattern(tuple(piece)) for piece in pieces]


@lru_cache(maxsize=65536)
def wildcard(text: str) -> Pattern:
    """A pattern as policies write it."""
    if "*" not in text and "?" not in text:
        return literal(text)
    return Pattern(tuple(wildcard_tokens(text)))


@lru_cache(maxsize=65536)
def literal(text: str) -> Pattern:
    """A pattern that matches this text alone."""
    return Pattern((text,) if text else ())


def wildcard_tokens(text: str) -> list[Token]:
    """The tokens of a text whose `*` and `?` are wildcards."""
    return [Wild(piece) if piece in ("*", "?") else piece for piece in re.split(r"([*?])", text) if piece]


def _tidy(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Join neighbouring text and drop a second `*` in a row, so that equal patterns compare equal."""
    tidy: list[Token] = []
    for token in tokens:
        last = tidy[-1] if tidy else None
        if isinstance(token, str) and isinstance(last, str):
            tidy[-1] = last + token
        elif token is not Wild.MANY or last is not Wild.MANY:
            tidy.append(token)
    return tuple(tidy)


def _characters(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    return tuple(part for token in tokens for part in (token if isinstance(token, str) else (token,)))


def _regex(tokens: tuple[Token, ...]) -> str:
    """A regular expression that never backtracks over a `*`: the first place where the next text fits is as good."""
    groups: list[list[str]] = [[]]
    for token in tokens:
        if token is Wild.MANY:
            groups.append([])
        else:
            groups[-1].append(_one(token))
    first, *rest = ["".join(group) for group in groups]
    middle = "".join(f"(?>.*?{group})" for group in rest[:-1] if group)
    return first + middle + "".join(f".*{group}" for group in rest[-1:])


def _one(token: Token) -> str:
    return "." if isinstance(token, Wild) else re.escape(token)


@lru_cache(maxsize=65536)
def _intersect(left: tuple[Token, ...], right: tuple[Token, ...]) -> bool:
    """Dynamic programming over both; row `i`, place `j`: could the rests from there match one text."""
    width = len(right)
    row = [False] * width + [True]
    for j in range(width - 1, -1, -1):
        row[j] = right[j] is Wild.MANY and row[j + 1]
    for token in reversed(left):
        above, row = row, [False] * (width + 1)
        row[width] = token is Wild.MANY and above[width]
        for j in range(width - 1, -1, -1):
            other = right[j]
            if token is Wild.MANY or other is Wild.MANY:
                row[j] = above[j] or row[j + 1]
            else:
                row[j] = (token is Wild.ONE or other is Wild.ONE or token == other) and above[j + 1]
    return row[0]


@lru_cache(maxsize=65536)
def _cover(wide: tuple[Token, ...], narrow: tuple[Token, ...]) -> bool:
    """Like matching `narrow` as if its wildcards were characters that only wider wildcards can stand for."""
    row = [False] * len(narrow) + [True]
    for token in reversed(wide):
        above, row = row, [False] * (len(narrow) + 1)
        row[-1] = token is Wild.MANY and above[-1]
        for j in range(len(narrow) - 1, -1, -1):
            if token is Wild.MANY:
                row[j] = above[j] or row[j + 1]
            else:
                same = token == narrow[j] or (token is Wild.ONE and narrow[j] is not Wild.MANY)
                row[j] = same and above[j + 1]
    return row[0]


ANYTHING = Pattern((Wild.MANY,))

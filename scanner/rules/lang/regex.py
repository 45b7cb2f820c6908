"""Regular expressions that agree with RE2 and cannot take exponential time.

The pattern's parse tree is checked before use: no backreference, no lookaround, no repetition inside a repetition,
and at most one open-ended repetition whose end is ambiguous; then a search is at worst quadratic in a short text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from msgspec import Struct

from scanner.rules.lang.faults import Fault
from scanner.rules.lang.limits import MAX_PATTERN, MAX_SEARCHED

_parser: Any = import_module("re._parser")  # the only way to see a pattern as re understands it
_compiler: Any = import_module("re._compiler")
_ops: Any = import_module("re._constants")

OPEN_ENDED = 256
"""What an open-ended repetition counts for."""
MOST_WAYS = 4096
"""How many ways to split a text a pattern may leave open."""
SINGLE = frozenset((_ops.LITERAL, _ops.NOT_LITERAL, _ops.ANY, _ops.IN))
REPEATS = frozenset((_ops.MAX_REPEAT, _ops.MIN_REPEAT))
ANCHORS = frozenset((_ops.AT_BEGINNING, _ops.AT_END, _ops.AT_BEGINNING_STRING, _ops.AT_BOUNDARY, _ops.AT_NON_BOUNDARY))
SAMPLE = [chr(code) for code in range(128)] + ["é", "→"]


class Searcher(Struct, frozen=True, dict=True):
    """A function that searches a text for `pattern`, which is allowed."""

    pattern: str

    def __call__(self, text: str) -> bool:
        """Whether some part of `text` matches; Fault for a text that is too long."""
        if len(text) > MAX_SEARCHED:
            raise Fault(f"a text of more than {MAX_SEARCHED} characters cannot be searched")
        return self.search(text) is not None

    @cached_property
    def search(self) -> Callable[[str], Any]:
        """The search of the compiled pattern."""
        search: Callable[[str], Any] = _compiler.compile(_tree(self.pattern), re.ASCII).search
        return search


@cache
def searcher(pattern: str) -> Searcher:
    """A function that searches a text for `pattern`; ValueError in words when the pattern is not allowed."""
    _tree(pattern)
    return Searcher(pattern)


def _tree(pattern: str) -> Any:
    """The parse tree of a pattern that is allowed."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a regular expression longer than {MAX_PATTERN} characters")
    try:
        tree = _parser.parse(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"bad regular expression: {error}") from None
    if _ways(tree) > MOST_WAYS:
        raise ValueError("this regular expression could take too long: make repetitions end at a definite character")
    return tree


def _ways(tree: Any) -> int:
    """In how many ways `tree` can match one text, roughly; ValueError for what is not allowed."""
    items = list(tree)
    ways = 1
    for place, (op, argument) in enumerate(items):
        if op is _ops.AT and argument is _ops.AT_END:
            tree[place] = (_ops.AT, _ops.AT_END_STRING)  # RE2's `$` does not match before a last line break
        elif op in REPEATS:
            ways *= _ways_of_repeat(argument, items[place + 1 :])
        elif op is _ops.SUBPATTERN:
            ways *= _ways(argument[3])
        elif op is _ops.BRANCH:
            ways *= sum(_ways(branch) for branch in argument[1])
        elif op not in SINGLE and not (op is _ops.AT and argument in ANCHORS):
            raise ValueError(f"{str(op).lower().replace('_', ' ')} is not part of the language (RE2 syntax)")
    return ways


def _ways_of_repeat(argument: tuple[int, Any, Any], following: Sequence[Any]) -> int:
    least, most, body = argument
    if most > 1 and not all(op in SINGLE for op, _ in body):
        if not _fixed(body):
            raise ValueError("a repetition of repetitions or alternatives could take too long")
        return _span(least, most)
    inner = _ways(body)
    if most > 1 and len(body) == 1 and _disjoint(body[0], following):
        return 1
    return inner * _span(least, most)


def _span(least: int, most: int) -> int:
    return OPEN_ENDED if most is _ops.MAXREPEAT else min(most - least + 1, OPEN_ENDED)


def _fixed(body: Any) -> bool:
    """Whether `body` is a plain sequence of characters, perhaps in a group."""
    return all(op in SINGLE or (op is _ops.SUBPATTERN and _fixed(argument[3])) for op, argument in body)


def _disjoint(item: Any, following: Sequence[Any]) -> bool:
    """Whether the character after a repetition of `item` shows that the repetition is over."""
    if not following:
        return True
    op, argument = following[0]
    if op is _ops.AT:
        return argument in (_ops.AT_END, _ops.AT_END_STRING) and len(following) == 1
    return op in SINGLE and _characters(item).isdisjoint(_characters(following[0]))


def _characters(item: Any) -> frozenset[str]:
    """The characters of a sample that a one-character item matches."""
    tree = _parser.parse("a", re.ASCII)
    tree[0] = item
    match = _compiler.compile(tree, re.ASCII).match
    return frozenset(character for character in SAMPLE if match(character))

"""Does a CloudWatch Logs filter pattern match every log line of a kind? Parsed as AWS documents it, three answers.

Source: CloudWatch Logs user guide, "Filter pattern syntax for metric filters": JSON patterns in braces, terms else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from scanner.catalog.event_patterns import Truth, every, some

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>&&|\|\||[(){}]|!=|>=|<=|=|>|<)|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<regex>%[^%]*%)"""
    r"""|(?P<word>[^\s(){}=<>!&|"]+))"""
)
_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|(%[^%]*%)|(\S+))')
_PLAIN_REGEX = re.compile(r"[A-Za-z0-9:_#=@/;,^$?\[\]{}|\\*+.-]+")
"""What regular expressions may be made of (user guide, "Supported regular expressions syntax"): no groups."""
_REPEATS = 3
"""How many repetitions are worked out: more of them may take for ever."""
_FLAGS = {"TRUE": True, "FALSE": False}
_ORDER = (">", "<", ">=", "<=")
_UNKNOWN = object()


class _SyntaxFault(Exception):
    """The pattern is not of the documented form."""


def matches(pattern: str, line: Mapping[str, Any]) -> Truth:
    """Whether `pattern` matches JSON log lines that carry the fields of `line` (nested) and unknown others.

    A field whose value is None is certainly missing.
    """
    text = pattern.strip()
    if not text.startswith("{"):
        return _terms(text, line)
    try:
        return _Parser(text, line).whole()
    except _SyntaxFault:
        return None


def _terms(text: str, line: Mapping[str, Any]) -> Truth:
    """Terms of an unstructured pattern: all without a mark, one of those with `?`, none of those with `-`."""
    if text.startswith("["):
        return None  # fields by position: events of CloudTrail have none
    known = json.dumps(line)
    groups: dict[str, list[Truth]] = {"": [], "?": [], "-": []}
    for mark, quoted, regex, word in _TERM.findall(text):
        found = _anywhere(regex, known) if regex else (True if (quoted or word) in known else None)
        groups[mark].append(found)
    optional = [some(groups["?"])] if groups["?"] and not groups[""] else []
    return every((*groups[""], *optional, *(_negated(found) for found in groups["-"])))


def _anywhere(regex: str, known: str) -> Truth:
    """Whether a regular expression certainly is in a line of which a part is known: where the line ends is not."""
    return True if not set("^$") & set(regex) and _searched(regex, known) else None


def _searched(regex: str, value: str) -> Truth:
    """Whether `%regex%` is found in a value; None for one that CloudWatch refuses, or that repeats without measure."""
    written = regex.strip("%")
    if not _PLAIN_REGEX.fullmatch(written) or sum(map(written.count, "*+?{")) > _REPEATS:
        return None
    try:
        return re.search(written, value) is not None
    except re.error:
        return None


def _negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


class _Parser:
    """Recursive descent over one JSON pattern, answering as it goes; `&&` binds closer than `||`."""

    def __init__(self, text: str, line: Mapping[str, Any]) -> None:
        self._tokens = _tokens(text)
        self._place = 0
        self._line = line

    def whole(self) -> Truth:
        self._expect("{")
        answer = self._any()
        self._expect("}")
        if self._place != len(self._tokens):
            raise _SyntaxFault
        return answer

    def _any(self) -> Truth:
        answers = [self._all()]
        while self._take("||"):
            answers.append(self._all())
        return some(answers)

    def _all(self) -> Truth:
        answers = [self._one()]
        while self._take("&&"):
            answers.append(self._one())
        return every(answers)

    def _one(self) -> Truth:
        if self._take("("):
            answer = self._any()
            self._expect(")")
            return answer
        name = self._next()[1]
        if not name.startswith("$."):
            raise _SyntaxFault
        return self._test(_at(self._line, name[2:]), self._next()[1])

    def _test(self, value: Any, operator: str) -> Truth:
        if operator.upper() in ("NOT", "EXISTS", "IS"):
            return self._existence(value, operator.upper())
        kind, wanted = self._next()
        if operator not in ("=", "!=", *_ORDER):
            raise _SyntaxFault
        if operator in _ORDER or not isinstance(value, str):
            return None
        if kind == "regex":
            found = _searched(wanted, value)
            return found if operator == "=" else _negated(found)
        return fnmatchcase(str(value), _glob(wanted)) == (operator == "=")

    def _existence(self, value: Any, operator: str) -> Truth:
        if operator == "NOT":
            self._expect("EXISTS")
            return None if value is _UNKNOWN else value is None
        if operator == "EXISTS":
            return None if value is _UNKNOWN else value is not None
        wanted = _FLAGS.get(self._next()[1].upper())
        return value is wanted if wanted is not None and isinstance(value, bool) else None

    def _next(self) -> tuple[str, str]:
        if self._place >= len(self._tokens):
            raise _SyntaxFault
        self._place += 1
        return self._tokens[self._place - 1]

    def _take(self, mark: str) -> bool:
        found = self._place < len(self._tokens) and self._tokens[self._place] == ("mark", mark)
        self._place += found
        return found

    def _expect(self, text: str) -> None:
        if self._next()[1].upper() != text:
            raise _SyntaxFault


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while place < len(text.rstrip()):
        token = _TOKEN.match(text, place)
        if token is None:
            raise _SyntaxFault
        kind = str(token.lastgroup)
        found.append((kind, token[kind]))
        place = token.end()
    return found


def _at(line: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; `_UNKNOWN` where the line does not say."""
    value: Any = line
    for part in path.split("."):
        value = value.get(part, _UNKNOWN) if isinstance(value, Mapping) else _UNKNOWN
    return value


def _glob(text: str) -> str:
    """CloudWatch knows `*` alone as a wildcard."""
    return text.replace("[", "[[]").replace("?", "[?]")

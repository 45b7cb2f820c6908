"""Text to tokens: names, literals and operators of CEL, each with its place."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from msgspec import Struct

from scanner.rules.lang.faults import ExpressionError
from scanner.rules.lang.limits import MAX_TEXT

TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<double>(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?))
  | (?P<int>0[xX][0-9a-fA-F]+|\d+)
  | (?P<raw>[rR](?:"[^"\n]*"|'[^'\n]*'))
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<op>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]])
    """,
    re.VERBOSE,
)
ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)", re.DOTALL)
SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"} | {c: c for c in "\\\"'`?"}
INSTEAD = {
    "=": "use `==` to compare",
    "&": "use `&&`",
    "|": "use `||`",
    "{": "maps and objects cannot be written; compare the parts one by one",
    ";": "one expression only, without `;`",
    "`": "use single or double quotes",
    '"': "close the string on the same line",
    "'": "close the string on the same line",
}


class Token(Struct, frozen=True):
    """One word of the language. `kind` is int, double, string, name, op or end; `text` is as written."""

    kind: str
    text: str
    start: int
    end: int
    value: Any = None


def tokenise(text: str) -> list[Token]:
    """The tokens of `text`, closed by one of kind `end`; ExpressionError for what is not in the language."""
    if len(text) > MAX_TEXT:
        raise ExpressionError(
            f"expression of {len(text)} characters, more than {MAX_TEXT}", 0, 1, "split it with `let`"
        )
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            character = text[place]
            raise ExpressionError(f"unexpected character `{character}`", place, place + 1, INSTEAD.get(character, ""))
        if match.lastgroup != "space":
            tokens.append(_token(str(match.lastgroup), match.group(), place, match.end()))
        place = match.end()
    _refuse_suffixes(tokens)
    tokens.append(Token("end", "", len(text), len(text) + 1))
    return tokens


def _token(kind: str, text: str, start: int, end: int) -> Token:
    if kind == "int":
        return Token("int", text, start, end, int(text, 16) if text[:2] in ("0x", "0X") else int(text))
    if kind == "double":
        return Token("double", text, start, end, float(text))
    if kind == "raw":
        return Token("string", text, start, end, text[2:-1])
    if kind == "string":
        return Token("string", text, start, end, _unescape(text[1:-1], start + 1))
    return Token(kind, text, start, end, text)


def _unescape(body: str, start: int) -> str:
    def replaced(match: re.Match[str]) -> str:
        code = match.group()[1:]
        if len(code) == 1 and code in SIMPLE:
            return SIMPLE[code]
        try:
            return chr(int(code[1:], 16) if code[0] in "xuU" else int(code, 8))
        except (ValueError, OverflowError):
            raise ExpressionError(
                f"unknown escape `\\{code}`", start + match.start(), start + match.end(), r"write `\\` or use r'...'"
            ) from None

    return ESCAPE.sub(replaced, body)


def _refuse_suffixes(tokens: list[Token]) -> None:
    """`1u`, `b'x'` and `0123abc` are other types of CEL or slips, not two tokens."""
    for left, right in pairwise(tokens):
        if left.end != right.start:
            continue
        if left.kind in ("int", "double") and right.kind in ("name", "int", "double"):
            raise ExpressionError(
                f"not a number: `{left.text}{right.text}`", left.start, right.end, "ints have no suffix"
            )
        if left.kind == "name" and right.kind == "string":
            raise ExpressionError(
                f"no string has the prefix `{left.text}`", left.start, right.end, "only r'...' exists"
            )

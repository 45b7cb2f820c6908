"""The text of a message to a template: its expressions are type-checked like every other."""

from __future__ import annotations

from scanner.rules.lang.checker import Scope, check
from scanner.rules.lang.faults import ExpressionError
from scanner.rules.lang.narrowing import Facts
from scanner.rules.lang.template import Template
from scanner.rules.lang.terms import Term


def template(text: str, scope: Scope, facts: Facts) -> Template:
    """The template that `text` writes; `{{` and `}}` stand for braces."""
    texts, terms = [""], []
    place = 0
    while place < len(text):
        if text[place : place + 2] in ("{{", "}}"):
            texts[-1] += text[place]
            place += 2
        elif text[place] == "{":
            end = _closing(text, place)
            terms.append(_embedded(text[place + 1 : end], place + 1, scope, facts))
            texts.append("")
            place = end + 1
        elif text[place] == "}":
            raise ExpressionError("`}` without `{`", place, place + 1, "write `}}` for a brace")
        else:
            texts[-1] += text[place]
            place += 1
    return Template(tuple(texts), tuple(terms))


def _closing(text: str, start: int) -> int:
    """Where the expression that opens at `start` ends, braces inside its strings left out."""
    quote = ""
    for place in range(start + 1, len(text)):
        character = text[place]
        if quote:
            quote = "" if character == quote and text[place - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character == "}":
            return place
    raise ExpressionError("`{` without `}`", start, start + 1, "write `{{` for a brace")


def _embedded(text: str, offset: int, scope: Scope, facts: Facts) -> Term:
    try:
        term = check(text, scope, facts)
        if term.type.name == "map":
            raise ExpressionError("a map cannot be shown", term.start, term.end)
    except ExpressionError as error:
        raise ExpressionError(error.message, error.start + offset, error.end + offset, error.help) from None
    return term

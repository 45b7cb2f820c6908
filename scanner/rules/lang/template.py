"""Messages with `{expression}` in them: parsed, type-checked like every expression, and rendered for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from scanner.model.facttypes import View, fields_of
from scanner.model.unknown import Partial, Unknown
from scanner.rules.lang.checker import Scope, check
from scanner.rules.lang.faults import ExpressionError
from scanner.rules.lang.narrowing import Facts
from scanner.rules.lang.partial import AtLeast, Broken, PartList, Undecided, Worded
from scanner.rules.lang.terms import Term

SHOWN = 5
"""Members of a list that a message names."""


class Template(Struct, frozen=True):
    """Texts and the terms between them: one text more than terms."""

    texts: tuple[str, ...]
    terms: tuple[Term, ...]

    def render(self, values: Sequence[Any]) -> str:
        """The message for the values of its terms."""
        filled = [shown(value) + text for value, text in zip(values, self.texts[1:], strict=True)]
        return self.texts[0] + "".join(filled)


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


def shown(value: Any) -> str:
    """A value in words; what is not known is said to be unknown."""
    match value:
        case AtLeast(least=least):
            return f"at least {least}"
        case Worded(text=text):
            return text
        case Undecided() | Unknown():
            return "unknown"
        case Broken():
            return "(no value)"
        case PartList(known=known) | Partial(known=known):
            return f"{shown(known)} and perhaps others" if known else "unknown"
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.date().isoformat()
        case timedelta():
            days = value.days
            return f"{days} day{'' if days == 1 else 's'}"
        case View():
            return label_of(value)
        case tuple() | list():
            rest = len(value) - SHOWN
            names = ", ".join(shown(item) for item in value[:SHOWN])
            return (f"{names} and {rest} more" if rest > 0 else names) or "none"
    return str(value)


def label_of(view: View) -> str:
    """What a person calls the object: its label, name or id, the first that is known."""
    facts = fields_of(type(view))
    for name in ("label", "name", view.identity):
        value = getattr(view, name) if name in facts else None
        if isinstance(value, str) and value:
            return value
    return "unknown"

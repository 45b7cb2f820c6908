"""Messages with `{expression}` in them, rendered for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from scanner.model.facttypes import View, fact_names
from scanner.model.unknown import Partial, Unknown
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
    facts = fact_names(type(view))
    for name in ("label", "name", view.identity):
        value = getattr(view, name) if name in facts else None
        if isinstance(value, str) and value:
            return value
    return "unknown"

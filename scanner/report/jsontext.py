"""JSON text that is safe to print: nothing in it acts on a terminal or hides from a reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

HIDDEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\U000e0000-\U000e0fff]"
)
"""Delete, C1 controls, bidirectional and invisible characters; JSON itself escapes only the C0 controls."""


def json_text(value: Any, *, indent: int = 2) -> str:
    """`value` (anything msgspec can encode) as JSON with a final line break; keys stay in the order given.

    `indent` 0 puts it on one line. A reader of the JSON gets every character back as it was, except that
    a lone surrogate, which UTF-8 cannot carry, becomes a question mark.
    """
    return harmless(_formatted(_encode(value), indent).decode()) + "\n"


def json_pieces(whole: Struct, large: str) -> Iterator[str]:
    """`json_text(whole)` with the items of its list `large` made one by one, so that it is never held as a text."""
    before, empty, after = json_text(replace(whole, **{large: ()})).partition(f'\n  "{large}": []')
    between = empty[:-1]
    yield before
    for item in getattr(whole, large):
        yield between + "\n    " + json_text(item)[:-1].replace("\n", "\n    ")
        between = ","
    yield (empty if between != "," else "\n  ]") + after


def _formatted(encoded: bytes, indent: int) -> bytes:
    return msgspec.json.format(encoded, indent=indent) if indent else encoded


def harmless(text: str) -> str:
    """JSON text that says the same and does nothing to a terminal or a log."""
    if not text.isascii() or "\x7f" in text:
        text = HIDDEN.sub(_escape, text)
    return text.replace("##[", "##\\u005b")  # a CI runner obeys `##[command]` anywhere in a line


def encoded(items: Iterable[Any]) -> list[msgspec.Raw]:
    """A list for `json_text` whose items are encoded one by one, so that a large one never lives as objects.

    The items hold cleaned text only.
    """
    return [msgspec.Raw(msgspec.json.encode(item)) for item in items]


def _encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]

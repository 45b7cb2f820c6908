"""Lines of a terminal: cleaned, wrapped by display width, indented and, when wanted, coloured."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Literal

from scanner.report.clean import clean, no_command
from scanner.report.options import RenderOptions

Style = Literal["bold", "bold red", "red", "yellow", "bold yellow", "cyan", "green", "bold green", "dim"]
SGR: dict[Style, str] = {
    "bold": "1",
    "bold red": "1;31",
    "red": "31",
    "yellow": "33",
    "bold yellow": "1;33",
    "cyan": "36",
    "green": "32",
    "bold green": "1;32",
    "dim": "2",
}
TEXT_LIMIT = 600
"""Characters of one text that are shown; the JSON report has the whole."""


def paint(text: str, style: Style | None, options: RenderOptions) -> str:
    """`text`, already clean, in a style when colours are wanted."""
    return f"\x1b[{SGR[style]}m{text}\x1b[0m" if options.color and style else text


def lines_of(
    text: str, indent: int, options: RenderOptions, style: Style | None = None, hanging: int = 0
) -> Iterator[str]:
    """`text` from an account, made safe and wrapped; further lines are `hanging` columns deeper."""
    margin = " " * indent
    for line in wrap(clean(text, TEXT_LIMIT), options.width - indent, hanging):
        yield margin + paint(no_command(line), style, options)


def wrap(text: str, width: int, hanging: int) -> Iterator[str]:
    """Clean `text` in lines of at most `width` columns; a longer word stays whole on a line, beside its bullet."""
    if text.isascii() and len(text) <= width:
        yield text
        return
    line, used = "", 0
    for word in text.split(" "):
        columns = columns_of(word)
        if line.strip(" -") and used + 1 + columns > width:
            yield line
            line, used = " " * hanging + word, hanging + columns
        else:
            line, used = (f"{line} {word}", used + 1 + columns) if used else (word, columns)
    yield line


def columns_of(text: str) -> int:
    """How many columns a terminal gives to clean `text` (Unicode TR11: wide and fullwidth take two)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )

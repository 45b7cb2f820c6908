"""Make text from an account safe to show: names and descriptions there are written by strangers."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

WHITESPACE = "\t\n\r\v\f"


def clean(text: str, limit: int | None = None) -> str:
    r"""`text` as one line of printable characters, at most `limit` long.

    Control characters, terminal escapes, bidirectional overrides, invisible format characters, lone
    surrogates and noncharacters become visible escapes (`\x1b`, `\u202e`), so that two names that differ
    also look different; line breaks and tabs become spaces. `##[`, which a CI runner obeys anywhere in a
    line of its log, is broken up.
    """
    if "##[" in text:
        text = text.replace("##[", "##\\[")
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    shown = _shown(text)
    return shown if limit is None or len(shown) <= limit else shown[: limit - 1] + "…"


def clean_lines(text: str) -> str:
    """The same for text of several lines, which keeps its line breaks."""
    return "\n".join(no_command(clean(line)) for line in text.splitlines())


def no_command(line: str) -> str:
    """A line of a log that a CI runner would take for a command (`::error::`), made plain by a backslash."""
    return f"\\{line}" if line.lstrip().startswith("::") else line


def is_clean(char: str) -> bool:
    """Whether `char` may be shown as it is."""
    return char.isprintable() or unicodedata.category(char) == "Zs"


@lru_cache(maxsize=256)
def _shown(text: str) -> str:
    """Every character visible; kept for the texts of rules, which come with each of their findings."""
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    if is_clean(char):
        return char
    return " " if char in WHITESPACE else char.encode("unicode_escape", "backslashreplace").decode("ascii")

"""Text from an account inside Markdown: shown as it is, never as markup, a mention or a link."""

from __future__ import annotations

import re

from scanner.report.clean import clean, clean_lines

MARKUP = re.compile(
    r"[&<>`*_\[\]!|~\\$^]"  # anywhere in a line
    r"|^[-+=\d]"  # begins a list or underlines a heading
    r"|@|#|(?<=:)//|(?<=www)\.",  # mentions, references and links
    re.IGNORECASE,
)
BREAK = "&#8203;"
"""A zero-width space."""
LINKING = {"@": f"&#64;{BREAK}", "#": f"&#35;{BREAK}", "//": f"{BREAK}//", ".": f"{BREAK}."}


def _inert(match: re.Match[str]) -> str:
    mark = match.group()
    return LINKING.get(mark) or f"&#{ord(mark)};"


def prose(text: str, limit: int | None = None) -> str:
    """`text` as one line of plain words; a zero-width space stops mentions, references and automatic links."""
    return MARKUP.sub(_inert, clean(text, limit))


def code(text: str, limit: int | None = None) -> str:
    """`text` as inline code, also inside a table."""
    return f"<code>{prose(text, limit)}</code>"


def code_block(text: str) -> str:
    """`text` of several lines in a fence that it cannot close."""
    body = clean_lines(text.strip())
    longest = max((len(run) for run in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{body}\n{fence}"


def plain_links(text: str) -> str:
    """Plain text for SARIF, where `[words](target)` would be a link (section 3.11.6)."""
    return re.sub(r"\[(?=[^\]]*\]\()", r"\\[", text)

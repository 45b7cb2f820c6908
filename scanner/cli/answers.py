"""Answers of the access engine in words: one paragraph per principal or key, fit for 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill
from typing import Any

from scanner.model.words import many

WIDTH = 80


def in_words(answer: dict[str, Any]) -> str:
    """The text of a who-can or what-can answer."""
    from scanner.report.clean import clean_lines

    lines = [*(_of_key(answer) if "principals" in answer else _of_principal(answer)), *_incomplete(answer)]
    return clean_lines("\n".join(lines)) + "\n"


def _of_key(answer: dict[str, Any]) -> Iterator[str]:
    found = answer["principals"]
    yield f"{answer['action']} on {answer['key']}"
    if answer.get("effect"):
        yield _paragraph("->", f"{answer['effect']['class']}: {answer['effect']['says']}")
    yield many(len(found), "principal") if found else "nobody"
    for entry in found:
        yield ""
        yield from _entry(entry["principal"], entry)


def _of_principal(answer: dict[str, Any]) -> Iterator[str]:
    yield answer["principal"]
    yield "may do nothing with any key" if not answer["keys"] else ""
    for entry in answer["keys"]:
        yield from _entry("actions that name no key" if entry["key"] == "*" else entry["key"], entry)
        yield ""


def _entry(title: str, entry: dict[str, Any]) -> Iterator[str]:
    yield f"{entry['verdict']:<11} {title}"
    if entry.get("actions"):
        yield _paragraph("may", ", ".join(entry["actions"]))
    for condition in entry["conditions"]:
        yield _paragraph("if", condition)
    for number, step in enumerate(entry["path"], 1):
        yield _paragraph(f"{number}.", step)
    for ref in entry["because"]:
        yield _paragraph("by", f"{ref['document']} {ref['statement']} ({ref['pointer']}): {ref['text']}")


def _paragraph(word: str, text: str) -> str:
    return fill(
        text,
        WIDTH,
        initial_indent=f"  {word:<3} ",
        subsequent_indent=" " * 6,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _incomplete(answer: dict[str, Any]) -> Iterator[str]:
    if not answer["complete"]:
        yield ""
        yield "INCOMPLETE: there may be more, because"
        yield from (_paragraph("-", reason) for reason in answer["reasons"])

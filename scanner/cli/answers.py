"""Answers of the access engine in words: one block per principal or key with its ways beneath, fit for 80 columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from scanner.cli.output import paragraph
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
    yield from _names(answer)
    if answer.get("effect"):
        yield _paragraph("->", f"{answer['effect']['class']}: {answer['effect']['says']}")
    yield many(len(found), "principal") if found else "nobody"
    for entry in found:
        yield ""
        yield f"{entry['verdict']:<11} {entry['principal']}{_by_escalation(entry)}"
        yield from _grounds(entry)


def _of_principal(answer: dict[str, Any]) -> Iterator[str]:
    yield answer["principal"]
    if not answer["keys"]:
        yield "may do nothing with any key"
    for key, entries in groupby(answer["keys"], itemgetter("key")):
        ways = _alike(entries)
        yield ""
        yield "actions that name no key" if key == "*" else key
        yield from _names(ways[0])
        for way in ways:
            yield f"  {way['verdict']}{_by_escalation(way)}"
            yield _paragraph("may", ", ".join(way["actions"]), 4)
            yield from _grounds(way, 4)


def _alike(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry for all actions that are allowed alike, on the same grounds."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        way = found.setdefault(json.dumps(entry | {"actions": []}), entry | {"actions": []})
        way["actions"] = sorted({*way["actions"], *entry["actions"]})
    return list(found.values())


def _names(entry: dict[str, Any]) -> Iterator[str]:
    if entry.get("aliases"):
        yield _paragraph("is", ", ".join(entry["aliases"]))


def _by_escalation(entry: dict[str, Any]) -> str:
    return ", by escalation" if entry["path"] else ""


def _grounds(entry: dict[str, Any], indent: int = 2) -> Iterator[str]:
    for condition in entry["conditions"]:
        yield _paragraph("if", condition, indent)
    for number, step in enumerate(_steps(entry), 1):
        yield _paragraph(f"{number}.", step, indent)
    for ref in entry["because"]:
        yield _paragraph("by", f"{_place(ref)}: {ref['text']}", indent)


def _steps(entry: dict[str, Any]) -> list[str]:
    """The path; its end is said in short where the actions stand above it."""
    if len(entry.get("actions", ())) < 2 or not entry["path"]:
        return list(entry["path"])
    return [*entry["path"][:-1], f"{entry['steps'][-1]['actor']} does these with the key"]


def _place(ref: dict[str, str]) -> str:
    """Document, name and pointer of a statement, as far as it has them: a grant has no pointer."""
    number = ref["pointer"].rpartition("/")[2]
    name = "" if ref["statement"] == number else ref["statement"]
    return " ".join(filter(None, (ref["document"], name, ref["pointer"] and f"({ref['pointer']})")))


def _paragraph(word: str, text: str, indent: int = 2) -> str:
    margin = " " * indent
    return paragraph(text, WIDTH, f"{margin}{word:<3} ", f"{margin}    ")


def _incomplete(answer: dict[str, Any]) -> Iterator[str]:
    if not answer["complete"]:
        yield ""
        yield "INCOMPLETE: there may be more, because"
        yield from (_paragraph("-", reason) for reason in answer["reasons"])

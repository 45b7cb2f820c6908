"""Terraform's JSON syntax (`.tf.json`, `.tofu.json`): blocks with their lines, references in locals, waiver comments.

developer.hashicorp.com/terraform/language/syntax/json: a block type holds one object for each label, arrays repeat
blocks, and what stands under `//` is a comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from scanner.collect.terraform.hcl import MARK, REFERENCE, Comment, SourceBlock

LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "locals": 0}
"""Kinds of blocks that are read, and how many labels each has."""

DEEPEST = 2 * (1 + max(LABELS.values()) + 1)
"""Objects and arrays around the comment of a block: a line deeper down is never asked for."""
COMMENT = "//"
WAIVER = re.compile(rf"{MARK}(.*)")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:\n]')


def scan_json(text: str) -> tuple[list[SourceBlock], list[Comment]]:
    """The top-level blocks and waiver comments of one file; ValueError or RecursionError where it is not JSON."""
    document = json.loads(text)
    lines = _lines(text)
    blocks: list[SourceBlock] = []
    for kind, count in LABELS.items():
        for labels, body in _blocks(document.get(kind) if isinstance(document, dict) else None, count):
            begin, end = lines.get((kind, *labels), (1, 1))
            block = SourceBlock(kind, labels, begin, end, json.dumps(body))
            if kind == "locals":
                block.locals = {name: list(_references(value)) for name, value in body.items()}
            blocks.append(block)
    return blocks, [comment for block in blocks for comment in _comments(block, lines)]


def _blocks(node: Any, labels: int) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Labels and body of each block; arrays may stand at every level."""
    for one in node if isinstance(node, list) else [node]:
        if not isinstance(one, dict):
            continue
        if not labels:
            yield (), one
            continue
        for label, inner in one.items():
            if label != COMMENT:
                yield from (((label, *more), body) for more, body in _blocks(inner, labels - 1))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from REFERENCE.findall(value)
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _references(one)


def _comments(block: SourceBlock, lines: dict[tuple[str, ...], tuple[int, int]]) -> Iterator[Comment]:
    stated = json.loads(block.text).get(COMMENT)
    line, _ = lines.get((block.kind, *block.labels, COMMENT), (block.line, block.line))
    for text in stated if isinstance(stated, list) else [stated]:
        if isinstance(text, str) and (found := WAIVER.match(text)):
            yield Comment(found[1].strip(), line, line)


def _lines(text: str) -> dict[tuple[str, ...], tuple[int, int]]:
    """First and last line of members by their names from the top, arrays left out; the first of a name counts."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    path: list[str | None] = []
    line, began, name = 1, 1, ""
    for token in TOKEN.findall(text):
        if token == "\n":
            line += 1
        elif token == ":":
            path[-1] = name
            if len(path) <= DEEPEST:
                found.setdefault(_named(path), (began, line))
        elif token in "{[":
            path.append(None)
        elif token in "}]":
            path.pop()
            if len(path) <= DEEPEST and (whole := _named(path)) in found:
                found[whole] = (found[whole][0], line)
        else:
            name, began = json.loads(token), line
    return found


def _named(path: list[str | None]) -> tuple[str, ...]:
    return tuple(name for name in path if name is not None)

"""A small scanner over Terraform source: block headers with their lines, references in locals, waiver comments.

It evaluates nothing. It knows comments, strings with templates and heredocs, so that braces in them do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

BLOCK = re.compile(r'(?P<kind>[A-Za-z_][\w-]*)(?P<labels>(?:[ \t]+(?:"(?:[^"\\\n]|\\.)*"|[\w-]+))*)[ \t]*\{')
LABEL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|([\w-]+)')
HEREDOC = re.compile(r"<<[-~]?([A-Za-z_][\w-]*)[^\n]*\n")
ATTRIBUTE = re.compile(r"([A-Za-z_][\w-]*)[ \t]*=(?!=)")
REFERENCE = re.compile(
    r"(?<![\w.\"/-])(?:module|var|local|data|each|path|[a-z][a-z0-9]*_[a-z0-9_]+)"
    r"(?:\.[A-Za-z_][\w-]*|\[\"[^\"\]]*\"\]|\[\d+\]|\[\*\])+"
)
MARK = r"\s*keyproof:waive(?![\w-])"
"""Begins a comment that waives a rule."""
WAIVER = re.compile(rf"(?:#|//|/\*){MARK}(.*?)(?:\*/)?\Z", re.DOTALL)
OPEN, CLOSE = "{[(", "}])"


class SourceBlock(Struct):
    """A top-level block: `resource "aws_kms_key" "main" {`."""

    kind: str
    labels: tuple[str, ...]
    line: int
    end: int
    text: str = ""
    """The block as it is written, from its header to its closing brace."""
    locals: dict[str, list[str]] = field(default_factory=dict)
    """For a `locals` block: name to references."""


class Comment(Struct, frozen=True):
    """A waiver comment, without its marker."""

    text: str
    line: int
    end: int
    """Its last line."""


def scan(text: str) -> tuple[list[SourceBlock], list[Comment]]:
    """The top-level blocks and waiver comments of one file; text that is not HCL yields what can be read."""
    blocks: list[SourceBlock] = []
    at, depth = 0, 0
    starts = _Lines(text)
    begin = body = 0
    comments: list[Comment] = []
    while at < len(text):
        after = skip(text, at)
        if after > at:
            if text[at] in "#/" and (found := WAIVER.match(text[at:after])):
                comments.append(Comment(found[1].strip(), starts.line(at), starts.line(after)))
            at = after
        elif depth == 0 and (header := BLOCK.match(text, at)):
            labels = tuple(one[0] or one[1] for one in LABEL.findall(header["labels"]))
            blocks.append(SourceBlock(header["kind"], labels, starts.line(at), starts.line(at)))
            begin, at = at, header.end()
            body, depth = at, 1
        else:
            if text[at] == "{":
                depth += 1
            elif text[at] == "}" and depth:
                depth -= 1
                if depth == 0 and blocks:
                    blocks[-1].text = text[begin : at + 1]
                    _close(blocks[-1], text[body:at], starts.line(at))
            at += 1
    return blocks, comments


def _close(block: SourceBlock, body: str, line: int) -> None:
    block.end = line
    if block.kind == "locals":
        block.locals = dict(_attributes(body))


def _attributes(body: str) -> Iterator[tuple[str, list[str]]]:
    """Attributes of a block's body with the references in their expressions."""
    at = 0
    while at < len(body):
        after = skip(body, at)
        if after > at:
            at = after
        elif found := ATTRIBUTE.match(body, at):
            end = _expression_end(body, found.end())
            yield found[1], list(dict.fromkeys(REFERENCE.findall(body[found.end() : end])))
            at = end
        else:
            at += 1


def _expression_end(text: str, at: int) -> int:
    """Where an expression ends: at the end of a line outside brackets."""
    depth = 0
    while at < len(text):
        after = skip(text, at)
        if after > at:
            ended = text[at] in "#/" and depth == 0 and "\n" in text[at:after]
            if ended:
                return after
            at = after
            continue
        depth += (text[at] in OPEN) - (text[at] in CLOSE)
        if text[at] == "\n" and depth <= 0:
            return at
        at += 1
    return at


def skip(text: str, at: int) -> int:
    """The end of the comment, string or heredoc that begins at `at`; `at` itself where none does."""
    if text[at] == "#" or text.startswith("//", at):
        end = text.find("\n", at)
        return len(text) if end < 0 else end
    if text.startswith("/*", at):
        end = text.find("*/", at + 2)
        return len(text) if end < 0 else end + 2
    if text[at] == '"':
        return _string_end(text, at + 1)
    if text.startswith("<<", at) and (heredoc := HEREDOC.match(text, at)):
        close = re.compile(rf"^[ \t]*{re.escape(heredoc[1])}[ \t]*$", re.MULTILINE).search(text, heredoc.end())
        return close.end() if close else len(text)
    return at


def _string_end(text: str, at: int) -> int:
    """Just behind the closing quote; `${...}` may hold strings of its own."""
    depth = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(("${", "%{"), at) and text[at - 1 : at] not in ("$", "%"):
            depth, at = depth + 1, at + 2
        elif depth and text[at] == '"':
            at = _string_end(text, at + 1)
        elif depth and text[at] in "{}":
            depth, at = depth + (1 if text[at] == "{" else -1), at + 1
        elif text[at] == '"' or text[at] == "\n":
            return at + 1
        else:
            at += 1
    return at


class _Lines:
    """Line numbers, counted forward once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at, self._line = 0, 1

    def line(self, at: int) -> int:
        self._line += self._text.count("\n", self._at, at)
        self._at = at
        return self._line

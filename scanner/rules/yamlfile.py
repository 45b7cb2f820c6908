"""YAML that people write, read strictly and with the place of every value.

YAML 1.2 core scalars (`on`, `no` and `0123` are text and a number, never booleans or octal); duplicate keys, aliases,
tags, several documents, deep nesting and files over 256 kB are errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from msgspec import Struct, field

from scanner.errors import Problem

MAX_BYTES = 256 * 1024
MAX_NESTING = 40
WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class YamlProblem(Exception):
    """The file cannot be read as YAML."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class Node(Struct):
    """One value with its place: `start` and `end` are offsets into the text of the file, `key` that of its key."""

    data: Any
    start: int
    end: int
    style: str | None = None
    """How a scalar is written: None plain, `'`, `"`, `|` or `>`."""
    key: int | None = None
    children: dict[str | int, Node] = field(default_factory=dict)


class YamlFile(Struct, dict=True):
    """A parsed file: plain data in `root.data`, places by path."""

    name: str
    text: str
    root: Node

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file."""
        return self.text.split("\n")

    def node(self, path: tuple[str | int, ...]) -> Node:
        """The node at `path`, or the nearest one around it that exists."""
        node = self.root
        for step in path:
            if step not in node.children:
                return node
            node = node.children[step]
        return node

    def problem(self, offset: int, message: str, help: str = "") -> Problem:
        """A problem at an offset of the text."""
        line, column = place_of(self.text, offset)
        excerpt = self.lines[line - 1] if line <= len(self.lines) else ""
        return shortened(Problem(self.name, line, column, message, excerpt, help))

    def problem_at(self, path: tuple[str | int, ...], message: str, help: str = "") -> Problem:
        """A problem with the value at `path`."""
        return self.problem(self.node(path).start, message, help)

    def problem_at_key(self, path: tuple[str | int, ...], message: str, help: str = "") -> Problem:
        """A problem with the key at the end of `path`."""
        node = self.node(path)
        return self.problem(node.start if node.key is None else node.key, message, help)

    def problem_in(self, path: tuple[str | int, ...], offset: int, message: str, help: str = "") -> Problem:
        """A problem at an offset into the text value at `path`, such as an expression."""
        node = self.node(path)
        return self.problem(_offset_in_file(self.text, node, offset), message, help)


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    before = text.rfind("\n", 0, offset)
    return text.count("\n", 0, offset) + 1, offset - before


def shortened(problem: Problem) -> Problem:
    """The problem with at most 120 characters of its line around the column."""
    if len(problem.excerpt) <= 120:
        return problem
    cut = max(0, problem.column - 80)
    excerpt = problem.excerpt[cut : cut + 120]
    if cut == 0:
        return Problem(problem.file, problem.line, problem.column, problem.message, excerpt, problem.help)
    return Problem(problem.file, problem.line, problem.column, problem.message, "", problem.help)


def read_yaml(path: Path, name: str | None = None) -> YamlFile:
    """The file at `path`, shown to people as `name`; YamlProblem for anything but one strict document."""
    shown = name or str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise YamlProblem(Problem(shown, 0, 0, (error.strerror or str(error)).lower())) from None
    if len(raw) > MAX_BYTES:
        raise YamlProblem(Problem(shown, 0, 0, f"larger than {MAX_BYTES // 1024} kB", help="split it"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise YamlProblem(Problem(shown, line, 1, "not UTF-8 text")) from None
    return parse_yaml(text.replace("\r\n", "\n"), shown)


def parse_yaml(text: str, name: str) -> YamlFile:
    """The document that `text` holds."""
    import yaml  # start-up: only who loads rules pays for it

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    file = YamlFile(name, text, Node(None, 0, 0))
    try:
        file.root = _Composer(file).compose(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlProblem(file.problem(mark.index if mark else 0, f"not YAML: {error.problem or error}")) from None
    except yaml.YAMLError as error:
        raise YamlProblem(Problem(name, 0, 0, f"not YAML: {error}")) from None
    return file


class _Composer:
    """Events to nodes, without recursion: nesting is bounded before anything deep exists."""

    def __init__(self, file: YamlFile) -> None:
        self.file = file
        self.open: list[Node] = []
        self.keys: list[Node | None] = []
        self.root: Node | None = None

    def refuse(self, event: Any, message: str, help: str = "") -> NoReturn:
        raise YamlProblem(self.file.problem(event.start_mark.index, message, help))

    def compose(self, events: Iterator[Any]) -> Node:
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self.refuse(event, "more than one document", "one file holds one document")
            elif kind in STEPS:
                STEPS[kind](self, event)
        return self.root or Node(None, 0, 0)

    def alias(self, event: Any) -> None:
        self.refuse(event, "aliases are not allowed", "write the value out")

    def check(self, event: Any) -> None:
        if event.anchor is not None:
            self.refuse(event, "anchors are not allowed", "write the value out")
        if event.tag is not None:
            self.refuse(event, f"tags are not allowed: `{event.tag[:60]}`", "quote the value to make it text")

    def scalar(self, event: Any) -> None:
        self.check(event)
        data = event.value if event.style else core_scalar(event.value)
        self.add(Node(data, event.start_mark.index, event.end_mark.index, event.style or None))

    def start(self, event: Any, data: Any) -> None:
        self.check(event)
        if len(self.open) >= MAX_NESTING:
            self.refuse(event, f"nested deeper than {MAX_NESTING} levels")
        node = Node(data, event.start_mark.index, event.start_mark.index)
        self.add(node)
        self.open.append(node)
        self.keys.append(None)

    def finish(self, event: Any) -> None:
        node = self.open.pop()
        node.end = event.end_mark.index
        self.keys.pop()

    def add(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent.data, list):
            parent.children[len(parent.data)] = node
            parent.data.append(node.data)
        elif self.keys[-1] is None:
            self.keys[-1] = self.as_key(node, parent)
        else:
            key = self.keys[-1]
            node.key = key.start
            parent.children[key.data] = node
            parent.data[key.data] = node.data
            self.keys[-1] = None

    def as_key(self, node: Node, parent: Node) -> Node:
        """`node` as a key: text as it is written."""
        if isinstance(node.data, (dict, list)):
            raise YamlProblem(self.file.problem(node.start, "a key must be text"))
        if not isinstance(node.data, str):
            node.data = self.file.text[node.start : node.end]
        if node.data in parent.data:
            raise YamlProblem(self.file.problem(node.start, f"duplicate key `{node.data[:60]}`"))
        return node


STEPS: dict[str, Callable[[_Composer, Any], None]] = {
    "AliasEvent": _Composer.alias,
    "ScalarEvent": _Composer.scalar,
    "MappingStartEvent": lambda composer, event: composer.start(event, {}),
    "SequenceStartEvent": lambda composer, event: composer.start(event, []),
    "MappingEndEvent": _Composer.finish,
    "SequenceEndEvent": _Composer.finish,
}


def core_scalar(text: str) -> Any:
    """A plain scalar by the core schema of YAML 1.2; numbers too long for a person stay text."""
    if text in WORDS:
        return WORDS[text]
    if len(text) > 32 or not (text[0].isdigit() or text[0] in "+-."):
        return text
    if INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    return float(text) if FLOAT.fullmatch(text) else text


def _offset_in_file(text: str, node: Node, offset: int) -> int:
    """Where a character of a scalar's value stands in the file; the start of the scalar when it cannot be told."""
    raw = text[node.start : node.end]
    places = _places(raw, node)
    value = "".join(" " if place is None else raw[place] for place in places)
    if not isinstance(node.data, str) or node.data.rstrip("\n") != value.rstrip("\n"):
        return node.start
    known = [place for place in places[: offset + 1] if place is not None]
    past = offset - len(places) + 1 if offset >= len(places) else 0
    return node.start + (known[-1] if known else 0) + past


def _places(raw: str, node: Node) -> list[int | None]:
    """For each character of the value where it stands in `raw`; None for the space of a folded line break."""
    lines = raw.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    if node.style == "|":
        return _literal_places(lines, starts)
    places: list[int | None] = []
    for line, start in list(zip(lines, starts, strict=True))[1 if node.style == ">" else 0 :]:
        body = line.strip()
        indent = len(line) - len(line.lstrip())
        places += [None] if places and body else []
        places += range(start + indent, start + indent + len(body))
    return places[1:-1] if node.style in ("'", '"') else places


def _literal_places(lines: list[str], starts: list[int]) -> list[int | None]:
    """The same for a `|` block: lines less their common indent, line breaks kept."""
    indent = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
    places: list[int | None] = []
    for line, start in zip(lines[1:], starts[1:], strict=True):
        places += range(start + min(indent, len(line)), start + len(line) + 1)
    return places[:-1]

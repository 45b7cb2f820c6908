"""The syntax tree: what was written, before anybody knows what the names mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of an expression; `start` and `end` are offsets into its text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """null, true, 5, 1.5 or "text"."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """`base.field`; `field_start` is where the field's name begins."""

    base: Node
    field: str
    field_start: int


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`base[key]`."""

    base: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(args)` or `target.name(args)`; `name_start` is where the name begins."""

    name: str
    name_start: int
    target: Node | None
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operator(Node):
    """A unary or binary operator but `&&` and `||`; `op` is as written."""

    op: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`a && b && ...` or `a || b || ...`."""

    op: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Ternary(Node):
    """`test ? yes : no`."""

    test: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]

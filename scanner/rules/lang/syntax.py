"""The syntax tree: what was written, before anybody knows what the names mean."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Node(Struct, frozen=True):
    """A piece of an expression; `start` and `end` are offsets into its text."""

    start: int
    end: int


class Literal(Node, frozen=True):
    """null, true, 5, 1.5 or "text"."""

    value: Any


class Name(Node, frozen=True):
    """A variable."""

    name: str


class Select(Node, frozen=True):
    """`base.field`; `field_start` is where the field's name begins."""

    base: Node
    field: str
    field_start: int


class Index(Node, frozen=True):
    """`base[key]`."""

    base: Node
    key: Node


class Call(Node, frozen=True):
    """`name(args)` or `target.name(args)`; `name_start` is where the name begins."""

    name: str
    name_start: int
    target: Node | None
    args: tuple[Node, ...]


class Operator(Node, frozen=True):
    """A unary or binary operator but `&&` and `||`; `op` is as written."""

    op: str
    operands: tuple[Node, ...]


class Logic(Node, frozen=True):
    """`a && b && ...` or `a || b || ...`."""

    op: str
    operands: tuple[Node, ...]


class Ternary(Node, frozen=True):
    """`test ? yes : no`."""

    test: Node
    yes: Node
    no: Node


class ListLiteral(Node, frozen=True):
    """`[a, b]`."""

    items: tuple[Node, ...]

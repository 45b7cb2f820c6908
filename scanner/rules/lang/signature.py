"""Signatures of functions as text, `(list<T>, T) -> bool`, and whether arguments fit them.

Lower-case names are types, capital letters stand for any type: `T` for any, `O` for one that has an order.
`opt<T>` also takes null; nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.facttypes import FactType

ORDERED = frozenset(("int", "double", "string", "timestamp", "duration"))


class Shape(Struct, frozen=True):
    """A type in a signature."""

    name: str
    item: Shape | None = None
    nullable: bool = False


class Signature(Struct, frozen=True):
    """What a function takes and yields."""

    args: tuple[Shape, ...]
    result: Shape


@cache
def shape_of(text: str) -> Shape:
    """The shape that `text` writes."""
    if match := re.fullmatch(r"(opt|list|map)<(.+)>", text):
        inner = shape_of(match.group(2))
        return replace(inner, nullable=True) if match.group(1) == "opt" else Shape(match.group(1), inner)
    return Shape(text)


@cache
def signature_of(text: str) -> Signature:
    """The signature that `text` writes: `(A, B) -> C`."""
    args, result = re.fullmatch(r"\((.*)\) -> (\S+)", text).groups()  # type: ignore[union-attr]
    return Signature(tuple(shape_of(arg) for arg in args.split(", ") if arg), shape_of(result))


def same_type(left: FactType, right: FactType) -> bool:
    """Whether two types are one, null and allowed values apart."""
    if left.name != right.name:
        return "null" in (left.name, right.name)
    if left.item is None or right.item is None:
        return left.view is right.view
    return same_type(left.item, right.item)


def bind(signature: Signature, args: Sequence[FactType]) -> FactType | None:
    """The type of the result for arguments of these types, or None when they do not fit."""
    if len(args) != len(signature.args):
        return None
    bound: dict[str, FactType] = {}
    if all(_fits(shape, arg, bound) for shape, arg in zip(signature.args, args, strict=True)):
        return _filled(signature.result, bound)
    return None


def _fits(shape: Shape, arg: FactType, bound: dict[str, FactType]) -> bool:
    if arg.nullable and not shape.nullable:
        return False
    if shape.name.isupper():
        if shape.name == "O" and arg.name not in ORDERED:
            return False
        if shape.name in bound and bound[shape.name].name != "null":
            return same_type(bound[shape.name], arg)
        bound[shape.name] = arg
        return True
    if shape.name != arg.name:
        return shape.nullable and arg.name == "null"
    if shape.item is None or arg.item is None:
        return True
    anything = shape.item.name.isupper()
    return _fits(replace(shape.item, nullable=True) if anything else shape.item, arg.item, bound)


def _filled(shape: Shape, bound: dict[str, FactType]) -> FactType:
    if shape.name.isupper():
        return bound.get(shape.name, FactType("null", nullable=True))
    return FactType(shape.name, _filled(shape.item, bound) if shape.item else None)

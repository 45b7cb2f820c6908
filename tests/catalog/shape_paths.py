"""Follows a JMESPath through botocore's shapes, to prove that a path of the table exists in an answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
import jmespath
from botocore.model import OperationModel

from scanner.catalog.encryption.types import Call, EncryptedType


class PathError(Exception):
    """The path leads nowhere."""


@dataclass(frozen=True)
class ListOf:
    member: Any


class Free:
    """Anything: a literal, a parsed document, a map without named keys."""

    type_name = "free"


FREE = Free()


@dataclass(frozen=True)
class Text:
    type_name: str = "string"


_session = botocore.session.get_session()


@cache
def operation(service: str, name: str) -> OperationModel:
    return _session.get_service_model(service).operation_model(name)


@cache
def paginator(service: str, name: str) -> dict[str, Any] | None:
    try:
        return dict(_session.get_paginator_model(service).get_paginator(name))
    except ValueError:
        return None


class Members(dict[str, Any]):
    """Members of one or several structures put together, each with the name of the structure that owns it."""

    def __init__(self, shape: Any = None) -> None:
        super().__init__()
        self.owners: dict[str, str] = {}
        if shape is not None:
            self.take(shape)

    def take(self, shape: Any) -> None:
        if isinstance(shape, Members):
            self.update(shape)
            self.owners |= shape.owners
        elif isinstance(shape, dict):
            self.update(shape)
        elif not isinstance(shape, Free):
            self.update(shape.members)
            self.owners |= dict.fromkeys(shape.members, shape.name)


_seen: set[tuple[str, str]] = set()


def type_of(shape: Any) -> str:
    if isinstance(shape, ListOf):
        return "list"
    return "structure" if isinstance(shape, dict) else shape.type_name


def follow(path: str, shape: Any) -> Any:
    """The shape at `path`."""
    return _walk(jmespath.compile(path).parsed, shape)


def member(shape: Any) -> Any:
    if isinstance(shape, Free):
        return FREE
    if type_of(shape) != "list":
        raise PathError(f"{shape} is no list")
    return shape.member


def _walk(node: dict[str, Any], shape: Any) -> Any:
    children = node.get("children", [])
    match node["type"]:
        case "field":
            return _field(shape, node["value"])
        case "subexpression" | "index_expression" | "pipe":
            for child in children:
                shape = _walk(child, shape)
            return shape
        case "index":
            return member(shape)
        case "identity" | "current":
            return shape
        case "literal":
            return FREE
        case "flatten":
            inner = member(_walk(children[0], shape))
            return ListOf(member(inner) if type_of(inner) == "list" else inner)
        case "projection":
            return ListOf(_walk(children[1], member(_walk(children[0], shape))))
        case "filter_projection":
            inner = member(_walk(children[0], shape))
            _walk(children[2], inner)
            return ListOf(_walk(children[1], inner))
        case "multi_select_list":
            return ListOf(_walk(children[0], shape))
        case "multi_select_dict":
            return {child["value"]: _walk(child["children"][0], shape) for child in children}
        case "or_expression":
            return next((s for s in (_walk(c, shape) for c in children) if s is not FREE), FREE)
        case "and_expression":
            return [_walk(child, shape) for child in children][-1]
        case "comparator" | "not_expression":
            for child in children:
                _walk(child, shape)
            return FREE
        case "function_expression":
            return _function(node["value"], [_walk(child, shape) for child in children])
    raise PathError(f"{node['type']} is not followed")


def _function(name: str, arguments: list[Any]) -> Any:
    if name == "first_match":
        return Text()
    if name == "values":
        return ListOf(arguments[0].value)
    return member(arguments[0]) if name in ("min", "max") else FREE


def _field(shape: Any, name: str) -> Any:
    if isinstance(shape, Free):
        return FREE
    if isinstance(shape, dict):
        members: Any = shape
        if isinstance(shape, Members) and name in shape.owners:
            _seen.add((shape.owners[name], name))
    elif shape.type_name == "structure":
        if getattr(shape, "is_document_type", False):
            return FREE
        members = shape.members
        _seen.add((shape.name, name))
    elif shape.type_name == "map":
        names = getattr(shape.key, "enum", None)
        if names and name not in names:
            raise PathError(f"{name} is no key of {shape.name}")
        return shape.value
    else:
        raise PathError(f"{shape} has no {name}")
    if name not in members:
        raise PathError(f"no {name} in {getattr(shape, 'name', sorted(members))}")
    return members[name]


def answer(service: str, call: Call) -> Any:
    shape = operation(call.service or service, call.operation).output_shape
    return follow(call.items, shape if shape is not None else {})


def listed_item(row: EncryptedType) -> Members:
    """The shape of an item after the listing chain, before any detail."""
    item: Members | None = None
    for call in row.api.listing:
        members = Members(member(answer(row.api.service, call)))
        if item is not None:
            members["Parent"] = item
        item = members
    assert item is not None
    item["Self"] = Text()
    return item


def whole_item(row: EncryptedType) -> Members:
    """The shape of an item after all details."""
    item = listed_item(row)
    for call in row.api.details:
        shape = answer(row.api.service, call)
        if call.into:
            item[call.into] = shape
            item.owners.pop(call.into, None)
        else:
            item.take(shape)
    return item


def key_fields_read(row: EncryptedType) -> set[tuple[str, str, str]]:
    """(service, structure, member) of everything in AWS's answers that the keys of the row are read from."""
    _seen.clear()
    item = whole_item(row)
    for key in row.keys:
        if key.api:
            follow(key.api, member(follow(key.each, item)) if key.each else item)
    return {(row.api.service, shape, name) for shape, name in _seen}

"""Merges policy documents as `aws_iam_policy_document` does (registry, hashicorp/aws): by `Sid`, the later one wins."""

from __future__ import annotations

from typing import Any

import msgspec

from scanner.collect.terraform.draft import text
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.values import State, leaf

SOURCES = ("source_json", "source_policy_documents")
OVERRIDES = ("override_json", "override_policy_documents")

Statements = list[dict[str, Any]]


def merged_in(data: Instance, paths: tuple[str, str]) -> Statements | None:
    """The statements of the documents that a data source merges by these attributes; None where any is not known."""
    found: Statements = []
    for path in paths:
        one = leaf(data, path)
        if one.state in (State.ABSENT, State.NO_BLOCK):
            continue
        if one.state is not State.VALUE:
            return None
        marks = data.unknown.get(path) if isinstance(data.unknown, dict) else None
        if isinstance(marks, list) and True in marks:
            return None
        for document in one.value if isinstance(one.value, list) else [one.value]:
            statements = _statements(document)
            if statements is None:
                return None
            found += statements
    return found


def merge(*layers: Statements) -> Statements:
    """One list of statements: one with the `Sid` of an earlier one stands in its place."""
    found: Statements = []
    for statement in (one for layer in layers for one in layer):
        sid = statement.get("Sid")
        place = next((at for at, earlier in enumerate(found) if sid and earlier.get("Sid") == sid), None)
        if place is None:
            found.append(statement)
        else:
            found[place] = statement
    return found


def _statements(document: Any) -> Statements | None:
    try:
        value = msgspec.json.decode(text(document) or "")
    except msgspec.DecodeError:
        return None
    stated = value.get("Statement", []) if isinstance(value, dict) else None
    listed = [stated] if isinstance(stated, dict) else stated
    return listed if isinstance(listed, list) and all(isinstance(one, dict) for one in listed) else None

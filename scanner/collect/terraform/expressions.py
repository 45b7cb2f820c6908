"""Finds the expression that the author wrote for an attribute of one block instance.

Most nested blocks are sets, which a plan lists in an order of its own, and dynamic blocks have values and no
expressions. So a block is recognised by its constants, not by its position.
"""

from __future__ import annotations

from typing import Any

from scanner.collect.terraform.configuration import references

ORDERED = frozenset({"statement"})
"""Blocks that are lists, whose order in the source is their order in the plan."""

CANNOT_TELL: dict[str, Any] = {}
"""An expression of which nothing is known: there is one, or there may be."""


def expression_at(expressions: Any, values: Any, path: str, at: tuple[int | str, ...]) -> Any:
    """The expression for the attribute at `path` in the block instance at `at`; None where the author wrote none.

    `values` are those of the instance, by which its blocks are told apart. Where several blocks fit, their references
    count together.
    """
    nodes, block = [expressions], values
    positions = list(at)
    steps = path.split(".")
    for name in steps[:-1]:
        nodes = [node.get(name) for node in nodes if isinstance(node, dict)]
        if any(isinstance(node, dict) and _is_expression(node) for node in nodes):
            return nodes[0] if len(nodes) == 1 else CANNOT_TELL  # a nested attribute written as one object
        inner = block.get(name) if isinstance(block, dict) else None
        place = positions.pop(0) if positions else 0
        written = [
            one for node in nodes for one in (node if isinstance(node, list) else [node]) if isinstance(one, dict)
        ]
        nodes, block = _blocks(written, inner, place, name in ORDERED)
        if written and not nodes:
            return CANNOT_TELL
    return _one([node.get(steps[-1]) if isinstance(node, dict) else None for node in nodes])


def _is_expression(node: dict[str, Any]) -> bool:
    return "references" in node or "constant_value" in node


def _blocks(written: list[Any], values: Any, place: int | str, ordered: bool) -> tuple[list[Any], Any]:
    """The blocks of the source that can be the one at `place` among `values`, and its values."""
    if not isinstance(values, list):
        return written, values.get(place, values) if isinstance(values, dict) else values
    own = values[place] if isinstance(place, int) and place < len(values) else None
    if len(written) == len(values) == 1:
        return written, own
    if ordered and len(written) == len(values) and isinstance(place, int) and place < len(written):
        return [written[place]], own
    fitting = [one for one in written if _fits(one, own)]
    mixed = len(written) != len(values)  # some of them come from a dynamic block, and only constants can tell
    return [one for one in fitting if not mixed or _constants(one)], own


def _constants(block: dict[str, Any]) -> dict[str, Any]:
    return {
        name: part["constant_value"]
        for name, part in block.items()
        if isinstance(part, dict) and "constant_value" in part
    }


def _fits(block: dict[str, Any], values: Any) -> bool:
    """Whether nothing that the author wrote as a constant has another value."""
    known = values if isinstance(values, dict) else {}
    return all(name not in known or known[name] == value for name, value in _constants(block).items())


def _one(found: list[Any]) -> Any:
    if len(found) <= 1:
        return found[0] if found else None
    if any(one is None for one in found) and any(one is not None for one in found):
        return CANNOT_TELL
    if all(one == found[0] for one in found):
        return found[0]
    return {"references": list(dict.fromkeys(text for one in found for text in references(one)))}

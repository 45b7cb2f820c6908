"""The body of a block with its dynamic blocks expanded, and the one of its nested blocks that a plan means."""

from __future__ import annotations

from typing import Any

from scanner.collect.terraform.evaluation.expressions import Evaluator
from scanner.collect.terraform.evaluation.operators import entries
from scanner.collect.terraform.evaluation.parsing import Body, identifier
from scanner.collect.terraform.evaluation.values import EvaluationError, Planned, Unknown, Value
from scanner.collect.terraform.expressions import ORDERED

NOT_ARGUMENTS = frozenset({"lifecycle", "provisioner", "connection"})
"""Blocks of Terraform's own."""


def expand(body: Body, evaluator: Evaluator) -> dict[str, Value]:
    """Attributes by name and nested blocks as lists, as a plan has them; Unknown where a part cannot be told."""
    written: dict[str, Value] = {name: _tried(evaluator, node) for name, node in body.attributes.items()}
    for kind, labels, inner in body.blocks:
        if kind == "dynamic" and labels:
            _add(written, labels[0], _dynamic(inner, labels[0], evaluator))
        elif kind not in NOT_ARGUMENTS:
            _add(written, kind, [expand(inner, evaluator)])
    return written


def _tried(evaluator: Evaluator, node: Any) -> Value:
    try:
        return evaluator.of(node)
    except EvaluationError as problem:
        return Unknown(str(problem))


def _add(written: dict[str, Value], kind: str, more: list[Value] | Unknown) -> None:
    before = written.get(kind, [])
    whole = before if isinstance(before, Unknown) else more if isinstance(more, Unknown) else [*before, *more]
    written[kind] = whole


def _dynamic(body: Body, label: str, evaluator: Evaluator) -> list[Value] | Unknown:
    content = next((inner for kind, _, inner in body.blocks if kind == "content"), None)
    over, iterator = body.attributes.get("for_each"), body.attributes.get("iterator")
    if content is None or over is None:
        return Unknown(f'dynamic "{label}" is not complete')
    items = _entries(evaluator, over)
    if isinstance(items, Unknown):
        return items
    name = label if iterator is None else identifier(iterator)
    return [expand(content, evaluator.binding({name: {"key": key, "value": value}})) for key, value in items]


def _entries(evaluator: Evaluator, over: Any) -> list[tuple[Value, Value]] | Unknown:
    try:
        value = evaluator.of(over)
        items = entries(value)
    except EvaluationError as problem:
        return Unknown(str(problem))
    if isinstance(value, list) and not isinstance(items, Unknown):
        return [(item, item) if isinstance(item, str) else (key, item) for key, item in items]
    return items


def pick(written: Value, values: Any, path: str, at: tuple[int | str, ...]) -> Value:
    """The value of the attribute at `path` in the block instance at `at` among the `values` of the plan.

    Blocks that are sets have another order in a plan, so one is recognised by what is known of it; where several
    fit, they must agree. None where nothing was written.
    """
    fitting, positions = [written], list(at)
    steps = path.split(".")
    for name in steps[:-1]:
        found: list[Value] = []
        place = positions.pop(0) if positions else 0
        inner = values.get(name) if isinstance(values, dict) else None
        for block in fitting:
            nested = block.get(name) if isinstance(block, dict) else block
            found += [nested] if isinstance(nested, (Unknown, dict)) else _that(nested, inner, place, name)
        own = inner[place] if isinstance(inner, list) and isinstance(place, int) and place < len(inner) else inner
        fitting, values = found, own
    return _agreed([one.get(steps[-1]) if isinstance(one, dict) else one for one in fitting])


def _that(written: Value, values: Any, place: int | str, name: str) -> list[Value]:
    """The blocks of `written` that can be the one at `place`."""
    if not isinstance(written, list):
        return [None]
    counted = isinstance(values, list) and len(values) == len(written) and isinstance(place, int)
    if counted and (len(written) == 1 or name in ORDERED):
        return [written[int(place)]]
    if not isinstance(values, list) or not isinstance(place, int) or place >= len(values):
        return written or [None]
    return [one for one in written if fits(one, values[place])] or [Unknown(f"no `{name}` block fits the plan's")]


def fits(written: Value, values: Any) -> bool:
    """Whether nothing that was worked out contradicts what the plan knows."""
    if not isinstance(written, dict) or not isinstance(values, dict):
        return True
    return not any(name in values and contradicts(value, values[name]) for name, value in written.items())


def contradicts(written: Value, stated: Any) -> bool:
    """Whether a value that was worked out differs from the one that the plan states; only scalars are compared."""
    plain = isinstance(written, (str, bool, int, float)) and not isinstance(written, Planned)
    if not plain or not isinstance(stated, (str, bool, int, float)):
        return False
    return _scalar(written) != _scalar(stated)


def _scalar(value: str | bool | float) -> str | float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value.lower()
    return str(value).lower() if isinstance(value, bool) else float(value)


def _agreed(found: list[Value]) -> Value:
    if not found:
        return None
    first = found[0]
    for one in found:
        if isinstance(one, Unknown):
            return one
        if type(one) is not type(first) or one != first:
            return Unknown("several blocks of the source fit, and they differ")
    return first

"""JSON from outside, of which nothing is trusted: repeated keys are marked, depth and size are bounded."""

from __future__ import annotations

import json
from typing import Any

LARGEST = 1_000_000
"""Characters of text that are read. AWS stores 32 KiB of a key policy and less of any other document."""


class RepeatedKeys(dict[str, Any]):
    """A JSON object in which a key stood more than once: nobody can say which of them AWS took."""


def read_json(text: str) -> Any:
    """JSON with objects that repeat a key marked as such; ValueError also where it is nested too deeply."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else RepeatedKeys(plain)


def is_larger(source: Any) -> bool:
    """Whether JSON text, or the texts of a JSON value, exceed `LARGEST`."""
    total, waiting = 0, [source]
    while waiting and total <= LARGEST:
        value = waiting.pop()
        total += len(value) if isinstance(value, str) else 1
        if isinstance(value, dict):
            waiting += value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return total > LARGEST


def repeats(value: Any, depth: int = 0) -> bool:
    """Repeated keys anywhere in the few levels that a statement or grant has."""
    if isinstance(value, RepeatedKeys):
        return True
    if not isinstance(value, dict) or depth > 3:
        return False
    return any(repeats(item, depth + 1) for item in value.values())

"""Does an EventBridge event pattern match every event of a kind? Patterns as AWS documents them, three answers.

Source: EventBridge user guide, "Creating event patterns" and "Comparison operators for use in event patterns".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

Truth = bool | None
"""True: every such event; False: none; None: that depends on what the event says besides, or cannot be told."""
_MISSING = object()


def matches(pattern: str, event: Mapping[str, Any]) -> Truth:
    """Whether the JSON text `pattern` matches events that carry the fields of `event` (nested) and unknown others.

    A field whose value is None is certainly missing.
    """
    try:
        wanted = json.loads(pattern)
    except ValueError:
        return None
    return _object(wanted, event) if isinstance(wanted, dict) else None


def _object(wanted: dict[str, Any], event: Mapping[str, Any]) -> Truth:
    return every(_member(name, rule, event) for name, rule in wanted.items())


def _member(name: str, rule: Any, event: Mapping[str, Any]) -> Truth:
    if name == "$or" and isinstance(rule, list):
        return some(_object(choice, event) if isinstance(choice, dict) else None for choice in rule)
    value = event.get(name, _MISSING)
    if isinstance(rule, dict):
        return _object(rule, value if isinstance(value, Mapping) else {})
    if not isinstance(rule, list) or value is _MISSING:
        return None
    if value is None and rule != [{"exists": False}]:
        return None if any(isinstance(choice, dict) for choice in rule) else False
    return some(_value(choice, value) for choice in rule)


def _value(choice: Any, value: Any) -> Truth:
    if not isinstance(choice, dict):
        return bool(choice == value)
    return every(_operator(name, wanted, value) for name, wanted in choice.items())


def _operator(name: str, wanted: Any, value: Any) -> Truth:
    if name == "exists":
        return bool(wanted) == (value is not None)
    if name == "anything-but":
        found = some(_value(choice, value) for choice in (wanted if isinstance(wanted, list) else [wanted]))
        return None if found is None else not found
    if isinstance(wanted, dict) and "equals-ignore-case" in wanted:
        return _operator(name, str(wanted["equals-ignore-case"]).lower(), str(value).lower())
    if isinstance(wanted, list) and name in _TEXT:
        return some(_operator(name, one, value) for one in wanted)
    test = _TEXT.get(name)
    return test(str(value), wanted) if test and isinstance(wanted, str) else None


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda value, wanted: value.lower() == wanted.lower(),
    "wildcard": lambda value, wanted: fnmatchcase(value, wanted.replace("[", "[[]").replace("?", "[?]")),
}


def every(answers: Any) -> Truth:
    """True when all are, False when one is."""
    found = list(answers)
    return False if False in found else None if None in found else True


def some(answers: Any) -> Truth:
    """True when one is, False when none can be."""
    found = list(answers)
    return True if True in found else None if None in found else False

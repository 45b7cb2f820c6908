"""What `plan --live` and `diff` add to a report, as sentences."""

from __future__ import annotations

import json
from typing import Any

from scanner.model.words import many


def change_lines(changes: dict[str, Any] | None) -> list[str]:
    """One line for each change, and for what could not be compared; keys that are missing are left out."""
    if not changes:
        return []
    return [
        *map(_access, changes.get("access", ())),
        *map(_custody, changes.get("custody", ())),
        *map(_key, changes.get("keys", ())),
        *map(_grant, changes.get("grants", ())),
        *map(_statement, changes.get("policies", ())),
        *map(_unknown, changes.get("unknown", ())),
    ]


def _access(change: dict[str, Any]) -> str:
    actions = ", ".join(change.get("actions", ())) or "access"
    via = f" through {', '.join(change['via'])}" if change.get("via") else ""
    certainty = " on conditions" if change.get("verdict") == "CONDITIONAL" else ""
    return f"{change.get('principal')} {change.get('change')} {actions} on {change.get('key')}{certainty}{via}"


def _custody(change: dict[str, Any]) -> str:
    where, before, after = f"{change.get('subject')} {change.get('field')}", change.get("before"), change.get("after")
    if before == after:
        return f"{where}: key {change.get('key_before')} becomes {change.get('key_after')}, both {after}"
    return f"{where}: custody {before} becomes {after}"


def _key(change: dict[str, Any]) -> str:
    dependants = change.get("dependants") or ()
    concerns = f"; {many(len(dependants), 'dependant')}: {', '.join(map(str, dependants[:5]))}" if dependants else ""
    return f"{change.get('key')}: {change.get('action')}{concerns}"


def _grant(change: dict[str, Any]) -> str:
    operations = ", ".join(change.get("operations", ()))
    what = f"grant {change.get('grant')} {change.get('change')} on {change.get('key')}"
    return f"{what}: {change.get('grantee')}, {operations}"


def _statement(change: dict[str, Any]) -> str:
    """Both sides in full, for the difference may stand anywhere in a statement."""
    name = f"statement {change['sid']}" if change.get("sid") else "a statement"
    sides = [(word, change[word]) for word in ("before", "after") if change.get(word) is not None]
    told = "; ".join(f"{word} {_compact(value)}" for word, value in sides)
    return f"{change.get('document')}: {name} {change.get('change')}: {told}"


def _compact(value: Any) -> str:
    """A JSON value in one line."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _unknown(change: dict[str, Any]) -> str:
    return f"not compared: {change.get('what')} of {change.get('count')}, for {change.get('reason')}"

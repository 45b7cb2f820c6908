"""What `plan --live` and `diff` add to a report, as sentences."""

from __future__ import annotations

from typing import Any

from scanner.report.summary import many


def change_lines(changes: dict[str, Any] | None) -> list[str]:
    """One line for each access gained or lost, custody changed and key touched; keys that are missing are left out."""
    if not changes:
        return []
    return [
        *map(_access, changes.get("access", ())),
        *map(_custody, changes.get("custody", ())),
        *map(_key, changes.get("keys", ())),
    ]


def _access(change: dict[str, Any]) -> str:
    actions = ", ".join(change.get("actions", ())) or "access"
    via = f" through {', '.join(change['via'])}" if change.get("via") else ""
    certainty = " on conditions" if change.get("verdict") == "CONDITIONAL" else ""
    return f"{change.get('principal')} {change.get('change')} {actions} on {change.get('key')}{certainty}{via}"


def _custody(change: dict[str, Any]) -> str:
    return (
        f"{change.get('subject')} {change.get('field')}: custody {change.get('before')} becomes {change.get('after')}"
    )


def _key(change: dict[str, Any]) -> str:
    dependants = change.get("dependants") or ()
    concerns = f"; {many(len(dependants), 'dependant')}: {', '.join(map(str, dependants[:5]))}" if dependants else ""
    return f"{change.get('key')}: {change.get('action')}{concerns}"

"""What `plan --live` and `diff` add to a report, as sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scanner.model.words import many

ACTIONS, CONDITIONS, LISTED = 6, 3, 5
"""How many of a list stand in a sentence; the JSON report has them all."""

VIA = {
    "key-policy": "the key policy",
    "iam": "IAM policies",
    "grant": "a grant",
    "escalation": "what it can make its own",
}

UNKNOWN = {
    "key": "whether the key is there",
    "key.access": "who else gains or loses access to the key",
    "key.dependants": "what else depends on the key",
    "key.grants": "the grants of the key",
    "key-policy": "the statements of the key policy",
    "iam-inline": "the statements of inline IAM policies",
    "trust": "the trust policy of a role",
    "resource.uses": "every key of the resource",
    "resource.custody": "the custody of the resource",
}
"""What could not be compared, in words; anything else is said as it is."""


def change_lines(changes: dict[str, Any] | None) -> list[str]:
    """One line for each change, and for what could not be compared; keys that are missing are left out.

    What cannot be undone comes first. A principal that gains or loses the same on many keys has one line.
    """
    if not changes:
        return []
    return [
        *map(_key, changes.get("keys", ())),
        *map(_custody, changes.get("custody", ())),
        *_accesses(changes.get("access", ())),
        *map(_grant, changes.get("grants", ())),
        *map(_statement, changes.get("policies", ())),
        *map(_unknown, changes.get("unknown", ())),
    ]


def _accesses(changes: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Gains before losses."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for change in sorted(changes, key=lambda change: change.get("change") != "gained"):
        grouped.setdefault(json.dumps(change | {"key": None}, sort_keys=True), []).append(change)
    for alike in grouped.values():
        yield _access(alike[0], [str(change.get("key")) for change in alike])


def _access(change: dict[str, Any], keys: Sequence[str]) -> str:
    actions = change.get("actions", ())
    more = f" and {many(len(actions) - ACTIONS, 'more action')}" if len(actions) > ACTIONS else ""
    told = f"{', '.join(actions[:ACTIONS]) or 'access'}{more}"
    via = ", ".join(VIA.get(word, word) for word in change.get("via", ()))
    through = f" through {via}" if via else ""
    where, listed = (keys[0], "") if len(keys) == 1 else (many(len(keys), "key"), f": {_listed(keys)}")
    how = f"{through}{_certainty(change)}"
    return f"{change.get('principal')} {change.get('change')} {told} on {where}{how}{listed}"


def _certainty(change: dict[str, Any]) -> str:
    """What an access rests on, and what there is on the other side where only that changes."""
    other = f" (was {change['other'].lower()})" if change.get("other") and change.get("change") == "gained" else ""
    if change.get("verdict") != "CONDITIONAL":
        return other
    conditions = "; ".join(map(str, change.get("conditions", ())[:CONDITIONS]))
    return f", on conditions{f': {conditions}' if conditions else ''}{other}"


def _custody(change: dict[str, Any]) -> str:
    where, before, after = f"{change.get('subject')} {change.get('field')}", change.get("before"), change.get("after")
    old, new = change.get("key_before"), change.get("key_after")
    if before == after:
        return f"{where}: key {old} becomes {new}, both {after}"
    keys = f", key {old or 'none'} becomes {new or 'none'}" if old != new else ""
    return f"{where}: custody {before} becomes {after}{keys}"


def _key(change: dict[str, Any]) -> str:
    dependants = change.get("dependants") or ()
    concerns = f"; {many(len(dependants), 'dependant')}: {_listed(dependants)}" if dependants else ""
    return f"key {change.get('key')} {change.get('action')}{concerns}"


def _listed(names: Sequence[object]) -> str:
    more = f" and {many(len(names) - LISTED, 'other')}" if len(names) > LISTED else ""
    return f"{', '.join(map(str, names[:LISTED]))}{more}"


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
    what = UNKNOWN.get(str(change.get("what")), str(change.get("what")))
    return f"cannot be told for {change.get('count')}: {what}, for {change.get('reason')}"

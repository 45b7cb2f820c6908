"""What a plan adds to a comparison of the estate before it with the estate after it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from msgspec import Struct

from scanner.graph.access import AccessKey, can_do
from scanner.graph.access_changes import AccessChange, access_changes, newly_open
from scanner.graph.views import Key
from scanner.model.records import PlanChange
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown

LEAVING = ("PendingDeletion", "PendingReplicaDeletion")


class PlannedChanges(Struct, frozen=True):
    """Replacements of a plan: `replaced` leads from the name after apply to the name before."""

    replaced: dict[str, str]

    @classmethod
    def of(cls, snapshot: Snapshot) -> PlannedChanges:
        """What the plan puts in the place of something else."""
        changes = (change for change in snapshot.of(PlanChange) if change.action == "replace")
        return cls({change.subject: change.before for change in changes if change.subject and change.before})

    def fate(self, before: Key, after: Key) -> str | None:
        """`replaced`, `deleted` or `disabled` for a key that can be used no more after the plan."""
        was, now = (None if isinstance(key.state, Unknown) else key.state for key in (before, after))
        if now in LEAVING and was not in LEAVING:
            return "replaced" if before.arn in self.replaced.values() else "deleted"
        return "disabled" if now == "Disabled" and was != "Disabled" else None


def access_entries(arn: str, before: Key | None, after: Key | None) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Who gains and who loses what on a key, and why there may be more; None for a key that is not there.

    One entry for the actions of a principal with the same verdict; `conditions` where it is CONDITIONAL, `other` is
    the verdict on the other side of the plan where only that changes. What the plan leaves open is not lost, and what
    was open before it is not gained.
    """
    there = [key for key in (before, after) if key is not None]
    old, new = (key.reaches if isinstance(key, AccessKey) else None for key in (before, after))
    grouped: dict[tuple[str, bool, str, str], list[AccessChange]] = defaultdict(list)
    opened, settled = newly_open(old, new), newly_open(new, old)
    for change in access_changes(old, new):
        if (settled if change.gained else opened) or not all(can_do(key, change.reach.action) for key in there):
            continue
        other = change.other.verdict.value if change.other else ""
        grouped[change.reach.principal, change.gained, change.reach.verdict.value, other].append(change)
    entries = [_entry(arn, *group, changes) for group, changes in grouped.items()]
    return entries, tuple(dict.fromkeys((*opened, *settled)))


def _entry(
    arn: str, principal: str, gained: bool, verdict: str, other: str, changes: list[AccessChange]
) -> dict[str, Any]:
    reaches = [change.reach for change in changes]
    conditions = list(dict.fromkeys(text for reach in reaches for text in reach.conditions))
    more = {"conditions": conditions if verdict == "CONDITIONAL" else [], "other": other}
    return {
        "change": "gained" if gained else "lost",
        "principal": principal,
        "key": arn,
        "actions": [reach.action for reach in reaches],
        "verdict": verdict,
        "via": sorted({via for reach in reaches for via in reach.via}),
    } | {name: value for name, value in more.items() if value}

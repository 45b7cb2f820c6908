"""What changed between two key graphs: keys, custody, access, grants, policies; pure, and silent where one is blind.

A change is stated only where both sides are known: who was not readable before has not gained anything. What cannot
be compared is listed under `unknown` with its reason. The two sides of a plan are one estate: what neither knows is
the same before and after, so only what the plan leaves open is unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from scanner.graph.compare_plan import PlannedChanges, access_entries
from scanner.graph.compare_policies import policy_changes
from scanner.graph.keygraph import KeyGraph
from scanner.graph.views import Access, Key, Use
from scanner.model.unknown import Unknown, known_members, reason_of

KEY_FACTS = (
    "state",
    "usage",
    "rotation_enabled",
    "rotation_period_days",
    "material_date",
    "deletion_date",
    "valid_to",
    "multi_region_type",
)
"""Facts of a key that can change without making it another key."""
ACCESS = ("admins", "users", "grantors")

Change = dict[str, Any]


class Comparison(Struct):
    """What differs, by the words of `Report.changes`."""

    keys: list[Change] = field(default_factory=list)
    custody: list[Change] = field(default_factory=list)
    access: list[Change] = field(default_factory=list)
    grants: list[Change] = field(default_factory=list)
    policies: list[Change] = field(default_factory=list)
    blind: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(what, reason) to how many things could not be compared."""
    planned: PlannedChanges | None = None
    """For the two sides of a plan: what it does."""

    def doubt(self, what: str, *sides: object) -> bool:
        """Whether one of `sides` is not (fully) known, and note why."""
        reasons = [why for side in sides if (why := reason_of(side))]
        same = self.planned is not None and len(reasons) == len(sides) and len({*reasons}) == 1
        if reasons and not same:
            self.blind[what, reasons[0]] += 1
        return bool(reasons)


def changes_between(old: KeyGraph, new: KeyGraph) -> Change:
    """What `diff` adds to a report:

    `keys`: `{key, action, dependants}`; action is `created`, `gone` or `<fact>: <before> -> <after>`; of a plan also
    `replaced`, `deleted` or `disabled`, with the resources that would still depend on the key;
    `custody`: `{subject, field, before, after, key_before, key_after}` of resources that are on both sides;
    `access`: `{change: gained|lost, principal, key, actions, verdict, via}` on keys that are on both sides (of a plan
    also on keys that it creates); access
    that turns from conditional to certain is gained with ALLOWED, the other way round lost with ALLOWED;
    `grants`: `{change: added|removed, key, grant, grantee, operations}`;
    `policies`: `{change: added|removed|changed, document, sid, before, after}`, one per statement;
    `unknown`: `{what, reason, count}`.
    """
    comparison = Comparison(planned=PlannedChanges.of(new.snapshot) if new.before is old else None)
    _compare_keys(old, new, comparison)
    _compare_custody(old, new, comparison)
    comparison.policies, unread_before, unread_after = policy_changes(old.snapshot, new.snapshot)
    comparison.blind.update(unread_after - unread_before if comparison.planned else unread_before + unread_after)
    unknown = [{"what": what, "reason": why, "count": count} for (what, why), count in sorted(comparison.blind.items())]
    return {
        "keys": comparison.keys,
        "custody": comparison.custody,
        "access": comparison.access,
        "grants": comparison.grants,
        "policies": comparison.policies,
        "unknown": unknown,
    }


def _compare_keys(old: KeyGraph, new: KeyGraph, found: Comparison) -> None:
    for arn in sorted({*old.keys, *new.keys}):
        before, after = old.keys.get(arn), new.keys.get(arn)
        if before is not None and after is not None:
            _compare_key(before, after, found)
        elif after is not None:
            _one_side(after, "created", old, found)
        elif before is not None:
            _one_side(before, "gone", new, found)


def _one_side(key: Key, action: str, other: KeyGraph, found: Comparison) -> None:
    """A key that the other side does not list, if that side listed all keys of its account and Region."""
    if found.planned is not None:
        found.keys.append({"key": key.arn, "action": action, "dependants": _dependants(key)})
        created = action == "created"
        _planned_access(key.arn, None if created else key, key if created else None, found)
    elif other.completeness.was_listed("key", key.account, key.region):
        found.keys.append({"key": key.arn, "action": action, "dependants": _dependants(key)})
    else:
        reason = other.completeness.why_missing("key", key.account, key.region)
        found.doubt("key", Unknown(reason or f"keys of {key.account}/{key.region} were not listed"))


def _dependants(key: Key) -> list[str]:
    return sorted({use.resource.arn for use in known_members(key.uses)})


def _compare_key(before: Key, after: Key, found: Comparison) -> None:
    fate = found.planned.fate(before, after) if found.planned else None
    if fate is not None:
        found.keys.append({"key": after.arn, "action": fate, "dependants": _dependants(after)})
        if why := reason_of(after.resources):
            found.blind["key.dependants", why] += 1
    for name in KEY_FACTS if fate is None else ():
        was, now = getattr(before, name), getattr(after, name)
        if not found.doubt(f"key.{name}", was, now) and was != now:
            action = f"{name}: {_words(was)} -> {_words(now)}"
            found.keys.append({"key": after.arn, "action": action, "dependants": _dependants(after)})
    _compare_access(before, after, found)
    _compare_grants(before, after, found)


def _words(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)


# --- access and grants ----------------------------------------------------------------------------

Held = dict[tuple[str, str], tuple[bool | Unknown, tuple[str, ...]]]
"""(principal, action) to (certain, via)."""


def _compare_access(before: Key, after: Key, found: Comparison) -> None:
    """Gains are told where the side before is whole, losses where the side after is."""
    if found.planned is not None:
        _planned_access(after.arn, before, after, found)
        return
    had: Held = {}
    has: Held = {}
    for name in ACCESS:
        was, now = getattr(before, name), getattr(after, name)
        had |= _held(known_members(was))
        has |= _held(known_members(now))
        found.doubt(f"key.{name}", was, now)
    if all(reason_of(getattr(before, name)) is None for name in ACCESS):
        found.access += _differences("gained", after.arn, has, had)
    if all(reason_of(getattr(after, name)) is None for name in ACCESS):
        found.access += _differences("lost", after.arn, had, has)


def _planned_access(arn: str, before: Key | None, after: Key | None, found: Comparison) -> None:
    entries, reasons = access_entries(arn, before, after)
    found.access += entries
    found.blind.update(("key.access", why) for why in reasons)


def _held(members: Iterable[Access]) -> Held:
    return {(one.arn, action): (one.certain, one.via) for one in members for action in one.actions}


def _differences(change: str, key: str, these: Held, those: Held) -> Iterator[Change]:
    """What is in `these` and not, or only on conditions, in `those`: one change per principal, certainty and way."""
    grouped: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (principal, action), (certain, via) in these.items():
        other = those.get((principal, action))
        if other is None or (certain is True and other[0] is False):
            verdict = "ALLOWED" if certain is True else "CONDITIONAL"
            grouped.setdefault((principal, verdict, via), []).append(action)
    for (principal, verdict, via), actions in sorted(grouped.items()):
        said = {"change": change, "principal": principal, "key": key, "actions": sorted(actions)}
        yield said | {"verdict": verdict, "via": list(via)}


def _compare_grants(before: Key, after: Key, found: Comparison) -> None:
    had = {grant.id: grant for grant in known_members(before.grants)}
    has = {grant.id: grant for grant in known_members(after.grants)}
    found.doubt("key.grants", before.grants, after.grants)
    sides = (("added", has, had, before.grants), ("removed", had, has, after.grants))
    for change, these, those, other in sides:
        for name in sorted(these.keys() - those.keys()) if reason_of(other) is None else ():
            grant = these[name]
            about = {"key": after.arn, "grant": name, "grantee": grant.grantee, "operations": list(grant.operations)}
            found.grants.append({"change": change} | about)


# --- custody --------------------------------------------------------------------------------------


def _compare_custody(old: KeyGraph, new: KeyGraph, found: Comparison) -> None:
    """Each field of a resource on both sides: another custody, or another key."""
    for arn in sorted(new.resources):
        earlier = old.resources.get(found.planned.replaced.get(arn, arn) if found.planned else arn)
        if earlier is None:
            continue
        was = {use.field: use for use in known_members(earlier.uses)}
        now = {use.field: use for use in known_members(new.resources[arn].uses)}
        found.doubt("resource.uses", earlier.uses, new.resources[arn].uses)
        for name in sorted(was.keys() & now.keys()):
            before, after = was[name], now[name]
            if found.doubt("resource.custody", before.custody, after.custody):
                continue
            keys = {"key_before": _key(before), "key_after": _key(after)}
            if before.custody != after.custody or keys["key_before"] != keys["key_after"]:
                custody = {"before": before.custody, "after": after.custody}
                found.custody.append({"subject": arn, "field": name} | custody | keys)


def _key(use: Use) -> str | None:
    """The key behind a use: its ARN where it is known, else the reference as AWS states it."""
    return use.key.arn if isinstance(use.key, Key) else use.reference

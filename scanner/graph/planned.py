"""What a Terraform plan does: its changes as subjects of rules, and on the keys that they touch."""

from __future__ import annotations

from collections import defaultdict

from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import fact
from scanner.graph.views import Change
from scanner.model.records import PlanChange
from scanner.model.unknown import Unknown


def add_changes(graph: KeyGraph) -> None:
    """One view per change; keys know what happens to them, null where no plan says anything."""
    touching: dict[str, list[PlanChange]] = defaultdict(list)
    for record in graph.snapshot.of(PlanChange):
        graph.changes[record.address + " (deposed)" * record.deposed] = _change(record)
        for arn in {record.subject, record.before, record.completes} - {None}:
            touching[str(arn)].append(record)
    bypassing = (one for one in graph.snapshot.of(PlanChange) if one.lockout_check_bypassed is not False)
    astray = [one for one in bypassing if one.subject is None and one.completes is None]
    for arn, key in graph.keys.items():
        about = touching.get(arn, [])
        key.planned_action = next((_action(record, arn) for record in about if record.completes != arn), None)
        key.lockout_check_bypassed = _bypassed(about, astray) if about else None


def _bypassed(about: list[PlanChange], astray: list[PlanChange]) -> bool | Unknown:
    """Whether one of the changes to a key is without the check; those that are `astray` may be about any."""
    if any(record.lockout_check_bypassed is True for record in about):
        return True
    told = (fact(record, "lockout_check_bypassed") for record in about)
    reasons: list[str] = [value.reason for value in told if isinstance(value, Unknown)]
    reasons += [f"{record.address} may leave out the check, on a key that cannot be told" for record in astray]
    return Unknown("; ".join(reasons)) if reasons else False


def created_keys(graph: KeyGraph) -> frozenset[str]:
    """ARNs of what the plan makes: nothing outside can use or name it before it exists."""
    records = graph.snapshot.of(PlanChange)
    return frozenset(
        record.subject
        for record in records
        if record.subject is not None and _action(record, record.subject) == "create"
    )


def _action(record: PlanChange, arn: str) -> str:
    """A replacement takes one thing away and makes another."""
    return "create" if record.action == "replace" and record.before != arn else record.action


def _change(record: PlanChange) -> Change:
    return Change(
        address=record.address + " (deposed)" * record.deposed,
        type=record.type,
        action=record.action,
        account=record.account,
        region=record.region,
        subject=record.subject,
        secrets=record.secrets,
        drifted=record.drifted,
    )

"""Lays a plan over a snapshot of the live account: the estate before the merge, and after it.

What the plan changes is applied to what is live: a field that the plan leaves alone keeps its live value, a field
that the plan makes known only after apply becomes unknown, a key that goes away is pending deletion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, get_args

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import FieldInfo, replace

from scanner.collect.terraform.control_policies import ControlPolicy, control_policies, rewritten_policies
from scanner.collect.terraform.draft import NOT_HELD
from scanner.collect.terraform.plan import Plan, PlanOptions, source_of
from scanner.model.arn import partition_of
from scanner.model.records import (
    AccountFact,
    AlarmFact,
    EventRuleFact,
    Fact,
    KeyUse,
    MetricFilterFact,
    NamedDocument,
    Record,
)
from scanner.model.snapshot import Snapshot

Identity: TypeAlias = tuple[type[Record], str]
Levels: TypeAlias = tuple[tuple[NamedDocument, ...], ...]

MEMBERS: Mapping[str, Callable[[Any], Any]] = {
    "grants": lambda grant: grant.id,
    "inline": lambda document: document.name,
    "attached": lambda arn: arn,
    "groups": lambda name: name,
    "instance_profiles": lambda arn: arn,
    "uses": lambda use: use.field,
    "links": lambda link: link,
    "hsms": lambda hsm: hsm.id,
    "targets": lambda arn: arn,
}
"""List fields that are merged member by member, and what tells two members apart."""

FIXED = frozenset({"account", "region", "unread", "arn", "id", "address", "manager"})
"""What no plan can change about a thing that is there."""
TAKEN_AWAY = "the plan deletes what set it, and does not say what it is then"


def options_over(options: PlanOptions, live: Snapshot) -> PlanOptions:
    """Options that take the account and Region from a live snapshot where that has only one."""
    accounts, regions = live.source.accounts, live.source.regions
    return PlanOptions(
        path=options.path,
        source=options.source,
        account=options.account or (accounts[0] if len(accounts) == 1 else None),
        region=options.region or (regions[0] if len(regions) == 1 else None),
        tool=options.tool,
    )


def overlay(live: Snapshot, plan: Plan, options: PlanOptions) -> tuple[Snapshot, Snapshot]:
    """The estate before and after the merge; `live` is not changed."""
    old = _indexed(plan.before)
    now = _indexed(plan.after)
    there = _indexed(fact for facts in live.facts.values() for fact in facts)
    before = there | {name: fact for name, fact in old.items() if name not in there and name[0] is not AccountFact}
    after = dict(before)
    gone = _gone(plan)
    for name in old.keys() - now.keys():
        if name[1] in gone:
            after.pop(name, None)
        elif name in there:
            after[name] = _merged(there[name], old[name], None)
    for name, fact in now.items():
        after[name] = _merged(there[name], old.get(name), fact) if name in there else fact
    _silence(after, gone - {arn for _, arn in now})
    _apply_control_policies(after, plan)
    return _snapshot(live, before.values()), _snapshot_after(live, after.values(), plan, options)


def _indexed(facts: Iterable[Fact]) -> dict[Identity, Fact]:
    return {(type(fact), _identity(fact)): fact for fact in facts}


def _identity(fact: Fact) -> str:
    if isinstance(fact, AccountFact):
        return fact.account
    arn = getattr(fact, "arn", None)
    return arn if isinstance(arn, str) else f"{fact.account}/{fact.region}/{getattr(fact, 'id', '')}"


def _gone(plan: Plan) -> set[str]:
    """ARNs and ids of what the plan takes away; keys stay, pending deletion."""
    leaving = [change for change in plan.changes if change.action in ("delete", "replace") or change.deposed]
    names = {change.before for change in leaving if change.before}
    places = {f"{change.account}/{change.region}/{change.before}" for change in leaving}
    return names | places


def _silence(after: dict[Identity, Fact], gone: set[str]) -> None:
    """A filter goes with its log group; an alarm or rule no longer reaches a topic that the plan takes away."""
    for name, fact in list(after.items()):
        if isinstance(fact, MetricFilterFact):
            group = (
                f"arn:{partition_of(fact.region)}:logs:{fact.region}:{fact.account}:log-group:{fact.log_group or ''}"
            )
            if group in gone:
                del after[name]
        elif isinstance(fact, (AlarmFact, EventRuleFact)):
            field = "actions" if isinstance(fact, AlarmFact) else "targets"
            told = getattr(fact, field) or ()
            if gone.intersection(told):
                after[name] = msgspec.structs.replace(fact, **{field: tuple(one for one in told if one not in gone)})


def _snapshot(live: Snapshot, facts: Iterable[Fact]) -> Snapshot:
    snapshot = Snapshot(live.source, gaps=list(live.gaps), coverage=list(live.coverage))
    for fact in facts:
        snapshot.add(fact)
    return snapshot


def _snapshot_after(live: Snapshot, facts: Iterable[Fact], plan: Plan, options: PlanOptions) -> Snapshot:
    snapshot = _snapshot(live, facts)
    own = source_of(plan, options, live.source.started)
    snapshot.source = msgspec.structs.replace(
        own,
        accounts=tuple(sorted({*own.accounts, *live.source.accounts})),
        regions=tuple(sorted({*own.regions, *live.source.regions})),
    )
    for change in plan.changes:
        snapshot.add(change)
    return snapshot


# --- one record ------------------------------------------------------------------------------------


def _merged(live: Any, old: Any, new: Any) -> Any:
    """The live record with what the plan changes in it; `new` None: the plan no longer says anything of it."""
    fields: dict[str, Any] = {}
    unread = dict(live.unread)
    for field in msgspec.structs.fields(live):
        name = field.name
        if name in FIXED:
            continue
        if not _says(field, new):
            continue
        value = _field(name, *(UNSET if one is None else getattr(one, name) for one in (live, old, new)))
        why = _why(name, old, new)
        if why is not None and getattr(new, name) is UNSET and name not in MEMBERS:
            value = UNSET
        elif value is UNSET and getattr(live, name) is not UNSET:
            why = TAKEN_AWAY
        if name == "uses" and (new is None or name in new.unread):
            value = (*value, *_left_open(live.uses, value))
        if value is not getattr(live, name):
            fields[name] = value
            if name not in MEMBERS:
                unread.pop(name, None)
        if why is not None:
            unread[name] = why
    _open_attributes(unread, old, new)
    return msgspec.structs.replace(live, unread=unread, **fields)


def _left_open(live: tuple[KeyUse, ...], kept: tuple[KeyUse, ...]) -> Iterator[KeyUse]:
    """Uses of keys that the plan takes away from a resource that stays: what it has then is not in the plan."""
    fields = {use.field for use in kept}
    for use in live:
        if use.field not in fields:
            yield KeyUse(field=use.field, state="UNKNOWN", reason=TAKEN_AWAY, pointer=use.pointer)


def _open_attributes(unread: dict[str, str], old: Any, new: Any) -> None:
    """What the plan says of single attributes, or leaves open."""
    for name in getattr(new, "attributes", ()):
        unread.pop(f"attributes.{name}", None)
    for name in new.unread if new is not None else ():
        if name.startswith("attributes.") and (why := _why(name, old, new)) is not None:
            unread[name] = why


def _says(field: FieldInfo, new: Any) -> bool:
    """Whether the plan can say anything of a field: its silence is that of a field that is always known."""
    if field.name in MEMBERS or field.name == "attributes" or UnsetType in get_args(field.type):
        return True
    return new is not None and getattr(new, field.name) != field.default


def _field(name: str, live: Any, old: Any, new: Any) -> Any:
    if name in MEMBERS:
        return _members(MEMBERS[name], live, old, new)
    if name == "attributes":
        return _attributes(live, old or {}, new or {})
    if new is UNSET:
        return live if old is UNSET else UNSET
    return live if new == old and live is not UNSET else new


def _attributes(live: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    changed = {key: value for key, value in new.items() if old.get(key, UNSET) != value}
    kept = {key: value for key, value in live.items() if key in new or key not in old}
    return live if not changed and len(kept) == len(live) else kept | changed


def _members(key: Callable[[Any], Any], live: Any, old: Any, new: Any) -> Any:
    """Live members without those that the plan takes away, with those that it sets."""
    if live is UNSET and new is UNSET:
        return UNSET
    known = {key(one): one for one in (() if live is UNSET else live)}
    was = {key(one): one for one in (() if old is UNSET else old)}
    will = {key(one): one for one in (() if new is UNSET else new)}
    for name in was.keys() - will.keys():
        known.pop(name, None)
    known |= {name: one for name, one in will.items() if was.get(name) != one or name not in known}
    merged = tuple(known[name] for name in sorted(known, key=str))
    return live if live is not UNSET and merged == tuple(live) else merged


def _why(name: str, old: Any, new: Any) -> str | None:
    """Why the plan leaves a field open that it changes."""
    reason: str | None = new.unread.get(name) if new is not None else None
    if reason is None or reason.startswith(NOT_HELD) or (old is not None and old.unread.get(name) == reason):
        return None
    return reason


# --- organisation ----------------------------------------------------------------------------------


def _apply_control_policies(after: dict[Identity, Fact], plan: Plan) -> None:
    old, new = list(control_policies(plan.world_before)), list(control_policies(plan.world))
    rewritten = list(rewritten_policies(plan.world))
    if not old and not new and not rewritten:
        return
    for name, fact in list(after.items()):
        if isinstance(fact, AccountFact):
            elsewhere = _attached_elsewhere(fact, rewritten, old)
            after[name] = _with_control_policies(fact, [*old, *elsewhere], [*new, *elsewhere])


def _attached_elsewhere(
    account: AccountFact, rewritten: list[ControlPolicy], old: list[ControlPolicy]
) -> list[ControlPolicy]:
    """Policies with new content at the live levels where something outside the plan has attached them."""
    managed = {(one.field, one.target, one.name) for one in old}
    levels = () if account.ou_path is UNSET else (*account.ou_path, account.account)
    return [
        replace(policy, target=target)
        for policy in rewritten
        for target, there in zip(levels, getattr(account, policy.field) or (), strict=False)
        if any(one.name == policy.name for one in there) and (policy.field, target, policy.name) not in managed
    ]


def _with_control_policies(account: AccountFact, old: list[ControlPolicy], new: list[ControlPolicy]) -> AccountFact:
    if account.ou_path is UNSET:
        return account
    levels = (*account.ou_path, account.account)
    for field in ("scps", "rcps"):
        documents = getattr(account, field)
        mine = [one for one in new if one.field == field and one.target in levels]
        theirs = [one for one in old if one.field == field and one.target in levels]
        if documents is UNSET or documents is None or not (mine or theirs):
            continue
        reason = next((one.reason for one in mine if one.document is None and one.reason), None)
        if reason:
            account = msgspec.structs.replace(account, unread={**account.unread, field: reason}, **{field: UNSET})
        else:
            account = msgspec.structs.replace(account, **{field: _levels(levels, documents, theirs, mine)})
    return account


def _levels(ids: tuple[str, ...], documents: Levels, old: list[ControlPolicy], new: list[ControlPolicy]) -> Levels:
    found: list[tuple[NamedDocument, ...]] = []
    for place, target in enumerate(ids):
        leaving = {one.name for one in old if one.target == target}
        coming = [NamedDocument(one.name, one.document) for one in new if one.target == target and one.document]
        there = documents[place] if place < len(documents) else ()
        names = leaving | {one.name for one in coming}
        found.append((*(one for one in there if one.name not in names), *coming))
    return tuple(found)

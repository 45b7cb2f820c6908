"""Metric filters, alarms and EventBridge rules of a plan: who is told when a key is taken out of use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import fields, replace

from scanner.collect.terraform.arns import arn_by_name, name_of
from scanner.collect.terraform.draft import Draft, flag, not_held, number, text, texts
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.places import NOT_KNOWN, Where
from scanner.collect.terraform.resources import NEW
from scanner.collect.terraform.values import State, leaf, leaves
from scanner.collect.terraform.world import World
from scanner.model.records import AlarmFact, EventRuleFact, MetricFilterFact

FILTER = "aws_cloudwatch_log_metric_filter"
ALARM = "aws_cloudwatch_metric_alarm"
COMPOSITE = "aws_cloudwatch_composite_alarm"
RULE = "aws_cloudwatch_event_rule"
TARGET = "aws_cloudwatch_event_target"
WATCHERS = frozenset({FILTER, ALARM, COMPOSITE, RULE, TARGET})

LOG_GROUP = "aws_cloudwatch_log_group"
DEFAULT_BUS = "default"
"""The bus on which CloudTrail's events arrive."""

UNSTATED = (State.ABSENT, State.NO_BLOCK)

W = TypeVar("W", MetricFilterFact, AlarmFact, EventRuleFact)


def _checked(draft: Draft, watcher: W) -> W:
    """A watcher that is put off, or of which nobody knows where it will be, may do anything."""
    address = draft.instance.address
    why = None
    if draft.instance.action == "deferred":
        why = f"{address} is deferred to a later run"
    elif NOT_KNOWN in (watcher.account, watcher.region):
        why = f"the account or Region of {address} is not known"
    if why is None:
        return watcher
    open_ones = [one.name for one in fields(watcher) if one.name not in ("account", "region", "unread", "arn", "name")]
    return replace(watcher, unread=dict.fromkeys(open_ones, why), **dict.fromkeys(open_ones, UNSET))


# --- metric filters --------------------------------------------------------------------------------


def build_filters(world: World) -> Iterator[MetricFilterFact]:
    """Every metric filter of the plan; which of them count anything that matters is not asked here."""
    for instance in world.of(FILTER):
        draft = Draft(world, instance)
        where = world.where(instance)
        watcher = MetricFilterFact(
            account=where.account,
            region=where.region,
            name=name_of(instance),
            log_group=_log_group(draft),
            pattern=draft.read("pattern", "pattern", text, ""),
            metrics=_metrics(draft, "metric_transformation.namespace", "metric_transformation.name"),
            unread=draft.unread,
        )
        yield _checked(draft, watcher)


def filter_id(world: World, instance: Instance) -> str:
    """What tells a metric filter from others of its account and Region."""
    return f"{_log_group(Draft(world, instance)) or ''}:{name_of(instance)}"


def _log_group(draft: Draft) -> str | UnsetType:
    """Name of the log group: as written, else that of the group that is referred to."""
    stated = leaf(draft.instance, "log_group_name")
    if stated.state is State.VALUE and isinstance(stated.value, str):
        return stated.value
    found = draft.refer("log_group", "log_group_name", [LOG_GROUP])
    if found.one is not None:
        return name_of(found.one)
    return text(found.value) or draft.unset("log_group", found.reason or f"{draft.instance.address} names no log group")


# --- alarms ----------------------------------------------------------------------------------------


def build_alarms(world: World) -> Iterator[AlarmFact]:
    """Every alarm of the plan, composite ones included."""
    for instance in world.of(ALARM, COMPOSITE):
        draft = Draft(world, instance)
        where = world.where(instance)
        watcher = AlarmFact(
            account=where.account,
            region=where.region,
            arn=world.arn(instance),
            name=name_of(instance),
            actions=_actions(draft),
            **(_composite(draft) if instance.type == COMPOSITE else _simple(draft)),
            unread=draft.unread,
        )
        yield _checked(draft, watcher)


def _composite(draft: Draft) -> dict[str, Any]:
    return {"rule": draft.read("rule", "alarm_rule", text, None)}


def _simple(draft: Draft) -> dict[str, Any]:
    own = _metrics(draft, "namespace", "metric_name")
    queried = _metrics(draft, "metric_query.metric.namespace", "metric_query.metric.metric_name")
    return {
        "metrics": UNSET if isinstance(own, UnsetType) or isinstance(queried, UnsetType) else (*own, *queried),
        "comparison": draft.read("comparison", "comparison_operator", text, None),
        "threshold": draft.read("threshold", "threshold", _real, None),
        "datapoints": _datapoints(draft),
    }


def _datapoints(draft: Draft) -> int | UnsetType:
    """In how many periods the threshold must be reached: as stated, else in all that are looked at."""
    stated = draft.read("datapoints", "datapoints_to_alarm", number, 0)
    return draft.read("datapoints", "evaluation_periods", number, 1) if stated == 0 else stated


def _real(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _actions(draft: Draft) -> tuple[str, ...] | UnsetType:
    """What it does in the state ALARM; a set with a member known only after apply shows as unknown as a whole."""
    enabled = draft.read("actions", "actions_enabled", flag, True)
    if enabled is not True:
        return () if enabled is False else UNSET
    one = leaf(draft.instance, "alarm_actions")
    if one.state is State.VALUE:
        return texts(one.value)
    return _referred(draft, "actions", "alarm_actions")


def _referred(draft: Draft, field_: str, path: str) -> tuple[str, ...] | UnsetType:
    """ARNs of what an attribute refers to; of several candidates at least one is meant."""
    found = draft.refer(field_, path, None)
    if found.instances:
        return tuple(sorted(draft.world.arn(one) for one in found.instances))
    return UNSET if found.reason else ((found.value,) if isinstance(found.value, str) else ())


def _metrics(draft: Draft, namespace: str, name: str) -> tuple[str, ...] | UnsetType:
    """`<namespace>/<name>` of every metric that these attributes name."""
    found: list[str] = []
    for space, metric in zip(leaves(draft.instance, namespace), leaves(draft.instance, name), strict=False):
        if space.state in UNSTATED and metric.state in UNSTATED:
            continue
        stated = [_text_at(draft, path, one.at) for path, one in ((namespace, space), (name, metric))]
        for path, one, value in zip((namespace, name), (space, metric), stated, strict=True):
            if value is None:
                return draft.unset("metrics", draft.world.why_unknown(draft.instance, one, path))
        found.append(f"{stated[0]}/{stated[1]}")
    return tuple(found)


def _text_at(draft: Draft, path: str, at: tuple[int | str, ...]) -> str | None:
    """A text; where it is the id of a metric filter, which is known only after apply, the filter's name."""
    one = leaf(draft.instance, path, at)
    if one.state is State.VALUE:
        return text(one.value)
    found = draft.world.refer(draft.instance, path, [FILTER], at)
    named = (found.one.after or {}).get("name") if found.one is not None else found.value
    return text(named)


# --- EventBridge rules -----------------------------------------------------------------------------


class Targets(Struct):
    """Where one rule sends events, by what the plan holds of it."""

    where: Where
    name: str
    arns: set[str] = field(default_factory=set)
    doubt: str | None = None


def build_event_rules(world: World) -> Iterator[EventRuleFact]:
    """Every rule of the default bus with its targets, and rules outside the plan that it gives targets."""
    targets = _targets_by_rule(world)
    for instance in world.of(RULE):
        mine = targets.pop(world.arn(instance), None)
        draft = Draft(world, instance)
        bus = draft.read("pattern", "event_bus_name", text, DEFAULT_BUS)
        if isinstance(bus, UnsetType) or _is_default(bus):
            yield _checked(draft, _rule(draft, mine, bus))
    for arn, elsewhere in sorted(targets.items()):
        yield _rule_elsewhere(arn, elsewhere)


def _rule(draft: Draft, targets: Targets | None, bus: str | UnsetType) -> EventRuleFact:
    world, instance = draft.world, draft.instance
    where = world.where(instance)
    known, doubt = (targets.arns, targets.doubt) if targets else (set(), None)
    if instance.action not in NEW:
        doubt = doubt or not_held(f"targets of {instance.address} that are managed elsewhere")
    if doubt is not None:
        draft.unread["targets"] = doubt
    return EventRuleFact(
        account=where.account,
        region=where.region,
        arn=world.arn(instance),
        name=name_of(instance),
        pattern=bus if isinstance(bus, UnsetType) else draft.read("pattern", "event_pattern", text, ""),
        state=_state(draft),
        targets=tuple(sorted(known)) if known or doubt is None else UNSET,
        unread=draft.unread,
    )


def _state(draft: Draft) -> str | UnsetType:
    """`state`, or `is_enabled`, which came before it; the one that is not written has its default or an old value."""
    written = [name for name in ("state", "is_enabled") if draft.world.resolver.expression(draft.instance, name)]
    state = draft.read("state", "state", text, "ENABLED") if written != ["is_enabled"] else "ENABLED"
    enabled = draft.read("state", "is_enabled", flag, True) if written != ["state"] else True
    if isinstance(state, UnsetType) or isinstance(enabled, UnsetType):
        return UNSET
    return state if enabled else "DISABLED"


def _is_default(bus: str) -> bool:
    """Whether the name or ARN is that of the default bus."""
    return bus == DEFAULT_BUS or bus.endswith(f":event-bus/{DEFAULT_BUS}")


def _targets_by_rule(world: World) -> dict[str, Targets]:
    """Targets by the ARN of their rule; of rules of the same name, the one in the target's own Region is meant."""
    found: dict[str, Targets] = {}
    for instance in world.of(TARGET):
        draft = Draft(world, instance)
        bus = draft.read("bus", "event_bus_name", text, DEFAULT_BUS)
        if isinstance(bus, str) and not _is_default(bus):
            continue
        for arn, name, doubt in _rules_named(draft):
            mine = found.setdefault(arn, Targets(world.where(instance), name))
            doubt = doubt or draft.unread.get("bus")
            if instance.action == "deferred":
                doubt = f"{instance.address} is deferred to a later run"
            if doubt is None:
                mine.arns.add(_target(draft))
            mine.doubt = mine.doubt or doubt
    return found


def _rules_named(draft: Draft) -> Iterator[tuple[str, str, str | None]]:
    """ARN and name of the rule of a target, or of each that it may be, with the doubt."""
    stated = leaf(draft.instance, "rule")
    if stated.state is State.VALUE and isinstance(stated.value, str):
        yield arn_by_name(RULE, stated.value, draft.world.where(draft.instance)), stated.value, None
        return
    reference = draft.world.refer(draft.instance, "rule", [RULE])
    for one in reference.instances:
        yield draft.world.arn(one), name_of(one), reference.reason


def _target(draft: Draft) -> str:
    """Its ARN; one that is known only after apply is there all the same, under the address."""
    stated = text((draft.instance.after or {}).get("arn"))
    if stated:
        return stated
    found = draft.world.refer(draft.instance, "arn", None).one
    return draft.world.arn(found) if found is not None else draft.instance.address


def _rule_elsewhere(arn: str, targets: Targets) -> EventRuleFact:
    """A rule outside the plan that the plan gives targets."""
    why = not_held(f"more of rule {targets.name} than its targets")
    return EventRuleFact(
        account=targets.where.account,
        region=targets.where.region,
        arn=arn,
        name=targets.name,
        targets=tuple(sorted(targets.arns)),
        unread={"pattern": why, "state": why, "targets": targets.doubt or why},
    )

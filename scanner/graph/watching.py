"""Who is told when a key is disabled or its deletion scheduled: alarms on a trail's log group, EventBridge rules.

Both see what CloudTrail records: an alarm all Regions of the trail behind its log group, an event rule its own Region
while some trail is on (EventBridge user guide, "AWS service events delivered via CloudTrail").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET

from scanner.catalog.destruction import CALLS, filter_notices, rule_notices
from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import fact, members
from scanner.graph.views import Account, EventStore, Trail, Watch
from scanner.model.arn import parse_arn
from scanner.model.records import AlarmFact, EventRuleFact, MetricFilterFact, Record, TrailFact
from scanner.model.unknown import Partial, Unknown, known_members, reason_of

LISTINGS = ("metric-filter", "alarm", "event-rule", "trail")
RECORDS_WRITES = ("ALL", "WRITE_ONLY")
_NAMED = re.compile(r"""ALARM\(\s*["']?([^"')]+)["']?\s*\)""", re.IGNORECASE)
_NARROWS = re.compile(r"\b(AND|NOT)\b", re.IGNORECASE)


def add_watches(graph: KeyGraph) -> None:
    """The watches of every account, and the Regions of its keys that they leave out."""
    for account in graph.accounts.values():
        watches = sorted((*_alarms(graph, account), *_event_rules(graph, account)), key=lambda watch: watch.id)
        doubt = _doubt(graph, account)
        account.watches = members(watches, doubt)
        account.unwatched_key_regions = _unwatched(graph, account, watches, doubt)


def _unwatched(
    graph: KeyGraph, account: Account, watches: Iterable[Watch], doubt: str | None
) -> tuple[str, ...] | Partial[str] | Unknown:
    """Regions with customer managed keys in which a call goes unnoticed; keys nobody read are no matter elsewhere.

    A Region that nothing records at all is not among them: that fault is another rule's.
    """
    seen = {(call, region) for watch in watches for call in watch.calls for region in watch.regions}
    known = known_members(account.keys)
    scanned = {*graph.snapshot.source.regions, *(key.region for key in known)}
    dark = {
        region
        for region in scanned
        if any((call, region) not in seen for call in CALLS) and not _unrecorded(account, region)
    }
    there = [key for key in known if key.region in dark and (isinstance(key.manager, Unknown) or key.manager != "AWS")]
    certain = sorted({key.region for key in there if not isinstance(key.manager, Unknown)})
    if certain and doubt is not None:
        return Unknown(doubt)
    unlisted = (graph.completeness.why_missing("key", account.id, region) for region in sorted(dark))
    return members(certain, next(filter(None, (*unlisted, *(reason_of(key.manager) for key in there))), None))


def _unrecorded(account: Account, region: str) -> bool:
    """Whether certainly no trail and no event data store takes the management events of a Region."""
    if reason_of(account.trails) or reason_of(account.event_stores):
        return False
    trails = any(
        t.management_events is not False and (t.multi_region is not False or t.region == region)
        for t in _trails(account)
    )
    return not trails and not any(_may_record(store, region) for store in known_members(account.event_stores))


def _may_record(store: EventStore, region: str) -> bool:
    arn = parse_arn(store.arn)
    everywhere = isinstance(store.multi_region, Unknown) or store.multi_region
    off = isinstance(store.status, str) and store.status != "ENABLED"
    return not off and store.kms_events != "NONE" and (everywhere or (arn is not None and arn.region == region))


def _doubt(graph: KeyGraph, account: Account) -> str | None:
    """Why somebody may be told of whom nothing was read."""
    regions = graph.snapshot.source.regions or tuple({key.region for key in known_members(account.keys)})
    for region in regions:
        for word in LISTINGS:
            if not graph.completeness.was_listed(word, account.id, region):
                why = graph.completeness.why_missing(word, account.id, region)
                return why or f"{word}s of {account.id}/{region} were not listed"
    for record in graph.snapshot.of(TrailFact):
        owner = _group(record)[0]
        if (
            record.organization is not False
            and owner not in (None, account.id)
            and owner not in graph.snapshot.source.accounts
        ):
            return f"alarms of account {owner}, where trail {record.name} delivers its events, were not read"
    trails = (
        reason_of(value)
        for trail in _trails(account)
        for value in (trail.logging, trail.kms_events, trail.multi_region)
    )
    open_ones = (*_open_rules(graph, account), *_open_alarms(graph, account))
    return next(filter(None, (*(_why_open(record, names) for record, names in open_ones), *trails)), None)


def _why_open(record: Record, names: Iterable[str]) -> str | None:
    """Why one of these fields is not (fully) known."""
    return next((reason for name in names if (reason := reason_of(fact(record, name))) is not None), None)


def _open_rules(graph: KeyGraph, account: Account) -> Iterator[tuple[Record, tuple[str, ...]]]:
    """Rules that may tell, each with the fields that decide it."""
    for rule in graph.snapshot.of(EventRuleFact):
        off = isinstance(rule.state, str) and not rule.state.startswith("ENABLED")
        if rule.account == account.id and not off and (rule.pattern is UNSET or _matched(rule)):
            yield rule, ("pattern", "state", "targets")


def _open_alarms(graph: KeyGraph, account: Account) -> Iterator[tuple[Record, tuple[str, ...]]]:
    """Filters that may count such calls, the alarms that may be on them and the trails that may feed them."""
    filters = [one for one in graph.snapshot.of(MetricFilterFact) if one.pattern is UNSET or _counted(one)]
    yield from ((one, ("pattern", "metrics", "log_group")) for one in filters)
    metrics = {metric for one in filters for metric in one.metrics or ()}
    everywhere = any(one.metrics is UNSET for one in filters)
    for alarm in graph.snapshot.of(AlarmFact) if filters else ():
        if everywhere or alarm.rule is not None or alarm.metrics is UNSET or metrics & set(alarm.metrics):
            yield alarm, ("metrics", "actions", "comparison", "threshold", "datapoints", "rule")
    records = {record.arn: record for record in graph.snapshot.of(TrailFact)}
    yield from ((records[trail.arn], ("log_group",)) for trail in _trails(account) if filters)


def _trails(account: Account) -> tuple[Trail, ...]:
    return known_members(account.trails)


def _covered(graph: KeyGraph, trail: Trail) -> set[str]:
    """The scanned Regions whose write calls on keys a trail certainly records."""
    if isinstance(trail.logging, Unknown) or isinstance(trail.kms_events, Unknown):
        return set()
    if not trail.logging or trail.kms_events not in RECORDS_WRITES:
        return set()
    return {trail.region, *graph.snapshot.source.regions} if trail.multi_region is True else {trail.region}


def _alarms(graph: KeyGraph, account: Account) -> Iterator[Watch]:
    """Alarms on metrics that count such calls in the log group of a trail."""
    groups: dict[tuple[Any, ...], set[str]] = {}
    records = {record.arn: record for record in graph.snapshot.of(TrailFact)}
    for trail in _trails(account):
        groups.setdefault(_group(records[trail.arn]), set()).update(_covered(graph, trail))
    alarms = graph.snapshot.of(AlarmFact)
    for found in graph.snapshot.of(MetricFilterFact):
        regions = groups.get((found.account, found.region, found.log_group), set())
        calls = _counted(found)
        if regions and calls:
            for alarm in alarms:
                same_place = (alarm.account, alarm.region) == (found.account, found.region)
                if same_place and set(alarm.metrics or ()) & set(found.metrics or ()) and _tells(alarm, alarms):
                    yield _watch(alarm, "alarm", calls, regions)


def _counted(found: MetricFilterFact) -> tuple[str, ...]:
    """The calls that a metric filter certainly counts."""
    return tuple(call for call in CALLS if found.pattern is not UNSET and filter_notices(found.pattern, call))


def _group(record: TrailFact) -> tuple[str | None, ...]:
    """(account, Region, name) of a trail's log group."""
    arn = parse_arn(record.log_group or "")
    return (arn.account, arn.region, arn.resource.split(":")[1]) if arn else (None, None, None)


def _tells(alarm: AlarmFact, alarms: Iterable[AlarmFact]) -> bool:
    """Whether one call is enough for the alarm, and it or a composite alarm over it then does something."""
    if not isinstance(alarm.threshold, (int, float)) or not _fires_on_one(alarm.comparison, alarm.threshold):
        return False
    if alarm.datapoints is UNSET or alarm.datapoints > 1:
        return False
    return bool(alarm.actions) or any(
        composite.actions and alarm.name in _NAMED.findall(composite.rule) and not _NARROWS.search(composite.rule)
        for composite in alarms
        if composite.rule and (composite.account, composite.region) == (alarm.account, alarm.region)
    )


def _fires_on_one(comparison: Any, threshold: float) -> bool:
    return (comparison == "GreaterThanOrEqualToThreshold" and threshold <= 1) or (
        comparison == "GreaterThanThreshold" and threshold < 1
    )


def _event_rules(graph: KeyGraph, account: Account) -> Iterator[Watch]:
    covered = {region for trail in _trails(account) for region in _covered(graph, trail)}
    for rule in graph.snapshot.of(EventRuleFact):
        targets = fact(rule, "targets")
        calls = _matched(rule)
        on = isinstance(rule.state, str) and rule.state.startswith("ENABLED")
        if on and calls and rule.account == account.id and rule.region in covered and known_members(targets):
            yield _watch(rule, "event-rule", calls, {rule.region})


def _matched(rule: EventRuleFact) -> tuple[str, ...]:
    """The calls that an event rule certainly matches."""
    return tuple(
        call
        for call in CALLS
        if rule.pattern is not UNSET and rule_notices(rule.pattern, call, rule.account, rule.region)
    )


def _watch(record: AlarmFact | EventRuleFact, kind: str, calls: tuple[str, ...], regions: set[str]) -> Watch:
    return Watch(
        id=record.arn,
        kind=kind,
        name=record.name,
        region=record.region,
        calls=calls,
        regions=tuple(sorted(regions)),
    )

"""Who is told when a key is disabled or its deletion scheduled: alarms on a trail's log group, EventBridge rules.

Both see what CloudTrail records: an alarm all Regions of the trail behind its log group, an event rule its own Region
while some trail is on (EventBridge user guide, "AWS service events delivered via CloudTrail").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scanner.catalog.destruction import CALLS, filter_notices, rule_notices
from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import fact, members
from scanner.graph.views import Account, Trail, Watch
from scanner.model.arn import parse_arn
from scanner.model.records import AlarmFact, EventRuleFact, MetricFilterFact, TrailFact
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
        account.unwatched_key_regions = _unwatched(account, watches, doubt)


def _unwatched(
    account: Account, watches: Iterable[Watch], doubt: str | None
) -> tuple[str, ...] | Partial[str] | Unknown:
    seen = {(call, region) for watch in watches for call in watch.calls for region in watch.regions}
    customer = [key for key in known_members(account.keys) if isinstance(key.manager, str) and key.manager != "AWS"]
    regions = sorted({key.region for key in customer})
    open_ones = [region for region in regions if any((call, region) not in seen for call in CALLS)]
    if open_ones and doubt is not None:
        return Unknown(doubt)
    return members(open_ones, reason_of(account.keys))


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
        if record.organization and owner not in (None, account.id) and owner not in graph.snapshot.source.accounts:
            return f"alarms of account {owner}, where trail {record.name} delivers its events, were not read"
    rules = (rule for rule in graph.snapshot.of(EventRuleFact) if rule.account == account.id)
    unread = (fact(rule, "targets") for rule in rules)
    trails = (reason_of(value) for trail in _trails(account) for value in (trail.logging, trail.kms_events))
    return next((value.reason for value in unread if isinstance(value, Unknown)), next(filter(None, trails), None))


def _trails(account: Account) -> tuple[Trail, ...]:
    return known_members(account.trails)


def _covered(graph: KeyGraph, trail: Trail) -> set[str]:
    """The scanned Regions whose write calls on keys a trail certainly records."""
    if isinstance(trail.logging, Unknown) or isinstance(trail.kms_events, Unknown):
        return set()
    if not trail.logging or trail.kms_events not in RECORDS_WRITES:
        return set()
    return {trail.region, *graph.snapshot.source.regions} if trail.multi_region else {trail.region}


def _alarms(graph: KeyGraph, account: Account) -> Iterator[Watch]:
    """Alarms on metrics that count such calls in the log group of a trail."""
    groups: dict[tuple[str | None, ...], set[str]] = {}
    records = {record.arn: record for record in graph.snapshot.of(TrailFact)}
    for trail in _trails(account):
        groups.setdefault(_group(records[trail.arn]), set()).update(_covered(graph, trail))
    alarms = graph.snapshot.of(AlarmFact)
    for found in graph.snapshot.of(MetricFilterFact):
        regions = groups.get((found.account, found.region, found.log_group), set())
        calls = tuple(call for call in CALLS if filter_notices(found.pattern, call))
        if regions and calls:
            for alarm in alarms:
                same_place = (alarm.account, alarm.region) == (found.account, found.region)
                if same_place and set(alarm.metrics) & set(found.metrics) and _tells(alarm, alarms):
                    yield _watch(alarm, "alarm", calls, regions)


def _group(record: TrailFact) -> tuple[str | None, ...]:
    """(account, Region, name) of a trail's log group."""
    arn = parse_arn(record.log_group or "")
    return (arn.account, arn.region, arn.resource.split(":")[1]) if arn else (None, None, None)


def _tells(alarm: AlarmFact, alarms: Iterable[AlarmFact]) -> bool:
    """Whether one call is enough for the alarm, and it or a composite alarm over it then does something."""
    if alarm.threshold is None or not _fires_on_one(alarm.comparison, alarm.threshold):
        return False
    return bool(alarm.actions) or any(
        composite.actions and alarm.name in _NAMED.findall(composite.rule) and not _NARROWS.search(composite.rule)
        for composite in alarms
        if composite.rule and (composite.account, composite.region) == (alarm.account, alarm.region)
    )


def _fires_on_one(comparison: str | None, threshold: float) -> bool:
    return (comparison == "GreaterThanOrEqualToThreshold" and threshold <= 1) or (
        comparison == "GreaterThanThreshold" and threshold < 1
    )


def _event_rules(graph: KeyGraph, account: Account) -> Iterator[Watch]:
    covered = {region for trail in _trails(account) for region in _covered(graph, trail)}
    for rule in graph.snapshot.of(EventRuleFact):
        targets = fact(rule, "targets")
        calls = tuple(call for call in CALLS if rule_notices(rule.pattern, call))
        on = rule.account == account.id and rule.region in covered and rule.state.startswith("ENABLED")
        if on and calls and not isinstance(targets, Unknown) and targets:
            yield _watch(rule, "event-rule", calls, {rule.region})


def _watch(record: AlarmFact | EventRuleFact, kind: str, calls: tuple[str, ...], regions: set[str]) -> Watch:
    return Watch(
        id=record.arn,
        kind=kind,
        name=record.name,
        region=record.region,
        calls=calls,
        regions=tuple(sorted(regions)),
    )

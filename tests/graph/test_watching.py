"""Who is told of the destruction of keys: alarms behind trails, event rules, and what leaves it open."""

from __future__ import annotations

from typing import Any

import pytest
from builders import ACCOUNT, NOW, REGION, a_gap, a_key, listed
from msgspec import UNSET

from scanner.graph.build import build
from scanner.graph.views import Account
from scanner.model.records import (
    AlarmFact,
    EventRuleFact,
    EventSelector,
    EventStoreFact,
    Item,
    KeyFact,
    MetricFilterFact,
    Source,
    TrailFact,
)
from scanner.model.settings import Settings
from scanner.model.snapshot import snapshot_of
from scanner.model.unknown import Unknown

OTHER = "us-east-1"
BOTH = "{ $.eventSource = kms.amazonaws.com && ($.eventName = DisableKey || $.eventName = ScheduleKeyDeletion) }"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail:*"


def keys() -> list[KeyFact]:
    return [a_key("key-1"), a_key("key-2", region=OTHER), a_key("key-3", region="eu-west-3", manager="AWS")]


def a_trail(**facts: Any) -> TrailFact:
    defaults: dict[str, Any] = {
        "account": ACCOUNT, "region": REGION, "arn": "arn:aws:cloudtrail:eu-central-1:1:trail/t", "name": "t",
        "multi_region": True, "organization": False, "validation": True, "log_group": GROUP, "logging": True,
        "selectors": (EventSelector(read_write="All", management=True),), "advanced_selectors": (),
    }  # fmt: skip
    return TrailFact(**(defaults | facts))


def a_filter(pattern: str = BOTH, **facts: Any) -> MetricFilterFact:
    defaults: dict[str, Any] = {"account": ACCOUNT, "region": REGION, "name": "f", "log_group": "trail"}
    return MetricFilterFact(**(defaults | {"pattern": pattern, "metrics": ("Audit/keys",)} | facts))


def an_alarm(**facts: Any) -> AlarmFact:
    defaults: dict[str, Any] = {
        "account": ACCOUNT, "region": REGION, "arn": "arn:alarm", "name": "alarm", "metrics": ("Audit/keys",),
        "actions": ("arn:topic",), "comparison": "GreaterThanOrEqualToThreshold", "threshold": 1.0,
    }  # fmt: skip
    return AlarmFact(**(defaults | facts))


def a_rule(region: str = REGION, **facts: Any) -> EventRuleFact:
    defaults: dict[str, Any] = {
        "account": ACCOUNT, "region": region, "arn": f"arn:rule/{region}", "name": "rule", "state": "ENABLED",
        "pattern": '{"source": ["aws.kms"], "detail": {"eventName": ["DisableKey", "ScheduleKeyDeletion"]}}',
        "targets": ("arn:topic",),
    }  # fmt: skip
    return EventRuleFact(**(defaults | facts))


def a_store(**facts: Any) -> EventStoreFact:
    defaults: dict[str, Any] = {
        "account": ACCOUNT, "region": REGION, "arn": f"arn:aws:cloudtrail:{REGION}:1:eventdatastore/s", "name": "s",
        "status": "ENABLED", "multi_region": True, "organization": False, "retention_days": 2557,
        "advanced_selectors": (),
    }  # fmt: skip
    return EventStoreFact(**(defaults | facts))


def account_of(*items: Item, complete: bool = True) -> Account:
    source = Source(type="aws", started=NOW, accounts=(ACCOUNT,), regions=(REGION, OTHER))
    words = ("key", "trail", "event-store", "metric-filter", "alarm", "event-rule")
    rows = [listed(*words, region=region, complete=complete) for region in (REGION, OTHER)]
    return build(snapshot_of(source, [*rows, *keys(), *items]), Settings()).accounts[ACCOUNT]


def unwatched(*items: Item) -> Any:
    return account_of(*items).unwatched_key_regions


def test_with_a_trail_alone_nobody_is_told_anywhere() -> None:
    assert unwatched(a_trail()) == (REGION, OTHER)
    assert account_of(a_trail()).watches == ()


def test_an_alarm_behind_a_trail_of_all_regions_is_enough() -> None:
    account = account_of(a_trail(), a_filter(), an_alarm())
    assert account.unwatched_key_regions == ()
    (watch,) = account.watches
    assert (watch.kind, watch.calls, watch.regions) == ("alarm", ("DisableKey", "ScheduleKeyDeletion"), (REGION, OTHER))


def test_two_filters_may_share_the_work() -> None:
    one = a_filter("{ $.eventName = DisableKey }", name="one")
    two = a_filter("{ $.eventName = ScheduleKeyDeletion }", name="two", metrics=("Audit/two",))
    assert unwatched(a_trail(), one, two, an_alarm(), an_alarm(arn="arn:two", metrics=("Audit/two",))) == ()


def test_a_composite_alarm_may_act_for_another() -> None:
    silent = an_alarm(actions=())
    loud = an_alarm(arn="arn:c", name="c", metrics=(), comparison=None, threshold=None, rule='ALARM("alarm")')
    assert unwatched(a_trail(), a_filter(), silent, loud) == ()


def test_event_rules_tell_of_their_own_region() -> None:
    assert unwatched(a_trail(log_group=None), a_rule()) == (OTHER,)
    assert unwatched(a_trail(log_group=None), a_rule(), a_rule(OTHER)) == ()


NOT_ENOUGH = {
    "a stopped trail": (a_trail(logging=False), a_filter(), an_alarm(), a_rule()),
    "a trail without KMS": (
        a_trail(selectors=(EventSelector(read_write="All", management=True, excluded_sources=("kms.amazonaws.com",)),)),
        a_filter(),
        an_alarm(),
        a_rule(),
    ),
    "another log group": (a_trail(log_group=GROUP.replace("trail", "other")), a_filter(), an_alarm()),
    "a filter on something else": (a_trail(), a_filter("{ $.eventName = ConsoleLogin }"), an_alarm()),
    "a filter that spares somebody": (a_trail(), a_filter(BOTH[:-1] + "&& $.userIdentity.arn != *root }"), an_alarm()),
    "an alarm on another metric": (a_trail(), a_filter(), an_alarm(metrics=("Audit/logins",))),
    "an alarm that does nothing": (a_trail(), a_filter(), an_alarm(actions=())),
    "an alarm on five events": (a_trail(), a_filter(), an_alarm(threshold=5.0)),
    "an alarm on events in three periods": (a_trail(), a_filter(), an_alarm(datapoints=3)),
    "an alarm in another Region": (a_trail(), a_filter(), an_alarm(region=OTHER)),
    "a disabled rule": (a_trail(log_group=None), a_rule(state="DISABLED")),
    "a rule without target": (a_trail(log_group=None), a_rule(targets=())),
    "a rule and a trail of data events": (
        a_trail(selectors=(EventSelector(read_write="All", management=False),)),
        a_store(),
        a_rule(),
    ),
}


def test_a_region_that_nothing_records_is_the_finding_of_another_rule() -> None:
    assert unwatched(a_trail(multi_region=False), a_filter(), an_alarm()) == ()
    assert unwatched(a_trail(multi_region=False), a_store(), a_filter(), an_alarm()) == (OTHER,)
    idle = a_store(status="STOPPED_INGESTION")
    assert unwatched(a_trail(multi_region=False), idle, a_filter(), an_alarm()) == ()
    unread = a_store(status=UNSET, unread={"status": "refused"})
    assert unwatched(a_trail(multi_region=False), unread, a_filter(), an_alarm()) == (OTHER,)


@pytest.mark.parametrize("case", NOT_ENOUGH)
def test_not_enough(case: str) -> None:
    assert REGION in unwatched(*NOT_ENOUGH[case])


@pytest.mark.parametrize("word", ["metric-filter", "alarm", "event-rule", "trail"])
def test_a_listing_that_was_refused_leaves_it_open(word: str) -> None:
    found = unwatched(a_gap("List", word), a_trail(log_group=None))
    assert isinstance(found, Unknown)
    assert unwatched(a_gap("List", word), a_trail(), a_filter(), an_alarm()) == () or word == "trail"


def test_what_was_never_listed_leaves_it_open() -> None:
    source = Source(type="aws", started=NOW, accounts=(ACCOUNT,), regions=(REGION,))
    graph = build(snapshot_of(source, [listed("key", "trail"), *keys()]), Settings())
    assert isinstance(graph.accounts[ACCOUNT].unwatched_key_regions, Unknown)


def test_unread_targets_and_selectors_leave_it_open() -> None:
    assert isinstance(unwatched(a_trail(log_group=None), a_rule(targets=UNSET, unread={"targets": "refused"})), Unknown)
    hidden = a_trail(logging=UNSET, unread={"logging": "refused"})
    assert isinstance(unwatched(hidden, a_filter(), an_alarm()), Unknown)


def test_alarms_of_the_organisation_are_in_an_account_that_was_not_read() -> None:
    group = GROUP.replace(ACCOUNT, "999999999999")
    found = unwatched(a_trail(organization=True, log_group=group))
    assert isinstance(found, Unknown)
    assert "999999999999" in found.reason

"""What the collectors record of metric filters, alarms, event rules and event data stores."""

from __future__ import annotations

from typing import Any

import pytest
from fakes.aws import ACCOUNT, FakeAws, denied
from fakes.bench import Bench
from fakes.estate import KMS_FILTER, REGION, watchers_in
from msgspec import UNSET

from scanner.collect import trails, watchers
from scanner.model.records import AlarmFact, MetricFilterFact


@pytest.fixture
def told(aws: FakeAws, bench: Bench) -> Any:
    watchers_in(aws)
    return bench.read(watchers.alarms)


def test_only_filters_that_may_count_destructive_calls_are_kept(told: Any):
    (found,) = [fact for fact in told.facts if isinstance(fact, MetricFilterFact)]
    assert (found.name, found.log_group, found.pattern, found.metrics) == ("keys", "trail", KMS_FILTER, ("Audit/keys",))


def test_alarms_on_their_metrics_are_kept_and_composite_ones(told: Any):
    alarms = {fact.name: fact for fact in told.facts if isinstance(fact, AlarmFact)}
    topic = (f"arn:aws:sns:{REGION}:{ACCOUNT}:security",)
    assert set(alarms) == {"keys", "by-expression", "muted", "either"}
    assert {name: alarm.actions for name, alarm in alarms.items()} == {
        "keys": topic, "by-expression": topic, "muted": (), "either": topic,
    }  # fmt: skip
    assert alarms["by-expression"].metrics == ("Audit/keys",)
    assert (alarms["keys"].comparison, alarms["keys"].threshold) == ("GreaterThanOrEqualToThreshold", 1.0)
    assert (alarms["keys"].datapoints, alarms["by-expression"].datapoints) == (1, 3)
    assert alarms["either"].rule == 'ALARM("keys") OR ALARM("cpu")'
    assert [row.provides for row in told.coverage] == [("metric-filter",), ("alarm",)]


@pytest.mark.parametrize(
    ("service", "operation", "word"),
    [("logs", "DescribeMetricFilters", "metric-filter"), ("cloudwatch", "DescribeAlarms", "alarm")],
)
def test_a_refused_listing_is_incomplete(aws: FakeAws, bench: Bench, service: str, operation: str, word: str):
    watchers_in(aws)
    aws.fault(service, operation, denied())
    reading = bench.read(watchers.alarms)
    assert [gap.makes_unknown for gap in reading.gaps] == [(word,)]
    assert {row.provides: row.complete for row in reading.coverage}[word,] is False


def test_an_event_rule_says_whom_it_tells(aws: FakeAws, bench: Bench):
    watchers_in(aws)
    (rule,) = bench.read(watchers.event_rules).facts
    assert (rule.name, rule.state, rule.targets) == ("keys", "ENABLED", ("arn:aws:sns:eu-west-1:1:security",))


def test_a_rule_whose_targets_are_refused_is_not_called_idle(aws: FakeAws, bench: Bench):
    watchers_in(aws)
    aws.fault("events", "ListTargetsByRule", denied())
    reading = bench.read(watchers.event_rules)
    (rule,) = reading.facts
    assert (rule.targets, rule.unread) == (UNSET, {"targets": reading.gaps[0].reason()})


def test_an_event_data_store_says_what_it_keeps(aws: FakeAws, bench: Bench):
    watchers_in(aws)
    (store,) = bench.read(trails.event_stores).facts
    assert (store.name, store.status, store.retention_days, store.multi_region) == ("lake", "ENABLED", 2557, True)
    assert store.advanced_selectors[0].fields[0].equals == ("Management",)


def test_a_refused_event_data_store_is_there_without_its_facts(aws: FakeAws, bench: Bench):
    watchers_in(aws)
    aws.fault("cloudtrail", "GetEventDataStore", denied())
    reading = bench.read(trails.event_stores)
    (store,) = reading.facts
    assert store.advanced_selectors is UNSET
    assert set(store.unread.values()) == {reading.gaps[0].reason()}

"""Who is told when a key is disabled or its deletion scheduled: metric filters, alarms, EventBridge rules.

Of the many filters, alarms and rules of an account only those are kept that may have to do with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from scanner.catalog.destruction import CALLS as DESTRUCTION
from scanner.catalog.destruction import filter_notices, rule_notices
from scanner.collect.facts import listing
from scanner.collect.session import Refused, Scope
from scanner.model.records import AlarmFact, EventRuleFact, Item, MetricFilterFact

ALARM_CALLS = (("logs", "DescribeMetricFilters"), ("cloudwatch", "DescribeAlarms"))
ALARM_PROVIDES = ("metric-filter", "alarm")
RULE_CALLS = (("events", "ListRules"), ("events", "ListTargetsByRule"))
RULE_PROVIDES = ("event-rule",)


def alarms(scope: Scope) -> Iterator[Item]:
    """Metric filters that may count such calls, then the alarms on their metrics and the composite ones."""
    counted: set[str] = set()

    def metric_filter(found: dict[str, Any]) -> Iterator[Item]:
        pattern = found.get("filterPattern") or ""
        if all(filter_notices(pattern, call) is False for call in DESTRUCTION):
            return
        written = found.get("metricTransformations", ())
        metrics = tuple(f"{metric['metricNamespace']}/{metric['metricName']}" for metric in written)
        counted.update(metrics)
        yield MetricFilterFact(
            account=scope.account,
            region=scope.region,
            name=found["filterName"],
            log_group=found["logGroupName"],
            pattern=pattern,
            metrics=metrics,
        )

    yield from listing(scope, "logs", "DescribeMetricFilters", "metricFilters", ("metric-filter",), metric_filter)
    yield from _alarms(scope, counted)


def _alarms(scope: Scope, counted: set[str]) -> Iterator[Item]:
    count, refused = 0, None
    try:
        for page in scope.pages("cloudwatch", "describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
            for found in page.get("MetricAlarms", ()):
                metrics = tuple(_metrics(found))
                count += 1
                if counted & set(metrics):
                    yield _alarm(scope, found, metrics=metrics)
            for found in page.get("CompositeAlarms", ()):
                count += 1
                yield _alarm(scope, found, rule=found["AlarmRule"])
    except Refused as error:
        refused = error
        yield scope.gap(error, makes_unknown=("alarm",))
    yield scope.coverage("cloudwatch", "DescribeAlarms", ("alarm",), count, complete=refused is None)


def _metrics(alarm: dict[str, Any]) -> Iterator[str]:
    """The metrics of an alarm: its own, or those that go into its expression."""
    stated = [alarm, *(query["MetricStat"]["Metric"] for query in alarm.get("Metrics", ()) if query.get("MetricStat"))]
    yield from (f"{metric.get('Namespace')}/{metric['MetricName']}" for metric in stated if metric.get("MetricName"))


def _alarm(scope: Scope, found: dict[str, Any], **values: Any) -> AlarmFact:
    return AlarmFact(
        account=scope.account,
        region=scope.region,
        arn=found["AlarmArn"],
        name=found["AlarmName"],
        actions=tuple(found.get("AlarmActions", ())) if found.get("ActionsEnabled", True) else (),
        comparison=found.get("ComparisonOperator"),
        threshold=found.get("Threshold"),
        datapoints=found.get("DatapointsToAlarm") or found.get("EvaluationPeriods") or 1,
        **values,
    )


def event_rules(scope: Scope) -> Iterator[Item]:
    """Rules of the default bus, where CloudTrail's events arrive, with what they send them to."""

    def rule(found: dict[str, Any]) -> Iterator[Item]:
        pattern = found.get("EventPattern") or ""
        seen = (rule_notices(pattern, call, scope.account, scope.region) for call in DESTRUCTION if pattern)
        if all(truth is False for truth in seen):
            return
        targets: Any = UNSET
        unread = {}
        try:
            pages = scope.pages("events", "list_targets_by_rule", Rule=found["Name"])
            targets = tuple(sorted(target["Arn"] for page in pages for target in page["Targets"]))
        except Refused as refused:
            gap = scope.gap(refused, subject=found["Arn"], makes_unknown=("event-rule.targets",))
            unread["targets"] = gap.reason()
            yield gap
        yield EventRuleFact(
            account=scope.account,
            region=scope.region,
            arn=found["Arn"],
            name=found["Name"],
            pattern=pattern,
            state=found.get("State", "ENABLED"),
            targets=targets,
            unread=unread,
        )

    return listing(scope, "events", "ListRules", "Rules", RULE_PROVIDES, rule)

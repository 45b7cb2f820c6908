"""Who is told of the destruction of keys, by a plan: filters, alarms, event rules, and what apply alone can tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from builders import listed
from msgspec import UNSET
from msgspec.structs import replace
from tf_builder import ACCOUNT, AFTER_APPLY, REGION, PlanText, a_key, facts, ref

from scanner.collect.terraform import PlanOptions, overlay, source_of
from scanner.graph.build import build
from scanner.model.records import (
    AlarmFact,
    EventRuleFact,
    EventSelector,
    EventStoreFact,
    KeyFact,
    MetricFilterFact,
    Record,
    Source,
    TrailFact,
)
from scanner.model.settings import Settings
from scanner.model.snapshot import Snapshot, snapshot_of
from scanner.model.unknown import Partial, Unknown

BOTH = "{ $.eventSource = kms.amazonaws.com && ($.eventName = DisableKey || $.eventName = ScheduleKeyDeletion) }"
EVENTS = '{"source": ["aws.kms"], "detail": {"eventName": ["DisableKey", "ScheduleKeyDeletion"]}}'
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:security"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def a_trail(plan: PlanText, **values: Any) -> PlanText:
    own = {"name": "t", "s3_bucket_name": "b", "is_multi_region_trail": True, "enable_logging": True}
    group = {"cloud_watch_logs_group_arn": ref("aws_cloudwatch_log_group.audit.arn")}
    plan.resource("aws_cloudwatch_log_group.audit", {"name": "audit", "arn": AFTER_APPLY})
    return plan.resource("aws_cloudtrail.t", own | {"cloud_watch_logs_group_arn": AFTER_APPLY} | values, group)


def a_filter(plan: PlanText, expressions: dict[str, Any] | None = None, **values: Any) -> PlanText:
    own = {
        "name": "keys",
        "log_group_name": "audit",
        "pattern": BOTH,
        "metric_transformation": [{"name": "keys", "namespace": "Audit", "value": "1"}],
        "id": AFTER_APPLY,
    }
    return plan.resource("aws_cloudwatch_log_metric_filter.keys", own | values, expressions)


def an_alarm(plan: PlanText, expressions: dict[str, Any] | None = None, **values: Any) -> PlanText:
    own = {
        "alarm_name": "keys",
        "namespace": "Audit",
        "metric_name": "keys",
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": 1,
        "alarm_actions": AFTER_APPLY,
        "arn": AFTER_APPLY,
    }
    plan.resource("aws_sns_topic.security", {"name": "security", "arn": AFTER_APPLY})
    wired = {"alarm_actions": ref("aws_sns_topic.security.arn")} | (expressions or {})
    return plan.resource("aws_cloudwatch_metric_alarm.keys", own | values, wired)


def a_rule(plan: PlanText, expressions: dict[str, Any] | None = None, **values: Any) -> PlanText:
    own = {"name": "keys", "event_bus_name": "default", "event_pattern": EVENTS, "state": "ENABLED", "arn": AFTER_APPLY}
    return plan.resource("aws_cloudwatch_event_rule.keys", own | values, expressions)


def a_target(plan: PlanText, **values: Any) -> PlanText:
    plan.resource("aws_sns_topic.security", {"name": "security", "arn": AFTER_APPLY})
    own = {"rule": "keys", "event_bus_name": "default", "arn": AFTER_APPLY}
    wired = {"arn": ref("aws_sns_topic.security.arn"), "rule": ref("aws_cloudwatch_event_rule.keys.name")}
    return plan.resource("aws_cloudwatch_event_target.keys", own | values, wired)


def with_alarm() -> PlanText:
    return an_alarm(a_filter(a_trail(a_key(PlanText()))))


def unwatched(plan: PlanText) -> Any:
    """What the graph of the plan alone says."""
    read = plan.load()
    source = source_of(read, PlanOptions("plan.json"), NOW)
    return build(snapshot_of(source, read.items()), Settings()).accounts[ACCOUNT].unwatched_key_regions


def why_open(plan: PlanText) -> str:
    found = unwatched(plan)
    assert isinstance(found, Unknown)
    return found.reason


# --- the facts -------------------------------------------------------------------------------------


def test_a_trail_delivers_to_the_log_group_that_it_refers_to() -> None:
    (trail,) = facts(with_alarm().load(), TrailFact)
    assert trail.log_group == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:audit:*"


def test_a_filter_has_its_pattern_and_metrics() -> None:
    (found,) = facts(with_alarm().load(), MetricFilterFact)
    assert (found.id, found.pattern, found.metrics) == ("audit:keys", BOTH, ("Audit/keys",))


def test_an_alarm_has_its_metric_and_the_topic_that_it_tells() -> None:
    (found,) = facts(with_alarm().load(), AlarmFact)
    assert (found.arn, found.metrics) == (f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:keys", ("Audit/keys",))
    assert (found.actions, found.comparison, found.threshold) == ((TOPIC,), "GreaterThanOrEqualToThreshold", 1.0)
    assert found.datapoints == 1


def test_an_alarm_may_name_its_metric_by_the_id_of_the_filter() -> None:
    wired = {"metric_name": ref("aws_cloudwatch_log_metric_filter.keys.id")}
    plan = an_alarm(a_filter(PlanText()), wired, metric_name=AFTER_APPLY)
    assert facts(plan.load(), AlarmFact)[0].metrics == ("Audit/keys",)


def test_an_alarm_on_an_expression_looks_at_the_metrics_in_it() -> None:
    query = [
        {"id": "e", "expression": "m*1", "metric": []},
        {"id": "m", "metric": [{"namespace": "Audit", "metric_name": "keys", "period": 60, "stat": "Sum"}]},
    ]
    plan = an_alarm(PlanText(), namespace=None, metric_name=None, metric_query=query)
    assert facts(plan.load(), AlarmFact)[0].metrics == ("Audit/keys",)


def test_an_alarm_whose_actions_are_off_does_nothing() -> None:
    assert facts(an_alarm(PlanText(), actions_enabled=False).load(), AlarmFact)[0].actions == ()


def test_a_composite_alarm_has_its_rule() -> None:
    values = {"alarm_name": "any", "alarm_rule": 'ALARM("keys")', "alarm_actions": [TOPIC]}
    (found,) = facts(PlanText().resource("aws_cloudwatch_composite_alarm.any", values).load(), AlarmFact)
    assert (found.rule, found.metrics, found.actions) == ('ALARM("keys")', (), (TOPIC,))


def test_a_rule_has_its_targets() -> None:
    (found,) = facts(a_target(a_rule(PlanText())).load(), EventRuleFact)
    assert (found.arn, found.state, found.targets) == (
        f"arn:aws:events:{REGION}:{ACCOUNT}:rule/keys",
        "ENABLED",
        (TOPIC,),
    )
    assert found.unread == {}


@pytest.mark.parametrize(
    ("values", "expressions", "state"),
    [
        ({"state": "DISABLED", "is_enabled": True}, {}, "DISABLED"),
        ({"state": "ENABLED", "is_enabled": False}, {}, "DISABLED"),
        ({}, {}, "ENABLED"),
    ],
)
def test_a_rule_is_on_unless_it_is_switched_off(values: dict[str, Any], expressions: Any, state: str) -> None:
    assert facts(a_rule(PlanText(), expressions, **values).load(), EventRuleFact)[0].state == state


def test_a_rule_of_another_bus_is_none_that_matters() -> None:
    plan = a_target(a_rule(PlanText(), event_bus_name="own"), event_bus_name="own")
    assert facts(plan.load(), EventRuleFact) == []


def test_a_target_does_not_live_where_it_points_to() -> None:
    far = "arn:aws:events:us-east-1:999988887777:event-bus/default"
    (rule,) = facts(a_target(a_rule(PlanText()), arn=far).load(), EventRuleFact)
    assert (rule.account, rule.region, rule.targets) == (ACCOUNT, REGION, (far,))


def test_an_event_data_store_records_management_events_unless_told_otherwise() -> None:
    values = {"name": "e", "arn": AFTER_APPLY, "advanced_event_selector": AFTER_APPLY}
    (found,) = facts(PlanText().resource("aws_cloudtrail_event_data_store.e", values).load(), EventStoreFact)
    assert (found.status, found.multi_region, found.retention_days) == ("ENABLED", True, 2555)
    (selector,) = found.advanced_selectors
    assert [(one.field, one.equals) for one in selector.fields] == [("eventCategory", ("Management",))]


# --- what a plan alone proves ----------------------------------------------------------------------


def test_a_plan_that_makes_the_whole_alarm_proves_that_its_regions_are_watched() -> None:
    assert unwatched(with_alarm()) == ()


def test_a_plan_that_makes_the_whole_event_rule_proves_it_too() -> None:
    assert unwatched(a_target(a_rule(a_trail(a_key(PlanText()))))) == ()


def test_without_a_watcher_a_plan_alone_proves_nothing() -> None:
    assert "a plan does not hold all of" in why_open(a_trail(a_key(PlanText())))


OPEN = {
    "pattern": (a_filter, {"pattern": AFTER_APPLY}, {"pattern": ref("local.pattern")}),
    "event_pattern": (a_rule, {"event_pattern": AFTER_APPLY}, {"event_pattern": ref("local.pattern")}),
    "threshold": (an_alarm, {"threshold": AFTER_APPLY}, {"threshold": ref("local.threshold")}),
    "alarm_actions": (an_alarm, {"alarm_actions": AFTER_APPLY}, {"alarm_actions": ref("local.topics")}),
}


@pytest.mark.parametrize("path", OPEN)
def test_what_is_known_only_after_apply_is_open_with_its_address(path: str) -> None:
    build_one, values, expressions = OPEN[path]
    plan = build_one(PlanText(), expressions, **values).load()
    (found,) = facts(plan, {a_filter: MetricFilterFact, an_alarm: AlarmFact, a_rule: EventRuleFact}[build_one])
    (reason,) = {why for why in found.unread.values() if "known only after apply" in why}
    assert f".keys.{path} is known only after apply" in reason


def over_live(plan: PlanText, *live: Any) -> tuple[Any, Any]:
    """Unwatched Regions before and after a plan over an account that was read completely."""
    words = ("key", "trail", "metric-filter", "alarm", "event-rule", "event-store")
    source = Source(type="aws", started=NOW, accounts=(ACCOUNT,), regions=(REGION,))
    key = KeyFact(
        account=ACCOUNT, region=REGION, arn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1", id="1", manager="CUSTOMER"
    )
    items = [listed(*words, region=REGION), key, LIVE_TRAIL, *live]
    both = overlay(snapshot_of(source, items), plan.load(), PlanOptions("plan.json"))
    return tuple(_regions(one) for one in both)  # type: ignore[return-value]


def _regions(snapshot: Snapshot) -> Any:
    return build(snapshot, Settings()).accounts[ACCOUNT].unwatched_key_regions


HERE: dict[str, Any] = {"account": ACCOUNT, "region": REGION}
LIVE_TRAIL = TrailFact(
    **HERE, arn=f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/t", name="t", multi_region=True, organization=False,
    validation=True, log_group=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:audit:*", logging=True,
    selectors=(EventSelector(read_write="All", management=True),), advanced_selectors=(),
)  # fmt: skip
SILENT_TRAIL = replace(LIVE_TRAIL, arn=f"{LIVE_TRAIL.arn}-2", name="t-2", log_group=None)
"""Records the same, and delivers to nothing that anybody watches."""
LIVE_FILTER = MetricFilterFact(**HERE, name="keys", log_group="audit", pattern=BOTH, metrics=("Audit/keys",))
ALARM_ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:keys"
LIVE_ALARM = AlarmFact(
    **HERE, arn=ALARM_ARN, name="keys", metrics=("Audit/keys",), actions=(TOPIC,),
    comparison="GreaterThanOrEqualToThreshold", threshold=1.0,
)  # fmt: skip
RULE_ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/keys"
LIVE_RULE = EventRuleFact(**HERE, arn=RULE_ARN, name="keys", pattern=EVENTS, state="ENABLED", targets=(TOPIC,))
BY_ALARM = (LIVE_FILTER, LIVE_ALARM)

FILTER_NOW = {
    "id": "keys",
    "name": "keys",
    "log_group_name": "audit",
    "pattern": BOTH,
    "metric_transformation": [{"name": "keys", "namespace": "Audit"}],
}
ALARM_NOW = {
    "arn": ALARM_ARN,
    "alarm_name": "keys",
    "namespace": "Audit",
    "metric_name": "keys",
    "comparison_operator": "GreaterThanOrEqualToThreshold",
    "threshold": 1,
    "alarm_actions": [TOPIC],
}
RULE_NOW = {
    "arn": RULE_ARN, "name": "keys", "event_bus_name": "default", "event_pattern": EVENTS, "state": "ENABLED",
}  # fmt: skip
TARGET_NOW = {"rule": "keys", "event_bus_name": "default", "arn": TOPIC}
TRAIL_NOW = {
    "arn": LIVE_TRAIL.arn, "name": "t", "s3_bucket_name": "b", "is_multi_region_trail": True, "enable_logging": True,
    "cloud_watch_logs_group_arn": LIVE_TRAIL.log_group,
}  # fmt: skip

WEAKENED: dict[str, tuple[tuple[Record, ...], str, dict[str, Any], dict[str, Any]]] = {
    "narrower filter": (
        BY_ALARM,
        "aws_cloudwatch_log_metric_filter",
        FILTER_NOW,
        {"pattern": BOTH[:-1] + "&& $.x = 1 }"},
    ),
    "other metric": (BY_ALARM, "aws_cloudwatch_metric_alarm", ALARM_NOW, {"metric_name": "logins"}),
    "threshold of five": (BY_ALARM, "aws_cloudwatch_metric_alarm", ALARM_NOW, {"threshold": 5}),
    "in three periods": (BY_ALARM, "aws_cloudwatch_metric_alarm", ALARM_NOW, {"evaluation_periods": 3}),
    "in two of three periods": (
        BY_ALARM,
        "aws_cloudwatch_metric_alarm",
        ALARM_NOW,
        {"evaluation_periods": 3, "datapoints_to_alarm": 2},
    ),
    "alarm without action": (BY_ALARM, "aws_cloudwatch_metric_alarm", ALARM_NOW, {"alarm_actions": []}),
    "actions switched off": (BY_ALARM, "aws_cloudwatch_metric_alarm", ALARM_NOW, {"actions_enabled": False}),
    "rule switched off": ((LIVE_RULE,), "aws_cloudwatch_event_rule", RULE_NOW, {"state": "DISABLED"}),
    "rule of something else": ((LIVE_RULE,), "aws_cloudwatch_event_rule", RULE_NOW, {"event_pattern": '{"a":["b"]}'}),
    "trail switched off": (BY_ALARM, "aws_cloudtrail", TRAIL_NOW, {"enable_logging": False}),
    "trail without log group": (BY_ALARM, "aws_cloudtrail", TRAIL_NOW, {"cloud_watch_logs_group_arn": ""}),
}
DELETED: dict[str, tuple[tuple[Record, ...], str, dict[str, Any]]] = {
    "filter": (BY_ALARM, "aws_cloudwatch_log_metric_filter", FILTER_NOW),
    "alarm": (BY_ALARM, "aws_cloudwatch_metric_alarm", ALARM_NOW),
    "rule": ((LIVE_RULE,), "aws_cloudwatch_event_rule", RULE_NOW),
    "target": ((LIVE_RULE,), "aws_cloudwatch_event_target", TARGET_NOW),
    "trail": ((*BY_ALARM, SILENT_TRAIL), "aws_cloudtrail", TRAIL_NOW),
}


TOPIC_NOW = {"arn": TOPIC, "id": TOPIC, "name": "security"}
GROUP_NOW = {"arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:audit", "id": "audit", "name": "audit"}
NEEDED: dict[str, tuple[tuple[Record, ...], str, dict[str, Any]]] = {
    "topic of an alarm": (BY_ALARM, "aws_sns_topic", TOPIC_NOW),
    "topic of a rule": ((LIVE_RULE,), "aws_sns_topic", TOPIC_NOW),
    "log group of a filter": (BY_ALARM, "aws_cloudwatch_log_group", GROUP_NOW),
}


@pytest.mark.parametrize("case", NEEDED)
def test_a_plan_that_deletes_what_a_live_watcher_needs_leaves_the_region_unwatched(case: str) -> None:
    live, kind, now = NEEDED[case]
    plan = PlanText().resource(f"{kind}.x", {}, actions=("delete",), before=now)
    assert over_live(plan, *live) == ((), (REGION,))


def test_a_topic_that_is_made_again_under_its_name_is_still_told() -> None:
    new = {"name": "security", "arn": AFTER_APPLY, "id": AFTER_APPLY}
    plan = PlanText().resource("aws_sns_topic.x", new, actions=("delete", "create"), before=TOPIC_NOW)
    assert over_live(plan, LIVE_RULE) == ((), ())


@pytest.mark.parametrize("case", WEAKENED)
def test_a_plan_that_weakens_a_live_watcher_leaves_the_region_unwatched(case: str) -> None:
    live, kind, now, changed = WEAKENED[case]
    plan = PlanText().resource(f"{kind}.x", now | changed, actions=("update",), before=now)
    assert over_live(plan, *live) == ((), (REGION,))


@pytest.mark.parametrize("case", DELETED)
def test_a_plan_that_deletes_a_live_watcher_leaves_the_region_unwatched(case: str) -> None:
    live, kind, now = DELETED[case]
    plan = PlanText().resource(f"{kind}.x", {}, actions=("delete",), before=now)
    assert over_live(plan, *live) == ((), (REGION,))


def test_a_plan_that_changes_something_else_of_a_watcher_keeps_it() -> None:
    plan = PlanText().resource(
        "aws_cloudwatch_event_rule.x", RULE_NOW | {"description": "new"}, actions=("update",), before=RULE_NOW
    )
    assert over_live(plan, LIVE_RULE) == ((), ())


def test_a_plan_that_makes_a_watcher_mends_a_live_account() -> None:
    assert over_live(a_target(a_rule(PlanText()))) == ((REGION,), ())
    assert over_live(an_alarm(a_filter(PlanText()))) == ((REGION,), ())


def test_a_target_for_a_live_rule_mends_it() -> None:
    silent = EventRuleFact(**HERE, arn=RULE_ARN, name="keys", pattern=EVENTS, state="ENABLED", targets=())
    plan = PlanText().resource("aws_cloudwatch_event_target.x", TARGET_NOW)
    assert over_live(plan, silent) == ((REGION,), ())


def test_a_pattern_known_only_after_apply_leaves_a_live_account_open() -> None:
    values = RULE_NOW | {"event_pattern": AFTER_APPLY}
    plan = PlanText().resource(
        "aws_cloudwatch_event_rule.x", values, {"event_pattern": ref("local.pattern")}, ("update",), RULE_NOW
    )
    before, after = over_live(plan, LIVE_RULE)
    assert before == ()
    assert isinstance(after, Unknown)
    assert "aws_cloudwatch_event_rule.x.event_pattern is known only after apply" in after.reason


def test_an_alarm_of_something_else_leaves_nothing_open() -> None:
    values = {"alarm_name": "load", "namespace": "AWS/EC2", "metric_name": "CPU", "alarm_actions": AFTER_APPLY}
    plan = PlanText().resource("aws_cloudwatch_metric_alarm.x", values, {"alarm_actions": ref("local.topics")})
    assert over_live(plan) == ((REGION,), (REGION,))


def test_rules_of_one_name_in_two_regions_have_each_their_own_target() -> None:
    plan = a_rule(PlanText())
    far = {"name": "keys", "event_bus_name": "default", "event_pattern": EVENTS, "region": "us-east-1"}
    plan.resource("aws_cloudwatch_event_rule.far", far)
    plan.resource("aws_cloudwatch_event_target.far", TARGET_NOW | {"region": "us-east-1"})
    found = {rule.region: rule.targets for rule in facts(plan.load(), EventRuleFact)}
    assert found == {REGION: (), "us-east-1": (TOPIC,)}


def test_a_watcher_whose_region_is_not_known_proves_nothing() -> None:
    plan = an_alarm(a_filter(a_trail(a_key(PlanText(region=None)))))
    read = plan.load()
    (alarm,) = facts(read, AlarmFact)
    assert alarm.actions is UNSET
    assert "Region of aws_cloudwatch_metric_alarm.keys is not known" in alarm.unread["actions"]


def test_keys_that_nobody_listed_leave_a_region_open_where_nobody_is_told() -> None:
    plan = a_target(a_rule(a_trail(a_key(PlanText()))))
    plan.resource("aws_sqs_queue.far", {"name": "far", "region": "us-east-1"})
    assert isinstance(unwatched(plan), Partial)

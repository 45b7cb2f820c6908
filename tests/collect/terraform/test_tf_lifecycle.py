"""After how many days the lifecycle rules of a plan drop what a bucket holds."""

from __future__ import annotations

from typing import Any

import pytest
from tf_builder import AFTER_APPLY, PlanText, const, facts

from scanner.model.records import ResourceFact


def expiring(days: Any, status: Any = "Enabled") -> dict[str, Any]:
    return {"status": status, "expiration": [{"days": days}]}


def bucket(plan: PlanText) -> ResourceFact:
    return next(fact for fact in facts(plan.load(), ResourceFact) if fact.type == "AWS::S3::Bucket")


def with_rules(*rules: dict[str, Any]) -> ResourceFact:
    plan = PlanText().resource("aws_s3_bucket.logs", {"bucket": "logs"})
    lifecycle = {"bucket": "logs", "rule": list(rules)}
    return bucket(plan.resource("aws_s3_bucket_lifecycle_configuration.logs", lifecycle))


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        ([expiring(400)], 400),
        ([expiring(4000), expiring(90), expiring(30, "Disabled")], 90),
        ([expiring(30, "Disabled")], None),
        ([{"status": "Enabled", "transition": [{"days": 30, "storage_class": "GLACIER"}]}], None),
        ([{"status": "Enabled", "transition": []}, expiring(60)], 60),
    ],
)
def test_the_earliest_rule_that_is_on_counts(rules: list[dict[str, Any]], days: int | None) -> None:
    assert with_rules(*rules).attributes.get("expiration_days") == days


@pytest.mark.parametrize("rule", [expiring(AFTER_APPLY), expiring(30, AFTER_APPLY)])
def test_what_is_left_to_apply_stays_open(rule: dict[str, Any]) -> None:
    found = with_rules(expiring(4000), rule)
    assert "expiration_days" not in found.attributes
    assert "known only after apply" in found.unread["attributes.expiration_days"]


def test_rules_inside_the_bucket_count_too() -> None:
    rules = [{"enabled": True, "expiration": [{"days": 90}]}, {"enabled": False, "expiration": [{"days": 1}]}]
    plan = PlanText().resource("aws_s3_bucket.logs", {"bucket": "logs", "lifecycle_rule": rules})
    assert bucket(plan).attributes["expiration_days"] == 90


def test_a_bucket_without_rules_keeps_for_ever() -> None:
    computed = {"bucket": "logs", "lifecycle_rule": AFTER_APPLY}  # as the provider shows what nobody wrote
    found = bucket(PlanText().resource("aws_s3_bucket.logs", computed, {"bucket": const("logs")}))
    assert "expiration_days" not in found.attributes
    assert "attributes.expiration_days" not in found.unread

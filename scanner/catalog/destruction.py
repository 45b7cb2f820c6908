"""The calls that take a key out of use, as CloudTrail records them: what alarms and event rules have to notice."""

from __future__ import annotations

from typing import Any

from scanner.catalog import event_patterns, log_filters
from scanner.catalog.event_patterns import Truth

CALLS = ("DisableKey", "ScheduleKeyDeletion")
"""CIS AWS Foundations 4.7, Security Hub CloudWatch.7: disabling or scheduled deletion of customer managed keys."""


def _record(call: str) -> dict[str, Any]:
    """What every successful call of this name has in its CloudTrail record."""
    return {
        "eventSource": "kms.amazonaws.com",
        "eventName": call,
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "managementEvent": True,
        "readOnly": False,
        "errorCode": None,
        "errorMessage": None,
    }


def filter_notices(pattern: str, call: str) -> Truth:
    """Whether a metric filter with this pattern counts every such call."""
    return log_filters.matches(pattern, _record(call))


def rule_notices(pattern: str, call: str, account: str, region: str) -> Truth:
    """Whether an EventBridge rule with this pattern matches every such call in its own account and Region."""
    event = {
        "source": "aws.kms",
        "detail-type": "AWS API Call via CloudTrail",
        "account": account,
        "region": region,
        "detail": _record(call) | {"awsRegion": region},
    }
    return event_patterns.matches(pattern, event)

"""Which filter patterns and event patterns notice that a key is disabled or its deletion scheduled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.catalog.destruction import CALLS, filter_notices, rule_notices

CIS = "{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }"
FILTERS = {
    CIS: (True, True),
    '{ ($.eventSource = "kms.amazonaws.com") && ($.eventName = "DisableKey") }': (True, False),
    "{ $.eventSource = kms* && $.eventName = *Key* }": (True, True),
    "{ $.eventName = DisableKey || $.eventName = ScheduleKeyDeletion && $.eventSource = s3.amazonaws.com }": (
        True,
        False,
    ),
    "{ $.eventName != DisableKey }": (False, True),
    "{ $.eventSource = kms.amazonaws.com && $.errorCode NOT EXISTS }": (True, True),
    "{ $.eventSource = kms.amazonaws.com && $.errorCode = AccessDenied* }": (None, None),
    '{ $.eventName = DisableKey && $.userIdentity.arn != "*break-glass*" }': (None, False),
    "{ $.eventName = %Disable.*% }": (True, False),
    "{ $.eventName = %DisableKey|ScheduleKeyDeletion% }": (True, True),
    "{ $.eventName != %^Describe|^List% && $.eventSource = kms.amazonaws.com }": (True, True),
    "{ $.eventName = %(Disable|Schedule).*% }": (None, None),
    "{ $.eventName = %.*.*.*.*.*.*.*.*.*Z% }": (None, None),
    "{ $.eventName = %Disable[% }": (None, None),
    "%DisableKey|ScheduleKeyDeletion%": (True, True),
    "%^DisableKey%": (None, None),
    "{ $.eventSource = kms.amazonaws.com && $.readOnly IS FALSE }": (True, True),
    "{ $.managementEvent IS TRUE && $.readOnly IS TRUE }": (False, False),
    "{ $.errorCode IS NULL }": (None, None),
    "{ $.readOnly = false && $.eventSource = kms.amazonaws.com }": (None, None),
    "": (True, True),
    "DisableKey": (True, None),
    "?DisableKey ?ScheduleKeyDeletion": (True, True),
    "kms.amazonaws.com -AssumedRole": (None, None),
    "{ $.eventName = ConsoleLogin }": (False, False),
    "{ $.eventName = ": (None, None),
    "{ $.eventName ~ DisableKey }": (None, None),
    "[ip, user, request]": (None, None),
}


@pytest.mark.parametrize("pattern", FILTERS)
def test_metric_filter(pattern: str):
    assert tuple(filter_notices(pattern, call) for call in CALLS) == FILTERS[pattern]


HERE = ("111122223333", "eu-west-1")
VIA_TRAIL = {"detail-type": ["AWS API Call via CloudTrail"]}
RULES: list[tuple[Any, tuple[bool | None, bool | None]]] = [
    ({"source": ["aws.kms"], **VIA_TRAIL, "detail": {"eventName": list(CALLS)}}, (True, True)),
    ({"source": [{"prefix": "aws."}]}, (True, True)),
    ({"detail": {"eventName": [{"prefix": "Disable"}], "eventSource": ["kms.amazonaws.com"]}}, (True, False)),
    ({"detail": {"eventName": [{"wildcard": "*Key*"}]}}, (True, True)),
    ({"detail": {"eventName": [{"anything-but": ["DisableKey"]}]}}, (False, True)),
    ({"detail": {"eventName": [{"anything-but": {"prefix": "Schedule"}}]}}, (True, False)),
    ({"detail": {"eventName": [{"equals-ignore-case": "disablekey"}]}}, (True, False)),
    ({"$or": [{"source": ["aws.s3"]}, {"detail": {"eventName": ["DisableKey"]}}]}, (True, False)),
    ({"source": ["aws.kms"], "detail-type": ["KMS CMK Deletion"]}, (False, False)),
    ({"source": ["aws.kms"], "detail": {"userIdentity": {"arn": ["arn:1"]}}}, (None, None)),
    ({"source": ["aws.kms"], "detail": {"errorCode": [{"exists": False}]}}, (True, True)),
    ({"source": ["aws.kms"], "detail": {"errorCode": ["AccessDenied"]}}, (False, False)),
    ({"detail": {"eventName": [{"anything-but": {"prefix": ["Describe", "Schedule"]}}]}}, (True, False)),
    ({"detail": {"eventName": [{"anything-but": {"equals-ignore-case": ["disablekey"]}}]}}, (False, True)),
    ({"detail": {"eventName": [{"anything-but": {"prefix": ["Describe", 1]}}]}}, (None, None)),
    ({"source": ["aws.kms"], "account": ["111122223333"]}, (True, True)),
    ({"source": ["aws.kms"], "region": ["eu-west-1", "us-east-1"]}, (True, True)),
    ({"source": ["aws.kms"], "account": ["999988887777"]}, (False, False)),
    ({"source": ["aws.kms"], "detail": {"awsRegion": ["eu-west-1"]}}, (True, True)),
    ({"source": ["aws.kms"], "resources": ["arn:aws:kms:eu-west-1:111122223333:key/k"]}, (None, None)),
    ({"source": ["aws.ec2"]}, (False, False)),
    ("text", (None, None)),
]


@pytest.mark.parametrize(("pattern", "expected"), RULES, ids=[json.dumps(pattern) for pattern, _ in RULES])
def test_event_rule(pattern: Any, expected: tuple[bool | None, bool | None]):
    assert tuple(rule_notices(json.dumps(pattern), call, *HERE) for call in CALLS) == expected


@given(st.text(alphabet='{}()&|=!<>$.*?%"-[] eventName DisableKey', max_size=60))
def test_no_filter_pattern_breaks_the_parser(text: str):
    for pattern in (text, "{" + text + "}"):
        assert filter_notices(pattern, "DisableKey") in (True, False, None)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["source", "detail", "eventName", "$or", "prefix", "exists", "anything-but"]), x
            )
        ),
        max_leaves=8,
    )
)
def test_no_event_pattern_breaks_the_reader(value: Any):
    assert rule_notices(json.dumps(value), "DisableKey", *HERE) in (True, False, None)

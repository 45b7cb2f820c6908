"""Conditions that cannot hold together give no access; those that can, do."""

from __future__ import annotations

from typing import Any

import pytest
from authz.shorthand import KEY, NAMES, document

from scanner.authz.actions import bit
from scanner.authz.decide import explain
from scanner.authz.documents import parse_document
from scanner.authz.facts import StaticContext
from scanner.authz.joint import weigh_jointly
from scanner.authz.principals import parse_caller
from scanner.authz.request import AccessRequest, Documents, Verdict
from scanner.authz.weigh import weigh

S3, EC2 = "s3.eu-west-1.amazonaws.com", "ec2.eu-west-1.amazonaws.com"
MANY = [f"vpce-{i}" for i in range(400)]


def asked(allow_when: dict[str, Any], deny_when: dict[str, Any] | None) -> tuple[AccessRequest, Documents]:
    statements = [{"allow": "kms:Decrypt", "to": "alice", "when": allow_when}]
    if deny_when is not None:
        statements.append({"deny": "kms:*", "to": "*", "when": deny_when})
    policy = parse_document("key-policy/default", document(statements))
    caller = parse_caller(NAMES["alice"])
    request = AccessRequest(caller, bit("kms:Decrypt"), KEY, caller.account, StaticContext({}))
    return request, Documents(key_policies=(policy,))


@pytest.mark.parametrize(
    ("allow_when", "deny_when"),
    [
        ({"StringEquals": {"kms:ViaService": S3}}, {"StringEquals": {"kms:ViaService": [S3, EC2]}}),
        ({"StringEquals": {"kms:ViaService": S3}}, {"StringNotEquals": {"kms:ViaService": EC2}}),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"Bool": {"aws:SecureTransport": False}}),
        ({"Null": {"aws:SourceVpce": "true"}}, {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
        ({"StringEquals": {"aws:SourceVpce": "a"}, "StringEqualsIfExists": {"aws:SourceVpce": "b"}}, None),
    ],
    ids=str,
)
def test_conditions_that_exclude_each_other_deny(allow_when: Any, deny_when: Any) -> None:
    request, documents = asked(allow_when, deny_when)
    assert weigh(request, documents).may
    assert explain(request, weigh_jointly(request, documents)).verdict is Verdict.DENIED


@pytest.mark.parametrize(
    ("allow_when", "deny_when"),
    [
        ({"StringEquals": {"kms:ViaService": [S3, EC2]}}, {"StringEquals": {"kms:ViaService": S3}}),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
        ({"StringNotEquals": {"aws:SourceVpce": "a"}}, {"StringEquals": {"aws:SourceVpce": "b"}}),
        ({"StringLike": {"aws:SourceVpce": "vpce-*"}}, {"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
        ({"StringEquals": {"aws:SourceVpce": MANY}}, {"StringEquals": {"aws:SourceVpce": MANY}}),
        ({"Null": {"aws:SourceVpce": "false"}}, {"StringEquals": {"aws:SourceVpce": ["true", "false"]}}),
    ],
    ids=lambda condition: str(condition)[:60],
)
def test_conditions_that_may_hold_together_stay_conditional(allow_when: Any, deny_when: Any) -> None:
    request, documents = asked(allow_when, deny_when)
    assert explain(request, weigh_jointly(request, documents)).verdict is Verdict.CONDITIONAL

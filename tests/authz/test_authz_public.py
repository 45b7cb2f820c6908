"""Which statements open a key to the world, and which only look like it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from scanner.authz.estate import AccessEstate
from scanner.model.records import AccountFact, KeyFact, NamedDocument, Source
from scanner.model.snapshot import snapshot_of
from scanner.model.unknown import Unknown

A = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/k"
NARROW: list[dict[str, Any]] = [
    {"StringEquals": {"kms:CallerAccount": A}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}},
    {"StringEqualsIgnoreCase": {"aws:PrincipalAccount": A}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abc/r-1/*"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}},
    {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:*"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
    {"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
    {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}},
    {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudtrail:*:{A}:trail/*"}},
    {"StringEquals": {"aws:SourceAccount": A}},
    {"StringEquals": {"aws:SourceOwner": A}},
    {"StringLike": {"aws:userid": "AROAEXAMPLE:*"}},
    {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": A}},
    {"StringNotLike": {"aws:PrincipalArn": "*"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
]
OPEN: list[dict[str, Any]] = [
    {},
    {"StringLike": {"aws:PrincipalArn": "*"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/admin"}},
    {"StringNotEquals": {"aws:PrincipalAccount": A}},
    {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}},
    {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-abc/*"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": "x"}},
    {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringEquals": {"kms:EncryptionContext:tenant": "7"}},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringLike": {"aws:SourceVpce": "vpce-*"}},
    {"Null": {"aws:PrincipalOrgID": "true"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
]


def allow(who: Any = "*", condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": who, "Action": "kms:Decrypt", "Resource": "*", **more}
    return {**statement, "Condition": condition} if condition else statement


def found(*statements: dict[str, Any], policies: Any = None, rcps: Any = None) -> Any:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    key = KeyFact(
        account=A,
        region="eu-west-1",
        arn=KEY,
        id="k",
        manager="CUSTOMER",
        policies=(NamedDocument(name="default", document=text),) if policies is None else policies,
        grants=(),
    )
    account = AccountFact(account=A, region="aws-global", organization="o-abc", ou_path=("r-1",), scps=None, rcps=rcps)
    snapshot = snapshot_of(Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC)), [key, account])
    answer = AccessEstate.of(snapshot).public_statements(KEY)
    return answer if isinstance(answer, Unknown) else [ref.pointer for ref in answer]


@pytest.mark.parametrize("condition", NARROW, ids=str)
def test_what_outsiders_cannot_bring_about_narrows(condition: dict[str, Any]) -> None:
    assert found(allow(condition=condition)) == []


@pytest.mark.parametrize("condition", OPEN, ids=str)
def test_what_anybody_can_bring_about_does_not_narrow(condition: dict[str, Any]) -> None:
    assert found(allow(condition=condition)) == ["/Statement/0"]


@pytest.mark.parametrize("who", ["*", {"AWS": "*"}, {"AWS": [f"arn:aws:iam::{A}:root", "*"]}], ids=str)
def test_every_spelling_of_everyone_counts(who: Any) -> None:
    assert found(allow(who)) == ["/Statement/0"]


@pytest.mark.parametrize("who", [{"AWS": A}, {"AWS": "444455556666"}, {"Service": "logs.amazonaws.com"}], ids=str)
def test_named_accounts_and_services_are_not_everyone(who: Any) -> None:
    assert found(allow(who)) == []


def test_not_principal_with_allow_is_everyone_else() -> None:
    statement = {k: v for k, v in allow().items() if k != "Principal"}
    assert found({**statement, "NotPrincipal": {"AWS": f"arn:aws:iam::{A}:user/x"}}) == ["/Statement/0"]


def test_any_action_on_the_key_counts_but_no_other_key_and_no_other_service() -> None:
    assert found(allow(Action="kms:GetPublicKey")) == ["/Statement/0"]
    assert found(allow(Action="s3:*")) == []
    assert found(allow(Resource="arn:aws:kms:eu-west-1:111122223333:key/other")) == []


def test_a_deny_that_holds_for_all_outsiders_closes_the_statement() -> None:
    deny = {**allow(condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-abc"}}), "Effect": "Deny"}
    assert found(allow(), deny) == []
    partial = {**deny, "Action": "kms:Encrypt"}
    assert found(allow(), partial) == ["/Statement/0"]


def test_an_rcp_that_holds_for_all_outsiders_closes_it_too() -> None:
    deny = {**allow(condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}}), "Effect": "Deny"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    assert found(allow(), rcps=((NamedDocument(name="perimeter", document=text),),)) == []


def test_an_unread_or_unreadable_policy_is_unknown() -> None:
    assert isinstance(found(policies=UNSET), Unknown)
    assert isinstance(found(policies=(NamedDocument(name="default", document="{"),)), Unknown)
    assert isinstance(found(allow(Condition=[])), Unknown)


def test_the_second_key_policy_counts() -> None:
    shared = NamedDocument(name="AWS_RAM", document=json.dumps({"Statement": [allow()]}))
    assert found(policies=(shared,)) == ["/Statement/0"]

"""Faults of key policies as documents: outsiders, negations, orphans, unguarded services, differing replicas."""

from __future__ import annotations

import json
from typing import Any

import pytest
from builders import ACCOUNT, REGION, a_key, a_snapshot, account_statement
from msgspec import UNSET

from scanner.authz.keys import KeySubject, keys_of
from scanner.authz.lint import (
    foreign_accounts,
    negated_elements,
    orphan_principals,
    policy_differences,
    policy_writing,
    unguarded_services,
)
from scanner.model.records import NamedDocument
from scanner.model.unknown import Partial, Unknown

PARTNER = "999999999999"
OWN = frozenset({ACCOUNT})


def key_with(*statements: dict[str, Any], **facts: Any) -> KeySubject:
    text = json.dumps({"Version": "2012-10-17", "Statement": [account_statement(), *statements]})
    record = a_key(policies=(NamedDocument(name="default", document=text),), **facts)
    return keys_of(a_snapshot(record))[record.arn]


def allow(principal: Any, *actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": actions or ["kms:Decrypt"], "Resource": "*", **more}


def when(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}}


def pointers(found: Any) -> list[str]:
    return [reference.pointer for reference in found]


AWS = f"arn:aws:iam::{PARTNER}"
LETS_PARTNER_IN = [
    allow({"AWS": PARTNER}),
    allow({"AWS": f"{AWS}:root"}, "kms:*"),
    allow({"AWS": [f"{AWS}:role/app", f"arn:aws:iam::{ACCOUNT}:role/app"]}),
    allow({"AWS": f"{AWS}:user/ann"}, "kms:DescribeKey"),
    allow({"AWS": "*"}, **when("StringEquals", "kms:CallerAccount", PARTNER, ACCOUNT)),
    allow("*", **when("ArnLike", "aws:PrincipalArn", f"{AWS}:role/*")),
]


@pytest.mark.parametrize("statement", LETS_PARTNER_IN, ids=json.dumps)
def test_an_account_that_is_named_and_let_in(statement: dict[str, Any]) -> None:
    found = foreign_accounts(key_with(statement), OWN)
    assert not isinstance(found, Unknown)
    assert {account: pointers(refs) for account, refs in found.items()} == {PARTNER: ["/Statement/1"]}
    assert foreign_accounts(key_with(statement), OWN | {PARTNER}) == {}


KEEPS_PARTNER_OUT = [
    allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}),
    allow("*"),
    allow("*", **when("StringEquals", "kms:CallerAccount", ACCOUNT)),
    allow("*", **when("StringNotEquals", "kms:CallerAccount", PARTNER)),
    allow({"AWS": PARTNER}, **when("StringEquals", "aws:PrincipalAccount", ACCOUNT)),
    allow({"AWS": PARTNER}, "kms:PutKeyPolicy"),
    allow({"Service": "logs.amazonaws.com"}),
    {**allow({"AWS": PARTNER}), "Effect": "Deny"},
]


@pytest.mark.parametrize("statement", KEEPS_PARTNER_OUT, ids=json.dumps)
def test_an_account_that_is_not_let_in_by_name(statement: dict[str, Any]) -> None:
    assert foreign_accounts(key_with(statement), OWN) == {}


def test_a_deny_takes_an_account_out_again() -> None:
    deny = {
        **allow({"AWS": "*"}, "kms:*"),
        "Effect": "Deny",
        **when("StringNotEquals", "aws:PrincipalAccount", ACCOUNT),
    }
    assert foreign_accounts(key_with(allow({"AWS": PARTNER}), deny), OWN) == {}


def test_negated_elements_count_in_an_allow_alone() -> None:
    not_action = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "NotAction": "kms:Put*", "Resource": "*"}
    not_principal = {"Effect": "Allow", "NotPrincipal": {"AWS": PARTNER}, "Action": "kms:Decrypt", "Resource": "*"}
    key = key_with(not_action, not_principal, {**not_principal, "Effect": "Deny"})
    assert pointers(negated_elements(key)) == ["/Statement/1", "/Statement/2"]


def test_unique_ids_stand_for_deleted_principals() -> None:
    key = key_with(allow({"AWS": "AROAEXAMPLEFORMERROLE1"}), allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/AROA"}))
    assert pointers(orphan_principals(key)) == ["/Statement/1"]


LOGS = {"Service": "logs.eu-central-1.amazonaws.com"}
UNGUARDED = [
    allow(LOGS),
    allow(LOGS, "kms:CreateGrant"),
    allow(LOGS, **when("StringEqualsIfExists", "aws:SourceAccount", ACCOUNT)),
    allow(LOGS, **when("StringLike", "aws:SourceAccount", "*")),
    allow(LOGS, **when("ArnLike", "aws:SourceArn", "arn:aws:s3:::*")),
    allow(LOGS, **when("StringNotEquals", "aws:SourceAccount", ACCOUNT)),
    allow(LOGS, **when("StringLike", "kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:*")),
    allow(LOGS, **when("ForAllValues:StringEquals", "kms:EncryptionContext:aws:logs:arn", ACCOUNT)),
    allow(LOGS, **when("Bool", "aws:SecureTransport", "true")),
    allow("*", **when("Bool", "aws:PrincipalIsAWSService", "true")),
    allow({"AWS": "*"}, **when("StringEquals", "aws:PrincipalServiceName", "sns.amazonaws.com")),
]


@pytest.mark.parametrize("statement", UNGUARDED, ids=json.dumps)
def test_a_service_that_serves_strangers(statement: dict[str, Any]) -> None:
    assert pointers(unguarded_services(key_with(statement))) == ["/Statement/1"]


GUARDED = [
    allow(LOGS, "kms:DescribeKey"),
    allow(LOGS, **when("StringEquals", "aws:SourceAccount", ACCOUNT)),
    allow(LOGS, **when("StringLike", "AWS:sourceaccount", f"{ACCOUNT[:6]}*")),
    allow(LOGS, **when("ArnLike", "aws:SourceArn", f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*")),
    allow(LOGS, **when("StringEquals", "aws:SourceOrgID", "o-example1234")),
    allow(LOGS, **when("ArnLike", "kms:EncryptionContext:aws:logs:arn", f"arn:aws:logs:{REGION}:{ACCOUNT}:*")),
    {**allow(LOGS), "Effect": "Deny"},
    allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}),
    allow("*", **when("Bool", "aws:PrincipalIsAWSService", "false")),
    allow("*", **when("StringEquals", "kms:CallerAccount", ACCOUNT)),
    {
        **allow("*"),
        "Condition": {
            "Bool": {"aws:PrincipalIsAWSService": "true"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        },
    },
    allow(LOGS, **when("StringEquals", "aws:SourceOwner", ACCOUNT)),
]


@pytest.mark.parametrize("statement", GUARDED, ids=json.dumps)
def test_a_service_that_serves_the_account_alone(statement: dict[str, Any]) -> None:
    assert unguarded_services(key_with(statement)) == ()


def test_a_deny_for_other_sources_guards_every_service() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    deny |= when("StringNotEqualsIfExists", "aws:SourceAccount", ACCOUNT)
    assert unguarded_services(key_with(allow(LOGS), deny)) in ((), unguarded_services(key_with(allow(LOGS))))
    strict = {**deny, **when("StringNotEquals", "aws:SourceAccount", ACCOUNT)}
    assert unguarded_services(key_with(allow(LOGS), strict)) == ()


def other_region(*statements: dict[str, Any]) -> KeySubject:
    return key_with(*statements, region="us-east-1", key_id="key-2")


def test_spelling_order_sids_and_regions_are_no_difference() -> None:
    def use(region: str, sid: str, *actions: str) -> dict[str, Any]:
        via = when("StringEquals", "kms:ViaService", f"s3.{region}.amazonaws.com")
        return {"Sid": sid, **allow({"AWS": [ACCOUNT]}, *actions), **via}

    root = allow({"AWS": f"arn:aws:iam::{PARTNER}:root"})
    primary = key_with(use(REGION, "one", "kms:Decrypt", "kms:Encrypt"), root)
    replica = other_region(
        {**root, "Principal": {"AWS": PARTNER}}, use("us-east-1", "two", "KMS:encrypt", "kms:decrypt")
    )
    assert policy_differences(replica, primary) == ()


def test_a_statement_of_one_key_alone_is_a_difference_and_says_whose() -> None:
    primary = key_with(allow({"AWS": PARTNER}))
    replica = other_region(allow({"AWS": f"{AWS}:role/app"}))
    found = policy_differences(replica, primary)
    assert not isinstance(found, Unknown)
    assert [ref.document for ref in found] == ["key-policy/default", f"key-policy/default of {primary.arn}"]


@pytest.mark.parametrize("check", [negated_elements, orphan_principals, unguarded_services])
def test_what_was_not_read_is_not_clean(check: Any) -> None:
    unread = a_key(policies=UNSET, unread={"policies": "kms:GetKeyPolicy AccessDenied"})
    key = keys_of(a_snapshot(unread))[unread.arn]
    assert isinstance(check(key), Unknown)
    assert isinstance(foreign_accounts(key, OWN), Unknown)
    assert isinstance(policy_differences(key, key_with()), Unknown)
    faulty = check(key_with({"Effect": "Allow", "Principal": 7}))
    assert isinstance(faulty, Partial)
    assert "/Statement/1" in faulty.reason


def key_of_only(*statements: dict[str, Any]) -> KeySubject:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    record = a_key(policies=(NamedDocument(name="default", document=text),))
    return keys_of(a_snapshot(record))[record.arn]


@pytest.mark.parametrize(
    "statement",
    [
        account_statement(),
        allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"}, "kms:Put*"),
        allow({"AWS": "AROAEXAMPLEDELETEDROLE"}, "kms:PutKeyPolicy"),
        allow({"AWS": f"arn:aws:iam::{PARTNER}:root"}, "kms:*"),
        allow("*", "kms:PutKeyPolicy", **when("StringEquals", "aws:PrincipalTag/none", "x")),
        allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin", "Service": "sns.amazonaws.com"}, "kms:*"),
    ],
)
def test_a_statement_gives_the_right_to_write_the_policy(statement: dict[str, Any]) -> None:
    found = policy_writing(key_of_only(allow({"AWS": ACCOUNT}, "kms:Decrypt"), statement))
    assert isinstance(found, tuple)
    assert [one.pointer for one in found] == ["/Statement/1"]


@pytest.mark.parametrize(
    "statement",
    [
        allow({"AWS": ACCOUNT}, "kms:Describe*", "kms:EnableKey", "kms:ScheduleKeyDeletion"),
        allow({"Service": "sns.amazonaws.com"}, "kms:*"),
        allow("*", "kms:PutKeyPolicy") | {"Effect": "Deny"},
    ],
)
def test_no_statement_gives_the_right_to_write_the_policy(statement: dict[str, Any]) -> None:
    assert policy_writing(key_of_only(statement)) == ()


def test_who_may_write_a_policy_that_was_not_read_is_unknown() -> None:
    record = a_key(policies=UNSET)
    assert isinstance(policy_writing(keys_of(a_snapshot(record))[record.arn]), Unknown)

"""Access relations as rules see them: who, how surely, through what; open where something was not read."""

import json

from builders import ACCOUNT, a_gap, a_key, a_role, a_snapshot, account_statement, document
from msgspec import UNSET

from scanner.graph.build import build
from scanner.model.records import GrantFact, NamedDocument
from scanner.model.settings import Settings
from scanner.model.unknown import Partial, Unknown, known_members

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"


def key_of(*items):
    return next(iter(build(a_snapshot(*items), Settings()).keys.values()))


def policy(*statements):
    return (NamedDocument(name="default", document=document(*statements)),)


def allow(action, principal=ROLE, **more):
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*", **more}


def test_key_policy_names_the_user_and_the_evidence_points_at_the_statement():
    key = key_of(a_key(policies=policy(account_statement(), allow("kms:Decrypt"))), a_role())
    user = next(access for access in key.users if access.arn == ROLE)
    assert user.certain or user.conditions
    assert user.actions == ("kms:Decrypt",)
    assert user.via == ("key-policy",)
    assert "key-policy/default#/Statement/1" in {statement.id for statement in user.because}


def test_iam_policy_reaches_the_key_because_the_account_statement_delegates():
    role = a_role("app", {"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": "*"})
    key = key_of(a_key(), role)
    assert ROLE in {access.arn for access in known_members(key.admins)}
    assert ROLE not in {access.arn for access in known_members(key.users)}


def test_grant_gives_use_without_any_policy():
    grant = GrantFact(id="g", operations=("Decrypt",), grantee=ROLE)
    key = key_of(
        a_key(policies=policy(allow("kms:*", "arn:aws:iam::111122223333:role/admin")), grants=(grant,)), a_role()
    )
    assert [access.via for access in known_members(key.users) if access.arn == ROLE] == [("grant",)]


def test_explicit_deny_takes_the_access_away():
    deny = {"Effect": "Deny", "Principal": {"AWS": ROLE}, "Action": "kms:Decrypt", "Resource": "*"}
    key = key_of(a_key(policies=policy(allow("kms:Decrypt"), deny)), a_role())
    assert ROLE not in {access.arn for access in known_members(key.users)}


def test_condition_makes_the_access_conditional_and_is_named():
    narrowed = allow("kms:Decrypt", Condition={"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}})
    key = key_of(a_key(policies=policy(narrowed)), a_role())
    user = next(access for access in known_members(key.users) if access.arn == ROLE)
    assert not user.certain
    assert any("ViaService" in condition for condition in user.conditions)


def test_unread_grants_leave_the_users_open_but_show_the_known_ones():
    record = a_key(
        policies=policy(account_statement(), allow("kms:Decrypt")),
        grants=UNSET,
        unread={"grants": "kms:ListGrants AccessDenied"},
    )
    users = key_of(record, a_role()).users
    assert isinstance(users, Partial)
    assert "ListGrants" in users.reason
    assert ROLE in {access.arn for access in users.known}


def test_refused_iam_leaves_the_users_open():
    gap = a_gap("GetAccountAuthorizationDetails", "principal", "managed-policy", service="iam", region="aws-global")
    assert isinstance(key_of(a_key(), gap).users, Partial)


def test_unread_key_policy_says_nothing_about_public_statements():
    record = a_key(policies=UNSET, unread={"policies": "kms:GetKeyPolicy AccessDenied"})
    key = key_of(record)
    assert isinstance(key.public_statements, Unknown)
    assert isinstance(key.users, Partial)


def test_wildcard_principal_is_public_unless_a_condition_narrows_it():
    wide = allow("kms:Decrypt", "*", Condition={"StringLike": {"aws:PrincipalArn": "*"}})
    narrow = allow("kms:Decrypt", "*", Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}})
    assert [statement.pointer for statement in key_of(a_key(policies=policy(narrow, wide))).public_statements] == [
        "/Statement/1"
    ]


def test_unparsable_key_policy_is_unknown_never_an_answer():
    record = a_key(policies=(NamedDocument(name="default", document=json.dumps(["not", "a", "policy"])),))
    key = key_of(record)
    assert isinstance(key.users, Partial)
    assert isinstance(key.public_statements, Unknown)


def test_role_with_decrypt_on_everything_is_seen_with_its_statement():
    role = a_role("app", {"Effect": "Allow", "Action": "kms:*", "Resource": "*"})
    graph = build(a_snapshot(a_key(), role), Settings())
    (statement,) = graph.principals[ROLE].decrypts_all_keys
    assert statement.pointer == "/Statement/0"

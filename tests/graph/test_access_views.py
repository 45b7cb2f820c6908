"""Access relations as rules see them: who, how surely, through what; open where something was not read."""

import json

import pytest
from builders import (
    ACCOUNT,
    AN_ACCOUNT,
    NOW,
    a_gap,
    a_key,
    a_resource,
    a_role,
    a_snapshot,
    a_store,
    a_use,
    account_statement,
    document,
    listed,
)
from msgspec import UNSET
from msgspec.structs import replace

from scanner.graph.build import build
from scanner.model.records import GrantFact, NamedDocument, Source
from scanner.model.settings import Settings, TrustedAccount
from scanner.model.snapshot import snapshot_of
from scanner.model.unknown import Partial, Unknown, known_members

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"


def key_of(*items):
    return next(iter(build(a_snapshot(*items), Settings()).keys.values()))


def a_store_of(*items):
    return next(iter(build(a_snapshot(a_store(), *items), Settings()).stores.values()))


def policy(*statements):
    return (NamedDocument(name="default", document=document(*statements)),)


def allow(action, principal=ROLE, **more):
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*", **more}


def test_key_policy_names_the_user_and_the_evidence_points_at_the_statement():
    key = key_of(a_key(policies=policy(account_statement(), allow("kms:Decrypt"))), a_role())
    user = next(access for access in key.users if access.arn == ROLE)
    assert user.certain is True
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


@pytest.mark.parametrize(
    ("usage", "action", "uses"),
    [
        ("ENCRYPT_DECRYPT", "kms:Decrypt", True),
        ("ENCRYPT_DECRYPT", "kms:Sign", False),
        ("ENCRYPT_DECRYPT", "kms:Decapsulate", False),
        ("SIGN_VERIFY", "kms:Sign", True),
        ("SIGN_VERIFY", "kms:Decrypt", False),
        ("GENERATE_VERIFY_MAC", "kms:GenerateMac", True),
        ("KEY_AGREEMENT", "kms:DeriveSharedSecret", True),
    ],
)
def test_nobody_uses_a_key_for_what_it_cannot_do(usage, action, uses):
    key = key_of(a_key(usage=usage, policies=policy(allow(action))), a_role())
    assert (ROLE in {access.arn for access in known_members(key.users)}) is uses


def test_while_its_usage_is_unread_a_key_may_do_anything():
    record = a_key(usage=UNSET, unread={"usage": "kms:DescribeKey AccessDenied"}, policies=policy(allow("kms:Sign")))
    assert ROLE in {access.arn for access in known_members(key_of(record, a_role()).users)}


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


def test_while_the_key_policy_is_unread_iam_proves_no_access() -> None:
    role = a_role(inline=policy({"Effect": "Allow", "Action": "kms:*", "Resource": "*"}))
    key = key_of(a_key(policies=UNSET, unread={"policies": "known only after apply"}), role, AN_ACCOUNT)
    for relation in (key.admins, key.users):
        assert isinstance(relation, Partial)
        assert relation.known == ()
        assert "known only after apply" in relation.reason


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


def test_unread_scps_leave_open_whether_an_access_is_certain():
    unread = replace(AN_ACCOUNT, scps=UNSET, unread={"scps": "organizations:ListPoliciesForTarget AccessDenied"})
    rows = (listed("key", "alias"), listed("principal", region="aws-global"))
    source = Source(type="aws", started=NOW, accounts=(ACCOUNT,))
    graph = build(
        snapshot_of(source, [*rows, unread, a_key(policies=policy(allow("kms:Decrypt"))), a_role()]), Settings()
    )
    (user,) = [access for access in known_members(next(iter(graph.keys.values())).users) if access.arn == ROLE]
    assert isinstance(user.certain, Unknown)
    assert "SCP" in user.certain.reason


def test_administrator_who_can_assume_a_user_is_seen_with_the_path():
    trust = document(
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/boss"}, "Action": "sts:AssumeRole"}
    )
    boss = f"arn:aws:iam::{ACCOUNT}:role/boss"
    key = key_of(
        a_key(policies=policy(allow("kms:DisableKey", boss), allow("kms:Decrypt"))),
        a_role("app", trust=trust),
        a_role("boss", {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}),
    )
    (becoming,) = key.admins_becoming_users
    assert becoming.arn == boss
    assert "sts:AssumeRole" in becoming.path[0]


TRUSTING_BOSS = document(
    {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/boss"}, "Action": "sts:AssumeRole"}
)


def test_an_administrator_who_may_also_write_the_key_policy_is_still_seen_to_become_a_user():
    boss = f"arn:aws:iam::{ACCOUNT}:role/boss"
    statements = (allow(["kms:PutKeyPolicy", "kms:CreateGrant"], boss), allow("kms:Decrypt"))
    key = key_of(a_key(policies=policy(*statements)), a_role("app", trust=TRUSTING_BOSS), a_role("boss"))
    (becoming,) = key.admins_becoming_users
    assert becoming.arn == boss
    assert becoming.path == (
        f"{boss} does sts:AssumeRole on {ROLE}",
        f"{ROLE} does kms:Decrypt on {key.arn}",
    )


def test_becoming_another_administrator_of_the_key_policy_gains_nothing():
    boss, deputy = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("boss", "deputy"))
    statements = (allow("kms:PutKeyPolicy", [boss, deputy]), allow("kms:Decrypt"))
    key = key_of(a_key(policies=policy(*statements)), a_role(), a_role("boss"), a_role("deputy", trust=TRUSTING_BOSS))
    assert key.admins_becoming_users == ()


def test_becoming_somebody_who_may_write_the_key_policy_is_a_way_to_use():
    boss, deputy = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("boss", "deputy"))
    statements = (allow("kms:DisableKey", boss), allow("kms:PutKeyPolicy", deputy), allow("kms:Decrypt"))
    key = key_of(a_key(policies=policy(*statements)), a_role(), a_role("boss"), a_role("deputy", trust=TRUSTING_BOSS))
    (becoming,) = key.admins_becoming_users
    assert (becoming.arn, len(becoming.path)) == (boss, 3)


def test_writing_the_keys_own_policy_is_not_called_becoming():
    boss = f"arn:aws:iam::{ACCOUNT}:role/boss"
    key = key_of(
        a_key(policies=policy(allow("kms:PutKeyPolicy", boss), allow("kms:Decrypt"))), a_role(), a_role("boss")
    )
    assert key.admins_becoming_users == ()
    assert [access.arn for access in key.policy_writers] == [boss]


def test_store_administrators_come_from_iam_alone():
    store = a_store_of(
        a_role("ops", {"Effect": "Allow", "Action": "kms:DisconnectCustomKeyStore", "Resource": "*"}), a_role()
    )
    assert [(access.arn.rsplit("/", 1)[-1], access.actions) for access in store.admins] == [
        ("ops", ("kms:DisconnectCustomKeyStore",))
    ]


def test_principal_knows_the_data_classes_that_it_decrypts():
    graph = build(
        a_snapshot(
            a_key(policies=policy(allow("kms:Decrypt"))),
            a_resource("vol-1", "AWS::EC2::Volume", a_use(), tags={"DataClass": "pci"}),
            a_role(),
        ),
        Settings(),
    )
    assert graph.principals[ROLE].decrypts_classes == ("pci",)


def test_data_classes_that_were_not_told_concern_those_who_use_the_key():
    idle = a_role("idle")
    gap = a_gap("DescribeVolumes", "resource:AWS::EC2::Volume", service="ec2")
    graph = build(a_snapshot(a_key(policies=policy(allow("kms:Decrypt"))), a_role(), idle, gap), Settings())
    assert isinstance(graph.principals[ROLE].decrypts_classes, Partial)
    assert graph.principals[idle.arn].decrypts_classes == ()


def test_foreign_principal_is_trusted_only_by_the_settings():
    partner = "arn:aws:iam::999999999999:role/partner"
    snapshot = a_snapshot(a_key(policies=policy(allow("kms:Decrypt", partner))))
    for trusted in ((), (TrustedAccount("999999999999", "partner team"),)):
        key = next(iter(build(snapshot, Settings(trusted=trusted)).keys.values()))
        assert [access.trusted for access in known_members(key.users)] == [bool(trusted)]


def test_auditor_who_may_get_and_list_is_no_administrator():
    reads = allow(["kms:Get*", "kms:List*", "kms:Describe*"])
    assert key_of(a_key(policies=policy(reads)), a_role()).admins == ()


EBS = f"arn:aws:sts::{ACCOUNT}:assumed-role/aws:ec2-infrastructure/i-0123"


def held(grantee, **more):
    grant = GrantFact(id="g", grantee=grantee, operations=("Decrypt",), context_subset={"aws:ebs:id": "vol-1"}, **more)
    return key_of(a_key(grants=(grant,)), a_role(), listed("principal"))


def test_a_role_that_a_service_keeps_for_itself_has_its_grant_and_nothing_by_iam():
    key = held(EBS)
    assert EBS in {access.arn for access in known_members(key.users)}
    assert EBS not in {access.arn for access in known_members(key.admins)}


def test_a_session_of_a_role_that_is_no_more_has_nothing():
    gone = f"arn:aws:sts::{ACCOUNT}:assumed-role/gone/session"
    key = held(gone)
    assert gone not in {access.arn for access in (*known_members(key.users), *known_members(key.admins))}


def test_a_session_of_a_role_that_is_there_has_its_grant():
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/session"
    assert session in {access.arn for access in known_members(held(session).users)}

"""What changed between two snapshots; nothing is claimed where one side is blind."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    ACCOUNT,
    NOW,
    REGION,
    a_gap,
    a_key,
    a_resource,
    a_role,
    a_snapshot,
    a_use,
    account_statement,
    document,
    listed,
)
from msgspec import UNSET

from scanner.graph.build import build
from scanner.graph.compare import changes_between
from scanner.model.arn import key_arn
from scanner.model.records import GrantFact, Item, NamedDocument, Rotation, Source
from scanner.model.settings import Settings
from scanner.model.snapshot import Snapshot, snapshot_of

KEY = key_arn(REGION, ACCOUNT, "key-1")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
DECRYPT = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}


def diff(old: Snapshot, new: Snapshot) -> dict[str, Any]:
    return changes_between(build(old, Settings()), build(new, Settings()))


def changed(old: list[Item], new: list[Item]) -> dict[str, Any]:
    """The changes of which there are any."""
    return {word: changes for word, changes in diff(a_snapshot(*old), a_snapshot(*new)).items() if changes}


def policy(*statements: dict[str, Any]) -> tuple[NamedDocument, ...]:
    return (NamedDocument(name="default", document=document(*statements)),)


def a_grant(**facts: Any) -> GrantFact:
    return GrantFact(**{"id": "g-1", "operations": ("Decrypt",), "grantee": ROLE} | facts)


def test_what_is_the_same_has_not_changed() -> None:
    estate = [a_key(), a_role("app", DECRYPT), a_resource()]
    assert changed(estate, estate) == {}


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_that_came_and_one_that_went() -> None:
    volume = a_resource()
    found = changed([a_key(), volume], [a_key("key-2"), volume])
    assert [(one["key"], one["action"], one["dependants"]) for one in found["keys"]] == [
        (KEY, "gone", [volume.arn]),
        (key_arn(REGION, ACCOUNT, "key-2"), "created", []),
    ]
    assert "access" not in found


def test_a_key_in_another_state_names_what_depends_on_it() -> None:
    volume = a_resource()
    found = changed([a_key(), volume], [a_key(state="PendingDeletion", rotation=Rotation(enabled=False)), volume])
    actions = [change["action"] for change in found["keys"]]
    assert "state: Enabled -> PendingDeletion" in actions
    assert "rotation_enabled: true -> false" in actions
    assert found["keys"][0]["dependants"] == [volume.arn]


def test_a_key_that_a_refused_listing_may_hide_is_neither_created_nor_gone() -> None:
    refused = a_gap("ListKeys", "key")
    for old, new in (([a_key(), a_key("key-2")], [a_key(), refused]), ([a_key(), refused], [a_key(), a_key("key-2")])):
        found = changed(old, new)
        assert "keys" not in found
        assert [(one["what"], one["count"]) for one in found["unknown"] if one["what"] == "key"] == [("key", 1)]


def test_a_key_of_a_region_that_one_scan_left_out_is_not_created() -> None:
    source = Source(type="aws", started=NOW, accounts=(ACCOUNT,), regions=("us-east-1",))
    elsewhere = snapshot_of(source, [listed("key", region="us-east-1")])
    found = diff(elsewhere, a_snapshot(a_key()))
    assert found["keys"] == []
    assert found["unknown"][0]["reason"] == f"keys of {ACCOUNT}/{REGION} were not listed"


def test_a_fact_that_was_not_readable_has_not_changed() -> None:
    unread = a_key(rotation=UNSET, unread={"rotation": "kms:GetKeyRotationStatus AccessDenied in 1/eu"})
    found = changed([unread], [a_key()])
    assert "keys" not in found
    assert ("key.rotation_enabled", "kms:GetKeyRotationStatus AccessDenied in 1/eu", 1) in [
        (one["what"], one["reason"], one["count"]) for one in found["unknown"]
    ]


# --- access ---------------------------------------------------------------------------------------


def test_access_that_a_principal_gains_and_loses() -> None:
    without, with_it = [a_key(), a_role("app")], [a_key(), a_role("app", DECRYPT)]
    (gained,) = changed(without, with_it)["access"]
    assert gained == {
        "change": "gained",
        "principal": ROLE,
        "key": KEY,
        "actions": ["kms:Decrypt"],
        "verdict": "ALLOWED",
        "via": ["iam"],
    }
    (lost,) = changed(with_it, without)["access"]
    assert lost == gained | {"change": "lost"}


def test_access_that_turns_certain_is_gained() -> None:
    condition = {"Condition": {"StringEquals": {"kms:EncryptionContext:app": "x"}}}
    limited, free = [a_key(), a_role("app", DECRYPT | condition)], [a_key(), a_role("app", DECRYPT)]
    assert [(one["change"], one["verdict"]) for one in changed(limited, free)["access"]] == [("gained", "ALLOWED")]
    assert [(one["change"], one["verdict"]) for one in changed(free, limited)["access"]] == [("lost", "ALLOWED")]


def test_nobody_gained_access_that_could_not_be_read_before() -> None:
    unread = a_key(policies=UNSET, unread={"policies": "kms:GetKeyPolicy AccessDenied in 1/eu"})
    role = a_role("app", DECRYPT)
    before = changed([unread, role], [a_key(), role])
    assert [one for one in before.get("access", []) if one["change"] == "gained"] == []
    assert "key.users" in {one["what"] for one in before["unknown"]}
    after = changed([a_key(), role], [unread, role])
    assert [one for one in after.get("access", []) if one["change"] == "lost"] == []


# --- grants ---------------------------------------------------------------------------------------


def test_a_grant_that_came_and_one_that_went() -> None:
    found = changed([a_key(grants=(a_grant(),))], [a_key(grants=(a_grant(id="g-2", operations=("Encrypt",)),))])
    assert [(one["change"], one["grant"], one["grantee"], one["operations"]) for one in found["grants"]] == [
        ("added", "g-2", ROLE, ["Encrypt"]),
        ("removed", "g-1", ROLE, ["Decrypt"]),
    ]


def test_a_grant_may_have_been_there_where_grants_were_not_readable() -> None:
    unread = a_key(grants=UNSET, unread={"grants": "kms:ListGrants AccessDenied in 1/eu"})
    found = changed([unread], [a_key(grants=(a_grant(),))])
    assert "grants" not in found
    assert "key.grants" in {one["what"] for one in found["unknown"]}


# --- custody --------------------------------------------------------------------------------------


def test_a_resource_that_moves_to_another_custody() -> None:
    keys = [a_key(), a_key("key-2", origin="AWS_CLOUDHSM", store_id="cks-1", rotation=None)]
    moved = a_resource("vol-1", "AWS::EC2::Volume", a_use(key=key_arn(REGION, ACCOUNT, "key-2")))
    (change,) = changed([*keys, a_resource()], [*keys, moved])["custody"]
    assert (change["subject"], change["field"]) == (moved.arn, "storage")
    assert (change["before"], change["after"]) == ("CUSTOMER_MANAGED", "CKS")
    assert (change["key_before"], change["key_after"]) == (KEY, key_arn(REGION, ACCOUNT, "key-2"))


def test_another_key_of_the_same_custody_is_told() -> None:
    keys = [a_key(), a_key("key-2")]
    moved = a_resource("vol-1", "AWS::EC2::Volume", a_use(key=key_arn(REGION, ACCOUNT, "key-2")))
    (change,) = changed([*keys, a_resource()], [*keys, moved])["custody"]
    assert change["before"] == change["after"] == "CUSTOMER_MANAGED"


def test_custody_that_is_not_known_has_not_changed() -> None:
    unknown = a_resource("vol-1", "AWS::EC2::Volume", a_use(state="UNKNOWN", key=None, reason="not readable"))
    found = changed([a_key(), a_resource()], [a_key(), unknown])
    assert "custody" not in found
    assert ("resource.custody", "not readable") in {(one["what"], one["reason"]) for one in found["unknown"]}


# --- policies -------------------------------------------------------------------------------------

A = account_statement(Sid="A")
B = DECRYPT | {"Sid": "B", "Principal": {"AWS": ROLE}, "Action": ["kms:Decrypt", "kms:Encrypt"]}
WIDE = B | {"Action": "kms:*"}
C = {"Effect": "Deny", "Principal": "*", "Action": "kms:PutKeyPolicy", "Resource": "*"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param((A, B), (B, A), [], id="moved"),
        pytest.param((A, B), (A, B | {"Action": ["kms:Encrypt", "kms:Decrypt"]}), [], id="spelled-otherwise"),
        pytest.param((A,), (A, C), [("added", None, None, C)], id="added"),
        pytest.param((A, C), (A,), [("removed", None, C, None)], id="removed"),
        pytest.param((A, B), (A, WIDE), [("changed", "B", B, WIDE)], id="changed"),
    ],
)
def test_a_key_policy_is_compared_statement_by_statement(before: Any, after: Any, told: list[Any]) -> None:
    found = changed([a_key(policies=policy(*before))], [a_key(policies=policy(*after))]).get("policies", [])
    assert [(one["change"], one["sid"], one["before"], one["after"]) for one in found] == told
    assert {one["document"] for one in found} <= {f"{KEY} key-policy/default"}


def test_iam_and_trust_policies_are_compared_too() -> None:
    trust = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    found = changed([a_key(), a_role("app")], [a_key(), a_role("app", DECRYPT, trust=trust)])["policies"]
    assert [(one["change"], one["document"]) for one in found] == [
        ("added", f"{ROLE} iam-inline/inline"),
        ("added", f"{ROLE} trust"),
    ]


def test_a_document_that_could_not_be_read_has_not_changed() -> None:
    unread = a_key(policies=UNSET, unread={"policies": "kms:GetKeyPolicy AccessDenied in 1/eu"})
    found = changed([unread], [a_key()])
    assert "policies" not in found
    assert ("key-policy", "kms:GetKeyPolicy AccessDenied in 1/eu") in {
        (one["what"], one["reason"]) for one in found["unknown"]
    }

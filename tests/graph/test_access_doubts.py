"""Administrators who may become users: none is found only where everything on the ways was read and makes sense."""

import json

import pytest
from builders import ACCOUNT, AN_ACCOUNT, a_gap, a_key, a_role, a_snapshot, document, listed
from msgspec import UNSET
from msgspec.structs import replace

from scanner.authz.answers import what_can, who_can
from scanner.authz.estate import AccessEstate
from scanner.graph.build import build
from scanner.model.records import NamedDocument
from scanner.model.settings import Settings
from scanner.model.unknown import Partial

ADMIN, APP, HOP = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("admin", "app", "hop"))
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
BROKEN = {
    "not JSON": "{",
    "no statement": json.dumps({"Version": "2012-10-17"}),
    "an action that is no text": document({**TRUST, "Action": 7}),
    "no action": document({name: value for name, value in TRUST.items() if name != "Action"}),
    "no principal": document({name: value for name, value in TRUST.items() if name != "Principal"}),
    "a principal that is no principal": document({**TRUST, "Principal": 7}),
    "an element twice": '{"Version":"2012-10-17","Statement":[],"Statement":[]}',
}


def allow(action, principal):
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}


KEY = a_key(
    policies=(NamedDocument("default", document(allow("kms:DisableKey", ADMIN), allow("kms:Decrypt", APP))),), grants=()
)


CLOSED = document(TRUST)


def role(name, *statements, trust=CLOSED, **facts):
    return replace(a_role(name, *statements), trust=trust, **facts)


def account(*changed):
    """The three roles, those of `changed` in place of theirs."""
    roles = {r.arn: r for r in (role("admin"), role("app"), role("hop"), *changed)}
    return a_snapshot(KEY, AN_ACCOUNT, listed("principal"), *roles.values())


def becoming(snapshot):
    return next(iter(build(snapshot, Settings()).keys.values())).admins_becoming_users


def test_nothing_is_left_open_where_everything_was_read():
    assert becoming(account()) == ()
    assert who_can(AccessEstate.of(account()), "kms:Decrypt", KEY.arn)["complete"]


@pytest.mark.parametrize("trust", [*BROKEN.values(), UNSET], ids=[*BROKEN, "not read"])
def test_who_assumes_a_user_role_is_open_while_its_trust_policy_says_nothing(trust):
    snapshot = account(role("app", trust=trust))
    found = becoming(snapshot)
    assert isinstance(found, Partial)
    assert "trust" in found.reason
    for answer in (
        who_can(AccessEstate.of(snapshot), "kms:Decrypt", KEY.arn),
        what_can(AccessEstate.of(snapshot), ADMIN),
    ):
        assert not answer["complete"]
        assert any("trust" in reason for reason in answer["reasons"])


def test_a_role_that_comes_to_no_use_may_be_assumed_by_whomever():
    assert becoming(account(role("hop", trust="{"))) == ()


def test_a_role_that_comes_to_use_through_another_is_open_too():
    hop = role("hop", {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": APP}, trust="{")
    app = role("app", trust=document({**TRUST, "Principal": {"AWS": HOP}}))
    assert isinstance(becoming(account(hop, app)), Partial)


@pytest.mark.parametrize("facts", [{"inline": (NamedDocument("p", "{"),)}, {"inline": UNSET}, {"attached": UNSET}])
def test_an_administrator_whose_own_policies_are_not_known_may_come_to_anything(facts):
    assert isinstance(becoming(account(role("admin", **facts))), Partial)
    assert not what_can(AccessEstate.of(account(role("admin", **facts))), ADMIN)["complete"]


def test_policies_of_somebody_whom_no_administrator_becomes_do_not_matter():
    assert becoming(account(role("hop", inline=UNSET))) == ()


def test_policies_of_somebody_whom_an_administrator_becomes_do():
    hop = role("hop", inline=UNSET, trust=document({**TRUST, "Principal": {"AWS": ADMIN}}))
    assert isinstance(becoming(account(hop)), Partial)


def test_a_list_that_is_known_in_part_is_not_taken_for_all_of_it():
    admin = role("admin", unread={"inline": "not every policy is held"})
    assert isinstance(becoming(account(admin)), Partial)


def test_a_way_that_is_known_is_told_whatever_else_was_not_read():
    app = role("app", trust=document({**TRUST, "Principal": {"AWS": ADMIN}}), inline=UNSET)
    found = becoming(account(role("admin", inline=UNSET), app, role("hop", trust="{")))
    assert [access.arn for access in (found.known if isinstance(found, Partial) else found)] == [ADMIN]


def test_administrators_of_an_account_whose_iam_was_refused_are_open():
    gap = a_gap("GetAccountAuthorizationDetails", "principal", "managed-policy", service="iam")
    assert isinstance(becoming(a_snapshot(KEY, AN_ACCOUNT, gap)), Partial)


def test_part_of_the_grants_is_no_proof_of_the_rest():
    key = replace(KEY, unread={"grants": "Terraform does not hold the other grants"})
    access = AccessEstate.of(a_snapshot(key, AN_ACCOUNT, listed("principal"), role("admin"), role("app")))
    assert access.access(key.arn).reasons == ("Terraform does not hold the other grants",)

"""Malformed documents in a snapshot: nobody is let in by them, and who else is there is no longer certain."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from builders import ACCOUNT, a_key, a_snapshot, account_statement

from scanner.authz.estate import AccessEstate
from scanner.authz.keys import keys_of
from scanner.authz.lint import policy_differences
from scanner.authz.request import Verdict
from scanner.model.records import AccountFact, Coverage, Item, ManagedPolicyFact, NamedDocument, PrincipalFact
from scanner.model.unknown import Unknown

ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
ALLOW = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
TO_ANA = {**ALLOW, "Principal": {"AWS": ANA}}
WITHOUT = ["Action", "Resource"]
FREE = AccountFact(account=ACCOUNT, region="aws-global", organization=None, scps=None, rcps=None)
IAM_READ = Coverage(
    account=ACCOUNT, region="aws-global", service="iam", operation="x", complete=True, provides=("principal",)
)


def text(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def named(*statements: Any) -> tuple[NamedDocument, ...]:
    return (NamedDocument(name="default", document=text(*statements)),)


def without(element: str, **statement: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ALLOW, **statement}.items() if name != element}


def ana(*inline: NamedDocument) -> PrincipalFact:
    known: Any = {"inline": inline, "attached": (), "boundary": None, "tags": {}}
    return PrincipalFact(account=ACCOUNT, region="aws-global", arn=ANA, id="AIDAANA", name="ana", type="user", **known)


def estate_of(*items: Item) -> AccessEstate:
    return AccessEstate.of(a_snapshot(*items, IAM_READ))


@pytest.mark.parametrize("element", WITHOUT)
def test_a_key_policy_statement_that_kms_ignores_lets_nobody_in_and_is_told(element: str) -> None:
    key = a_key(policies=named(account_statement(), without(element, Principal={"AWS": ANA})), grants=())
    access = estate_of(key, ana()).access(key.arn)
    assert ANA not in access.principals("kms:Decrypt")
    assert not access.complete
    assert access.reasons == (f"key-policy/default#/Statement/1: {element} is missing, so the statement has no effect",)


@pytest.mark.parametrize("element", WITHOUT)
def test_a_denial_that_kms_ignores_takes_nothing_away(element: str) -> None:
    key = a_key(policies=named(TO_ANA, without(element, Effect="Deny", Principal="*")), grants=())
    assert estate_of(key, ana()).decide(ANA, key.arn, "kms:Decrypt").verdict is not Verdict.DENIED


@pytest.mark.parametrize("element", WITHOUT)
def test_an_identity_denial_without_action_or_resource_may_apply(element: str) -> None:
    key = a_key(policies=named(TO_ANA), grants=())
    denied = ana(*named(without(element, Effect="Deny")))
    assert estate_of(key, ana(), FREE).decide(ANA, key.arn, "kms:Decrypt").verdict is Verdict.ALLOWED
    assert estate_of(key, denied, FREE).decide(ANA, key.arn, "kms:Decrypt").verdict is Verdict.CONDITIONAL


@pytest.mark.parametrize("element", WITHOUT)
@pytest.mark.parametrize("field", ["scps", "rcps"])
def test_an_organisation_denial_without_action_or_resource_may_apply(field: str, element: str) -> None:
    key = a_key(policies=named(TO_ANA), grants=())
    who: Any = {"Principal": "*"} if field == "rcps" else {}
    levels: Any = {
        "scps": None,
        "rcps": None,
        field: (named({**ALLOW, **who}, without(element, Effect="Deny", **who)),),
    }
    account = AccountFact(account=ACCOUNT, region="aws-global", organization="o-abc", management_account=None, **levels)
    assert estate_of(key, ana(), account).decide(ANA, key.arn, "kms:Decrypt").verdict is Verdict.CONDITIONAL


@pytest.mark.parametrize("document", ["{", text({**TO_ANA, "Action": 7})])
def test_documents_that_cannot_be_read_are_not_known_to_be_the_same(document: str) -> None:
    key = a_key(policies=(NamedDocument(name="default", document=document),))
    found = keys_of(a_snapshot(key))[key.arn]
    assert isinstance(policy_differences(found, found), Unknown)


@pytest.mark.parametrize("document", ["{", text({**ALLOW, "Action": 7}), text(without("Action"))])
def test_an_scp_that_cannot_be_read_may_allow(document: str) -> None:
    key, level = a_key(policies=named(TO_ANA), grants=()), (NamedDocument(name="odd", document=document),)
    account = AccountFact(
        account=ACCOUNT, region="aws-global", organization="o-abc", management_account=None, scps=(level,), rcps=None
    )
    decision = estate_of(key, ana(), account).decide(ANA, key.arn, "kms:Decrypt")
    assert decision.verdict is Verdict.CONDITIONAL
    assert any("scp/odd" in condition for condition in decision.open_conditions)


@pytest.mark.parametrize("document", ["{", text({**ALLOW, "Action": 7}), text(without("Action"))])
def test_a_boundary_that_cannot_be_read_may_allow(document: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/odd"
    limit = ManagedPolicyFact(account=ACCOUNT, region="aws-global", arn=arn, name="odd", document=document)
    key = a_key(policies=named(account_statement()), grants=())
    bound = msgspec.structs.replace(ana(*named(ALLOW)), boundary=arn)
    decision = estate_of(key, bound, limit, FREE).decide(ANA, key.arn, "kms:Decrypt")
    assert decision.verdict is Verdict.CONDITIONAL
    assert any(f"boundary/{arn}" in condition for condition in decision.open_conditions)

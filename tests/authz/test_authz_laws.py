"""What has to hold for every estate, whatever its policies say."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from authz.estates import ACCOUNT, CONDITIONS, OTHER, documents, estates
from authz.strategies import cases
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from scanner.authz.actions import bit
from scanner.authz.documents import Document, parse_document
from scanner.authz.estate import AccessEstate
from scanner.authz.facts import carriers
from scanner.authz.joint import weigh_jointly
from scanner.authz.principals import parse_caller
from scanner.authz.relation import documents_of, request_of
from scanner.authz.request import Unread
from scanner.authz.simulate import answer
from scanner.authz.values import Given, Known
from scanner.authz.weigh import weigh
from scanner.model.snapshot import Snapshot

ASKED = ["kms:Decrypt", "kms:Encrypt", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:DescribeKey", "kms:RetireGrant"]
VALUES = {
    "kms:ViaService": ["s3.eu-west-1.amazonaws.com", "ec2.eu-west-1.amazonaws.com"],
    "kms:EncryptionContext:a": ["1", "2"],
    "aws:MultiFactorAuthPresent": ["true", "false"],
    "aws:SecureTransport": ["true", "false"],
    "kms:RequestAlias": ["alias/a1", "alias/b1"],
    "kms:GrantOperations": ["Decrypt", "Sign"],
    "kms:GrantIsForAWSResource": ["true", "false"],
    "aws:PrincipalTag/team": ["red", "blue"],
    "aws:ResourceTag/team": ["red", "blue"],
    "aws:PrincipalOrgID": ["o-abc", "o-xyz"],
    "aws:ResourceOrgID": ["o-abc"],
    "aws:PrincipalArn": [],
    "aws:username": [],
    "aws:PrincipalAccount": [],
    "kms:CallerAccount": [],
    "kms:ResourceAliases": ["alias/a1"],
    "kms:KeySpec": ["SYMMETRIC_DEFAULT"],
}


def pairs(estate: AccessEstate) -> Any:
    subjects = [s for s in estate.subjects.all() if not isinstance(s.identity, Unread)]
    return st.tuples(st.sampled_from(subjects), st.sampled_from(list(estate.keys.values())))


def test_every_condition_of_the_random_estates_is_completed() -> None:
    asked = {key for condition in CONDITIONS for keys in condition.values() for key in keys}
    assert asked <= set(VALUES)


@settings(max_examples=50)
@given(estates(), st.data())
def test_no_completion_of_the_context_contradicts_may_or_must(snapshot: Snapshot, data: st.DataObject) -> None:
    estate = AccessEstate.of(snapshot)
    subject, key = data.draw(pairs(estate))
    action = bit(data.draw(st.sampled_from(ASKED)))
    request, policies = replace(request_of(subject, key), actions=action), documents_of(subject, key)
    static = weigh_jointly(request, policies)
    given_values: dict[str, tuple[str, ...]] = {}
    for name, candidates in VALUES.items():
        value = request.context.value(name.lower())
        if not carriers(name.lower()) & action:
            continue
        if isinstance(value, Known):
            given_values[name] = value.values
            continue
        fitting = [c for c in candidates if any(shape.matches(c) for shape in value.shapes)]
        options = [(text,) for text in fitting] + ([()] if value.absent or not fitting else [])
        given_values[name] = data.draw(st.sampled_from(options))
    given_values["kms:EncryptionContextKeys"] = ("a",) if given_values.get("kms:EncryptionContext:a") else ()
    caller = subject.caller
    if caller.kind == "role":
        caller = parse_caller(f"arn:aws:sts::{caller.account}:assumed-role/{caller.name}/s")
    context = Given({name: texts for name, texts in given_values.items() if texts})
    concrete = weigh(replace(request, caller=caller, context=context), policies)
    assert not concrete.must & ~static.may
    assert not static.must & ~concrete.may


@settings(max_examples=50)
@given(estates(), st.data())
def test_must_is_inside_may_and_nothing_denied_is_in_it(snapshot: Snapshot, data: st.DataObject) -> None:
    estate = AccessEstate.of(snapshot)
    subject, key = data.draw(pairs(estate))
    outcome = weigh(request_of(subject, key), documents_of(subject, key))
    assert not outcome.must & ~outcome.may
    assert not outcome.denied & outcome.may


@settings(max_examples=50)
@given(estates(), documents(True, 1), documents(False, 1), st.data())
def test_a_deny_takes_and_an_allow_gives(snapshot: Snapshot, outer: str, own: str, data: st.DataObject) -> None:
    estate = AccessEstate.of(snapshot)
    subject, key = data.draw(pairs(estate))
    request, before = request_of(subject, key), documents_of(subject, key)
    assume(isinstance(before.key_policies, tuple) and isinstance(before.identity, tuple))
    for layer, text in (("key_policies", outer), ("identity", own)):
        for effect in ("Allow", "Deny"):
            after = replace(before, **{layer: (*getattr(before, layer), with_effect(text, effect))})
            old, new = weigh(request, before), weigh(request, after)
            small, large = (new, old) if effect == "Deny" else (old, new)
            assert not small.may & ~large.may
            assert not small.must & ~large.must


def with_effect(text: str, effect: str) -> Document:
    page = json.loads(text)
    for statement in page["Statement"]:
        statement["Effect"] = effect
    return parse_document("added", page)


@settings(max_examples=20)
@given(estates())
def test_renaming_the_accounts_changes_nothing_else(snapshot: Snapshot) -> None:
    names = {ACCOUNT: "123123123123", OTHER: "321321321321"}
    renamed = AccessEstate.of(translated(snapshot, names))
    for arn in AccessEstate.of(snapshot).keys:
        plain = {
            (translate(r.principal, names), r.action, r.verdict)
            for r in AccessEstate.of(snapshot).access(arn).reaches()
        }
        assert plain == {(r.principal, r.action, r.verdict) for r in renamed.access(translate(arn, names)).reaches()}


def translate(text: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text


def translated(snapshot: Snapshot, names: dict[str, str]) -> Snapshot:
    found = Snapshot(snapshot.source)
    for item in snapshot.items():
        text = translate(msgspec.json.encode(item).decode(), names)
        found.add(msgspec.json.decode(text, type=type(item)))
    return found


@settings(max_examples=60)
@given(cases(), st.randoms())
def test_the_order_of_statements_does_not_matter(case: dict[str, Any], dice: Any) -> None:
    shuffled = json.loads(json.dumps(case))
    for page in [shuffled["keyPolicy"], *shuffled["identityPolicies"]]:
        dice.shuffle(page["Statement"])
    assert answer(shuffled)["decision"] == answer(case)["decision"]

"""An estate: who reaches a key, what was not read, what stands on every key, and the answers by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET

from scanner.authz.answers import what_can, who_can
from scanner.authz.estate import AccessEstate, Reach
from scanner.authz.names import UnknownNameError
from scanner.authz.request import Verdict
from scanner.model.records import (
    AccountFact,
    AliasFact,
    Coverage,
    Gap,
    GrantFact,
    KeyFact,
    ManagedPolicyFact,
    NamedDocument,
    PrincipalFact,
    Source,
)
from scanner.model.snapshot import snapshot_of
from scanner.model.unknown import Partial, Unknown

A, B = "111122223333", "444455556666"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/k"
ROOT = f"arn:aws:iam::{A}:root"
ANA, APP = f"arn:aws:iam::{A}:user/ana", f"arn:aws:iam::{A}:role/app"


def text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def may(actions: Any, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": on, **more}


def to(who: Any, actions: Any, **more: Any) -> dict[str, Any]:
    return {**may(actions, **more), "Principal": who}


DEFAULT = to({"AWS": ROOT}, "kms:*")


def a_key(*statements: dict[str, Any], **more: Any) -> KeyFact:
    policies = (NamedDocument(name="default", document=text(*(statements or (DEFAULT,)))),)
    known: dict[str, Any] = {"policies": policies, "grants": (), "tags": {}, "spec": "SYMMETRIC_DEFAULT", **more}
    return KeyFact(account=A, region="eu-west-1", arn=KEY, id="k", manager="CUSTOMER", **known)


def a_user(*statements: dict[str, Any], name: str = "ana", **more: Any) -> PrincipalFact:
    inline = (NamedDocument(name="own", document=text(*statements)),) if statements else ()
    arn = f"arn:aws:iam::{A}:user/{name}"
    known: dict[str, Any] = {"inline": inline, "attached": (), "boundary": None, "tags": {}, **more}
    return PrincipalFact(account=A, region="aws-global", arn=arn, id=f"AIDA{name}", name=name, type="user", **known)


def a_role(*statements: dict[str, Any], name: str = "app", path: str = "") -> PrincipalFact:
    inline = (NamedDocument(name="own", document=text(*statements)),) if statements else ()
    return PrincipalFact(
        account=A,
        region="aws-global",
        arn=f"arn:aws:iam::{A}:role/{path}{name}",
        id=f"AROA{name}",
        name=name,
        type="role",
        trust=text(),
        inline=inline,
        attached=(),
        boundary=None,
        tags={},
    )


LISTED = Coverage(account=A, region="aws-global", service="iam", operation="x", complete=True, provides=("principal",))
FREE = AccountFact(account=A, region="aws-global", organization=None, scps=None, rcps=None)


def an_estate(*items: Any, account: Any = FREE, listed: Any = LISTED) -> AccessEstate:
    everything = [item for item in (*items, account, listed) if item is not None]
    return AccessEstate.of(snapshot_of(Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC)), everything))


def reach(estate: AccessEstate, principal: str, action: str = "kms:Decrypt") -> Reach | None:
    return next((r for r in estate.access(KEY).reaches([action]) if r.principal == principal), None)


def test_a_reach_names_the_statements_on_both_sides() -> None:
    found = reach(an_estate(a_key(), a_user(may("kms:Decrypt"))), ANA)
    assert found is not None
    assert found.certain
    assert found.via == {"iam"}
    assert [(ref.document, ref.pointer) for ref in found.because] == [
        ("key-policy/default", "/Statement/0"),
        ("iam-inline/ana/own", "/Statement/0"),
    ]


def test_of_equal_statements_everybody_is_shown_the_same_one() -> None:
    estate = an_estate(a_key(to("*", "kms:*"), to("*", "*")), a_user(), a_user(name="ben"))
    shown = {r.because[0].pointer for r in estate.access(KEY).reaches(["kms:Decrypt"]) if r.principal_type == "user"}
    assert shown == {"/Statement/1"}


def test_group_and_managed_policies_are_named_as_such() -> None:
    arn = f"arn:aws:iam::{A}:policy/p"
    group = PrincipalFact(
        account=A,
        region="aws-global",
        arn=f"arn:aws:iam::{A}:group/g",
        id="G",
        name="g",
        type="group",
        inline=(NamedDocument(name="gp", document=text(may("kms:Encrypt"))),),
        attached=(),
    )
    policy = ManagedPolicyFact(account=A, region="aws-global", arn=arn, name="p", document=text(may("kms:Decrypt")))
    estate = an_estate(a_key(), group, policy, a_user(attached=(arn,), groups=("g",)))
    by_policy, by_group = reach(estate, ANA), reach(estate, ANA, "kms:Encrypt")
    assert by_policy is not None
    assert by_policy.because[-1].document == f"iam/{arn}"
    assert by_group is not None
    assert by_group.because[-1].document == "iam-inline/g/gp"


def test_the_root_user_is_a_principal_of_its_own() -> None:
    found = reach(an_estate(a_key()), ROOT)
    assert found is not None
    assert (found.principal_type, found.verdict) == ("root", Verdict.ALLOWED)


def test_grants_reach_their_grantees_with_their_constraints() -> None:
    grant = GrantFact(id="g1", operations=("Decrypt",), grantee=APP, context_subset={"tenant": "7"})
    found = reach(an_estate(a_key(grants=(grant,)), a_role()), APP)
    assert found is not None
    assert found.via == {"grant"}
    assert found.verdict is Verdict.CONDITIONAL
    assert found.conditions == ("kms:EncryptionContext:tenant is `7`",)
    assert found.because[0].document == "grant/g1"


@pytest.mark.parametrize(
    ("who", "principal", "kind"),
    [
        ({"AWS": f"arn:aws:iam::{B}:role/x"}, f"arn:aws:iam::{B}:role/x", "role"),
        ({"AWS": B}, f"arn:aws:iam::{B}:root", "account"),
        ({"Service": "logs.amazonaws.com"}, "logs.amazonaws.com", "service"),
        ("*", "*", "anyone"),
    ],
)
def test_strangers_that_a_key_policy_names_are_listed(who: Any, principal: str, kind: str) -> None:
    found = reach(an_estate(a_key(DEFAULT, to(who, "kms:Decrypt"))), principal)
    assert found is not None
    assert found.principal_type == kind
    assert found.verdict is (Verdict.ALLOWED if kind == "service" else Verdict.CONDITIONAL)


def test_a_foreign_account_is_listed_on_the_condition_that_its_iam_agrees() -> None:
    found = reach(an_estate(a_key(DEFAULT, to({"AWS": B}, "kms:Decrypt"))), f"arn:aws:iam::{B}:root")
    assert found is not None
    assert f"IAM policies of account {B} were not read" in found.conditions


def test_deleted_principals_reach_nothing() -> None:
    access = an_estate(a_key(to({"AWS": "AIDAEXAMPLEDELETED001"}, "kms:*"))).access(KEY)
    assert list(access.reaches()) == []
    assert access.complete


def test_a_session_named_in_the_key_policy_makes_its_role_conditional() -> None:
    session = f"arn:aws:sts::{A}:assumed-role/app/night"
    estate = an_estate(a_key(to({"AWS": session}, "kms:Decrypt")), a_role(path="batch/"))
    by_role, by_session = reach(estate, f"arn:aws:iam::{A}:role/batch/app"), reach(estate, session)
    assert by_role is not None
    assert by_role.verdict is Verdict.CONDITIONAL
    assert by_session is not None
    assert by_session.verdict is Verdict.ALLOWED


def test_unread_scps_weaken_certainty_but_not_the_list() -> None:
    unknown = AccountFact(account=A, region="aws-global", organization="o-1", unread={"scps": "denied"})
    access = an_estate(a_key(), a_user(may("kms:*")), account=unknown).access(KEY)
    found = next(r for r in access.reaches(["kms:Decrypt"]) if r.principal == ANA)
    assert access.complete
    assert found.verdict is Verdict.CONDITIONAL
    assert any("SCPs" in text and "denied" in text for text in found.conditions)


@pytest.mark.parametrize(
    "items",
    [
        (a_key(policies=UNSET, unread={"policies": "kms:GetKeyPolicy AccessDenied"}),),
        (a_key(grants=UNSET),),
        (a_key(), a_user(attached=(f"arn:aws:iam::{A}:policy/missing",))),
        (a_key(), a_user(inline=UNSET)),
        (a_key(policies=(NamedDocument(name="default", document="{"),)),),
        (a_key({"Effect": "Allow"}, {"Effect": 1}),),
    ],
    ids=["key policy", "grants", "managed policy", "inline", "malformed", "malformed statement"],
)
def test_what_was_not_read_makes_the_list_partial(items: tuple[Any, ...]) -> None:
    access = an_estate(*items).access(KEY)
    assert not access.complete
    assert access.reasons


def test_iam_that_was_refused_makes_the_list_partial() -> None:
    gap = Gap(
        account=A,
        region="aws-global",
        service="iam",
        operation="GetAccountAuthorizationDetails",
        code="AccessDenied",
        makes_unknown=("principal", "managed-policy"),
    )
    access = an_estate(a_key(), gap, listed=None).access(KEY)
    assert access.reasons == (gap.reason(),)
    assert not an_estate(a_key(), listed=None).access(KEY).complete


def test_iam_that_does_not_decide_does_not_make_the_list_partial() -> None:
    only_app = to({"AWS": APP}, "kms:Decrypt")
    unread = a_user(inline=UNSET)
    access = an_estate(a_key(only_app), a_role(), unread).access(KEY)
    assert access.complete
    assert access.principals("kms:Decrypt") == {APP}
    assert not an_estate(a_key(only_app, DEFAULT), a_role(), unread).access(KEY).complete


def test_the_iam_of_another_account_does_not_matter_to_a_key_that_does_not_name_it() -> None:
    other = Gap(
        account=B,
        region="aws-global",
        service="iam",
        operation="GetAccountAuthorizationDetails",
        code="AccessDenied",
        makes_unknown=("principal",),
    )
    assert an_estate(a_key(), other).access(KEY).complete
    assert not an_estate(a_key(DEFAULT, to({"AWS": B}, "kms:Decrypt")), other).access(KEY).complete


def test_an_unread_key_policy_still_shows_what_iam_could_give() -> None:
    found = reach(an_estate(a_key(policies=UNSET), a_user(may("kms:Decrypt"))), ANA)
    assert found is not None
    assert found.verdict is Verdict.CONDITIONAL


def test_service_linked_roles_escape_scps() -> None:
    scp = ((NamedDocument(name="none", document=text({**may("*"), "Effect": "Deny"})),),)
    bound = AccountFact(account=A, region="aws-global", organization="o-1", management_account=B, scps=scp, rcps=None)
    path = "aws-service-role/x.amazonaws.com/"
    linked = f"arn:aws:iam::{A}:role/{path}Linked"
    policy = to({"AWS": [linked, APP]}, "kms:Decrypt")
    estate = an_estate(a_key(policy), a_role(), a_role(name="Linked", path=path), account=bound)
    assert estate.access(KEY).principals("kms:Decrypt") == {linked}


def test_the_management_account_is_bound_by_no_scp() -> None:
    scp = ((NamedDocument(name="none", document=text({**may("*"), "Effect": "Deny"})),),)
    account = AccountFact(account=A, region="aws-global", organization="o-1", management_account=A, scps=scp)
    assert reach(an_estate(a_key(), account=account), ROOT) is not None


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        (DEFAULT, Verdict.ALLOWED),
        (to({"AWS": A}, "kms:Decrypt"), Verdict.ALLOWED),
        (to({"AWS": ROOT}, "kms:Encrypt"), Verdict.DENIED),
        (to({"AWS": ANA}, "kms:*"), Verdict.DENIED),
        (to({"AWS": B}, "kms:*"), Verdict.DENIED),
        (to({"AWS": ROOT}, "kms:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), Verdict.CONDITIONAL),
    ],
    ids=str,
)
def test_delegation_is_what_the_account_statement_says(statement: dict[str, Any], verdict: Verdict) -> None:
    assert an_estate(a_key(statement)).delegates(KEY, "kms:Decrypt") is verdict


ON_ALL = [
    may("kms:Decrypt"),
    may("*"),
    may("kms:ReEncrypt*"),
    may("kms:*", "arn:aws:kms:*:*:key/*"),
    may("kms:*", ["arn:aws:s3:::x", f"arn:aws:kms:*:{A}:key/*"]),
    may("kms:*", "arn:aws:kms:eu-west-1:*:key/*"),
    may("kms:*", f"arn:aws:kms:eu-west-1:{A}:key/*"),
    {"Effect": "Allow", "Action": "kms:*", "NotResource": "arn:aws:s3:::*"},
    may("kms:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    may("kms:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    may("kms:*", Condition={"Bool": {"aws:SecureTransport": "true"}}),
    may("kms:*", Condition={"StringEqualsIfExists": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
    may("kms:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}),
]
NOT_ON_ALL = [
    may("kms:Encrypt"),
    may("kms:*", KEY),
    may("kms:*", f"arn:aws:kms:*:{B}:key/*"),
    may("kms:*", f"arn:aws:kms:*:{A}:alias/*"),
    {"Effect": "Allow", "Action": "kms:*", "NotResource": "arn:aws:kms:*:*:key/*"},
    may("kms:*", Condition={"StringEquals": {"aws:ResourceTag/team": "red"}}),
    may("kms:*", Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
    may("kms:*", Condition={"StringLike": {"kms:RequestAlias": "alias/x*"}}),
    may("kms:*", Condition={"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/x*"}}),
    may("kms:*", Condition={"StringEquals": {"kms:EncryptionContext:a": "1"}}),
    may("kms:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}),
    {**may("kms:*"), "Effect": "Deny"},
]


@pytest.mark.parametrize("statement", ON_ALL, ids=str)
def test_statements_on_every_key_are_found(statement: dict[str, Any]) -> None:
    found = an_estate(a_user(statement, tags={"team": "red"})).statements_on_all_keys(ANA)
    assert isinstance(found, tuple)
    assert [ref.pointer for ref in found] == ["/Statement/0"]


@pytest.mark.parametrize("statement", NOT_ON_ALL, ids=str)
def test_statements_on_some_keys_are_not(statement: dict[str, Any]) -> None:
    assert an_estate(a_user(statement, tags={"team": "red"})).statements_on_all_keys(ANA) == ()


def test_a_covering_deny_and_an_excluding_boundary_take_them_away() -> None:
    deny = {**may("kms:Decrypt"), "Effect": "Deny"}
    assert an_estate(a_user(may("kms:Decrypt"), deny)).statements_on_all_keys(ANA) == ()
    of_region = may("kms:Decrypt", "arn:aws:kms:eu-west-1:*:key/*")
    assert an_estate(a_user(of_region, deny)).statements_on_all_keys(ANA) == ()
    there = {**of_region, "Effect": "Deny"}
    assert an_estate(a_user(of_region, there)).statements_on_all_keys(ANA) == ()
    assert an_estate(a_user(may("kms:Decrypt"), there)).statements_on_all_keys(ANA) != ()
    arn = f"arn:aws:iam::{A}:policy/b"
    boundary = ManagedPolicyFact(account=A, region="aws-global", arn=arn, name="b", document=text(may("s3:*")))
    bound = a_user(may("kms:Decrypt"), boundary=arn)
    assert an_estate(bound, boundary).statements_on_all_keys(ANA) == ()
    assert isinstance(an_estate(bound).statements_on_all_keys(ANA), Partial)


def test_statements_of_a_group_belong_to_the_group() -> None:
    group = PrincipalFact(
        account=A,
        region="aws-global",
        arn=f"arn:aws:iam::{A}:group/g",
        id="G",
        name="g",
        type="group",
        inline=(NamedDocument(name="p", document=text(may("kms:*"))),),
        attached=(),
    )
    estate = an_estate(group, a_user(groups=("g",)))
    assert estate.statements_on_all_keys(ANA) == ()
    of_group = estate.statements_on_all_keys(group.arn)
    assert isinstance(of_group, tuple)
    assert len(of_group) == 1
    assert isinstance(estate.statements_on_all_keys("arn:aws:iam::1:user/nobody"), Unknown)


# --- answers by name ----------------------------------------------------------------------------


ALIAS = AliasFact(account=A, region="eu-west-1", arn="x", name="alias/app", target_key_id="k")


@pytest.mark.parametrize("name", [KEY, "k", "alias/app", f"arn:aws:kms:eu-west-1:{A}:alias/app"])
def test_a_key_answers_to_its_arn_id_and_aliases(name: str) -> None:
    assert who_can(an_estate(a_key(), ALIAS), "kms:decrypt", name)["key"] == KEY


def test_names_that_do_not_exist_get_the_nearest_one() -> None:
    estate = an_estate(a_key(), ALIAS, a_user(may("kms:*")))
    with pytest.raises(UnknownNameError, match="did you mean `kms:Decrypt`"):
        who_can(estate, "kms:Decrpyt", "k")
    with pytest.raises(UnknownNameError, match="did you mean `alias/app`"):
        who_can(estate, "kms:Decrypt", "alias/ap")
    with pytest.raises(UnknownNameError, match="did you mean `ana`"):
        what_can(estate, "anna")
    with pytest.raises(UnknownNameError, match="not asked of a key"):
        who_can(estate, "kms:CreateKey", "k")
    assert UnknownNameError.exit_code == 2


def test_context_that_is_given_settles_conditions() -> None:
    via = to("*", "kms:Decrypt", Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}})
    estate = an_estate(a_key(via), a_user())
    service = {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
    assert {e["principal"]: e["verdict"] for e in who_can(estate, "kms:Decrypt", "k", service)["principals"]}[
        ANA
    ] == "ALLOWED"
    other = who_can(estate, "kms:Decrypt", "k", {"kms:viaservice": "ec2.eu-west-1.amazonaws.com"})
    assert other["principals"] == []
    open_answer = {e["principal"]: e for e in who_can(estate, "kms:Decrypt", "k")["principals"]}
    assert open_answer[ANA]["conditions"] == ["kms:ViaService is `s3.eu-west-1.amazonaws.com`"]


def test_escalation_stands_beside_direct_access_with_its_path() -> None:
    estate = an_estate(a_key(to({"AWS": APP}, "kms:Decrypt")), a_role(), a_user(may("iam:UpdateAssumeRolePolicy", APP)))
    entry = next(e for e in who_can(estate, "kms:Decrypt", "k")["principals"] if e["principal"] == ANA)
    assert entry["via"] == ["escalation"]
    assert entry["path"] == [
        f"{ANA} does iam:UpdateAssumeRolePolicy and sts:AssumeRole on {APP}",
        f"{APP} does kms:Decrypt on {KEY}",
    ]
    turned = next(e for e in what_can(estate, "ana")["keys"] if e["key"] == KEY)
    assert turned["path"] == entry["path"]
    assert turned["actions"] == ["kms:Decrypt"]


def test_what_can_lists_actions_without_a_key_under_a_star() -> None:
    answer = what_can(an_estate(a_key(), a_user(may(["kms:CreateKey", "kms:ListKeys"]))), ANA)
    assert [(entry["key"], entry["actions"]) for entry in answer["keys"]] == [("*", ["kms:CreateKey", "kms:ListKeys"])]
    assert answer["complete"]

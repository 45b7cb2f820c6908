"""Small accounts with one planted way to come to a key, each beside a twin in which the way is closed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.authz.escalation import EscalationPath
from scanner.authz.estate import AccessEstate
from scanner.model.records import (
    AccountFact,
    Coverage,
    GrantFact,
    KeyFact,
    ManagedPolicyFact,
    NamedDocument,
    PrincipalFact,
    ResourceFact,
    Source,
)
from scanner.model.snapshot import snapshot_of

A = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/k"
EVE, TOM, ADA = (f"arn:aws:iam::{A}:user/{name}" for name in ("eve", "tom", "ada"))
APP, HOP = (f"arn:aws:iam::{A}:role/{name}" for name in ("app", "hop"))
TEAM = f"arn:aws:iam::{A}:group/team"
POLICY = f"arn:aws:iam::{A}:policy/p"
ROOT = f"arn:aws:iam::{A}:root"


def text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def may(actions: Any, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": on, **more}


def deny(actions: Any, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {**may(actions, on, **more), "Effect": "Deny"}


def to(who: Any, actions: Any, **more: Any) -> dict[str, Any]:
    return {**may(actions, "*", **more), "Principal": {"AWS": who} if not isinstance(who, dict) else who}


def trust(who: Any, **more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": who if isinstance(who, dict) else {"AWS": who},
        "Action": "sts:AssumeRole",
        **more,
    }


DELEGATED = [to(ROOT, "kms:*")]
ONLY_APP = [to(APP, "kms:Decrypt")]


@dataclass
class Way:
    """eve wants to decrypt: `eve` is what she may do; `closed` are the fields that the clean twin has instead."""

    name: str
    eve: list[dict[str, Any]]
    closed: dict[str, Any]
    by: str
    policy: list[dict[str, Any]] = field(default_factory=lambda: ONLY_APP)
    app_trust: list[dict[str, Any]] = field(default_factory=list)
    hop: list[dict[str, Any]] = field(default_factory=list)
    hop_trust: list[dict[str, Any]] = field(default_factory=list)
    tom: list[dict[str, Any]] = field(default_factory=list)
    team: list[dict[str, Any]] = field(default_factory=list)
    managed: list[dict[str, Any]] = field(default_factory=list)
    attached: bool = False
    in_team: bool = False
    boundary: list[dict[str, Any]] | None = None
    scp: list[dict[str, Any]] | None = None
    rcp: list[dict[str, Any]] | None = None
    key: dict[str, Any] = field(default_factory=dict)
    function: bool = False

    def twin(self) -> Way:
        return Way(**{**self.__dict__, **self.closed})


LAMBDA = {"Service": "lambda.amazonaws.com"}
WAYS = [
    Way(
        "put key policy",
        [may("kms:PutKeyPolicy")],
        {"eve": [may("kms:GetKeyPolicy")]},
        "kms:PutKeyPolicy",
        policy=DELEGATED,
    ),
    Way(
        "put key policy by the key policy",
        [],
        {"policy": [*ONLY_APP, to(EVE, "kms:GetKeyPolicy")]},
        "kms:PutKeyPolicy",
        policy=[*ONLY_APP, to(EVE, "kms:PutKeyPolicy")],
    ),
    Way(
        "put key policy but an SCP denies decryption",
        [may("kms:PutKeyPolicy")],
        {"scp": [may("*"), deny("kms:Decrypt")]},
        "kms:PutKeyPolicy",
        policy=DELEGATED,
    ),
    Way(
        "create grant",
        [],
        {"policy": [*ONLY_APP, to(EVE, "kms:CreateGrant", Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}})]},
        "kms:CreateGrant",
        policy=[*ONLY_APP, to(EVE, "kms:CreateGrant")],
    ),
    Way(
        "create grant limited to other operations",
        [],
        {
            "policy": [
                *ONLY_APP,
                to(
                    EVE,
                    "kms:CreateGrant",
                    Condition={"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt"]}},
                ),
            ]
        },
        "kms:CreateGrant",
        policy=[
            *ONLY_APP,
            to(EVE, "kms:CreateGrant", Condition={"ForAnyValue:StringEquals": {"kms:GrantOperations": ["Decrypt"]}}),
        ],
    ),
    Way(
        "create grant for one other grantee",
        [],
        {"policy": [*ONLY_APP, to(EVE, "kms:CreateGrant", Condition={"StringEquals": {"kms:GranteePrincipal": APP}})]},
        "kms:CreateGrant",
        policy=[
            *ONLY_APP,
            to(EVE, "kms:CreateGrant", Condition={"StringLike": {"kms:GranteePrincipal": "arn:aws:iam::*"}}),
        ],
    ),
    Way(
        "replicate into a Region of her own",
        [may("kms:CreateKey")],
        {"eve": []},
        "kms:ReplicateKey",
        policy=[*ONLY_APP, to(EVE, "kms:ReplicateKey")],
        key={"multi_region_type": "PRIMARY"},
    ),
    Way(
        "tag the key",
        [may("kms:Decrypt", Condition={"StringEquals": {"aws:ResourceTag/team": "eve"}}), may("kms:TagResource")],
        {"eve": [may("kms:Decrypt", Condition={"StringEquals": {"aws:ResourceTag/team": "eve"}})]},
        "kms:TagResource",
        policy=DELEGATED,
    ),
    Way(
        "alias the key",
        [
            may("kms:Decrypt", Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/eve"}}),
            may("kms:CreateAlias"),
        ],
        {
            "eve": [
                may("kms:Decrypt", Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/eve"}}),
                may("kms:CreateAlias", KEY),
            ]
        },
        "kms:CreateAlias",
        policy=DELEGATED,
    ),
    Way("assume a role that trusts her", [], {"app_trust": [trust(TOM)]}, "sts:AssumeRole", app_trust=[trust(EVE)]),
    Way(
        "assume a role that trusts the account",
        [may("sts:AssumeRole", APP)],
        {"eve": [may("sts:AssumeRole", HOP)]},
        "sts:AssumeRole",
        app_trust=[trust(ROOT)],
    ),
    Way(
        "chain of roles",
        [],
        {"hop": []},
        "sts:AssumeRole",
        hop=[may("sts:AssumeRole", APP)],
        hop_trust=[trust(EVE)],
        app_trust=[trust(ROOT)],
    ),
    Way(
        "rewrite the trust policy but not assume",
        [may("iam:UpdateAssumeRolePolicy", APP)],
        {"eve": [may("iam:UpdateAssumeRolePolicy", APP), deny("sts:AssumeRole")]},
        "sts:AssumeRole",
    ),
    Way(
        "rewrite the trust policy",
        [may("iam:UpdateAssumeRolePolicy", APP)],
        {"eve": [may("iam:UpdateAssumeRolePolicy", HOP)]},
        "iam:UpdateAssumeRolePolicy",
    ),
    Way(
        "write her own policy",
        [may("iam:PutUserPolicy", EVE)],
        {"eve": [may("iam:PutUserPolicy", TOM)]},
        "iam:PutUserPolicy",
        policy=DELEGATED,
    ),
    Way(
        "write her own policy within a boundary",
        [may("iam:AttachUserPolicy")],
        {"boundary": [may("iam:AttachUserPolicy"), may("s3:*")]},
        "iam:AttachUserPolicy",
        policy=DELEGATED,
        boundary=[may("*")],
    ),
    Way(
        "write the policy of her group",
        [may("iam:PutGroupPolicy", TEAM)],
        {"in_team": False},
        "iam:PutGroupPolicy",
        policy=DELEGATED,
        in_team=True,
    ),
    Way(
        "join a group",
        [may("iam:AddUserToGroup")],
        {"team": [may("s3:*")]},
        "iam:AddUserToGroup",
        policy=DELEGATED,
        team=[may("kms:Decrypt")],
    ),
    Way(
        "new version of an attached policy",
        [may("iam:CreatePolicyVersion", POLICY)],
        {"attached": False},
        "iam:CreatePolicyVersion",
        policy=DELEGATED,
        attached=True,
        managed=[may("s3:*")],
    ),
    Way(
        "delete her boundary",
        [may("kms:Decrypt"), may("iam:DeleteUserPermissionsBoundary")],
        {"boundary": [may("s3:*")]},
        "iam:DeleteUserPermissionsBoundary",
        policy=DELEGATED,
        boundary=[may("iam:*")],
    ),
    Way(
        "access key of another user",
        [may("iam:CreateAccessKey", TOM)],
        {"tom": [may("s3:*")]},
        "iam:CreateAccessKey",
        policy=DELEGATED,
        tom=[may("kms:Decrypt")],
    ),
    Way(
        "password of another user",
        [may("iam:CreateLoginProfile")],
        {"policy": [to(ADA, "s3:*")]},
        "iam:CreateLoginProfile",
        policy=[to(TOM, "kms:Decrypt")],
    ),
    Way(
        "pass the role to a function",
        [may("iam:PassRole", APP), may("lambda:CreateFunction")],
        {"app_trust": [trust({"Service": "ec2.amazonaws.com"})]},
        "iam:PassRole",
        app_trust=[trust(LAMBDA)],
    ),
    Way(
        "pass the role to some service only",
        [
            may("iam:PassRole", APP, Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
            may("lambda:CreateFunction"),
        ],
        {
            "eve": [
                may("iam:PassRole", APP, Condition={"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}}),
                may("lambda:CreateFunction"),
            ]
        },
        "iam:PassRole",
        app_trust=[trust(LAMBDA)],
    ),
    Way(
        "pass the role to a task",
        [may("iam:PassRole"), may(["ecs:RegisterTaskDefinition", "ecs:RunTask"])],
        {"eve": [may("iam:PassRole"), may("ecs:RegisterTaskDefinition")]},
        "iam:PassRole",
        app_trust=[trust({"Service": "ecs-tasks.amazonaws.com"})],
    ),
    Way(
        "code of a function that runs with the role",
        [may("lambda:UpdateFunctionCode")],
        {"function": False},
        "lambda:UpdateFunctionCode",
        app_trust=[trust(LAMBDA)],
        function=True,
    ),
]


def estate(way: Way) -> AccessEstate:
    def person(name: str, statements: list[dict[str, Any]], **more: Any) -> PrincipalFact:
        role = name in ("app", "hop")
        kind: Any = "group" if name == "team" else "role" if role else "user"
        inline = (NamedDocument(name="own", document=text(*statements)),) if statements else ()
        known = {"attached": (), "boundary": None, "tags": {}, **more}
        arn = f"arn:aws:iam::{A}:{kind}/{name}"
        return PrincipalFact(
            account=A, region="aws-global", arn=arn, id=f"ID{name}", name=name, type=kind, inline=inline, **known
        )

    attached = (POLICY,) if way.attached else ()
    bound = f"arn:aws:iam::{A}:policy/bound"
    scps = None if way.scp is None else ((NamedDocument(name="scp", document=text(*way.scp)),),)
    rcps = None if way.rcp is None else ((NamedDocument(name="rcp", document=text(*way.rcp)),),)
    items: list[Any] = [
        AccountFact(account=A, region="aws-global", organization=None, scps=scps, rcps=rcps),
        Coverage(account=A, region="eu-west-1", service="kms", operation="x", complete=True, provides=("alias",)),
        person(
            "eve",
            way.eve,
            attached=attached,
            groups=("team",) if way.in_team else (),
            boundary=None if way.boundary is None else bound,
        ),
        person("tom", way.tom),
        person("ada", []),
        person("team", way.team or [may("s3:ListBucket")]),
        person("app", [], trust=text(*way.app_trust)),
        person("hop", way.hop, trust=text(*way.hop_trust)),
        ManagedPolicyFact(account=A, region="aws-global", arn=POLICY, name="p", document=text(*way.managed)),
        ManagedPolicyFact(account=A, region="aws-global", arn=bound, name="bound", document=text(*way.boundary or [])),
        KeyFact(
            **{
                "account": A,
                "region": "eu-west-1",
                "arn": KEY,
                "id": "k",
                "manager": "CUSTOMER",
                "spec": "SYMMETRIC_DEFAULT",
                "multi_region_type": None,
                "policies": (NamedDocument(name="default", document=text(*way.policy)),),
                "grants": (),
                "tags": {},
                **way.key,
            }
        ),
    ]
    if way.function:
        arn = f"arn:aws:lambda:eu-west-1:{A}:function:f"
        items.append(
            ResourceFact(
                account=A, region="eu-west-1", arn=arn, type="AWS::Lambda::Function", name="f", attributes={"role": APP}
            )
        )
    return AccessEstate.of(snapshot_of(Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC)), items))


def test_whomever_an_rcp_denies_by_name_nobody_gains_anything_by() -> None:
    anybody = may(["iam:PutUserPolicy", "iam:CreateAccessKey"])
    everyone = {**deny("kms:*"), "Principal": {"AWS": [EVE, TOM, ADA, APP, HOP]}}
    there = estate(Way("", [anybody], {}, "", policy=DELEGATED, rcp=[everyone]))
    assert there.escalation.may_reach(there.subjects.by_arn[EVE], there.keys[KEY]) == 0
    assert path_of_eve(Way("", [anybody], {}, "", policy=DELEGATED)) is not None


@pytest.mark.parametrize("grantee", [HOP, ROOT])
def test_a_session_that_only_a_trust_policy_names_has_the_grants_of_its_role_and_account(grantee: str) -> None:
    session = f"arn:aws:sts::{A}:assumed-role/hop/s"
    grant = GrantFact(id="g", operations=("Decrypt",), grantee=grantee, issuing_account=A)
    way = Way("", [], {}, "", policy=[to(APP, ["kms:Decrypt", "kms:Encrypt"])], key={"grants": (grant,)})
    there = estate(replace(way, app_trust=[trust(session)], hop=[may("kms:Decrypt")])).escalation
    assert session in [path.principal for path in there.reaching(KEY, "kms:Encrypt")]
    assert session not in [path.principal for path in there.reaching(KEY, "kms:Decrypt")]


def path_of_eve(way: Way) -> EscalationPath | None:
    found = estate(way).escalation.reaching(KEY, "kms:Decrypt")
    return next((path for path in found if path.principal == EVE), None)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_planted_way_is_found_with_its_step(way: Way) -> None:
    path = path_of_eve(way)
    assert path is not None
    assert way.by in [action for step in path.steps for action in step.actions]
    assert path.steps[0].actor == EVE


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_nothing_is_invented_in_the_clean_twin(way: Way) -> None:
    twin = way.twin()
    assert path_of_eve(twin) is None
    assert EVE not in estate(twin).access(KEY).principals("kms:Decrypt")


def test_whoever_may_anyway_needs_no_escalation() -> None:
    way = Way("", [may("kms:*")], {}, "", policy=DELEGATED)
    assert path_of_eve(way) is None


def test_the_shortest_path_is_the_evidence() -> None:
    way = Way(
        "",
        [may("sts:AssumeRole", [APP, HOP])],
        {},
        "",
        app_trust=[trust(ROOT)],
        hop_trust=[trust(ROOT)],
        hop=[may("sts:AssumeRole", APP)],
    )
    path = path_of_eve(way)
    assert path is not None
    assert [step.actions for step in path.steps] == [("sts:AssumeRole",), ("kms:Decrypt",)]


def test_conditions_of_the_steps_are_conditions_of_the_path() -> None:
    guarded = trust(EVE, Condition={"StringEquals": {"sts:ExternalId": "x"}})
    path = path_of_eve(Way("", [], {}, "", app_trust=[guarded]))
    assert path is not None
    assert path.conditions == ("sts:ExternalId is `x`",)

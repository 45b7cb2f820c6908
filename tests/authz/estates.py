"""Random small estates, and the plain way to ask them: every principal, every key, one by one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from authz.shorthand import ACCOUNT, OTHER
from hypothesis import strategies as st

from scanner.model.records import (
    AccountFact,
    AliasFact,
    Coverage,
    GrantFact,
    KeyFact,
    ManagedPolicyFact,
    NamedDocument,
    PrincipalFact,
    Source,
)
from scanner.model.snapshot import Snapshot, snapshot_of

KEYS = [f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k{i}" for i in range(4)]
USERS = [f"arn:aws:iam::{ACCOUNT}:user/u{i}" for i in range(3)]
ROLES = [f"arn:aws:iam::{ACCOUNT}:role/path/r{i}" for i in range(3)]
FOREIGN = [f"arn:aws:iam::{OTHER}:role/x0", f"arn:aws:iam::{OTHER}:user/x1"]
ROOTS = [f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OTHER}:root", "arn:aws:iam::777788889999:root"]
SESSIONS = [f"arn:aws:sts::{ACCOUNT}:assumed-role/r0/s", f"arn:aws:sts::{OTHER}:assumed-role/x0/s"]
NAMED = [*USERS, *ROLES, *FOREIGN, *ROOTS, *ROOTS, *SESSIONS, ACCOUNT]
ACTIONS = ["kms:*", "kms:Decrypt", "kms:Encrypt", "kms:CreateGrant", "kms:RetireGrant", "kms:PutKeyPolicy", "*", "s3:*"]
RESOURCES = [
    "*",
    "*",
    *KEYS[:2],
    f"arn:aws:kms:*:{ACCOUNT}:key/*",
    "arn:aws:kms:*:*:key/k1*",
    "arn:aws:kms:eu-west-1:${aws:PrincipalAccount}:key/*",
    "arn:aws:kms:eu-west-1:*:key/${aws:username}",
    "arn:aws:s3:::*",
]
CONDITIONS: list[dict[str, Any]] = [
    {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
    {"StringEquals": {"aws:PrincipalTag/team": ["red", "green"]}},
    {"StringNotEquals": {"aws:ResourceTag/team": "red"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": [USERS[0], ROLES[0]]}},
    {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
    {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
    {"StringEquals": {"kms:EncryptionContext:a": "1"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:SecureTransport": "false"}},
    {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/a*"}},
    {"StringLike": {"kms:RequestAlias": "alias/b*"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}},
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}},
    {"Null": {"kms:GrantOperations": "true"}},
    {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}},
    {"Bool": {"kms:GrantIsForAWSResource": "true"}},
]
TEAMS = [{}, {"team": "red"}, {"team": "blue"}]


def subset(values: list[Any], most: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique_by=str)


@st.composite
def statements(draw: st.DrawFn, principals: bool) -> dict[str, Any]:
    effect = draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))
    raw: dict[str, Any] = {"Effect": effect, "Action": draw(subset(ACTIONS, 2))}
    raw[draw(st.sampled_from(["Resource"] * 5 + ["NotResource"]))] = draw(subset(RESOURCES, 2))
    if draw(st.booleans()):
        raw["Condition"] = draw(st.sampled_from(CONDITIONS))
    if principals:
        raw["Resource"] = raw.pop("NotResource", "*") if draw(st.booleans()) else "*"
        raw.pop("NotResource", None)
        who = draw(st.one_of(st.just("*"), st.builds(lambda aws: {"AWS": aws}, subset(NAMED, 3))))
        if draw(st.integers(0, 5)) == 0:
            who = {"Service": "logs.amazonaws.com"}
        raw["NotPrincipal" if effect == "Deny" and draw(st.integers(0, 2)) == 0 and who != "*" else "Principal"] = who
    return raw


def documents(principals: bool, most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(statements(principals), min_size=1, max_size=most).map(
        lambda listed: json.dumps({"Version": "2012-10-17", "Statement": listed})
    )


def named(name: str, texts: list[str]) -> tuple[NamedDocument, ...]:
    return tuple(NamedDocument(name=f"{name}{i}", document=text) for i, text in enumerate(texts))


@st.composite
def principals(draw: st.DrawFn, arn: str, managed: list[str]) -> PrincipalFact:
    kind = "role" if ":role/" in arn else "user"
    tagging = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [tagging]}) if draw(st.integers(0, 3)) == 0 else None
    return PrincipalFact(
        account=arn.split(":")[4],
        region="aws-global",
        arn=arn,
        id=f"{'AROA' if kind == 'role' else 'AIDA'}{arn[-2:]}",
        name=arn.rpartition("/")[2],
        type=kind,
        trust=trust if kind == "role" else None,
        inline=named("own", draw(st.lists(documents(False, 2), max_size=1))),
        attached=tuple(draw(st.lists(st.sampled_from(managed), max_size=2, unique=True))) if managed else (),
        boundary=draw(st.sampled_from(managed)) if managed and draw(st.integers(0, 3)) == 0 else None,
        tags=draw(st.sampled_from(TEAMS)),
    )


@st.composite
def keys(draw: st.DrawFn, arn: str) -> KeyFact:
    default = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROOTS[0]}, "Action": "kms:*", "Resource": "*"}],
        }
    )
    return KeyFact(
        account=ACCOUNT,
        region="eu-west-1",
        arn=arn,
        id=arn.rpartition("/")[2],
        manager="CUSTOMER",
        spec=draw(st.sampled_from(["SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT", "RSA_2048"])),
        multi_region_type=None,
        policies=named("default", [draw(st.one_of(st.just(default), documents(True)))]),
        grants=tuple(draw(st.lists(grants(), max_size=1))),
        tags=draw(st.sampled_from(TEAMS)),
    )


@st.composite
def grants(draw: st.DrawFn) -> GrantFact:
    operations = draw(subset(["Decrypt", "CreateGrant", "RetireGrant", "DescribeKey"], 3))
    return GrantFact(
        id="g",
        operations=tuple(operations),
        grantee=draw(st.sampled_from(NAMED)),
        retiring=draw(st.sampled_from([None, *NAMED])),
        issuing_account=draw(st.sampled_from([ACCOUNT, OTHER])),
        context_subset=draw(st.sampled_from([None, {"a": "1"}])),
    )


@st.composite
def estates(draw: st.DrawFn) -> Snapshot:
    """A few principals of two accounts, a few keys of one of them, with or without an organisation."""
    texts = draw(st.lists(documents(False, 2), max_size=3))
    managed = [f"arn:aws:iam::{ACCOUNT}:policy/m{i}" for i in range(len(texts))]
    items: list[Any] = [
        ManagedPolicyFact(account=ACCOUNT, region="aws-global", arn=arn, name=arn[-2:], document=text)
        for arn, text in zip(managed, texts, strict=True)
    ]
    items += [draw(principals(arn, managed)) for arn in (*USERS, *ROLES, *FOREIGN)]
    items += [draw(keys(arn)) for arn in KEYS]
    items.append(AliasFact(account=ACCOUNT, region="eu-west-1", arn="x", name="alias/a1", target_key_id="k0"))
    items += [draw(accounts(number)) for number in (ACCOUNT, OTHER)]
    for number in (ACCOUNT, OTHER):
        items.append(
            Coverage(
                account=number,
                region="aws-global",
                service="iam",
                operation="x",
                complete=True,
                provides=("principal",),
            )
        )
    return snapshot_of(Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC)), items)


@st.composite
def accounts(draw: st.DrawFn, number: str) -> AccountFact:
    scps: Any = draw(st.one_of(st.none(), st.lists(documents(False, 2), min_size=1, max_size=2)))
    rcps: Any = draw(st.one_of(st.none(), st.lists(documents(True, 1), max_size=1)))
    full = NamedDocument(name="full", document='{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')
    return AccountFact(
        account=number,
        region="aws-global",
        organization=draw(st.sampled_from([None, "o-abc"])),
        ou_path=("r-1",),
        management_account=None,
        scps=None if scps is None else ((full,), (full, *named("scp", scps))),
        rcps=None if rcps is None else (named("rcp", rcps),),
    )

"""Random requests over a small vocabulary, so that statements meet the request more often than not."""

from __future__ import annotations

from typing import Any

from authz.shorthand import ACCOUNT, KEY, NAMES, OTHER, account_of, role_arn
from hypothesis import strategies as st

PRINCIPALS = [NAMES[name] for name in ("alice", "bob", "app/s", "account", "outsider", "partner/s")]
PRINCIPALS += ["logs.amazonaws.com", "rds.amazonaws.com", f"arn:aws:iam::{OTHER}:root"]
LISTED = [*NAMES.values(), f"arn:aws:iam::{ACCOUNT}:role/team/app", f"arn:aws:iam::{OTHER}:root", ACCOUNT, OTHER]
LISTED = [text for text in LISTED if ":kms:" not in text] + ["AIDAEXAMPLEDELETED001"]
ACTIONS = ["Decrypt", "Encrypt", "CreateGrant", "PutKeyPolicy", "DescribeKey", "RetireGrant", "ListKeys", "Sign"]
PATTERNS = ["*", "kms:*", "kms:De*", "kms:Decrypt", "kms:CreateGrant", "kms:*Grant", "s3:*", "kms:List*", "kms:?ncrypt"]
RESOURCES = [
    "*",
    "*",
    KEY,
    NAMES["OTHER_KEY"],
    f"arn:aws:kms:*:{ACCOUNT}:key/*",
    "arn:aws:kms:*:${aws:PrincipalAccount}:key/*",
    "arn:aws:kms:*:*:key/${aws:PrincipalTag/none}",
    "arn:aws:kms:*",
    "arn:aws:s3:::*",
]
KEYS = {
    "aws:PrincipalOrgID": ["o-abc", "o-xyz"],
    "kms:ViaService": ["s3.eu-west-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com"],
    "aws:PrincipalTag/team": ["red", "blue", "*"],
    "aws:UserAgent": ["abc", "ABC", "a*"],
    "aws:SourceArn": ["arn:aws:s3:::bucket", "arn:aws:logs:eu-west-1:111122223333:log-group:x"],
    "aws:SourceIp": ["10.1.2.3", "192.0.2.7", "2001:db8::1"],
    "kms:RotationPeriodInDays": ["90", "365"],
    "aws:CurrentTime": ["2025-06-01T00:00:00Z", "1767225600"],
    "aws:MultiFactorAuthPresent": ["true", "false"],
    "kms:EncryptionContext:tenant": ["7", "8"],
}
SETS = {"aws:TagKeys": ["a", "b", "c"], "kms:EncryptionContextKeys": ["tenant", "other"]}
WANTED = {
    "String": [
        "o-abc",
        "red",
        "blue",
        "*",
        "a*",
        "abc",
        "s3.*",
        "${aws:PrincipalTag/team}",
        "${aws:none, 'red'}",
        "${aws:none}",
    ],
    "Arn": ["arn:aws:s3:::*", "arn:aws:iam::*", "arn:aws:logs:*:111122223333:*"],
    "Numeric": ["90", "365.0", 100, "x"],
    "Date": ["2025-12-31T00:00:00Z", "1767225600", "2025-06-01T00:00:00Z"],
    "Ip": ["10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "192.0.2.7"],
    "Bool": ["true", "false", True],
}
OPERATORS = {
    "String": ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"],
    "Arn": ["ArnLike", "ArnEquals", "ArnNotLike"],
    "Numeric": ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"],
    "Date": ["DateEquals", "DateLessThan", "DateGreaterThanEquals", "DateNotEquals"],
    "Ip": ["IpAddress", "NotIpAddress"],
    "Bool": ["Bool"],
}


def one_or_more(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(values), st.lists(st.sampled_from(values), min_size=1, max_size=3))


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 2))):
        shape = draw(st.sampled_from(["plain", "plain", "set", "null"]))
        if shape == "null":
            found.setdefault("Null", {})[draw(st.sampled_from([*KEYS, *SETS]))] = draw(
                st.sampled_from(["true", "false", True])
            )
            continue
        family = "String" if shape == "set" else draw(st.sampled_from(list(WANTED)))
        operator = draw(st.sampled_from(OPERATORS[family]))
        if shape == "set":
            operator = draw(st.sampled_from(["ForAllValues:", "ForAnyValue:", "ForAnyValue:", ""])) + operator
            operator += draw(st.sampled_from(["", "", "IfExists"]))
            key, wanted = draw(st.sampled_from(list(SETS))), ["a", "b", "ten*", "tenant"]
        else:
            key, wanted = draw(st.sampled_from(list(KEYS))), [*WANTED[family], *(KEYS[key_] for key_ in ())]
            operator += draw(st.sampled_from(["", "", "IfExists"]))
        found.setdefault(operator, {})[key] = draw(one_or_more(wanted))
    return found


@st.composite
def statements(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    raw: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))}
    raw[draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))] = draw(one_or_more(PATTERNS))
    raw[draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]))] = draw(one_or_more(RESOURCES))
    if draw(st.booleans()):
        raw["Condition"] = draw(conditions())
    if kind == "principal":
        element = (
            draw(st.sampled_from(["Principal"] * 5 + ["NotPrincipal"])) if raw["Effect"] == "Deny" else "Principal"
        )
        raw[element] = draw(principals())
    return raw


def principals() -> st.SearchStrategy[Any]:
    services = one_or_more(["logs.amazonaws.com", "rds.amazonaws.com"])
    return st.one_of(
        st.just("*"),
        st.builds(lambda aws: {"AWS": aws}, one_or_more(LISTED)),
        st.builds(lambda service, aws: {"Service": service, "AWS": aws}, services, one_or_more(LISTED)),
    )


def documents(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda version, listed: {**version, "Statement": listed},
        st.sampled_from([{"Version": "2012-10-17"}, {"Version": "2012-10-17"}, {"Version": "2008-10-17"}, {}]),
        st.lists(statements(kind), min_size=1, max_size=3),
    )


@st.composite
def grants(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["", "", "EncryptionContextSubset", "EncryptionContextEquals"]))
    constraints: dict[str, Any] = {kind: {"tenant": draw(st.sampled_from(["7", "8"]))}} if kind else {}
    if draw(st.integers(0, 5)) == 0:
        constraints["EncryptionContextSubset"] = {"tenant": "7"}
    who = {"granteePrincipal": draw(st.sampled_from(LISTED))}
    if draw(st.integers(0, 4)) == 0:
        who = {"granteeServicePrincipal": "rds.amazonaws.com"}
        constraints["SourceArn"] = "arn:aws:s3:::bucket"
    return {
        **who,
        "operations": draw(
            st.lists(st.sampled_from(["Decrypt", "CreateGrant", "RetireGrant", "DescribeKey"]), min_size=1, max_size=3)
        ),
        "constraints": constraints,
        "retiringPrincipal": draw(st.sampled_from([None, *LISTED])),
        "issuingAccount": draw(st.sampled_from([ACCOUNT, OTHER])),
    }


@st.composite
def contexts(draw: st.DrawFn, principal: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    account = account_of(principal)
    if account:
        found = {"aws:PrincipalArn": role_arn(principal), "aws:PrincipalAccount": account, "kms:CallerAccount": account}
    for key, values in KEYS.items():
        if draw(st.integers(0, 2)) == 0:
            found[key] = draw(st.sampled_from(values))
    for key, values in SETS.items():
        if draw(st.integers(0, 2)) == 0:
            found[key] = draw(st.lists(st.sampled_from(values), max_size=3, unique=True))
    if "kms:EncryptionContext:tenant" in found:
        found["kms:EncryptionContextKeys"] = ["tenant", *draw(st.sampled_from([[], ["other"]]))]
    return found


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """A case of `access simulate` without anything that AWS leaves open beyond `Undetermined`."""
    principal = draw(st.sampled_from(PRINCIPALS))
    is_service = not principal.startswith("arn:")
    rarely = st.integers(0, 4).map(lambda n: n == 0)
    own, outer = documents("identity"), documents("principal")
    action = draw(st.sampled_from(ACTIONS))
    # whether `*` in an Allow reaches services is open, and so is the grant of a whole account without IAM
    return {
        "id": "random",
        "principal": principal,
        "principalAccount": account_of(principal),
        "action": f"kms:{action}",
        "resource": "*" if action == "ListKeys" else KEY,
        "resourceAccount": ACCOUNT,
        "keyPolicy": draw(outer),
        "ramKeyPolicy": draw(outer) if draw(rarely) else None,
        "identityPolicies": [] if is_service else draw(st.lists(own, max_size=2)),
        "boundaries": [draw(own)] if draw(rarely) and not is_service else None,
        "sessionPolicy": draw(own) if draw(rarely) and "assumed-role" in principal else None,
        "scps": draw(st.lists(st.lists(own, max_size=2), min_size=1, max_size=2))
        if draw(rarely) and not is_service
        else [],
        "rcps": draw(st.lists(st.lists(outer, max_size=1), max_size=2)) if draw(rarely) else [],
        "vpcePolicies": [draw(outer)] if draw(rarely) else None,
        "grants": draw(st.lists(grants(), max_size=2)),
        "context": draw(contexts(principal)),
    }

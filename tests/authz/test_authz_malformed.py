"""Documents that AWS would not have stored: never a crash, never an allow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from authz.shorthand import NAMES, case
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.authz.documents import parse_document
from scanner.authz.simulate import answer, answer_lines

ALICE = NAMES["alice"]
ALLOW = {"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "kms:*", "Resource": "*"}


def asked(policy: Any, **more: Any) -> str:
    plain = case({"principal": "alice", **more})
    decision: str = answer({**plain, "keyPolicy": policy})["decision"]
    return decision


def around(**change: Any) -> dict[str, Any]:
    statement = {**ALLOW, **change}
    return {"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not ...}]}


MALFORMED: list[Any] = [
    [],
    "",
    "{",
    7,
    {"Statement": "Allow"},
    {"Statement": [ALLOW], "Version": "2020-01-01"},
    {"Statement": [ALLOW], "Version": ["2012-10-17"]},
    {"Version": "2012-10-17"},
    {"Statement": [[ALLOW]]},
    {"Statement": [None, 3, "x"]},
    around(Effect="allow"),
    around(Effect=["Allow"]),
    around(Effect=...),
    around(Action=...),
    around(Action=7),
    around(Action=["kms:*", 7]),
    around(Action=[]),
    around(Action={"kms": "*"}),
    around(NotAction="s3:*"),
    around(Resource=...),
    around(Resource=[None]),
    around(Principal=...),
    around(Principal=[ALICE]),
    around(Principal=ALICE),
    around(Principal={"Aws": ALICE}),
    around(Principal={"AWS": [[ALICE]]}),
    around(Principal={"AWS": [ALICE], "Service": []}),
    around(Principal={}),
    around(NotPrincipal={"AWS": NAMES["bob"]}),
    around(Condition=[]),
    around(Condition=None),
    around(Resource=None),
    around(Condition={"StringEquals": "x"}),
    around(Condition={"StringEquals": {"aws:UserAgent": None}}),
    around(Condition={"StringEquals": {"aws:UserAgent": {"a": "b"}}}),
    around(Condition={"StringNotEquals": {"aws:UserAgent": []}}),
    around(Condition={"IfExists": {"aws:UserAgent": "a"}}),
    around(Condition={"NullIfExists": {"aws:UserAgent": "true"}}),
    around(Condition={"ForSomeValues:StringEquals": {"aws:UserAgent": "a"}}),
    around(Conditions={"StringEquals": {"aws:UserAgent": "a"}}),
    around(Sid={"a": 1}, Effect="Alow"),
]


@pytest.mark.parametrize("policy", MALFORMED, ids=lambda policy: str(policy)[:60])
def test_a_malformed_key_policy_allows_nothing(policy: Any) -> None:
    assert asked(policy) == "ImplicitlyDenied"


@pytest.mark.parametrize("policy", MALFORMED, ids=lambda policy: str(policy)[:60])
def test_a_malformed_identity_policy_next_to_a_direct_allow_is_never_ignored_silently(policy: Any) -> None:
    document = parse_document("x", policy)
    plain = case({"principal": "alice", "key_policy": [{"allow": "kms:*", "to": "alice"}]})
    found = answer({**plain, "identityPolicies": [policy]})
    if document.fault:
        assert found["decision"] == "ImplicitlyDenied"
        assert any("note" in entry for entry in found["because"])
    for statement in document.statements:
        assert statement.fault is None or {"note": f"iam/0#{statement.pointer}: {statement.fault}"} in found["because"]


def test_a_malformed_deny_may_apply() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": 7, "Resource": "*"}
    assert asked({"Version": "2012-10-17", "Statement": [ALLOW, deny]}) == "ImplicitlyDenied"


def test_repeated_keys_are_not_read_as_either() -> None:
    twice = '{"Statement":[{"Effect":"Deny","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}'
    assert asked(twice) == "ImplicitlyDenied"
    assert "twice" in str(parse_document("x", twice).faults)


def test_deep_nesting_is_a_fault_and_not_a_crash() -> None:
    deep = '{"Statement":' + "[" * 100_000 + "]" * 100_000 + "}"
    assert parse_document("x", deep).fault
    nested: Any = "x"
    for _ in range(900):
        nested = {"a": nested}
    assert asked(around(Condition={"StringEquals": {"k": nested}})) == "ImplicitlyDenied"


def test_a_document_larger_than_any_that_aws_stores_is_not_read() -> None:
    many = [f"arn:aws:kms:eu-west-1:111122223333:key/{i:036d}" for i in range(140_000)]
    for padded in (
        {"Resource": ["*", *many]},
        {"Sid": "a" * 10_000_000},
        {"Condition": {"StringEquals": {"a": [0] * 2_000_000}}},
    ):
        policy = {"Version": "2012-10-17", "Statement": [{**ALLOW, **padded}]}
        assert asked(policy) == asked(json.dumps(policy)) == "ImplicitlyDenied"
        denied = case({"principal": "alice", "key_policy": [{"allow": "kms:*", "to": "alice"}]})
        assert answer({**denied, "rcps": [[policy]]})["decision"] == "ImplicitlyDenied"


def test_many_resources_that_aws_could_store_are_read() -> None:
    many = [f"arn:aws:kms:eu-west-1:111122223333:key/{i:036d}" for i in range(1000)]
    assert asked({"Version": "2012-10-17", "Statement": [{**ALLOW, "Resource": ["*", *many]}]}) == "Allowed"


def test_hostile_patterns_stay_fast() -> None:
    pattern = "kms:" + "*a" * 2000 + "b"
    assert asked(around(Action=pattern)) == "ImplicitlyDenied"
    condition = {"StringLike": {"aws:UserAgent": "*a" * 5000 + "*b"}}
    assert asked(around(Condition=condition), context={"aws:UserAgent": "a" * 20_000}) == "ImplicitlyDenied"


@pytest.mark.parametrize("text", ["\u202e\ud83d", "\ufdd0*", "\x00", "arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:root", "𝟏" * 12])
def test_odd_unicode_matches_nothing_and_harms_nothing(text: str) -> None:
    assert asked(around(Principal={"AWS": text}, Action=[text, "kms:*"])) == "ImplicitlyDenied"
    assert asked(around(Sid=text, Resource=[text])) == "ImplicitlyDenied"
    assert asked(around(Sid=text)) == "Allowed"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["Allow", "*", "kms:*", ALICE]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Effect", "Action", "Resource", "Principal", "Condition", "Statement", "AWS", "StringEquals"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=120)
@given(st.dictionaries(st.sampled_from(["Version", "Statement", "Id"]), JSON, max_size=3), JSON)
def test_any_json_is_parsed_without_a_crash(policy: Any, context: Any) -> None:
    document = parse_document("x", policy)
    assert all(statement.fault is None or statement.fault for statement in document.statements)
    asked({"Version": "2012-10-17", "Statement": [{**ALLOW, "Condition": context}]})


def test_bad_lines_are_reported_by_number_and_the_others_answered() -> None:
    good = json.dumps(case({"name": "good", "principal": "alice", "key_policy": [{"allow": "kms:*", "to": "alice"}]}))
    unknown = json.dumps({**case({"principal": "alice"}), "action": "kms:Decrpyt"})
    lines = [good, "{", "", "[]", unknown, json.dumps({"id": "x"}), '{"id": 1, "id": 2}', good]
    told: list[tuple[int, str]] = []
    answers = list(answer_lines(lines, lambda number, message: told.append((number, message))))
    assert [json.loads(line)["decision"] for line in answers] == ["Allowed", "Allowed"]
    assert [number for number, _ in told] == [2, 4, 5, 6, 7]
    assert "did you mean `kms:Decrypt`" in told[2][1]
    assert told[3][1] == "`action` is missing or not text"


@pytest.mark.parametrize(
    "change",
    [
        {"principal": None},
        {"resource": 5},
        {"context": []},
        {"context": {"a": None}},
        {"identityPolicies": {}},
        {"scps": [{}]},
        {"grants": ["x"]},
        {"grants": [{"operations": "Decrypt"}]},
        {"grants": [{"granteePrincipal": ALICE, "operations": ["Decrypt"], "constraints": {"Other": 1}}]},
        {"grants": [{"granteePrincipal": ALICE, "operations": ["Decrypt", 7]}]},
        {"principalAccount": "444455556666"},
    ],
    ids=str,
)
def test_a_field_of_the_wrong_type_is_a_bad_line(change: dict[str, Any]) -> None:
    told: list[str] = []
    line = json.dumps({**case({"principal": "alice"}), **change})
    assert list(answer_lines([line], lambda _, message: told.append(message))) == []
    assert told


@pytest.mark.parametrize(
    "twice",
    [
        '"context": {"aws:PrincipalOrgID": "o-a", "aws:PrincipalOrgID": "o-b"}',
        '"context": {"aws:PrincipalOrgID": "o-a", "AWS:principalorgid": "o-b"}',
        '"grants": [{"operations": ["Sign"], "operations": ["Decrypt"]}]',
        '"grants": [{"operations": ["Decrypt"], "constraints": {"SourceArn": "a", "SourceArn": "b"}}]',
        '"grants": [{"operations": [], "constraints": {"EncryptionContextEquals": {"a": "1", "a": "2"}}}]',
    ],
)
def test_what_stands_twice_in_a_request_makes_a_bad_line(twice: str) -> None:
    told: list[str] = []
    plain = case({"principal": "alice"})
    line = json.dumps({k: v for k, v in plain.items() if k not in ("context", "grants")})[:-1] + f", {twice}}}"
    assert list(answer_lines([line], lambda _, message: told.append(message))) == []
    assert "twice" in told[0]


@pytest.mark.parametrize("field", ["keyPolicy", "ramKeyPolicy", "sessionPolicy"])
def test_an_empty_document_is_a_layer_that_does_not_apply(field: str) -> None:
    granted = case({"principal": "app/s", "grants": [{"to": "app", "operations": ["Decrypt"]}]})
    assert answer({**granted, field: {}})["decision"] == "Allowed"


def test_a_denial_that_names_nobody_may_name_anybody() -> None:
    deny = {"Effect": "Deny", "Principal": {"AWS": []}, "Action": "kms:*", "Resource": "*"}
    assert asked({"Version": "2012-10-17", "Statement": [ALLOW, deny]}) == "ImplicitlyDenied"


@pytest.mark.parametrize(
    ("short", "word"),
    [
        ({"principal": "logs.amazonaws.com", "key_policy": [{"allow": "kms:*", "to": "*"}]}, "reaches service"),
        ({"principal": "alice", "grants": [{"to": "account", "operations": ["Decrypt"]}]}, "whole account"),
        (
            {
                "principal": "app/s",
                "grants": [{"to": "app", "operations": ["Decrypt"]}],
                "boundary": [{"allow": "s3:*"}],
            },
            "silent boundary",
        ),
        (
            {
                "allow_when": {"StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}},
                "context": {"aws:CalledVia": ["athena.amazonaws.com", "glue.amazonaws.com"]},
            },
            "aws:CalledVia is `athena.amazonaws.com`",
        ),
        ({"allow_when": {"ForAnyValue:StringEqualsIfExists": {"aws:CalledVia": "x"}}}, "or is missing"),
        ({"allow_when": {"ArnLike": {"aws:PrincipalArn": "*"}}}, "aws:PrincipalArn is like `*`"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_an_answer_says_what_it_takes_for_granted(short: dict[str, Any], word: str) -> None:
    notes = [entry["note"] for entry in answer(case(short))["because"] if "note" in entry]
    assert any(word in note and "AWS does not say" in note for note in notes)


def test_a_documented_answer_takes_nothing_for_granted() -> None:
    found = answer(case({"principal": "alice", "key_policy": [{"allow": "kms:*", "to": "alice"}]}))
    assert all("note" not in entry for entry in found["because"])


@pytest.mark.parametrize("element", ["Action", "Resource"])
@pytest.mark.parametrize("gone", [True, False], ids=["missing", "null"])
@pytest.mark.parametrize("field", ["identityPolicies", "boundaries", "sessionPolicy", "scps", "rcps", "vpcePolicies"])
def test_a_denial_without_action_or_resource_never_becomes_an_allow(field: str, gone: bool, element: str) -> None:
    who = {"Principal": "*"} if field in ("rcps", "vpcePolicies") else {}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*", **who}
    deny = {**allow, "Effect": "Deny", element: None}
    if gone:
        del deny[element]
    document = {"Version": "2012-10-17", "Statement": [allow, deny]}
    layer = document if field == "sessionPolicy" else [[document]] if field in ("scps", "rcps") else [document]
    plain = case({"principal": "app/s", "key_policy": [{"allow": "kms:*", "to": "app/s"}]})
    assert answer(plain)["decision"] == "Allowed"
    assert answer({**plain, field: layer})["decision"] == "ImplicitlyDenied"


def test_a_resource_that_is_no_arn_is_a_bad_line() -> None:
    told: list[str] = []
    bad = {**case({"principal": "alice", "key_policy": [{"allow": "kms:*", "to": "alice"}]}), "resource": "\ud800"}
    assert list(answer_lines([json.dumps(bad)], lambda _, message: told.append(message))) == []
    assert told == ["`resource` is neither an ARN nor `*`"]

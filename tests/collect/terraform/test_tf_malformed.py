"""Policy documents in a plan that AWS would refuse: a clear verdict or NOT_ASSESSED with the reason, never a PASS."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_tf_judged import judged
from tf_builder import AFTER_APPLY, PlanText, a_key, ref

from scanner.model.finding import Finding

ANYONE = {"Sid": "x", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
OWN = {**ANYONE, "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
PUBLIC = json.dumps({"Version": "2012-10-17", "Statement": [ANYONE]})
RULES = (
    "key-policy-public",
    "key-policy-negated-element",
    "key-policy-foreign-account",
    "external-access-outside-organization",
)


def document(*statements: Any, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def without(element: str) -> dict[str, Any]:
    return {name: value for name, value in ANYONE.items() if name != element}


def nested(value: Any, times: int) -> Any:
    for _ in range(times):
        value = [value]
    return value


TEXTS = {
    "blank": "  ",
    "no JSON": "hello",
    "cut off": PUBLIC[:-5],
    "a byte order mark": "\ufeff" + PUBLIC,
    "JSON in JSON": json.dumps(PUBLIC),
    "a comment before it": "// policy\n" + PUBLIC,
    "something behind it": PUBLIC + "x",
    "two documents": document(OWN) + PUBLIC,
    "a list": json.dumps([ANYONE]),
    "a number": "12",
    "null": "null",
    "true": "true",
    "no statement": "{}",
    "a statement that is null": '{"Statement": null}',
    "a statement that is a text": '{"Statement": "x"}',
    "statements of other types": document(7, None, "x"),
    "nested lists": document(nested(ANYONE, 60)),
    "nested objects": '{"Statement": [' + json.dumps(ANYONE) + '], "x": ' + '{"a":' * 5000 + "1" + "}" * 5000 + "}",
    "a version that is a number": document(ANYONE, Version=5),
    "elements in lower case": json.dumps({"statement": [ANYONE]}),
    "an element twice": '{"Statement":[{"Effect":"Deny","Effect":"Allow","Principal":"*","Action":"*"}]}',
    "statements twice": f'{{"Statement":[{json.dumps(OWN)}],"Statement":[{json.dumps(ANYONE)}]}}',
    "NaN": '{"Statement":[{"Effect":"Allow","Principal":{"AWS":NaN},"Action":"kms:*","Resource":"*"}]}',
    "a huge number": document({**ANYONE, "Principal": {"AWS": 10**400}}),
    "a huge text": document({**ANYONE, "Principal": {"AWS": "x" * 2_000_000}}),
    "a bad one beside a good one": document(OWN, {**ANYONE, "Principal": 5}),
    "nothing beside a good one": document(OWN, None),
}
VALUES: list[Any] = [{"Statement": [ANYONE]}, [ANYONE], 7, True]
"""What a provider would never plan as the text of a policy."""


def separate(policy: Any) -> PlanText:
    written = {"key_id": ref("aws_kms_key.main.key_id")}
    return a_key(PlanText()).resource("aws_kms_key_policy.p", {"key_id": AFTER_APPLY, "policy": policy}, written)


def outcomes(found: list[Finding], *rules: str) -> set[str]:
    mine = [one for one in found if one.rule in rules]
    assert {one.rule for one in mine} == set(rules)
    assert all(one.reasons for one in mine if one.outcome == "NOT_ASSESSED")
    return {one.outcome.value for one in mine}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_key_policy_that_is_none_is_not_assessed(text: str) -> None:
    assert outcomes(judged(a_key(PlanText(), policy=text)), *RULES) == {"NOT_ASSESSED"}


@pytest.mark.parametrize("value", [*VALUES, "hello", document(7)])
def test_neither_is_one_of_another_type_or_beside_its_key(value: Any) -> None:
    assert outcomes(judged(a_key(PlanText(), policy=value)), *RULES) == {"NOT_ASSESSED"}
    assert outcomes(judged(separate(value)), *RULES) == {"NOT_ASSESSED"}


JUNK = st.sampled_from(
    [5, True, None, 1.5, {}, [], [[]], [["*"]], [5], [None], {"a": 1}, {"AWS": 111122224444}, ["*", 7]]
)
ELEMENTS = st.sampled_from(["Effect", "Principal", "Action", "Resource", "Condition"])


@settings(max_examples=25, deadline=None)
@given(ELEMENTS, JUNK, st.booleans())
def test_a_statement_with_an_element_of_another_type_never_passes(element: str, junk: Any, first: bool) -> None:
    assume(element != "Condition" or junk != {})  # which is sound, and means none
    broken = {**ANYONE, element: junk}
    text = document(broken, OWN) if first else document(OWN, broken)
    assert outcomes(judged(a_key(PlanText(), policy=text)), *RULES) == {"NOT_ASSESSED"}


def test_a_statement_that_lacks_its_effect_never_passes() -> None:
    assert outcomes(judged(a_key(PlanText(), policy=document(without("Effect")))), *RULES) == {"NOT_ASSESSED"}


TRUST = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
)
ROLE = {"name": "r", "arn": "arn:aws:iam::111122223333:role/r", "assume_role_policy": TRUST}
EVERY_KEY = without("Principal")


def role_with(policy: Any, how: str) -> PlanText:
    plan = a_key(PlanText())
    if how == "inline":
        return plan.resource("aws_iam_role.r", {**ROLE, "inline_policy": [{"name": "x", "policy": policy}]})
    plan.resource("aws_iam_role.r", ROLE)
    if how == "separate":
        return plan.resource("aws_iam_role_policy.x", {"role": "r", "name": "x", "policy": policy})
    arn = "arn:aws:iam::111122223333:policy/m"
    plan.resource("aws_iam_policy.m", {"name": "m", "arn": arn, "policy": policy})
    return plan.resource("aws_iam_role_policy_attachment.a", {"role": "r", "policy_arn": arn})


@pytest.mark.parametrize("how", ["inline", "separate", "managed"])
@pytest.mark.parametrize(
    "policy",
    [
        "hello",
        "null",
        '{"Statement": "x"}',
        document({**EVERY_KEY, "Action": 5}),
        document({**EVERY_KEY, "Effect": "allow"}),
        document({**EVERY_KEY, "Principal": "*"}),
        document({**EVERY_KEY, "Principal": {"AWS": "arn:aws:iam::111122223333:role/other"}}),
        document({**EVERY_KEY, "NotPrincipal": {"AWS": "*"}}),
        [EVERY_KEY],
    ],
)
def test_a_policy_of_a_role_that_iam_refuses_is_not_assessed(policy: Any, how: str) -> None:
    assert outcomes(judged(role_with(policy, how)), "iam-decrypt-on-all-keys") == {"NOT_ASSESSED"}


def test_the_same_policy_in_order_is_judged() -> None:
    assert outcomes(judged(role_with(document(EVERY_KEY), "managed")), "iam-decrypt-on-all-keys") == {"FAIL"}

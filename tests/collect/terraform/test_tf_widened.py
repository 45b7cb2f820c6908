"""`planned-access-widened` over the plan alone: what its documents give, whatever else the account holds."""

import pytest
from test_tf_judged import judged
from test_tf_seeded_facts import ROOT, document
from tf_builder import ACCOUNT, PlanText, key_arn

from scanner.model.finding import Finding

KEY = key_arn("1234abcd-12ab-34cd-56ef-1234567890ab")
ROLE, OTHER = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("app", "other"))


def to(*roles: str, actions: tuple[str, ...] = ("kms:Decrypt",), effect: str = "Allow") -> dict[str, object]:
    return {"Effect": effect, "Principal": {"AWS": list(roles)}, "Action": list(actions), "Resource": "*"}


def widened(before: str, after: str) -> Finding:
    there = {"arn": KEY, "id": KEY[-36:], "key_id": KEY[-36:]}
    plan = PlanText().resource(
        "aws_kms_key.main", {**there, "policy": after}, actions=("update",), before={**there, "policy": before}
    )
    (found,) = [one for one in judged(plan) if one.rule == "planned-access-widened"]
    return found


def gained(finding: Finding) -> dict[str, list[str]]:
    facts = [one.facts for one in finding.evidence if one.facts]
    return {str(one["arn"]): list(one["actions"]) for one in facts}


def test_a_statement_that_gives_a_known_principal_one_more_action_widens_access():
    more = to(ROLE, actions=("kms:Decrypt", "kms:PutKeyPolicy"))
    found = widened(document(ROOT, to(ROLE)), document(ROOT, more))
    assert found.outcome == "FAIL"
    assert gained(found) == {ROLE: ["kms:PutKeyPolicy"]}


def test_a_new_principal_gains_what_the_statement_says_and_not_what_iam_might_allow():
    found = widened(document(ROOT, to(ROLE)), document(ROOT, to(ROLE, OTHER)))
    assert found.outcome == "FAIL"
    assert gained(found)[OTHER] == ["kms:Decrypt"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (document(ROOT, to(ROLE, OTHER)), document(ROOT, to(ROLE))),
        (document(ROOT, to(ROLE)), document(ROOT, to(ROLE))),
        (document(ROOT, to(ROLE, OTHER)), document(ROOT, to(ROLE), to(OTHER))),
        (document(ROOT, to(ROLE)), document(ROOT, to(f"arn:aws:iam::{ACCOUNT}:root"), to(ROLE))),
    ],
    ids=["narrowed", "same", "two statements", "root twice"],
)
def test_nobody_gains_by_what_was_given_before(before, after):
    assert widened(before, after).outcome == "PASS"


def test_a_deny_that_goes_widens_access():
    denied = document(ROOT, to(ROLE), to(ROLE, effect="Deny"))
    assert widened(denied, document(ROOT, to(ROLE))).outcome == "FAIL"

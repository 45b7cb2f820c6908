"""Policy documents that are known only after apply, as far as their parts are known."""

import json

import pytest
from tf_builder import ACCOUNT, AFTER_APPLY, PlanText, a_key, facts, ref, the_key

from scanner.model.records import UNSET, ManagedPolicyFact, PrincipalFact

ROLE = {"name": "app", "arn": AFTER_APPLY, "assume_role_policy": "{}", "path": "/"}
OWN = f"arn:aws:iam::{ACCOUNT}:root"


def statement(**parts):
    return {"effect": "Allow", "actions": ["kms:*"], "resources": ["*"], **parts}


def principal(identifiers, kind="AWS"):
    return [{"type": kind, "identifiers": identifiers}]


def deferred(plan: PlanText, statements: list, expressions: list) -> PlanText:
    plan.resource(
        "data.aws_iam_policy_document.key",
        {"statement": statements, "json": AFTER_APPLY},
        {"statement": expressions},
        actions=("read",),
        action_reason="read_because_config_unknown",
    )
    return a_key(plan, expressions={"policy": ref("data.aws_iam_policy_document.key.json")})


def test_a_deferred_document_names_the_role_of_the_plan() -> None:
    plan = PlanText().resource("aws_iam_role.app", ROLE)
    plan = deferred(
        plan,
        [statement(principals=principal([OWN])), statement(sid="app", principals=principal(AFTER_APPLY))],
        [{}, {"principals": [{"identifiers": ref("aws_iam_role.app.arn")}]}],
    )
    read = plan.load()
    key = the_key(read)
    (role,) = facts(read, PrincipalFact)
    stated = json.loads(key.policies[0].document)["Statement"]
    assert stated[1]["Principal"] == {"AWS": [role.arn]}
    assert role.arn == f"arn:aws:iam::{ACCOUNT}:role/app"
    assert "policies" not in key.unread


def test_an_allow_that_cannot_be_told_leaves_the_document_partly_known() -> None:
    plan = deferred(
        PlanText(),
        [statement(principals=principal(["*"])), statement(principals=principal(AFTER_APPLY))],
        [{}, {"principals": [{"identifiers": ref("local.roles")}]}],
    )
    key = the_key(plan.load())
    assert len(json.loads(key.policies[0].document)["Statement"]) == 1
    assert "statement[1]" in key.unread["policies"]


def test_a_deny_that_cannot_be_told_leaves_nothing() -> None:
    plan = deferred(
        PlanText(),
        [statement(principals=principal(["*"])), statement(effect="Deny", principals=principal(AFTER_APPLY))],
        [{}, {"principals": [{"identifiers": ref("local.roles")}]}],
    )
    key = the_key(plan.load())
    assert key.policies is UNSET
    assert "denies" in key.unread["policies"]


@pytest.mark.parametrize("part", ["source_policy_documents", "override_policy_documents"])
def test_merged_documents_are_unknown(part) -> None:
    plan = deferred(PlanText(), [statement(principals=principal(["*"]))], [{}])
    plan.document["resource_changes"][0]["change"]["after_unknown"][part] = True
    assert the_key(plan.load()).policies is UNSET


def test_inline_and_attached_policies_meet_on_the_role() -> None:
    plan = (
        PlanText()
        .resource("aws_iam_role.app", ROLE)
        .resource(
            "aws_iam_role_policy.p",
            {"name": "p", "role": AFTER_APPLY, "policy": '{"Statement":[]}'},
            {"role": ref("aws_iam_role.app.id")},
        )
        .resource("aws_iam_policy.m", {"name": "m", "policy": '{"Statement":[]}', "arn": AFTER_APPLY})
        .resource(
            "aws_iam_role_policy_attachment.a",
            {"role": "app", "policy_arn": AFTER_APPLY},
            {"policy_arn": ref("aws_iam_policy.m.arn")},
        )
    )
    read = plan.load()
    (role,) = facts(read, PrincipalFact)
    assert [one.name for one in role.inline] == ["p"]
    assert role.attached == (f"arn:aws:iam::{ACCOUNT}:policy/m",)
    assert {"inline", "attached"}.isdisjoint(role.unread)
    (policy,) = facts(read, ManagedPolicyFact)
    assert policy.document == '{"Statement":[]}'


def test_a_policy_on_a_role_outside_the_plan_makes_that_role_known_in_part() -> None:
    plan = PlanText().resource("aws_iam_role_policy.p", {"name": "p", "role": "legacy", "policy": '{"Statement":[]}'})
    (role,) = facts(plan.load(), PrincipalFact)
    assert (role.arn, role.name) == (f"arn:aws:iam::{ACCOUNT}:role/legacy", "legacy")
    assert {"inline", "attached", "trust"} <= set(role.unread)


def test_an_aws_managed_policy_is_unknown_by_name() -> None:
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    plan = PlanText().resource("aws_iam_role_policy_attachment.a", {"role": "x", "policy_arn": admin})
    (policy,) = facts(plan.load(), ManagedPolicyFact)
    assert policy.document is UNSET
    assert admin in policy.unread["document"]


def groups_of(plan: PlanText) -> dict[str, tuple[tuple[str, ...], str | None]]:
    users = [one for one in facts(plan.load(), PrincipalFact) if one.type == "user"]
    return {one.name: (one.groups, one.unread.get("groups")) for one in users}


def two_users() -> PlanText:
    plan = PlanText().resource("aws_iam_group.team", {"name": "team", "path": "/"})
    for name in ("ann", "bob"):
        plan.resource(f"aws_iam_user.{name}", {"name": name, "path": "/", "arn": AFTER_APPLY})
    return plan


def test_both_ways_of_joining_a_group_count() -> None:
    plan = two_users()
    plan.resource("aws_iam_group_membership.m", {"name": "m", "group": "team", "users": ["ann"]})
    plan.resource("aws_iam_user_group_membership.m", {"user": "bob", "groups": ["team", "other"]})
    assert groups_of(plan) == {"ann": (("team",), None), "bob": (("other", "team"), None)}


def test_members_that_cannot_be_told_leave_the_groups_of_every_user_open() -> None:
    plan = two_users()
    values = {"name": "m", "group": "team", "users": AFTER_APPLY}
    plan.resource("aws_iam_group_membership.m", values, {"users": ref("local.team")})
    assert all("m.users is known only after apply" in str(why) for _, why in groups_of(plan).values())


def test_a_user_who_is_there_may_be_in_groups_that_the_plan_does_not_hold() -> None:
    plan = PlanText().resource("aws_iam_user.ann", {"name": "ann", "path": "/"}, actions=("no-op",))
    assert "every group" in str(groups_of(plan)["ann"][1])


def test_an_attachment_that_cannot_be_told_leaves_the_policies_of_every_user_open() -> None:
    plan = two_users()
    values = {"name": "a", "policy_arn": OWN, "users": AFTER_APPLY, "roles": None, "groups": None}
    plan.resource("aws_iam_policy_attachment.a", values, {"users": ref("local.team")})
    found = [one.unread.get("attached") for one in facts(plan.load(), PrincipalFact) if one.type == "user"]
    assert all("a.users is known only after apply" in str(why) for why in found)


def public(sid: str = "Open") -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}


def merging(statements: list, expressions: dict | None = None, **documents) -> PlanText:
    plan = deferred(PlanText(), statements, [{} for _ in statements])
    plan.document["resource_changes"][0]["change"]["after"] |= {
        name: value for name, value in documents.items() if value is not AFTER_APPLY
    }
    unknown = {name: True for name, value in documents.items() if value is AFTER_APPLY}
    plan.document["resource_changes"][0]["change"]["after_unknown"] |= unknown
    plan.root["resources"][0]["expressions"] |= expressions or {}
    return plan


OWN_STATEMENT = statement(sid="Open", principals=principal([OWN]))


@pytest.mark.parametrize(
    ("documents", "statements", "principals"),
    [
        ({"source_policy_documents": [json.dumps({"Statement": [public("Else")]})]}, [OWN_STATEMENT], ["*", [OWN]]),
        ({"source_policy_documents": [json.dumps({"Statement": public()})]}, [OWN_STATEMENT], [[OWN]]),
        ({"override_policy_documents": [json.dumps({"Statement": [public()]})]}, [OWN_STATEMENT], ["*"]),
        ({"source_json": json.dumps({"Statement": [public("Else")]})}, [OWN_STATEMENT], ["*", [OWN]]),
        ({"override_json": json.dumps({"Statement": [public("")]})}, [OWN_STATEMENT], [[OWN], "*"]),
        ({"source_json": "", "override_policy_documents": []}, [OWN_STATEMENT], [[OWN]]),
    ],
)
def test_a_deferred_document_merges_the_documents_that_are_known(documents, statements, principals) -> None:
    key = the_key(merging(statements, **documents).load())
    merged = json.loads(key.policies[0].document)["Statement"]
    stated = [one["Principal"] for one in merged]
    assert [one if one == "*" else one["AWS"] for one in stated] == principals
    assert "policies" not in key.unread


def test_a_statement_that_cannot_be_told_still_replaces_the_one_that_is_merged() -> None:
    unknown = statement(sid="Open", principals=principal(AFTER_APPLY))
    also = statement(sid="Own", principals=principal([OWN]))
    source = json.dumps({"Statement": [public()]})
    key = the_key(merging([unknown, also], source_policy_documents=[source]).load())
    assert [one["Sid"] for one in json.loads(key.policies[0].document)["Statement"]] == ["Own"]
    assert "statement[0]" in key.unread["policies"]


@pytest.mark.parametrize(
    "documents",
    [
        {"source_policy_documents": AFTER_APPLY},
        {"override_policy_documents": ["{"]},
        {"source_policy_documents": ["[]"]},
        {"override_json": json.dumps({"Statement": ["x"]})},
        {"source_policy_documents": [None]},
    ],
)
def test_a_document_that_merges_what_cannot_be_read_is_not_known(documents) -> None:
    key = the_key(merging([OWN_STATEMENT], **documents).load())
    assert key.policies is UNSET
    assert "merges" in key.unread["policies"]


def chosen_by(default: dict, **call: object) -> PlanText:
    plan = PlanText().call("kms", {}).output(("kms",), "arn", ref("aws_kms_key.main.arn"))
    plan.module(("kms",))["variables"] = {"policy": default, "create": {"default": True}}
    plan.call("kms", dict(call))
    plan.resource(
        "module.kms.data.aws_iam_policy_document.key[0]",
        {"statement": [statement(principals=principal(["*"]))], "json": AFTER_APPLY},
        actions=("read",),
    )
    names = ("var.create", "var.policy", "data.aws_iam_policy_document.key[0].json")
    return a_key(plan, "module.kms.aws_kms_key.main", expressions={"policy": ref(*names)})


@pytest.mark.parametrize("default", [{"default": None}, {"default": ""}])
def test_a_document_stands_where_the_policy_that_may_be_given_instead_is_not(default) -> None:
    key = the_key(chosen_by(default).load(), "module.kms.aws_kms_key.main")
    assert json.loads(key.policies[0].document)["Statement"][0]["Principal"] == {"AWS": ["*"]}


@pytest.mark.parametrize(
    ("default", "call"),
    [
        ({"default": '{"Statement": []}'}, {}),
        ({}, {}),
        ({"default": None}, {"policy": ref("local.policy")}),
        ({"default": None, "sensitive": True}, {"policy": {"constant_value": "x"}}),
    ],
)
def test_a_document_beside_another_that_may_be_given_instead_is_not_known(default, call) -> None:
    key = the_key(chosen_by(default, **call).load(), "module.kms.aws_kms_key.main")
    assert key.policies is UNSET
    assert "var.policy" in key.unread["policies"]


def test_a_statement_whose_effect_is_not_known_may_deny() -> None:
    both = [OWN_STATEMENT, statement(sid="Any", effect=AFTER_APPLY, principals=principal(["*"]))]
    key = the_key(deferred(PlanText(), both, [{}, {}]).load())
    assert key.policies is UNSET
    assert "denies something" in key.unread["policies"]

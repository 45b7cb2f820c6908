"""What a plan does: replaced and deleted keys, moves, imports, forgotten and deposed objects, drift, partial plans."""

import pytest
from tf_builder import ACCOUNT, AFTER_APPLY, NEW_KEY, PlanText, a_key, facts, ref, the_key, uses

from scanner.collect.terraform.instances import action_of
from scanner.model.records import KeyFact, ResourceFact

OLD = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/0000"
STATED = {"arn": OLD, "key_id": "0000", "id": "0000", "is_enabled": True, "policy": "{}", "deletion_window_in_days": 7}


@pytest.mark.parametrize(
    ("actions", "word"),
    [
        (["no-op"], "no-op"),
        (["create"], "create"),
        (["read"], "read"),
        (["update"], "update"),
        (["delete", "create"], "replace"),
        (["create", "delete"], "replace"),
        (["delete"], "delete"),
        (["forget"], "forget"),
        (["create", "forget"], "create"),
        (["something-new"], "no-op"),
        ([], "no-op"),
    ],
)
def test_a_delete_among_the_actions_always_counts(actions, word) -> None:
    assert action_of(actions) == word


def test_a_deleted_key_is_pending_deletion_and_who_uses_it_still_shows() -> None:
    plan = PlanText().resource("aws_kms_key.main", {}, actions=("delete",), before=STATED)
    plan.resource("aws_ebs_volume.v", {"encrypted": True, "kms_key_id": OLD, "id": "vol-1"}, actions=("no-op",))
    read = plan.load()
    (key,) = facts(read, KeyFact)
    assert (key.arn, key.state, key.pending_window_days) == (OLD, "PendingDeletion", 7)
    assert uses(read, "aws_ebs_volume.v")["storage"].key == OLD
    assert [(c.action, c.before, c.subject) for c in read.changes if c.type == "aws_kms_key"] == [("delete", OLD, None)]


def test_a_replaced_key_is_a_new_arn_beside_the_old_one() -> None:
    plan = PlanText().resource("aws_kms_key.main", NEW_KEY, actions=("delete", "create"), before=STATED)
    read = plan.load()
    assert {(key.arn, key.state) for key in facts(read, KeyFact)} == {
        (OLD, "PendingDeletion"),
        (the_key(read).arn, "Enabled"),
    }
    (change,) = read.changes
    assert (change.action, change.before, change.subject) == ("replace", OLD, the_key(read).arn)


def test_a_forgotten_key_stays_as_it_is() -> None:
    read = PlanText().resource("aws_kms_key.main", {}, actions=("forget",), before=STATED).load()
    (key,) = facts(read, KeyFact)
    assert (key.arn, key.state) == (OLD, "Enabled")


def test_create_and_forget_leaves_the_old_key_alive() -> None:
    read = PlanText().resource("aws_kms_key.main", NEW_KEY, actions=("create", "forget"), before=STATED).load()
    assert {key.state for key in facts(read, KeyFact)} == {"Enabled"}
    assert len(facts(read, KeyFact)) == 2


def test_a_moved_and_imported_key_is_the_same_key() -> None:
    read = (
        PlanText()
        .resource("aws_kms_key.new", STATED, actions=("no-op",), before=STATED, previous_address="aws_kms_key.old")
        .resource("aws_kms_key.main", STATED, actions=("update",), before=STATED, change={"importing": {"id": "0000"}})
        .load()
    )
    assert [(c.moved_from, c.imported) for c in read.changes] == [("aws_kms_key.old", False), (None, True)]


def test_a_deposed_object_is_told_apart() -> None:
    plan = PlanText().resource("aws_kms_key.main", STATED, actions=("no-op",), before=STATED)
    other = STATED | {"arn": OLD.replace("0000", "1111")}
    read = plan.resource("aws_kms_key.main", {}, actions=("delete",), before=other, deposed="abcd").load()
    assert [(c.action, c.deposed) for c in read.changes] == [("no-op", False), ("delete", True)]
    assert {key.state for key in facts(read, KeyFact)} == {"Enabled", "PendingDeletion"}


def test_drift_is_told() -> None:
    plan = PlanText().resource("aws_kms_key.main", STATED, actions=("no-op",), before=STATED)
    plan.document["resource_drift"] = [plan.document["resource_changes"][0]]
    assert plan.load().changes[0].drifted


def test_a_deferred_change_is_partial_and_unknown() -> None:
    plan = a_key(PlanText())
    entry = plan.document["resource_changes"].pop()
    entry["change"]["after_unknown"]["is_enabled"] = True
    plan.document["deferred_changes"] = [{"reason": "provider_config_unknown", "resource_change": entry}]
    read = plan.load()
    assert read.changes[0].action == "deferred"
    assert "deferred" in read.partial[0]


@pytest.mark.parametrize(("name", "value"), [("errored", True), ("complete", False)])
def test_an_unfinished_plan_is_partial(name, value) -> None:
    plan = a_key(PlanText())
    plan.document[name] = value
    assert len(plan.load().partial) == 1


def test_bypassing_the_lockout_check_is_told() -> None:
    read = a_key(PlanText(), bypass_policy_lockout_safety_check=True).load()
    assert read.changes[0].lockout_check_bypassed


def test_a_part_says_what_it_completes() -> None:
    plan = a_key(PlanText()).resource(
        "aws_kms_grant.g",
        {"key_id": AFTER_APPLY, "grantee_principal": "arn:aws:iam::111122223333:role/x", "operations": ["Decrypt"]},
        {"key_id": ref("aws_kms_key.main.id")},
    )
    read = plan.load()
    assert [(c.subject, c.completes) for c in read.changes] == [
        (the_key(read).arn, None),
        ("aws_kms_grant.g", the_key(read).arn),
    ]


def test_a_deleted_resource_is_gone_after_apply() -> None:
    volume = {"arn": "arn:aws:ec2:eu-central-1:111122223333:volume/vol-1", "id": "vol-1", "encrypted": False}
    read = PlanText().resource("aws_ebs_volume.v", {}, actions=("delete",), before=volume).load()
    assert not facts(read, ResourceFact)
    assert [fact.arn for fact in read.before] == [volume["arn"]]


def test_a_plan_that_only_refreshes_is_whole_and_changes_nothing() -> None:
    plan = PlanText()
    named = {"address": "aws_kms_key.main", "mode": "managed", "type": "aws_kms_key", "name": "main"}
    key = {**named, "values": STATED}
    plan.block((), "managed", "aws_kms_key", "main", {})
    plan.document.update(planned_values={"root_module": {}}, errored=False)
    plan.document["prior_state"] = {"format_version": "1.0", "values": {"root_module": {"resources": [key]}}}
    del plan.document["resource_changes"]
    read = plan.load()
    assert read.partial == ()
    assert {change.action for change in read.changes} == {"no-op"}
    assert [one.arn for one in facts(read, KeyFact)] == [OLD]
    plan.document["planned_values"]["root_module"]["resources"] = [key]
    assert plan.load().partial != ()

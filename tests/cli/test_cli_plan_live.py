"""`keyproof plan --live`: what the merge changes in a live account, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import ACCOUNT, REGION, a_key, a_resource, a_role, account_statement, document, listed
from collect.terraform.tf_builder import AFTER_APPLY, PlanText, ref

from scanner.model.arn import key_arn
from scanner.model.records import EventRuleFact, EventSelector, Item, NamedDocument, Rotation, TrailFact
from tests.cli.snapshots import written

KEY = key_arn(REGION, ACCOUNT, "key-1")
VOLUME = f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-1"
FOREIGN = "arn:aws:iam::999988887777:role/partner"
OWN = account_statement()
PARTNER = {"Effect": "Allow", "Principal": {"AWS": FOREIGN}, "Action": "kms:Decrypt", "Resource": "*"}
AS_OF = ("--as-of", "2026-11-22")


def stated(**values: Any) -> dict[str, Any]:
    """The attributes of the live key as Terraform has them."""
    own = {"arn": KEY, "key_id": "key-1", "id": "key-1", "is_enabled": True, "policy": document(OWN), "tags": {}}
    return own | {"enable_key_rotation": True, "deletion_window_in_days": 7} | values


def changing(action: tuple[str, ...] = ("update",), **values: Any) -> PlanText:
    """A plan about the live key."""
    return PlanText().resource("aws_kms_key.main", stated(**values), actions=action, before=stated())


Judged = Callable[..., dict[str, Any]]


@pytest.fixture
def judged(tmp_path: Path, run: Callable) -> Judged:
    """The JSON report of a plan over a live account."""

    def judge(plan: PlanText, *live: Item, code: int | None = None, arguments: tuple[object, ...] = ()) -> Any:
        path = tmp_path / "plan.json"
        path.write_bytes(plan.text())
        snapshot = written(tmp_path / "live", *(live or (a_key(tags={}), a_resource())))
        outcome = run("plan", path, "--live", snapshot, "-f", "json", *AS_OF, *arguments)
        assert outcome.err == ""
        assert code in (None, outcome.code)
        return json.loads(outcome.out)

    return judge


def statuses(report: dict[str, Any], rule: str) -> dict[str, tuple[str, str]]:
    return {one["subject"]: (one["outcome"], one["status"]) for one in report["findings"] if one["rule"] == rule}


def test_a_plan_without_changes_changes_nothing(judged: Judged) -> None:
    report = judged(changing(("no-op",)), code=0)
    assert {word for word, found in report["changes"].items() if found} == set()
    assert {one["status"] for one in report["findings"]} == {"unchanged"}


def test_findings_are_new_fixed_or_unchanged(judged: Judged) -> None:
    off = a_key(rotation=Rotation(enabled=False))
    other = a_key("key-2", rotation=Rotation(enabled=False))
    before = stated(enable_key_rotation=False)
    plan = PlanText().resource("aws_kms_key.main", stated(), actions=("update",), before=before)
    report = judged(plan, off, other)
    assert statuses(report, "key-rotation-off") == {KEY: ("PASS", "fixed"), other.arn: ("FAIL", "unchanged")}
    report = judged(changing(enable_key_rotation=False))
    assert statuses(report, "key-rotation-off") == {KEY: ("FAIL", "new")}


def test_only_new_findings_fail_the_command(judged: Judged) -> None:
    off = a_key(rotation=Rotation(enabled=False))
    gate = ("--fail-on", "medium")
    judged(changing(("no-op",), enable_key_rotation=False), off, code=0, arguments=gate)
    judged(changing(enable_key_rotation=False), a_key(), code=1, arguments=gate)


def test_a_deleted_key_names_what_depends_on_it(judged: Judged) -> None:
    report = judged(changing(("delete",)), code=1)
    assert report["changes"]["keys"] == [{"key": KEY, "action": "deleted", "dependants": [VOLUME]}]
    assert statuses(report, "planned-key-deletion-in-use") == {KEY: ("FAIL", "new")}
    assert [one["rule"] for one in report["findings"] if one["subject"] == KEY and one["severity"] == "critical"] == [
        "planned-key-deletion-in-use"
    ]


def test_a_replaced_key_names_who_still_points_at_the_old_one(judged: Judged) -> None:
    plan = changing(("delete", "create"), arn=AFTER_APPLY, key_id=AFTER_APPLY, id=AFTER_APPLY)
    report = judged(plan, code=1)
    fates = {one["key"]: (one["action"], one["dependants"]) for one in report["changes"]["keys"]}
    assert fates[KEY] == ("replaced", [VOLUME])
    assert statuses(report, "planned-key-replacement-in-use")[KEY] == ("FAIL", "new")
    assert statuses(report, "planned-key-deletion-in-use") == {}


def test_a_disabled_key_is_told(judged: Judged) -> None:
    report = judged(changing(is_enabled=False))
    assert report["changes"]["keys"] == [{"key": KEY, "action": "disabled", "dependants": [VOLUME]}]


def test_access_gained_and_lost_through_the_key_policy(judged: Judged) -> None:
    before = NamedDocument("default", document(OWN))
    after = NamedDocument("default", document(OWN, PARTNER))
    gained = judged(changing(policy=after.document), a_key(policies=(before,)))
    entry = {"principal": FOREIGN, "key": KEY, "actions": ["kms:Decrypt"], "via": ["key-policy"]}
    (change,) = gained["changes"]["access"]
    assert {name: change[name] for name in entry} == entry
    assert change["change"] == "gained"
    assert statuses(gained, "planned-access-widened") == {KEY: ("FAIL", "new")}
    plan = PlanText().resource("aws_kms_key.main", stated(), actions=("update",), before=stated(policy=after.document))
    lost = judged(plan, a_key(policies=(after,)))
    assert [(one["change"], one["principal"]) for one in lost["changes"]["access"]] == [("lost", FOREIGN)]
    assert statuses(lost, "planned-access-widened") == {}


def test_access_gained_through_iam_on_a_key_that_the_plan_does_not_hold(judged: Judged) -> None:
    decrypt = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}
    values = {"name": "p", "role": "app", "policy": document(decrypt), "id": AFTER_APPLY}
    report = judged(PlanText().resource("aws_iam_role_policy.p", values), a_key(), a_role("app"))
    (change,) = report["changes"]["access"]
    role = f"arn:aws:iam::{ACCOUNT}:role/app"
    assert (change["change"], change["principal"], change["key"]) == ("gained", role, KEY)
    assert (change["actions"], change["verdict"], change["via"]) == (["kms:Decrypt"], "ALLOWED", ["iam"])
    assert statuses(report, "planned-access-widened") == {KEY: ("FAIL", "new")}


def test_nobody_gains_what_the_key_cannot_do(judged: Judged) -> None:
    every = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:Sign"], "Resource": KEY}
    values = {"name": "p", "role": "app", "policy": document(every), "id": AFTER_APPLY}
    signing = a_key(usage="SIGN_VERIFY", spec="RSA_2048", rotation=None)
    report = judged(PlanText().resource("aws_iam_role_policy.p", values), signing, a_role("app"))
    assert [one["actions"] for one in report["changes"]["access"]] == [["kms:Sign"]]


def test_a_policy_known_only_after_apply_leaves_access_open(judged: Judged) -> None:
    plan = PlanText().resource(
        "aws_kms_key.main",
        stated(policy=AFTER_APPLY),
        {"policy": ref("data.external.policy.result")},
        actions=("update",),
        before=stated(),
    )
    report = judged(plan)
    assert report["changes"]["unknown"]
    assert report["changes"]["access"] == []
    assert statuses(report, "planned-access-widened")[KEY][0] == "NOT_ASSESSED"


def test_a_resource_that_moves_to_another_key(judged: Judged) -> None:
    other = a_key("key-2", origin="AWS_CLOUDHSM", rotation=None)
    values = {"arn": VOLUME, "id": "vol-1", "encrypted": True, "kms_key_id": KEY}
    moved = values | {"kms_key_id": other.arn}
    plan = PlanText().resource("aws_ebs_volume.v", moved, actions=("update",), before=values)
    (change,) = judged(plan, a_key(), other, a_resource())["changes"]["custody"]
    assert (change["subject"], change["field"]) == (VOLUME, "storage")
    assert (change["before"], change["after"]) == ("CUSTOMER_MANAGED", "CKS")


def test_a_replaced_resource_is_compared_with_the_one_it_replaces(judged: Judged) -> None:
    values = {"arn": VOLUME, "id": "vol-1", "encrypted": True, "kms_key_id": KEY}
    new = values | {"arn": AFTER_APPLY, "id": AFTER_APPLY, "kms_key_id": key_arn(REGION, ACCOUNT, "key-2")}
    plan = PlanText().resource("aws_ebs_volume.v", new, actions=("delete", "create"), before=values)
    (change,) = judged(plan, a_key(), a_key("key-2", origin="EXTERNAL"), a_resource())["changes"]["custody"]
    assert (change["before"], change["after"]) == ("CUSTOMER_MANAGED", "IMPORTED")


def test_the_changes_stand_in_the_comment_of_a_pull_request(judged: Judged, run: Callable, tmp_path: Path) -> None:
    judged(changing(("delete",)))
    text = run("plan", tmp_path / "plan.json", "--live", tmp_path / "live", "-f", "markdown", *AS_OF).out
    assert "deleted; 1 dependant" in text
    assert "**new**" in text


def test_live_and_baseline_exclude_each_other(judged: Judged, run: Callable, tmp_path: Path) -> None:
    judged(changing())
    outcome = run("plan", tmp_path / "plan.json", "--live", tmp_path / "live", "--baseline", tmp_path / "live")
    assert outcome.code == 2
    assert "--baseline" in outcome.err


def watched() -> tuple[tuple[Item, ...], dict[str, Any]]:
    """A live account where an event rule tells of every destruction, and that rule as Terraform has it."""
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/keys"
    pattern = '{"source": ["aws.kms"], "detail": {"eventName": ["DisableKey", "ScheduleKeyDeletion"]}}'
    place = {"account": ACCOUNT, "region": REGION}
    trail = TrailFact(
        **place, arn=f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/t", name="t", multi_region=True, organization=False,
        validation=True, logging=True, selectors=(EventSelector(read_write="All", management=True),),
        advanced_selectors=(),
    )  # fmt: skip
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:security"
    rule = EventRuleFact(**place, arn=arn, name="keys", pattern=pattern, state="ENABLED", targets=(topic,))
    lists = listed("key", "trail", "event-store", "metric-filter", "alarm", "event-rule")
    values = {"arn": arn, "name": "keys", "event_bus_name": "default", "event_pattern": pattern, "state": "ENABLED"}
    return (a_key(tags={}), trail, rule, lists), values


def test_a_plan_that_deletes_the_last_watcher_is_a_new_finding(judged: Judged) -> None:
    live, values = watched()
    rule, kind = "key-destructive-call-unalarmed", "aws_cloudwatch_event_rule.keys"
    kept = judged(PlanText().resource(kind, values, actions=("no-op",), before=values), *live)
    assert statuses(kept, rule) == {}
    gone = judged(PlanText().resource(kind, {}, actions=("delete",), before=values), *live)
    assert statuses(gone, rule) == {ACCOUNT: ("FAIL", "new")}
    off = values | {"state": "DISABLED"}
    disabled = judged(PlanText().resource(kind, off, actions=("update",), before=values), *live)
    assert statuses(disabled, rule) == {ACCOUNT: ("FAIL", "new")}

"""`keyproof plan` and its surroundings: standard input, the source folder, waivers in code, partial plans, secrets."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import account_statement, document
from collect.terraform.tf_builder import ACCOUNT, AFTER_APPLY, REGION, PlanText, a_key, key_arn

from scanner.report import FORMATS

AS_OF = ("--as-of", "2026-11-22")
MAIN = """
resource "aws_kms_key" "main" {
  # keyproof:waive key-rotation-off owner=pay reason="moves to the key store" expires=2027-01-31
}
"""
KEY = key_arn()


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return saved(tmp_path, a_key(PlanText(), enable_key_rotation=False))


def saved(folder: Path, text: PlanText) -> Path:
    path = folder / "plan.json"
    path.write_bytes(text.text())
    return path


def source(folder: Path, text: str = MAIN) -> Path:
    (folder / "infra").mkdir()
    (folder / "infra" / "main.tf").write_text(text)
    return folder / "infra"


def found(text: str, rule: str) -> dict[str, Any]:
    (finding,) = [one for one in json.loads(text)["findings"] if one["rule"] == rule]
    return finding


def test_a_plan_comes_from_standard_input(plan: Path, run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(plan.read_bytes())))
    outcome = run("plan", "-", "-f", "json", *AS_OF)
    assert found(outcome.out, "key-rotation-off")["outcome"] == "FAIL"
    assert found(outcome.out, "key-rotation-off")["address"] == "aws_kms_key.main"


def test_findings_point_at_the_line_of_the_block(plan: Path, tmp_path: Path, run: Callable) -> None:
    folder = source(tmp_path / "here")
    outcome = run("plan", plan, "--source", folder.name, "-f", "json", "-f", f"sarif={tmp_path / 's'}", *AS_OF)
    assert found(outcome.out, "key-unaliased")["location"] == {"file": "infra/main.tf", "line": 2}
    places = {json.dumps(one["locations"][0]["physicalLocation"]) for one in results(tmp_path / "s", "key-unaliased")}
    assert places == {'{"artifactLocation": {"uri": "infra/main.tf"}, "region": {"startLine": 2}}'}
    assert "file=infra/main.tf,line=2" in run("plan", plan, "--source", folder, "-f", "github", *AS_OF).out


def results(path: Path, rule: str) -> list[dict[str, Any]]:
    return [one for one in json.loads(path.read_text())["runs"][0]["results"] if one["ruleId"] == rule]


def test_without_a_source_findings_stand_in_the_plan(plan: Path, tmp_path: Path, run: Callable) -> None:
    run("plan", plan, "-f", f"sarif={tmp_path / 's'}", *AS_OF)
    (result,) = results(tmp_path / "s", "key-rotation-off")
    place = result["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("plan.json")
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "aws_kms_key.main"


def test_the_fingerprint_does_not_depend_on_the_source(plan: Path, tmp_path: Path, run: Callable) -> None:
    with_source = run("plan", plan, "--source", source(tmp_path), "-f", "json", *AS_OF)
    without = run("plan", plan, "-f", "json", *AS_OF)
    prints = [found(one.out, "key-unaliased")["fingerprint"] for one in (with_source, without)]
    assert prints[0] == prints[1]


# --- waivers in code -------------------------------------------------------------------------------


def test_a_waiver_in_the_code_covers_its_block(plan: Path, tmp_path: Path, run: Callable) -> None:
    outcome = run("plan", plan, "--source", source(tmp_path), "-f", "json", "--fail-on", "medium", *AS_OF)
    finding = found(outcome.out, "key-rotation-off")
    assert (finding["outcome"], finding["waiver"]["owner"]) == ("FAIL", "pay")
    assert finding["waiver"]["expires"] == "2027-01-31"
    assert outcome.code == 0


@pytest.mark.parametrize(
    ("comment", "date", "notice"),
    [
        ('key-rotation-off owner=pay reason="x" expires=2026-12-31', "2027-02-01", "waiver-expired"),
        ('key-cryptoperiod-exceeded owner=pay reason="x" expires=2027-01-31', "2026-11-22", "waiver-unused"),
    ],
)
def test_an_expired_or_unused_waiver_is_noticed(
    comment: str, date: str, notice: str, plan: Path, tmp_path: Path, run: Callable
) -> None:
    folder = source(tmp_path, f'resource "aws_kms_key" "main" {{\n  # keyproof:waive {comment}\n}}\n')
    outcome = run("plan", plan, "--source", folder, "-f", "json", "--as-of", date)
    assert notice in {one["type"] for one in json.loads(outcome.out)["notices"]}
    assert found(outcome.out, "key-rotation-off")["waiver"] is None


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("key-rotation-of owner=a reason=b expires=2027-01-31", "there is no rule `key-rotation-of`"),
        ("key-rotation-off reason=b expires=2027-01-31", "missing required field `owner`"),
        ("key-rotation-off owner=a reason=b expires=soon", "`expires`"),
        ("key-rotation-off owner=a reason=b expires=2030-01-31", "more than 365 days"),
        ("key-rotation-off owner=a reason=b expires=2027-01-31 scope=all", "`scope`"),
    ],
)
def test_a_wrong_waiver_in_the_code_is_an_error_with_its_place(
    comment: str, message: str, plan: Path, tmp_path: Path, run: Callable
) -> None:
    folder = source(tmp_path, f'resource "aws_kms_key" "main" {{\n  # keyproof:waive {comment}\n}}\n')
    outcome = run("plan", plan, "--source", folder, *AS_OF)
    assert (outcome.code, outcome.out) == (2, "")
    assert "main.tf:2:1: " in outcome.err
    assert message in outcome.err


def test_a_waiver_of_a_block_without_instances_covers_nothing(plan: Path, tmp_path: Path, run: Callable) -> None:
    folder = source(tmp_path, MAIN.replace('"main"', '"none"'))
    outcome = run("plan", plan, "--source", folder, "-f", "json", *AS_OF)
    assert found(outcome.out, "key-rotation-off")["waiver"] is None


# --- partial plans ---------------------------------------------------------------------------------


def test_a_partial_plan_is_no_complete_report(tmp_path: Path, run: Callable) -> None:
    text = a_key(PlanText(), enable_key_rotation=True)
    text.document["errored"] = True
    path = saved(tmp_path, text)
    outcome = run("plan", path, "-f", "json", *AS_OF)
    report = json.loads(outcome.out)
    assert outcome.code == 3
    assert report["complete"] is False
    assert report["snapshot"]["source"]["partial"] == ["terraform reports that planning ended with an error"]
    assert run("plan", path, "--allow-gaps", *AS_OF).code == 0
    assert "The plan is partial: terraform reports" in run("plan", path, "-f", "markdown", *AS_OF).out


def test_a_plan_is_not_blamed_for_the_rest_of_the_account(plan: Path, run: Callable) -> None:
    findings = json.loads(run("plan", plan, "-f", "json", *AS_OF).out)["findings"]
    assert [one["subject"] for one in findings if ":unlisted/" in one["subject"]] == []


def test_a_baseline_of_the_live_account_is_not_fixed_by_a_plan(plan: Path, tmp_path: Path, run: Callable) -> None:
    from builders import a_key as live_key

    from scanner.model.records import Rotation
    from tests.cli.snapshots import written

    live = written(tmp_path / "live", live_key(rotation=Rotation(enabled=False)))
    run("check", live, "-f", f"json={tmp_path / 'old'}", *AS_OF)
    outcome = run("plan", plan, "--baseline", tmp_path / "old", "-f", "json", *AS_OF)
    assert "fixed" not in {one["status"] for one in json.loads(outcome.out)["findings"]}


def test_a_failure_of_an_earlier_plan_is_fixed_by_the_next(plan: Path, tmp_path: Path, run: Callable) -> None:
    run("plan", plan, "-f", f"json={tmp_path / 'old'}", *AS_OF)
    saved(tmp_path, a_key(PlanText(), enable_key_rotation=True))
    outcome = run("plan", plan, "--baseline", tmp_path / "old", "-f", "json", *AS_OF)
    assert found(outcome.out, "key-rotation-off")["status"] == "fixed"
    assert found(outcome.out, "key-unaliased")["status"] == "unchanged"


# --- rules of the plan alone -----------------------------------------------------------------------


def outcomes(run: Callable, folder: Path, text: PlanText, rule: str) -> dict[str, str]:
    outcome = run("plan", saved(folder, text), "-f", "json", "--all", "--fail-on", "none", *AS_OF)
    return {one["subject"]: one["outcome"] for one in json.loads(outcome.out)["findings"] if one["rule"] == rule}


OLD = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0000"
STATED = {"arn": OLD, "key_id": "0000", "id": "0000", "is_enabled": True, "policy": document(account_statement())}
VOLUME = {"arn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/v", "id": "v", "encrypted": True, "kms_key_id": OLD}


@pytest.mark.parametrize(
    ("actions", "rule"),
    [(("delete",), "planned-key-deletion-in-use"), (("delete", "create"), "planned-key-replacement-in-use")],
)
def test_a_key_that_leaves_while_a_resource_of_the_plan_stays(
    actions: tuple[str, ...], rule: str, run: Callable, tmp_path: Path
) -> None:
    new = STATED | {"arn": AFTER_APPLY, "key_id": AFTER_APPLY, "id": AFTER_APPLY}
    text = PlanText().resource("aws_kms_key.k", new, actions=actions, before=STATED)
    assert outcomes(run, tmp_path, text, rule)[OLD] == "NOT_ASSESSED"
    text.resource("aws_ebs_volume.v", VOLUME, actions=("no-op",), before=VOLUME)
    assert outcomes(run, tmp_path, text, rule)[OLD] == "FAIL"


def test_a_secret_of_a_key_in_the_plan(run: Callable, tmp_path: Path) -> None:
    text = PlanText().resource("aws_kms_custom_key_store.s", {"key_store_password": "hunter2hunter2"})
    path = saved(tmp_path, text)
    outcome = run("plan", path, "-f", "json", *AS_OF)
    finding = found(outcome.out, "key-secret-in-plan")
    assert (finding["outcome"], finding["subject"]) == ("FAIL", "aws_kms_custom_key_store.s")
    for name in FORMATS:
        written = run("plan", path, "--all", "-f", name, *AS_OF)
        assert written.code == 1, written.err
        assert "hunter2" not in written.out


def test_a_wider_key_policy_is_told_from_the_plan_alone(run: Callable, tmp_path: Path) -> None:
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*"}
    wide = STATED | {"policy": document(account_statement(), anyone)}
    for values, outcome in ((wide, "FAIL"), (STATED, "PASS")):
        text = PlanText().resource("aws_kms_key.k", values, actions=("update",), before=STATED)
        assert outcomes(run, tmp_path, text, "planned-access-widened") == {OLD: outcome}


def test_a_new_key_widens_nothing(plan: Path, run: Callable, tmp_path: Path) -> None:
    text = a_key(PlanText(), policy=document(account_statement()))
    assert outcomes(run, tmp_path, text, "planned-access-widened") == {KEY: "NOT_APPLICABLE"}


def test_a_bypassed_lockout_check(run: Callable, tmp_path: Path) -> None:
    text = a_key(PlanText(), bypass_policy_lockout_safety_check=True)
    assert outcomes(run, tmp_path, text, "lockout-safety-check-bypassed") == {KEY: "FAIL"}
    text = a_key(PlanText(), bypass_policy_lockout_safety_check=False)
    assert outcomes(run, tmp_path, text, "lockout-safety-check-bypassed") == {KEY: "PASS"}


def test_uses_of_a_key_that_the_plan_makes_are_complete(run: Callable, tmp_path: Path) -> None:
    text = a_key(PlanText(), is_enabled=False)
    assert outcomes(run, tmp_path, text, "key-disabled-in-use") == {KEY: "PASS"}

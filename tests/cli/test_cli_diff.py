"""`keyproof diff`: of two reports what is new and fixed, of two snapshots also what changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import a_gap, a_key, a_role
from msgspec.structs import replace
from report.samples import VOLUMES_GAP, a_finding, a_report, a_rule

from scanner.model.finding import Report
from scanner.model.records import Rotation
from scanner.model.rule import Outcome, Severity
from scanner.report import FORMATS, RenderOptions
from tests.cli.snapshots import written

AS_OF = ("--as-of", "2026-11-22")
OFF = Rotation(enabled=False)
DECRYPT = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}


def saved(path: Path, report: Report, severity: Severity = Severity.INFO) -> Path:
    path.write_text(FORMATS["json"].render(report, RenderOptions(severity=severity)), encoding="utf-8")
    return path


def statuses(text: str, rule: str = "key-rotation-off") -> dict[str, str | None]:
    """Subject's last part to status, of one rule in a JSON report."""
    findings = json.loads(text)["findings"]
    return {one["subject"].rpartition("/")[2]: one["status"] for one in findings if one["rule"] == rule}


@pytest.fixture
def snapshots(tmp_path: Path) -> tuple[Path, Path]:
    old = written(tmp_path / "old.snapshot", a_key(rotation=OFF), a_key("key-2", rotation=OFF), a_key("key-3"))
    changed = (a_key(rotation=OFF), a_key("key-2"), a_key("key-3", rotation=OFF), a_role("app", DECRYPT))
    return old, written(tmp_path / "new.snapshot", *changed)


def test_two_snapshots_are_compared_by_findings_and_by_facts(snapshots: tuple[Path, Path], run: Callable) -> None:
    outcome = run("diff", *snapshots, "-f", "json", *AS_OF)
    assert statuses(outcome.out) == {"key-1": "unchanged", "key-2": "fixed", "key-3": "new"}
    changes = json.loads(outcome.out)["changes"]
    assert set(changes) == {"keys", "custody", "access", "grants", "policies", "unknown"}
    assert [(one["change"], one["actions"]) for one in changes["access"]] == [("gained", ["kms:Decrypt"])] * 3
    assert [one["action"] for one in changes["keys"] if "rotation_enabled" in one["action"]] == [
        "rotation_enabled: false -> true",
        "rotation_enabled: true -> false",
    ]


def test_the_text_tells_the_same(snapshots: tuple[Path, Path], run: Callable) -> None:
    text = " ".join(run("diff", *snapshots, *AS_OF).out.split())
    assert "role/app gained kms:Decrypt on 3 keys through IAM policies: arn:aws:kms" in text
    assert "rotation_enabled: true -> false" in text


def test_only_what_is_new_fails_the_command(snapshots: tuple[Path, Path], run: Callable) -> None:
    old, new = snapshots
    gate = ("--fail-on", "medium", "-f", "json", *AS_OF)
    assert run("diff", old, new, *gate).code == 1
    assert run("diff", new, new, *gate).code == 0


def test_a_refused_listing_fixes_nothing(tmp_path: Path, run: Callable) -> None:
    old = written(tmp_path / "old.snapshot", a_key(rotation=OFF))
    new = written(tmp_path / "new.snapshot", a_gap("ListKeys", "key"))
    outcome = run("diff", old, new, "-f", "json", *AS_OF)
    assert outcome.code == 3
    assert "fixed" not in statuses(outcome.out).values()
    assert json.loads(outcome.out)["changes"]["keys"] == []


def test_two_reports_are_compared(tmp_path: Path, run: Callable) -> None:
    rules = (a_rule(), a_rule("another", severity=Severity.LOW))
    kept, gone = a_finding(subject="arn:x/kept"), a_finding(subject="arn:x/gone")
    back = a_finding(subject="arn:x/back")
    before = a_report(kept, gone, replace(back, outcome=Outcome.PASS), rules=rules)
    everything = tmp_path / "old.json"
    everything.write_text(FORMATS["json"].render(before, RenderOptions(all_outcomes=True)), encoding="utf-8")
    new = saved(tmp_path / "new.json", a_report(kept, back, a_finding(subject="arn:x/fresh"), rules=rules))
    outcome = run("diff", everything, new, "-f", "json")
    assert statuses(outcome.out) == {"kept": "unchanged", "gone": "fixed", "back": "regressed", "fresh": "new"}
    assert "changes" not in json.loads(outcome.out)


def test_a_report_that_was_cut_or_incomplete_fixes_nothing(tmp_path: Path, run: Callable) -> None:
    volume = a_rule("volume-unencrypted", subject="resource")
    old = saved(tmp_path / "old.json", a_report(a_finding(volume), rules=(volume,)))
    cut = saved(tmp_path / "cut.json", a_report(rules=(volume,)), Severity.HIGH)
    refused = saved(tmp_path / "refused.json", a_report(rules=(volume,), gaps=(VOLUMES_GAP,)))
    for new in (cut, refused):
        assert json.loads(run("diff", old, new, "-f", "json").out)["findings"] == []


def test_a_diff_of_a_diff_forgets_what_was_fixed_before(tmp_path: Path, run: Callable) -> None:
    fixed = a_finding(outcome=Outcome.PASS, status="fixed")
    new = saved(tmp_path / "new.json", a_report(fixed, rules=(a_rule(),)))
    old = saved(tmp_path / "old.json", a_report(rules=(a_rule(),)))
    assert json.loads(run("diff", old, new, "-f", "json").out)["findings"] == []


def test_a_snapshot_and_a_report_are_not_compared(snapshots: tuple[Path, Path], tmp_path: Path, run: Callable) -> None:
    outcome = run("diff", snapshots[0], saved(tmp_path / "r.json", a_report()))
    assert outcome.code == 2
    assert "one is a snapshot and one is not" in outcome.err


def test_a_baseline_beside_old_is_refused(snapshots: tuple[Path, Path], tmp_path: Path, run: Callable) -> None:
    outcome = run("diff", *snapshots, "--baseline", saved(tmp_path / "r.json", a_report()))
    assert outcome.code == 2
    assert "`diff` takes OLD as its baseline" in outcome.err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, run: Callable) -> None:
    outcome = run("diff", tmp_path / "none.json", tmp_path / "none.json")
    assert outcome.code == 2
    assert "none.json: no such file" in outcome.err

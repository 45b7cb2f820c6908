"""`keyproof plan` with checkov beside it: one defect is one finding, and whatever fails is said."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from collect.terraform.tf_builder import PlanText, a_key

from scanner.cli.checkov import CheckovSource

AS_OF = ("--as-of", "2026-11-22")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_bytes(a_key(PlanText(), enable_key_rotation=False).text())
    return path


def checks(**results: str) -> dict[str, Any]:
    """A report of checkov about the key: `CKV_AWS_7="failed"`."""
    listed: dict[str, list[dict[str, Any]]] = {"failed_checks": [], "passed_checks": []}
    for check, result in results.items():
        listed[f"{result}_checks"].append({"check_id": check, "resource_address": "aws_kms_key.main"})
    return {"check_type": "terraform_plan", "results": listed, "summary": {"checkov_version": "3.3.30"}}


def program(folder: Path, script: str) -> Path:
    path = folder / "checkov"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def rotation(text: str) -> dict[str, Any]:
    (finding,) = [one for one in json.loads(text)["findings"] if one["rule"] == "key-rotation-off"]
    return finding


def notices(text: str) -> list[str]:
    return [one["text"] for one in json.loads(text)["notices"] if one["type"] == "checkov"]


def test_a_report_that_ci_has_is_merged(plan: Path, tmp_path: Path, run: Callable) -> None:
    report = tmp_path / "checkov.json"
    report.write_text(json.dumps(checks(CKV_AWS_7="failed")))
    outcome = run("plan", plan, "--checkov-report", report, "-f", "json", *AS_OF)
    assert rotation(outcome.out)["also_reported_by"] == ["CKV_AWS_7"]
    assert (notices(outcome.out), outcome.err) == ([], "")


def test_a_contradiction_shows_both_and_the_reason(plan: Path, tmp_path: Path, run: Callable) -> None:
    report = tmp_path / "checkov.json"
    report.write_text(json.dumps(checks(CKV_AWS_7="passed", CKV_AWS_227="failed")))
    outcome = run("plan", plan, "--checkov-report", report, "-f", "json", *AS_OF)
    assert any("checkov passes CKV_AWS_7" in one["text"] for one in rotation(outcome.out)["evidence"])
    (notice,) = notices(outcome.out)
    assert "CKV_AWS_227" in notice
    assert "aws_kms_key.main" in notice


def test_a_report_without_any_result_is_not_clean(plan: Path, tmp_path: Path, run: Callable) -> None:
    report = tmp_path / "checkov.json"
    report.write_text('{"passed": 0, "failed": 0, "checkov_version": "3.3.30"}')
    outcome = run("plan", plan, "--checkov-report", report, "-f", "json", *AS_OF)
    assert notices(outcome.out) == ["checkov gave no result on any resource of the plan"]


def test_checkov_runs_beside_the_plan(
    plan: Path, tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "said.json").write_text(json.dumps(checks(CKV_AWS_7="failed")))
    monkeypatch.setenv("KEYPROOF_CHECKOV", str(program(tmp_path, f"cat {tmp_path / 'said.json'}")))
    outcome = run("plan", plan, "--checkov", "-f", "json", *AS_OF)
    assert rotation(outcome.out)["also_reported_by"] == ["CKV_AWS_7"]


@pytest.mark.parametrize(
    ("script", "message"),
    [("exit 3", "checkov ended with code 3"), ("echo nonsense", "something that is not a report")],
)
def test_a_run_that_fails_costs_no_finding(
    script: str, message: str, plan: Path, tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYPROOF_CHECKOV", str(program(tmp_path, script)))
    outcome = run("plan", plan, "--checkov", "-f", "json", *AS_OF)
    assert rotation(outcome.out)["outcome"] == "FAIL"
    assert message in notices(outcome.out)[0]
    assert message in outcome.err


def test_a_run_that_takes_too_long_is_left_out_and_said(
    plan: Path, tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYPROOF_CHECKOV", str(program(tmp_path, "exec sleep 30")))
    outcome = run("plan", plan, "--checkov", "--checkov-timeout", "1", "-f", "json", *AS_OF)
    assert rotation(outcome.out)["outcome"] == "FAIL"
    assert "did not finish within 1 s" in notices(outcome.out)[0]
    assert "`--checkov-timeout` gives it longer" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--checkov-timeout", "5"], "`--checkov-timeout` is for `--checkov`"),
        (["--checkov", "--checkov-timeout", "0"], "--checkov-timeout"),
        (["--checkov", "--checkov-timeout", "nan"], "--checkov-timeout"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused(arguments: list[str], says: str, plan: Path, run: Callable) -> None:
    outcome = run("plan", plan, *arguments)
    assert outcome.code == 2
    assert says in outcome.err


def test_checkov_that_is_not_there_is_said(
    plan: Path, tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    outcome = run("plan", plan, "--checkov", "-f", "json", *AS_OF)
    assert rotation(outcome.out)["outcome"] == "FAIL"
    assert "keyproof checkov install" in notices(outcome.out)[0]


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"a": 1}'])
def test_a_report_that_cannot_be_read_is_said(content: bytes | None, plan: Path, tmp_path: Path, run: Callable) -> None:
    report = tmp_path / "checkov.json"
    if content is not None:
        report.write_bytes(content)
    outcome = run("plan", plan, "--checkov-report", report, "-f", "json", *AS_OF)
    assert rotation(outcome.out)["outcome"] == "FAIL"
    assert str(report) in notices(outcome.out)[0]


def test_a_run_that_nobody_waits_for_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = tmp_path / "pid"
    monkeypatch.setenv("KEYPROOF_CHECKOV", str(program(tmp_path, f"echo $$ > {pid}.new; mv {pid}.new {pid}; sleep 60")))
    with CheckovSource(run=True).begun("plan.json", 1):
        while not pid.exists():
            time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_one_way_of_asking_checkov(plan: Path, run: Callable) -> None:
    outcome = run("plan", plan, "--checkov", "--checkov-report", plan)
    assert outcome.code == 2
    assert "--checkov-report" in outcome.err


def test_install_says_where_it_put_the_program(tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text("#!/bin/sh\n")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{uv.parent}:{os.environ['PATH']}")
    outcome = run("checkov", "install")
    assert outcome.code == 0
    assert outcome.out.strip() == str(tmp_path / "cache" / "keyproof" / "checkov-3.3.30" / "bin" / "checkov")
    uv.write_text("#!/bin/sh\necho no such version >&2; exit 1\n")
    failed = run("checkov", "install")
    assert (failed.code, failed.out) == (2, "")
    assert "no such version" in failed.err

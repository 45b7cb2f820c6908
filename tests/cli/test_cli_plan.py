"""`keyproof plan`: a plan is judged like an account, and what it leaves open never passes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from collect.terraform.tf_builder import ACCOUNT, AFTER_APPLY, REGION, PlanText, ref

from scanner.model.records import Source
from scanner.store.snapshot_file import SnapshotWriter

AS_OF = ("--as-of", "2026-11-22")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    text = (
        PlanText()
        .resource("aws_kms_key.off", {"enable_key_rotation": False})
        .resource("aws_kms_key.on", {"enable_key_rotation": True})
        .resource(
            "aws_kms_key.open",
            {"enable_key_rotation": AFTER_APPLY},
            {"enable_key_rotation": ref("data.aws_ssm_parameter.rotate.value")},
        )
    )
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(text.document), encoding="utf-8")
    return path


def verdicts(text: str) -> dict[str, str]:
    """Address to outcome, for the keys of the plan."""
    return {
        finding["subject"].rpartition(".")[2]: finding["outcome"]
        for finding in json.loads(text)["findings"]
        if finding["rule"] == "key-rotation-off" and ":key/" in finding["subject"]
    }


JUDGED = {"off": "FAIL", "on": "PASS", "open": "NOT_ASSESSED"}


def test_a_plan_is_judged(plan: Path, run: Callable) -> None:
    outcome = run("plan", plan, "-f", "json", "--all", *AS_OF)
    assert outcome.err == ""
    assert verdicts(outcome.out) == JUDGED


def test_what_is_known_only_after_apply_is_not_a_gap(plan: Path, run: Callable) -> None:
    outcome = run("plan", plan, "-f", "json", "--fail-on", "none", *AS_OF)
    assert outcome.code == 0
    assert json.loads(outcome.out)["complete"] is True


def test_the_same_plan_gives_the_same_bytes(plan: Path, run: Callable) -> None:
    assert run("plan", plan, "-f", "json", *AS_OF) == run("plan", plan, "-f", "json", *AS_OF)


def test_a_small_plan_loads_nothing_heavy(plan: Path) -> None:
    script = "import sys; from scanner.cli.app import execute; execute(sys.argv[1:]); print(*sys.modules)"
    command = [sys.executable, "-c", script, "plan", str(plan), "-f", "json"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=plan.parent)
    heavy = {"networkx", "jsonschema", "boto3", "botocore", "jinja2", "sqlalchemy", "moto"}
    assert not heavy & set(listed.stdout.splitlines()[-1].split())


def test_a_plan_is_laid_over_the_live_account(plan: Path, tmp_path: Path, run: Callable) -> None:
    source = Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC), accounts=(ACCOUNT,), regions=(REGION,))
    with SnapshotWriter(tmp_path / "live", source) as writer:
        writer.finish(source)
    outcome = run("plan", plan, "--live", tmp_path / "live", "-f", "json", "--all", *AS_OF)
    assert verdicts(outcome.out) == JUDGED


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\x00", b'{"format_version": "1.2"'])
def test_what_is_no_plan_is_one_message(content: bytes, tmp_path: Path, run: Callable) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    outcome = run("plan", path)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"keyproof: {path}: ")
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(("account", "left_out"), [(ACCOUNT, False), (None, True)])
def test_asff_holds_findings_of_known_accounts_and_says_what_it_leaves_out(
    tmp_path: Path, run: Callable, account: str | None, left_out: bool
) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(PlanText(account=account).resource("aws_kms_key.off", {"enable_key_rotation": False}).text())
    outcome = run("plan", path, "-f", "asff", *AS_OF)
    assert {finding["AwsAccountId"] for finding in json.loads(outcome.out)} == (set() if left_out else {ACCOUNT})
    assert ("of no known account left out" in outcome.err) is left_out

"""`keyproof export security-hub` end to end on moto, and what goes wrong before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from msgspec.structs import replace
from report.samples import AS_OF, a_finding, a_report, a_rule, a_source

from scanner.model.finding import Report
from scanner.report import FORMATS, RenderOptions

ACCOUNT, REGION = "123456789012", "eu-west-1"
FINDING = a_finding(account=ACCOUNT, subject=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, run: Callable) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield


def night(number: int, *findings: Any) -> Report:
    at = AS_OF + timedelta(days=number)
    source = a_source(accounts=(ACCOUNT,), regions=(REGION,), started=at, finished=at)
    return a_report(*findings, source=source, as_of=at, rules=(a_rule(),))


def written(path: Path, report: Report) -> Path:
    path.write_text(FORMATS["json"].render(report, RenderOptions()), encoding="utf-8")
    return path


def held() -> list[dict[str, Any]]:
    return boto3.client("securityhub", region_name=REGION).get_findings()["Findings"]


def did(outcome: Any) -> dict[str, int]:
    return {name: value for name, value in json.loads(outcome.out).items() if value and name != "schema"}


def test_findings_arrive_stay_and_are_archived(aws: None, run: Callable, tmp_path: Path) -> None:
    failing = written(tmp_path / "1.json", night(0, FINDING))
    first = run("export", "security-hub", failing, "-f", "json")
    assert (first.code, first.err, did(first)) == (0, "", {"created": 1})
    assert did(run("export", "security-hub", failing, "-f", "json")) == {"unchanged": 1}
    fixed = written(tmp_path / "2.json", night(1))
    assert did(run("export", "security-hub", fixed, "-f", "json")) == {"archived": 1}
    assert [finding["RecordState"] for finding in held()] == ["ARCHIVED"]


def test_a_dry_run_says_what_it_would_do(aws: None, run: Callable, tmp_path: Path) -> None:
    outcome = run("export", "security-hub", written(tmp_path / "1.json", night(0, FINDING)), "--dry-run")
    assert outcome.code == 0
    assert outcome.out.startswith("nothing was sent")
    assert "1  new" in outcome.out
    assert held() == []


def test_a_role_in_each_account_carries_its_findings(aws: None, run: Callable, tmp_path: Path) -> None:
    report = written(tmp_path / "1.json", night(0, FINDING, replace(FINDING, account="999999999999")))
    alone = run("export", "security-hub", report)
    assert alone.code == 3
    assert "account 123456789012 cannot write findings of 999999999999" in alone.out
    template = "arn:aws:iam::{account}:role/keyproof-export"
    everywhere = run("export", "security-hub", report, "--role-arn", template, "-f", "json")
    assert (everywhere.code, did(everywhere)) == (0, {"created": 1, "unchanged": 1})


def test_what_security_hub_refuses_is_named_and_exits_with_3(
    aws: None, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.securityhub.models import SecurityHubBackend

    def refuse(_: object, findings: list[dict[str, Any]]) -> tuple[int, int, list[dict[str, str]]]:
        return 1, 0, [{"Id": findings[0]["Id"], "ErrorCode": "InvalidInput", "ErrorMessage": "\x1b[31mno"}]

    monkeypatch.setattr(SecurityHubBackend, "batch_import_findings", refuse)
    outcome = run("export", "security-hub", written(tmp_path / "1.json", night(0, FINDING)))
    assert outcome.code == 3
    assert "1 finding: InvalidInput: " in outcome.out
    assert FINDING.fingerprint in outcome.out
    assert "\x1b" not in outcome.out


def test_the_report_on_a_plan_is_not_exported(run: Callable, tmp_path: Path) -> None:
    plan = replace(night(0), source=a_source(type="terraform-plan"))
    outcome = run("export", "security-hub", written(tmp_path / "plan.json", plan))
    assert outcome.code == 2
    assert "this is the report on a plan" in outcome.err


def test_without_credentials_it_exits_with_4(run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    outcome = run("export", "security-hub", written(tmp_path / "1.json", night(0, FINDING)))
    assert (outcome.code, outcome.out) == (4, "")
    assert "no valid AWS credentials" in outcome.err


@pytest.mark.parametrize(
    "role", ["arn:aws:iam::{acount}:role/x", "arn:aws:iam::{account.x}:role/x", "{account[x]}", "{", "keyproof-export"]
)
def test_a_role_that_is_no_template_is_named(aws: None, run: Callable, tmp_path: Path, role: str) -> None:
    report = written(tmp_path / "1.json", night(0, FINDING))
    outcome = run("export", "security-hub", report, "--role-arn", role)
    assert outcome.code == 2
    assert f"`{role}` is no template" in outcome.err


def test_findings_that_are_refused_alike_are_told_in_one_line(
    aws: None, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.securityhub.models import SecurityHubBackend

    def refuse(_: object, findings: list[dict[str, Any]]) -> tuple[int, int, list[dict[str, str]]]:
        error = {"ErrorCode": "InvalidAccess", "ErrorMessage": "not enabled"}
        return len(findings), 0, [{"Id": finding["Id"], **error} for finding in findings]

    monkeypatch.setattr(SecurityHubBackend, "batch_import_findings", refuse)
    findings = [replace(FINDING, subject=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number}") for number in range(9)]
    outcome = run("export", "security-hub", written(tmp_path / "1.json", night(0, *findings)))
    assert outcome.code == 3
    assert outcome.out.count("InvalidAccess") == 1
    assert f"{ACCOUNT}/{REGION}: 9 findings: InvalidAccess: not enabled" in outcome.out
    assert "and 6 more, in -f json" in outcome.out
    assert "enable Security Hub CSPM" in outcome.out


def test_an_unknown_profile_is_named(run: Callable, tmp_path: Path) -> None:
    report = written(tmp_path / "1.json", night(0, FINDING))
    outcome = run("export", "security-hub", report, "--profile", "nobody")
    assert outcome.code == 2
    assert "no profile `nobody`" in outcome.err

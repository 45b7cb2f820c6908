"""checkov as a separate program: found, run under a time budget, read back, laid beside our findings.

The real checkov is installed once into `.peers/checkov-<version>` (no other test needs it).
"""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "terraform"))
from tf_builder import PlanText, a_key

from scanner.collect.checkov import (
    CheckovReport,
    CheckovResult,
    cached_program,
    find_checkov,
    install_checkov,
    read_checkov_report,
    start_checkov,
)
from scanner.collect.checkov_checks import CHECKS
from scanner.collect.checkov_merge import merge_checkov
from scanner.errors import SourceError, UsageError
from scanner.model.finding import Finding
from scanner.model.records import PlanChange
from scanner.model.rule import Outcome, Severity

PEERS = Path(__file__).parents[2] / ".peers"
SUBJECT = "arn:aws:kms:eu-central-1:111122223333:key/aws_kms_key.main"


def program(folder: Path, script: str) -> Path:
    path = folder / "checkov"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def result_of(folder: Path, script: str, seconds: float = 20) -> CheckovReport:
    return start_checkov(program(folder, script), "plan.json", 1).finish(seconds)


def finding(rule: str = "key-rotation-off", outcome: Outcome = Outcome.FAIL, subject: str = SUBJECT) -> Finding:
    return Finding(rule, subject, "key", "111122223333", "eu-central-1", outcome, Severity.MEDIUM, "message")


def change(address: str = "aws_kms_key.main", **fields) -> PlanChange:
    facts = {"subject": SUBJECT, "action": "create", "type": "aws_kms_key", "account": "1", "region": "r"} | fields
    return PlanChange(address=address, **facts)


def said(*results: CheckovResult) -> CheckovReport:
    return CheckovReport(results, "3.3.30")


def test_the_program_is_found_by_environment_path_and_cache(tmp_path: Path) -> None:
    own = program(tmp_path, "true")
    assert find_checkov({"KEYPROOF_CHECKOV": str(own), "PATH": ""}, tmp_path) == own
    assert find_checkov({"PATH": str(tmp_path)}, tmp_path / "cache") == own
    cached = cached_program(tmp_path)
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert find_checkov({"PATH": ""}, tmp_path) == cached


def test_an_absent_program_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="keyproof checkov install"):
        find_checkov({"PATH": ""}, tmp_path)
    with pytest.raises(UsageError, match="cannot be run"):
        find_checkov({"KEYPROOF_CHECKOV": str(tmp_path / "none")}, tmp_path)


def test_a_failed_installation_gives_the_last_word_of_the_installer(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="could not be installed"):
        install_checkov(tmp_path, str(program(tmp_path, "echo no such python >&2; exit 3")))
    assert not cached_program(tmp_path).exists()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("sleep 30", "did not finish within"),
        ("echo oh no >&2; exit 2", "ended with code 2: oh no"),
        ("exit 0", "ended with code 0"),
        ("echo not json", "not a report"),
        ("echo '{}'", "not a report"),
    ],
)
def test_whatever_goes_wrong_is_said_and_never_raised(tmp_path: Path, script: str, says: str) -> None:
    report = result_of(tmp_path, script, 0.2 if "sleep" in script else 20)
    assert says in str(report.problem)
    (notice,) = merge_checkov([finding()], report, [change()])[1]
    assert notice.text == report.problem


@pytest.mark.parametrize(("plan", "count"), [("-", 1), ("plan.json", 3_001)])
def test_a_run_that_makes_no_sense_is_not_begun(tmp_path: Path, plan: str, count: int) -> None:
    assert "not run" in str(start_checkov(program(tmp_path, "true"), plan, count).finish(1).problem)


def test_a_program_that_cannot_start_is_said(tmp_path: Path) -> None:
    assert "could not be started" in str(start_checkov(tmp_path / "none", "plan.json", 1).finish(1).problem)


def test_one_defect_is_one_finding() -> None:
    (merged,), notices = merge_checkov(
        [finding()], said(CheckovResult("CKV_AWS_7", False, "aws_kms_key.main")), [change()]
    )
    assert (merged.also_reported_by, notices) == (("CKV_AWS_7",), ())
    assert merged.fingerprint == finding().fingerprint


def test_a_failure_that_is_none_of_ours_shows_both_and_why() -> None:
    ours = finding(outcome=Outcome.NOT_APPLICABLE)
    (merged,), (notice,) = merge_checkov(
        [ours], said(CheckovResult("CKV_AWS_7", False, "aws_kms_key.main")), [change()]
    )
    assert merged == ours
    assert notice.text.startswith(
        "checkov fails CKV_AWS_7 on 1 resource (aws_kms_key.main) where key-rotation-off does not"
    )
    assert "cannot rotate" in notice.text


def test_a_pass_where_we_fail_is_evidence_on_our_finding() -> None:
    ours = finding("key-policy-public")
    (merged,), notices = merge_checkov([ours], said(CheckovResult("CKV_AWS_33", True, "aws_kms_key.main")), [change()])
    assert "accepts any condition" in merged.evidence[0].text
    assert notices == ()


def test_a_part_of_a_resource_counts_for_the_resource() -> None:
    bucket = "arn:aws:s3:::b"
    part = change("aws_s3_bucket_server_side_encryption_configuration.b", subject=None, completes=bucket)
    report = said(CheckovResult("CKV_AWS_19", False, part.address))
    (merged,), _ = merge_checkov([finding("resource-unencrypted", subject=bucket)], report, [part])
    assert merged.also_reported_by == ("CKV_AWS_19",)


def test_checks_about_other_things_are_left_alone() -> None:
    merged, notices = merge_checkov(
        [finding()], said(CheckovResult("CKV_AWS_999", False, "aws_kms_key.main")), [change()]
    )
    assert (merged, notices) == ([finding()], ())


def test_sarif_is_laid_beside_by_file_and_line_or_said_to_be_lost() -> None:
    def result(rule: str, uri: str, line: int) -> dict:
        place = {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}
        return {"ruleId": rule, "locations": [{"physicalLocation": place}]}

    run = {
        "tool": {"driver": {"name": "Checkov", "version": "3.3.30"}},
        "results": [result("CKV_AWS_7", "main.tf", 12), result("CKV_AWS_7", "plan.json", 1)],
    }
    report = read_checkov_report(json.dumps({"version": "2.1.0", "runs": [run]}).encode(), "r.sarif")
    (merged,), (notice,) = merge_checkov([finding()], report, [change(file="/src/main.tf", line=12)])
    assert merged.also_reported_by == ("CKV_AWS_7",)
    assert notice.text.startswith("1 failed result of checkov names")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not valid JSON"),
        (b"[]", "not a report"),
        (b'{"runs": [{"tool": {"driver": {"name": "tfsec"}}}]}', "tfsec"),
    ],
)
def test_a_file_that_is_not_a_report_is_a_clear_error(data: bytes, says: str) -> None:
    with pytest.raises(SourceError, match=r"^report: ") as caught:
        read_checkov_report(data, "report")
    assert says in str(caught.value)


@pytest.fixture(scope="module")
def real_checkov() -> Path:
    """The real checkov in an environment of its own, made once."""
    return cached_program(PEERS) if cached_program(PEERS).exists() else install_checkov(PEERS)


def test_the_real_checkov_speaks_of_the_same_subjects(real_checkov: Path, tmp_path: Path) -> None:
    plan = a_key(PlanText(), enable_key_rotation=False)
    plan.resource("aws_ebs_volume.v", {"encrypted": False, "availability_zone": "eu-central-1a", "size": 1})
    document = plan.document
    shown = [
        {name: entry[name] for name in ("address", "mode", "type", "name", "provider_name")}
        | {"values": entry["change"]["after"], "schema_version": 0}
        for entry in document["resource_changes"]
    ]
    document["planned_values"] = {"root_module": {"resources": shown}}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    report = start_checkov(real_checkov, str(path), 2).finish(120)
    assert (report.problem, report.version) == (None, "3.3.30")
    failed = {(one.check, one.address) for one in report.results if not one.passed}
    assert {("CKV_AWS_7", "aws_kms_key.main"), ("CKV_AWS_3", "aws_ebs_volume.v")} <= failed
    assert {one.check for one in report.results} <= set(CHECKS)
    (merged,), _ = merge_checkov([finding()], report, plan.load().changes)
    assert merged.also_reported_by == ("CKV_AWS_7",)
    assert not os.environ.get("PYTHONPATH", "").startswith(str(PEERS))

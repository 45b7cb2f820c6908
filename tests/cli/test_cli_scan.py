"""`keyproof scan` and `check` end to end on a fake AWS: reports, exit codes, and what is kept when it ends early."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from fakes.aws import ACCOUNT, FakeAws, Fault, denied
from fakes.estate import REGION, FakeKey, key_id, keys_in

from scanner.collect.aws import scan
from scanner.collect.collectors import COLLECTORS
from scanner.model.records import KeyFact, Source
from scanner.store.reading import read_snapshot
from scanner.store.snapshot_file import SnapshotWriter

ROTATING = FakeKey(key_id(1))
NOT_ROTATING = FakeKey(key_id(2), rotation={"KeyRotationEnabled": False})
READ_HERE = ("keys", "aliases")
AS_OF = ("--as-of", "2026-11-22")


@pytest.fixture
def aws(run: Callable, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """Two keys; the other collectors have their own tests."""
    some = tuple(row for row in COLLECTORS if row.name in READ_HERE)
    monkeypatch.setattr("scanner.cli.live.scan", partial(scan, collectors=some))
    with FakeAws() as fake:
        keys_in(fake, (ROTATING, NOT_ROTATING))
        yield fake


def verdicts(text: str, rule: str = "key-rotation-off") -> dict[str, str]:
    """Key id to outcome of one rule in a JSON report."""
    findings = json.loads(text)["findings"]
    return {
        finding["subject"].rpartition("/")[2]: finding["outcome"] for finding in findings if finding["rule"] == rule
    }


def test_a_scan_judges_what_it_reads(aws: FakeAws, run: Callable) -> None:
    outcome = run("scan", "-f", "json", "--all", *AS_OF)
    report = json.loads(outcome.out)
    assert outcome.err == ""
    assert verdicts(outcome.out) == {key_id(1): "PASS", key_id(2): "FAIL"}
    assert report["complete"] is True
    assert report["snapshot"]["source"]["accounts"] == [ACCOUNT]
    assert report["as_of"] == "2026-11-22T00:00:00Z"


def test_by_default_failures_and_what_could_not_be_assessed_are_listed(aws: FakeAws, run: Callable) -> None:
    assert verdicts(run("scan", "-f", "json", *AS_OF).out) == {key_id(2): "FAIL"}


def test_check_prints_the_same_bytes_as_the_scan(aws: FakeAws, tmp_path: Path, run: Callable) -> None:
    file = tmp_path / "estate.snapshot"
    for options in (("-f", "json"), ("-f", "json", "--all"), ("-f", "terminal"), ("-f", "csv")):
        scanned = run("scan", "--save-snapshot", file, *options, *AS_OF)
        checked = run("check", file, *options, *AS_OF)
        assert scanned == checked
        assert scanned.out


def test_the_saved_snapshot_is_private(aws: FakeAws, tmp_path: Path, run: Callable) -> None:
    run("scan", "--save-snapshot", tmp_path / "estate.snapshot")
    assert stat.S_IMODE((tmp_path / "estate.snapshot").stat().st_mode) == 0o600


def test_without_a_place_for_it_no_snapshot_is_left(
    aws: FakeAws, tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    run("scan")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--fail-on", "medium"], 1),
        (["--fail-on", "high"], 0),
        (["--fail-on", "none"], 0),
        (["--fail-on", "medium", "--severity", "critical"], 1),
        (["--fail-on", "critical", "--severity", "info"], 0),
    ],
)
def test_the_gate_and_the_filter_do_not_touch_each_other(
    options: list[str], code: int, aws: FakeAws, run: Callable
) -> None:
    assert run("scan", "--framework", "cis-aws-5.0.0", *options, *AS_OF).code == code


def test_a_refused_read_is_exit_3_unless_allowed(aws: FakeAws, run: Callable) -> None:
    aws.fault("kms", "GetKeyRotationStatus", denied())
    options = ("--framework", "cis-aws-5.0.0", "-f", "json", *AS_OF)
    outcome = run("scan", *options)
    report = json.loads(outcome.out)
    assert outcome.code == 3
    assert report["complete"] is False
    assert {gap["operation"] for gap in report["gaps"]} == {"GetKeyRotationStatus"}
    assert set(verdicts(outcome.out).values()) == {"NOT_ASSESSED"}
    assert run("scan", "--allow-gaps", *options).code == 0
    assert run("scan", "--allow-gaps", "--fail-on-not-assessed", *options).code == 1


def test_findings_win_over_gaps(aws: FakeAws, run: Callable) -> None:
    aws.fault("kms", "ListAliases", denied())
    outcome = run("scan", "--fail-on", "medium", "-f", "json", *AS_OF)
    assert outcome.code == 1
    assert json.loads(outcome.out)["complete"] is False


def test_no_valid_credentials_are_exit_4_and_leave_no_file(aws: FakeAws, tmp_path: Path, run: Callable) -> None:
    aws.fault("sts", "GetCallerIdentity", Fault(403, "InvalidClientTokenId", "The security token is invalid"))
    outcome = run("scan", "--save-snapshot", tmp_path / "estate.snapshot")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.startswith("keyproof: ")
    assert "Traceback" not in outcome.err
    assert not list(tmp_path.glob("estate*"))


def test_wrong_names_are_refused_before_a_single_call(aws: FakeAws, run: Callable) -> None:
    for options, hint in (
        (("--framework", "pci-dss-4.0"), "did you mean `pci-dss-4.0.1`?"),
        (("--settings", "nowhere.toml"), "nowhere.toml: no such file"),
        (("--rules", "nowhere"), "`nowhere`"),
        (("--as-of", "yesterday"), "`yesterday` is no date"),
        (("--as-of", "2026-01-01T00:00:00"), "has no time zone"),
        (("--quota-fraction", "7"), "quota fraction"),
    ):
        outcome = run("scan", *options)
        assert (outcome.code, outcome.out) == (2, "")
        assert hint in outcome.err
    assert aws.calls.total() == 0


@pytest.mark.parametrize("with_file", [True, False])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scan_is_exit_130_and_keeps_what_it_read(
    sent: signal.Signals, with_file: bool, aws: FakeAws, tmp_path: Path, run: Callable
) -> None:
    def interrupt(call: object) -> dict:
        os.kill(os.getpid(), sent)
        return {}

    aws.answer("kms", "ListAliases", interrupt)
    options = ("--save-snapshot", tmp_path / "estate.snapshot") if with_file else ()
    outcome = run("scan", *options)
    assert (outcome.code, outcome.out) == (130, "")
    (kept,) = re.findall(r"keyproof check (\S+)", outcome.err)
    snapshot = read_snapshot(Path(kept))
    assert snapshot.source.interrupted
    assert not snapshot.complete
    assert run("check", kept, "--fail-on", "none").code == 3
    assert with_file == (Path(kept) == tmp_path / "estate.snapshot")


def test_the_killed_scan_of_yesterday_can_be_judged(aws: FakeAws, tmp_path: Path, run: Callable) -> None:
    file = tmp_path / "estate.snapshot"
    run("scan", "--save-snapshot", file)
    whole = read_snapshot(file)
    source = Source(type="aws", started=whole.source.started, accounts=(ACCOUNT,), regions=(REGION,))
    with SnapshotWriter(tmp_path / "killed", source) as writer:
        for key in whole.of(KeyFact):
            writer.add(key)
    outcome = run("check", tmp_path / "killed.partial", "-f", "json", "--fail-on", "none")
    assert outcome.code == 3
    assert json.loads(outcome.out)["complete"] is False


def test_settings_of_the_directory_are_used(aws: FakeAws, run: Callable) -> None:
    Path("keyproof.toml").write_text('[rules.key-rotation-off]\nseverity = "critical"\n', encoding="utf-8")
    assert run("scan", "--framework", "cis-aws-5.0.0", "--fail-on", "critical").code == 1
    Path("keyproof.toml").write_text('[rules.key-rotation-off]\noff = "known"\n', encoding="utf-8")
    assert verdicts(run("scan", "-f", "json").out) == {}
    Path("keyproof.toml").write_text('[rules.key-rotation-of]\noff = "known"\n', encoding="utf-8")
    outcome = run("scan")
    assert outcome.code == 2
    assert "did you mean `key-rotation-off`?" in outcome.err


WAIVER = """
waivers:
  - rule: key-rotation-off
    scope: {arn: "*"}
    owner: jane
    reason: the new key is on its way
    expires: 2026-12-31
"""


def test_a_waived_failure_stays_a_failure_and_does_not_trip_the_gate(aws: FakeAws, run: Callable) -> None:
    Path("waivers.yaml").write_text(WAIVER, encoding="utf-8")
    options = ("--framework", "cis-aws-5.0.0", "--fail-on", "medium", "-f", "json", *AS_OF)
    outcome = run("scan", "--waivers", "waivers.yaml", *options)
    assert outcome.code == 0
    (finding,) = [f for f in json.loads(outcome.out)["findings"] if f["rule"] == "key-rotation-off"]
    assert (finding["outcome"], finding["waiver"]["owner"]) == ("FAIL", "jane")
    lapsed = run("scan", "--waivers", "waivers.yaml", *options[:-1], "2027-01-01")
    assert lapsed.code == 1


def test_a_fault_in_the_waivers_is_named_before_the_scan(aws: FakeAws, run: Callable) -> None:
    Path("waivers.yaml").write_text(WAIVER.replace("rotation-off", "rotation-of"), encoding="utf-8")
    outcome = run("scan", "--waivers", "waivers.yaml", *AS_OF)
    assert outcome.code == 2
    assert "waivers.yaml:3:" in outcome.err
    assert "did you mean `key-rotation-off`?" in outcome.err
    assert aws.calls.total() == 0


def test_what_the_baseline_knows_does_not_trip_the_gate(aws: FakeAws, tmp_path: Path, run: Callable) -> None:
    before = tmp_path / "before.json"
    options = ("--framework", "cis-aws-5.0.0", "--fail-on", "medium", *AS_OF)
    assert run("scan", *options, "-f", f"json={before}").code == 1
    outcome = run("scan", *options, "--baseline", before, "-f", "json")
    assert outcome.code == 0
    assert {finding["status"] for finding in json.loads(outcome.out)["findings"]} == {"unchanged"}
    keys_in(aws, (ROTATING, NOT_ROTATING, FakeKey(key_id(3), rotation={"KeyRotationEnabled": False})))
    assert run("scan", *options, "--baseline", before).code == 1


def test_own_rules_are_judged_too(aws: FakeAws, tmp_path: Path, run: Callable) -> None:
    own = tmp_path / "own" / "ours"
    own.mkdir(parents=True)
    (own / "key-always-wrong.yaml").write_text(
        "rule: key-always-wrong\ntitle: Wrong\nseverity: critical\nsubject: key\nwhy: To see it.\n"
        'require:\n  - {check: key.arn == "", message: wrong}\n'
        'examples:\n  - {name: never, expect: FAIL, key: {arn: "a"}}\n',
        encoding="utf-8",
    )
    outcome = run("scan", "--rules", own.parent, "-f", "json")
    assert outcome.code == 1
    assert set(verdicts(outcome.out, "key-always-wrong").values()) == {"FAIL"}


def test_no_progress_where_nobody_watches(aws: FakeAws, run: Callable) -> None:
    assert run("scan").err == ""


def test_progress_goes_to_a_terminal_unless_quiet(aws: FakeAws, run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.cli.progress.sys.stderr.isatty", lambda: True, raising=False)
    assert "records" in run("scan", "-f", "json").err
    assert run("scan", "-q", "-f", "json").err == ""

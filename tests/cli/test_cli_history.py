"""`--store` and `keyproof history`: runs are kept, and a history that fails never costs the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from builders import NOW, a_gap, a_key
from fakes.aws import FakeAws
from fakes.estate import FakeKey, key_id, keys_in

from scanner.collect.aws import scan
from scanner.collect.collectors import COLLECTORS
from scanner.errors import SourceError
from scanner.model.records import Rotation
from tests.cli.snapshots import written

OFF = Rotation(enabled=False)
RULE = "key-rotation-off"


@pytest.fixture
def nights(tmp_path: Path) -> list[Path]:
    """A key that does not rotate, then it does, then another keeps its secret."""
    return [
        written(tmp_path / "1.snapshot", a_key(rotation=OFF)),
        written(tmp_path / "2.snapshot", a_key(), at=NOW + timedelta(days=2)),
        written(tmp_path / "3.snapshot", a_gap("ListKeys", "key"), at=NOW + timedelta(days=3)),
    ]


def check(run: Callable, snapshot: Path, store: Path, day: int = 0) -> dict:
    outcome = run("check", snapshot, "--store", store, "-f", "json", "--as-of", (NOW + timedelta(days=day)).date())
    assert outcome.err == ""
    return json.loads(outcome.out)


def test_a_check_keeps_its_findings_and_shows_when_they_were_first_seen(
    nights: list[Path], tmp_path: Path, run: Callable
) -> None:
    store = tmp_path / "history.db"
    first = check(run, nights[0], store)
    seen = {finding["first_seen"] for finding in first["findings"] if finding["outcome"] == "FAIL"}
    assert seen == {"2026-11-01T00:00:00Z"}
    assert first["trend"] == []
    assert [point["as_of"] for point in check(run, nights[1], store, 2)["trend"]] == ["2026-11-01T00:00:00Z"]


def test_the_history_tells_what_was_fixed_and_how_soon(nights: list[Path], tmp_path: Path, run: Callable) -> None:
    store = tmp_path / "history.db"
    for day, snapshot in zip((0, 2, 3), nights, strict=True):
        check(run, snapshot, store, day)
    outcome = run("history", "--store", store, "-f", "json")
    known = json.loads(outcome.out)
    rule = next(one for one in known["rules"] if one["rule"] == RULE)
    assert (rule["open"], rule["resolved"], rule["mean_time_to_fix"]) == (0, 1, 2 * 86400)
    (scope,) = known["scopes"]
    assert [one["complete"] for one in scope["runs"]] == [True, True, False]
    text = run("history", "--store", f"sqlite:///{store}", "--as-of", "2026-11-05").out
    assert "111122223333 in eu-central-1" in text
    assert "incomplete" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "2.0 d" in next(line for line in text.splitlines() if RULE in line)


def test_the_html_report_plots_the_runs(nights: list[Path], tmp_path: Path, run: Callable) -> None:
    store, page = tmp_path / "history.db", tmp_path / "report.html"
    check(run, nights[0], store)
    run("check", nights[1], "--store", store, "-f", f"html={page}", "--as-of", "2026-11-03")
    assert page.read_text("utf-8").count("<polyline") >= 1
    assert "2026-11-01 00:00" in page.read_text("utf-8")


def test_the_store_can_stand_in_the_environment(
    nights: list[Path], tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYPROOF_STORE", str(tmp_path / "from-environment.db"))
    run("check", nights[0], "-q")
    assert RULE in run("history").out


def test_without_a_history_that_is_said(run: Callable) -> None:
    outcome = run("history")
    assert (outcome.code, outcome.out) == (2, "")
    assert "keyproof-history.db: no history here" in outcome.err


def test_a_wrong_store_is_known_before_anything_is_judged(nights: list[Path], run: Callable) -> None:
    outcome = run("check", nights[0], "--store", "mysql://host/db")
    assert (outcome.code, outcome.out) == (2, "")
    assert "`mysql` cannot hold a history" in outcome.err


def test_a_history_that_fails_does_not_cost_the_report(
    nights: list[Path], tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise SourceError("history.db: the disk is full")

    monkeypatch.setattr("scanner.store.history.record", full)
    outcome = run("check", nights[0], "--store", tmp_path / "h.db", "-f", "json", "--fail-on", "none")
    assert outcome.code == 3
    assert json.loads(outcome.out)["findings"]
    assert "the findings are not in the history: history.db: the disk is full" in outcome.err
    assert run("check", nights[0], "--store", tmp_path / "h.db", "--fail-on", "low").code == 1


def test_a_scan_keeps_its_findings(tmp_path: Path, run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tuple(row for row in COLLECTORS if row.name in ("keys", "aliases"))
    monkeypatch.setattr("scanner.cli.live.scan", partial(scan, collectors=keys))
    with FakeAws() as fake:
        keys_in(fake, (FakeKey(key_id(1), rotation={"KeyRotationEnabled": False}),))
        outcome = run("scan", "--store", tmp_path / "h.db", "-f", "json", "--fail-on", "none")
    assert outcome.code == 0
    known = json.loads(run("history", "--store", tmp_path / "h.db", "-f", "json").out)
    assert {one["rule"]: one["open"] for one in known["rules"]}[RULE] == 1


def test_a_directory_is_no_history(tmp_path: Path, run: Callable) -> None:
    assert run("history", "--store", tmp_path) == (2, "", f"keyproof: {tmp_path}: is a directory, not a history\n")

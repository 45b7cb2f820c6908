from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from expectations import names_of
from report.official import CHECKS, faults

from scanner.cli.app import execute
from scanner.report import FORMATS, RenderOptions
from scanner.report.read import read_report
from scanner.store.reading import read_snapshot, read_summary

EXPECTED = json.loads((Path(__file__).parents[2] / "fixtures" / "demo" / "expected.json").read_text(encoding="utf-8"))

OF_THE_ACCOUNT = {"key-destructive-call-unalarmed"}
"""Rules about the account, of which the estate has one and so no twin."""


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `keyproof demo` leaves behind."""
    directory = tmp_path_factory.mktemp("demo")
    assert execute(["demo", "--out", str(directory), "-q"]) == 0
    return directory


@pytest.fixture(scope="module")
def report(scanned: Path) -> dict[str, Any]:
    return dict(json.loads((scanned / "report.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def outcomes(scanned: Path, report: dict[str, Any]) -> dict[tuple[str, str], str]:
    names = names_of(read_snapshot(scanned / "demo.snapshot"))
    return {(f["rule"], names.get(f["subject"], f["subject"])): f["outcome"] for f in report["findings"]}


def test_the_demo_finds_what_was_planted_and_nothing_else(outcomes: dict[tuple[str, str], str]) -> None:
    found = {key: outcome for key, outcome in outcomes.items() if outcome not in ("PASS", "NOT_APPLICABLE")}
    planted = {(row["rule"], row["subject"]): row["outcome"] for row in EXPECTED["findings"]}
    assert found == planted


@pytest.mark.parametrize("row", EXPECTED["twins"], ids=lambda row: f"{row['rule']} {row['subject']}")
def test_a_clean_twin_is_let_be(outcomes: dict[tuple[str, str], str], row: dict[str, str]) -> None:
    assert outcomes[row["rule"], row["subject"]] == row["outcome"], row["why"]


def test_everything_that_is_planted_has_a_reason_and_each_rule_a_twin() -> None:
    rows = EXPECTED["findings"] + EXPECTED["twins"]
    assert all(row["why"] for row in rows)
    assert len({(row["rule"], row["subject"]) for row in rows}) == len(rows)
    planted = {row["rule"] for row in EXPECTED["findings"]}
    assert planted - OF_THE_ACCOUNT == {row["rule"] for row in EXPECTED["twins"]}


def test_the_demo_reads_everything_and_says_when_it_was(scanned: Path, report: dict[str, Any]) -> None:
    snapshot = read_snapshot(scanned / "demo.snapshot")
    assert (report["complete"], snapshot.gaps) == (True, [])
    assert report["as_of"].startswith(EXPECTED["as_of"][:10])


@pytest.mark.parametrize("name", CHECKS)
def test_every_format_of_the_demo_holds_to_its_official_schema(scanned: Path, name: str) -> None:
    known = read_report((scanned / "report.json").read_bytes(), "report.json")
    text = FORMATS[name].render(known, RenderOptions())
    assert len(text) > 1000
    assert faults(name, text) == []


def test_two_demos_are_the_same_to_the_last_byte(scanned: Path, tmp_path: Path) -> None:
    assert execute(["demo", "--out", str(tmp_path), "-q"]) == 0
    first, second = (read_summary(path / "demo.snapshot") for path in (scanned, tmp_path))
    assert first.digest == second.digest
    for name in ("report.json", "report.txt", "report.html"):
        assert (scanned / name).read_bytes() == (tmp_path / name).read_bytes()

"""`keyproof demo`: one command from nothing to a report that a person can read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def test_the_demo_writes_report_and_snapshot_that_judge_the_same(run: Callable) -> None:
    outcome = run("demo", "--out", "out")
    assert outcome.code == 0, outcome.err
    report = json.loads(Path("out/report.json").read_text("utf-8"))
    assert Path("out/report.txt").read_text("utf-8") == outcome.out
    assert "PASS" in {finding["outcome"] for finding in report["findings"]}
    attested = ("--attestation", "out/attestation.json", "--as-of", report["as_of"])
    checked = run("check", "out/demo.snapshot", *attested, "--all", "-f", "json", "--fail-on", "none")
    assert checked.out == Path("out/report.json").read_text("utf-8")


def test_without_the_extra_it_says_how_to_install_it(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "moto" or name.startswith("scanner.demo")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "moto", None)
    outcome = run("demo", "--out", "out")
    assert (outcome.code, outcome.out) == (2, "")
    assert "pip install 'keyproof[demo]'" in outcome.err
    assert not Path("out").exists()

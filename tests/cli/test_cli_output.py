"""Where reports go: stdout or files, written whole, never two in one place."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from report.samples import VOLUMES_GAP, WAIVER, a_finding, a_report

from scanner.cli.output import color_wanted, terminal_width, write
from scanner.errors import UsageError
from scanner.model.finding import Report
from scanner.model.rule import Outcome
from scanner.report import FORMATS, RenderOptions


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(FORMATS["json"].render(a_report(), RenderOptions(all_outcomes=True)), encoding="utf-8")
    return path


def test_a_report_is_rendered_again(saved: Path, run: Callable) -> None:
    outcome = run("report", saved, "-f", "json", "--all")
    assert (outcome.code, outcome.out, outcome.err) == (0, saved.read_text("utf-8"), "")


def test_several_formats_go_to_stdout_and_to_files_at_once(saved: Path, tmp_path: Path, run: Callable) -> None:
    lines = tmp_path / "out.jsonl"
    outcome = run("report", saved, "-f", "json", "-f", f"jsonl={lines}")
    assert json.loads(outcome.out)["schema"] == 1
    assert all(json.loads(line) for line in lines.read_text("utf-8").splitlines())


def test_the_default_is_the_terminal_format_without_colour_in_a_pipe(saved: Path, run: Callable) -> None:
    outcome = run("report", saved)
    assert outcome.out == FORMATS["terminal"].render(a_report(), RenderOptions())
    assert "\x1b" not in outcome.out


def test_files_alone_leave_stdout_empty(saved: Path, tmp_path: Path, run: Callable) -> None:
    assert run("report", saved, "-f", f"json={tmp_path / 'a'}") == (0, "", "")


@pytest.mark.parametrize(
    ("formats", "message"),
    [
        (["jsn"], "no format `jsn`; did you mean `json`?"),
        (["json="], "`json=` names no file"),
        (["json=/no/such/place/x"], "no directory `/no/such/place`"),
        (["json=/tmp"], "`/tmp` is a directory"),
        (["json", "jsonl"], "only one `-f` can go to stdout"),
        (["json=x", "jsonl=x"], "two formats cannot go to one file, `x`"),
    ],
)
def test_wrong_destinations_are_refused_before_anything_is_read(
    formats: list[str], message: str, saved: Path, run: Callable
) -> None:
    outcome = run("report", saved, *(part for name in formats for part in ("-f", name)))
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_severity_takes_any_case_and_names_the_nearest(saved: Path, run: Callable) -> None:
    assert run("report", saved, "--severity", "HIGH").code == 0
    assert "did you mean `critical`?" in run("report", saved, "--severity", "critcal").err


def test_a_place_where_nothing_can_be_written_is_one_message(saved: Path, run: Callable) -> None:
    outcome = run("report", saved, "-f", "json=/proc/report")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "keyproof: `/proc/report` cannot be written: no such file or directory\n"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"schema": 99}'])
def test_what_is_no_report_is_one_message(content: bytes, tmp_path: Path, run: Callable) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    outcome = run("report", path)
    assert (outcome.code, outcome.out) == (2, "")
    assert str(path) in outcome.err
    assert "Traceback" not in outcome.err
    assert "jSON" not in outcome.err


def test_a_snapshot_and_a_report_in_each_others_place_are_told(saved: Path, tmp_path: Path, run: Callable) -> None:
    assert run("check", saved).err.endswith("not a keyproof snapshot; `keyproof report` renders a JSON report\n")
    (tmp_path / "a.snapshot").write_bytes(b"SQLite format 3\0")
    assert run("report", tmp_path / "a.snapshot").err.endswith("not a JSON report; `keyproof check` judges it\n")


def test_a_file_is_replaced_whole_or_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report"
    write("first", path)

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(UsageError, match="report` cannot be written: no space left on device"):
        write("second", path)
    assert path.read_text("utf-8") == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_rights_that_the_user_gives_to_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write("text", tmp_path / "report")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "report").stat().st_mode) == 0o640


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    write("new", link)
    assert link.is_symlink()
    assert target.read_text("utf-8") == "new"


def test_a_pipe_is_written_into_and_not_replaced(tmp_path: Path) -> None:
    pipe, received = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: received.append(pipe.read_text("utf-8")), daemon=True)
    reader.start()
    write("through", pipe)
    reader.join(10)
    assert received == ["through"]
    assert pipe.is_fifo()


@pytest.mark.parametrize(("to", "why"), [(">&-", "it is closed"), (">/dev/full", "no space left on device")])
def test_standard_output_that_takes_nothing_is_one_message(to: str, why: str, saved: Path) -> None:
    command = f'exec "{sys.executable}" -m scanner report "{saved}" {to}'
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (2, f"keyproof: standard output cannot be written: {why}\n")


def test_closed_standard_output_costs_no_report_to_a_file(saved: Path, tmp_path: Path) -> None:
    command = f'exec "{sys.executable}" -m scanner report "{saved}" -f json={tmp_path / "again"} >&- 2>&- <&-'
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 0
    assert json.loads((tmp_path / "again").read_text("utf-8"))["schema"] == 1


def test_a_dash_is_standard_output(saved: Path, run: Callable) -> None:
    assert run("report", saved, "-f", "json=-").out == run("report", saved, "-f", "json").out
    assert "only one `-f` can go to stdout" in run("report", saved, "-f", "json=-", "-f", "csv").err


class Terminal:
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert not color_wanted(False)
    monkeypatch.setattr("sys.stdout", Terminal())
    assert color_wanted(False)
    assert not color_wanted(True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not color_wanted(False)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not color_wanted(False)


def test_a_pipe_is_eighty_columns_wide_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert terminal_width() == 80
    monkeypatch.setattr("sys.stdout", Terminal())
    assert terminal_width() == 200


def test_the_version_of_ocsf_can_be_chosen(saved: Path, tmp_path: Path, run: Callable) -> None:
    saved.write_text(FORMATS["json"].render(a_report(a_finding()), RenderOptions()), encoding="utf-8")
    by_default, older = (
        run("report", saved, "-f", "ocsf"),
        run("report", saved, "-f", "ocsf", "--ocsf-version", "1.1.0"),
    )
    assert json.loads(by_default.out)["metadata"]["version"] == RenderOptions().ocsf_version == "1.6.0"
    assert json.loads(older.out)["metadata"]["version"] == "1.1.0"
    assert "no OCSF version `2`; use one of 1.1.0, " in run("report", saved, "--ocsf-version", "2").err


@pytest.mark.parametrize(
    ("report", "options", "code"),
    [
        (a_report(a_finding()), (), 0),
        (a_report(a_finding()), ("--fail-on", "medium"), 1),
        (a_report(a_finding()), ("--fail-on", "high"), 0),
        (a_report(a_finding(), gaps=(VOLUMES_GAP,), complete=False), (), 0),
        (a_report(a_finding(), gaps=(VOLUMES_GAP,), complete=False), ("--fail-on", "high"), 3),
        (a_report(a_finding(), gaps=(VOLUMES_GAP,), complete=False), ("--fail-on", "high", "--allow-gaps"), 0),
        (a_report(a_finding(), gaps=(VOLUMES_GAP,), complete=False), ("--fail-on", "low"), 1),
        (a_report(a_finding(outcome=Outcome.NOT_ASSESSED)), ("--fail-on-not-assessed",), 1),
        (a_report(a_finding(waiver=WAIVER)), ("--fail-on", "low"), 0),
    ],
)
def test_a_report_has_the_gate_of_a_scan_once_it_is_asked_for(
    report: Report, options: tuple[str, ...], code: int, saved: Path, run: Callable
) -> None:
    saved.write_text(FORMATS["json"].render(report, RenderOptions()), encoding="utf-8")
    assert run("report", saved, *options).code == code


def test_what_a_killed_run_left_behind_stops_no_later_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ("r" * 255)
    monkeypatch.setattr(os, "getpid", lambda: 7)  # as in a container, run after run
    for left in (f".{path.name[:250]}.7", f".{path.name[:100]}.7"):
        (tmp_path / left).write_text("half", encoding="utf-8")
    write("whole", path)
    assert path.read_text("utf-8") == "whole"

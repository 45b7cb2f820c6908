"""`keyproof rules` and `keyproof explain`: what a person sees of the rules, and of faults in their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from report.samples import a_finding, a_report

from scanner.cli import ruleset
from scanner.report import FORMATS, RenderOptions
from scanner.rules.source import find_policies, rule_files

IDS = {path.stem for path in rule_files([find_policies()])}

OWN_RULE = """
    rule: key-without-owner
    title: A key has no owner tag
    severity: low
    subject: key
    where: key.manager == "CUSTOMER"
    require:
      - check: '"owner" in key.tags'
        message: "{key.label} has no owner tag"
    why: Nobody answers for it.
    examples:
      - {name: owned, expect: PASS, key: {manager: CUSTOMER, tags: {owner: a}}}
      - {name: not owned, expect: FAIL, key: {manager: CUSTOMER, tags: {}}}
      - {name: tags not readable, expect: NOT_ASSESSED, key: {manager: CUSTOMER}}
      - {name: of AWS, expect: NOT_APPLICABLE, key: {manager: AWS}}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    directory = tmp_path / "own" / "ours"
    directory.mkdir(parents=True)
    (directory / "key-without-owner.yaml").write_text(dedent(OWN_RULE).lstrip(), encoding="utf-8")
    return directory.parent


def change(own: Path, old: str, new: str) -> None:
    path = own / "ours" / "key-without-owner.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_shipped_rule_is_listed_by_severity_subject_id_and_title(run: Callable) -> None:
    outcome = run("rules", "list")
    assert (outcome.code, outcome.err) == (0, "")
    assert {line.split()[2] for line in outcome.out.splitlines()} == IDS


def test_the_list_as_json_holds_the_controls(run: Callable) -> None:
    listed = json.loads(run("rules", "list", "--format", "json").out)
    assert listed["schema"] == 1
    assert {rule["id"] for rule in listed["rules"]} == IDS
    rotation = next(rule for rule in listed["rules"] if rule["id"] == "key-rotation-off")
    assert {"id": "pci-dss-4.0.1/3.7.4", "strength": "tests"} in rotation["controls"]


def test_own_rules_join_the_shipped_ones(own: Path, run: Callable) -> None:
    assert "key-without-owner" in run("rules", "list", "--rules", own).out


def test_show_prints_the_file(own: Path, run: Callable) -> None:
    assert run("rules", "show", "key-without-owner", "--rules", own).out == dedent(OWN_RULE).lstrip()


def test_an_unknown_rule_gets_the_nearest_name(run: Callable) -> None:
    for command in (("rules", "show"), ("explain",)):
        outcome = run(*command, "key-rotation-of")
        assert (outcome.code, outcome.out) == (2, "")
        assert "did you mean `key-rotation-off`?" in outcome.err


def test_lint_finds_nothing_wrong_with_the_shipped_rules(run: Callable) -> None:
    assert run("rules", "lint") == (0, f"{len(IDS)} rules, no problem found\n", "")


@pytest.mark.parametrize(
    ("old", "new", "place", "hint"),
    [
        ("key.tags'", "key.tagz'", ":7:", "did you mean `tags`?"),
        ('"CUSTOMER"', '"CUSTOMR"', ":5:", "CUSTOMER"),
        ('"CUSTOMER"', "3", ":5:", ""),
        ("severity: low", "severity: lwo", ":3:", ""),
        ("{key.label}", "{key.lable}", ":8:", "did you mean `label`?"),
        ("why:", "whi:", ":9:", ""),
    ],
)
@pytest.mark.parametrize("command", ["lint", "list"])
def test_a_fault_in_a_rule_is_named_with_file_line_and_mend(
    old: str, new: str, place: str, hint: str, command: str, own: Path, run: Callable
) -> None:
    change(own, old, new)
    outcome = run("rules", command, "--rules", own)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"key-without-owner.yaml{place}" in outcome.err
    assert hint in outcome.err


def test_lint_finds_a_fact_of_an_example_that_there_is_not(own: Path, run: Callable) -> None:
    change(own, "{manager: CUSTOMER, tags: {}}", "{manager: CUSTOMER, tagz: {}}")
    outcome = run("rules", "lint", "--rules", own)
    assert (outcome.code, outcome.out) == (2, "")
    assert "key-without-owner.yaml:12:" in outcome.err
    assert "did you mean `tags`?" in outcome.err


def test_a_folder_without_rules_is_an_error_beside_the_shipped_ones(tmp_path: Path, run: Callable) -> None:
    (tmp_path / "empty").mkdir()
    outcome = run("rules", "lint", "--rules", tmp_path / "empty")
    assert (outcome.code, outcome.err) == (2, f"keyproof: no rule files in `{tmp_path / 'empty'}`\n")


def test_a_narrow_terminal_has_the_title_below_the_rule(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.cli.commands.rules.terminal_width", lambda: 80)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    lines = run("rules", "list").out.splitlines()
    assert {line.split()[2] for line in lines if not line.startswith(" ")} == IDS
    assert max(map(len, lines)) <= 80


def test_a_folder_that_is_not_there_is_named(run: Callable) -> None:
    outcome = run("rules", "list", "--rules", "nowhere")
    assert outcome.code == 2
    assert "`nowhere`" in outcome.err


def test_explain_says_what_why_and_how_to_mend(run: Callable) -> None:
    outcome = run("explain", "key-rotation-off")
    assert (outcome.code, outcome.err) == (0, "")
    for part in ("medium", "Why", "Mend with the AWS CLI", "Mend with Terraform", "When it is wrong", "Examples"):
        assert part in outcome.out


def test_a_finding_is_explained_by_the_beginning_of_its_fingerprint(tmp_path: Path, run: Callable) -> None:
    finding = a_finding(message="rotation is off \x1b[31m")
    path = tmp_path / "report.json"
    path.write_text(FORMATS["json"].render(a_report(finding), RenderOptions()), encoding="utf-8")
    outcome = run("explain", finding.fingerprint[:8], "--report", path)
    assert outcome.code == 0
    assert outcome.out.startswith("FAIL medium: key-rotation-off\n")
    assert "rotation_enabled is false" in outcome.out
    assert "Why" in outcome.out
    assert "\x1b" not in outcome.out
    assert "no finding" in run("explain", "ffffffff", "--report", path).err


@pytest.mark.parametrize("fingerprint", ["3f2a", "0123456789abcdef"])
def test_a_fingerprint_needs_its_report(fingerprint: str, run: Callable) -> None:
    outcome = run("explain", fingerprint)
    assert outcome.code == 2
    assert "--report" in outcome.err


def test_a_rule_is_explained_in_80_columns_with_parameters_as_settings_write_them(
    run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = ruleset.all_rules(())
    monkeypatch.setattr(ruleset, "all_rules", lambda _own: shipped)  # read once and not for each rule
    for rule in IDS:
        text = run("explain", rule).out
        assert [line for line in text.splitlines() if len(line) > 80 and " " in line.strip()] == []
    assert "  exempt = []\n" in run("explain", "key-admin-can-decrypt").out


def test_the_examples_of_the_shipped_rules_hold(run: Callable) -> None:
    outcome = run("rules", "test")
    assert outcome.code == 0, outcome.out
    assert outcome.out.startswith(f"{len(IDS)} rules, ")
    assert outcome.out.endswith(" 0 wrong\n")


def test_an_example_that_does_not_hold_is_exit_2_with_its_place(own: Path, run: Callable) -> None:
    change(own, "name: owned, expect: PASS", "name: owned, expect: FAIL")
    outcome = run("rules", "test", "key-without-owner", "--rules", own)
    assert outcome.code == 2
    assert "key-without-owner.yaml:11: owned: expected FAIL, got PASS" in outcome.out


def test_an_outcome_without_an_example_is_missed(own: Path, run: Callable) -> None:
    change(own, "  - {name: tags not readable, expect: NOT_ASSESSED, key: {manager: CUSTOMER}}\n", "")
    outcome = run("rules", "test", "key-without-owner", "--rules", own)
    assert outcome.code == 2
    assert "no example for NOT_ASSESSED" in outcome.out

"""What settings and attestations change about a report, from the file to the finding."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import ACCOUNT, a_cluster, a_key, a_resource, a_snapshot, account_statement, document, listed
from msgspec.structs import replace

from scanner.model.records import AccountFact, NamedDocument, Rotation
from scanner.store.snapshot_file import SnapshotWriter

PARTNER = "999999999999"
PLACED = AccountFact(
    account=ACCOUNT, region="aws-global", name="shop", organization="o-1", management_account="1",
    ou_path=("r-1", "ou-1-cards"), scps=None, rcps=None,
)  # fmt: skip


@pytest.fixture
def check(tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`keyproof check` of a small estate with these settings; findings by rule."""
    policies = (NamedDocument(name="default", document=document(account_statement(), account_statement(PARTNER))),)
    key = a_key(policies=policies, rotation=Rotation(enabled=True, period_days=400))
    snapshot = a_snapshot(key, a_cluster(), a_resource(tags={}), listed("resource:AWS::EC2::Volume"))
    path = tmp_path / "estate.snapshot"
    with SnapshotWriter(path, snapshot.source) as writer:
        for item in snapshot.items():
            if not isinstance(item, AccountFact):
                writer.add(item)
        writer.add(PLACED)
        writer.finish(replace(snapshot.source, finished=snapshot.source.started))
    monkeypatch.chdir(tmp_path)

    def checked(settings: str = "", *options: str, as_of: str = "2026-11-22") -> Any:
        (tmp_path / "keyproof.toml").write_text(settings, encoding="utf-8")
        outcome = run("check", str(path), "-f", "json", "--all", "--as-of", as_of, *options)
        if not outcome.out:
            return outcome
        return {finding["rule"]: finding for finding in json.loads(outcome.out)["findings"]}

    return checked


def trusting(expires: str) -> str:
    return f'[[trusted]]\nid = "{PARTNER}"\nowner = "payments"\nexpires = {expires}\n'


@pytest.mark.parametrize(
    ("settings", "foreign", "standing"),
    [("", "FAIL", "PASS"), (trusting("2026-11-22"), "PASS", "FAIL"), (trusting("2026-11-21"), "FAIL", "PASS")],
    ids=["nobody declared it", "trusted to the end of the day", "trust has lapsed"],
)
def test_trust_counts_until_its_last_day(check: Callable[..., Any], settings: str, foreign: str, standing: str) -> None:
    found = check(settings)
    assert found["key-policy-foreign-account"]["outcome"] == foreign
    assert found["cross-account-standing-access"]["outcome"] == standing


def test_a_parameter_and_a_severity_are_changed(check: Callable[..., Any]) -> None:
    rule = "key-rotation-period-long"
    assert (check()[rule]["outcome"], check()[rule]["severity"]) == ("FAIL", "low")
    table = f'[rules.{rule}]\nseverity = "high"\nparams = {{days = 400}}\n'
    assert (check(table)[rule]["outcome"], check(table)[rule]["severity"]) == ("PASS", "high")


def test_an_environment_changes_rules_in_its_accounts(check: Callable[..., Any]) -> None:
    rule = "key-rotation-period-long"
    change = f'rules.{rule} = {{severity = "critical"}}\n'
    assert check(f'[environments.prod]\naccounts = ["{ACCOUNT}"]\n{change}')[rule]["severity"] == "critical"
    assert check(f'[environments.prod]\naccounts = ["{PARTNER}"]\n{change}')[rule]["severity"] == "low"


def test_an_environment_can_be_chosen_for_accounts_that_none_names(check: Callable[..., Any]) -> None:
    rule = "key-rotation-period-long"
    unnamed = f'[environments.prod.rules.{rule}]\nseverity = "critical"\n'
    named = f'{unnamed}[environments.test]\naccounts = ["{ACCOUNT}"]\n'
    assert check(unnamed, "--environment", "prod")[rule]["severity"] == "critical"
    assert check(named, "--environment", "prod")[rule]["severity"] == "low"
    outcome = check(unnamed, "--environment", "prd")
    assert (outcome.code, "no environment `prd`; did you mean `prod`?" in outcome.err) == (2, True)


def test_a_rule_that_is_off_in_an_environment_judges_nothing_there(check: Callable[..., Any]) -> None:
    rule = "key-policy-foreign-account"
    for account, judged in ((ACCOUNT, False), (PARTNER, True)):
        table = f'[environments.test]\naccounts = ["{account}"]\nrules.{rule}.off = "a sandbox"\n'
        assert (rule in check(table)) is judged


def test_what_settings_leave_out_is_said_in_the_report(check: Callable[..., Any], run: Callable[..., Any]) -> None:
    off = '[rules.key-unused]\noff = "done by hand"\n[environments.test.rules.key-unaliased]\noff = "a sandbox"\n'
    check(trusting("2026-11-21") + off)
    report = json.loads(run("check", "estate.snapshot", "-f", "json", "--as-of", "2026-11-22").out)
    assert report["notices"] == [
        {"type": "trust-expired", "text": f"trust in {PARTNER} (owner: payments) ended on 2026-11-21"},
        {"type": "rule-off", "text": "rule `key-unused` is off: done by hand"},
        {"type": "rule-off", "text": "rule `key-unaliased` is off in the environment `test`: a sandbox"},
    ]


def test_a_rule_that_is_off_judges_nothing(check: Callable[..., Any]) -> None:
    found = check('[rules.key-policy-foreign-account]\noff = "the access analyzer does it"\n')
    assert "key-policy-foreign-account" not in found
    assert "key-rotation-off" in found


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('[rules.key-rotaton-off]\noff = "x"\n', ":1:1: there is no rule `key-rotaton-off`"),
        ('[environments.x.rules.key-rotaton-off]\noff = "x"\n', ":1:1: there is no rule `key-rotaton-off`"),
        ("[rules.key-rotation-period-long]\nparams = {day = 1}\n", ":2:1: rule `key-rotation-period-long` has no"),
        ("[rules.key-rotation-period-long.params]\ndays = -1\n", "`-1` is below 0"),
        ('[rules.key-rotation-period-long]\nparams = {days = "many"}\n', "is not int"),
        ('[[trusted]]\nid = "999"\nowner = "x"\n', "an account id has 12 digits"),
        ('[[trusted]]\nid = "999999999999"\n', "missing `owner`"),
    ],
)
def test_what_settings_get_wrong_is_told_with_its_line(check: Callable[..., Any], settings: str, message: str) -> None:
    outcome = check(settings)
    assert outcome.code == 2
    assert message in outcome.err


def test_an_organizational_unit_puts_resources_in_scope(check: Callable[..., Any]) -> None:
    member = '[[data-classes.pci.members]]\norganizational-units = ["ou-1-cards"]\n'
    assert check()["pci-resource-off-cks"]["outcome"] == "NOT_APPLICABLE"
    assert check(member)["pci-resource-off-cks"]["outcome"] == "FAIL"


def test_an_attestation_is_what_quorum_is_told_by(check: Callable[..., Any], tmp_path: Path) -> None:
    users = [{"username": name, "role": "admin", "quorum": [{"strategy": "token-sign"}]} for name in ("ann", "bob")]
    listing = {"cluster": "cluster-1", "date": "2026-11-01", "by": "olga", "users": {"data": {"users": users}}}
    for approvals, outcome in ((2, "PASS"), (1, "FAIL"), (3, "FAIL")):
        content = {"clusters": [listing | {"quorum": {"data": {"user": approvals}}}]}
        (tmp_path / "hsm.json").write_text(json.dumps(content), encoding="utf-8")
        assert check("", "--attestation", "hsm.json")["hsm-quorum-unproven"]["outcome"] == outcome
    late = check("", "--attestation", "hsm.json", as_of="2028-01-01")["hsm-quorum-unproven"]
    assert (late["outcome"], check()["hsm-quorum-unproven"]["outcome"]) == ("NOT_ASSESSED", "NOT_ASSESSED")
    assert "counted until 2027-11-01" in late["message"]


def test_an_attestation_that_is_not_there_is_told(check: Callable[..., Any]) -> None:
    outcome = check("", "--attestation", "gone.yaml")
    assert outcome.code == 2
    assert "gone.yaml: no such file or directory" in outcome.err

"""From an evaluation to a report: waivers, baseline, the choice of a standard, the order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.errors import SettingsError, UsageError
from scanner.model.finding import Cut, Finding, Report, sort_key
from scanner.model.framework import Framework
from scanner.model.records import Source
from scanner.model.rule import Outcome, Severity
from scanner.rules.evaluate import Evaluation, unlisted_arn
from scanner.rules.rule import Rule
from scanner.rules.settle import settle
from scanner.rules.waiver_file import load_waivers
from scanner.rules.waivers import Waiver, waive
from tests.rules.ruletext import rule_of

AS_OF = datetime(2026, 1, 15, tzinfo=UTC)
SOURCE = Source(type="aws", started=AS_OF, accounts=("1",), regions=("eu",))
RULE = "key-admin-can-decrypt"


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> Rule:
    return rule_of(tmp_path_factory.mktemp("rules"))


def a_finding(subject: str = "arn:k", **facts: Any) -> Finding:
    base = {"account": "1", "region": "eu", "outcome": Outcome.FAIL, "severity": Severity.HIGH, "message": "m"}
    return Finding(**{"rule": RULE, "subject": subject, "subject_type": "key", **base, **facts})


def settled(rule: Rule, *findings: Finding, **more: Any) -> Report:
    evaluation = Evaluation(list(findings), {RULE: {"FAIL": len(findings)}}, {"key": 5})
    usual = {"source": SOURCE, "digest": "d", "gaps": (), "complete": True, "as_of": AS_OF, "tool_version": "1"}
    return settle(evaluation, [rule], **{**usual, **more})


def waivers(folder: Path, rule: Rule, text: str) -> tuple[Waiver, ...]:
    path = folder / "waivers.yaml"
    path.write_text("waivers:\n" + text)
    return load_waivers(path, [rule], AS_OF, disabled=["off-rule"])


def a_waiver(scope: str = '{arn: "*"}', **keys: str) -> str:
    facts = {"rule": RULE, "scope": scope, "owner": "jane", "reason": "migration", "expires": "2026-06-30", **keys}
    return "  - {" + ", ".join(f"{name}: {value}" for name, value in facts.items() if value) + "}\n"


def test_findings_are_sorted_and_the_report_keeps_its_source(rule: Rule) -> None:
    findings = [a_finding("arn:b"), a_finding("arn:c", outcome=Outcome.NOT_ASSESSED), a_finding("arn:a")]
    report = settled(rule, *findings)
    assert [finding.subject for finding in report.findings] == ["arn:a", "arn:b", "arn:c"]
    assert list(report.findings) == sorted(report.findings, key=sort_key)
    assert (report.source, report.digest, report.subjects) == (SOURCE, "d", {"key": 5})
    assert report.counts == {RULE: {"FAIL": 3}}


def test_a_framework_keeps_the_rules_that_serve_it(rule: Rule) -> None:
    pci = Framework("pci-dss-4.0.1", "PCI")
    report = settled(rule, a_finding(), framework="pci-dss-4.0.1", frameworks=[pci, Framework("soc-2", "SOC")])
    assert (len(report.findings), report.frameworks) == (1, (pci,))
    with pytest.raises(UsageError, match=r"did you mean `pci-dss-4\.0\.1`"):
        settled(rule, framework="pci-dss-4.1")


SCOPES = [
    ('{arn: "arn:*"}', True),
    ('{arn: "arn:?"}', True),
    ('{arn: "arn:[k]"}', False),
    ('{account: "1", region: eu}', True),
    ('{account: "1", region: us}', False),
    ("{tags: {team: pay*}}", True),
    ("{tags: {team: x}}", False),
    ("{tags: {absent: '*'}}", False),
    ('{or: [{region: us}, {account: "1"}]}', True),
    ('{and: [{region: us}, {account: "1"}]}', False),
    ('{arn: "*", not: {tags: {team: payments}}}', False),
    ("{not: {region: us}}", True),
]


@pytest.mark.parametrize(("scope", "covered"), SCOPES)
def test_a_scope_covers_what_all_its_parts_match(tmp_path: Path, rule: Rule, scope: str, covered: bool) -> None:
    finding = a_finding(tags={"team": "payments"})
    report = settled(rule, finding, waivers=waivers(tmp_path, rule, a_waiver(scope, ticket="SEC-1")))
    (waived,) = report.findings
    assert waived.outcome is Outcome.FAIL
    assert (waived.waiver is not None) is covered
    assert [notice.type for notice in report.notices] == ([] if covered else ["waiver-unused"])
    if waived.waiver is not None:
        assert (waived.waiver.owner, waived.waiver.ticket, waived.waiver.expires) == (
            "jane",
            "SEC-1",
            date(2026, 6, 30),
        )


@pytest.mark.parametrize(
    ("keys", "covered", "notice"),
    [
        ({"expires": "2026-01-14"}, False, "waiver-expired"),
        ({"expires": "2026-01-15"}, True, "waiver-lapsing"),
        ({"expires": "2026-02-14"}, True, "waiver-lapsing"),
        ({"expires": "2026-02-15"}, True, None),
        ({"created": "2026-01-16"}, False, "waiver-not-yet"),
        ({"created": "2026-01-15"}, True, None),
    ],
)
def test_a_waiver_holds_for_its_time(
    tmp_path: Path, rule: Rule, keys: dict[str, str], covered: bool, notice: str | None
) -> None:
    report = settled(rule, a_finding(), waivers=waivers(tmp_path, rule, a_waiver(**keys)))
    assert (report.findings[0].waiver is not None) is covered
    assert [one.type for one in report.notices] == ([notice] if notice else [])


def test_only_what_is_wrong_or_open_is_waived(tmp_path: Path, rule: Rule) -> None:
    loaded = waivers(tmp_path, rule, a_waiver())
    findings = [a_finding(outcome=outcome) for outcome in Outcome]
    covered = {finding.outcome for finding in waive(findings, loaded, AS_OF)[0] if finding.waiver}
    assert covered == {Outcome.FAIL, Outcome.NOT_ASSESSED}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (a_waiver(rule="key-admin-can-encrypt"), "2:12: there is no rule `key-admin-can-encrypt`"),
        (a_waiver("{}"), "2:42: an empty scope"),
        (a_waiver("{not: {}}"), "2:48: an empty scope"),
        (a_waiver("{arn: x, or: [{arn: y}, {and: [{}]}]}"), "an empty scope"),
        (a_waiver(expires="2026-06-30", created="2026-07-01"), "it ends before it begins on 2026-07-01"),
        (a_waiver(owner="'  '"), "`owner` is blank"),
        (a_waiver(reason="' '"), "`reason` is blank"),
        (a_waiver(expires="2027-01-16"), "more than 365 days after 2026-01-15"),
        (a_waiver(expires="2026-06-30", created="2025-01-01"), "more than 365 days after 2025-01-01"),
        (a_waiver(owner=""), "missing `owner`"),
        (a_waiver(reason=""), "missing `reason`"),
        (a_waiver(expires=""), "missing `expires`"),
        (a_waiver(expires="soon"), "is no date"),
        (a_waiver("{acount: x}"), "did you mean `account`?"),
        (a_waiver("{account: 111122223333}"), "`111122223333` stands where text belongs"),
        ("  - &a {}\n", "anchors are not allowed"),
    ],
)
def test_a_wrong_waiver_is_an_error_with_its_place(tmp_path: Path, rule: Rule, text: str, error: str) -> None:
    with pytest.raises(SettingsError) as caught:
        waivers(tmp_path, rule, text)
    assert error in str(caught.value)
    assert "waivers.yaml:2:" in str(caught.value)


def test_a_waiver_of_a_disabled_rule_is_no_error(tmp_path: Path, rule: Rule) -> None:
    assert waivers(tmp_path, rule, a_waiver(rule="off-rule"))[0].rule == "off-rule"


def statuses(report: Report) -> Iterator[tuple[str, Outcome, str | None]]:
    for finding in report.findings:
        yield finding.subject, finding.outcome, finding.status


def test_a_baseline_gives_each_finding_its_status(rule: Rule) -> None:
    before = settled(
        rule, a_finding("arn:kept"), a_finding("arn:gone"), a_finding("arn:back", outcome=Outcome.PASS),
        a_finding("arn:open", outcome=Outcome.NOT_ASSESSED), a_finding("arn:lost"),
    )  # fmt: skip
    now = settled(
        rule, a_finding("arn:kept"), a_finding("arn:fresh"), a_finding("arn:back"), a_finding("arn:open"),
        a_finding("arn:lost", outcome=Outcome.NOT_ASSESSED), baseline=before,
    )  # fmt: skip
    assert set(statuses(now)) == {
        ("arn:kept", Outcome.FAIL, "unchanged"),
        ("arn:fresh", Outcome.FAIL, "new"),
        ("arn:back", Outcome.FAIL, "regressed"),
        ("arn:open", Outcome.FAIL, "new"),
        ("arn:lost", Outcome.NOT_ASSESSED, "unchanged"),
        ("arn:gone", Outcome.PASS, "fixed"),
    }


def test_a_fixed_finding_is_listed_once_when_passes_are_listed(rule: Rule) -> None:
    now = settled(rule, a_finding(outcome=Outcome.PASS), baseline=settled(rule, a_finding()))
    assert list(statuses(now)) == [("arn:k", Outcome.PASS, "fixed")]


@pytest.mark.parametrize(
    "earlier",
    [
        a_finding(account="2"),
        a_finding(region="us"),
        a_finding(rule="another-rule"),
        a_finding(outcome=Outcome.NOT_ASSESSED),
    ],
)
def test_what_was_not_looked_at_is_not_fixed(rule: Rule, earlier: Finding) -> None:
    before = replace(settled(rule), findings=(earlier,))
    assert settled(rule, baseline=before).findings == ()


def test_nothing_is_fixed_by_a_scan_of_fewer_regions(rule: Rule) -> None:
    """Neither what is gone nor what passes: what made it fail may stand in the Region that was not read."""
    wide = Source(type="aws", started=AS_OF, accounts=("1",), regions=("eu", "us"))
    before = settled(rule, a_finding("arn:gone"), a_finding("arn:passes"), source=wide)
    narrow = Source(type="aws", started=AS_OF, accounts=("1",), regions=("eu",))
    passes = a_finding("arn:passes", outcome=Outcome.PASS)
    assert list(statuses(settled(rule, passes, baseline=before, source=narrow))) == [("arn:passes", Outcome.PASS, None)]


def test_nothing_is_fixed_by_a_refused_listing_or_an_interrupted_scan(rule: Rule) -> None:
    before = settled(rule, a_finding())
    refused = a_finding(unlisted_arn("key", "1", "eu"), outcome=Outcome.NOT_ASSESSED)
    assert "fixed" not in {status for _, _, status in statuses(settled(rule, refused, baseline=before))}
    interrupted = Source(type="aws", started=AS_OF, interrupted=True)
    assert settled(rule, baseline=before, source=interrupted).findings == ()


def test_a_baseline_that_left_lesser_findings_out_says_nothing_of_them(rule: Rule) -> None:
    before = replace(settled(rule), cut=Cut(Severity.CRITICAL, (Outcome.FAIL,)))
    assert [status for _, _, status in statuses(settled(rule, a_finding(), baseline=before))] == [None]

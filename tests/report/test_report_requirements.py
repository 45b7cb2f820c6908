import pytest
import samples
from msgspec.structs import replace

from scanner.model.framework import Framework, Requirement
from scanner.model.rule import Control, Outcome, Severity, Strength
from scanner.report.options import RenderOptions, cut_of, shown
from scanner.report.place import place_of, uri_of
from scanner.report.requirements import frameworks_of, may_hide, numbering, verdicts
from scanner.report.summary import completeness, conclusion, observed, summarize

PCI = "pci-dss-4.0.1"


def verdict_of(*outcomes, strength=Strength.TESTS, subject="key", **facts):
    rule = samples.a_rule(controls=(Control(f"{PCI}/3.7.4", strength),), subject=subject)
    findings = [samples.a_finding(rule, outcome=outcome, subject=f"key-{n}") for n, outcome in enumerate(outcomes)]
    report = samples.a_report(*findings, rules=(rule,), **facts)
    (framework,) = frameworks_of(report)
    return verdicts(report, framework)[0]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((Outcome.PASS, Outcome.FAIL, Outcome.NOT_ASSESSED), Outcome.FAIL),
        ((Outcome.PASS, Outcome.NOT_ASSESSED), Outcome.NOT_ASSESSED),
        ((Outcome.PASS, Outcome.NOT_APPLICABLE), Outcome.PASS),
        ((Outcome.NOT_APPLICABLE,), Outcome.NOT_APPLICABLE),
        ((), Outcome.NOT_APPLICABLE),
    ],
)
def test_a_requirement_is_as_bad_as_its_worst_verdict(outcomes, expected):
    assert verdict_of(*outcomes).verdict is expected


def test_a_waived_failure_still_fails_its_requirement():
    report = samples.a_report(samples.a_finding(waiver=samples.WAIVER))
    found = [verdict for framework in frameworks_of(report) for verdict in verdicts(report, framework)]
    assert {verdict.verdict for verdict in found} == {Outcome.FAIL}


def test_a_refused_listing_of_the_subjects_leaves_a_requirement_open():
    listing = replace_gap(makes_unknown=("key", "alias"))
    found = verdict_of(Outcome.PASS, gaps=(listing,))
    assert found.verdict is Outcome.NOT_ASSESSED
    assert found.doubts == (listing.reason(),)
    assert verdict_of(Outcome.PASS, subject="resource", gaps=(listing,)).verdict is Outcome.PASS


def replace_gap(**changes):
    return type(samples.GRANTS_GAP)(
        **{name: getattr(samples.GRANTS_GAP, name) for name in samples.GRANTS_GAP.__struct_fields__} | changes
    )


@pytest.mark.parametrize(
    ("unknown", "subject", "hides"),
    [
        ("key", "key", True),
        ("key.grants", "key", False),
        ("key.grants", "grant", True),
        ("resource:AWS::EC2::Volume", "resource", True),
        ("key-store", "store", True),
        ("cluster", "trail", False),
    ],
)
def test_which_gaps_hide_which_subjects(unknown, subject, hides):
    assert may_hide(replace_gap(makes_unknown=(unknown,)), subject) is hides


def test_an_interrupted_scan_passes_nothing():
    assert verdict_of(Outcome.PASS, source=samples.a_source(interrupted=True)).verdict is Outcome.NOT_ASSESSED


def test_only_a_rule_that_tests_makes_a_requirement_tested():
    assert verdict_of(Outcome.PASS).tested
    assert not verdict_of(Outcome.PASS, strength=Strength.SUPPORTS).tested


def test_requirements_without_a_rule_are_shown_as_such(full):
    framework = next(framework for framework in frameworks_of(full) if framework.id == PCI)
    words = {verdict.requirement.id: verdict.word for verdict in verdicts(full, framework)}
    assert (words["3.7.8"], words["7.2.4"]) == ("MANUAL", "NOT_COVERED")


def test_the_framework_that_was_asked_for_is_the_only_one(full):
    assert [framework.id for framework in frameworks_of(replace(full, framework=PCI))] == [PCI]


def test_requirements_stand_in_the_order_of_the_standard():
    ids = ["3.7.10", "10.2.1", "3.7.9", "SC-12(2)", "SC-12", "SC-12(10)", "A.8.24"]
    assert sorted(ids, key=numbering) == ["3.7.9", "3.7.10", "10.2.1", "A.8.24", "SC-12", "SC-12(2)", "SC-12(10)"]


def test_a_requirement_that_the_catalogue_does_not_list_keeps_its_place():
    known = Framework(PCI, "PCI DSS v4.0.1", "", (Requirement("3.7.3", "a"), Requirement("3.7.5", "b")))
    report = samples.a_report(samples.a_finding(), frameworks=(known,), framework=PCI)
    assert [requirement.id for requirement in frameworks_of(report)[0].requirements] == ["3.7.3", "3.7.4", "3.7.5"]


# --- counts --------------------------------------------------------------------------------------


def test_counts_win_over_what_is_listed(full):
    report = replace(full, findings=full.findings[:1], counts={"key-rotation-off": {"PASS": 1000, "FAIL": 1}})
    summary = summarize(report)
    assert summary.outcomes[Outcome.PASS] == 1000
    assert summary.outcomes[Outcome.FAIL] == 2


def test_what_a_baseline_shows_as_fixed_is_no_failure():
    report = samples.a_report(samples.a_finding(status="fixed"))
    summary = summarize(report)
    assert (summary.failures, summary.statuses) == (0, {"fixed": 1})


def test_a_severity_filter_changes_no_count(full):
    assert len(shown(full, RenderOptions(severity=Severity.CRITICAL))) == 1
    assert summarize(full).failures == 4


def test_cutting_a_cut_report_again_keeps_the_narrower_limit(full):
    once = replace(full, cut=cut_of(full, RenderOptions(severity=Severity.HIGH)))
    again = cut_of(once, RenderOptions(all_outcomes=True))
    assert again == once.cut


def test_the_conclusion_is_never_better_than_what_was_read():
    passed = samples.a_finding(outcome=Outcome.PASS)
    unknown = samples.a_finding(outcome=Outcome.NOT_ASSESSED, subject="k2", reasons=("denied",))
    cases = (
        ((passed,), "No failure in 1 verdict."),
        ((passed, unknown), "No failure in what could be assessed; 1 verdict could not be told."),
        ((unknown,), "Nothing could be assessed: this is not a clean result."),
    )
    for findings, words in cases:
        report = samples.a_report(*findings)
        assert conclusion(report, summarize(report)) == words
    assert completeness(samples.a_report()) == "Everything that was asked for was read."


def test_a_report_is_as_late_as_its_facts(full):
    assert observed(full) == full.as_of
    finished = samples.a_source(finished=samples.datetime(2026, 12, 1, tzinfo=samples.UTC))
    assert observed(replace(full, source=finished)) == finished.finished


# --- places --------------------------------------------------------------------------------------


def test_what_a_plan_declares_stands_in_the_plan_file():
    plan = samples.a_source(type="terraform-plan", path="infra/plan.json")
    assert place_of(samples.a_finding(address="aws_kms_key.main"), plan) == ("infra/plan.json", 1)
    assert place_of(samples.a_finding(address="a.b", location=("main.tf", 3)), plan) == ("main.tf", 3)


def test_a_live_subject_stands_in_a_made_up_relative_path():
    path, line = place_of(samples.a_finding(), samples.a_source())
    assert (path, line) == ("aws/111122223333/eu-west-1/kms/key/1234abcd-12ab-34cd-56ef-1234567890ab", 1)


def test_a_path_never_leaves_the_tree():
    path, line = place_of(samples.a_finding(location=("/../..\\etc/./pass wd", 0)), samples.a_source())
    assert (path, line) == ("etc/pass wd", 1)
    assert uri_of(path) == "etc/pass%20wd"
    assert place_of(samples.a_finding(location=("..", 1)), samples.a_source())[0] == "unknown"

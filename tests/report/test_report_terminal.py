import re

import samples
from msgspec.structs import replace

from scanner.model.records import Source
from scanner.model.rule import Outcome, Severity
from scanner.report import FORMATS, RenderOptions
from scanner.report.lines import columns_of


def text_of(report, **options):
    return FORMATS["terminal"].render(report, RenderOptions(**options))


def test_no_line_is_wider_than_the_terminal_but_for_words_that_must_stay_whole(full):
    for width in (60, 80, 132):
        for line in text_of(full, width=width, all_outcomes=True).splitlines():
            assert columns_of(line) <= width or len(line.split()) <= 2, line


def test_worse_rules_come_first(full):
    heads = re.findall(r"^(CRITICAL|HIGH|MEDIUM|LOW|INFO) ", text_of(full), re.MULTILINE)
    assert heads == ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"]


def test_an_overview_comes_first_with_a_line_for_each_rule_that_has_something_to_say():
    quiet = samples.a_rule("quiet")
    store = samples.a_rule("key-store-disconnected", severity=Severity.HIGH)
    findings = (
        samples.a_finding(quiet, outcome=Outcome.PASS),
        samples.a_finding(subject="a"),
        samples.a_finding(subject="b", waiver=samples.WAIVER),
        samples.a_finding(store, subject="c", outcome=Outcome.NOT_ASSESSED, reasons=("denied",)),
    )
    text = text_of(samples.a_report(*findings, rules=(quiet, store, samples.a_rule())))
    overview = text[text.index("OVERVIEW") : text.index("\n\n", text.index("OVERVIEW"))].splitlines()
    assert overview[0].split() == ["OVERVIEW", "failed", "not", "assessed", "passed"]
    assert [line.split() for line in overview[1:]] == [
        ["HIGH", "key-store-disconnected", "0", "1", "0"],
        ["MEDIUM", "key-rotation-off", "1", "0", "0"],
        ["all", "rules", "1", "1", "1"],
    ]
    assert text.index("OVERVIEW") < text.index("because")


def test_a_finding_says_its_subject_once():
    text = text_of(samples.a_report(samples.a_finding()))
    assert text.count("alias/payments") == 1
    assert text.count(samples.KEY) == 1


def test_evidence_does_not_repeat_its_place():
    told = samples.Evidence("field", "a", "key.tags is none", pointer="key.tags")
    assert "because key.tags is none\n" in text_of(samples.a_report(samples.a_finding(evidence=(told,))))
    assert text_of(samples.a_report(samples.a_finding(evidence=(told, told)))).count("because key.tags is none") == 1


def test_one_statement_stands_once_with_all_whom_it_lets_act():
    def lets(who: str, *actions: str) -> samples.Evidence:
        facts = {"arn": who, "actions": list(actions)}
        return samples.Evidence("statement", who, "Allow * on *", "iam/admin", "/Statement/0", facts)

    ana, batch = "arn:aws:iam::1:role/ana", "arn:aws:iam::1:role/batch"
    evidence = (lets(ana, "kms:PutKeyPolicy"), lets(ana, "kms:Decrypt"), lets(batch, "kms:Decrypt"))
    shown = " ".join(text_of(samples.a_report(samples.a_finding(evidence=evidence))).split())
    assert shown.count("because") == 1
    assert f"because Allow * on * [iam/admin#/Statement/0] for {ana}, {batch}" in shown


def test_a_statement_names_nobody_whom_its_words_or_the_finding_name():
    who = "arn:aws:iam::1:role/ana"
    named = samples.Evidence("statement", who, f"Allow {who} kms:* on *", "key-policy/default", "/Statement/0")
    of_its_own = samples.Evidence("statement", who, "Allow * on *", "iam/admin", "/Statement/0")
    assert f" for {who}" not in text_of(samples.a_report(samples.a_finding(evidence=(named,), message="x")))
    assert f" for {who}" not in text_of(
        samples.a_report(samples.a_finding(evidence=(of_its_own,), subject=who, message="x"))
    )


def test_evidence_stands_under_its_finding_with_its_place(full):
    flat = " ".join(text_of(full).split())
    assert "because Allow kms:* to arn:aws:iam::111122223333:role/ops [key-policy/default#/Statement/1]" in flat


def test_without_colour_there_is_no_escape_and_with_colour_the_words_are_the_same(full):
    plain, coloured = text_of(full), text_of(full, color=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_not_assessed_verdicts_are_grouped_by_what_was_missing():
    denied = "kms:ListGrants AccessDenied in 111122223333/eu-west-1"
    findings = [
        samples.a_finding(subject=f"key-{n}", outcome=Outcome.NOT_ASSESSED, reasons=(denied,)) for n in range(5)
    ]
    text = text_of(samples.a_report(*findings))
    assert text.count(denied) == 1
    assert "NOT ASSESSED  5 verdicts" in text
    assert "key-rotation-off 5" in text
    assert "and 2 more subjects" in text


def test_gaps_and_notices_are_shown(full):
    flat = " ".join(text_of(full).split())
    assert "INCOMPLETE: 2 reads failed" in flat
    assert "ec2:DescribeVolumes UnauthorizedOperation" in flat
    assert "expired on 2026-10-31" in flat


def test_a_waived_finding_is_shown_as_waived_and_not_counted_as_failed():
    report = samples.a_report(samples.a_finding(waiver=samples.WAIVER))
    text = text_of(report)
    assert "0 failed, 1 waived" in text
    assert "waived until 2027-01-31 by payments-team@example.com, SEC-42" in text
    assert "No failure beside 1 waived" in text


def test_severity_hides_findings_but_not_their_count(full):
    text = text_of(full, severity=Severity.HIGH)
    assert "key-store-disconnected" not in text
    assert "1 critical, 1 high, 0 medium, 1 low, 1 info" in text
    assert "findings below high are counted here but not listed" in text


def test_a_report_that_assessed_nothing_does_not_claim_to_be_clean():
    assert "this is not a clean result" in text_of(samples.a_report())


def test_nothing_found_in_an_incomplete_scan_says_so():
    passed = samples.a_finding(outcome=Outcome.PASS)
    text = text_of(samples.a_report(passed, gaps=(samples.GRANTS_GAP,)))
    assert "No failure in what could be assessed" in text


def test_an_interrupted_scan_is_incomplete_even_without_gaps():
    source: Source = samples.a_source(interrupted=True)
    text = text_of(samples.a_report(samples.a_finding(), source=source, complete=False))
    assert "INCOMPLETE: The scan was interrupted." in text


def test_a_fix_that_is_the_same_for_all_is_said_once_and_different_ones_each():
    same = [samples.a_finding(subject=f"key-{n}") for n in range(3)]
    assert text_of(samples.a_report(*same)).count("fix: ") == 1
    different = [replace(finding, fix={"cli": f"fix {finding.subject}"}) for finding in same]
    assert text_of(samples.a_report(*different)).count("fix: fix key-") == 3


def test_wide_characters_are_counted_as_two_columns():
    assert columns_of("日本") == 4
    assert columns_of("e\u0301") == 1


def test_what_a_baseline_did_not_know_stands_first_and_what_it_knew_is_said_shortly():
    findings = [
        samples.a_finding(
            subject=f"arn:aws:kms:eu-west-1:111122223333:key/{status}", status=status, outcome=outcome, label=""
        )
        for status, outcome in (
            ("unchanged", samples.Outcome.FAIL),
            ("fixed", samples.Outcome.PASS),
            ("regressed", samples.Outcome.NOT_ASSESSED),
            ("new", samples.Outcome.FAIL),
        )
    ]
    text = FORMATS["terminal"].render(samples.a_report(*findings), RenderOptions())
    since = text[text.index("SINCE THE BASELINE") : text.index("OVERVIEW")]
    assert since.splitlines()[0] == "SINCE THE BASELINE  1 new, 1 unchanged, 1 fixed, 1 regressed"
    assert [line.split(" key-rotation-off")[0] for line in since.splitlines() if line.startswith("  - ")] == [
        "  - new: medium",
        "  - regressed: not assessed",
        "  - fixed: medium",
    ]
    assert text.count("because rotation_enabled is false") == 1


def test_a_word_longer_than_the_line_stands_beside_its_bullet():
    changes = {"access": [{"change": "gained", "principal": "arn:" + "p" * 90, "key": "k", "actions": ["kms:Decrypt"]}]}
    text = FORMATS["terminal"].render(samples.a_report(changes=changes), RenderOptions())
    assert f"  - arn:{'p' * 90}\n    gained kms:Decrypt on k\n" in text

"""What the findings of a report add up to: counts, completeness in words, verdicts by requirement."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from scanner.model.finding import Finding, Report
from scanner.model.records import Gap
from scanner.model.rule import Control, Outcome, RuleInfo, Severity, Strength
from scanner.report.options import without_waived

STATUSES = ("new", "unchanged", "fixed", "regressed")
WORST_FIRST = tuple(sorted(Severity, reverse=True))


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over everything that was judged, whatever a listing shows."""

    outcomes: dict[Outcome, int]
    failed: dict[Severity, int]
    """Failures that are not waived, worst first."""
    waived: int
    statuses: dict[str, int]
    """Against a baseline: new, unchanged, fixed, regressed; empty without one."""
    rules: dict[str, dict[str, int]]
    """Rule id to outcome (and `waived`, and baseline status) to number of subjects."""

    @property
    def failures(self) -> int:
        """Failures that are not waived."""
        return sum(self.failed.values())


def summarize(report: Report) -> Summary:
    """The counts of `report`."""
    rules = counts_by_rule(report)
    outcomes = {outcome: sum(counts.get(outcome, 0) for counts in rules.values()) for outcome in Outcome}
    total: Counter[str] = Counter()
    for counts in rules.values():
        total.update(counts)
    statuses = {status: total[status] for status in STATUSES if total[status]}
    return Summary(outcomes, _failed(report, rules), total["waived"], statuses, rules)


def counts_by_rule(report: Report) -> dict[str, dict[str, int]]:
    """What the findings add up to, completed by `report.counts` for what they do not list."""
    counted = _count(report.findings)
    names = sorted({*counted, *report.counts})
    return {rule: dict(sorted((counted.get(rule, {}) | report.counts.get(rule, {})).items())) for rule in names}


def _count(findings: Iterable[Finding]) -> dict[str, Counter[str]]:
    rules: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in findings:
        counts = rules[finding.rule]
        if not (finding.status == "fixed" and finding.outcome is Outcome.FAIL):  # an earlier failure that is gone
            counts[finding.outcome.value] += 1
        if finding.waiver is not None:
            counts["waived"] += 1
        if finding.status is not None:
            counts[finding.status] += 1
    return rules


def _failed(report: Report, rules: dict[str, dict[str, int]]) -> dict[Severity, int]:
    counted: Counter[Severity] = Counter()
    if report.cut is None:
        counted.update(finding.severity for finding in without_waived(report.findings))
    else:  # the listing is not the whole: go by the rules
        severities = {rule.id: rule.severity for rule in report.rules}
        for rule, counts in rules.items():
            counted[severities[rule]] += counts.get("FAIL", 0) - counts.get("waived", 0)
    return {severity: counted[severity] for severity in WORST_FIRST}


def observed(report: Report) -> datetime:
    """When the facts were last read or judged: never earlier for a later scan."""
    return max(report.as_of, report.source.finished or report.source.started)


def completeness(report: Report) -> str:
    """One sentence on whether everything was read that was asked for."""
    if report.complete and not report.gaps:
        return "Everything that was asked for was read."
    parts = ["The scan was interrupted."] if report.source.interrupted else []
    if report.gaps:
        places = {(gap.account, gap.region) for gap in report.gaps}
        parts.append(f"{many(len(report.gaps), 'read')} failed in {many(len(places), 'account and Region pair')}.")
    parts.append("What they would have shown is not assessed; it is not counted as passed.")
    return " ".join(parts)


def many(number: int, noun: str) -> str:
    """`1 read`, `2,000 reads`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def conclusion(report: Report, summary: Summary) -> str:
    """The one line that a reader takes away, no better than what was read allows."""
    assessed = summary.outcomes[Outcome.PASS] + summary.outcomes[Outcome.FAIL]
    open_verdicts = summary.outcomes[Outcome.NOT_ASSESSED]
    if summary.failures:
        return f"{many(summary.failures, 'failure')} in {many(assessed, 'assessed verdict')}."
    if not assessed:
        return "Nothing could be assessed: this is not a clean result."
    waived = f" beside {summary.waived:,} waived" if summary.waived else ""
    if open_verdicts or not report.complete:
        return f"No failure{waived} in what could be assessed; {many(open_verdicts, 'verdict')} could not be told."
    return f"No failure{waived} in {many(assessed, 'verdict')}."


# --- requirements of a standard ------------------------------------------------------------------

LISTED_AS = {"store": {"store", "key-store"}, "grant": {"grant", "key.grants", "key"}}
"""The words of `Gap.makes_unknown` under which a kind of subject is listed, where they differ from its name."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the rules that cite one control came to.

    `verdict` is the worst outcome, and never PASS while subjects may be missing. `tested` is False when
    every rule only supports the control: then a PASS is supporting evidence, not a tested control.
    """

    control: str
    verdict: Outcome
    tested: bool
    rules: tuple[str, ...]
    counts: dict[str, int]
    doubts: tuple[str, ...]
    """Why subjects may be missing from the count."""


def frameworks(report: Report) -> list[str]:
    """The standards that the rules cite, or the one that was asked for."""
    found = {control.framework for rule in report.rules for control in rule.controls}
    return [report.framework] if report.framework else sorted(found)


def requirements(report: Report, framework: str) -> list[Requirement]:
    """The controls of `framework` that rules of this run cite, in the order of the standard's numbering."""
    counts = counts_by_rule(report)
    citing: dict[str, list[tuple[RuleInfo, Control]]] = defaultdict(list)
    for rule in report.rules:
        for control in rule.controls:
            if control.framework == framework:
                citing[control.id].append((rule, control))
    return [_requirement(report, id, citing[id], counts) for id in sorted(citing, key=numbering)]


def _requirement(
    report: Report, id: str, citing: list[tuple[RuleInfo, Control]], counts: dict[str, dict[str, int]]
) -> Requirement:
    total: Counter[str] = Counter()
    for rule, _ in citing:
        total.update(counts.get(rule.id, {}))
    doubts = tuple(sorted({doubt for rule, _ in citing for doubt in _doubts(report, rule)}))
    tested = any(control.strength is Strength.TESTS for _, control in citing)
    return Requirement(id, _verdict(total, doubts), tested, tuple(rule.id for rule, _ in citing), dict(total), doubts)


def _verdict(counts: Counter[str], doubts: tuple[str, ...]) -> Outcome:
    for outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED):
        if counts[outcome]:
            return outcome
    if doubts:
        return Outcome.NOT_ASSESSED
    return Outcome.PASS if counts[Outcome.PASS] else Outcome.NOT_APPLICABLE


def _doubts(report: Report, rule: RuleInfo) -> Iterator[str]:
    if report.source.interrupted:
        yield "the scan was interrupted"
    yield from (gap.reason() for gap in report.gaps if _may_hide(gap, rule.subject))


def _may_hide(gap: Gap, subject: str) -> bool:
    names = LISTED_AS.get(subject, {subject})
    return any(word in names or word.split(":", 1)[0] in names for word in gap.makes_unknown)


def numbering(control: str) -> list[tuple[int, int, str]]:
    """A key that puts 3.7.10 after 3.7.9."""
    parts = control.replace("/", ".").replace("-", ".").split(".")
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]

"""What the findings of a report add up to: counts, and completeness in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from scanner.model.finding import Finding, Report
from scanner.model.rule import Outcome, Severity
from scanner.model.words import many
from scanner.report.options import without_waived

STATUSES = ("new", "unchanged", "fixed", "regressed")
WORST_FIRST = tuple(sorted(Severity, reverse=True))


class Summary(Struct, frozen=True):
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
    return Summary(outcomes, _failed(report), total["waived"], statuses, rules)


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


def _failed(report: Report) -> dict[Severity, int]:
    counted = Counter(finding.severity for finding in without_waived(report.findings))
    whole = counted if report.cut is None else report.cut.failed
    return {severity: whole.get(severity, 0) for severity in WORST_FIRST}


def by_rule(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings under their rules, in the order in which the rules appear."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.rule].append(finding)
    return groups


def observed(report: Report) -> datetime:
    """When the facts were last read or judged: never earlier for a later scan."""
    return max(report.as_of, report.source.finished or report.source.started)


def completeness(report: Report) -> str:
    """One sentence on whether everything was read that was asked for."""
    if report.complete and not report.gaps:
        return "Everything that was asked for was read."
    parts = ["The scan was interrupted."] if report.source.interrupted else []
    if report.source.partial:
        parts.append(f"The plan is partial: {'; '.join(report.source.partial)}.")
    if report.gaps:
        places = {(gap.account, gap.region) for gap in report.gaps}
        parts.append(f"{many(len(report.gaps), 'read')} failed in {many(len(places), 'account and Region pair')}.")
    parts.append("What they would have shown is not assessed; it is not counted as passed.")
    return " ".join(parts)


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

"""The words of every rule that a report mentions."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.finding import Finding, Report
from scanner.model.rule import RuleInfo


def rulebook(report: Report, findings: Iterable[Finding]) -> dict[str, RuleInfo]:
    """The rules that ran, by id; a rule that only a finding knows (of another tool) gets the finding's own words."""
    book = {rule.id: rule for rule in report.rules}
    for finding in findings:
        if finding.rule not in book:
            book[finding.rule] = _from(finding)
    return dict(sorted(book.items()))


def _from(finding: Finding) -> RuleInfo:
    return RuleInfo(
        finding.rule, finding.rule, finding.severity, finding.subject_type, "", "", finding.fix, finding.controls
    )

"""GitLab Code Quality: an array of issues, each with a path, a line and a fingerprint."""

from __future__ import annotations

from typing import Any

from scanner.model.finding import Finding, Report
from scanner.model.records import Source
from scanner.model.rule import Outcome, Severity
from scanner.report.clean import clean
from scanner.report.jsontext import encoded, json_text
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import headline
from scanner.report.place import place_of

SEVERITY = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def render(report: Report, options: RenderOptions) -> str:
    """Failures and what could not be assessed; the widget has no word for a pass."""
    issues = (
        _issue(finding, report.source)
        for finding in shown(report, options)
        if finding.outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED) and finding.status != "fixed"
    )
    return json_text(encoded(issues))


def _issue(finding: Finding, source: Source) -> dict[str, Any]:
    path, line = place_of(finding, source)
    counts = finding.outcome is Outcome.FAIL and finding.waiver is None
    return {
        "description": f"{clean(finding.subject, 500)}: {headline(finding, 1000)}",
        "check_name": finding.rule,
        "fingerprint": finding.fingerprint,
        "severity": SEVERITY[finding.severity] if counts else "info",
        "location": {"path": path, "lines": {"begin": line}},
    }

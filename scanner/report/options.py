"""What a person may ask of a rendering, and the findings that are then shown."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from scanner.model.finding import Cut, Finding, Report
from scanner.model.rule import Outcome, Severity

BY_DEFAULT = (Outcome.FAIL, Outcome.NOT_ASSESSED)


class RenderOptions(Struct, frozen=True):
    """How to write a report.

    `width` is in terminal columns. `severity` is the lowest that is shown; it never changes a verdict,
    a count or the exit code. Without `all_outcomes`, FAIL and NOT_ASSESSED are listed.
    """

    width: int = 80
    color: bool = False
    severity: Severity = Severity.INFO
    all_outcomes: bool = False
    ocsf_version: str = "1.6.0"


def shown(report: Report, options: RenderOptions, *, every_outcome: bool = False) -> tuple[Finding, ...]:
    """The findings to list, in the order of the report; what a baseline shows as fixed is always among them."""
    everything = options.all_outcomes or every_outcome
    return tuple(
        finding
        for finding in report.findings
        if finding.severity >= options.severity
        and (everything or finding.outcome in BY_DEFAULT or finding.status == "fixed")
    )


def known_last(findings: Iterable[Finding]) -> list[Finding]:
    """The same with what a baseline knows already at the end: where room is short, what is new must be seen."""
    return sorted(findings, key=lambda finding: finding.status == "unchanged")


def cut_of(report: Report, options: RenderOptions) -> Cut | None:
    """What the listing leaves out of the evaluation, counting what an earlier writing left out already."""
    outcomes = tuple(Outcome) if options.all_outcomes else BY_DEFAULT
    cut = Cut(options.severity, outcomes)
    if report.cut is not None:
        listed = tuple(outcome for outcome in outcomes if outcome in report.cut.outcomes)
        cut = Cut(max(cut.severity, report.cut.severity), listed)
    return None if cut == Cut(Severity.INFO, tuple(Outcome)) else cut


def without_waived(findings: Iterable[Finding]) -> list[Finding]:
    """The failures that nobody has waived and no baseline shows as fixed."""
    return [f for f in findings if f.outcome is Outcome.FAIL and f.waiver is None and f.status != "fixed"]

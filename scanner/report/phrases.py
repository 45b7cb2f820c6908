"""Phrases that several formats share, so that a waiver or a missing read reads the same everywhere."""

from __future__ import annotations

from scanner.model.finding import Evidence, Finding
from scanner.model.rule import Outcome
from scanner.report.clean import clean

NAMED = 5
"""Principals that one line of evidence names."""


def waiver_line(finding: Finding) -> str:
    """Who waived the finding, until when and why; empty when nobody did."""
    waiver = finding.waiver
    if waiver is None:
        return ""
    ticket = f", {waiver.ticket}" if waiver.ticket else ""
    return f"waived until {waiver.expires} by {waiver.owner}{ticket}: {waiver.reason}"


def evidence_lines(finding: Finding) -> list[str]:
    """What decided, each line once; a statement names whom it lets act, where its own words do not."""
    whom: dict[str, dict[str, None]] = {}
    for evidence in finding.evidence:
        named = whom.setdefault(_evidence_line(evidence), {})
        if evidence.type == "statement" and evidence.subject.startswith("arn:"):
            named[evidence.subject] = None
    return [
        line + _for([who for who in named if who != finding.subject and who not in line])
        for line, named in whom.items()
    ]


def _for(names: list[str]) -> str:
    """The principals behind a statement, a few by name."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f" for {', '.join(names[:NAMED])}{more}" if names else ""


def _evidence_line(evidence: Evidence) -> str:
    """One piece of evidence with the place it was found."""
    place = "#".join(part for part in (evidence.document, evidence.pointer) if part)
    return f"{evidence.text} [{place}]" if place and not evidence.text.startswith(place) else evidence.text


def headline(finding: Finding, limit: int) -> str:
    """The message, safe to show, led by what limits the verdict: not assessed (and why) or waived."""
    if finding.outcome is Outcome.NOT_ASSESSED:
        return clean(f"not assessed: {'; '.join(finding.reasons) or finding.message}", limit)
    if finding.waiver is not None:
        return clean(f"[{waiver_line(finding)}] {finding.message}", limit)
    return clean(finding.message, limit)

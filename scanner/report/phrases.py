"""Phrases that several formats share, so that a waiver or a missing read reads the same everywhere."""

from __future__ import annotations

from scanner.model.finding import Evidence, Finding
from scanner.model.rule import Outcome
from scanner.report.clean import clean


def waiver_line(finding: Finding) -> str:
    """Who waived the finding, until when and why; empty when nobody did."""
    waiver = finding.waiver
    if waiver is None:
        return ""
    ticket = f", {waiver.ticket}" if waiver.ticket else ""
    return f"waived until {waiver.expires} by {waiver.owner}{ticket}: {waiver.reason}"


def evidence_line(evidence: Evidence) -> str:
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

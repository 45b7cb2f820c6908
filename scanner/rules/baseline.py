"""What changed since an earlier report: each finding new, unchanged or regressed, and what has been fixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from scanner.model.finding import Finding, Report
from scanner.model.records import Source
from scanner.model.rule import Outcome
from scanner.rules.evaluate import unlisted_arn

GLOBAL = "aws-global"
FINE = (Outcome.PASS, Outcome.NOT_APPLICABLE)


def compare(findings: Sequence[Finding], baseline: Report, source: Source, rules: Mapping[str, str]) -> list[Finding]:
    """The findings with their status against `baseline`, and those that are fixed, as PASS.

    `source` and `rules` (rule id to subject type) say what was judged now: a failure of another account, Region or
    rule has not been fixed.
    """
    before = {finding.fingerprint: finding for finding in baseline.findings}
    now = [replace(finding, status=_status(finding, before, baseline)) for finding in findings]
    return [*now, *_fixed(now, baseline, source, rules)]


def _status(finding: Finding, before: dict[str, Finding], baseline: Report) -> str | None:
    """None for what was and is fine, and for what the baseline would not have listed."""
    earlier = before.get(finding.fingerprint)
    if finding.outcome in FINE:
        return "fixed" if earlier is not None and earlier.outcome is Outcome.FAIL else None
    if earlier is None:
        unlisted = baseline.cut is not None and finding.severity < baseline.cut.severity
        return None if unlisted else "new"
    if earlier.outcome in FINE:
        return "regressed"
    if finding.outcome is Outcome.FAIL and earlier.outcome is Outcome.NOT_ASSESSED:
        return "new"
    return "unchanged"


def _fixed(now: Sequence[Finding], baseline: Report, source: Source, rules: Mapping[str, str]) -> Iterator[Finding]:
    """Failures of the baseline that are listed no more: their subject passes now, or is gone from a full listing."""
    present = {finding.fingerprint for finding in now}
    unlisted = {(finding.rule, finding.subject) for finding in now if finding.outcome is Outcome.NOT_ASSESSED}
    for earlier in baseline.findings:
        if earlier.outcome is not Outcome.FAIL or earlier.rule not in rules or not _in_scope(earlier, source):
            continue
        place = unlisted_arn(rules[earlier.rule], earlier.account, earlier.region)
        if earlier.fingerprint not in present and (earlier.rule, place) not in unlisted:
            message = f"fixed: {earlier.message}"
            yield replace(earlier, outcome=Outcome.PASS, status="fixed", message=message, evidence=(), waiver=None)


def _in_scope(finding: Finding, source: Source) -> bool:
    """Whether the place of the finding was looked at; a source that names no accounts (a plan) is one place."""
    if source.interrupted:
        return False
    accounts = not source.accounts or finding.account in source.accounts
    return accounts and (not source.regions or finding.region in (*source.regions, GLOBAL))

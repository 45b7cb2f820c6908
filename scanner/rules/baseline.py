"""What changed since an earlier report: each finding new, unchanged or regressed, and what has been fixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from scanner.model.finding import Finding, Report
from scanner.model.reach import Reach
from scanner.model.rule import Outcome

FINE = (Outcome.PASS, Outcome.NOT_APPLICABLE)


def compare(findings: Sequence[Finding], baseline: Report, reach: Reach) -> list[Finding]:
    """The findings with their status against `baseline`, and those that are fixed, as PASS.

    `reach` says what was judged now: a failure that it does not cover has not been fixed.
    """
    before = {finding.fingerprint: finding for finding in baseline.findings}
    now = [replace(finding, status=_status(finding, before, baseline, reach)) for finding in findings]
    return [*now, *_fixed(now, baseline, reach)]


def _status(finding: Finding, before: dict[str, Finding], baseline: Report, reach: Reach) -> str | None:
    """None for what was and is fine, and for what the baseline would not have listed."""
    earlier = before.get(finding.fingerprint)
    if finding.outcome in FINE:
        failed = earlier is not None and earlier.outcome is Outcome.FAIL
        return "fixed" if failed and reach.reads(baseline.source.regions) else None
    if earlier is None:
        unlisted = baseline.cut is not None and finding.severity < baseline.cut.severity
        return None if unlisted else "new"
    if earlier.outcome in FINE:
        return "regressed"
    if finding.outcome is Outcome.FAIL and earlier.outcome is Outcome.NOT_ASSESSED:
        return "new"
    return "unchanged"


def _fixed(now: Sequence[Finding], baseline: Report, reach: Reach) -> Iterator[Finding]:
    """Failures of the baseline that are listed no more: their subject passes now, or is gone from a full listing."""
    present = {finding.fingerprint for finding in now}
    covers = reach.covers_source if baseline.source.type == reach.source.type else reach.covers
    for earlier in baseline.findings:
        if earlier.outcome is not Outcome.FAIL or earlier.fingerprint in present:
            continue
        if covers(earlier.rule, earlier.account, earlier.region, baseline.source.regions):
            message = f"fixed: {earlier.message}"
            yield replace(earlier, outcome=Outcome.PASS, status="fixed", message=message, evidence=(), waiver=None)

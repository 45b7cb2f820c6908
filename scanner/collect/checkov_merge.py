"""Puts what checkov says beside our findings: one defect is one finding, a contradiction shows both and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from scanner.collect.checkov import CheckovReport, CheckovResult
from scanner.collect.checkov_checks import CHECKS
from scanner.model.finding import Evidence, Finding, Notice
from scanner.model.records import PlanChange
from scanner.model.rule import Outcome
from scanner.model.words import many, plural

NOTICE = "checkov"
SHOWN = 3
"""How many resources a notice names."""


def merge_checkov(
    findings: Sequence[Finding], report: CheckovReport, changes: Iterable[PlanChange]
) -> tuple[list[Finding], tuple[Notice, ...]]:
    """The findings with `also_reported_by`, and notices: no report, contradictions, what cannot be laid beside them.

    `findings` should hold every outcome of the rules concerned, so that a contradiction can say what ours is.
    """
    if report.problem is not None or not report.results:
        return list(findings), (Notice(NOTICE, report.problem or "checkov gave no result on any resource of the plan"),)
    subjects = _Subjects(changes)
    failed: dict[tuple[str, str], list[str]] = defaultdict(list)
    passed: dict[tuple[str, str], list[str]] = defaultdict(list)
    lost: dict[str, int] = defaultdict(int)
    for result in report.results:
        if result.check not in CHECKS:
            continue
        subject = subjects.of(result)
        if subject is None:
            lost[result.check] += not result.passed
            continue
        for rule in CHECKS[result.check].rules:
            (passed if result.passed else failed)[rule, subject].append(result.check)
    merged = [
        _merged(one, failed.get((one.rule, one.subject), []), passed.get((one.rule, one.subject), []))
        for one in findings
    ]
    return merged, (*_contradictions(merged, report, subjects), *_lost(lost))


class _Subjects:
    """From checkov's resource address, or a file and line, to the subject of our findings."""

    def __init__(self, changes: Iterable[PlanChange]) -> None:
        self._by_address: dict[str, str] = {}
        self._by_line: dict[tuple[str, int], str] = {}
        for change in changes:
            subject = change.completes or change.subject or change.before
            if subject is None:
                continue
            self._by_address[change.address] = subject
            if change.file and change.line:
                self._by_line[change.file.rsplit("/", 1)[-1], change.line] = subject

    def of(self, result: CheckovResult) -> str | None:
        if result.address:
            return self._by_address.get(result.address)
        return self._by_line.get((result.file.rsplit("/", 1)[-1], result.line))


def _merged(finding: Finding, failed: list[str], passed: list[str]) -> Finding:
    if finding.outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED) and failed:
        return replace(finding, also_reported_by=tuple(sorted({*finding.also_reported_by, *failed})))
    if finding.outcome is Outcome.FAIL and passed and not failed:
        notes = tuple(
            Evidence("reason", finding.subject, f"checkov passes {check}: {CHECKS[check].difference}")
            for check in sorted(set(passed))
        )
        return replace(finding, evidence=(*finding.evidence, *notes))
    return finding


def _contradictions(findings: list[Finding], report: CheckovReport, subjects: _Subjects) -> Iterable[Notice]:
    """One notice per check: which resources it fails and none of our rules does."""
    ours = {(one.rule, one.subject): one.outcome for one in findings}
    against: dict[str, list[str]] = defaultdict(list)
    for result in report.results:
        subject = subjects.of(result) if result.check in CHECKS and not result.passed else None
        if subject is None:
            continue
        outcomes = {ours.get((rule, subject)) for rule in CHECKS[result.check].rules}
        if not outcomes & {Outcome.FAIL, Outcome.NOT_ASSESSED}:
            against[result.check].append(result.address or f"{result.file}:{result.line}")
    for check, addresses in sorted(against.items()):
        named = ", ".join(sorted(addresses)[:SHOWN]) + (" ..." if len(addresses) > SHOWN else "")
        rules = ", ".join(CHECKS[check].rules)
        yield Notice(
            NOTICE,
            f"checkov fails {check} on {many(len(addresses), 'resource')} ({named}) where {rules} does not: "
            f"{CHECKS[check].difference}",
        )


def _lost(lost: dict[str, int]) -> Iterable[Notice]:
    count = sum(lost.values())
    if count:
        yield Notice(
            NOTICE,
            f"{plural(count, 'failed result of checkov names', 'failed results of checkov name')} no resource of this "
            "plan; its JSON report names them, its SARIF "
            "report does so only for results that point into the source (`--repo-root-for-plan-enrichment`)",
        )

"""An evaluation to a report: waivers, baseline, the choice of a standard, and the order of findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from scanner.errors import UsageError
from scanner.model.finding import Finding, Notice, Report, sort_key
from scanner.model.framework import Framework
from scanner.model.reach import reach
from scanner.model.records import Gap, Source
from scanner.rules.baseline import compare
from scanner.rules.evaluate import Evaluation
from scanner.rules.lang.faults import suggest
from scanner.rules.rule import Rule
from scanner.rules.waivers import Waiver, waive


def settle(
    evaluation: Evaluation,
    rules: Sequence[Rule],
    *,
    source: Source,
    digest: str,
    gaps: Sequence[Gap],
    complete: bool,
    as_of: datetime,
    tool_version: str,
    waivers: Sequence[Waiver] = (),
    baseline: Report | None = None,
    framework: str | None = None,
    frameworks: Iterable[Framework] = (),
    notices: Sequence[Notice] = (),
) -> Report:
    """The report of an evaluation.

    `framework` keeps the rules that serve one standard, UsageError when no rule does; of `frameworks` the report
    keeps those that its rules cite. Waivers are applied before, so that none seems unused because of that choice.
    """
    waived, waiver_notices = waive(evaluation.findings, waivers, as_of)
    kept = [rule for rule in rules if framework is None or framework in _frameworks_of(rule)]
    if not kept and framework is not None:
        known = {name for rule in rules for name in _frameworks_of(rule)}
        raise UsageError(f"no rule serves the framework `{framework}` ({suggest(framework, known)})")
    ids = {rule.info.id for rule in kept}
    findings: list[Finding] = [finding for finding in waived if finding.rule in ids]
    if baseline is not None:
        findings = compare(findings, baseline, reach(source, (rule.info for rule in kept), findings, gaps))
    cited = {name for rule in kept for name in _frameworks_of(rule)}
    return Report(
        source=source,
        digest=digest,
        as_of=as_of,
        findings=tuple(sorted(findings, key=sort_key)),
        rules=tuple(rule.info for rule in kept),
        gaps=tuple(gaps),
        complete=complete,
        tool_version=tool_version,
        subjects=dict(evaluation.subjects),
        notices=(*notices, *waiver_notices),
        framework=framework,
        counts={rule: counts for rule, counts in evaluation.counts.items() if rule in ids},
        frameworks=tuple(sorted((one for one in frameworks if one.id in cited), key=lambda one: one.id)),
    )


def _frameworks_of(rule: Rule) -> set[str]:
    return {control.framework for control in rule.info.controls}

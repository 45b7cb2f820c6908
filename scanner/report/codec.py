"""Turn a report into its JSON shape and back, without loss."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from msgspec import UNSET

from scanner.model.finding import Cut, Finding, Report, WaiverNote
from scanner.model.records import Gap
from scanner.model.rule import Control, RuleInfo, Variant, severity_of
from scanner.report import wire
from scanner.report.options import RenderOptions, cut_of, shown
from scanner.report.summary import summarize


def to_wire(report: Report, options: RenderOptions) -> wire.ReportOut:
    """The JSON shape of `report`, listing what `options` ask for and counting everything."""
    cut = cut_of(report, options)
    return wire.ReportOut(
        schema=wire.SCHEMA,
        complete=report.complete,
        tool=wire.ToolOut("keyproof", report.tool_version),
        as_of=report.as_of,
        snapshot=wire.SnapshotOut(report.digest, report.source),
        summary=_summary_out(report),
        gaps=tuple(_gap_out(gap) for gap in report.gaps),
        findings=tuple(finding_out(finding) for finding in shown(report, options)),
        listed=None if cut is None else wire.ListedOut(cut.severity.label, cut.outcomes),
        framework=report.framework,
        notices=report.notices,
        rules=tuple(_rule_out(rule) for rule in report.rules),
        changes=UNSET if report.changes is None else report.changes,
        frameworks=report.frameworks,
        key_pages=report.key_pages,
        trend=report.trend,
        fixes=report.fixes,
    )


def _summary_out(report: Report) -> wire.SummaryOut:
    summary = summarize(report)
    return wire.SummaryOut(
        outcomes={outcome.value: number for outcome, number in summary.outcomes.items()},
        failed={severity.label: number for severity, number in summary.failed.items()},
        waived=summary.waived,
        statuses=summary.statuses,
        subjects=report.subjects,
        rules=summary.rules,
    )


def finding_out(finding: Finding) -> wire.FindingOut:
    """One finding as JSON shows it."""
    return wire.FindingOut(
        rule=finding.rule,
        subject=finding.subject,
        account=finding.account,
        region=finding.region,
        outcome=finding.outcome,
        severity=finding.severity.label,
        message=finding.message,
        evidence=finding.evidence,
        controls=_controls_out(finding.controls),
        fix=finding.fix,
        fingerprint=finding.fingerprint,
        status=finding.status,
        waiver=None if finding.waiver is None else wire.WaiverOut(**msgspec.structs.asdict(finding.waiver)),
        subject_type=finding.subject_type,
        label=finding.label,
        identity=finding.identity,
        reasons=finding.reasons,
        tags=finding.tags,
        address=finding.address,
        location=None if finding.location is None else wire.LocationOut(*finding.location),
        also_reported_by=finding.also_reported_by,
        first_seen=finding.first_seen,
    )


@lru_cache(1024)  # findings of one rule share their controls
def _controls_out(controls: tuple[Control, ...]) -> tuple[wire.ControlOut, ...]:
    return tuple(wire.ControlOut(control.id, control.strength) for control in controls)


def _gap_out(gap: Gap) -> wire.GapOut:
    return wire.GapOut(**{name: getattr(gap, name) for name in wire.GapOut.__struct_fields__})


def _rule_out(rule: RuleInfo) -> wire.RuleOut:
    words = {name: getattr(rule, name) for name in wire.RuleOut.__struct_fields__}
    variants = tuple(
        wire.VariantOut(**msgspec.structs.asdict(one) | {"severity": one.severity.label}) for one in rule.variants
    )
    changed = {"severity": rule.severity.label, "controls": _controls_out(rule.controls), "variants": variants}
    return wire.RuleOut(**words | changed)


# --- and back ------------------------------------------------------------------------------------


def from_wire(read: wire.ReportOut) -> Report:
    """The report that was written as `read`; ValueError when a fingerprint does not belong to its finding."""
    return Report(
        source=read.snapshot.source,
        digest=read.snapshot.digest,
        as_of=read.as_of,
        findings=tuple(_finding(finding) for finding in read.findings),
        rules=tuple(_rule(rule) for rule in read.rules),
        gaps=tuple(Gap(**msgspec.structs.asdict(gap)) for gap in read.gaps),
        complete=read.complete,
        tool_version=read.tool.version,
        subjects=read.summary.subjects,
        notices=read.notices,
        framework=read.framework,
        changes=None if read.changes is UNSET else read.changes,
        counts=read.summary.rules,
        cut=_cut(read),
        frameworks=read.frameworks,
        key_pages=read.key_pages,
        trend=read.trend,
        fixes=read.fixes,
    )


def _cut(read: wire.ReportOut) -> Cut | None:
    if read.listed is None:
        return None
    failed = {severity_of(label): number for label, number in read.summary.failed.items()}
    return Cut(severity_of(read.listed.severity), read.listed.outcomes, failed)


def _finding(read: wire.FindingOut) -> Finding:
    words = msgspec.structs.asdict(read)
    fingerprint = words.pop("fingerprint")
    finding = Finding(
        **words
        | {
            "severity": severity_of(read.severity),
            "controls": _controls(read.controls),
            "waiver": read.waiver and WaiverNote(**msgspec.structs.asdict(read.waiver)),
            "location": read.location and (read.location.file, read.location.line),
        }
    )
    if finding.fingerprint != fingerprint:
        raise ValueError(f"fingerprint `{fingerprint}` does not belong to `{read.rule}` on `{read.subject}`")
    return finding


@lru_cache(1024)
def _controls(read: tuple[wire.ControlOut, ...]) -> tuple[Control, ...]:
    return tuple(Control(control.id, control.strength) for control in read)


def _rule(read: wire.RuleOut) -> RuleInfo:
    words = msgspec.structs.asdict(read)
    variants = tuple(
        Variant(**msgspec.structs.asdict(one) | {"severity": severity_of(one.severity)}) for one in read.variants
    )
    changed = {"severity": severity_of(read.severity), "controls": _controls(read.controls), "variants": variants}
    return RuleInfo(**words | changed)

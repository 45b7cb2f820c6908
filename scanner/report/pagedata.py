"""What the HTML page shows: plain, clean values for the template, and the data that its script pages through."""

from __future__ import annotations

from typing import Any

import msgspec

from scanner.model.finding import Finding, Report
from scanner.model.framework import Framework
from scanner.model.keypage import RELATIONS
from scanner.model.rule import Outcome, RuleInfo, Severity
from scanner.model.words import many
from scanner.report.changes import change_lines
from scanner.report.clean import clean, clean_lines
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import evidence_lines, waiver_line
from scanner.report.requirements import RequirementVerdict, frameworks_of, verdicts
from scanner.report.rulebook import rulebook
from scanner.report.summary import WORST_FIRST, Summary, completeness, conclusion, observed, summarize
from scanner.report.trend import trends

TEXT = 4000
ROWS = 1000
"""Rows of a static table; the script pages through longer lists."""
RELATION_WORDS = {
    "protects": "Protects",
    "can_administer": "May administer it",
    "can_use": "May use it",
    "can_grant": "May create grants",
    "granted": "Grants",
    "replica_of": "Shares its material with",
}


def page(report: Report, options: RenderOptions) -> dict[str, Any]:
    """The context of the template: every string in it is clean."""
    summary = summarize(report)
    listed = shown(report, options, every_outcome=True)
    waived = [finding for finding in listed if finding.waiver is not None]
    context = {
        "title": f"keyproof report {report.as_of:%Y-%m-%d}",
        "complete": report.complete and not report.gaps,
        "completeness": completeness(report),
        "conclusion": conclusion(report, summary),
        "failed": [(severity.label, summary.failed[severity]) for severity in WORST_FIRST],
        "outcomes": {outcome.value: summary.outcomes[outcome] for outcome in Outcome},
        "waived": summary.waived,
        "statuses": summary.statuses,
        "limits": _limits(report, options),
        "facts": _facts(report),
        "rules": _rules(report, summary, listed),
        "frameworks": [_framework(report, framework) for framework in frameworks_of(report)],
        "gaps": [msgspec.structs.asdict(gap) for gap in report.gaps[:ROWS]],
        "gap_count": len(report.gaps),
        "waivers": [_waiver(finding, report) for finding in waived[:ROWS]],
        "waiver_count": len(waived),
        "notices": [notice.text for notice in report.notices],
        "changes": change_lines(report.changes),
        "trends": trends(report),
        "key_count": len(report.key_pages),
        "finding_count": len(listed),
    }
    return {name: cleaned(value) for name, value in context.items()}


def cleaned(value: Any) -> Any:
    """`value` of plain lists, dicts and scalars with every string in it made safe to show."""
    if isinstance(value, str):
        return clean(value, TEXT)
    if isinstance(value, dict):
        return {clean(str(key), TEXT): cleaned(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(item) for item in value]
    return value


def _limits(report: Report, options: RenderOptions) -> list[str]:
    limits = []
    if options.severity > Severity.INFO:
        limits.append(f"Findings below {options.severity.label} are counted but not listed.")
    if report.cut is not None:
        outcomes = ", ".join(report.cut.outcomes)
        limits.append(
            f"The report this page was made from lists {outcomes} from {report.cut.severity.label} up; "
            "the counts cover every verdict."
        )
    return limits


def _facts(report: Report) -> list[tuple[str, str]]:
    source = report.source
    facts = [
        ("Source", f"{source.type} {source.path or ''}"),
        ("Accounts", ", ".join(source.accounts)),
        ("Regions", ", ".join(source.regions)),
        ("Read as", source.caller or ""),
        ("Read", f"{source.started:%Y-%m-%d %H:%M:%S} to {source.finished or source.started:%Y-%m-%d %H:%M:%S} UTC"),
        ("Judged as of", f"{report.as_of:%Y-%m-%d %H:%M:%S} UTC"),
        ("Subjects", ", ".join(many(number, type) for type, number in sorted(report.subjects.items()))),
        ("Digest of what was read", report.digest),
        ("Version", f"keyproof {report.tool_version}"),
    ]
    return [(name, value) for name, value in facts if value.strip()]


def _rules(report: Report, summary: Summary, listed: tuple[Finding, ...]) -> list[dict[str, Any]]:
    book = rulebook(report, listed)
    rows = [
        {"id": rule.id, "title": rule.title, "severity": rule.severity.label, "rank": -rule.severity}
        | {outcome.value: summary.rules.get(rule.id, {}).get(outcome.value, 0) for outcome in Outcome}
        | {"waived": summary.rules.get(rule.id, {}).get("waived", 0)}
        for rule in book.values()
    ]
    return sorted(rows, key=lambda row: (row["FAIL"] == row["waived"], row["rank"], -row["FAIL"], row["id"]))


def _framework(report: Report, framework: Framework) -> dict[str, Any]:
    judged = verdicts(report, framework)
    return {
        "id": framework.id,
        "title": framework.title,
        "source": framework.source if framework.source.startswith("https://") else "",
        "words": [(word, sum(verdict.word == word for verdict in judged)) for word in WORDS],
        "covered": sum(verdict.verdict is not None for verdict in judged),
        "number": many(len(judged), "requirement"),
        "requirements": [_requirement(framework.id, verdict) for verdict in judged],
    }


WORDS = ("FAIL", "NOT_ASSESSED", "PASS", "NOT_APPLICABLE", "MANUAL", "NOT_COVERED")


def _requirement(framework: str, verdict: RequirementVerdict) -> dict[str, Any]:
    return {
        "id": verdict.requirement.id,
        "title": verdict.requirement.title,
        "control": f"{framework}/{verdict.requirement.id}",
        "word": verdict.word,
        "tested": verdict.tested,
        "rules": verdict.rules,
        "counts": verdict.counts,
        "doubts": verdict.doubts[:5],
    }


def _waiver(finding: Finding, report: Report) -> dict[str, Any]:
    assert finding.waiver is not None
    return msgspec.structs.asdict(finding.waiver) | {
        "rule": finding.rule,
        "subject": finding.subject,
        "label": finding.label,
        "severity": finding.severity.label,
        "expires": finding.waiver.expires.isoformat(),
        "days": (finding.waiver.expires - report.as_of.date()).days,
    }


# --- the data island -----------------------------------------------------------------------------


def island(report: Report, options: RenderOptions) -> dict[str, Any]:
    """The findings as arrays (columns in `data.js`), the rules once, and the key pages."""
    listed = shown(report, options, every_outcome=True)
    book = rulebook(report, listed)
    index = {id: number for number, id in enumerate(book)}
    accounts = {account: number for number, account in enumerate(sorted({f.account for f in listed}))}
    regions = {region: number for number, region in enumerate(sorted({f.region for f in listed}))}
    return {
        "rules": [
            cleaned({"id": rule.id, "title": rule.title, "why": rule.why, "sources": rule.sources})
            | {"fix": _fix(rule.fix)}
            | {"controls": [[clean(control.id), control.strength.value] for control in rule.controls]}
            for rule in book.values()
        ],
        "accounts": cleaned(list(accounts)),
        "regions": cleaned(list(regions)),
        "findings": [
            _row(finding, book[finding.rule], index[finding.rule], accounts[finding.account], regions[finding.region])
            for finding in listed
        ],
        "keys": [cleaned(msgspec.to_builtins(key)) for key in report.key_pages],
        "relations": [[relation, RELATION_WORDS[relation]] for relation in RELATIONS],
        "observed": f"{observed(report):%Y-%m-%d}",
    }


OUTCOMES = tuple(Outcome)


def _row(finding: Finding, rule: RuleInfo, rule_index: int, account: int, region: int) -> list[Any]:
    place = f"{finding.location[0]}:{finding.location[1]}" if finding.location else ""
    return [
        rule_index,
        OUTCOMES.index(finding.outcome),
        int(finding.severity),
        account,
        region,
        clean(finding.subject, TEXT),
        clean(finding.label, TEXT),
        clean(finding.message, TEXT),
        finding.status or "",
        [clean(line, TEXT) for line in evidence_lines(finding)],
        [clean(reason, TEXT) for reason in finding.reasons],
        clean(waiver_line(finding), TEXT),
        f"{finding.first_seen:%Y-%m-%d}" if finding.first_seen else "",
        finding.fingerprint,
        clean(place, TEXT),
        None if finding.fix == rule.fix else _fix(finding.fix),
        [clean(name) for name in finding.also_reported_by],
    ]


def _fix(fix: dict[str, str]) -> dict[str, str]:
    return {clean(way): clean_lines(text) for way, text in fix.items() if text}

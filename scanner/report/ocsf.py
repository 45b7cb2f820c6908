"""OCSF Compliance Finding (class 2003) with the cloud profile, one event a line, as Security Lake takes them.

Times are milliseconds since 1970. Field names differ between versions of the schema; the default is 1.6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from scanner.errors import UsageError
from scanner.model.arn import parse_arn, partition_of
from scanner.model.finding import Finding, Report
from scanner.model.rule import Outcome, RuleInfo, Severity
from scanner.report.clean import clean
from scanner.report.jsontext import json_text
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import evidence_lines, headline, waiver_line
from scanner.report.rulebook import rulebook
from scanner.report.summary import observed

VERSIONS = ("1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.8.0")
SEVERITY = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
COMPLIANCE = {
    Outcome.PASS: (1, "Pass"),
    Outcome.NOT_ASSESSED: (2, "Warning"),
    Outcome.FAIL: (3, "Fail"),
    Outcome.NOT_APPLICABLE: (99, "Other"),
}
"""`Warning` is the schema's word for a check without a result because information is missing."""
ACTIVITY = {None: (1, "Create"), "new": (1, "Create"), "unchanged": (2, "Update"), "regressed": (2, "Update")}
CLOSE = (3, "Close")
AWS_ACCOUNT = (10, "AWS Account")
LIMIT = 4096


def render(report: Report, options: RenderOptions) -> str:
    """The listed findings as JSON lines; UsageError for a version of the schema that is not known."""
    return "".join(json_text(event, indent=0) for event in events(report, options))


def events(report: Report, options: RenderOptions) -> Iterator[dict[str, Any]]:
    """The same as values."""
    version = options.ocsf_version
    if version not in VERSIONS:
        raise UsageError(f"unknown OCSF version `{clean(version, 20)}`, use one of {', '.join(VERSIONS)}")
    listed = shown(report, options)
    book = rulebook(report, listed)
    for finding in listed:
        yield _event(report, finding, book[finding.rule], version)


def _event(report: Report, finding: Finding, rule: RuleInfo, version: str) -> dict[str, Any]:
    activity_id, activity = CLOSE if finding.status == "fixed" else ACTIVITY[finding.status]
    severity_id, severity = SEVERITY[finding.severity]
    status_id, status = _status(finding)
    moment = milliseconds(observed(report))
    event: dict[str, Any] = {
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200300 + activity_id,
        "type_name": f"Compliance Finding: {activity}",
        "time": moment,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": headline(finding, LIMIT),
        "metadata": _metadata(report, finding, version),
        "cloud": _cloud(finding),
        "finding_info": _finding_info(finding, rule, moment),
        "compliance": _compliance(finding, version),
        **_resources(finding, version),
        "unmapped": _unmapped(finding),
    }
    if any(finding.fix.values()):
        event["remediation"] = _remediation(finding, rule)
    return event


def _status(finding: Finding) -> tuple[int, str]:
    if finding.waiver is not None:
        return 3, "Suppressed"
    return (4, "Resolved") if finding.status == "fixed" or finding.outcome is Outcome.PASS else (1, "New")


def _metadata(report: Report, finding: Finding, version: str) -> dict[str, Any]:
    return {
        "version": version,
        "product": {"name": "keyproof", "vendor_name": "keyproof", "version": report.tool_version},
        "profiles": ["cloud"],
        "event_code": finding.rule,
        "uid": f"{finding.fingerprint}-{milliseconds(observed(report))}",
    }


def _cloud(finding: Finding) -> dict[str, Any]:
    type_id, type_name = AWS_ACCOUNT
    return {
        "provider": "AWS",
        "region": clean(finding.region),
        "account": {"uid": finding.account, "type_id": type_id, "type": type_name},
    }


def _finding_info(finding: Finding, rule: RuleInfo, moment: int) -> dict[str, Any]:
    first = milliseconds(finding.first_seen) if finding.first_seen else moment
    return {
        "uid": finding.fingerprint,
        "title": clean(rule.title, LIMIT),
        "desc": clean(rule.why, LIMIT),
        "created_time": first,
        "first_seen_time": first,
        "last_seen_time": moment,
        "analytic": {"uid": finding.rule, "name": clean(rule.title, LIMIT), "type_id": 1, "type": "Rule"},
    }


def _compliance(finding: Finding, version: str) -> dict[str, Any]:
    status_id, status = COMPLIANCE[finding.outcome]
    compliance: dict[str, Any] = {
        "standards": sorted({control.framework for control in finding.controls}) or ["keyproof"],
        "requirements": [control.id for control in finding.controls],
        "control": finding.rule,
        "status_id": status_id,
        "status": status,
    }
    details = [clean(reason, LIMIT) for reason in finding.reasons]
    if details and version >= "1.4.0":
        compliance["status_details"] = details
    elif details:
        compliance["status_detail"] = clean("; ".join(details), LIMIT)
    return compliance


def _resources(finding: Finding, version: str) -> dict[str, Any]:
    arn = parse_arn(finding.subject)
    resource = {
        "uid": clean(finding.subject, LIMIT),
        "name": clean(finding.label or finding.subject, LIMIT),
        "type": finding.subject_type,
        "region": clean(finding.region),
        "cloud_partition": arn.partition if arn else partition_of(finding.region),
        "labels": [clean(f"{key}: {value}", LIMIT) for key, value in sorted(finding.tags.items())],
    }
    return {"resources": [resource]} if version >= "1.3.0" else {"resource": resource}


def _remediation(finding: Finding, rule: RuleInfo) -> dict[str, Any]:
    steps = [f"{way}: {clean(text, LIMIT)}" for way, text in sorted(finding.fix.items()) if text]
    return {"desc": " ".join(steps), "references": [clean(source, LIMIT) for source in rule.sources]}


def _unmapped(finding: Finding) -> dict[str, Any]:
    unmapped: dict[str, Any] = {
        "keyproof_outcome": finding.outcome.value,
        "keyproof_evidence": [clean(line, LIMIT) for line in evidence_lines(finding)],
    }
    if finding.waiver is not None:
        unmapped["keyproof_waiver"] = clean(waiver_line(finding), LIMIT)
    return unmapped


def lake_name(report: Report) -> str:
    """A file name for the events of a report, the same when it is written again."""
    digest = hashlib.sha256(f"{report.digest}\0{report.as_of.isoformat()}".encode()).hexdigest()
    return f"keyproof-{milliseconds(observed(report))}-{digest[:16]}"


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970-01-01 UTC, the unit of an OCSF `timestamp_t`."""
    return round(moment.timestamp() * 1000)

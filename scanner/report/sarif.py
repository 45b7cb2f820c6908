"""SARIF 2.1.0, in the form that code scanning accepts: every result has a relative path and a line.

Failures and what could not be assessed are results; a waiver is a suppression; a baseline gives the
baseline state; an incomplete scan is an unsuccessful invocation with a notification for each gap.
"""

from __future__ import annotations

import hashlib
from typing import Any

from scanner.model.finding import Finding, Report
from scanner.model.records import Source
from scanner.model.rule import Outcome, RuleInfo, Severity
from scanner.report.clean import clean, clean_lines
from scanner.report.jsontext import encoded, json_text
from scanner.report.markup import code_block, plain_links, prose
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import evidence_lines, headline, waiver_line
from scanner.report.place import place_of, uri_of
from scanner.report.rulebook import rulebook

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
KIND = {
    Outcome.FAIL: "fail",
    Outcome.NOT_ASSESSED: "open",
    Outcome.PASS: "pass",
    Outcome.NOT_APPLICABLE: "notApplicable",
}
LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
    Severity.INFO: "0.5",
}
"""Inside the bands that code scanning shows as critical, high, medium and low."""
BASELINE = {"new": "new", "unchanged": "unchanged", "fixed": "absent", "regressed": "updated"}
RESULTS = 25_000
"""Code scanning refuses a run with more results; the worst come first, so these are kept."""
TAGS = 10
FEW = 3
"""Accounts that a category names; more of them are hashed."""


def render(report: Report, options: RenderOptions) -> str:
    """One run as SARIF JSON."""
    listed = shown(report, options)
    book = rulebook(report, listed)
    index = {id: number for number, id in enumerate(book)}
    run = {
        "tool": {"driver": _driver(report, book)},
        **_category(report.source),
        "invocations": [_invocation(report, len(listed))],
        "results": encoded(_result(finding, index, report.source) for finding in listed[:RESULTS]),
        "columnKind": "unicodeCodePoints",
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _category(source: Source) -> dict[str, Any]:
    """What one upload replaces in code scanning: the results on the same accounts.

    A plan leaves it out, so that the category of the upload holds; two plans of a repository would replace each other.
    """
    accounts = "+".join(clean(account) for account in sorted(source.accounts))
    if len(source.accounts) > FEW:
        accounts = f"{len(source.accounts)}-{hashlib.sha256(accounts.encode()).hexdigest()[:12]}"
    return {"automationDetails": {"id": f"keyproof/{source.type}/{accounts}/"}} if source.type == "aws" else {}


def _driver(report: Report, book: dict[str, RuleInfo]) -> dict[str, Any]:
    return {
        "name": "keyproof",
        "semanticVersion": report.tool_version,
        "rules": [_rule(rule) for rule in book.values()],
    }


def _rule(rule: RuleInfo) -> dict[str, Any]:
    words = clean(rule.title, 255) or rule.id
    link = {"helpUri": rule.sources[0]} if rule.sources and rule.sources[0].startswith("https://") else {}
    return {
        "id": rule.id,
        "shortDescription": {"text": words},
        "fullDescription": {"text": clean(rule.why, 1024) or words},
        "help": {"text": _help_text(rule) or words, "markdown": _help_markdown(rule) or words},
        "defaultConfiguration": {"level": LEVEL[rule.severity]},
        "properties": {
            "tags": ["security", *(clean(control.id) for control in rule.controls)][:TAGS],
            "precision": "high",
            "security-severity": SECURITY_SEVERITY[rule.severity],
        },
    } | link


def _help_text(rule: RuleInfo) -> str:
    return "\n\n".join(clean_lines(text) for text in (rule.why, *rule.fix.values()) if text)


def _help_markdown(rule: RuleInfo) -> str:
    fixes = [f"{way}:\n\n{code_block(text)}" for way, text in sorted(rule.fix.items()) if text]
    doubts = [f"When it is wrong: {prose(rule.false_positives)}"] if rule.false_positives else []
    return "\n\n".join([prose(rule.why), *doubts, *fixes])


def _result(finding: Finding, index: dict[str, int], source: Source) -> dict[str, Any]:
    path, line = place_of(finding, source)
    failed = finding.outcome is Outcome.FAIL
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "kind": KIND[finding.outcome],
        "level": LEVEL[finding.severity] if failed else "none",  # the standard allows a level on failures only
        "message": {"text": plain_links(_message(finding))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri_of(path)},
                    "region": {"startLine": line},
                },
                "logicalLocations": [
                    {
                        "fullyQualifiedName": clean(finding.address or finding.subject),
                        "kind": "resource",
                        "name": clean(finding.label),
                    }
                ],
            }
        ],
        "partialFingerprints": {
            "primaryLocationLineHash": f"{finding.fingerprint}:1",
            "keyproof/v1": finding.fingerprint,
        },
        "properties": {"severity": finding.severity.label, "account": finding.account, "region": clean(finding.region)},
    }
    if finding.status is not None:
        result["baselineState"] = BASELINE[finding.status]
    if finding.waiver is not None:
        result["suppressions"] = [{"kind": "external", "justification": clean(waiver_line(finding))}]
    return result


def _message(finding: Finding) -> str:
    evidence = [clean(line, 500) for line in evidence_lines(finding)[:5]]
    return "\n".join([f"{clean(finding.subject, 500)}: {headline(finding, 1000)}", *evidence])


def _invocation(report: Report, number: int) -> dict[str, Any]:
    notes = [
        {"level": "error", "message": {"text": clean(f"not read: {gap.reason()}", 1000)}, "descriptor": {"id": "gap"}}
        for gap in report.gaps
    ]
    notes += [
        {"level": "error", "message": {"text": clean(reason, 1000)}, "descriptor": {"id": "partial"}}
        for reason in report.source.partial
    ]
    notes += [
        {"level": "note", "message": {"text": clean(notice.text, 1000)}, "descriptor": {"id": clean(notice.type, 50)}}
        for notice in report.notices
    ]
    if number > RESULTS:
        text = f"{number - RESULTS} of {number} results are left out, code scanning takes {RESULTS}"
        notes.append({"level": "warning", "message": {"text": text}, "descriptor": {"id": "left-out"}})
    return {
        "executionSuccessful": report.complete and not report.gaps,
        "startTimeUtc": report.source.started,
        "endTimeUtc": report.source.finished or report.source.started,
        "toolExecutionNotifications": notes,
    }

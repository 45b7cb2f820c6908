"""OSCAL 1.2.3 assessment results: an observation for each verdict, a finding for each requirement.

A requirement is `satisfied` only where a rule tests it, all its verdicts passed and nothing was left unread;
where rules merely support it, observations stand without such a claim. Identifiers are UUIDs of version 5
over fingerprints, so that the same report gives the same document.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from scanner.model.finding import Finding, Report
from scanner.model.framework import Framework
from scanner.model.rule import Outcome
from scanner.report.clean import clean
from scanner.report.jsontext import encoded, json_text
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import evidence_lines, headline, waiver_line
from scanner.report.requirements import RequirementVerdict, frameworks_of, verdicts
from scanner.report.summary import completeness, conclusion, observed, summarize

OSCAL = "1.2.3"
SPACE = UUID("5f0c5b3c-6a35-5d0e-9a53-0d6f4c3f7b11")
"""Our own namespace for UUIDs of version 5."""
NAMES = "https://keyproof.example/ns/oscal"
STATE = {
    Outcome.FAIL: ("not-satisfied", "fail"),
    Outcome.NOT_ASSESSED: ("not-satisfied", "other"),
    Outcome.PASS: ("satisfied", "pass"),
}


def render(report: Report, options: RenderOptions) -> str:
    """One result with reviewed controls, observations and findings."""
    findings = shown(report, options, every_outcome=True)
    moment = observed(report)
    document = {
        "uuid": _uuid("document", report.digest, moment.isoformat()),
        "metadata": {
            "title": "keyproof assessment of AWS key management",
            "last-modified": moment,
            "version": report.tool_version,
            "oscal-version": OSCAL,
        },
        "import-ap": {"href": "#", "remarks": "The rules that ran are the assessment plan."},
        "results": [_result(report, findings, moment)],
    }
    return json_text({"assessment-results": document})


def _result(report: Report, findings: tuple[Finding, ...], moment: datetime) -> dict[str, Any]:
    standards = frameworks_of(report)
    result: dict[str, Any] = {
        "uuid": _uuid("result", report.digest, report.as_of.isoformat()),
        "title": f"{report.source.type} as of {report.as_of:%Y-%m-%d}",
        "description": f"{conclusion(report, summarize(report))} {completeness(report)}",
        "start": report.source.started,
        "end": moment,
        "reviewed-controls": {"control-selections": _selections(report, standards)},
    }
    optional = {
        "observations": encoded(_observation(finding, moment) for finding in findings),
        "findings": [item for standard in standards for item in _findings(report, standard, findings)],
    }
    return result | {name: items for name, items in optional.items() if items}


def _selections(report: Report, standards: list[Framework]) -> list[dict[str, Any]]:
    selections = []
    for standard in standards:
        cited = [verdict for verdict in verdicts(report, standard) if verdict.verdict is not None]
        if cited:
            controls = [{"control-id": _token(verdict.requirement.id)} for verdict in cited]
            selections.append({"description": clean(standard.title), "include-controls": controls})
    return selections or [{"description": "No rule cites a control.", "include-all": {}}]


def _observation(finding: Finding, moment: datetime) -> dict[str, Any]:
    evidence = [
        {"description": clean(line, 4000).strip() or "-", "href": f"urn:keyproof:{finding.fingerprint}"}
        for line in evidence_lines(finding)
    ]
    observation: dict[str, Any] = {
        "uuid": _observation_id(finding),
        "title": clean(f"{finding.rule}: {finding.subject}", 1000),
        "description": headline(finding, 4000) or "-",
        "props": list(_props(finding)),
        "methods": ["TEST"],
        "subjects": [{"subject-uuid": _uuid("subject", finding.subject), "type": "resource"}],
        "collected": moment,
    }
    return observation | ({"relevant-evidence": evidence} if evidence else {})


def _props(finding: Finding) -> Iterator[dict[str, str]]:
    for name, value in (
        ("outcome", finding.outcome.value),
        ("severity", finding.severity.label),
        ("fingerprint", finding.fingerprint),
        ("account", finding.account),
        ("status", finding.status or ""),
        ("waiver", clean(waiver_line(finding), 1000).strip()),
    ):
        if value:
            yield {"name": name, "ns": NAMES, "value": value}


def _findings(report: Report, standard: Framework, findings: tuple[Finding, ...]) -> Iterator[dict[str, Any]]:
    seen = defaultdict(list)
    for finding in findings:
        for control in finding.controls:
            if control.framework == standard.id:
                seen[control.requirement].append({"observation-uuid": _observation_id(finding)})
    for verdict in verdicts(report, standard):
        if claims(verdict):
            yield _finding(standard, verdict, seen[verdict.requirement.id])


def claims(verdict: RequirementVerdict) -> bool:
    """Whether the rules allow a statement on the whole requirement: a fault always does, a pass only when tested."""
    return verdict.verdict in STATE and (verdict.tested or verdict.verdict is not Outcome.PASS)


def _finding(standard: Framework, verdict: RequirementVerdict, observations: list[dict[str, str]]) -> dict[str, Any]:
    assert verdict.verdict is not None
    state, reason = STATE[verdict.verdict]
    requirement = verdict.requirement
    counts = ", ".join(f"{number} {outcome}" for outcome, number in sorted(verdict.counts.items()))
    words = [f"Rules {', '.join(verdict.rules)}: {counts or 'no subject'}.", *verdict.doubts]
    return {
        "uuid": _uuid("finding", standard.id, requirement.id),
        "title": clean(f"{standard.title} {requirement.id}"),
        "description": clean(" ".join(words), 4000),
        "target": {
            "type": "objective-id",
            "target-id": _token(requirement.id),
            "status": {"state": state, "reason": reason},
        },
    } | ({"related-observations": observations} if observations else {})


def _observation_id(finding: Finding) -> str:
    return str(UUID(finding.fingerprint, version=5))  # the digits are a digest already


def _uuid(*parts: str) -> str:
    return str(uuid5(SPACE, "\0".join(clean(part) for part in parts)))


def _token(text: str) -> str:
    """`text` as an OSCAL token, which starts with a letter or an underscore."""
    token = re.sub(r"[^A-Za-z0-9._-]", "_", text)
    return token if token[:1].isalpha() or token.startswith("_") else f"_{token}"

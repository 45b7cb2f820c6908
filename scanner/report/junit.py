"""JUnit XML: one suite per rule, one test case per subject, so that any CI server can show the verdicts.

FAIL is a failure, NOT_ASSESSED an error, a waived failure and NOT_APPLICABLE are skipped with the reason.
"""

from __future__ import annotations

from xml.etree import ElementTree as XML

from scanner.model.finding import Finding, Report
from scanner.model.rule import Outcome
from scanner.report.clean import clean
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import evidence_lines, headline, waiver_line
from scanner.report.summary import by_rule, completeness

CHILD = {
    Outcome.FAIL: "failure",
    Outcome.NOT_ASSESSED: "error",
    Outcome.PASS: None,
    Outcome.NOT_APPLICABLE: "skipped",
}
COUNTED = ("failure", "error", "skipped")
PLURAL = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def render(report: Report, options: RenderOptions) -> str:
    """Every verdict as a test case; each gap is an error in the suite `keyproof`, so that it cannot be overlooked."""
    root = XML.Element("testsuites", name="keyproof")
    for rule, findings in sorted(by_rule(shown(report, options, every_outcome=True)).items()):
        suite = XML.SubElement(root, "testsuite", name=clean(rule), timestamp=f"{report.as_of:%Y-%m-%dT%H:%M:%S}")
        for finding in findings:
            _case(suite, finding)
        _count(suite)
    if report.gaps:
        _gaps(root, report)
    _count(root)
    XML.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + XML.tostring(root, encoding="unicode") + "\n"


def child_of(finding: Finding) -> str | None:
    """The element that says how the test case went; None for a pass."""
    if finding.outcome is Outcome.FAIL and finding.waiver is not None:
        return "skipped"
    return CHILD[finding.outcome]


def _case(suite: XML.Element, finding: Finding) -> None:
    name = clean(f"{finding.subject} {' '.join(finding.identity)}".strip(), 1000)
    place = f"{finding.account}.{clean(finding.region)}.{finding.subject_type}"
    case = XML.SubElement(suite, "testcase", classname=place, name=name, time="0")
    properties = XML.SubElement(case, "properties")
    for key, value in (
        ("severity", finding.severity.label),
        ("outcome", finding.outcome.value),
        ("fingerprint", finding.fingerprint),
        ("waiver", waiver_line(finding)),
    ):
        if value:
            XML.SubElement(properties, "property", name=key, value=clean(value))
    element = child_of(finding)
    if element:
        result = XML.SubElement(case, element, message=headline(finding, 1000))
        if element != "skipped":
            result.set("type", finding.severity.label)
        result.text = "\n".join(clean(line, 1000) for line in evidence_lines(finding))


def _gaps(root: XML.Element, report: Report) -> None:
    suite = XML.SubElement(root, "testsuite", name="keyproof", timestamp=f"{report.as_of:%Y-%m-%dT%H:%M:%S}")
    for gap in report.gaps:
        case = XML.SubElement(suite, "testcase", classname="keyproof.gaps", name=clean(gap.reason(), 1000), time="0")
        error = XML.SubElement(case, "error", message=clean(f"not read: {gap.reason()}", 1000), type=clean(gap.code))
        error.text = completeness(report)
    _count(suite)


def _count(element: XML.Element) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    for child in COUNTED:
        element.set(PLURAL[child], str(len(list(element.iter(child)))))
    element.set("time", "0")

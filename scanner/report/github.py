"""GitHub Actions annotations: workflow commands for the log, within the limits that GitHub shows.

GitHub keeps ten annotations of each level in a step; the job summary (`github-summary`) has the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scanner.model.finding import Finding, Report
from scanner.model.records import Source
from scanner.model.rule import Outcome, Severity
from scanner.model.words import many
from scanner.report.clean import clean
from scanner.report.options import RenderOptions, known_last, shown
from scanner.report.phrases import headline
from scanner.report.place import place_of
from scanner.report.summary import completeness, conclusion, summarize

LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
    Severity.INFO: "notice",
}
PER_LEVEL = {"error": 10, "warning": 9, "notice": 9}
"""One warning is kept for an incomplete scan and one notice for what was left out."""


def render(report: Report, options: RenderOptions) -> str:
    """One `::error`, `::warning` or `::notice` command a line, new and worst first, then what was left out."""
    lines = list(_commands(report, options))
    lines.append(f"keyproof: {conclusion(report, summarize(report))}")
    return "\n".join(lines) + "\n"


def _commands(report: Report, options: RenderOptions) -> Iterator[str]:
    if not report.complete or report.gaps:
        yield command("warning", completeness(report), title="keyproof: incomplete")
    used: Counter[str] = Counter()
    for finding in known_last(shown(report, options)):
        if finding.outcome not in LISTED or finding.status == "fixed":
            continue
        level = level_of(finding)
        used[level] += 1
        if used[level] <= PER_LEVEL[level]:
            yield _annotation(level, finding, report.source)
    left_out = sum(max(0, used[level] - limit) for level, limit in PER_LEVEL.items())
    if left_out:
        yield command("notice", f"and {many(left_out, 'more finding')}, see the full report", title="keyproof")


LISTED = (Outcome.FAIL, Outcome.NOT_ASSESSED)


def level_of(finding: Finding) -> str:
    """A waived failure and what could not be assessed are notices."""
    counts = finding.outcome is Outcome.FAIL and finding.waiver is None
    return LEVEL[finding.severity] if counts else "notice"


def _annotation(level: str, finding: Finding, source: Source) -> str:
    place: dict[str, str] = {}
    if finding.location is not None:
        path, line = place_of(finding, source)
        place = {"file": path, "line": str(line)}
    title = f"{finding.severity.label} {finding.rule}"
    return command(level, f"{finding.address or finding.subject}: {headline(finding, 1000)}", **place, title=title)


def command(level: str, message: str, **properties: str) -> str:
    """A workflow command whose text cannot start another (actions/toolkit `command.ts` escapes the same)."""
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {given}::{_data(clean(message, 4000))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clean(text, 500)).replace(":", "%3A").replace(",", "%2C")

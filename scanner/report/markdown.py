"""Markdown for a pull request comment: the verdict first, details folded, always short enough to post."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanner.model.finding import Finding, Report
from scanner.model.rule import Outcome
from scanner.model.words import many
from scanner.report.changes import change_lines
from scanner.report.markup import code, code_block, prose
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import evidence_lines, headline
from scanner.report.rulebook import rulebook
from scanner.report.summary import WORST_FIRST, by_rule, completeness, conclusion, summarize

MARKER = "<!-- keyproof report -->"
"""Lets a bot find the comment that it posted before."""
COMMENT = 65_000
"""GitHub takes 65,536 characters in a comment."""
TEXT = 500
ROWS = 50
GAPS = 20
GROUPS = (
    (False, Outcome.FAIL, "failed"),
    (False, Outcome.NOT_ASSESSED, "not assessed"),
    (True, Outcome.FAIL, "failed, unchanged"),
    (True, Outcome.NOT_ASSESSED, "not assessed, unchanged"),
)
"""What a baseline knows already comes last: where room is short, what is new must be seen."""


def render(report: Report, options: RenderOptions) -> str:
    """The report in less than 65,000 characters; what does not fit is counted."""
    return within(report, options, COMMENT)


def within(report: Report, options: RenderOptions, limit: int) -> str:
    """The report in at most `limit` characters: whole sections, new and worst first, and how much was left out."""
    listed = shown(report, options)
    text = f"{MARKER}\n{_head(report)}"
    left_out = 0
    for section, number in _sections(report, listed):
        if len(text) + len(section) > limit - 200:
            left_out += number
        else:
            text += section
    if left_out:
        text += f"\nand {many(left_out, 'more item')}: see the full report\n"
    return text


def _head(report: Report) -> str:
    summary = summarize(report)
    complete = report.complete and not report.gaps
    against = ", ".join(f"{number:,} {status}" for status, number in summary.statuses.items())
    return "\n".join(
        [
            "## keyproof",
            "",
            f"**{conclusion(report, summary)}**",
            "",
            completeness(report) if complete else f"> **Incomplete.** {completeness(report)}",
            "",
            f"| {' | '.join(severity.label for severity in WORST_FIRST)} | waived | passed | not assessed |",
            "|" + "---:|" * (len(WORST_FIRST) + 3),
            "| "
            + " | ".join(f"{summary.failed[severity]:,}" for severity in WORST_FIRST)
            + f" | {summary.waived:,} | {summary.outcomes[Outcome.PASS]:,}"
            + f" | {summary.outcomes[Outcome.NOT_ASSESSED]:,} |",
            *(["", f"Against the baseline: {against}."] if against else []),
            "",
        ]
    )


def _sections(report: Report, listed: tuple[Finding, ...]) -> Iterator[tuple[str, int]]:
    changes = change_lines(report.changes)
    if changes:
        lines = [f"- {prose(line, TEXT)}" for line in changes[:ROWS]]
        more = [f"- {len(changes) - ROWS:,} more in the JSON report"] if len(changes) > ROWS else []
        title = f"{many(len(changes), 'change')} in access, custody and keys"
        yield _folded(title, [*lines, *more], " open"), len(changes)
    book = rulebook(report, listed)
    for known, outcome, words in GROUPS:
        group = (one for one in listed if one.outcome is outcome and (one.status == "unchanged") is known)
        for rule, findings in by_rule(group).items():
            for start in range(0, len(findings), ROWS):
                part = findings[start : start + ROWS]
                title = f"{findings[0].severity.label} <code>{prose(rule)}</code> {prose(book[rule].title, TEXT)}"
                yield _folded(f"{title}: {len(part):,} {words}", [*_table(part), *_fix(part)]), len(part)
    fixed = [finding for finding in listed if finding.status == "fixed"]
    if fixed:
        lines = [f"- {code(one.rule, TEXT)} {code(one.address or one.subject, TEXT)}" for one in fixed[:ROWS]]
        yield _folded(f"{many(len(fixed), 'finding')} fixed", lines), len(fixed)
    if report.gaps:
        lines = [f"- {prose(gap.reason(), TEXT)}" for gap in report.gaps[:GAPS]]
        yield _folded(f"{many(len(report.gaps), 'read')} failed", lines), len(report.gaps)
    if report.notices:
        lines = [f"- {prose(notice.text, TEXT)}" for notice in report.notices[:ROWS]]
        yield _folded(f"{many(len(report.notices), 'notice')}", lines), len(report.notices)


def _folded(summary: str, lines: Iterable[str], state: str = "") -> str:
    return f"\n<details{state}><summary>{summary}</summary>\n\n" + "\n".join(lines) + "\n\n</details>\n"


def _table(findings: list[Finding]) -> Iterator[str]:
    yield "| subject | what | evidence |"
    yield "|---|---|---|"
    for finding in findings:
        places = (finding.address, f"{finding.location[0]}:{finding.location[1]}" if finding.location else None)
        where = "".join(f"<br>{code(place, TEXT)}" for place in places if place)
        status = f"**{finding.status}** " if finding.status else ""
        evidence = "<br>".join(prose(line, TEXT) for line in evidence_lines(finding)[:3])
        yield f"| {code(finding.subject, TEXT)}{where} | {status}{prose(headline(finding, TEXT))} | {evidence} |"


def _fix(findings: list[Finding]) -> list[str]:
    command = findings[0].fix.get("cli", "").strip()
    return ["", "Fix:", "", code_block(command[:2000])] if command else []

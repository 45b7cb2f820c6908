"""The report for people at a terminal: worst first, grouped by rule, honest at the end.

Every line is wrapped to the width, but a word that is longer (an ARN) stays whole, so that it can be copied.
Colour only repeats what the words say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from scanner.model.finding import Finding, Report
from scanner.model.rule import Outcome, RuleInfo, Severity
from scanner.model.words import many
from scanner.report.changes import change_lines
from scanner.report.clean import clean
from scanner.report.lines import Style, lines_of, paint
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import evidence_lines, waiver_line
from scanner.report.summary import WORST_FIRST, Summary, by_rule, completeness, conclusion, summarize

SEVERITY_STYLE: dict[Severity, Style] = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
EVIDENCE_SHOWN = 5
SUBJECTS_SHOWN = 3
GAPS_SHOWN = 20
MOVED = ("new", "regressed", "fixed")
MOVED_SHOWN = 50


def render(report: Report, options: RenderOptions) -> str:
    """The report as text of `options.width` columns, with ANSI colours only when `options.color`."""
    listed = shown(report, options)
    summary = summarize(report)
    sections = (
        _heading(report, options),
        _changes(report, options),
        _since(listed, summary, options),
        _overview(report, summary, options),
        _failures(report, listed, options),
        _not_assessed(listed, options),
        _others(listed, options),
        _gaps(report, options),
        _notices(report, options),
        _totals(report, summary, options),
    )
    return "\n".join("\n".join(lines) + "\n" for lines in map(list, sections) if lines)


def _heading(report: Report, options: RenderOptions) -> Iterator[str]:
    source = report.source
    yield paint(f"keyproof {clean(report.tool_version)}", "bold", options)
    place = source.path or ", ".join(source.accounts) or "no account"
    regions = f" in {', '.join(source.regions)}" if source.regions else ""
    yield from lines_of(f"{source.type} {place}{regions}, as of {report.as_of:%Y-%m-%d %H:%M} UTC", 0, options)
    if source.caller:
        yield from lines_of(f"read as {source.caller}", 0, options)
    style: Style = "green" if report.complete and not report.gaps else "bold yellow"
    mark = "COMPLETE" if report.complete and not report.gaps else "INCOMPLETE"
    yield from lines_of(f"{mark}: {completeness(report)}", 0, options, style)


def _since(listed: Iterable[Finding], summary: Summary, options: RenderOptions) -> Iterator[str]:
    """What a baseline did not know, in one look; the details of each follow by rule."""
    if not summary.statuses:
        return
    against = ", ".join(f"{number:,} {status}" for status, number in summary.statuses.items())
    yield paint(f"SINCE THE BASELINE  {against}", "bold", options)
    told = [finding for finding in listed if finding.status in MOVED]
    told.sort(key=lambda finding: MOVED.index(finding.status or ""))
    for finding in told[:MOVED_SHOWN]:
        level = "not assessed" if finding.outcome is Outcome.NOT_ASSESSED else finding.severity.label
        words = f"- {finding.status}: {level} {finding.rule} {subject_line(finding)}"
        yield from lines_of(words, 2, options, SEVERITY_STYLE[finding.severity], hanging=2)
    if len(told) > MOVED_SHOWN:
        yield from lines_of(f"and {len(told) - MOVED_SHOWN:,} more below", 2, options, "dim")


def _overview(report: Report, summary: Summary, options: RenderOptions) -> Iterator[str]:
    """One line for each rule that failed or could not be told somewhere, worst first."""
    rules = sorted(report.rules, key=lambda rule: (-rule.severity, rule.id))
    told = [rule for rule in rules if rule.severity >= options.severity and any(_numbers(summary, rule.id)[:2])]
    if not told:
        return
    width = max(len("all rules"), *(len(rule.id) for rule in told))
    yield from lines_of(f"{'OVERVIEW':<{width + 11}}{'failed':>9}{'not assessed':>14}{'passed':>9}", 0, options, "bold")
    for rule in told:
        columns = _columns(_numbers(summary, rule.id))
        name = f"{rule.severity.label.upper():<8} {rule.id:<{width}}"
        yield from lines_of(name + columns, 2, options, SEVERITY_STYLE[rule.severity], hanging=9)
    everything = summary.failures, summary.outcomes[Outcome.NOT_ASSESSED], summary.outcomes[Outcome.PASS]
    yield from lines_of(f"{'':<8} {'all rules':<{width}}{_columns(everything)}", 2, options, "bold", hanging=9)


def _numbers(summary: Summary, rule: str) -> tuple[int, int, int]:
    """Subjects on which a rule failed and nobody waived it, could not be told, passed."""
    counts = summary.rules.get(rule, {})
    failed = counts.get(Outcome.FAIL.value, 0) - counts.get("waived", 0)
    return failed, counts.get(Outcome.NOT_ASSESSED.value, 0), counts.get(Outcome.PASS.value, 0)


def _columns(numbers: tuple[int, int, int]) -> str:
    failed, open_ones, passed = numbers
    return f"{failed:>9,}{open_ones:>14,}{passed:>9,}"


# --- failures, by rule ---------------------------------------------------------------------------


def _failures(report: Report, listed: Iterable[Finding], options: RenderOptions) -> Iterator[str]:
    rules = {rule.id: rule for rule in report.rules}
    first = True
    for rule, findings in by_rule(f for f in listed if f.outcome is Outcome.FAIL).items():
        if not first:
            yield ""
        first = False
        yield from _group(rules.get(rule), findings, options)


def _group(rule: RuleInfo | None, findings: list[Finding], options: RenderOptions) -> Iterator[str]:
    severity = findings[0].severity
    waived = sum(finding.waiver is not None for finding in findings)
    number = f"{len(findings) - waived:,} failed" + (f", {waived:,} waived" if waived else "")
    head = f"{severity.label.upper():<8} {clean(findings[0].rule)}"
    yield paint(head, SEVERITY_STYLE[severity], options) + "  " + paint(number, "dim", options)
    if rule:
        yield from lines_of(rule.title, 9, options, "bold")
        yield from lines_of(f"why: {rule.why}", 9, options, "dim")
    fixes = {tuple(sorted(finding.fix.items())) for finding in findings}
    for finding in findings:
        yield from _finding(finding, options, with_fix=len(fixes) > 1)
    if len(fixes) == 1:
        yield from _fix(findings[0], options)


def _finding(finding: Finding, options: RenderOptions, *, with_fix: bool) -> Iterator[str]:
    said = bool(finding.label) and finding.label in finding.message
    first, second = (finding.message, _place(finding)) if said else (subject_line(finding), finding.message)
    yield from lines_of(f"- {first}", 2, options, hanging=2)
    yield from lines_of(second, 4, options)
    known = finding.status == "unchanged"  # said in full when it was new
    decided = [] if known else evidence_lines(finding)
    for line in decided[:EVIDENCE_SHOWN]:
        yield from lines_of(f"because {line}", 6, options, "dim", hanging=2)
    if len(decided) > EVIDENCE_SHOWN:
        yield from lines_of(f"and {len(decided) - EVIDENCE_SHOWN:,} more in the JSON report", 6, options, "dim")
    for mark in marks(finding):
        yield from lines_of(mark, 4, options, "yellow")
    if with_fix:
        yield from _fix(finding, options)


def subject_line(finding: Finding) -> str:
    """The subject by name and ARN, once when they are the same."""
    known_as = f"{finding.label} " if finding.label and finding.label not in finding.subject else ""
    return known_as + _place(finding)


def _place(finding: Finding) -> str:
    """The ARN, and where the source of a plan declares it."""
    place = f"{finding.location[0]}:{finding.location[1]}" if finding.location else None
    address = finding.address if finding.address and finding.address not in finding.subject else None
    known_at = ", ".join(filter(None, (address, place)))
    return f"{finding.subject} ({known_at})" if known_at else finding.subject


def marks(finding: Finding) -> Iterator[str]:
    """What a reader must know of a finding besides its verdict: baseline status, waiver, other tools."""
    if finding.status:
        yield f"status: {finding.status}"
    if finding.waiver:
        yield waiver_line(finding)
    if finding.also_reported_by:
        yield f"also reported by {', '.join(finding.also_reported_by)}"


def _fix(finding: Finding, options: RenderOptions) -> Iterator[str]:
    command = finding.fix.get("cli", "").strip()
    if command:
        yield from lines_of(f"fix: {command}", 4, options, "green", hanging=5)


# --- the rest ------------------------------------------------------------------------------------


def _not_assessed(listed: Iterable[Finding], options: RenderOptions) -> Iterator[str]:
    by_reason: dict[str, list[Finding]] = defaultdict(list)
    for finding in listed:
        if finding.outcome is Outcome.NOT_ASSESSED:
            for reason in finding.reasons or ("no reason given",):
                by_reason[reason].append(finding)
    if not by_reason:
        return
    total = len({finding.fingerprint for findings in by_reason.values() for finding in findings})
    yield paint(f"NOT ASSESSED  {many(total, 'verdict')}, by what was missing", "bold yellow", options)
    for reason, findings in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        yield from lines_of(f"- {reason}", 2, options, hanging=2)
        counts = ", ".join(f"{rule} {len(group):,}" for rule, group in sorted(by_rule(findings).items()))
        yield from lines_of(counts, 6, options)
        subjects = sorted({subject_line(finding) for finding in findings})
        for subject in subjects[:SUBJECTS_SHOWN]:
            yield from lines_of(subject, 6, options, "dim")
        if len(subjects) > SUBJECTS_SHOWN:
            yield from lines_of(f"and {many(len(subjects) - SUBJECTS_SHOWN, 'more subject')}", 6, options, "dim")


def _others(listed: Iterable[Finding], options: RenderOptions) -> Iterator[str]:
    for outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE):
        groups = by_rule(finding for finding in listed if finding.outcome is outcome)
        if groups:
            yield paint(outcome.value.replace("_", " "), "bold green" if outcome is Outcome.PASS else "bold", options)
        for rule, findings in sorted(groups.items()):
            yield from lines_of(f"{rule}  {len(findings):,}", 2, options)
            for finding in findings:
                fixed = "  (fixed)" if finding.status == "fixed" else ""
                yield from lines_of(f"{subject_line(finding)}{fixed}", 4, options, "dim")


def _changes(report: Report, options: RenderOptions) -> Iterator[str]:
    lines = change_lines(report.changes)
    if lines:
        yield paint("CHANGES", "bold", options)
        for line in lines:
            yield from lines_of(f"- {line}", 2, options, hanging=2)


def _gaps(report: Report, options: RenderOptions) -> Iterator[str]:
    if not report.gaps:
        return
    yield paint(f"NOT READ  {len(report.gaps):,}", "bold yellow", options)
    for gap in report.gaps[:GAPS_SHOWN]:
        about = f" for {gap.subject}" if gap.subject else ""
        unknown = f"; unknown: {', '.join(gap.makes_unknown)}" if gap.makes_unknown else ""
        yield from lines_of(f"- {gap.reason()}{about}{unknown}", 2, options, hanging=2)
    if len(report.gaps) > GAPS_SHOWN:
        yield from lines_of(f"and {len(report.gaps) - GAPS_SHOWN:,} more in the JSON report", 2, options, "dim")


def _notices(report: Report, options: RenderOptions) -> Iterator[str]:
    if report.notices:
        yield paint("NOTICES", "bold", options)
    for notice in report.notices:
        yield from lines_of(f"- {notice.text}", 2, options, hanging=2)


def _totals(report: Report, summary: Summary, options: RenderOptions) -> Iterator[str]:
    yield paint("SUMMARY", "bold", options)
    yield from lines_of(
        "failed: " + ", ".join(f"{summary.failed[severity]:,} {severity.label}" for severity in WORST_FIRST), 2, options
    )
    rest = (
        f"{summary.outcomes[Outcome.PASS]:,} passed",
        f"{summary.outcomes[Outcome.NOT_ASSESSED]:,} not assessed",
        f"{summary.outcomes[Outcome.NOT_APPLICABLE]:,} not applicable",
        f"{summary.waived:,} waived",
    )
    yield from lines_of(", ".join(rest), 2, options)
    if summary.statuses:
        against = ", ".join(f"{number:,} {status}" for status, number in summary.statuses.items())
        yield from lines_of(f"against the baseline: {against}", 2, options)
    if options.severity > Severity.INFO:
        yield from lines_of(f"findings below {options.severity.label} are counted here but not listed", 2, options)
    style: Style = "bold red" if summary.failures else "bold"
    yield from lines_of(conclusion(report, summary), 2, options, style)

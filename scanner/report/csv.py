"""CSV for auditors: every rule and subject, also PASS, ready for a spreadsheet and inert in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from scanner.model.finding import Finding, Report
from scanner.model.records import Gap
from scanner.report.clean import clean
from scanner.report.options import RenderOptions, shown
from scanner.report.phrases import evidence_lines

BOM = "\ufeff"
"""Without it spreadsheets take UTF-8 for an older encoding."""
FORMULA = "=+-@|＝＋－＠"
"""What makes a spreadsheet compute a cell, also in full width."""
CELL = 32_000
"""A spreadsheet cell holds 32,767 characters."""

COLUMNS: dict[str, Callable[[Finding], str]] = {
    "outcome": lambda f: f.outcome.value,
    "severity": lambda f: f.severity.label,
    "rule": lambda f: f.rule,
    "controls": lambda f: "; ".join(f"{control.id} ({control.strength})" for control in f.controls),
    "account": lambda f: f.account,
    "region": lambda f: f.region,
    "subject_type": lambda f: f.subject_type,
    "subject": lambda f: f.subject,
    "label": lambda f: f.label,
    "message": lambda f: f.message,
    "reasons": lambda f: "; ".join(f.reasons),
    "evidence": lambda f: "; ".join(evidence_lines(f)),
    "fix": lambda f: f.fix.get("cli", ""),
    "status": lambda f: f.status or "",
    "first_seen": lambda f: f.first_seen.isoformat() if f.first_seen else "",
    "waiver_owner": lambda f: f.waiver.owner if f.waiver else "",
    "waiver_reason": lambda f: f.waiver.reason if f.waiver else "",
    "waiver_ticket": lambda f: (f.waiver.ticket or "") if f.waiver else "",
    "waiver_expires": lambda f: f.waiver.expires.isoformat() if f.waiver else "",
    "file": lambda f: f"{f.location[0]}:{f.location[1]}" if f.location else "",
    "fingerprint": lambda f: f.fingerprint,
    "tags": lambda f: "; ".join(f"{key}={value}" for key, value in sorted(f.tags.items())),
}
NOT_READ: dict[str, Callable[[Gap], str]] = {
    "outcome": lambda _: "NOT_READ",
    "account": lambda gap: gap.account,
    "region": lambda gap: gap.region,
    "subject": lambda gap: gap.subject or "",
    "message": lambda gap: gap.reason(),
    "reasons": lambda gap: ", ".join(gap.makes_unknown),
}
"""The row of a gap, last in the file, so that a filtered sheet cannot look complete when it is not."""


def render(report: Report, options: RenderOptions) -> str:
    """A header, a row for each verdict and one for each gap (RFC 4180, with a byte order mark)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for finding in shown(report, options, every_outcome=True):
        writer.writerow([cell(value(finding)) for value in COLUMNS.values()])
    for gap in report.gaps:
        writer.writerow([cell(NOT_READ[name](gap)) if name in NOT_READ else "" for name in COLUMNS])
    return BOM + out.getvalue()


def cell(text: str) -> str:
    """`text` that no spreadsheet takes for a formula: an apostrophe goes before what could start one."""
    safe = clean(text, CELL)
    return f"'{safe}" if safe.lstrip()[:1] and safe.lstrip()[0] in FORMULA else safe

"""A report to its destinations, and to an exit code."""

from __future__ import annotations

from pathlib import Path

from scanner.cli.failures import say
from scanner.cli.options import Gate, Rendering, quiet
from scanner.cli.output import color_wanted, destinations, terminal_width, write
from scanner.errors import SourceError
from scanner.model.finding import Finding, Report
from scanner.model.rule import Outcome, severity_of
from scanner.model.words import many
from scanner.report import FORMATS, RenderOptions

FINDINGS = 1
INCOMPLETE = 3


def load_report(path: Path) -> Report:
    """The JSON report in `path`; SourceError names what is wrong with it."""
    from scanner.report.read import read_report

    try:
        text = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    return read_report(text, str(path))


def render(report: Report, rendering: Rendering) -> None:
    """Write `report` in every format that was asked for."""
    for destination in destinations(rendering.formats):
        to_terminal = destination.path is None
        options = RenderOptions(
            width=terminal_width() if to_terminal else 80,
            color=to_terminal and color_wanted(rendering.no_color),
            severity=severity_of(rendering.severity),
            all_outcomes=rendering.all,
            ocsf_version=rendering.ocsf_version,
        )
        write(FORMATS[destination.format].pieces(report, options), destination.path)
        if destination.format == "asff" and not quiet():
            _say_left_out(report, options)


def _say_left_out(report: Report, options: RenderOptions) -> None:
    from scanner.report.asff import without_account

    if lost := without_account(report, options):
        say(
            f"asff: {many(len(lost), 'finding')} of no known account left out, as Security Hub takes none; "
            "`plan --live` or `allowed_account_ids` of the provider tells the account"
        )


def exit_code(report: Report, gate: Gate) -> int:
    """0, 1 when a finding trips the gate, or 3 when the source is incomplete; 1 wins over 3."""
    if any(trips(finding, gate) for finding in report.findings):
        return FINDINGS
    return INCOMPLETE if not report.complete and not gate.allow_gaps else 0


def gated(report: Report, gate: Gate) -> int:
    """The exit code of a command that only renders: that of a scan, once a gate is asked for."""
    asked = gate.fail_on != "none" or gate.fail_on_not_assessed
    return exit_code(report, gate) if asked else 0


def trips(finding: Finding, gate: Gate) -> bool:
    """Whether one finding makes the command exit 1; waived, known (baseline) and fixed ones do not."""
    if finding.waiver is not None or finding.status in ("unchanged", "fixed"):
        return False
    if finding.outcome is Outcome.NOT_ASSESSED:
        return gate.fail_on_not_assessed
    return finding.outcome is Outcome.FAIL and gate.fail_on != "none" and finding.severity >= severity_of(gate.fail_on)

"""A report to text, one module per format; a module is imported only when its format is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from msgspec import Struct

from scanner.model.finding import Report
from scanner.report.options import RenderOptions

__all__ = ["FORMATS", "Format", "RenderOptions"]


class Format(Struct, frozen=True):
    """One way to write a report."""

    module: str
    """Module of this package that defines `render(report, options) -> str`, and `pieces` where reports grow large."""
    about: str
    """One line for the help text."""
    every_outcome: bool = False
    """It lists PASS and NOT_APPLICABLE too, so the report must hold those findings."""

    def render(self, report: Report, options: RenderOptions) -> str:
        """`report` as text that can be written as UTF-8; the same bytes for the same input."""
        return "".join(self.pieces(report, options))

    def pieces(self, report: Report, options: RenderOptions) -> Iterable[str]:
        """The same text in pieces, so that nobody need hold it whole."""
        module = import_module(f"scanner.report.{self.module}")
        return module.pieces(report, options) if hasattr(module, "pieces") else (module.render(report, options),)


FORMATS: dict[str, Format] = {
    "terminal": Format("terminal", "for people: worst first, grouped by rule"),
    "json": Format("json", "versioned, can be read back with `keyproof report`"),
    "jsonl": Format("jsonl", "the same, one object a line"),
    "sarif": Format("sarif", "SARIF 2.1.0 for code scanning"),
    "junit": Format("junit", "JUnit XML for CI servers", every_outcome=True),
    "asff": Format("asff", "AWS Security Finding Format for Security Hub"),
    "ocsf": Format("ocsf", "OCSF Compliance Findings, one event a line, for Security Lake"),
    "csv": Format("csv", "for auditors: every rule and subject", every_outcome=True),
    "markdown": Format("markdown", "a pull request comment"),
    "gitlab": Format("gitlab", "GitLab Code Quality"),
    "github": Format("github", "GitHub Actions annotations"),
    "github-summary": Format("github_summary", "the job summary of GitHub Actions"),
    "prometheus": Format("prometheus", "gauges for the textfile collector"),
    "oscal": Format("oscal", "OSCAL 1.2 assessment results", every_outcome=True),
    "html": Format("html", "one self-contained page for people and auditors", every_outcome=True),
}

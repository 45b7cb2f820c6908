"""A report to text, one module per format; a module is imported only when its format is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from scanner.model.finding import Report
from scanner.report.options import RenderOptions

__all__ = ["FORMATS", "Format", "RenderOptions"]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a report."""

    module: str
    """Module of this package that defines `render(report, options) -> str`."""
    about: str
    """One line for the help text."""
    every_outcome: bool = False
    """It lists PASS and NOT_APPLICABLE too, so the report must hold those findings."""

    def render(self, report: Report, options: RenderOptions) -> str:
        """`report` as text that can be written as UTF-8; the same bytes for the same input."""
        text: str = import_module(f"scanner.report.{self.module}").render(report, options)
        return text


FORMATS: dict[str, Format] = {
    "terminal": Format("terminal", "for people: worst first, grouped by rule"),
    "json": Format("json", "versioned, can be read back with `keyproof report`"),
    "jsonl": Format("jsonl", "the same, one object a line"),
}

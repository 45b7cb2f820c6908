"""Our own format: one JSON document, schema 1, that `keyproof report` reads back."""

from __future__ import annotations

from scanner.model.finding import Report
from scanner.report.codec import to_wire
from scanner.report.jsontext import json_text
from scanner.report.options import RenderOptions


def render(report: Report, options: RenderOptions) -> str:
    """The report as `docs/report.schema.json` describes it."""
    return json_text(to_wire(report, options))

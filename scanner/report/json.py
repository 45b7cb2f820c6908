"""Our own format: one JSON document, schema 1, that `keyproof report` reads back."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.finding import Report
from scanner.report.codec import to_wire
from scanner.report.jsontext import json_pieces
from scanner.report.options import RenderOptions


def render(report: Report, options: RenderOptions) -> str:
    """The report as `docs/report.schema.json` describes it."""
    return "".join(pieces(report, options))


def pieces(report: Report, options: RenderOptions) -> Iterator[str]:
    """The same, one finding after the other."""
    return json_pieces(to_wire(report, options), "findings")

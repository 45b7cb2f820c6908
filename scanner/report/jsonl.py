"""The JSON report as a stream: one object a line, each with its `type`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from scanner.model.finding import Report
from scanner.report.codec import to_wire
from scanner.report.jsontext import json_text
from scanner.report.options import RenderOptions


def render(report: Report, options: RenderOptions) -> str:
    """A `report` line (everything but the two lists), then a line for each `gap` and each `finding`."""
    return "".join(pieces(report, options))


def pieces(report: Report, options: RenderOptions) -> Iterator[str]:
    """The same, one line after the other."""
    return (json_text(line, indent=0) for line in _lines(report, options))


def _lines(report: Report, options: RenderOptions) -> Iterator[dict[str, Any]]:
    whole = to_wire(report, options)
    header = msgspec.to_builtins(msgspec.structs.replace(whole, gaps=(), findings=()))
    yield {"type": "report"} | {name: value for name, value in header.items() if name not in ("gaps", "findings")}
    for kind, items in (("gap", whole.gaps), ("finding", whole.findings)):
        for item in items:
            yield {"type": kind} | msgspec.structs.asdict(item)

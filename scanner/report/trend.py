"""The line of earlier runs: failures over time as the points of a small chart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scanner.model.finding import TrendPoint
from scanner.model.rule import Outcome
from scanner.report.summary import Summary

WIDTH, HEIGHT, MARGIN = 640, 160, 24


def chart(trend: tuple[TrendPoint, ...], summary: Summary, as_of: datetime) -> dict[str, Any]:
    """Earlier runs and this one: `points` for a polyline over time, `rows` for the table beside it."""
    rows: list[dict[str, Any]] = [
        {
            "as_of": f"{point.as_of:%Y-%m-%d %H:%M}",
            "at": point.as_of.timestamp(),
            "failed": sum(point.failed.values()),
            "not_assessed": point.not_assessed,
            "complete": point.complete,
        }
        for point in trend
    ]
    rows.append(
        {
            "as_of": f"{as_of:%Y-%m-%d %H:%M}",
            "at": as_of.timestamp(),
            "failed": summary.failures,
            "not_assessed": summary.outcomes[Outcome.NOT_ASSESSED],
            "complete": None,
        }
    )
    return {"width": WIDTH, "height": HEIGHT, "top": max(row["failed"] for row in rows), "rows": _placed(rows)}


def _placed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first, last = rows[0]["at"], rows[-1]["at"]
    span, top = (last - first) or 1, max(row["failed"] for row in rows) or 1
    return [
        row
        | {
            "x": round(MARGIN + (WIDTH - 2 * MARGIN) * (row["at"] - first) / span, 1),
            "y": round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * row["failed"] / top, 1),
        }
        for row in rows
    ]

"""The trends page: failures over time by severity, and how long faults stay, as shapes with places and as rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from scanner.model.finding import FixRecord, Report, TrendPoint
from scanner.model.rule import Outcome
from scanner.report.summary import WORST_FIRST, Summary, summarize

WIDTH, HEIGHT = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 96, 16, 28
LABEL = 14
"""Height of a label beside the end of a line."""
BARS = 20
"""Bars that are drawn; the table beside them has every one."""
BAR, NAMES, NUMBERS = 22, 300, 80
DAY = 86_400
SEVERITIES = [severity.label for severity in WORST_FIRST]


def trends(report: Report) -> dict[str, Any] | None:
    """What the page shows; None where the report has no history."""
    if report.fixes is None and not report.trend:
        return None
    rows = _rows(report.trend, summarize(report), report.as_of)
    found = report.fixes
    return {
        "severities": SEVERITIES,
        "rows": rows,
        "chart": _chart(rows) if len(rows) > 1 else None,
        "fixes": [
            _bars(title, records, report.as_of)
            for title, records in (("rule", found.rules), ("standard", found.frameworks))
            if records
        ]
        if found
        else [],
    }


def _rows(trend: tuple[TrendPoint, ...], summary: Summary, as_of: datetime) -> list[dict[str, Any]]:
    """Earlier runs and this one, oldest first."""
    now = TrendPoint(
        as_of,
        {severity.label: summary.failed[severity] for severity in WORST_FIRST},
        summary.outcomes[Outcome.NOT_ASSESSED],
        complete=True,
    )
    return [
        {
            "as_of": f"{point.as_of:%Y-%m-%d %H:%M}",
            "at": point.as_of.timestamp(),
            "failed": {label: point.failed.get(label, 0) for label in SEVERITIES},
            "not_assessed": point.not_assessed,
            "complete": "this run" if point is now else "yes" if point.complete else "no",
        }
        for point in (*trend, now)
    ]


def _chart(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A line for each severity that ever failed; `y` grows downwards."""
    first, span = rows[0]["at"], (rows[-1]["at"] - rows[0]["at"]) or 1
    top = _round_up(max(max(row["failed"].values()) for row in rows))
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    places = [round(LEFT + across * (row["at"] - first) / span, 1) for row in rows]

    def height(number: int) -> float:
        return round(TOP + down - down * number / top, 1)

    lines = [
        {
            "severity": label,
            "last": rows[-1]["failed"][label],
            "points": [
                {"x": x, "y": height(row["failed"][label]), "number": row["failed"][label], "row": row}
                for x, row in zip(places, rows, strict=True)
            ],
        }
        for label in SEVERITIES
        if any(row["failed"][label] for row in rows)
    ]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "bottom": HEIGHT - BOTTOM,
        "grid": [(number, height(number)) for number in sorted({0, top // 2, top})],
        "lines": _labelled(lines),
    }


def _round_up(number: int) -> int:
    """The next 2, 4, 10, 20, 40, 100 ...: a top that halves well."""
    step = 1
    while True:
        for factor in (2, 4, 10):
            if number <= factor * step:
                return factor * step
        step *= 10


def _labelled(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with `label_y`, the places of their labels, which do not cover one another."""
    placed, free = [], float(TOP)
    for line in sorted(lines, key=lambda line: line["points"][-1]["y"]):
        free = max(free, line["points"][-1]["y"] + 4)
        placed.append(line | {"label_y": round(free, 1)})
        free += LABEL
    over = max(0.0, free - LABEL - (HEIGHT - 4))
    lifted = {line["severity"]: round(line["label_y"] - over, 1) for line in placed}
    return [line | {"label_y": lifted[line["severity"]]} for line in lines]


def _bars(title: str, records: tuple[FixRecord, ...], now: datetime) -> dict[str, Any]:
    """A bar for each mean time to fix, the longest first, and a row for every record."""
    fixed = sorted(
        ((record.mean_time_to_fix, record.name) for record in records if record.mean_time_to_fix is not None),
        key=lambda item: (-item[0], item[1]),
    )
    longest = max((seconds for seconds, _ in fixed), default=0) or 1
    return {
        "title": title,
        "width": WIDTH,
        "height": BAR * min(len(fixed), BARS) + 4,
        "names": NAMES,
        "left_out": max(0, len(fixed) - BARS),
        "bars": [
            {
                "name": name,
                "days": _days(seconds),
                "y": BAR * place,
                "length": round(max(2.0, (WIDTH - NAMES - NUMBERS) * seconds / longest), 1),
            }
            for place, (seconds, name) in enumerate(fixed[:BARS])
        ],
        "rows": list(_fix_rows(records, now)),
    }


def _fix_rows(records: tuple[FixRecord, ...], now: datetime) -> Iterator[dict[str, Any]]:
    for record in sorted(records, key=lambda record: (-record.open, record.name)):
        age = None if record.open_since is None else (now - record.open_since).total_seconds()
        yield {
            "name": record.name,
            "numbers": (record.open, record.resolved, record.regressed),
            "mean": _days(record.mean_time_to_fix),
            "oldest": _days(age),
        }


def _days(seconds: float | None) -> str:
    return "–" if seconds is None else f"{max(seconds, 0) / DAY:,.1f} days"

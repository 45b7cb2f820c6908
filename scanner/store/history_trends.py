"""What a history tells over time: runs by scope, and how long faults of a rule or a standard stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from scanner.model.finding import TrendPoint
from scanner.store.history import points
from scanner.store.history_database import reading
from scanner.store.history_tables import FINDINGS, MICROSECOND, RULE_FRAMEWORKS, RUNS


@dataclass(frozen=True, slots=True)
class ScopeTrend:
    """The runs over one scope, oldest first."""

    scope: str
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True, slots=True)
class FixRecord:
    """What became of the failures of one rule, or of the rules that serve one standard."""

    name: str
    open: int
    resolved: int
    """Findings that are gone now."""
    regressed: int
    """Findings that came back at least once, open or not."""
    fixes: int
    """Times that a failure was fixed, a regressed one counted again."""
    time_to_fix: timedelta | None
    """Mean time from a failure's opening to the run that no longer saw it; None without a fix."""
    open_since: datetime | None
    """When the oldest open failure opened."""


@dataclass(frozen=True, slots=True)
class Trends:
    """A whole history, summed up."""

    scopes: tuple[ScopeTrend, ...]
    rules: tuple[FixRecord, ...]
    frameworks: tuple[FixRecord, ...]


def trends(store: str) -> Trends:
    """The history in `store`; SourceError where there is none."""
    with reading(store) as connection:
        scopes = connection.scalars(select(RUNS.c.scope).distinct().order_by(RUNS.c.scope)).all()
        sums = _sums(connection)
        groups: dict[str, list[str]] = defaultdict(list)
        for rule, framework in connection.execute(select(RULE_FRAMEWORKS)):
            groups[framework].append(rule)
        return Trends(
            tuple(ScopeTrend(scope, points(connection, scope)) for scope in scopes),
            tuple(_record(rule, (row,)) for rule, row in sorted(sums.items())),
            tuple(
                _record(name, (sums[rule] for rule in rules if rule in sums)) for name, rules in sorted(groups.items())
            ),
        )


def _sums(connection: Connection) -> dict[str, Any]:
    known = FINDINGS.c
    query = select(
        known.rule,
        func.count().label("all"),
        func.count(known.resolved).label("resolved"),
        func.count(known.regressed).label("regressed"),
        func.sum(known.fixes).label("fixes"),
        func.sum(known.fix_time).label("fix_time"),
        func.min(known.opened).filter(known.resolved.is_(None)).label("open_since"),
    ).group_by(known.rule)
    return {row.rule: row for row in connection.execute(query)}


def _record(name: str, rows: Iterable[Any]) -> FixRecord:
    rows = tuple(rows)
    fixes, spent = sum(int(row.fixes) for row in rows), sum(int(row.fix_time) for row in rows)
    resolved = sum(row.resolved for row in rows)
    return FixRecord(
        name,
        open=sum(row.all for row in rows) - resolved,
        resolved=resolved,
        regressed=sum(row.regressed for row in rows),
        fixes=fixes,
        time_to_fix=spent // fixes * MICROSECOND if fixes else None,
        open_since=min((row.open_since for row in rows if row.open_since is not None), default=None),
    )

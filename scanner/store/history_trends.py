"""What a history tells over time: runs by scope, and how long faults of a rule or a standard stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, func, select

from scanner.model.finding import FixRecord, FixRecords, TrendPoint
from scanner.model.rule import Severity
from scanner.store.history_database import reading
from scanner.store.history_tables import FINDINGS, RULE_FRAMEWORKS, RUNS

POINTS = 366
"""Earlier runs that a report shows: a year of nights."""


class ScopeTrend(Struct, frozen=True):
    """The runs over one scope, oldest first."""

    scope: str
    points: tuple[TrendPoint, ...]


class Trends(Struct, frozen=True):
    """A whole history, summed up."""

    scopes: tuple[ScopeTrend, ...]
    fixes: FixRecords


def trends(store: str) -> Trends:
    """The history in `store`; SourceError where there is none."""
    with reading(store) as connection:
        scopes = connection.scalars(select(RUNS.c.scope).distinct().order_by(RUNS.c.scope)).all()
        return Trends(tuple(ScopeTrend(scope, points(connection, scope)) for scope in scopes), fixes(connection))


def points(connection: Connection, scope: str, before: dict[str, Any] | None = None) -> tuple[TrendPoint, ...]:
    """The runs of a scope, oldest first; with `before`, those up to that run without itself."""
    query = select(RUNS).where(RUNS.c.scope == scope).order_by(RUNS.c.read_at.desc(), RUNS.c.as_of.desc()).limit(POINTS)
    if before is not None:
        query = query.where(RUNS.c.id != before["id"], RUNS.c.read_at <= before["read_at"])
    return tuple(_point(row) for row in reversed(connection.execute(query).mappings().all()))


def _point(row: Any) -> TrendPoint:
    failed = {severity.label: row[severity.label] for severity in sorted(Severity, reverse=True)}
    return TrendPoint(row["as_of"], failed, row["not_assessed"], bool(row["complete"]))


def fixes(connection: Connection, accounts: Collection[str] | None = None) -> FixRecords:
    """What became of failures, in all accounts or in these, by rule and by standard."""
    sums = _sums(connection, accounts)
    groups: dict[str, list[str]] = defaultdict(list)
    for rule, framework in connection.execute(select(RULE_FRAMEWORKS)):
        if rule in sums:
            groups[framework].append(rule)
    return FixRecords(
        tuple(_record(rule, (row,)) for rule, row in sorted(sums.items())),
        tuple(_record(name, (sums[rule] for rule in rules)) for name, rules in sorted(groups.items())),
    )


def _sums(connection: Connection, accounts: Collection[str] | None) -> dict[str, Any]:
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
    if accounts is not None:
        query = query.where(known.account.in_(accounts))
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
        mean_time_to_fix=spent // fixes / 1_000_000 if fixes else None,
        open_since=min((row.open_since for row in rows if row.open_since is not None), default=None),
    )

"""The history of findings over many runs: when each was first and last seen, resolved and seen again.

Only what a report speaks for (`scanner.model.reach`) is resolved by it: a scan that was refused a listing, stopped,
or looked elsewhere leaves earlier findings open. A report on facts older than what the history knows changes no
more than `first_seen`, so runs may arrive in any order and at once.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, and_, bindparam, case, null, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from scanner.errors import UsageError
from scanner.model.finding import Finding, Report, TrendPoint
from scanner.model.reach import reach_of
from scanner.model.rule import Outcome, Severity
from scanner.store.history_database import writing
from scanner.store.history_tables import FINDINGS, MICROSECOND, RULE_FRAMEWORKS, RUNS

POINTS = 366
"""Earlier runs that a report shows: a year of nights."""

Printed: TypeAlias = Sequence[tuple[str, Finding]]
"""Findings, each under its fingerprint."""


def prepare(store: str) -> None:
    """Make the history or bring it up to date, so that what is wrong with `store` is said before a scan begins."""
    with writing(store):
        pass


def record(report: Report, store: str) -> Report:
    """Write one run down; the report with `first_seen` of each finding and the `trend` of earlier runs of its scope.

    `store` is a file for SQLite, `sqlite:///FILE` or `postgresql://user@host/database`. Recording a report twice
    changes nothing. Raises SourceError for a store that cannot be used, UsageError for a report on a plan.
    """
    if report.source.type != "aws":
        raise UsageError("a history keeps what exists in AWS; a plan is compared with `--baseline` or `keyproof diff`")
    prints = [one.fingerprint for one in report.findings]  # each is a hash to work out
    findings = list(zip(prints, report.findings, strict=True))
    with writing(store) as connection:
        _see(connection, findings, read_at(report))
        _resolve(connection, findings, report)
        run = _keep_run(connection, report)
        _keep_frameworks(connection, report)
        first_seen = _first_seen(connection, report)
        trend = points(connection, run["scope"], run)
    dated = tuple(replace(one, first_seen=first_seen.get(fingerprint)) for fingerprint, one in findings)
    return replace(report, findings=dated, trend=trend)


def read_at(report: Report) -> datetime:
    """When the facts of a report were read, which orders runs; a date to judge by can be any."""
    return report.source.finished or report.source.started


def _fails(finding: Finding) -> bool:
    return finding.outcome is Outcome.FAIL and finding.status != "fixed"


def _see(connection: Connection, findings: Printed, at: datetime) -> None:
    """Each failure is there now: for the first time, still, or again."""
    rows = [
        {
            "fingerprint": fingerprint,
            "rule": one.rule,
            "subject": one.subject.replace("\0", "\ufffd"),  # PostgreSQL holds no NUL
            "account": one.account,
            "region": one.region,
            "severity": one.severity.label,
            "first_seen": at,
            "last_seen": at,
            "opened": at,
            "regressions": 0,
            "fixes": 0,
            "fix_time": 0,
        }
        for fingerprint, one in findings
        if _fails(one)
    ]
    if not rows:
        return
    known, seen = FINDINGS.c, (statement := _insert(connection, FINDINGS)).excluded
    again = and_(known.resolved.is_not(None), seen.last_seen >= known.resolved)
    earlier = and_(known.regressions == 0, seen.opened < known.opened)
    changes = {
        "severity": case((seen.last_seen >= known.last_seen, seen.severity), else_=known.severity),
        "first_seen": case((seen.first_seen < known.first_seen, seen.first_seen), else_=known.first_seen),
        "last_seen": case((seen.last_seen > known.last_seen, seen.last_seen), else_=known.last_seen),
        "opened": case((or_(again, earlier), seen.opened), else_=known.opened),
        "regressed": case((again, seen.last_seen), else_=known.regressed),
        "regressions": known.regressions + case((again, 1), else_=0),
        "resolved": case((again, null()), else_=known.resolved),
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["fingerprint"], set_=changes), rows)


def _resolve(connection: Connection, findings: Printed, report: Report) -> None:
    """Open findings that the report speaks for and does not list are gone."""
    reach, at = reach_of(report), read_at(report)
    listed = {fingerprint for fingerprint, one in findings if one.outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED)}
    known = FINDINGS.c
    open_ones = select(known.fingerprint, known.rule, known.account, known.region, known.opened).where(
        known.resolved.is_(None), known.last_seen <= at, known.account.in_(report.source.accounts)
    )
    gone = [
        {"gone": row.fingerprint, "took": (at - row.opened) // MICROSECOND}
        for row in connection.execute(open_ones)
        if row.fingerprint not in listed and reach.covers(row.rule, row.account, row.region)
    ]
    if gone:
        connection.execute(
            FINDINGS.update()
            .where(known.fingerprint == bindparam("gone"))
            .values(resolved=at, fixes=known.fixes + 1, fix_time=known.fix_time + bindparam("took")),
            gone,
        )


def _keep_run(connection: Connection, report: Report) -> dict[str, Any]:
    """One row for the run, the same when the same report comes again."""
    failed = Counter(one.severity.label for one in report.findings if _fails(one) and one.waiver is None)
    scope = scope_of(report)
    facts = (report.digest, report.as_of, read_at(report), scope)
    row = {
        "id": hashlib.sha256("\0".join(map(str, facts)).encode()).hexdigest()[:32],
        "scope": scope,
        "as_of": report.as_of,
        "read_at": read_at(report),
        "complete": int(report.complete),
        "not_assessed": sum(one.outcome is Outcome.NOT_ASSESSED for one in report.findings),
        **{severity.label: failed[severity.label] for severity in Severity},
    }
    statement = _insert(connection, RUNS)
    counts = {name: statement.excluded[name] for name in row if name != "id"}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=counts), row)
    return row


def scope_of(report: Report) -> str:
    """What was scanned, in words: only runs of one scope can be compared."""
    source = report.source
    places = f"{', '.join(sorted(source.accounts))} in {', '.join(sorted(source.regions))}"
    return places if report.framework is None else f"{places}, {report.framework}"


def _keep_frameworks(connection: Connection, report: Report) -> None:
    pairs = sorted({(rule.id, control.framework) for rule in report.rules for control in rule.controls})
    if pairs:
        statement = _insert(connection, RULE_FRAMEWORKS).on_conflict_do_nothing()
        connection.execute(statement, [{"rule": rule, "framework": framework} for rule, framework in pairs])


def _first_seen(connection: Connection, report: Report) -> dict[str, datetime]:
    known = FINDINGS.c
    accounts = {one.account for one in report.findings}
    rows = connection.execute(select(known.fingerprint, known.first_seen).where(known.account.in_(accounts)))
    return {fingerprint: first_seen for fingerprint, first_seen in rows}  # noqa: C416  rows are no pairs to mypy


def points(connection: Connection, scope: str, before: dict[str, Any] | None = None) -> tuple[TrendPoint, ...]:
    """The runs of a scope, oldest first; with `before`, those up to that run without itself."""
    query = select(RUNS).where(RUNS.c.scope == scope).order_by(RUNS.c.read_at.desc(), RUNS.c.as_of.desc()).limit(POINTS)
    if before is not None:
        query = query.where(RUNS.c.id != before["id"], RUNS.c.read_at <= before["read_at"])
    return tuple(_point(row) for row in reversed(connection.execute(query).mappings().all()))


def _point(row: Any) -> TrendPoint:
    failed = {severity.label: row[severity.label] for severity in sorted(Severity, reverse=True)}
    return TrendPoint(row["as_of"], failed, row["not_assessed"], bool(row["complete"]))


def _insert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, which SQLAlchemy spells per dialect; both read alike."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)

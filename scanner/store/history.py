"""The history of findings over many runs: when each was first and last seen, resolved and seen again.

Only what a report speaks for (`scanner.model.reach`) is resolved by it: a scan that was refused a listing, stopped,
or looked elsewhere leaves earlier findings open. A report on facts older than what the history knows changes no
more than `first_seen`, so runs may arrive in any order and at once.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Integer, Table, Text, and_, case, exists, literal, null, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from scanner.errors import UsageError
from scanner.model.finding import Finding, Report
from scanner.model.reach import reach_of
from scanner.model.rule import Outcome, Severity
from scanner.store.history_database import writing
from scanner.store.history_staging import GONE, STAGED, stage
from scanner.store.history_tables import FINDINGS, RULE_FRAMEWORKS, RUNS, Moment
from scanner.store.history_trends import fixes, points


def prepare(store: str) -> None:
    """Make the history or bring it up to date, so that what is wrong with `store` is said before a scan begins."""
    with writing(store):
        pass


def record(report: Report, store: str) -> Report:
    """Write one run down; the report with `first_seen` of each finding, the `trend` of earlier runs and `fixes`.

    `store` is a file for SQLite, `sqlite:///FILE` or `postgresql://user@host/database`. Recording a report twice
    changes nothing. Raises SourceError for a store that cannot be used, UsageError for a report on a plan.
    """
    if report.source.type != "aws":
        raise UsageError("a history keeps what exists in AWS; a plan is compared with `--baseline` or `keyproof diff`")
    prints = [one.fingerprint for one in report.findings]  # each is a hash to work out
    findings = dict(zip(prints, report.findings, strict=True))
    with writing(store) as connection:
        stage(connection, STAGED, [_row(fingerprint, one) for fingerprint, one in findings.items() if _is_open(one)])
        _see(connection, read_at(report), " ".join(sorted(report.source.regions)))
        _resolve(connection, report)
        run = _keep_run(connection, report)
        _keep_frameworks(connection, report)
        first_seen = _first_seen(connection, report)
        trend = points(connection, run["scope"], run)
        fixed = fixes(connection, report.source.accounts)
    dated = tuple(
        _dated(one, first_seen.get(fingerprint)) for fingerprint, one in zip(prints, report.findings, strict=True)
    )
    return replace(report, findings=dated, trend=trend, fixes=fixed)


def _row(fingerprint: str, one: Finding) -> tuple[object, ...]:
    """A finding as STAGED holds it; PostgreSQL holds no NUL."""
    subject = one.subject.replace("\0", "\ufffd")
    return fingerprint, int(_fails(one)), one.rule, subject, one.account, one.region, one.severity.label


def _is_open(finding: Finding) -> bool:
    return finding.outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED)


def _dated(finding: Finding, first_seen: datetime | None) -> Finding:
    return finding if finding.first_seen == first_seen else replace(finding, first_seen=first_seen)


def read_at(report: Report) -> datetime:
    """When the facts of a report were read, which orders runs; a date to judge by can be any."""
    return report.source.finished or report.source.started


def _fails(finding: Finding) -> bool:
    return finding.outcome is Outcome.FAIL and finding.status != "fixed"


def _see(connection: Connection, at: datetime, regions: str) -> None:
    """Each failure is there now, in a run over `regions`: for the first time, still, or again."""
    staged, zero = STAGED.c, literal(0, Integer)
    now = literal(at, Moment)
    row = {
        "fingerprint": staged.fingerprint,
        "rule": staged.rule,
        "subject": staged.subject,
        "account": staged.account,
        "region": staged.region,
        "severity": staged.severity,
        **dict.fromkeys(("first_seen", "last_seen", "opened"), now),
        **dict.fromkeys(("regressions", "fixes", "fix_time"), zero),
        "regions": literal(regions, Text),
    }
    failures = select(*(value.label(name) for name, value in row.items())).where(staged.fails == 1)
    statement = _insert(connection, FINDINGS).from_select(list(row), failures)
    known, seen = FINDINGS.c, statement.excluded
    again = and_(known.resolved.is_not(None), seen.last_seen >= known.resolved)
    earlier = and_(known.regressions == 0, seen.opened < known.opened)
    changes = {
        **{
            name: case((seen.last_seen >= known.last_seen, seen[name]), else_=known[name])
            for name in ("severity", "regions")
        },
        "first_seen": case((seen.first_seen < known.first_seen, seen.first_seen), else_=known.first_seen),
        "last_seen": case((seen.last_seen > known.last_seen, seen.last_seen), else_=known.last_seen),
        "opened": case((or_(again, earlier), seen.opened), else_=known.opened),
        "regressed": case((again, seen.last_seen), else_=known.regressed),
        "regressions": known.regressions + case((again, 1), else_=0),
        "resolved": case((again, null()), else_=known.resolved),
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["fingerprint"], set_=changes))


def _resolve(connection: Connection, report: Report) -> None:
    """Open findings that the report speaks for and does not list are gone."""
    at, known, covers = read_at(report), FINDINGS.c, reach_of(report).covers
    missed = select(known.fingerprint, known.rule, known.account, known.region, known.regions).where(
        known.resolved.is_(None),
        known.last_seen <= at,
        known.account.in_(report.source.accounts),
        ~exists().where(STAGED.c.fingerprint == known.fingerprint),
    )
    gone_now = [one.fingerprint for one in connection.execute(missed) if covers(*one[1:4], one.regions.split())]
    stage(connection, GONE, [(fingerprint,) for fingerprint in gone_now])
    took = literal(at, Moment) - known.opened
    gone = FINDINGS.update().where(known.fingerprint.in_(select(GONE.c.fingerprint)))
    connection.execute(gone.values(resolved=at, fixes=known.fixes + 1, fix_time=known.fix_time + took))


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


def _insert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, which SQLAlchemy spells per dialect; both read alike."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)

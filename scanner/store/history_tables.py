"""The tables of a history, and the numbered steps that bring any earlier one up to date.

A step never changes once it is released: a later layout is a further step. Moments are whole microseconds since
1970 in UTC, which every database compares and subtracts alike.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Dialect, Integer, MetaData, Table, Text, inspect, select, text
from sqlalchemy.types import TypeDecorator

from scanner.errors import SourceError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  SQLAlchemy decides the signature
        """To microseconds."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From microseconds."""
        return None if value is None else EPOCH + int(value) * MICROSECOND


METADATA = MetaData()

STEPS = Table(
    "keyproof_step",
    METADATA,
    Column("step", Integer, primary_key=True),
)
RUNS = Table(
    "keyproof_run",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("read_at", Moment, nullable=False),
    Column("complete", Integer, nullable=False),
    Column("not_assessed", Integer, nullable=False),
    *(Column(label, Integer, nullable=False) for label in ("critical", "high", "medium", "low", "info")),
)
FINDINGS = Table(
    "keyproof_finding",
    METADATA,
    Column("fingerprint", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("opened", Moment, nullable=False),  # first_seen, or when it came back the last time
    Column("resolved", Moment),
    Column("regressed", Moment),
    Column("regressions", Integer, nullable=False),
    Column("fixes", Integer, nullable=False),
    Column("fix_time", BigInteger, nullable=False),  # microseconds from opened to resolved, over all fixes
    Column("regions", Text, nullable=False),  # those read by the run of last_seen, with spaces between; '': not known
)
RULE_FRAMEWORKS = Table(
    "keyproof_rule_framework",
    METADATA,
    Column("rule", Text, primary_key=True),
    Column("framework", Text, primary_key=True),
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE keyproof_run(
             id TEXT NOT NULL PRIMARY KEY, scope TEXT NOT NULL, as_of BIGINT NOT NULL, read_at BIGINT NOT NULL,
             complete INTEGER NOT NULL, not_assessed INTEGER NOT NULL, critical INTEGER NOT NULL,
             high INTEGER NOT NULL, medium INTEGER NOT NULL, low INTEGER NOT NULL, info INTEGER NOT NULL)""",
        """CREATE TABLE keyproof_finding(
             fingerprint TEXT NOT NULL PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL,
             region TEXT NOT NULL, severity TEXT NOT NULL, first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL,
             opened BIGINT NOT NULL, resolved BIGINT, regressed BIGINT, regressions INTEGER NOT NULL,
             fixes INTEGER NOT NULL, fix_time BIGINT NOT NULL)""",
        """CREATE TABLE keyproof_rule_framework(
             rule TEXT NOT NULL, framework TEXT NOT NULL, PRIMARY KEY(rule, framework))""",
        "CREATE INDEX keyproof_run_scope ON keyproof_run(scope, read_at)",
        "CREATE INDEX keyproof_finding_account ON keyproof_finding(account)",
    ),
    ("ALTER TABLE keyproof_finding ADD COLUMN regions TEXT NOT NULL DEFAULT ''",),
)
"""The statements of step 1, 2, ... in SQL that SQLite and PostgreSQL read alike."""


def steps_taken(connection: Connection, place: str) -> int:
    """How far the database is; 0 where there is no history. SourceError when a later keyproof has been there."""
    if not inspect(connection).has_table(STEPS.name):
        return 0
    taken = max(connection.scalars(select(STEPS.c.step)), default=0)
    if taken > len(MIGRATIONS):
        raise SourceError(f"{place}: the history was written by a later keyproof (step {taken}); update this one")
    return taken


def migrate(connection: Connection, place: str) -> None:
    """Take the steps that are missing, in the transaction of `connection`."""
    taken = steps_taken(connection, place)
    if taken == 0:
        STEPS.create(connection, checkfirst=True)
    for number, statements in enumerate(MIGRATIONS[taken:], taken + 1):
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(STEPS.insert(), {"step": number})

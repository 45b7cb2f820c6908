"""Puts the findings of one run beside a history, in temporary tables, so that each step is one statement over all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, text

STAGED = Table(
    "keyproof_staged",
    MetaData(),
    Column("fingerprint", Text, primary_key=True),
    Column("fails", Integer, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("rule", "subject", "account", "region", "severity")),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
"""Failures of the run (`fails` 1), and what it could not assess (0)."""
GONE = Table(
    "keyproof_gone",
    MetaData(),
    Column("fingerprint", Text, primary_key=True),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
"""Open findings that the run no longer saw."""


def stage(connection: Connection, table: Table, rows: Iterable[Sequence[object]]) -> None:
    """Make the temporary `table` with `rows`, by the fastest way of the driver; it ends with the transaction."""
    rows = sorted(rows, key=lambda row: str(row[0]))  # an index grows at its end
    table.create(connection)
    if connection.dialect.name != "sqlite":
        _copy(connection, table, rows)
    elif rows:
        marks = ", ".join("?" * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES({marks})", [tuple(row) for row in rows])


def _copy(connection: Connection, table: Table, rows: Iterable[Sequence[object]]) -> None:
    cursor: Any = connection.connection.cursor()  # psycopg's, which SQLAlchemy does not type
    with cursor, cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute(text(f"ANALYZE {table.name}"))

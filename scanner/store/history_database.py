"""Opens the database of a history: a SQLite file, or PostgreSQL by URL; whole transactions, one writer at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from scanner.errors import SourceError, UsageError
from scanner.store.history_tables import STEPS, migrate, steps_taken

WAIT = 120
"""Seconds that a run waits while another one writes."""
LOCK = 0x4B50524F
"""Our number among PostgreSQL's advisory locks; writers hold it until their transaction ends."""
CACHE = 65_536
"""KiB of a SQLite file kept in memory; the default of 2 MiB makes every write of a large history a read first."""
POSTGRES = "install the extra: pip install 'keyproof[postgres]'"


@contextmanager
def writing(store: str) -> Iterator[Connection]:
    """One transaction that sees no other writer, on a history that is made or brought up to date first."""
    url = _url(store)
    if url.drivername == "sqlite":
        _private_file(_file(url))
    with _transaction(url, write=True) as connection:
        migrate(connection, _place(url))
        yield connection


@contextmanager
def reading(store: str) -> Iterator[Connection]:
    """One transaction that only reads; SourceError where there is no history yet."""
    url = _url(store)
    missing = SourceError(f"{_place(url)}: no history here; `keyproof scan --store {_place(url)}` begins one")
    if url.drivername == "sqlite" and _file(url).is_dir():
        raise SourceError(f"{_place(url)}: is a directory, not a history")
    if url.drivername == "sqlite" and not _file(url).is_file():
        raise missing
    with _transaction(url, write=False) as connection:
        if not steps_taken(connection, _place(url)):
            raise missing
        yield connection


def _url(store: str) -> URL:
    """The URL of a store; a plain path is a SQLite file."""
    if "://" not in store:
        return URL.create("sqlite", database=store)
    try:
        url = make_url(store)
    except (ArgumentError, ValueError):
        raise UsageError(
            "the store is no URL that can be read; write a file, or postgresql://user@host/database"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername != "sqlite" or not url.database:
        raise UsageError(f"`{url.drivername}` cannot hold a history; write a file, sqlite:///FILE or postgresql://...")
    return url


def _file(url: URL) -> Path:
    return Path(url.database or "")


def _place(url: URL) -> str:
    """The store for messages, without a password."""
    if url.drivername == "sqlite":
        return str(_file(url))
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def _private_file(path: Path) -> None:
    """Make the file, readable by its owner alone, where there is none."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise SourceError(
            f"{path}: cannot write the history here ({(error.strerror or str(error)).lower()})"
        ) from error


@contextmanager
def _transaction(url: URL, *, write: bool) -> Iterator[Connection]:
    """Commits when the block ends, else nothing of it stays, also when the process is killed."""
    engine = _engine(url, write)
    try:
        with engine.begin() as connection:
            if url.drivername == "sqlite":
                _refuse_foreign(connection, url)
            elif write:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
            yield connection
    except SQLAlchemyError as error:
        raise SourceError(f"{_place(url)}: {_cause(error)}") from error
    finally:
        engine.dispose()


def _engine(url: URL, write: bool) -> Engine:
    try:
        if url.drivername != "sqlite":
            return create_engine(url, poolclass=NullPool)
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT, "isolation_level": None})
    except ModuleNotFoundError as error:
        raise UsageError(f"a history in PostgreSQL needs `{error.name}`; {POSTGRES}") from error

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # sqlite3 would begin at the first write, when another run may have written in between.
        connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _refuse_foreign(connection: Connection, url: URL) -> None:
    """A SQLite file that holds something else, such as a snapshot, is left alone."""
    tables = inspect(connection).get_table_names()
    if tables and STEPS.name not in tables:
        raise SourceError(f"{_place(url)}: a database, but not a history of keyproof")


def _cause(error: SQLAlchemyError) -> str:
    """The database's own words in one line."""
    cause = getattr(error, "orig", None) or error
    words = " ".join(str(cause).split())
    return f"the history cannot be used ({words[:1].lower() + words[1:]})"

"""A store for a history: a SQLite file, or a database of a PostgreSQL server that runs for these tests alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

SETTINGS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off"


def program(name: str) -> str | None:
    """A program of PostgreSQL, which Debian does not put on PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, places)]))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL prefix of a server on a socket in a temporary directory; it refuses to run as root, so it does not."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    if initdb is None or pg_ctl is None:
        message = "no PostgreSQL server: apt-get install -y --no-install-recommends postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with tempfile.TemporaryDirectory(prefix="keyproof-pg-") as directory:
        user = "nobody" if os.geteuid() == 0 else None
        if user is not None:
            shutil.chown(directory, user)
        data = f"{directory}/data"

        def start(*command: str) -> None:
            subprocess.run(command, user=user, cwd=directory, check=True, stdout=subprocess.DEVNULL)

        start(initdb, "-D", data, "-U", "keyproof", "-A", "trust", "-E", "UTF8", "--no-sync")
        start(pg_ctl, "-D", data, "-w", "-l", f"{directory}/log", "-o", f"{SETTINGS} -k {directory}", "start")
        try:
            yield f"postgresql://keyproof@/{{database}}?host={directory}"
        finally:
            start(pg_ctl, "-D", data, "-m", "immediate", "stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'history.db'}"
    import psycopg

    server, name = request.getfixturevalue("postgresql"), f"h{uuid.uuid4().hex}"
    with psycopg.connect(server.format(database="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    url: str = server.format(database=name)
    return url

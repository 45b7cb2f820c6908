"""`--store`: keep what a run found in a history; a history that fails never costs the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scanner.cli.failures import say
from scanner.cli.options import Gate, Rendering
from scanner.errors import KeyproofError

if TYPE_CHECKING:
    from scanner.cli.pipeline import Verdict

F = TypeVar("F", bound=Callable[..., Any])


def store_option(command: F) -> F:
    """Add `--store URL`."""
    return click.option(
        "--store",
        metavar="URL",
        envvar="KEYPROOF_STORE",
        help="Keep the findings in this history: a file (SQLite) or postgresql://user@host/database.",
    )(command)


def open_store(store: str | None) -> None:
    """Make the history ready, so that a wrong URL is known before a long scan."""
    if store is not None:
        from scanner.store.history import prepare

        prepare(store)


def keep_and_deliver(verdict: Verdict, store: str | None, rendering: Rendering, gate: Gate) -> int:
    """Record the report, write it with its history, and return the exit code; 3 where it could not be recorded."""
    from scanner.cli.pipeline import deliver
    from scanner.cli.rendering import INCOMPLETE

    if store is None:
        return deliver(verdict, rendering, gate)
    from msgspec.structs import replace

    from scanner.store.history import record

    failure: KeyproofError | None = None
    try:
        verdict = replace(verdict, report=record(verdict.report, store))
    except KeyproofError as error:
        failure = error
    code = deliver(verdict, rendering, gate)
    if failure is not None:
        say(f"the findings are not in the history: {failure}")
        return code or INCOMPLETE
    return code

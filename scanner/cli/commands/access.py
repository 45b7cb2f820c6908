"""`keyproof access`: questions to the access engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.failures import WRONG_INPUT
from scanner.cli.options import FILE, verbosity_options
from scanner.cli.output import write, write_stdout
from scanner.cli.words import Group, Word
from scanner.errors import IncompleteError, UsageError

if TYPE_CHECKING:
    from scanner.authz.estate import AccessEstate


@click.group("access", cls=Group)
def command() -> None:
    """Ask who may do what with which key."""


def _question(function: Callable[..., dict[str, Any]]) -> Callable[..., int]:
    """The options of a question about one snapshot; the command gets its `estate` and the `fixed` context."""

    @click.option("--snapshot", type=FILE, required=True, help="Snapshot file that `scan --save-snapshot` wrote.")
    @click.option("--context", metavar="KEY=VALUE", multiple=True, help="Settle a condition key; repeatable.")
    @click.option("-f", "--format", "form", type=Word("format", ("text", "json")), default="text", show_default=True)
    @click.option("--allow-gaps", is_flag=True, help="Do not exit 3 when something that matters was not read.")
    @verbosity_options
    @wraps(function)
    def asking(snapshot: Path, context: tuple[str, ...], form: str, allow_gaps: bool, **names: str) -> int:
        from scanner.cli.answers import in_words

        answer = function(estate=_estate(snapshot), fixed=_settled(context), **names)
        write(json.dumps(answer, indent=2) + "\n" if form == "json" else in_words(answer), None)
        return 0 if answer["complete"] or allow_gaps else IncompleteError.exit_code

    return asking


def _estate(path: Path) -> AccessEstate:
    from scanner.authz.estate import AccessEstate
    from scanner.store.reading import read_snapshot

    return AccessEstate.of(read_snapshot(path))


def _settled(context: tuple[str, ...]) -> dict[str, str | tuple[str, ...]]:
    """`k=v` pairs; a key that is given twice has several values."""
    from scanner.authz.names import condition_key_named

    found: dict[str, tuple[str, ...]] = {}
    for pair in context:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(
                f"`--context {pair}` is not KEY=VALUE, such as kms:ViaService=s3.eu-central-1.amazonaws.com"
            )
        found[condition_key_named(key)] = (*found.get(key, ()), value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


@command.command("who-can")
@click.argument("action")
@click.argument("key")
@_question
def who_can_command(estate: AccessEstate, fixed: dict[str, Any], action: str, key: str) -> dict[str, Any]:
    """Who may do ACTION with KEY (ARN, id or alias), as they stand or by escalation, through what."""
    from scanner.authz.answers import who_can

    return who_can(estate, action, key, fixed)


@command.command("what-can")
@click.argument("principal")
@_question
def what_can_command(estate: AccessEstate, fixed: dict[str, Any], principal: str) -> dict[str, Any]:
    """What PRINCIPAL (ARN or name) may do with which keys, as it stands or by escalation, through what."""
    from scanner.authz.answers import what_can

    return what_can(estate, principal, fixed)


@command.command()
@click.argument("cases", type=FILE)
@verbosity_options
def simulate(cases: Path) -> int:
    """Decide fully specified requests, one JSON object a line.

    Prints one decision a line. A line that is not a request is named on stderr, the others are still answered; exit 2.
    """
    from scanner.authz.simulate import answer_lines
    from scanner.cli.failures import say
    from scanner.errors import SourceError

    wrong: list[int] = []

    def report(line: int, message: str) -> None:
        wrong.append(line)
        say(f"{cases}:{line}: {message}")

    try:
        with cases.open(encoding="utf-8", errors="surrogateescape") as lines:
            for answer in answer_lines(lines, report):
                write_stdout(answer.encode() + b"\n")
    except OSError as error:
        raise SourceError(f"{cases}: {(error.strerror or str(error)).lower()}") from error
    return WRONG_INPUT if wrong else 0

"""`keyproof access`: questions to the access engine."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.options import FILE, verbosity_options
from scanner.cli.output import write_stdout
from scanner.cli.words import Group


@click.group("access", cls=Group)
def command() -> None:
    """Ask who may do what with which key."""


@command.command()
@click.argument("cases", type=FILE)
@verbosity_options
def simulate(cases: Path) -> int:
    """Decide fully specified requests, one JSON object a line.

    Prints one decision a line. A line that is not a request is named on stderr, the others are still answered; exit 2.
    """
    from scanner.authz.simulate import answer_lines
    from scanner.cli.failures import WRONG_INPUT, say
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

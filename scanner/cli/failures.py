"""What a person reads when a command cannot go on, and the exit code for it."""

from __future__ import annotations

import logging

import click

from scanner.errors import KeyproofError

INTERRUPTED = 130
WRONG_INPUT = 2


def explain_failure(failure: BaseException) -> int:
    """Print one clear message about `failure` to stderr and return the exit code; `-v` adds the traceback."""
    if isinstance(failure, (KeyboardInterrupt, click.Abort)):
        say("interrupted")
        return INTERRUPTED
    if isinstance(failure, click.ClickException):
        say(_of_click(failure))
        return WRONG_INPUT
    if isinstance(failure, KeyproofError):
        say(str(failure))
        return failure.exit_code
    return _explain_unforeseen(failure)


def say(message: str) -> None:
    """One message on stderr, without control characters that a name in it may carry."""
    from scanner.report.clean import clean_lines

    click.echo(f"keyproof: {clean_lines(message)}", err=True)


def _of_click(failure: click.ClickException) -> str:
    message = failure.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    context = getattr(failure, "ctx", None)
    return message if context is None else f"{message}\n  help: {context.command_path} --help"


def _explain_unforeseen(failure: BaseException) -> int:
    if isinstance(failure, OSError):  # a full disk, a folder that takes nothing: of the machine, and no bug
        place = f"{failure.filename}: " if failure.filename else ""
        say(f"{place}{(failure.strerror or str(failure)).lower()}")
    else:
        say(f"this should not happen: {type(failure).__name__}: {str(failure) or 'no message'}")
    if logging.getLogger("scanner").isEnabledFor(logging.INFO):
        import traceback

        say("".join(traceback.format_exception(failure)))
    elif not isinstance(failure, OSError):
        click.echo("  help: run it again with -v to see where, and report that text as a bug", err=True)
    return WRONG_INPUT

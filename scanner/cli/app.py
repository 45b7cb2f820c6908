"""The `keyproof` command: finds the subcommand, imports nothing else, and turns every ending into an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, NoReturn

import click

from scanner import __version__
from scanner.cli.failures import explain_failure
from scanner.cli.words import Group


class Subcommand(NamedTuple):
    """Where a subcommand is (its module defines `command`) and one line about it."""

    module: str
    about: str


COMMANDS = {
    "scan": Subcommand("scan", "Scan a live account."),
    "plan": Subcommand("plan", "Judge a Terraform plan (`terraform show -json`) or state."),
    "check": Subcommand("check", "Evaluate a saved snapshot again."),
    "access": Subcommand("access", "Ask who may do what with which key."),
    "diff": Subcommand("diff", "Say what changed between two snapshots or two reports."),
    "checkov": Subcommand("checkov", "Install checkov beside keyproof, for `plan --checkov`."),
    "report": Subcommand("report", "Render a JSON report again."),
    "explain": Subcommand("explain", "Explain a rule, or a finding of a report."),
    "rules": Subcommand("rules", "List, show, lint and test rules."),
    "snapshot": Subcommand("snapshot", "Look into a snapshot file or export it."),
    "history": Subcommand("history", "Show how findings came and went, and how long they stay."),
    "export": Subcommand("export", "Send findings to another system."),
    "permissions": Subcommand("permissions", "Print the read-only IAM policy that a scan needs."),
    "demo": Subcommand("demo", "Scan a made-up PCI estate on an emulator in this process."),
    "completion": Subcommand("completion", "Print the completion script of a shell."),
}


class LazyGroup(Group):
    """The top-level group; `--help` and `--version` import no subcommand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands in the order of the table, which is the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one subcommand."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"scanner.cli.commands.{COMMANDS[cmd_name].module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the table without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, subcommand.about) for name, subcommand in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="keyproof", message="%(prog)s %(version)s")
def keyproof() -> None:
    """Where does each AWS KMS key live, what does it protect, who can use it, and is that what the standard asks for?

    \b
    Exit codes:
      0    nothing at or above --fail-on
      1    findings at or above --fail-on
      2    the command line, settings, a rule or an input file is wrong, or a name is unknown
      3    the source or destination is incomplete (--allow-gaps accepts that for a source)
      4    no valid credentials at the start
      130  interrupted; the partial snapshot is kept
    """


def execute(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; messages about what went wrong go to stderr."""
    try:
        with keyproof.make_context("keyproof", list(arguments)) as context:
            code = keyproof.invoke(context)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except (Exception, KeyboardInterrupt) as failure:  # noqa: BLE001  the last resort: no traceback reaches a user
        return explain_failure(failure)


def _open_closed_streams() -> None:
    """Open what the caller closed (`>&-`), so that no file of ours gets its number; stdout then takes nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "r"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  it stays open


def run() -> NoReturn:
    """Entry point: the arguments of the process, or a completion request of the shell."""
    _open_closed_streams()
    if instruction := os.environ.get("_KEYPROOF_COMPLETE"):
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(keyproof, {}, "keyproof", "_KEYPROOF_COMPLETE", instruction))
    code = execute(sys.argv[1:])
    gc.freeze()  # the process ends: to look once more for what could be freed takes as long as judging a small plan
    sys.exit(code)

"""The command as a whole: names, exit codes, start-up, and endings without a traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

import click
import pytest

from scanner import __version__
from scanner.cli import app
from scanner.errors import CredentialsError, IncompleteError, UsageError

HEAVY = {"boto3", "botocore", "networkx", "jsonschema", "jinja2", "rich", "moto", "yaml", "msgspec", "sqlite3"}


def test_the_version_is_that_of_the_package(run: Callable) -> None:
    assert run("--version") == (0, f"keyproof {__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["scan", "--help"], ["check", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = "import sys; from scanner.cli.app import execute; execute(sys.argv[1:]); print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    assert not HEAVY & set(listed.stdout.splitlines()[-1].split())


def test_every_command_of_the_table_is_there_and_says_the_same_of_itself() -> None:
    for name, subcommand in app.COMMANDS.items():
        command = import_module(f"scanner.cli.commands.{subcommand.module}").command
        assert command.name == name
        assert command.get_short_help_str(limit=100) == subcommand.about


def _get(group: click.Group, name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


def all_commands(command: click.Command = app.keyproof, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    names = command.list_commands(click.Context(command))
    return [leaf for name in names for leaf in all_commands(_get(command, name), (*path, name))]


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...], run: Callable) -> None:
    outcome = run(*path, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: keyproof {' '.join(path)}")
    assert outcome.err == ""


def test_an_unknown_command_gets_the_nearest_name(run: Callable) -> None:
    assert run("chek") == (2, "", "keyproof: no command `chek`; did you mean `check`?\n  help: keyproof --help\n")
    assert "did you mean `show`?" in run("snapshot", "shwo").err


def test_an_unknown_option_gets_the_nearest_name(run: Callable) -> None:
    outcome = run("check", "x", "--fail-onn", "high")
    assert outcome.code == 2
    assert "--fail-on" in outcome.err


def test_a_missing_argument_is_exit_2_without_a_traceback(run: Callable) -> None:
    outcome = run("check")
    assert outcome.code == 2
    assert "missing argument" in outcome.err


def failing_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("scanner.cli.commands.completion.write", fail)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such key"), 2),
        (IncompleteError("half of it"), 3),
        (CredentialsError("no credentials"), 4),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("division by zero"), 2),
        (PermissionError(13, "Permission denied", "/etc/shadow"), 2),
    ],
)
def test_every_failure_is_one_message_and_its_exit_code(
    error: BaseException, code: int, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_with(error, monkeypatch)
    outcome = run("completion", "bash")
    assert outcome.code == code
    assert outcome.out == ""
    assert outcome.err.startswith("keyproof: ")
    assert "Traceback" not in outcome.err


def test_a_message_cannot_carry_terminal_escapes(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_with(UsageError("no key `\x1b[2J\u202e`"), monkeypatch)
    assert run("completion", "bash").err == "keyproof: no key `\\x1b[2J\\u202e`\n"


def test_the_traceback_of_a_bug_is_there_for_those_who_ask(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("scanner.store.reading.read_summary", fail)
    assert "Traceback" not in run("snapshot", "show", "x").err
    assert "Traceback" in run("snapshot", "show", "x", "-v").err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_parse(shell: str, run: Callable) -> None:
    outcome = run("completion", shell)
    assert outcome.code == 0
    assert "_KEYPROOF_COMPLETE" in outcome.out
    if program := shutil.which(shell):
        checked = subprocess.run([program, "-n"], input=outcome.out, text=True, capture_output=True, check=False)
        assert checked.stderr == ""


def test_the_shell_gets_commands_and_formats_to_complete() -> None:
    def completed(words: str) -> str:
        environment = {"_KEYPROOF_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        script = "from scanner.cli.app import run; run()"
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment
        )
        return done.stdout

    assert "plain,snapshot" in completed("keyproof sna")
    assert "plain,json" in completed("keyproof check x -f js")
    assert "plain,critical" in completed("keyproof check x --fail-on cri")


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m scanner completion bash | head -c 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

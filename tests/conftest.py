"""What every test may use: the command in process, with nothing of the machine it runs on."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

settings.register_profile("keyproof", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("keyproof")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job ignores the interrupts that tests send
    signal.signal(signal.SIGINT, signal.default_int_handler)

KEPT = {"PATH", "HOME", "TMPDIR", "PYTEST_CURRENT_TEST"}


class Outcome(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Iterator[Run]:
    """`run("check", path, "-f", "json")`: the command in an empty directory without the machine's environment."""
    for name in set(os.environ) - KEPT:
        monkeypatch.delenv(name)
    empty = tmp_path / "here"
    empty.mkdir()
    monkeypatch.chdir(empty)
    logger = logging.getLogger("scanner")
    level, handlers = logger.level, logging.getLogger().handlers[:]
    logger.setLevel(logging.NOTSET)  # as in a new process

    def run_command(*arguments: object) -> Outcome:
        from scanner.cli.app import execute

        capfdbinary.readouterr()
        code = execute([str(argument) for argument in arguments])
        captured = capfdbinary.readouterr()
        return Outcome(code, captured.out.decode(), captured.err.decode())

    yield run_command
    logger.setLevel(level)
    logging.getLogger().handlers[:] = handlers

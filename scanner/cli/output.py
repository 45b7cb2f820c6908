"""Where reports go: one to stdout, any number to files, each file written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from scanner.cli.words import unknown_word
from scanner.errors import UsageError


class Destination(NamedTuple):
    """One `-f NAME[=FILE]`; without a file, or with `-`, the report goes to stdout."""

    format: str
    path: Path | None = None


class DestinationType(click.ParamType[Destination]):
    """Reads `NAME[=FILE]`."""

    name = "format"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Destination:
        """The destination, its name one of `FORMATS` and its directory there."""
        from scanner.report import FORMATS

        name, equals, file = value.partition("=")
        if name not in FORMATS:
            self.fail(unknown_word("format", name, FORMATS), param, ctx)
        if equals and not file:
            self.fail(f"`{value}` names no file", param, ctx)
        path = Path(file) if file and file != "-" else None
        if path is not None and not path.parent.is_dir():
            self.fail(f"`{path}` cannot be written: no directory `{path.parent}`", param, ctx)
        if path is not None and path.is_dir():
            self.fail(f"`{path}` is a directory", param, ctx)
        return Destination(name, path)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """The formats that begin so."""
        from click.shell_completion import CompletionItem

        from scanner.report import FORMATS

        return [CompletionItem(name, help=FORMATS[name].about) for name in FORMATS if name.startswith(incomplete)]


def destinations(asked: tuple[Destination, ...]) -> tuple[Destination, ...]:
    """What was asked for, by default the terminal format; two reports cannot share stdout or one file."""
    places = [destination.path for destination in asked]
    if places.count(None) > 1:
        raise UsageError("only one `-f` can go to stdout; write the others as `-f NAME=FILE`")
    for place in places:
        if place is not None and places.count(place) > 1:
            raise UsageError(f"two formats cannot go to one file, `{place}`")
    return asked or (Destination("terminal"),)


def terminal_width() -> int:
    """Columns of the terminal that stdout is, else 80."""
    import shutil

    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80


def paragraph(text: str, width: int, first: str, further: str) -> str:
    """`text` wrapped at spaces, with these indents; a longer word (an ARN) stays whole, so that it can be copied."""
    from textwrap import fill

    return fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def color_wanted(no_color: bool) -> bool:
    """Whether stdout is a terminal on which nobody has refused colour (https://no-color.org)."""
    return sys.stdout.isatty() and not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def write(text: str | bytes | Iterable[str], path: Path | None) -> None:
    """Write `text`, whole or in pieces, as UTF-8 to `path`, or to stdout when that is None.

    Raises UsageError where `path` takes nothing.
    """
    if path is None:
        write_stdout(_pieces(text))
        return
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(b"".join(_pieces(text)))  # a pipe or a device cannot be replaced
        else:
            _replace(path.resolve(), _pieces(text))
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {(error.strerror or str(error)).lower()}") from error


def write_stdout(data: bytes | Iterable[bytes]) -> None:
    """Write to stdout; a reader that has seen enough (`| head`) is no error and changes no exit code."""
    try:
        sys.stdout.buffer.writelines([data] if isinstance(data, bytes) else data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _forget_stdout()
    except OSError as error:
        _forget_stdout()
        raise UsageError(f"standard output cannot be written: {(error.strerror or 'it is closed').lower()}") from error


def _forget_stdout() -> None:
    """What is left in its buffer would fail again when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _pieces(text: str | bytes | Iterable[str]) -> Iterator[bytes]:
    """The bytes of a report, at most a megabyte of text at a time: a large one is not held twice."""
    if isinstance(text, bytes):
        yield text
        return
    for part in (text,) if isinstance(text, str) else text:
        for at in range(0, len(part), 1 << 20):
            yield part[at : at + (1 << 20)].encode("utf-8", "backslashreplace")


def _replace(path: Path, pieces: Iterator[bytes]) -> None:
    # A name of its own: a container's process ids repeat, and a killed run may have left its file behind.
    new = path.with_name(f".{path.name[:100]}.{os.urandom(4).hex()}")
    handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)

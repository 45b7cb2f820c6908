"""What can go wrong, as one tree. Messages are lower case, name file and place, and say what to do.

KeyproofError                      base; carries the exit code of the command
├─ UsageError                      the command line, a name or a file the user wrote is wrong   exit 2
│  ├─ RuleError                    a rule file: every problem with file, line, column and help
│  └─ SettingsError                settings, waivers, baseline or attestation file
├─ SourceError                     a snapshot, plan or report that cannot be read               exit 2
├─ IncompleteError                 source or destination left something out                    exit 3
└─ CredentialsError                no valid credentials at the start                           exit 4
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class KeyproofError(Exception):
    """Something a person can mend; the message is shown as it is, without a traceback."""

    exit_code = 2


class UsageError(KeyproofError):
    """The command line or a file that the user wrote is wrong."""


class Problem(NamedTuple):
    """One fault in a file that the user wrote.

    `line` and `column` count from 1; 0 means that the place is not known.
    """

    file: str
    line: int
    column: int
    message: str
    excerpt: str = ""
    """The offending source line, for a caret under `column`."""
    help: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        lines = [place + self.message]
        if self.excerpt:
            lines += ["    " + self.excerpt, "    " + " " * (self.column - 1) + "^"]
        if self.help:
            lines.append(f"  help: {self.help}")
        return "\n".join(lines)


class RuleError(UsageError):
    """One or more rule files are wrong; nothing is scanned until they are mended."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingsError(UsageError):
    """A settings, waivers, baseline or attestation file is wrong."""


class SourceError(KeyproofError):
    """A snapshot, plan or report cannot be read."""


class IncompleteError(KeyproofError):
    """The source or the destination left something out."""

    exit_code = 3


class CredentialsError(KeyproofError):
    """There are no valid AWS credentials at the start of a scan."""

    exit_code = 4

"""The options that every command which judges or renders has in common, as one frozen value."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from scanner.cli.output import Destination, DestinationType
from scanner.cli.words import Word

F = TypeVar("F", bound=Callable[..., Any])

OCSF = "1.6.0"
SEVERITIES = ("critical", "high", "medium", "low", "info")
FILE = click.Path(path_type=Path)


class Rendering(NamedTuple):
    """Where reports go and what of them is shown."""

    formats: tuple[Destination, ...]
    severity: str
    all: bool
    no_color: bool
    ocsf_version: str = OCSF


class Gate(NamedTuple):
    """What decides between exit 0, 1 and 3; it never changes what is shown."""

    fail_on: str
    fail_on_not_assessed: bool
    allow_gaps: bool


class Judging(NamedTuple):
    """Which rules run, with which settings, as of when."""

    rules: tuple[Path, ...]
    settings: Path | None
    waivers: Path | None
    baseline: Path | None
    framework: str | None
    as_of: datetime | None
    attestation: Path | None = None
    environment: str | None = None


def rendering_options(command: F) -> F:
    """Add `-f`, `--severity`, `--all` and `--no-color`; the command gets `rendering=Rendering(...)`."""
    return _grouped(
        Rendering,
        "rendering",
        click.option(
            "-f",
            "--format",
            "formats",
            multiple=True,
            type=DestinationType(),
            metavar="NAME[=FILE]",
            help="Report format, to stdout or FILE; repeatable.  [default: terminal]",
        ),
        click.option(
            "--severity", type=Word("severity", SEVERITIES), default="info", help="Show findings from this level up."
        ),
        click.option("--all", is_flag=True, help="List every outcome, PASS and NOT_APPLICABLE too."),
        click.option("--no-color", is_flag=True, help="No colour, even on a terminal."),
        ocsf_option,
    )(verbosity_options(command))


def ocsf_option(command: F) -> F:
    """Add `--ocsf-version VERSION`."""
    return click.option(
        "--ocsf-version",
        type=OcsfVersion(),
        metavar="VERSION",
        default=OCSF,
        show_default=True,
        help="Schema of the format ocsf, for older lakes.",
    )(command)


class OcsfVersion(click.ParamType[str]):
    """A version of the OCSF schema that events can be written in."""

    name = "version"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The version, one of those that are known."""
        if value == OCSF:
            return OCSF
        from scanner.report.ocsf import VERSIONS

        if value not in VERSIONS:
            self.fail(f"no OCSF version `{value}`; use one of {', '.join(VERSIONS)}", param, ctx)
        return str(value)


def gate_options(command: F, fail_on: str = "high") -> F:
    """Add `--fail-on`, `--fail-on-not-assessed` and `--allow-gaps`; the command gets `gate=Gate(...)`."""
    return _grouped(
        Gate,
        "gate",
        click.option(
            "--fail-on",
            type=Word("severity", (*SEVERITIES, "none")),
            default=fail_on,
            show_default=True,
            help="Exit 1 for failures from this level up.",
        ),
        click.option("--fail-on-not-assessed", is_flag=True, help="Exit 1 for what could not be assessed, too."),
        click.option("--allow-gaps", is_flag=True, help="Do not exit 3 for reads that failed."),
    )(command)


def judging_options(command: F) -> F:
    """Add the options for rules, settings and dates; the command gets `judging=Judging(...)`."""
    return _grouped(
        Judging,
        "judging",
        rules_option,
        click.option(
            "--settings", type=FILE, help="Settings file.  [default: keyproof.toml, or tool.keyproof in pyproject.toml]"
        ),
        click.option(
            "--environment", metavar="NAME", help="Environment of the settings for accounts that none of them names."
        ),
        click.option("--waivers", type=FILE, help="Waivers file (YAML)."),
        click.option(
            "--baseline", type=FILE, help="Earlier JSON report: findings get a status, known ones do not fail."
        ),
        click.option("--framework", metavar="ID", help="Only rules with a control of this standard."),
        click.option(
            "--attestation",
            type=FILE,
            metavar="FILE",
            help="What no API tells of HSMs: listings of users and quorum, dated statements (YAML or JSON).",
        ),
        click.option(
            "--as-of", type=AsOf(), metavar="DATE", help="Judge ages and waivers as of this date.  [default: now]"
        ),
    )(command)


def rules_option(command: F) -> F:
    """Add `--rules DIR`."""
    return click.option(
        "--rules", type=FILE, multiple=True, metavar="DIR", help="Directory with rules of your own; repeatable."
    )(command)


def verbosity_options(command: F) -> F:
    """Add `-q` and `-v`, which set the level of the log on stderr."""
    quiet = click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=_set_quiet, help="No progress, no warnings."
    )
    verbose = click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        callback=_set_verbose,
        help="Say more on stderr; -vv more yet.",
    )
    return quiet(verbose(command))


class AsOf(click.ParamType[datetime]):
    """A date (its first moment in UTC) or an RFC 3339 time."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """An aware time in UTC."""
        try:
            if len(value) == len("2026-01-31"):
                day = date.fromisoformat(value)
                return datetime(day.year, day.month, day.day, tzinfo=UTC)
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is no date; write 2026-01-31 or 2026-01-31T12:00:00Z", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"`{value}` has no time zone; write {value}Z for UTC", param, ctx)
        return moment.astimezone(UTC)


def quiet() -> bool:
    """Whether `-q` was given."""
    return logging.getLogger("scanner").level > logging.WARNING


def _set_quiet(_: click.Context, __: click.Parameter, value: bool) -> None:
    if value:
        logging.getLogger("scanner").setLevel(logging.ERROR)


def _set_verbose(_: click.Context, __: click.Parameter, value: int) -> None:
    if value:
        logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("scanner").setLevel(logging.INFO if value == 1 else logging.DEBUG)


def _grouped(kind: type[Any], parameter: str, *decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    """Gather the values of the options of `decorators` into one `kind`, passed as the keyword `parameter`."""

    def decorate(command: F) -> F:
        @wraps(command)
        def with_group(*args: Any, **values: Any) -> Any:
            own = {name: values.pop(name) for name in kind._fields}
            return command(*args, **values, **{parameter: kind(**own)})

        decorated: Any = with_group
        for decorator in reversed(decorators):
            decorated = decorator(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate

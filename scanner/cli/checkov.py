"""checkov beside a plan: run in the background, or its report read; what fails is said, nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from scanner.cli.failures import say
from scanner.errors import KeyproofError
from scanner.model.finding import Finding, Notice
from scanner.model.records import PlanChange

if TYPE_CHECKING:  # most plans are judged without it
    from scanner.collect.checkov import CheckovReport, CheckovRun

Merge: TypeAlias = Callable[[Sequence[Finding], Sequence[PlanChange]], tuple[list[Finding], tuple[Notice, ...]]]
"""Findings with what checkov says of the same, and what a reader must know of it."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where programs are kept (XDG base directory specification)."""
    stated = environment.get("XDG_CACHE_HOME")
    return (Path(stated) if stated else Path.home() / ".cache") / "keyproof"


class CheckovSource(Struct, frozen=True):
    """Where what checkov says comes from: a run, a report, or nowhere."""

    run: bool = False
    report: Path | None = None
    seconds: float | None = None
    """How long a run may take beyond our own work; None is the usual time."""

    @contextmanager
    def begun(self, plan: str, resources: int) -> Iterator[Merge]:
        """Begin a run where one is asked for; it is stopped if nobody has waited for it."""
        if self.report is not None:
            report = self.report
            yield lambda findings, changes: _merged(findings, _read(report), changes)
        elif self.run:
            running = _started(plan, resources)
            try:
                yield lambda findings, changes: _merged(findings, running.finish(self.seconds), changes)
            finally:
                running.stop()
        else:
            yield lambda findings, _: (list(findings), ())


def _merged(
    findings: Sequence[Finding], report: CheckovReport, changes: Sequence[PlanChange]
) -> tuple[list[Finding], tuple[Notice, ...]]:
    from scanner.collect.checkov_merge import merge_checkov

    if report.problem is not None:
        say(report.problem)  # several formats have no room for notices
    return merge_checkov(findings, report, changes)


def _started(plan: str, resources: int) -> CheckovRun:
    from scanner.collect.checkov import CheckovRun, find_checkov, start_checkov

    try:
        program = find_checkov(os.environ, cache_folder(os.environ))
    except KeyproofError as problem:
        return CheckovRun(f"checkov was not run: {problem}")
    return start_checkov(program, plan, resources)


def _read(path: Path) -> CheckovReport:
    from scanner.collect.checkov import CheckovReport, read_checkov_report

    try:
        return read_checkov_report(path.read_bytes(), str(path))
    except OSError as problem:
        reason = f"{path}: {(problem.strerror or str(problem)).lower()}"
    except KeyproofError as problem:
        reason = str(problem)
    return CheckovReport(problem=f"the report of checkov was not read: {reason}")

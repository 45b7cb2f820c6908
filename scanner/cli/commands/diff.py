"""`keyproof diff`: what changed between two snapshots or two reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from scanner.cli.options import FILE, Gate, Judging, Rendering, gate_options, judging_options, rendering_options
from scanner.errors import SourceError, UsageError

if TYPE_CHECKING:
    from scanner.cli.pipeline import Verdict
    from scanner.model.finding import Report


@click.command("diff")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@judging_options
@gate_options
@rendering_options
def command(old: Path, new: Path, judging: Judging, gate: Gate, rendering: Rendering) -> int:
    """Say what changed between two snapshots or two reports.

    The report on NEW, in which each finding is new, unchanged, fixed or regressed. Of two snapshots, both judged by
    the same rules as of the same date, it also tells what changed in keys, policies, grants, access and custody.
    Findings that were there before do not fail the command.
    """
    from scanner.cli.pipeline import deliver

    if judging.baseline is not None:
        raise UsageError("`diff` takes OLD as its baseline; leave `--baseline` out")
    snapshots = [_is_snapshot(path) for path in (old, new)]
    if all(snapshots):
        return deliver(_of_snapshots(old, new, judging, rendering), rendering, gate)
    if any(snapshots):
        raise UsageError(f"{old} and {new}: one is a snapshot and one is not; compare two of a kind")
    return deliver(_of_reports(old, new), rendering, gate)


def _is_snapshot(path: Path) -> bool:
    """A snapshot is a SQLite file; everything else is read as a report."""
    from scanner.store.database import MAGIC

    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise SourceError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def _of_snapshots(old: Path, new: Path, judging: Judging, rendering: Rendering) -> Verdict:
    from scanner.cli.pipeline import prepare
    from scanner.graph.build import build
    from scanner.graph.compare import changes_between
    from scanner.store.reading import read_snapshot

    judge = prepare(judging, rendering)
    before, after = (build(read_snapshot(path), judge.settings) for path in (old, new))
    baseline = replace(judge, with_pages=False).judge_graph(before).report
    verdict = replace(judge, baseline=baseline).judge_graph(after)
    return replace(verdict, report=replace(verdict.report, changes=changes_between(before, after)))


def _of_reports(old: Path, new: Path) -> Verdict:
    from scanner.cli.pipeline import Verdict
    from scanner.cli.rendering import load_report

    return Verdict(compared(load_report(old), load_report(new)), ())


def compared(old: Report, new: Report) -> Report:
    """The report `new` with the status of each finding against `old`."""
    from scanner.model.finding import sort_key
    from scanner.model.reach import reach_of
    from scanner.rules.baseline import compare

    findings = compare([one for one in new.findings if one.status != "fixed"], old, reach_of(new))
    return replace(new, findings=tuple(sorted(findings, key=sort_key)))

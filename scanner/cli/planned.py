"""From a Terraform plan to a verdict: both sides of the change, waivers and lines of its source, what checkov says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from scanner import __version__
from scanner.cli.checkov import CheckovSource
from scanner.cli.pipeline import Judge, Verdict
from scanner.collect.terraform import (
    Plan,
    PlanOptions,
    addresses_of,
    declared_at,
    load_plan,
    options_over,
    overlay,
    source_of,
)
from scanner.graph.build import build
from scanner.graph.keygraph import KeyGraph
from scanner.model.finding import Finding, Notice, Report
from scanner.model.snapshot import Snapshot, snapshot_of
from scanner.rules.code_waivers import code_waivers
from scanner.rules.waivers import Waiver
from scanner.store.lines import in_canonical_order


class PlannedEstate(Struct, frozen=True):
    """A plan with the estate before apply and after it."""

    plan: Plan
    before: Snapshot
    after: Snapshot


def judge_plan(judge: Judge, path: Path, live: Path | None, source: Path | None, checkov: CheckovSource) -> Verdict:
    """The verdict on the estate after apply; with `live`, on what the plan changes in it.

    Raises SourceError for a plan or snapshot that cannot be read, SettingsError for a waiver in the source.
    """
    estate = read_estate(judge, path, live, source)
    with checkov.begun(str(path), len(estate.plan.instances)) as merged:
        judge = replace(judge, waivers=(*judge.waivers, *_code_waivers(judge, estate.plan)))
        before = build(estate.before, judge.settings)
        after = build(estate.after, judge.settings, before)
        if live is not None:
            judge = replace(judge, baseline=_baseline(judge, before, estate))

        def annotate(findings: list[Finding]) -> tuple[list[Finding], Sequence[Notice]]:
            told, notices = merged(_placed(findings, estate.plan), estate.plan.changes)
            return told, (*(Notice("plan", note) for note in estate.plan.notes), *notices)

        verdict = judge.judge_graph(after, annotate)
    if live is None:
        return verdict
    from scanner.graph.compare import changes_between

    return replace(verdict, report=replace(verdict.report, changes=changes_between(before, after)))


def read_estate(judge: Judge, path: Path, live: Path | None, source: Path | None) -> PlannedEstate:
    """Both sides of a plan; the one that is judged in the order that a snapshot file would have."""
    options = PlanOptions(str(path), source=source, tool=f"keyproof {__version__}")
    if live is None:
        plan = load_plan(options, judge.as_of)
        own = source_of(plan, options, judge.as_of)
        return PlannedEstate(plan, snapshot_of(own, plan.items_before()), in_canonical_order(own, plan.items()))
    from scanner.store.reading import read_snapshot

    there = read_snapshot(live)
    options = options_over(options, there)
    plan = load_plan(options, judge.as_of)
    before, after = overlay(there, plan, options)
    return PlannedEstate(plan, before, in_canonical_order(after.source, after.items()))


def _code_waivers(judge: Judge, plan: Plan) -> tuple[Waiver, ...]:
    return code_waivers(plan.waivers, judge.rules, judge.as_of, judge.settings.rules.disabled)


def _baseline(judge: Judge, before: KeyGraph, estate: PlannedEstate) -> Report:
    """What is wrong before apply, as a report on the same source: all of both sides was judged."""
    bare = replace(judge, waivers=(), baseline=None, every_outcome=False, with_pages=False)
    return replace(bare.judge_graph(before).report, source=estate.after.source)


def _placed(findings: list[Finding], plan: Plan) -> list[Finding]:
    """The findings with the address of their subject, and its file and line where the source is known."""
    addresses, places = addresses_of(plan.changes), declared_at(plan.changes)
    return [
        replace(finding, address=addresses.get(finding.subject), location=_here(places.get(finding.subject)))
        for finding in findings
    ]


def _here(place: tuple[str, int] | None) -> tuple[str, int] | None:
    """Relative to the working directory, as code hosts want it, where the file is below it."""
    if place is None:
        return None
    path, here = Path(place[0]), Path.cwd()
    return (path.relative_to(here).as_posix() if path.is_relative_to(here) else place[0], place[1])

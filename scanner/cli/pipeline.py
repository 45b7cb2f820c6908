"""The way from a snapshot to a report, the same for every command that judges."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from scanner import __version__
from scanner.cli.failures import WRONG_INPUT, say
from scanner.cli.options import Gate, Judging, Rendering
from scanner.cli.output import destinations
from scanner.cli.rendering import exit_code, load_report, render
from scanner.cli.ruleset import all_rules, rule_directories
from scanner.cli.settings import load_settings
from scanner.cli.words import unknown_word
from scanner.errors import UsageError
from scanner.graph.build import build
from scanner.graph.keygraph import KeyGraph
from scanner.graph.pages import key_pages
from scanner.model.finding import Finding, Notice, Report
from scanner.model.framework import Framework
from scanner.model.settings import Settings
from scanner.model.snapshot import Snapshot
from scanner.report import FORMATS
from scanner.rules.evaluate import evaluate
from scanner.rules.frameworks import load_frameworks
from scanner.rules.notices import attestation_notices, settings_notices
from scanner.rules.rule import Rule
from scanner.rules.settle import settle
from scanner.rules.waivers import Waiver

log = logging.getLogger("scanner.cli")


Annotate: TypeAlias = Callable[[list[Finding]], tuple[list[Finding], Sequence[Notice]]]
"""Findings with what else is known of them, and what a reader must know."""


class Verdict(Struct, frozen=True):
    """A report, and the rules that broke while it was made."""

    report: Report
    broken: tuple[str, ...]


class Judge(Struct, frozen=True):
    """Everything that is needed to judge a snapshot, read and checked before a scan begins."""

    rules: tuple[Rule, ...]
    settings: Settings
    waivers: tuple[Waiver, ...]
    baseline: Report | None
    frameworks: tuple[Framework, ...]
    framework: str | None
    notices: tuple[Notice, ...]
    """What is to be said about the settings."""
    as_of: datetime
    every_outcome: bool
    with_pages: bool

    def judge_file(self, path: Path) -> Verdict:
        """The verdict on the snapshot file `path`."""
        from scanner.store.reading import read_snapshot

        return self.judge(read_snapshot(path))

    def judge(self, snapshot: Snapshot) -> Verdict:
        """The verdict on `snapshot`."""
        return self.judge_graph(build(snapshot, self.settings))

    def judge_graph(self, graph: KeyGraph, annotate: Annotate | None = None) -> Verdict:
        """The same on a graph that is there already; `annotate` adds what others know of the findings."""
        snapshot = graph.snapshot
        evaluation = evaluate(
            self.rules, graph.subjects, graph.unlisted, self.as_of, every=self.every_outcome, progress=log.info
        )
        names = (name for cluster in graph.clusters.values() for name in (cluster.id, cluster.arn))
        notices: Sequence[Notice] = tuple(attestation_notices(self.settings.attestation, names))
        if annotate is not None:
            evaluation.findings, added = annotate(evaluation.findings)
            notices = (*notices, *added)
        report = settle(
            evaluation,
            self.rules,
            source=snapshot.source,
            digest=snapshot.digest,
            gaps=snapshot.gaps,
            complete=snapshot.complete,
            as_of=self.as_of,
            tool_version=__version__,
            waivers=self.waivers,
            baseline=self.baseline,
            framework=self.framework,
            frameworks=self.frameworks,
            notices=(*self.notices, *notices),
        )
        if self.with_pages:
            report = replace(report, key_pages=key_pages(graph))
        return Verdict(report, tuple(sorted(evaluation.faulty)))


def prepare(judging: Judging, rendering: Rendering) -> Judge:
    """Read rules and settings; whatever is wrong with them is said before anything is scanned."""
    return prepare_with(load_settings(judging.settings, Path.cwd()), judging, rendering)


def prepare_with(settings: Settings, judging: Judging, rendering: Rendering) -> Judge:
    """The same with settings from elsewhere."""
    frameworks = load_frameworks(rule_directories(judging.rules))
    if judging.framework is not None and judging.framework not in frameworks:
        raise UsageError(unknown_word("framework", judging.framework, frameworks))
    if judging.environment is not None:
        if judging.environment not in settings.environments:
            raise UsageError(unknown_word("environment", judging.environment, settings.environments))
        settings = settings.within(judging.environment)
    rules = all_rules(judging.rules, settings, frameworks)
    as_of = judging.as_of or datetime.now(UTC).replace(microsecond=0)
    said = tuple(settings_notices(settings, as_of))
    settings = settings.in_force(as_of)
    if judging.attestation is not None:
        from scanner.rules.attestations import load_attestation

        settings = replace(settings, attestation=load_attestation(judging.attestation, as_of))
    formats = {destination.format for destination in destinations(rendering.formats)}
    return Judge(
        rules=rules,
        settings=settings,
        waivers=_waivers(judging.waivers, rules, as_of, settings),
        baseline=load_report(judging.baseline) if judging.baseline else None,
        frameworks=tuple(frameworks.values()),
        framework=judging.framework,
        notices=said,
        as_of=as_of,
        every_outcome=rendering.all or any(FORMATS[name].every_outcome for name in formats),
        with_pages="html" in formats or ("json" in formats and rendering.all),
    )


def _waivers(path: Path | None, rules: Sequence[Rule], as_of: datetime, settings: Settings) -> tuple[Waiver, ...]:
    if path is None:
        return ()
    from scanner.rules.waiver_file import load_waivers

    return load_waivers(path, rules, as_of, settings.rules.disabled)


def deliver(verdict: Verdict, rendering: Rendering, gate: Gate) -> int:
    """Write the report and return the exit code; a rule that broke makes it 2, whatever the others found."""
    render(verdict.report, rendering)
    for rule in verdict.broken:
        say(f"rule `{rule}` broke while it ran; its findings are NOT_ASSESSED with the reason `rule-error`")
    return WRONG_INPUT if verdict.broken else exit_code(verdict.report, gate)

"""The way from a snapshot to a report, the same for every command that judges."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scanner import __version__
from scanner.cli.failures import WRONG_INPUT, say
from scanner.cli.options import Gate, Judging, Rendering
from scanner.cli.output import destinations
from scanner.cli.rendering import exit_code, render
from scanner.cli.ruleset import all_rules, rule_directories
from scanner.cli.settings import load_settings
from scanner.cli.words import unknown_word
from scanner.errors import UsageError
from scanner.graph.build import build
from scanner.graph.keygraph import KeyGraph
from scanner.graph.pages import key_pages
from scanner.model.finding import Report, sort_key
from scanner.model.framework import Framework
from scanner.model.settings import Settings
from scanner.model.snapshot import Snapshot
from scanner.report import FORMATS
from scanner.rules.build import Rule
from scanner.rules.evaluate import Evaluation, evaluate
from scanner.rules.frameworks import load_frameworks
from scanner.store import read_snapshot

log = logging.getLogger("scanner.cli")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A report, and the rules that broke while it was made."""

    report: Report
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """Everything that is needed to judge a snapshot, read and checked before a scan begins."""

    rules: tuple[Rule, ...]
    settings: Settings
    frameworks: tuple[Framework, ...]
    framework: str | None
    as_of: datetime
    every_outcome: bool
    with_pages: bool

    def judge_file(self, path: Path) -> Verdict:
        """The verdict on the snapshot file `path`."""
        return self.judge(read_snapshot(path))

    def judge(self, snapshot: Snapshot) -> Verdict:
        """The verdict on `snapshot`."""
        graph = build(snapshot, self.settings)
        evaluation = evaluate(
            self.rules, graph.subjects, graph.unlisted, self.as_of, every=self.every_outcome, progress=log.info
        )
        return Verdict(self._report(snapshot, graph, evaluation), tuple(sorted(evaluation.faulty)))

    def _report(self, snapshot: Snapshot, graph: KeyGraph, evaluation: Evaluation) -> Report:
        return Report(
            source=snapshot.source,
            digest=snapshot.digest,
            as_of=self.as_of,
            findings=tuple(sorted(evaluation.findings, key=sort_key)),
            rules=tuple(rule.info for rule in self.rules),
            gaps=tuple(snapshot.gaps),
            complete=snapshot.complete,
            tool_version=__version__,
            subjects=evaluation.subjects,
            framework=self.framework,
            counts=evaluation.counts,
            frameworks=self.frameworks,
            key_pages=key_pages(graph) if self.with_pages else (),
        )


def prepare(judging: Judging, rendering: Rendering) -> Judge:
    """Read rules and settings; whatever is wrong with them is said before anything is scanned."""
    return prepare_with(load_settings(judging.settings, Path.cwd()), judging, rendering)


def prepare_with(settings: Settings, judging: Judging, rendering: Rendering) -> Judge:
    """The same with settings from elsewhere."""
    frameworks = load_frameworks(rule_directories(judging.rules))
    formats = {destination.format for destination in destinations(rendering.formats)}
    return Judge(
        rules=_serving(judging.framework, all_rules(judging.rules, settings), frameworks),
        settings=settings,
        frameworks=tuple(frameworks.values()),
        framework=judging.framework,
        as_of=judging.as_of or datetime.now(UTC).replace(microsecond=0),
        every_outcome=rendering.all or any(FORMATS[name].every_outcome for name in formats),
        with_pages="html" in formats or ("json" in formats and rendering.all),
    )


def _serving(framework: str | None, rules: tuple[Rule, ...], known: dict[str, Framework]) -> tuple[Rule, ...]:
    """The rules with a control of `framework`, all of them without one."""
    if framework is None:
        return rules
    if framework not in known:
        raise UsageError(unknown_word("framework", framework, known))
    return tuple(rule for rule in rules if any(control.framework == framework for control in rule.info.controls))


def deliver(verdict: Verdict, rendering: Rendering, gate: Gate) -> int:
    """Write the report and return the exit code; a rule that broke makes it 2, whatever the others found."""
    render(verdict.report, rendering)
    for rule in verdict.broken:
        say(f"rule `{rule}` broke while it ran; its findings are NOT_ASSESSED with the reason `rule-error`")
    return WRONG_INPUT if verdict.broken else exit_code(verdict.report, gate)

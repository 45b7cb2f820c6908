"""Prometheus text exposition for the textfile collector: gauges only, no label per resource."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scanner.model.finding import Report
from scanner.model.rule import Outcome
from scanner.report.clean import clean
from scanner.report.options import RenderOptions
from scanner.report.requirements import frameworks_of, verdicts
from scanner.report.summary import WORST_FIRST, Summary, observed, summarize

Sample = tuple[dict[str, str], float]


def render(report: Report, _options: RenderOptions) -> str:
    """One family for each question; counts cover everything that was judged, whatever the options list."""
    summary = summarize(report)
    families = (*_verdicts(summary), *_requirements(report), *_run(report))
    return "".join(_family(name, help_text, samples) for name, help_text, samples in families)


def _verdicts(summary: Summary) -> Iterator[tuple[str, str, list[Sample]]]:
    outcomes = [({"outcome": outcome.value}, float(summary.outcomes[outcome])) for outcome in Outcome]
    yield "keyproof_verdicts", "Verdicts (a rule on a subject) by outcome.", outcomes
    failed = [({"severity": severity.label}, float(summary.failed[severity])) for severity in WORST_FIRST]
    yield "keyproof_failures", "Failures that are not waived, by severity.", failed
    yield "keyproof_waived", "Failures that a waiver covers.", [({}, float(summary.waived))]
    rules = [({"rule": rule}, float(counts.get("FAIL", 0))) for rule, counts in summary.rules.items()]
    yield "keyproof_rule_failures", "Failures by rule, waived ones included.", rules


def _requirements(report: Report) -> Iterator[tuple[str, str, list[Sample]]]:
    samples: list[Sample] = []
    for framework in frameworks_of(report):
        words = Counter(verdict.word for verdict in verdicts(report, framework))
        samples += [({"framework": framework.id, "verdict": word}, float(words[word])) for word in sorted(words)]
    yield "keyproof_requirements", "Requirements of a standard by the verdict of the rules that cite them.", samples


def _run(report: Report) -> Iterator[tuple[str, str, list[Sample]]]:
    source = report.source
    yield "keyproof_complete", "1 when everything was read that was asked for.", [({}, float(report.complete))]
    yield "keyproof_gaps", "Reads that failed.", [({}, float(len(report.gaps)))]
    subjects = [({"type": type}, float(number)) for type, number in sorted(report.subjects.items())]
    yield "keyproof_subjects", "Subjects that were judged, by type.", subjects
    yield "keyproof_observed_timestamp_seconds", "When the facts were read.", [({}, observed(report).timestamp())]
    if source.finished is not None:
        seconds = (source.finished - source.started).total_seconds()
        yield "keyproof_scan_duration_seconds", "How long the reading took.", [({}, seconds)]
    info = {"version": report.tool_version, "source": source.type}
    yield "keyproof_info", "The version that wrote this.", [(info, 1.0)]


def _family(name: str, help_text: str, samples: list[Sample]) -> str:
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
    lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n" if samples else ""


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return clean(text, 200).replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)

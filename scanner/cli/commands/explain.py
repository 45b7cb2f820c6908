"""`keyproof explain`: a rule, or one finding of a report, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.options import FILE, rules_option, verbosity_options
from scanner.cli.output import paragraph, terminal_width, write
from scanner.errors import UsageError

if TYPE_CHECKING:
    from scanner.model.finding import Finding
    from scanner.rules.rule import Rule

FINGERPRINT = re.compile(r"[0-9a-f]{4,32}")


@click.command("explain")
@click.argument("name", metavar="RULE|FINGERPRINT")
@click.option("--report", type=FILE, help="The JSON report that holds the finding.")
@rules_option
@verbosity_options
def command(name: str, report: Path | None, rules: tuple[Path, ...]) -> None:
    """Explain a rule, or a finding of a report.

    For a rule: what it demands and why, how to mend it, which controls it serves, what it can be told.
    For a finding, by the beginning of its fingerprint: what decided, and the rule behind it.
    """
    from scanner.cli.ruleset import all_rules, rule_called
    from scanner.report.clean import clean_lines

    known = all_rules(rules)
    if FINGERPRINT.fullmatch(name) is None or any(rule.info.id == name for rule in known):
        text = "\n".join(_about_rule(rule_called(name, known)))
    elif report is None:
        raise UsageError(f"`{name}` looks like a fingerprint; name the report that holds it with --report FILE")
    else:
        finding = _finding(name, report)
        text = "\n".join([*_about_finding(finding), "", *_about_rule(rule_called(finding.rule, known))])
    write(clean_lines(text) + "\n", None)


def _finding(fingerprint: str, path: Path) -> Finding:
    from scanner.cli.rendering import load_report

    matches = [finding for finding in load_report(path).findings if finding.fingerprint.startswith(fingerprint)]
    if len(matches) != 1:
        found = "no finding" if not matches else f"{len(matches)} findings"
        raise UsageError(f"{path}: {found} with a fingerprint that begins with `{fingerprint}`")
    return matches[0]


def _about_finding(finding: Finding) -> Iterator[str]:
    from scanner.report.phrases import evidence_lines

    yield f"{finding.outcome} {finding.severity.label}: {finding.rule}"
    yield f"  {finding.label or finding.subject}"
    yield f"  {finding.subject}"
    yield from _paragraph(finding.message)
    for reason in finding.reasons:
        yield from _paragraph(f"not known: {reason}")
    if finding.waiver is not None:
        waiver = finding.waiver
        yield from _paragraph(f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason}")
    if finding.evidence:
        yield "What decided"
        for line in evidence_lines(finding):
            yield from _paragraph(line, hanging=True)
    yield f"Fingerprint {finding.fingerprint}"


def _about_rule(rule: Rule) -> Iterator[str]:
    info = rule.info
    yield f"{info.id} ({info.severity.label}, about each {info.subject})"
    yield from _paragraph(info.title)
    yield "Why"
    yield from _paragraph(info.why)
    for name, text in info.fix.items():
        yield f"Mend with {'the AWS CLI' if name == 'cli' else 'Terraform'}"
        for line in text.splitlines():
            yield from _paragraph(line, hanging=True)
    if info.false_positives:
        yield "When it is wrong"
        yield from _paragraph(info.false_positives)
    if info.params:
        yield f"Parameters, in keyproof.toml under [rules.{info.id}.params]"
        for name, value in info.params.items():
            yield from _paragraph(f"{name} = {json.dumps(value)}", hanging=True)
    if info.controls:
        yield "Controls"
        yield from (f"  {control.strength} {control.id}" for control in info.controls)
    yield "Examples"
    for example in rule.shape.examples:
        yield from _paragraph(f"{example.expect}: {example.name}", hanging=True)
    if info.sources:
        yield "Sources"
        yield from (f"  {source}" for source in info.sources)


def _paragraph(text: str, hanging: bool = False) -> Iterator[str]:
    width = max(40, min(terminal_width(), 100))
    margin = "  " + " " * (len(text) - len(text.lstrip()))
    further = f"{margin}  " if hanging else margin
    yield paragraph(text.strip(), width, margin, further)

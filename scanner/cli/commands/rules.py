"""`keyproof rules`: list, show, lint and test rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.options import rules_option, verbosity_options
from scanner.cli.output import write
from scanner.cli.words import Group, Word

if TYPE_CHECKING:
    from scanner.model.rule import RuleInfo


@click.group("rules", cls=Group)
def command() -> None:
    """List, show, lint and test rules."""


@command.command("list")
@click.option("--format", "form", type=Word("format", ("text", "json")), default="text", show_default=True)
@rules_option
@verbosity_options
def list_rules(form: str, rules: tuple[Path, ...]) -> None:
    """List every rule with its severity, subject and title."""
    from scanner.cli.ruleset import all_rules

    infos = [rule.info for rule in all_rules(rules)]
    write(_as_json(infos) if form == "json" else _as_table(infos), None)


@command.command()
@click.argument("rule")
@rules_option
@verbosity_options
def show(rule: str, rules: tuple[Path, ...]) -> None:
    """Print a rule as it is written.

    `keyproof explain` says the same in words.
    """
    from scanner.cli.ruleset import all_rules, rule_called

    write(rule_called(rule, all_rules(rules)).source.text, None)


@command.command()
@rules_option
@verbosity_options
def lint(rules: tuple[Path, ...]) -> None:
    """Check every rule file without running it.

    Shape, names, types, controls and guards against null: every problem with file, line, column and mend.
    """
    from scanner.cli.ruleset import all_rules

    write(f"{len(all_rules(rules))} rules, no problem found\n", None)


@command.command()
@click.argument("names", metavar="[RULE]...", nargs=-1)
@rules_option
@verbosity_options
def test(names: tuple[str, ...], rules: tuple[Path, ...]) -> int:
    """Run the examples in the rule files.

    Every rule must have one for each outcome that can occur. Exit 2 when an example does not hold or one is missing.
    """
    from scanner.cli.failures import WRONG_INPUT
    from scanner.cli.ruleset import all_rules, rule_called
    from scanner.rules.examples import run_examples

    known = all_rules(rules)
    chosen = [rule_called(name, known) for name in names] or known
    results = run_examples(chosen)
    failed = [result for result in results if not result.ok]
    lines = [f"{result.file}:{result.line}: {result.name}: {result.problem}" for result in failed]
    lines.append(f"{len(chosen)} rules, {len(results)} examples, {len(failed)} wrong")
    write("\n".join(lines) + "\n", None)
    return WRONG_INPUT if failed else 0


def _as_table(infos: Sequence[RuleInfo]) -> str:
    rows = [(info.severity.label, info.subject, info.id, info.title) for info in infos]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:3]
    lines = (
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])) for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def _as_json(infos: Sequence[RuleInfo]) -> str:
    listed = [
        {
            "id": info.id,
            "title": info.title,
            "severity": info.severity.label,
            "subject": info.subject,
            "theme": info.theme,
            "controls": [{"id": control.id, "strength": control.strength} for control in info.controls],
            "aliases": list(info.aliases),
            "params": info.params,
        }
        for info in infos
    ]
    return json.dumps({"schema": 1, "rules": listed}, indent=2, ensure_ascii=False) + "\n"

"""`keyproof rules`: list, show, lint and test rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import click

from scanner.cli.options import rules_option, verbosity_options
from scanner.cli.output import terminal_width, write
from scanner.cli.words import Group, Word
from scanner.model.words import many

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
    """List every rule with its severity, subject and title.

    One line each; on a terminal that is too narrow for that, the title stands below.
    """
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

    Shape, names, types, controls, guards against null and the facts of examples: every problem with file, line,
    column and mend.
    """
    from scanner.cli.ruleset import all_rules
    from scanner.rules.examples import check_examples

    known = all_rules(rules)
    check_examples(known)
    write(f"{many(len(known), 'rule')}, no problem found\n", None)


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
    lines.append(f"{many(len(chosen), 'rule')}, {many(len(results), 'example')}, {len(failed):,} wrong")
    write("\n".join(lines) + "\n", None)
    return WRONG_INPUT if failed else 0


def _as_table(infos: Sequence[RuleInfo]) -> str:
    rows = [(info.severity.label, info.subject, info.id, info.title) for info in infos]
    severity, subject, name, title = (max(map(len, column)) for column in zip(*rows, strict=True))
    narrow = sys.stdout.isatty() and terminal_width() < severity + subject + name + title + 6
    margin = " " * (severity + 2)
    lines = []
    for row in rows:
        head = f"{row[0]:<{severity}}  {row[1]:<{subject}}  {row[2]}"
        below = fill(row[3], max(40, terminal_width()), initial_indent=margin, subsequent_indent=margin)
        lines.append(f"{head}\n{below}\n" if narrow else f"{head:<{severity + subject + name + 4}}  {row[3]}\n")
    return "".join(lines)


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

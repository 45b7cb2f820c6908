"""The rules of a command line: those that are shipped and those of `--rules`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scanner.cli.words import unknown_word
from scanner.errors import UsageError
from scanner.model.framework import Framework
from scanner.model.settings import Settings
from scanner.rules.changes import UnfitSettingsError
from scanner.rules.load import load_rules
from scanner.rules.rule import Rule
from scanner.rules.source import find_policies


def rule_directories(own: Sequence[Path]) -> list[Path]:
    """The shipped rules (or those of $KEYPROOF_POLICIES) and the user's own folders."""
    return [find_policies(os.environ.get("KEYPROOF_POLICIES")), *own]


def all_rules(
    own: Sequence[Path], settings: Settings | None = None, frameworks: Mapping[str, Framework] | None = None
) -> tuple[Rule, ...]:
    """Every rule, by id, as `settings` change it; `frameworks` where they were read before."""
    try:
        return load_rules(rule_directories(own), settings or Settings(), frameworks)
    except UnfitSettingsError as error:
        from scanner.cli.settings import at_its_line

        raise at_its_line(error, (settings or Settings()).path) from None


def rule_called(name: str, rules: Iterable[Rule]) -> Rule:
    """The rule with this id or alias; UsageError names the nearest."""
    by_name = _by_name(rules)
    if name not in by_name:
        raise UsageError(unknown_word("rule", name, by_name))
    return by_name[name]


def _by_name(rules: Iterable[Rule]) -> Mapping[str, Rule]:
    return {name: rule for rule in rules for name in (rule.info.id, *rule.info.aliases)}

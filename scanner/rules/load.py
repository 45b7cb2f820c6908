"""The rules of some folders: checked file by file and against each other, and changed by settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from scanner.errors import Problem, RuleError
from scanner.model.framework import Framework
from scanner.model.rule import Variant
from scanner.model.settings import Settings
from scanner.rules.changes import Changes, changes_of
from scanner.rules.checked import Checked, checked_files
from scanner.rules.frameworks import load_frameworks
from scanner.rules.lang.faults import suggest
from scanner.rules.rule import Rule


def load_rules(
    directories: Sequence[Path], settings: Settings, frameworks: Mapping[str, Framework] | None = None
) -> tuple[Rule, ...]:
    """The rules of all folders that settings do not disable, by id.

    `frameworks` are the catalogues of these folders, where the caller has read them. Raises RuleError with every
    problem of every file, and SettingsError when settings name what does not exist.
    """
    files, problems = checked_files(directories)
    problems = [
        *_clashes(files),
        *_unknown_controls(files, load_frameworks(directories) if frameworks is None else frameworks),
        *problems,
    ]
    if problems:
        raise RuleError(problems)
    rules = _changed([file.rule for file in files if file.rule is not None], settings)
    return tuple(sorted((rule for rule in rules if rule.runs), key=lambda rule: rule.info.id))


def _changed(rules: Sequence[Rule], settings: Settings) -> list[Rule]:
    """The rules as settings have them, in general and in their environments."""
    general = changes_of(rules, settings.rules, settings.path)
    places = {
        name: changes_of(rules, one.rules, settings.path, ("environments", name, "rules"))
        for name, one in settings.environments.items()
    }
    problems: list[Problem] = []
    changed: list[Rule] = []
    for rule in rules:
        id = rule.info.id
        usual = general.get(id, Changes())
        there = {name: changes.get(id, Changes()) for name, changes in places.items()}
        everywhere = _rebuilt(rule, usual, f"rules.{id}", problems)
        differing = {
            name: _rebuilt(rule, one, f"environments.{name}.rules.{id}", problems)
            for name, one in there.items()
            if one != usual
        }
        changed.append(_varied(everywhere, differing, settings))
    if problems:
        raise RuleError(problems)
    return changed


def _rebuilt(rule: Rule, changes: Changes, where: str, problems: list[Problem]) -> Rule:
    """The rule with changes, which stand at `where` in the settings; what they make of it may be wrong: a pattern."""
    if changes == Changes():
        return rule
    from scanner.rules.build import build

    built = build(rule.source, rule.path, rule.shape, changes)
    if isinstance(built, Rule):
        return built
    problems += (one._replace(help=f"the settings have it so: `{where}`") for one in built)
    return rule


def _varied(rule: Rule, differing: Mapping[str, Rule], settings: Settings) -> Rule:
    """The rule with what it is in the environments that change it."""
    variants = tuple(
        Variant(name, settings.environments[name].accounts, one.info.severity, one.info.params, one.info.off)
        for name, one in differing.items()
    )
    return replace(rule, info=replace(rule.info, variants=variants), elsewhere=differing) if variants else rule


def _clashes(files: Sequence[Checked]) -> list[Problem]:
    """Ids and aliases that two rules claim."""
    owners: dict[str, str] = {}
    problems: list[Problem] = []
    for file in files:
        for place, name in enumerate(file.names):
            where: tuple[str | int, ...] = ("rule",) if place == 0 else ("aliases", place - 1)
            if name in owners:
                problems.append(file.problem_at(where, f"`{name}` is already the id or an alias in {owners[name]}"))
            owners.setdefault(name, str(file.path))
    return problems


def _unknown_controls(files: Sequence[Checked], frameworks: Mapping[str, Framework]) -> list[Problem]:
    problems: list[Problem] = []
    requirements = {id: {one.id for one in framework.requirements} for id, framework in frameworks.items()}
    for file in files if frameworks else ():
        for place, control in enumerate(file.controls):
            framework, requirement = control.split("/", 1)
            if framework not in requirements:
                message, help = f"unknown framework `{framework}`", suggest(framework, requirements)
            elif requirement not in requirements[framework]:
                help = suggest(requirement, requirements[framework])
                message = f"{framework} has no control `{requirement}`"
            else:
                continue
            problems.append(file.problem_at(("controls", place, "id"), message, help))
    return problems

"""Rule files to rules: read, checked against the schema and the facts of the graph, and changed by settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scanner.errors import Problem, RuleError, SettingsError, UsageError
from scanner.model.framework import Framework
from scanner.model.settings import Settings
from scanner.rules.build import Changes, Rule, build
from scanner.rules.frameworks import load_frameworks
from scanner.rules.lang.faults import suggest
from scanner.rules.params import accepted, declared_type
from scanner.rules.rulefile import RuleFile, read_shape
from scanner.rules.source import find_policies, rule_files
from scanner.rules.yamlfile import YamlFile, YamlProblem, read_yaml

Draft = tuple[Path, YamlFile, RuleFile]


def load_rules(directories: Sequence[Path], settings: Settings) -> tuple[Rule, ...]:
    """The rules of all folders that settings do not disable, by id.

    Raises RuleError with every problem of every file, and SettingsError when settings name what does not exist.
    """
    problems: list[Problem] = []
    drafts = list(_drafts(directories, problems))
    problems += _clashes(drafts)
    problems += _unknown_controls(drafts, load_frameworks(directories))
    changes = _changes(drafts, Settings() if problems else settings)
    built = [build(file, path, shape, changes[shape.rule]) for path, file, shape in drafts]
    problems += [problem for result in built if not isinstance(result, Rule) for problem in result]
    if problems:
        raise RuleError(problems)
    off = _resolved(settings.disabled, drafts, "disabled", settings)
    rules = (result for result in built if isinstance(result, Rule) and result.info.id not in off)
    return tuple(sorted(rules, key=lambda rule: rule.info.id))


def _drafts(directories: Sequence[Path], problems: list[Problem]) -> Iterable[Draft]:
    schema: Path | None = None
    found = False
    for path in rule_files(directories):
        found = True
        try:
            file = read_yaml(path)
        except YamlProblem as error:
            problems.append(error.problem)
            continue
        schema = schema or _schema(directories)
        shape = read_shape(file, schema)
        if isinstance(shape, RuleFile):
            yield path, file, shape
        else:
            problems.extend(shape)
    if not found:
        raise UsageError(f"no rule files in {', '.join(f'`{directory}`' for directory in directories)}")


def _schema(directories: Sequence[Path]) -> Path:
    """The schema that comes with the rules, or the one that is shipped."""
    own = (directory / "schema.json" for directory in directories)
    return next((path for path in own if path.is_file()), None) or find_policies() / "schema.json"


def _clashes(drafts: Sequence[Draft]) -> list[Problem]:
    """Ids and aliases that two rules claim."""
    owners: dict[str, str] = {}
    problems: list[Problem] = []
    for path, file, shape in drafts:
        for place, name in enumerate((shape.rule, *shape.aliases)):
            where: tuple[str | int, ...] = ("rule",) if place == 0 else ("aliases", place - 1)
            if name in owners:
                problems.append(file.problem_at(where, f"`{name}` is already the id or an alias in {owners[name]}"))
            owners.setdefault(name, str(path))
    return problems


def _unknown_controls(drafts: Sequence[Draft], frameworks: Mapping[str, Framework]) -> list[Problem]:
    problems: list[Problem] = []
    requirements = {id: {one.id for one in framework.requirements} for id, framework in frameworks.items()}
    for _, file, shape in drafts if frameworks else ():
        for place, control in enumerate(shape.controls):
            framework, requirement = control.id.split("/", 1)
            if framework not in requirements:
                message, help = f"unknown framework `{framework}`", suggest(framework, requirements)
            elif requirement not in requirements[framework]:
                help = suggest(requirement, requirements[framework])
                message = f"{framework} has no control `{requirement}`"
            else:
                continue
            problems.append(file.problem_at(("controls", place, "id"), message, help))
    return problems


def _changes(drafts: Sequence[Draft], settings: Settings) -> dict[str, Changes]:
    """What settings change, by rule id; SettingsError for an unknown rule or parameter, or a wrong type."""
    params = _resolved(settings.params, drafts, "params", settings)
    severities = _resolved(settings.severities, drafts, "severities", settings)
    return {
        shape.rule: Changes(_values(shape, params.get(shape.rule, {}), settings), severities.get(shape.rule))
        for _, _, shape in drafts
    }


def _resolved(table: Mapping[str, Any], drafts: Sequence[Draft], name: str, settings: Settings) -> dict[str, Any]:
    """`table` with aliases replaced by the ids of their rules."""
    ids = {name: shape.rule for _, _, shape in drafts for name in (shape.rule, *shape.aliases)}
    for key in table:
        if key not in ids:
            raise _settings_error(settings, f"`{name}` names the rule `{key}`, which does not exist", suggest(key, ids))
    return {ids[key]: value for key, value in table.items()}


def _values(shape: RuleFile, given: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in shape.params:
            help = suggest(name, shape.params)
            raise _settings_error(settings, f"rule `{shape.rule}` has no parameter `{name}`", help)
        try:
            values[name] = accepted(value, declared_type(shape.params[name].type))
        except ValueError as error:
            raise _settings_error(settings, f"parameter `{name}` of rule `{shape.rule}`: {error}", "") from None
    return values


def _settings_error(settings: Settings, message: str, help: str) -> SettingsError:
    return SettingsError(f"{settings.path or 'settings'}: {message}" + (f" ({help})" if help else ""))

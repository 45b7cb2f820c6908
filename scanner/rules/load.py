"""Rule files to rules: read, checked against the schema and the facts of the graph, and changed by settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from scanner.errors import Problem, RuleError, SettingsError
from scanner.model.framework import Framework
from scanner.model.rule import Variant
from scanner.model.settings import RuleSettings, Settings
from scanner.rules.build import Changes, Rule, build
from scanner.rules.frameworks import load_frameworks
from scanner.rules.lang.faults import suggest
from scanner.rules.params import accepted, declared_type
from scanner.rules.rulefile import RuleFile, read_shape
from scanner.rules.source import find_policies, rule_files
from scanner.rules.yamlfile import YamlFile, YamlProblem, read_yaml

Draft = tuple[YamlFile, Path, RuleFile]


def load_rules(
    directories: Sequence[Path], settings: Settings, frameworks: Mapping[str, Framework] | None = None
) -> tuple[Rule, ...]:
    """The rules of all folders that settings do not disable, by id.

    `frameworks` are the catalogues of these folders, where the caller has read them. Raises RuleError with every
    problem of every file, and SettingsError when settings name what does not exist.
    """
    problems: list[Problem] = []
    drafts = list(_drafts(directories, problems))
    problems += _clashes(drafts)
    problems += _unknown_controls(drafts, load_frameworks(directories) if frameworks is None else frameworks)
    settings = Settings() if problems else settings
    general = _changes(drafts, settings.rules, settings.path)
    places = {
        name: _changes(drafts, one.rules, settings.path, ("environments", name, "rules"))
        for name, one in settings.environments.items()
    }
    rules: list[Rule] = []
    for draft in drafts:
        id = draft[2].rule
        rule = build(*draft, general[id])
        if isinstance(rule, Rule):
            differing = {name: changes[id] for name, changes in places.items() if changes[id] != general[id]}
            rules.append(_varied(rule, draft, differing, settings))
        else:
            problems += rule
    if problems:
        raise RuleError(problems)
    return tuple(sorted((rule for rule in rules if rule.runs), key=lambda rule: rule.info.id))


def _varied(rule: Rule, draft: Draft, differing: Mapping[str, Changes], settings: Settings) -> Rule:
    """The rule with what it is in the environments that change it."""
    there = {name: build(*draft, changes) for name, changes in differing.items()}
    varied = {name: one for name, one in there.items() if isinstance(one, Rule)}
    variants = tuple(
        Variant(name, settings.environments[name].accounts, one.info.severity, one.info.params, one.info.off)
        for name, one in varied.items()
    )
    return replace(rule, info=replace(rule.info, variants=variants), elsewhere=varied)


def _drafts(directories: Sequence[Path], problems: list[Problem]) -> Iterable[Draft]:
    schema: Path | None = None
    for path in rule_files(directories):
        try:
            file = read_yaml(path)
        except YamlProblem as error:
            problems.append(error.problem)
            continue
        schema = schema or _schema(directories)
        shape = read_shape(file, schema)
        if isinstance(shape, RuleFile):
            yield file, path, shape
        else:
            problems.extend(shape)


def _schema(directories: Sequence[Path]) -> Path:
    """The schema that comes with the rules, or the one that is shipped."""
    own = (directory / "schema.json" for directory in directories)
    return next((path for path in own if path.is_file()), None) or find_policies() / "schema.json"


def _clashes(drafts: Sequence[Draft]) -> list[Problem]:
    """Ids and aliases that two rules claim."""
    owners: dict[str, str] = {}
    problems: list[Problem] = []
    for file, path, shape in drafts:
        for place, name in enumerate((shape.rule, *shape.aliases)):
            where: tuple[str | int, ...] = ("rule",) if place == 0 else ("aliases", place - 1)
            if name in owners:
                problems.append(file.problem_at(where, f"`{name}` is already the id or an alias in {owners[name]}"))
            owners.setdefault(name, str(path))
    return problems


def _unknown_controls(drafts: Sequence[Draft], frameworks: Mapping[str, Framework]) -> list[Problem]:
    problems: list[Problem] = []
    requirements = {id: {one.id for one in framework.requirements} for id, framework in frameworks.items()}
    for file, _, shape in drafts if frameworks else ():
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


class UnfitSettingsError(SettingsError):
    """Settings name a rule or parameter that there is not, or a value that does not fit.

    `where` is the path of that within the settings; whoever has their text finds the line by it.
    """

    def __init__(self, file: str | None, where: tuple[str, ...], message: str, mend: str) -> None:
        self.where, self.message, self.mend = where, message, mend
        super().__init__(str(Problem(file or "settings", 0, 0, message, help=mend)))


def _changes(
    drafts: Sequence[Draft], settings: RuleSettings, file: str | None, where: tuple[str, ...] = ("rules",)
) -> dict[str, Changes]:
    """What settings change, by rule id; UnfitSettingsError for an unknown rule or parameter, or a wrong type."""
    ids = {name: shape.rule for _, _, shape in drafts for name in (shape.rule, *shape.aliases)}
    for name in (*settings.params, *settings.severities, *settings.disabled):
        if name not in ids:
            raise UnfitSettingsError(file, (*where, name), f"there is no rule `{name}`", suggest(name, ids))
    shapes = {name: shape for _, _, shape in drafts for name in (shape.rule, *shape.aliases)}
    values: dict[str, dict[str, Any]] = {}
    for name, given in settings.params.items():
        try:
            values[ids[name]] = {param: _value(shapes[name], param, value) for param, value in given.items()}
        except ValueError as error:
            message, mend = error.args
            raise UnfitSettingsError(file, (*where, name, "params"), message, mend) from None
    severities = {ids[name]: value for name, value in settings.severities.items()}
    off = {ids[name]: value for name, value in settings.disabled.items()}
    return {id: Changes(values.get(id, {}), severities.get(id), off.get(id)) for id in ids.values()}


def _value(shape: RuleFile, name: str, value: Any) -> Any:
    """The value of a parameter as the rule sees it; ValueError of what is wrong and the mend."""
    if name not in shape.params:
        raise ValueError(f"rule `{shape.rule}` has no parameter `{name}`", suggest(name, shape.params))
    param = shape.params[name]
    try:
        taken = accepted(value, declared_type(param.type))
    except ValueError as error:
        raise ValueError(f"parameter `{name}` of rule `{shape.rule}`: {error}", "") from None
    if isinstance(taken, (int, float)) and isinstance(param.default, (int, float)) and taken < 0 <= param.default:
        raise ValueError(f"parameter `{name}` of rule `{shape.rule}`: `{value}` is below 0", "")
    return taken

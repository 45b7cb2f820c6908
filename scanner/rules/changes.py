"""What settings change about rules: parameters, severities, and which of them run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from scanner.errors import Problem, SettingsError
from scanner.model.rule import Severity
from scanner.model.settings import RuleSettings
from scanner.rules.lang.faults import suggest
from scanner.rules.params import accepted, declared_type
from scanner.rules.rule import Rule


class Changes(Struct, frozen=True):
    """What settings change about one rule."""

    params: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity | None = None
    off: str | None = None
    """Why the rule does not run."""


class UnfitSettingsError(SettingsError):
    """Settings name a rule or parameter that there is not, or a value that does not fit.

    `where` is the path of that within the settings; whoever has their text finds the line by it.
    """

    def __init__(self, file: str | None, where: tuple[str, ...], message: str, mend: str) -> None:
        self.where, self.message, self.mend = where, message, mend
        super().__init__(str(Problem(file or "settings", 0, 0, message, help=mend)))


def changes_of(
    rules: Sequence[Rule], settings: RuleSettings, file: str | None, where: tuple[str, ...] = ("rules",)
) -> dict[str, Changes]:
    """What settings change, by rule id; UnfitSettingsError for an unknown rule or parameter, or a wrong type."""
    known = {name: rule for rule in rules for name in (rule.info.id, *rule.info.aliases)}
    for name in (*settings.params, *settings.severities, *settings.disabled):
        if name not in known:
            raise UnfitSettingsError(file, (*where, name), f"there is no rule `{name}`", suggest(name, known))
    ids = {name: rule.info.id for name, rule in known.items()}
    values: dict[str, dict[str, Any]] = {}
    for name, given in settings.params.items():
        try:
            values[ids[name]] = {param: _value(known[name], param, value) for param, value in given.items()}
        except ValueError as error:
            message, mend = error.args
            raise UnfitSettingsError(file, (*where, name, "params"), message, mend) from None
    severities = {ids[name]: value for name, value in settings.severities.items()}
    off = {ids[name]: value for name, value in settings.disabled.items()}
    return {id: Changes(values.get(id, {}), severities.get(id), off.get(id)) for id in {**values, **severities, **off}}


def _value(rule: Rule, name: str, value: Any) -> Any:
    """The value of a parameter as the rule sees it; ValueError of what is wrong and the mend."""
    params, id = rule.shape.params, rule.info.id
    if name not in params:
        raise ValueError(f"rule `{id}` has no parameter `{name}`", suggest(name, params))
    param = params[name]
    try:
        taken = accepted(value, declared_type(param.type))
    except ValueError as error:
        raise ValueError(f"parameter `{name}` of rule `{id}`: {error}", "") from None
    if isinstance(taken, (int, float)) and isinstance(param.default, (int, float)) and taken < 0 <= param.default:
        raise ValueError(f"parameter `{name}` of rule `{id}`: `{value}` is below 0", "")
    return taken

"""The waivers file, every entry of it checked:

    waivers:
      - rule: key-rotation-off
        scope: {account: "111122223333", tags: {team: payments}, not: {arn: "*:key/mrk-*"}}
        owner: jane@example.com
        reason: migration to the new key is under way
        ticket: SEC-42
        created: 2026-01-10
        expires: 2026-06-30

All parts of a scope must match; `and` and `or` take lists of scopes, `not` takes one. Patterns use `*` and `?`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

from msgspec import Struct

from scanner.errors import SettingsError
from scanner.rules.lang.faults import suggest
from scanner.rules.rule import Rule
from scanner.rules.shapes import read_struct
from scanner.rules.waivers import Waiver, WaiverScope, rule_names, wrong_terms
from scanner.rules.yamlfile import YamlFile, YamlProblem, read_yaml


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    waivers: tuple[Waiver, ...]


def load_waivers(
    path: Path, rules: Sequence[Rule], as_of: datetime, disabled: Iterable[str] = ()
) -> tuple[Waiver, ...]:
    """The waivers of a file, with aliases of rules resolved.

    Raises SettingsError with file, line and column for an unknown rule (one in `disabled` is known), an empty scope
    or a waiver that lasts longer than 365 days.
    """
    try:
        file = read_yaml(path)
    except YamlProblem as error:
        raise SettingsError(str(error.problem)) from None
    ids = rule_names(rules, disabled)
    waivers = read_struct(file, _File, SettingsError).waivers
    return tuple(_checked(file, place, waiver, ids, as_of.date()) for place, waiver in enumerate(waivers))


def _checked(file: YamlFile, place: int, waiver: Waiver, ids: dict[str, str], today: date) -> Waiver:
    path = ("waivers", place)
    if waiver.rule not in ids:
        problem = file.problem_at((*path, "rule"), f"there is no rule `{waiver.rule}`", suggest(waiver.rule, ids))
        raise SettingsError(str(problem))
    for empty in _empty_scopes(waiver.scope, (*path, "scope")):
        problem = file.problem_at(empty, "an empty scope", 'for every subject write `{arn: "*"}`')
        raise SettingsError(str(problem))
    if wrong := wrong_terms(waiver, today):
        key, fault, mend = wrong
        raise SettingsError(str(file.problem_at((*path, key), fault, mend)))
    return Waiver(
        ids[waiver.rule], waiver.scope, waiver.owner, waiver.reason, waiver.expires, waiver.ticket, waiver.created
    )


def _empty_scopes(scope: WaiverScope, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Places of scopes that state nothing, and so would cover everything without saying so."""
    if scope == WaiverScope():
        yield path
    for name, parts in (("and", scope.all_of), ("or", scope.any_of)):
        for place, part in enumerate(parts):
            yield from _empty_scopes(part, (*path, name, place))
    if scope.none_of is not None:
        yield from _empty_scopes(scope.none_of, (*path, "not"))

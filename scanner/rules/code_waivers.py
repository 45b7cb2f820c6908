"""Waivers that stand as comments in source code, under the terms of a waivers file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Protocol

import msgspec

from scanner.errors import Problem, SettingsError
from scanner.rules.lang.faults import suggest
from scanner.rules.rule import Rule
from scanner.rules.waivers import Text, Waiver, WaiverScope, rule_names, wrong_terms

EXAMPLE = '# keyproof:waive rule-id owner=pay-team reason="moves to the key store in Q1" expires=2027-01-31'
NOBODY = "-"
"""A scope for a block that has no instances."""


class Stated(Protocol):
    """A comment as it was read; `subjects` are the ARNs and addresses of the block that it stands in."""

    @property
    def rule(self) -> str:
        """Id or alias."""

    @property
    def fields(self) -> dict[str, str]:
        """`owner`, `reason`, `expires`, perhaps `ticket` and `created`."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """What it covers."""

    @property
    def file(self) -> str:
        """The file that it stands in."""

    @property
    def line(self) -> int:
        """Its line."""


class _Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    owner: Text
    reason: Text
    expires: date
    ticket: Text | None = None
    created: date | None = None


def code_waivers(
    stated: Iterable[Stated], rules: Iterable[Rule], as_of: datetime, disabled: Iterable[str] = ()
) -> tuple[Waiver, ...]:
    """The waivers of comments, under the terms of a waivers file; SettingsError with file and line otherwise."""
    ids = rule_names(rules, disabled)
    return tuple(_waiver(one, ids, as_of.date()) for one in stated)


def _waiver(stated: Stated, ids: Mapping[str, str], today: date) -> Waiver:
    if stated.rule not in ids:
        raise _problem(stated, f"there is no rule `{stated.rule}`", suggest(stated.rule, ids))
    try:
        fields = msgspec.convert(stated.fields, _Fields)
    except msgspec.ValidationError as fault:
        message = str(fault).replace(" - at `$.", " at `").removeprefix("Object ")
        raise _problem(stated, f"the waiver is not whole: {message[:1].lower()}{message[1:]}", EXAMPLE) from None
    scopes = tuple(WaiverScope(arn=subject) for subject in stated.subjects or (NOBODY,))
    waiver = Waiver(rule=ids[stated.rule], scope=WaiverScope(any_of=scopes), **msgspec.structs.asdict(fields))
    if wrong := wrong_terms(waiver, today):
        _, message, mend = wrong
        raise _problem(stated, message, mend)
    return waiver


def _problem(stated: Stated, message: str, help: str) -> SettingsError:
    return SettingsError(str(Problem(stated.file, stated.line, 1, message, help=help)))

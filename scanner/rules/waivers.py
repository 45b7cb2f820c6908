"""Waivers: failures that somebody accepted, for a stated reason and a limited time. They hide nothing: outcomes stay.

All parts of a scope must match; `and` and `or` take lists of scopes, `not` takes one. Patterns use `*` and `?`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from scanner.model.finding import Finding, Notice, WaiverNote
from scanner.model.rule import Outcome
from scanner.rules.rule import Rule

LONGEST = timedelta(days=365)
LAPSING = timedelta(days=30)
COVERED = (Outcome.FAIL, Outcome.NOT_ASSESSED)
Text = Annotated[str, Meta(min_length=1)]


class WaiverScope(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which subjects a waiver covers."""

    arn: Text | None = None
    account: Text | None = None
    region: Text | None = None
    tags: dict[str, str] = {}
    all_of: tuple[WaiverScope, ...] = field(default=(), name="and")
    any_of: tuple[WaiverScope, ...] = field(default=(), name="or")
    none_of: WaiverScope | None = field(default=None, name="not")

    def covers(self, finding: Finding) -> bool:
        """Whether every stated part matches the finding's subject."""
        patterns = ((self.arn, finding.subject), (self.account, finding.account), (self.region, finding.region))
        return (
            all(pattern is None or glob(pattern, text) for pattern, text in patterns)
            and all(name in finding.tags and glob(value, finding.tags[name]) for name, value in self.tags.items())
            and all(scope.covers(finding) for scope in self.all_of)
            and (not self.any_of or any(scope.covers(finding) for scope in self.any_of))
            and (self.none_of is None or not self.none_of.covers(finding))
        )


class Waiver(Struct, frozen=True, forbid_unknown_fields=True):
    """One waiver; it holds from `created` to the end of the day `expires`."""

    rule: Text
    scope: WaiverScope
    owner: Text
    reason: Text
    expires: date
    ticket: Text | None = None
    created: date | None = None

    @property
    def note(self) -> WaiverNote:
        """What a finding carries of it."""
        return WaiverNote(self.owner, self.reason, self.expires, self.ticket)

    def __str__(self) -> str:
        return f"waiver of `{self.rule}` by {self.owner} until {self.expires}"


def glob(pattern: str, text: str) -> bool:
    """Whether `text` matches; only `*` and `?` are special."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def rule_names(rules: Iterable[Rule], disabled: Iterable[str] = ()) -> dict[str, str]:
    """Every name under which a waiver may speak of a rule, to its id."""
    ids = {name: rule.info.id for rule in rules for name in (rule.info.id, *rule.info.aliases)}
    return ids | {name: name for name in disabled}


def wrong_terms(waiver: Waiver, today: date) -> tuple[str, str, str] | None:
    """What breaks the terms of every waiver: its key, what is wrong with it, and the mend; None for a sound one."""
    for name, who in (("owner", "say who answers for it"), ("reason", "say why it is acceptable")):
        if not getattr(waiver, name).strip():
            return name, f"`{name}` is blank", who
    start = waiver.created or today
    if waiver.created is not None and waiver.expires < waiver.created:
        return "expires", f"it ends before it begins on {waiver.created}", "the last day is the later one"
    if waiver.expires > start + LONGEST:
        return "expires", f"more than {LONGEST.days} days after {start}", f"at the latest {start + LONGEST}"
    return None


def waive(
    findings: Iterable[Finding], waivers: Sequence[Waiver], as_of: datetime
) -> tuple[list[Finding], tuple[Notice, ...]]:
    """The findings, covered ones with the note of their waiver, and what a reader must know about the waivers."""
    today = as_of.date()
    used: set[int] = set()
    by_rule: dict[str, list[tuple[int, Waiver]]] = {}
    for place, waiver in enumerate(waivers):
        if _in_force(waiver, today):
            by_rule.setdefault(waiver.rule, []).append((place, waiver))
    waived = [_waived(finding, by_rule.get(finding.rule, ()), used) for finding in findings]
    return waived, tuple(_notices(waivers, used, today))


def _in_force(waiver: Waiver, today: date) -> bool:
    return (waiver.created is None or waiver.created <= today) and today <= waiver.expires


def _waived(finding: Finding, candidates: Sequence[tuple[int, Waiver]], used: set[int]) -> Finding:
    if finding.outcome not in COVERED:
        return finding
    covering = [(place, waiver) for place, waiver in candidates if waiver.scope.covers(finding)]
    if not covering:
        return finding
    used.update(place for place, _ in covering)
    return replace(finding, waiver=max((waiver for _, waiver in covering), key=lambda waiver: waiver.expires).note)


def _notices(waivers: Sequence[Waiver], used: set[int], today: date) -> Iterator[Notice]:
    for place, waiver in enumerate(waivers):
        if waiver.expires < today:
            yield Notice("waiver-expired", f"{waiver} has expired and covers nothing any more")
        elif not _in_force(waiver, today):
            yield Notice("waiver-not-yet", f"{waiver} begins on {waiver.created}")
        elif place not in used:
            yield Notice("waiver-unused", f"{waiver} covers no finding")
        elif waiver.expires <= today + LAPSING:
            yield Notice("waiver-lapsing", f"{waiver} lapses in {(waiver.expires - today).days} days")

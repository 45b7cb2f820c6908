"""What the rules came to for each requirement of a standard, never better than what was read allows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.finding import Report
from scanner.model.framework import Framework, Requirement
from scanner.model.records import Gap
from scanner.model.rule import Control, Outcome, RuleInfo, Strength
from scanner.report.summary import counts_by_rule

LISTED_AS = {"store": {"store", "key-store"}, "grant": {"grant", "key.grants", "key"}}
"""The words of `Gap.makes_unknown` under which a kind of subject is listed, where they differ from its name."""


class RequirementVerdict(Struct, frozen=True):
    """What the rules that cite one requirement came to.

    `verdict` is the worst outcome, never PASS while subjects may be missing, and None when no rule of this
    run cites the requirement. `tested` is False when every rule only supports it: then a PASS is supporting
    evidence, not a tested requirement.
    """

    requirement: Requirement
    verdict: Outcome | None
    tested: bool
    rules: tuple[str, ...]
    counts: dict[str, int]
    """Outcome (and `waived`) to number of verdicts."""
    doubts: tuple[str, ...]
    """Why subjects may be missing from the count."""

    @property
    def word(self) -> str:
        """The verdict as tables show it."""
        if self.verdict is None:
            return "MANUAL" if self.requirement.manual else "NOT_COVERED"
        return self.verdict.value


def frameworks_of(report: Report) -> list[Framework]:
    """The standards to report on, each with every requirement that is known or cited, in their numbering.

    The standard that was asked for alone, else all that rules cite.
    """
    known = {framework.id: framework for framework in report.frameworks}
    cited: dict[str, set[str]] = defaultdict(set)
    for rule in report.rules:
        for control in rule.controls:
            cited[control.framework].add(control.requirement)
    ids = [report.framework] if report.framework else sorted(cited)
    return [_completed(known.get(id, Framework(id, id)), cited[id]) for id in ids]


def _completed(framework: Framework, cited: set[str]) -> Framework:
    listed = {requirement.id for requirement in framework.requirements}
    added = tuple(Requirement(id, "") for id in cited - listed)
    every = sorted(framework.requirements + added, key=lambda requirement: numbering(requirement.id))
    return replace(framework, requirements=tuple(every))


def verdicts(report: Report, framework: Framework) -> list[RequirementVerdict]:
    """One verdict for each requirement of `framework`, in its order."""
    counts = counts_by_rule(report)
    citing: dict[str, list[tuple[RuleInfo, Control]]] = defaultdict(list)
    for rule in report.rules:
        for control in rule.controls:
            if control.framework == framework.id:
                citing[control.requirement].append((rule, control))
    doubts = {rule.id: tuple(_doubts(report, rule)) for rule in report.rules}
    return [_judge(requirement, citing[requirement.id], counts, doubts) for requirement in framework.requirements]


def _judge(
    requirement: Requirement,
    citing: list[tuple[RuleInfo, Control]],
    counts: dict[str, dict[str, int]],
    doubts: dict[str, tuple[str, ...]],
) -> RequirementVerdict:
    total: Counter[str] = Counter()
    for rule, _ in citing:
        total.update(counts.get(rule.id, {}))
    missing = tuple(sorted({doubt for rule, _ in citing for doubt in doubts[rule.id]}))
    return RequirementVerdict(
        requirement,
        _worst(total, missing) if citing else None,
        any(control.strength is Strength.TESTS for _, control in citing),
        tuple(sorted(rule.id for rule, _ in citing)),
        dict(total),
        missing,
    )


def _worst(counts: Counter[str], doubts: tuple[str, ...]) -> Outcome:
    for outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED):
        if counts[outcome]:
            return outcome
    if doubts:
        return Outcome.NOT_ASSESSED
    return Outcome.PASS if counts[Outcome.PASS] else Outcome.NOT_APPLICABLE


def _doubts(report: Report, rule: RuleInfo) -> Iterator[str]:
    if report.source.interrupted:
        yield "the scan was interrupted"
    yield from (gap.reason() for gap in report.gaps if may_hide(gap, rule.subject))


def may_hide(gap: Gap, subject: str) -> bool:
    """Whether subjects of this kind may exist that the gap kept out of sight."""
    names = LISTED_AS.get(subject, {subject})
    return any(word in names or word.split(":", 1)[0] in names for word in gap.makes_unknown)


def numbering(text: str) -> list[tuple[int, int, str]]:
    """A sort key that puts 3.7.10 after 3.7.9 and SC-12(1) after SC-12."""
    parts = "".join(char if char.isalnum() else " " for char in text).split()
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]

"""Rules over subjects: findings for what failed or could not be told, counts for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct, field

from scanner.model.facttypes import View, fact_names
from scanner.model.finding import Evidence, Finding, Unlisted
from scanner.model.reach import unlisted_arn
from scanner.model.rule import Outcome
from scanner.model.unknown import UnknownValueError
from scanner.rules.evidence import identity_of
from scanner.rules.judgement import words_of
from scanner.rules.lang.faults import RUNTIME_FAULTS, BudgetExceeded
from scanner.rules.lang.template import label_of
from scanner.rules.program import DOES_NOT_APPLY, PASSED, Decision, Program, decision_of, too_expensive
from scanner.rules.rule import Rule

T = TypeVar("T")
GIVE_UP_AFTER = 3
"""Subjects on which a rule may be too expensive before it is not tried on further ones."""


class Evaluation(Struct):
    """What came of all rules on all subjects.

    `findings` hold FAIL and NOT_ASSESSED, or every outcome when that was asked for; `counts` give rule id to outcome
    to number of subjects, for every outcome.
    """

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    subjects: dict[str, int] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)
    """Ids of rules that broke at run time: exit 2."""

    @property
    def broken(self) -> bool:
        """Whether some rule broke at run time."""
        return bool(self.faulty)


def evaluate(
    rules: Sequence[Rule],
    subjects: Mapping[str, Sequence[View]],
    unlisted: Mapping[str, Sequence[Unlisted]],
    as_of: datetime,
    *,
    every: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Evaluation:
    """The outcome of each rule on each subject of its type.

    `subjects` and `unlisted` go by the words of a rule's `subject:`; `every` also makes findings of PASS and
    NOT_APPLICABLE; `progress` is told each rule's id before it runs.
    """
    evaluation = Evaluation(subjects={word: len(views) for word, views in subjects.items()})
    for rule in rules:
        if progress is not None:
            progress(rule.info.id)
        counts = {outcome.value: 0 for outcome in Outcome}
        for there, views in _by_variant(rule, subjects.get(rule.info.subject, ())):
            for subject, decision in _decisions(there.program, views, as_of, counts, every):
                evaluation.findings.append(finding_of(there, subject, decision, as_of))
                if decision.faulty:
                    evaluation.faulty.add(rule.info.id)
        for there, places in _by_variant(rule, unlisted.get(rule.info.subject, ())):
            for finding in _unlisted(there, places):
                counts[Outcome.NOT_ASSESSED.value] += 1
                evaluation.findings.append(finding)
        evaluation.counts[rule.info.id] = counts
    return evaluation


def _by_variant(rule: Rule, things: Sequence[T]) -> Iterator[tuple[Rule, Sequence[T]]]:
    """The subjects under the rule as it is in their account; those of accounts where it is off are left out."""
    if not rule.elsewhere:
        yield rule, things
        return
    for there in (rule, *rule.elsewhere.values()):
        if there.info.off is None:
            yield there, [thing for thing in things if rule.at(_text(thing, "account")) is there]


def _decisions(
    program: Program, subjects: Sequence[View], as_of: datetime, counts: dict[str, int], every: bool
) -> Iterator[tuple[View, Decision]]:
    """The decisions that become findings; all are counted. The fast path stands here in full, for speed."""
    fast = program.fast
    quiet = {PASSED: 0, DOES_NOT_APPLY: 0}
    spent = 0
    for subject in subjects:
        try:
            code = fast(subject, as_of)
            if code < 0 and not every:
                quiet[code] += 1
                continue
            decision = decision_of(code)
        except BudgetExceeded:
            decision = too_expensive()
            spent += 1
            if spent >= GIVE_UP_AFTER:
                fast = _refuse
        except (UnknownValueError, *RUNTIME_FAULTS):
            decision = program.decide_slowly(subject, as_of)
        counts[decision.outcome.value] += 1
        if every or decision.outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED):
            yield subject, decision
    counts[Outcome.PASS.value] += quiet[PASSED]
    counts[Outcome.NOT_APPLICABLE.value] += quiet[DOES_NOT_APPLY]


def _refuse(_subject: View, _as_of: datetime) -> int:
    raise BudgetExceeded


def finding_of(rule: Rule, subject: View, decision: Decision, as_of: datetime) -> Finding:
    """The finding of a decision."""
    info = rule.info
    words = words_of(rule, decision, subject, as_of)
    tags = getattr(subject, "tags") if "tags" in fact_names(type(subject)) else {}  # noqa: B009
    return Finding(
        rule=info.id,
        subject=identity_of(subject),
        subject_type=info.subject,
        account=_text(subject, "account"),
        region=_text(subject, "region"),
        outcome=decision.outcome,
        severity=info.severity,
        message=words.message,
        evidence=words.evidence,
        reasons=decision.reasons,
        controls=info.controls,
        fix=info.fix,
        label=label_of(subject),
        tags=tags if isinstance(tags, dict) else {},
    )


def _text(subject: object, name: str) -> str:
    value = getattr(subject, name)
    return value if isinstance(value, str) else "unknown"


def _unlisted(rule: Rule, unlisted: Sequence[Unlisted]) -> Iterator[Finding]:
    """One finding per account and Region in which subjects of the rule may exist that nobody could list."""
    places: dict[tuple[str, str], dict[str, None]] = {}
    for one in unlisted:
        places.setdefault((one.account, one.region), {})[one.reason] = None
    info = rule.info
    for (account, region), reasons in places.items():
        subject = unlisted_arn(info.subject, account, region)
        yield Finding(
            rule=info.id,
            subject=subject,
            subject_type=info.subject,
            account=account,
            region=region,
            outcome=Outcome.NOT_ASSESSED,
            severity=info.severity,
            message=f"cannot tell for every {info.subject}, since not all could be listed: {'; '.join(reasons)}",
            evidence=tuple(Evidence("reason", subject, reason) for reason in reasons),
            reasons=tuple(reasons),
            controls=info.controls,
            fix=info.fix,
            label=f"{info.subject}s that could not be listed",
        )

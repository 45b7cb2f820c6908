"""The words of an outcome: message and evidence of one rule on one subject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from scanner.graph.access_views import NOT_READ
from scanner.model.facttypes import View
from scanner.model.finding import Evidence
from scanner.model.rule import Outcome
from scanner.rules.evidence import conditional, evidence_of, identity_of
from scanner.rules.lang.template import shown
from scanner.rules.lang.terms import text_of
from scanner.rules.program import Decision
from scanner.rules.reads import reads_of
from scanner.rules.rule import Rule


class Words(Struct, frozen=True):
    """What is said about an outcome."""

    message: str
    evidence: tuple[Evidence, ...] = ()


def words_of(rule: Rule, decision: Decision, subject: View, as_of: datetime) -> Words:
    """Message and evidence of a decision."""
    if decision.outcome is Outcome.FAIL and decision.check is not None:
        return _failure(rule, decision.check, subject, as_of)
    if decision.outcome is Outcome.NOT_ASSESSED:
        reasons = tuple(Evidence("reason", identity_of(subject), reason) for reason in decision.reasons)
        return Words(f"cannot tell: {'; '.join(decision.reasons)}", reasons)
    if decision.outcome is Outcome.PASS:
        return Words(f"not the case: {rule.info.title}")
    return Words("the rule does not apply")


def message_of(rule: Rule, decision: Decision, subject: View, as_of: datetime) -> str:
    """The message of a decision alone."""
    return words_of(rule, decision, subject, as_of).message


def _failure(rule: Rule, place: int, subject: View, as_of: datetime) -> Words:
    check = rule.program.checks[place]
    evidence, values = rule.program.show(place, subject, as_of)
    message = check.message.render(values) if check.message else rule.info.title
    conditions = conditional(evidence)
    if asked := tuple(text for text in conditions if NOT_READ not in text):
        message += f", if {shown(asked)}"
    if unread := tuple(text for text in conditions if NOT_READ in text):
        message += f", as far as is known: {shown(unread)}"
    path = text_of(rule.program.evidence) if rule.program.evidence else ""
    chosen = evidence_of(evidence, identity_of(subject), path)
    read = reads_of(rule.program, check.term, subject, as_of)
    return Words(message, _distinct((*chosen, *_beyond(chosen, read, identity_of(subject)))))


def _beyond(chosen: tuple[Evidence, ...], read: tuple[Evidence, ...], subject: str) -> Iterator[Evidence]:
    """The fields read that say more than the objects which the rule's author chose to show."""
    shown_already = {piece.subject for piece in chosen} - {subject}
    for piece in read:
        counts_only = chosen and set(piece.facts) == {"size"}
        if not counts_only and piece.subject not in shown_already:
            yield piece


def _distinct(pieces: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Each field once; what the rule's author chose to show comes first."""
    fields = {(piece.subject, piece.pointer) for piece in pieces if piece.type == "field"}
    kept: list[Evidence] = []
    for piece in pieces:
        place = (piece.subject, piece.pointer)
        if piece.type != "field" or place in fields:
            kept.append(piece)
            fields.discard(place)
    return tuple(kept)

"""From answers of the access engine to the `Access` and `Statement` views that rules read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from scanner.graph.access_changes import access_changes, newly_open
from scanner.graph.known import members
from scanner.graph.views import Access, Statement
from scanner.model.arn import account_of
from scanner.model.unknown import Partial, Unknown

if TYPE_CHECKING:  # the engine is loaded when the first access fact is read
    from scanner.authz.documents import StatementRef
    from scanner.authz.escalation import EscalationPath
    from scanner.authz.estate import KeyAccess
    from scanner.authz.reach import Reach
    from scanner.authz.request import Decision
    from scanner.authz.subjects import Subject

NOT_READ = " not read"
"""What the engine says of a layer that was not collected, such as an SCP."""


def statement_view(reference: StatementRef) -> Statement:
    """A statement of the engine as evidence for a rule."""
    return Statement(
        id=f"{reference.document}#{reference.pointer}",
        document=reference.document,
        pointer=reference.pointer,
        sid=reference.sid,
        text=reference.text,
    )


def holders(
    access: KeyAccess, wanted: frozenset[str], trusted: frozenset[str], policy_read: bool = True
) -> tuple[Access, ...] | Partial[Access]:
    """One Access per principal over all the wanted actions, in a fixed order; partial where IAM or the key is.

    While the key policy is not read only a grant proves anything: IAM reaches a key through its policy alone.
    """
    found: dict[str, list[Reach]] = {}
    for reach in access.reaches(wanted):
        if policy_read or "grant" in reach.via:
            found.setdefault(reach.principal, []).append(reach)
    views = (_of_reaches(principal, found[principal], trusted) for principal in sorted(found))
    return members(views, None if access.complete else "; ".join(access.reasons))


def gainers(
    before: KeyAccess, after: KeyAccess, wanted: frozenset[str], trusted: frozenset[str]
) -> tuple[Access, ...] | Partial[Access]:
    """One Access per principal over those of the wanted actions that it gains; partial where new doubts arise.

    Of a principal to which statements give something, what unread policies might give it besides does not count.
    """
    found: dict[str, list[Reach]] = {}
    for change in access_changes(before, after):
        if change.gained and change.reach.action in wanted:
            found.setdefault(change.reach.principal, []).append(change.reach)
    stated = {who: [reach for reach in reaches if reach.via] or reaches for who, reaches in found.items()}
    views = (_of_reaches(principal, stated[principal], trusted) for principal in sorted(stated))
    return members(views, "; ".join(newly_open(before, after)) or None)


def _of_reaches(principal: str, reaches: list[Reach], trusted: frozenset[str]) -> Access:
    """Certain when every such request of some action succeeds; else the conditions of all of them are named."""
    conditions = tuple(dict.fromkeys(text for reach in reaches for text in reach.conditions))
    certain = any(reach.certain for reach in reaches)
    account = reaches[0].account
    return Access(
        arn=principal,
        type=reaches[0].principal_type,
        account=account,
        trusted=is_trusted(reaches[0].principal_type, account, trusted),
        certain=_certainty(certain, conditions),
        conditions=() if certain else conditions,
        actions=tuple(sorted({reach.action for reach in reaches})),
        via=tuple(sorted({via for reach in reaches for via in reach.via})),
        because=_statements(ref for reach in reaches for ref in reach.because),
        path=(),
    )


def is_trusted(kind: str, account: str | None, trusted: frozenset[str]) -> bool:
    """Services are AWS's own; anybody else counts by account, and `*` is nobody's account."""
    return kind == "service" or (kind != "anyone" and account in trusted)


def _certainty(certain: bool, conditions: tuple[str, ...]) -> bool | Unknown:
    """Unknown where nothing but an unread layer stands between the request and its success."""
    if not certain and conditions and all(NOT_READ in condition for condition in conditions):
        return Unknown("; ".join(conditions))
    return certain


def _statements(references: Iterable[StatementRef]) -> tuple[Statement, ...]:
    unique = {(reference.document, reference.pointer): reference for reference in references}
    return tuple(statement_view(unique[place]) for place in sorted(unique))


def of_path(path: EscalationPath) -> Access:
    """Access that somebody can come to, with every step of the way."""
    return Access(
        arn=path.principal,
        type=path.principal_type,
        account=path.account,
        trusted=True,
        certain=False,
        conditions=path.conditions,
        actions=path.actions,
        via=("escalation",),
        because=_statements(reference for step in path.steps for reference in step.because),
        path=tuple(str(step) for step in path.steps),
    )


def of_decision(subject: Subject, actions: tuple[str, ...], decision: Decision) -> Access:
    """Access to actions that name no key."""
    return Access(
        arn=subject.caller.text,
        type=subject.type,
        account=account_of(subject.caller.text),
        trusted=True,
        certain=not decision.open_conditions,
        conditions=decision.open_conditions,
        actions=actions,
        via=("iam",),
        because=_statements(decision.because),
        path=(),
    )

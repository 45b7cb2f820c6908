"""What escalation cannot see: documents that were not read, or make no sense, on a way that somebody might take.

An edge exists where a document that was read allows it. Where a principal's own policies or a role's trust policy are
unknown there may be more edges, so that finding none proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from scanner.authz.documents import Document
from scanner.authz.keys import KeySubject
from scanner.authz.request import Unread
from scanner.authz.variants import ALL, Node

if TYPE_CHECKING:
    from scanner.authz.escalation import Escalation


class Doubts:
    """Why somebody may come to more than escalation tells."""

    def __init__(self, escalation: Escalation) -> None:
        self._escalation = escalation

    @cached_property
    def of_trust(self) -> dict[str, str]:
        """Roles of which it is not known who can assume them, by ARN, and why."""
        targets = self._escalation.becoming.targets.values()
        return {t.arn: reason for t in targets if t.kind == "role" and (reason := _lacking(t.policies))}

    @cached_property
    def _of_identity(self) -> dict[str, str]:
        """Principals whose own policies, or those of a group that they can join, are not all known, and why."""
        escalation, found = self._escalation, dict[str, str]()
        for node in escalation.homes.of:
            subject = escalation.variants.subject(node)
            if node.variant.extra != ALL and not subject.service_linked and (reason := _lacking(subject.identity)):
                found.setdefault(node.arn, reason)
        return found

    @cached_property
    def _leading(self) -> dict[int, str]:
        """Components from which somebody comes to be such a principal, and why there may be more."""
        homes, found = self._escalation.homes, dict[int, str]()
        for arn, reason in self._of_identity.items():
            for components in {homes.leading_to(node) for node in homes.nodes_of(arn)}:
                found |= dict.fromkeys(components - found.keys(), reason)
        return found

    def of(self, principal: str) -> str | None:
        """Why a principal may come to act as more principals than is told, by what it or they may do."""
        escalation, node = self._escalation, Node(principal)
        if node not in escalation.homes.of:
            return f"IAM of {principal} was not read"
        account = escalation.variants.subject(node).caller.account or ""
        component = escalation.homes.component[escalation.homes.of[node].number]
        missing = escalation.subjects.missing.get(account)
        return missing or self._of_identity.get(principal) or self._leading.get(component)

    def onwards(self, principal: str) -> Iterator[str]:
        """Every reason why a principal may come to more than is told."""
        if self._escalation.subjects.by_arn.get(principal) is None or principal.endswith(":root"):
            return
        yield from filter(None, [self.of(principal)])
        yield from (reason for arn, reason in self.of_trust.items() if arn != principal)

    def of_use(self, principal: str, key: KeySubject, among: int) -> str | None:
        """The same, or why it may come to be a role that has one of some actions on a key, or can come to one."""
        roles = ((arn, reason) for arn, reason in self.of_trust.items() if arn != principal)
        by_trust = (reason for arn, reason in roles if self._escalation.comes_to(arn, key) & among)
        return self.of(principal) or next(by_trust, None)


def _lacking(documents: tuple[Document, ...] | Unread) -> str | None:
    if isinstance(documents, Unread):
        return documents.reason
    return next((fault for document in documents for fault in document.faults), None)

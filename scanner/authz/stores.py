"""Who may do, or come to do, something about the key store, cluster or backups that hold a key."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.authz.actions import bit
from scanner.authz.decide import explain
from scanner.authz.escalation import Escalation, EscalationPath
from scanner.authz.evidence import step
from scanner.authz.facts import StaticContext
from scanner.authz.homes import Home
from scanner.authz.joint import weigh_jointly
from scanner.authz.keys import KeySubject
from scanner.authz.request import AccessRequest, Decision, Documents, Verdict
from scanner.authz.subjects import Subject
from scanner.authz.values import Known
from scanner.authz.variants import Node


class StoreAccess:
    """Answers one question: an action, a key, and what has to be named for it."""

    def __init__(
        self, escalation: Escalation, key: KeySubject, action: str, resources: list[str], fixed: dict[str, Known]
    ):
        self.escalation = escalation
        self.key = key
        self.action = action
        self.resources = resources
        self.fixed = fixed
        self._decided: dict[Node, Decision] = {}

    def direct(self) -> Iterator[tuple[Subject, Decision]]:
        """Whoever may as it stands."""
        for node, subject in self.escalation.starts.items():
            if self._may(node):
                yield subject, self._decide(node)

    def escalating(self) -> Iterator[EscalationPath]:
        """Whoever can come to, with the shortest path."""
        able = {self.escalation.homes.of[node] for node in self.escalation.homes.of if self._may(node)}

        def wanted(home: Home) -> bool:
            return home in able

        for node, subject in self.escalation.starts.items():
            walk = None if self._may(node) else next(self.escalation.walks.to_home(node, wanted, self._may), None)
            if walk:
                end = walk[-1].target
                last = step(end, (self.action,), self._on, [self._decide(end)])
                steps = (*self.escalation.evidence.of_edges(node, walk), last)
                who = subject.caller
                yield EscalationPath(who.text, subject.type, who.account, self.key.arn, (self.action,), steps)

    @property
    def _on(self) -> str:
        return self.resources[0] if self.resources[0] != "*" else f"the key store {self.key.record.store_id}"

    def _may(self, node: Node) -> bool:
        return self._decide(node).verdict is not Verdict.DENIED

    def _decide(self, node: Node) -> Decision:
        """The decision on the first resource on which the action may succeed; the store's account alone decides."""
        if node not in self._decided:
            self._decided[node] = self._find(node)
        return self._decided[node]

    def _find(self, node: Node) -> Decision:
        subject = self.escalation.variants.subject(node)
        if subject.caller.account != self.key.account or subject.service_linked:
            return Decision(Verdict.DENIED, blocked_by="cross-account")
        context = StaticContext(self.fixed, subject.facts)
        documents = Documents(identity=subject.identity, boundary=subject.boundary, scps=subject.scps)
        decisions = []
        for resource in self.resources:
            request = AccessRequest(subject.caller, bit(self.action), resource, self.key.account, context)
            decisions.append(explain(request, weigh_jointly(request, documents)))
        return next((d for d in decisions if d.verdict is not Verdict.DENIED), decisions[0])

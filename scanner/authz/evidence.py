"""The steps of an escalation, with the statements behind each and what it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from scanner.authz.actions import bit, names
from scanner.authz.becoming import Act, Becoming, Edge
from scanner.authz.decide import explain
from scanner.authz.documents import StatementRef
from scanner.authz.facts import StaticContext
from scanner.authz.gains import Gain
from scanner.authz.joint import weigh_jointly
from scanner.authz.keygains import KeyGains
from scanner.authz.keys import KeySubject
from scanner.authz.powers import LEAVE, ON, PASS_ROLE, PASSED_TO, REWRITE_TRUST
from scanner.authz.relation import documents_of
from scanner.authz.request import AccessRequest, Decision, Documents, Verdict
from scanner.authz.subjects import Subject
from scanner.authz.values import Value, known
from scanner.authz.variants import Node
from scanner.authz.ways import OPEN_TRUST


class Step(Struct, frozen=True):
    """One step of an escalation."""

    actor: str
    actions: tuple[str, ...]
    resource: str
    because: tuple[StatementRef, ...] = ()
    conditions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.actor} does {' and '.join(self.actions)} on {self.resource}"


ITS_OWN = "its own new "
"""Documents that somebody writes on the way are no evidence of it."""
STANDING_ALONE = "the account has the contact and payment information that it needs to stand alone"


class Evidence:
    """Tells edges and gains as steps."""

    def __init__(self, becoming: Becoming, gains: KeyGains) -> None:
        self.becoming = becoming
        self.gains = gains

    def of_edges(self, start: Node, edges: Iterable[Edge]) -> Iterator[Step]:
        """The acts of each edge, in their order."""
        node = start
        for edge in edges:
            for act in edge.acts:
                yield self._of_act(node, act)
            node = edge.target

    def of_gain(self, node: Node, key: KeySubject, gain: Gain, gained: int) -> Iterator[Step]:
        """What the last of them does about the key, and what that gives."""
        for action, arn in gain.by or ((names(gained)[0], key.arn),):
            yield step(node, (action,), arn, [self._about_key(node, self.gains.keys[arn], action)])
        if gain.by:
            yield Step(node.arn, names(gained), key.arn)

    def _about_key(self, node: Node, key: KeySubject, action: str) -> Decision:
        side = self.gains.side(node, key)
        request = replace(side.request, actions=bit(action))
        return explain(request, weigh_jointly(request, side.documents))

    def _of_act(self, node: Node, act: Act) -> Step:
        decisions = [self._decide(node, action, act) for action in act.actions]
        return step(node, act.actions, act.resource, decisions)

    def _decide(self, node: Node, action: str, act: Act) -> Decision:
        ways, subject = self.becoming.ways, self.becoming.variants.subject(node)
        target = self.becoming.targets.get(act.resource)
        if target is None or not bit(action) & ON[target.kind]:
            return self._anywhere(subject, action)
        context = StaticContext(_chosen(action, act), ways.fixed, subject.facts, target.facts)
        request = AccessRequest(subject.caller, bit(action), target.arn, target.account, context)
        documents = documents_of(subject, target)
        if action == "sts:AssumeRole" and REWRITE_TRUST in act.actions:
            documents = replace(documents, key_policies=(OPEN_TRUST,))
        if node.variant.frees(target.account):
            documents = replace(documents, rcps=None)
        return explain(request, weigh_jointly(request, documents))

    def _anywhere(self, subject: Subject, action: str) -> Decision:
        """An action on some resource that nobody named: on any, else on the first that a statement names."""
        context = StaticContext(self.becoming.ways.fixed, subject.facts)
        documents = Documents(identity=subject.identity, boundary=subject.boundary, scps=subject.scps)
        decisions = []
        for resource in ("*", *_resources(subject, bit(action))):
            request = AccessRequest(subject.caller, bit(action), resource, subject.caller.account, context)
            decisions.append(explain(request, weigh_jointly(request, documents)))
        return next((d for d in decisions if d.verdict is not Verdict.DENIED), decisions[0])


def _chosen(action: str, act: Act) -> dict[str, Value]:
    """The service that a role is passed to."""
    service = next((s for s, actions in PASSED_TO if (PASS_ROLE, *actions) == act.actions), None)
    return {"iam:passedtoservice": known(service)} if action == PASS_ROLE and service else {}


def _resources(subject: Subject, action: int) -> Iterator[str]:
    for document in subject.identity if isinstance(subject.identity, tuple) else ():
        for statement in document.statements:
            if statement.allows and statement.actions & action:
                yield from statement.resources or ()


def step(node: Node, actions: tuple[str, ...], resource: str, decisions: list[Decision]) -> Step:
    """A step with what its decisions rest on and ask for."""
    refs = (ref for decision in decisions for ref in decision.because if not ref.document.startswith(ITS_OWN))
    conditions = [text for decision in decisions for text in decision.open_conditions]
    conditions += [STANDING_ALONE] if LEAVE in actions else []
    return Step(node.arn, actions, resource, tuple(dict.fromkeys(refs)), tuple(dict.fromkeys(conditions)))

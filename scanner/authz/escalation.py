"""Who can come to use or administer a key without being allowed to: by changing policies, or as somebody else.

Edges exist where a request may succeed. They are closed transitively; the shortest path is the evidence, and
what each of its steps asks for is its condition. What is and is not modelled stands in docs/access.md.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from scanner.authz.actions import CREATE_GRANT, GRANTABLE, KEY_ACTIONS, RETIRE_GRANT, bit, mask_of, names
from scanner.authz.becoming import Becoming, Edge, Node
from scanner.authz.decide import explain
from scanner.authz.documents import Document, Statement, StatementRef
from scanner.authz.facts import RESOURCE_TAG, StaticContext
from scanner.authz.joint import weigh_jointly
from scanner.authz.keys import KeySubject
from scanner.authz.powers import REWRITE_TRUST
from scanner.authz.principals import EVERYONE
from scanner.authz.relation import documents_of, request_of
from scanner.authz.request import AccessRequest, Documents, Unread
from scanner.authz.subjects import Subject, Subjects
from scanner.authz.values import ABSENT, UNKNOWN, Value, known
from scanner.model.records import GrantFact, ResourceFact

PUT_KEY_POLICY = bit("kms:PutKeyPolicy")
REPLICATE = bit("kms:ReplicateKey")
TAGGING = mask_of(("kms:TagResource", "kms:UntagResource"))
ALIASING = mask_of(("kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"))
_OPEN_POLICY = Document(
    "its own new key policy",
    (Statement(True, KEY_ACTIONS, "", principals=EVERYONE, resources=("*",), raw={"Effect": "Allow"}),),
)
_DIRECT_CALL: dict[str, Value] = {"kms:grantisforawsresource": ABSENT, "kms:viaservice": ABSENT}
ALL_THERE_IS = KEY_ACTIONS & ~RETIRE_GRANT & ~bit("kms:SynchronizeMultiRegionKey")
_USE = GRANTABLE & ~CREATE_GRANT & ~RETIRE_GRANT
"""What a replica with a policy of one's own gives over the same key material."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation."""

    actor: str
    actions: tuple[str, ...]
    resource: str
    because: tuple[StatementRef, ...] = ()
    conditions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.actor} does {' and '.join(self.actions)} on {self.resource}"


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """How a principal comes to an action on a key that nothing allows it as it stands."""

    principal: str
    principal_type: str
    account: str | None
    key: str
    actions: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        """What all steps ask for."""
        return tuple(dict.fromkeys(text for step in self.steps for text in step.conditions))


@dataclass(frozen=True, slots=True)
class _Gain:
    """Actions on a key that a node has, and the action on the key by which it got them (None: as it stands)."""

    actions: int
    by: str | None


class Escalation:
    """Escalation over the principals and keys of an estate."""

    def __init__(self, subjects: Subjects, keys: dict[str, KeySubject], compute: tuple[ResourceFact, ...] = ()) -> None:
        self.subjects = subjects
        self.keys = keys
        self.becoming = Becoming(subjects, compute)
        self._gains: dict[tuple[Node, str], tuple[_Gain, ...]] = {}

    def reaching(self, key_arn: str, action: str) -> list[EscalationPath]:
        """Everybody who can come to `action` on the key and may not do it as it stands, with the shortest path."""
        key, wanted = self.keys[key_arn], bit(action)
        goals = {node for node in self._graph if any(gain.actions & wanted for gain in self.gains(node, key))}
        towards = self._distances(goals)
        found = []
        for subject in self.subjects.all():
            start = Node(subject.caller.text)
            if start in towards and not subject.service_linked and not self.gains(start, key)[0].actions & wanted:
                found.append(self._path(subject, start, towards, key, wanted))
        return sorted(found, key=lambda path: path.principal)

    def from_principal(
        self, subject: Subject, key: KeySubject, *, through_others: bool = False
    ) -> Iterator[tuple[int, EscalationPath]]:
        """What a principal can come to do with a key and may not do as it stands: actions with their shortest path.

        `through_others` leaves out what whoever may already write the key's policy, or grant on it, can do by that.
        """
        start = Node(subject.caller.text)
        seen = self.gains(start, key)[0].actions
        left_out = _own_doing(seen) if through_others else frozenset()
        if subject.service_linked:
            return
        for node, edges in self._onwards(start):
            if not ALL_THERE_IS & ~seen:
                return
            for gain in self.gains(node, key):
                gained = gain.actions & ~seen
                if gained and gain.by not in left_out:
                    seen |= gained
                    steps = [self._step(source, edge) for source, edge in edges]
                    yield gained, self._of(subject, key, gained, (*steps, *self._last_steps(node, key, gain, gained)))

    def _onwards(self, start: Node) -> Iterator[tuple[Node, tuple[tuple[Node, Edge], ...]]]:
        """Everybody that `start` can come to act as, nearest first, with the edges to it."""
        ways: dict[Node, tuple[tuple[Node, Edge], ...]] = {start: ()}
        queue = deque((start,))
        while queue:
            node = queue.popleft()
            yield node, ways[node]
            for edge in self.becoming.edges(node):
                if edge.target not in ways:
                    ways[edge.target] = (*ways[node], (node, edge))
                    queue.append(edge.target)

    def gains(self, node: Node, key: KeySubject) -> tuple[_Gain, ...]:
        """What a node may do with a key: as it stands (first), and by what it may change about the key."""
        place = (node, key.arn)
        if place not in self._gains:
            self._gains[place] = tuple(self._find_gains(self.becoming.variant(node), key))
        return self._gains[place]

    # --- the graph of principals ------------------------------------------------------------------

    @cached_property
    def _graph(self) -> dict[Node, tuple[Edge, ...]]:
        """Every principal and what it can come to act as, closed."""
        found: dict[Node, tuple[Edge, ...]] = {}
        queue = deque(Node(subject.caller.text) for subject in self.subjects.all())
        while queue:
            node = queue.popleft()
            if node not in found:
                found[node] = self.becoming.edges(node)
                queue.extend(edge.target for edge in found[node])
        return found

    @cached_property
    def _backwards(self) -> dict[Node, list[tuple[Node, Edge]]]:
        found: dict[Node, list[tuple[Node, Edge]]] = defaultdict(list)
        for node, edges in self._graph.items():
            for edge in edges:
                found[edge.target].append((node, edge))
        return found

    def _distances(self, goals: set[Node]) -> dict[Node, Edge | None]:
        """For every node that leads to a goal, the first edge of its shortest way there."""
        towards: dict[Node, Edge | None] = dict.fromkeys(sorted(goals))
        queue = deque(towards)
        while queue:
            for source, edge in self._backwards.get(queue.popleft(), ()):
                if source not in towards:
                    towards[source] = edge
                    queue.append(source)
        return towards

    def _path(
        self, subject: Subject, start: Node, towards: dict[Node, Edge | None], key: KeySubject, wanted: int
    ) -> EscalationPath:
        steps = []
        node, edge = start, towards[start]
        while edge is not None:
            steps.append(self._step(node, edge))
            node = edge.target
            edge = towards[node]
        gain = next(gain for gain in self.gains(node, key) if gain.actions & wanted)
        return self._of(subject, key, wanted, (*steps, *self._last_steps(node, key, gain, wanted)))

    def _of(self, subject: Subject, key: KeySubject, wanted: int, steps: tuple[Step, ...]) -> EscalationPath:
        who = subject.caller
        return EscalationPath(who.text, subject.type, who.account, key.arn, names(wanted), steps)

    def _step(self, node: Node, edge: Edge) -> Step:
        because: list[StatementRef] = []
        conditions: list[str] = []
        for action in edge.actions:
            rewritten = edge.actions[0] == REWRITE_TRUST and action != REWRITE_TRUST
            request, outcome = self.becoming.ask(node, bit(action), edge.resource, rewritten=rewritten)
            decision = explain(request, outcome)
            because += decision.because
            conditions += decision.open_conditions
        unique = tuple(dict.fromkeys(because)), tuple(dict.fromkeys(conditions))
        return Step(node.arn, edge.actions, edge.resource, *unique)

    def _last_steps(self, node: Node, key: KeySubject, gain: _Gain, wanted: int) -> Iterator[Step]:
        subject = self.becoming.variant(node)
        action = gain.by or names(wanted)[0]
        request = replace(request_of(subject, key), actions=bit(action))
        decision = explain(request, weigh_jointly(request, documents_of(subject, key)))
        yield Step(node.arn, (action,), key.arn, decision.because, decision.open_conditions)
        if gain.by:
            yield Step(node.arn, names(wanted), key.arn)

    # --- what somebody can change about a key -----------------------------------------------------

    def _find_gains(self, subject: Subject, key: KeySubject) -> Iterator[_Gain]:
        request, documents = request_of(subject, key), documents_of(subject, key)
        may = weigh_jointly(request, documents).may
        yield _Gain(may, None)
        if may & PUT_KEY_POLICY:
            yield _Gain(_with_own_policy(request, documents), "kms:PutKeyPolicy")
        if may & CREATE_GRANT:
            yield _Gain(_with_own_grant(subject, key, request, documents), "kms:CreateGrant")
        if may & REPLICATE and key.record.multi_region_type == "PRIMARY" and _creates_keys(subject):
            yield _Gain(_with_own_policy(request, documents) & _USE, "kms:ReplicateKey")
        for by, actions, freed in _FREEING:
            if may & actions and _lets_alias(subject, key, may & actions):
                gained = weigh_jointly(_with_freed(subject, key, freed), documents).may & ~may
                if gained:
                    yield _Gain(gained, next(name for name in by if may & bit(name)))


def _with_own_policy(request: AccessRequest, documents: Documents) -> int:
    return weigh_jointly(request, replace(documents, key_policies=(_OPEN_POLICY,), grants=())).may


def _creates_keys(subject: Subject) -> int:
    request = AccessRequest(
        subject.caller, bit("kms:CreateKey"), "*", subject.caller.account, StaticContext(subject.facts)
    )
    documents = Documents(identity=subject.identity, boundary=subject.boundary, scps=subject.scps)
    return weigh_jointly(request, documents).may


def _with_own_grant(subject: Subject, key: KeySubject, request: AccessRequest, documents: Documents) -> int:
    """The operations of a grant that the principal may create for itself, by policy rather than by a grant."""
    by_policy = replace(documents, grants=())
    mask = 0
    for operation in names(GRANTABLE):
        chosen: dict[str, Value] = {
            **_DIRECT_CALL,
            "kms:grantoperations": known(operation.partition(":")[2]),
            "kms:granteeprincipal": known(subject.caller.text),
            "kms:granteeserviceprincipal": ABSENT,
        }
        context = StaticContext(chosen, subject.facts, key.facts)
        asked = replace(request, actions=CREATE_GRANT, context=context)
        mask |= bit(operation) if weigh_jointly(asked, by_policy).may else 0
    operations = tuple(name.partition(":")[2] for name in names(mask))
    grant = GrantFact(
        id="its own new grant", operations=operations, grantee=subject.caller.text, issuing_account=key.account
    )
    return weigh_jointly(request, replace(documents, key_policies=_only_denials(documents), grants=(grant,))).may & mask


def _only_denials(documents: Documents) -> tuple[Document, ...] | Unread:
    if isinstance(documents.key_policies, Unread):
        return ()
    return tuple(Document(d.name, tuple(s for s in d.statements if not s.allows)) for d in documents.key_policies)


_FREEING: tuple[tuple[tuple[str, ...], int, tuple[str, ...]], ...] = (
    (("kms:TagResource", "kms:UntagResource"), TAGGING, (RESOURCE_TAG,)),
    (
        ("kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"),
        ALIASING,
        ("kms:resourcealiases", "kms:requestalias"),
    ),
)
"""Actions that change what attribute-based statements look at, and the condition keys that become free."""


_CHANGING = frozenset({"kms:PutKeyPolicy", "kms:CreateGrant", "kms:ReplicateKey"}).union(*(by for by, *_ in _FREEING))


def _own_doing(actions: int) -> frozenset[str]:
    """The changes to a key that give nothing new to somebody with these actions: who writes its policy has them all."""
    if actions & PUT_KEY_POLICY:
        return _CHANGING
    return frozenset({"kms:CreateGrant"}) if actions & CREATE_GRANT else frozenset()


def _with_freed(subject: Subject, key: KeySubject, freed: tuple[str, ...]) -> AccessRequest:
    facts = {name: value for name, value in key.facts.items() if not name.startswith(freed)}
    context = StaticContext(dict.fromkeys(freed, UNKNOWN), subject.facts, facts)
    return AccessRequest(subject.caller, KEY_ACTIONS, key.arn, key.account, context)


def _lets_alias(subject: Subject, key: KeySubject, actions: int) -> bool:
    """Alias actions need permission on the alias as well as on the key."""
    if not actions & ALIASING:
        return True
    alias = key.arn.partition(":key/")[0] + ":alias/new"
    request = AccessRequest(subject.caller, actions & ALIASING, alias, key.account, StaticContext(subject.facts))
    return bool(weigh_jointly(request, documents_of(subject, key)).may)

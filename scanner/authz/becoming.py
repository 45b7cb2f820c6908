"""Which principal can come to act as which other: the edges of escalation that have to do with IAM.

An edge exists where some request may succeed. A node is a principal, perhaps with permissions it gave
itself: `elevated` by writing its own policies, `unbounded` without its boundary, `joined` to a group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from scanner.authz.actions import ASSUME_ROLE, EVERY, bit
from scanner.authz.conditions import holds
from scanner.authz.documents import Document, Statement, parse_document
from scanner.authz.facts import RESOURCE_TAG, StaticContext
from scanner.authz.joint import weigh_jointly
from scanner.authz.powers import (
    ASSUME_ROOT,
    BECOME_USER,
    BY_PASSING,
    COMPUTE,
    DROP_BOUNDARY,
    EVERY_WAY,
    JOIN_GROUP,
    ON_ITSELF,
    ON_ROLE,
    ON_USER,
    PASS_ROLE,
    PASSED_TO,
    REWRITE_TRUST,
    WRITE_GROUP,
    WRITE_POLICY,
    WRITE_ROLE,
    WRITE_USER,
)
from scanner.authz.principals import EVERYONE, parse_caller
from scanner.authz.request import AccessRequest, Documents, Levels, Unread
from scanner.authz.subjects import Subject, Subjects, levels_of
from scanner.authz.values import ABSENT, UNKNOWN, Known, Value, known
from scanner.authz.weigh import Outcome
from scanner.model.records import ResourceFact

ANYTHING = Document("its own new policy", (Statement(True, EVERY, "", resources=("*",), raw={"Effect": "Allow"}),))
"""What a principal gives itself that may write its own policies."""
OPEN_TRUST = Document(
    "its own new trust policy",
    (Statement(True, ASSUME_ROLE, "", principals=EVERYONE, resources=("*",), raw={"Effect": "Allow"}),),
)
"""What somebody writes into the trust policy of a role to come to it."""
NO_LIMIT: dict[str, Value] = {"iam:permissionsboundary": known("arn:aws:iam::aws:policy/AdministratorAccess")}
"""A boundary that somebody would choose who wants none."""


class Node(NamedTuple):
    """A principal by ARN, with what it gave itself."""

    arn: str
    elevated: bool = False
    unbounded: bool = False
    joined: str = ""


class Edge(NamedTuple):
    """By `actions`, done on `resource`, somebody comes to act as `target`."""

    actions: tuple[str, ...]
    resource: str
    target: Node


class Becoming:
    """The edges between the principals of a snapshot, worked out when first asked for."""

    def __init__(self, subjects: Subjects, compute: Iterable[ResourceFact] = ()) -> None:
        self.subjects = subjects
        self._edges: dict[Node, tuple[Edge, ...]] = {}
        self._rcps: dict[str, Levels] = {}
        self._compute = [fact for fact in compute if fact.type in COMPUTE and fact.attributes.get("role")]
        self.trusts = {s.caller.text: _trust(s) for s in subjects.all() if s.caller.kind == "role"}
        self._trusting: dict[str, list[Subject]] = defaultdict(list)
        for role in subjects.all():
            for text in _trusted(self.trusts.get(role.caller.text)):
                for trusted in subjects.meant_by(text):
                    self._trusting[trusted.caller.text].append(role)

    def edges(self, node: Node) -> tuple[Edge, ...]:
        """Whom `node` can come to act as in one step."""
        if node not in self._edges:
            self._edges[node] = tuple(dict.fromkeys(self._find(node)))
        return self._edges[node]

    def variant(self, node: Node) -> Subject:
        """The principal of a node with what it gave itself."""
        subject = self.subjects.by_arn[node.arn]
        identity = () if isinstance(subject.identity, Unread) else subject.identity
        if node.joined:
            group = self.subjects.groups[node.joined]
            identity += () if isinstance(group.identity, Unread) else group.identity
        if node.elevated:
            identity += (ANYTHING,)
        return replace(subject, identity=identity, boundary=None if node.unbounded else subject.boundary)

    def ask(
        self, node: Node, actions: int, resource: str, fixed: dict[str, Value] | None = None, *, rewritten: bool = False
    ) -> tuple[AccessRequest, Outcome]:
        """What `node` may do with one principal, policy or other resource; `rewritten`: whose trust it wrote itself."""
        subject = self.variant(node)
        target = self.subjects.by_arn.get(resource)
        account = parse_caller(resource).account if resource.startswith("arn:") else subject.caller.account
        context = StaticContext(fixed or {}, subject.facts, _target_facts(target))
        request = AccessRequest(subject.caller, actions, resource, account or subject.caller.account, context)
        trust = OPEN_TRUST if rewritten else self.trusts.get(resource)
        documents = Documents(
            key_policies=() if trust is None else (trust,),
            identity=subject.identity,
            boundary=subject.boundary,
            scps=subject.scps,
            rcps=None if subject.service_linked or account is None else self._rcps_of(account),
        )
        return request, weigh_jointly(request, documents)

    def _rcps_of(self, account: str) -> Levels:
        if account not in self._rcps:
            self._rcps[account] = levels_of(self.subjects.accounts.get(account), account, "rcps")
        return self._rcps[account]

    def _may(self, node: Node, actions: int, resource: str, fixed: dict[str, Value] | None = None) -> int:
        return self.ask(node, actions, resource, fixed)[1].may

    # --- finding edges ----------------------------------------------------------------------------

    def _find(self, node: Node) -> Iterator[Edge]:
        subject = self.variant(node)
        if subject.caller.kind == "root" or subject.service_linked:
            return  # the root user has everything; a service-linked role acts for its service alone
        powers = _powers(subject)
        yield from self._of_itself(node, subject, powers)
        yield from self._to_roles(node, powers)
        yield from self._to_users(node, subject, powers)
        yield from self._to_roots(node, subject, powers)

    def _of_itself(self, node: Node, subject: Subject, powers: int) -> Iterator[Edge]:
        if not powers & ON_ITSELF:
            return
        if not node.elevated:
            for actions, resource in self._ways_to_write(node, node.arn):
                yield Edge(actions, resource, node._replace(elevated=True))
        if subject.boundary is not None:
            for action in DROP_BOUNDARY.get(subject.caller.kind, ()):
                if self._may(node, bit(action), node.arn, NO_LIMIT if ":Put" in action else None):
                    yield Edge((action,), node.arn, node._replace(unbounded=True))
        if subject.caller.kind == "user" and powers & bit(JOIN_GROUP):
            for arn, group in self.subjects.groups.items():
                other = group.caller.account == subject.caller.account and not node.joined and group.identity
                if other and self._may(node, bit(JOIN_GROUP), arn):
                    yield Edge((JOIN_GROUP,), arn, node._replace(joined=arn))

    def _ways_to_write(self, node: Node, arn: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """Actions by which `node` can give the principal `arn` any permission."""
        target = self.subjects.by_arn[arn]
        record = target.record
        if record is None:
            return
        for resource, actions in _writable(record.account, target, self.subjects):
            for action in actions:
                if self._may(node, bit(action), resource):
                    yield (action,), resource
                    return

    def _to_roles(self, node: Node, powers: int) -> Iterator[Edge]:
        named = {role.caller.text: role for role in self._trusting.get(node.arn, ())}
        named |= {role.caller.text: role for role in self._trusting.get("*", ())}
        if powers & ON_ROLE:
            for others in self.subjects.by_account.values():
                named |= {o.caller.text: o for o in others if o.caller.kind == "role"}
        passing = self._passing(node, powers)
        for arn, role in named.items():
            if arn != node.arn and not role.service_linked:
                found = list(self._to_role(node, arn, passing))
                yield from found
                if found and powers & bit(WRITE_ROLE[0]) | powers & bit(WRITE_ROLE[1]):
                    yield from (
                        Edge(actions, resource, Node(arn, elevated=True))
                        for actions, resource in self._ways_to_write(node, arn)
                    )
        yield from self._by_compute(node, powers)

    def _to_role(self, node: Node, arn: str, passing: list[tuple[str, tuple[str, ...]]]) -> Iterator[Edge]:
        same_account = parse_caller(arn).account == parse_caller(node.arn).account
        wanted = ASSUME_ROLE | (bit(REWRITE_TRUST) | bit(PASS_ROLE) if same_account else 0)
        may = self._may(node, wanted, arn)
        if may & ASSUME_ROLE:
            yield Edge(("sts:AssumeRole",), arn, Node(arn))
        if may & bit(REWRITE_TRUST) and self.ask(node, ASSUME_ROLE, arn, rewritten=True)[1].may:
            yield Edge((REWRITE_TRUST, "sts:AssumeRole"), arn, Node(arn))
        if may & bit(PASS_ROLE):
            for service, actions in passing:
                if self._trusts_service(arn, service) and self._passes(node, arn, service):
                    yield Edge((PASS_ROLE, *actions), arn, Node(arn))
                    return

    def _passing(self, node: Node, powers: int) -> list[tuple[str, tuple[str, ...]]]:
        """Services that `node` can make run something, with the actions for it."""
        if not powers & bit(PASS_ROLE) or not powers & BY_PASSING:
            return []
        return [(service, actions) for service, actions in PASSED_TO if all(self._anywhere(node, a) for a in actions)]

    def _anywhere(self, node: Node, action: str) -> bool:
        """Whether an action may succeed on some resource, whatever it is."""
        return bool(_powers(self.variant(node)) & bit(action)) and not self.ask(node, bit(action), "*")[1].denied

    def _trusts_service(self, arn: str, service: str) -> bool:
        trust = self.trusts.get(arn)
        statements = trust.statements if trust else ()
        return any(
            s.allows and s.actions & ASSUME_ROLE and s.principals is not None and service in s.principals.services
            for s in statements
        )

    def _passes(self, node: Node, arn: str, service: str) -> int:
        return self._may(node, bit(PASS_ROLE), arn, {"iam:passedtoservice": known(service)})

    def _by_compute(self, node: Node, powers: int) -> Iterator[Edge]:
        for fact in self._compute:
            role = str(fact.attributes["role"])
            for action in COMPUTE[fact.type]:
                if role in self.subjects.by_arn and powers & bit(action) and self._may(node, bit(action), fact.arn):
                    yield Edge((action,), fact.arn, Node(role))

    def _to_users(self, node: Node, subject: Subject, powers: int) -> Iterator[Edge]:
        if not powers & ON_USER:
            return
        for other in self.subjects.by_account.get(subject.caller.account or "", ()):
            arn = other.caller.text
            if other.caller.kind == "user" and arn != node.arn:
                action = next((a for a in BECOME_USER if self._may(node, bit(a), arn)), None)
                if action is not None:
                    yield Edge((action,), arn, Node(arn))
                    for actions, resource in self._ways_to_write(node, arn):
                        yield Edge((*actions, action), resource, Node(arn, elevated=True))

    def _to_roots(self, node: Node, subject: Subject, powers: int) -> Iterator[Edge]:
        """The management account can take on the root user of a member account (STS API reference, AssumeRoot)."""
        account = self.subjects.accounts.get(subject.caller.account or "")
        if not powers & bit(ASSUME_ROOT) or account is None or account.management_account != account.account:
            return
        roots = (other for others in self.subjects.by_account.values() for other in others)
        for root in (other.caller for other in roots if other.caller.kind == "root"):
            if root.account != account.account and self._may(node, bit(ASSUME_ROOT), root.text):
                yield Edge((ASSUME_ROOT,), root.text, Node(root.text))


def _powers(subject: Subject) -> int:
    """Every way that some statement of a principal may open, whatever its resource."""
    if isinstance(subject.identity, Unread):
        return 0
    context = StaticContext(subject.facts)
    mask = _allowed(subject.identity, context)
    if isinstance(subject.boundary, tuple):
        mask &= _allowed(subject.boundary, context)
    for level in subject.scps if isinstance(subject.scps, tuple) else ():
        mask &= _allowed(level, context)
    return mask & EVERY_WAY


def _allowed(documents: Iterable[Document], context: StaticContext) -> int:
    mask = 0
    for document in documents:
        for statement in document.statements:
            if statement.allows and not statement.fault and statement.actions & EVERY_WAY:
                mask |= holds(statement.conditions, context, statement.actions)[1]
    return mask


def _writable(account: str, target: Subject, subjects: Subjects) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What decides over a principal and could be written: itself, its groups, its account's own policies."""
    record = target.record
    assert record is not None
    yield target.caller.text, WRITE_ROLE if record.type == "role" else WRITE_USER
    attached = list(record.attached) if isinstance(record.attached, tuple) else []
    for group in subjects.groups.values():
        if group.record and group.record.account == account and group.record.name in record.groups:
            yield group.caller.text, WRITE_GROUP
            attached += group.record.attached if isinstance(group.record.attached, tuple) else ()
    for arn in attached:
        if f"::{account}:" in arn:
            yield arn, WRITE_POLICY


def _target_facts(target: Subject | None) -> dict[str, Value]:
    """Facts of a user or role as the resource of a request."""
    if target is None or target.record is None:
        return {}
    record = target.record
    facts: dict[str, Value] = {"aws:resourceaccount": known(record.account)}
    if isinstance(record.tags, dict):
        for prefix in (RESOURCE_TAG, "iam:resourcetag/"):
            facts |= {f"{prefix}{name.lower()}": Known((value,)) for name, value in record.tags.items()}
            facts[prefix] = ABSENT
    if record.boundary is None:
        facts["iam:permissionsboundary"] = ABSENT
    else:
        facts["iam:permissionsboundary"] = known(record.boundary) if isinstance(record.boundary, str) else UNKNOWN
    return facts


def _trust(role: Subject) -> Document:
    """A role's trust policy; its statements need no Resource."""
    text = role.record.trust if role.record else None
    name = f"trust/{role.caller.text}"
    if text is None:
        return Document(name)
    document = parse_document(name, text)
    statements = tuple(replace(s, resources=("*",)) if s.resources is None else s for s in document.statements)
    return Document(name, statements, document.fault)


def _trusted(trust: Document | None) -> Iterator[str]:
    """Whom a trust policy names one by one, or everyone."""
    for statement in trust.statements if trust else ():
        if statement.allows and statement.principals is not None:
            yield from statement.principals.arns
            if statement.principals.everyone or statement.except_principals:
                yield "*"

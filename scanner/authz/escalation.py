"""Who can come to use or administer a key without being allowed to: by changing policies, or as somebody else.

Edges exist where a request may succeed. They are closed transitively; the shortest path is the evidence, and
what each of its steps asks for is its condition. What is and is not modelled stands in docs/access.md.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from scanner.authz.actions import bit, names
from scanner.authz.becoming import Becoming
from scanner.authz.doubts import Doubts
from scanner.authz.evidence import Evidence, Step
from scanner.authz.gains import ALL_THERE_IS, Gain, own_doing
from scanner.authz.homes import Home, Homes
from scanner.authz.keygains import KeyGains
from scanner.authz.keys import KeySubject
from scanner.authz.reached import Reached
from scanner.authz.relation import Relation
from scanner.authz.subjects import Subject, Subjects
from scanner.authz.targets import targets_of
from scanner.authz.values import Known, Value
from scanner.authz.variants import AS_IT_IS, Node, Variants
from scanner.authz.walks import Walks
from scanner.model.records import ResourceFact

__all__ = ["Escalation", "EscalationPath", "Step"]


class EscalationPath(Struct, frozen=True):
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


class Escalation:
    """Escalation over the principals and keys of an estate; `fixed` settles some context of every request."""

    def __init__(
        self,
        subjects: Subjects,
        keys: dict[str, KeySubject],
        relation: Relation,
        compute: Iterable[ResourceFact] = (),
        fixed: dict[str, Known] | None = None,
    ) -> None:
        settled: dict[str, Value] = dict(fixed or {})
        self.subjects = subjects
        self.keys = keys
        self.variants = Variants(subjects)
        self.becoming = Becoming(subjects, targets_of(subjects, compute), self.variants, settled)
        self.gains = KeyGains(self.variants, keys, relation, settled)
        self.homes = Homes(self.becoming.moves, self._told_apart)
        self.evidence = Evidence(self.becoming, self.gains)
        self.walks = Walks(self.homes)

    def _told_apart(self, node: Node) -> Hashable:
        """Whoever a key policy denies by name may have less than its class."""
        return (*self.gains.group(node), node.arn if node.arn in self.gains.denied else "")

    @cached_property
    def starts(self) -> dict[Node, Subject]:
        """Everybody that may set out: users, roles, root users, and strangers that trust policies name."""
        found = (node for node in self.homes.of if node.variant == AS_IT_IS)
        listed = {node: self.variants.subject(node) for node in found}
        return {node: subject for node, subject in listed.items() if not subject.service_linked}

    @cached_property
    def doubts(self) -> Doubts:
        """Why there may be more ways than those that are told."""
        return Doubts(self)

    @cached_property
    def reached(self) -> Reached:
        """Who can come to which actions, as masks."""
        return Reached(self.homes, self.gains, self.starts)

    def reaching(self, key_arn: str, action: str) -> list[EscalationPath]:
        """Everybody who can come to `action` on the key and may not do it as it stands, with the shortest path."""
        key, wanted = self.keys[key_arn], bit(action)
        nodes = self.reached.everybody(self.reached.of(key), wanted)
        found = (self._shortest(node, key, wanted) for node in nodes)
        return sorted((path for _, path in filter(None, found)), key=lambda path: path.principal)

    def may_reach(self, subject: Subject, key: KeySubject) -> int:
        """The actions that a principal can come to and may not do as it stands, without saying how."""
        start = Node(subject.caller.text)
        return self.reached.gained(self.reached.of(key), start) if start in self.starts else 0

    def comes_to(self, principal: str, key: KeySubject) -> int:
        """The actions that a user or role of the snapshot may do as it stands or can come to."""
        node = Node(principal)
        direct = self.gains.of(node, key, self.reached.of(key).special)[0].actions
        return direct | self.may_reach(self.variants.subject(node), key)

    def from_principal(
        self, subject: Subject, key: KeySubject, *, among: int = ALL_THERE_IS, through_others: bool = False
    ) -> Iterator[tuple[int, EscalationPath]]:
        """What a principal can come to do with a key and may not do as it stands: actions with their shortest path.

        `through_others` leaves out what whoever may already write the key's policy, or grant on it, can do by that.
        """
        start, left = Node(subject.caller.text), self.may_reach(subject, key) & among
        if not left:
            return
        direct = self.gains.of(start, key, self.reached.of(key).special)[0].actions
        left_out = own_doing(direct) if through_others else frozenset()
        while left and (found := self._shortest(start, key, left, left_out)):
            yield found
            left &= ~found[0]

    def _shortest(
        self, start: Node, key: KeySubject, wanted: int, left_out: frozenset[str] = frozenset()
    ) -> tuple[int, EscalationPath] | None:
        """The nearest somebody who has one of the wanted actions, and which of them it has by one way."""
        special = self.reached.of(key).special

        def fitting(gains: Iterable[Gain]) -> Gain | None:
            return next((g for g in gains if g.actions & wanted and left_out.isdisjoint(a for a, _ in g.by)), None)

        def has(node: Node) -> bool:
            return fitting(self.gains.of(node, key, special)) is not None

        def has_by_class(home: Home) -> bool:
            return fitting(self.gains.of_class(home.model, key)) is not None

        walks = [()] if has(start) else list(self.walks.to_home(start, has_by_class, has))
        if walks != [()]:
            walks += [w for n in self.reached.nodes_of(special) if has(n) for w in self.walks.to_node(start, n)]
        if not walks:
            return None
        edges = min(walks, key=len)
        end = edges[-1].target if edges else start
        gain = fitting(self.gains.of(end, key, special))
        assert gain is not None
        gained = gain.actions & wanted
        steps = (*self.evidence.of_edges(start, edges), *self.evidence.of_gain(end, key, gain, gained))
        who = self.variants.subject(start)
        return gained, EscalationPath(start.arn, who.type, who.caller.account, key.arn, names(gained), steps)

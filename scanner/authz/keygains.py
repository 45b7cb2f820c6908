"""What everybody gains about every key: by classes, and one by one where a principal and a key name each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import cast

from msgspec.structs import replace

from scanner.authz.actions import KEY_ACTIONS
from scanner.authz.classes import KeyClass, SubjectClass
from scanner.authz.facts import StaticContext
from scanner.authz.gains import Gain, gains
from scanner.authz.joint import weigh_jointly
from scanner.authz.keys import KeySubject
from scanner.authz.principals import Caller
from scanner.authz.relation import Relation, documents_of
from scanner.authz.request import AccessRequest, Documents
from scanner.authz.sides import Side
from scanner.authz.subjects import Subject
from scanner.authz.values import Value
from scanner.authz.variants import Node, Variants


class KeyGains:
    """The gains of nodes about keys, worked out when first asked for."""

    def __init__(
        self, variants: Variants, keys: dict[str, KeySubject], relation: Relation, fixed: dict[str, Value]
    ) -> None:
        self.variants = variants
        self.keys = keys
        self.relation = relation
        self.classes = relation.classes
        self.fixed = fixed
        self._memo: dict[object, tuple[Gain, ...]] = {}
        self.denied = frozenset(name for key in keys.values() for name in _denied(key))
        """Principals that a key policy or an RCP denies something by name, who so may have less than their class."""
        self._placed: dict[Subject, str] = {}

    def group(self, node: Node) -> tuple[SubjectClass, str]:
        """What the gains of a node about keys that it does not name depend on."""
        subject = self.variants.subject(node)
        group = self.classes.place(subject)
        if subject in self.classes.names:
            self._placed[subject] = node.arn
        return group, node.variant.free

    def special(self, key: KeySubject) -> set[str]:
        """Principals that have to be asked about a key by themselves, in every variant."""
        found: set[str] = set()
        for one in (key, *self._family(key)):
            named = self.relation.special(one)
            found.update(named)
            found |= {self._placed[s] for s in self.classes.placed_naming(one) if s in self._placed}
            found.update(self._strangers_meant(one, named.values()))
        return found

    @cached_property
    def _strangers(self) -> dict[str | None, list[Caller]]:
        """Those that are in no snapshot, by account: somebody's trust policy names them."""
        found: dict[str | None, list[Caller]] = defaultdict(list)
        for node in self.variants.strangers():
            caller = self.variants.subject(node).caller
            found[caller.account].append(caller)
        return found

    def _strangers_meant(self, key: KeySubject, named: Iterable[Subject]) -> Iterator[str]:
        """Strangers in accounts that a grant names, and sessions of roles that the key names."""
        for role in (subject.caller for subject in named if subject.caller.kind == "role"):
            strangers = self._strangers.get(role.account, ())
            yield from (s.text for s in strangers if s.kind == "session" and s.name == role.name)
        for account in key.granted_accounts():
            yield from (caller.text for caller in self._strangers.get(account, ()))

    def of_class(self, node: Node, key: KeySubject) -> tuple[Gain, ...]:
        """The gains of everybody of the node's group about every key of the key's class."""
        group, keys = self.group(node), self.classes.key_class[key.arn]
        place = (group, keys)
        if place not in self._memo:
            first = cast("KeySubject", keys.first)
            side = self._side_of_class(node, group[0], keys)
            related = (self._side_of_class(node, group[0], self.classes.key_class[k.arn]) for k in self._family(first))
            self._memo[place] = tuple(gains(side, tuple(related))) if side.may else (Gain(0),)
        return self._memo[place]

    def alone(self, node: Node, key: KeySubject) -> tuple[Gain, ...]:
        """The gains of one node about one key."""
        place = (node, key.arn)
        if place not in self._memo:
            related = (self.side(node, one) for one in self._family(key))
            self._memo[place] = tuple(gains(self.side(node, key), tuple(related)))
        return self._memo[place]

    def of(self, node: Node, key: KeySubject, special: set[str]) -> tuple[Gain, ...]:
        """The gains of a node, `special` being the principals of this key that are."""
        return self.alone(node, key) if node.arn in special else self.of_class(node, key)

    def _family(self, key: KeySubject) -> Iterator[KeySubject]:
        """The other keys with the same material."""
        if key.record.multi_region_type:
            primary = key.record.primary_arn
            replicas = key.record.replica_arns
            arns = [primary] if isinstance(primary, str) else []
            arns += replicas if isinstance(replicas, tuple) else ()
            yield from (self.keys[arn] for arn in arns if arn in self.keys and arn != key.arn)

    def side(self, node: Node, key: KeySubject) -> Side:
        """One node before one key."""
        subject = self.variants.subject(node)
        return self._weighed(node, subject, subject.caller, key, documents_of(subject, key))

    def _side_of_class(self, node: Node, group: SubjectClass, keys: KeyClass) -> Side:
        key, subject = cast("KeySubject", keys.first), group.first
        documents = self.classes.documents(group, keys)
        if not self._is_open(subject, key):
            request = AccessRequest(group.caller(), KEY_ACTIONS, key.arn, key.account, StaticContext(self.fixed))
            return Side(subject, key, request, documents, self.fixed, 0)
        return self._weighed(node, subject, group.caller(), key, documents)

    def _weighed(self, node: Node, subject: Subject, caller: Caller, key: KeySubject, documents: Documents) -> Side:
        if node.variant.frees(key.account):
            documents = replace(documents, rcps=None)
        context = StaticContext(self.fixed, subject.facts, key.facts)
        request = AccessRequest(caller, KEY_ACTIONS, key.arn, key.account, context)
        return Side(subject, key, request, documents, self.fixed, weigh_jointly(request, documents).may)

    def _is_open(self, subject: Subject, key: KeySubject) -> bool:
        """Whether the key lets anybody of the principal's account in who is not named."""
        opened = key.opened_accounts()
        return subject.caller.account == key.account or opened is None or subject.caller.account in opened


def _denied(key: KeySubject) -> Iterator[str]:
    levels = key.rcps if isinstance(key.rcps, tuple) else ()
    for document in (*key.documents(), *(one for level in levels for one in level)):
        for statement in document.statements:
            if not statement.allows and statement.principals is not None:
                yield from statement.principals.arns

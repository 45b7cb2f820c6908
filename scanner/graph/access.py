"""Access relations of keys, principals and key stores, asked of the access engine when a rule first reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import UnsetType

from scanner.catalog.kms_actions import USAGE_OF, actions_of
from scanner.graph.access_views import gainers, holders, of_decision, of_path, statement_view
from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import fact, members
from scanner.graph.policy_facts import POLICY_FACTS, PolicyFacts
from scanner.graph.views import Access, Key, Principal, Statement, Store
from scanner.model.records import PrincipalFact
from scanner.model.unknown import Partial, Unknown, known_members, reason_of

if TYPE_CHECKING:  # the engine is loaded when the first access fact is read
    from scanner.authz.estate import AccessEstate, KeyAccess

ADMINISTRATION = frozenset({"policy", "destroy", "availability", "material", "replicate"})
"""Subclasses of key administration that decide over the key itself; aliases and tags are left to their own rules."""


def _kms(action_class: str, *subclasses: str) -> frozenset[str]:
    """The KMS actions of a class and some of its subclasses: `kms:PutKeyPolicy` ..."""
    return frozenset(
        name
        for name, action in actions_of("kms").items()
        if action.cls == action_class and action.subclass in subclasses and not action.internal
    )


PREPARATION = frozenset({"kms:GetParametersForImport"})
"""Gives a wrapping key and changes nothing; `kms:Get*` of an auditor includes it."""

RELATIONS: dict[str, frozenset[str]] = {
    "admins": _kms("administration", *ADMINISTRATION) - PREPARATION,
    "users": _kms("use", "secret"),
    "grantors": _kms("grant-management", "create"),
    "policy_writers": frozenset({"kms:PutKeyPolicy"}),
}
"""Which actions put a principal into which relation of a key."""

EVERY_RELATION = frozenset[str]().union(*RELATIONS.values())
STORE_ADMINISTRATION = _kms("administration", "key-store", "key-store-destroy")


class AccessSource:
    """Answers the lazy access facts from one access estate."""

    def __init__(self, graph: KeyGraph) -> None:
        self._graph = graph
        self._trusted = frozenset(entry.id for entry in graph.settings.trusted)

    @cached_property
    def estate(self) -> AccessEstate:
        """The engine over this snapshot, made when the first access fact is read."""
        from scanner.authz.estate import AccessEstate

        return AccessEstate.of(self._graph.snapshot)

    @cached_property
    def policies(self) -> PolicyFacts:
        """Facts about key policies as documents."""
        return PolicyFacts(self._graph, self.estate)

    def relation(self, key: Key, name: str) -> tuple[Access, ...] | Partial[Access]:
        """One of `RELATIONS` of a key."""
        read = not isinstance(self.estate.keys[key.arn].record.policies, UnsetType)
        return holders(
            self.estate.access(key.arn), _possible(RELATIONS[name], key), self._trusted | {key.account}, read
        )

    def public_statements(self, key: Key) -> tuple[Statement, ...] | Unknown:
        """Statements that open the key to any account; unknown while a key policy is unread."""
        statements = self.estate.public_statements(key.arn)
        return statements if isinstance(statements, Unknown) else tuple(map(statement_view, statements))

    def planned_gains(self, key: Key) -> tuple[Access, ...] | Partial[Access] | None:
        """Whom a plan lets further in; None without a plan, and for a key that was not there before."""
        before = None if self._graph.before is None else self._graph.before.keys.get(key.arn)
        if not isinstance(before, AccessKey) or not isinstance(key, AccessKey) or key.planned_action == "create":
            return None
        wanted = _possible(EVERY_RELATION, key)
        return gainers(before.reaches, key.reaches, wanted, self._trusted | {key.account})

    def admins_becoming_users(self, key: Key) -> tuple[Access, ...] | Partial[Access]:
        """Administrators who can come to use the key by something else than this key's own policy or grants.

        Partial where somebody may be missing: among administrators or users, or on the ways from one to the other.
        """
        from scanner.authz.actions import mask_of

        users = {access.arn for access in known_members(key.users)}
        among = mask_of(_possible(RELATIONS["users"], key))
        found, doubt = [], reason_of(key.admins) or reason_of(key.users)
        for access in known_members(key.admins):
            if access.type in ("user", "role") and access.arn not in users:
                way = self._way_to_use(access.arn, key.arn, among)
                found += [way] if way else []
                doubt = doubt or (None if way else self._doubt_of_way(access.arn, key.arn, among))
        return members(found, doubt)

    def _way_to_use(self, principal: str, key_arn: str, among: int) -> Access | None:
        subject = self.estate.subjects.by_arn.get(principal)
        if subject is None:
            return None
        key = self.estate.keys[key_arn]
        ways = self.estate.escalation.from_principal(subject, key, among=among, through_others=True)
        return next((of_path(path) for _, path in ways), None)

    def _doubt_of_way(self, principal: str, key_arn: str, among: int) -> str | None:
        """Why a principal that has no way to use a key may have one all the same."""
        doubt = self.estate.escalation.doubts.of_use(principal, self.estate.keys[key_arn], among)
        return doubt or next(iter(self.estate.unread_compute), None)

    def on_all_keys(self, principal: str) -> tuple[Statement, ...] | Partial[Statement] | Unknown:
        """Statements of a principal that reach every key."""
        statements = self.estate.statements_on_all_keys(principal)
        if isinstance(statements, Unknown):
            return statements
        if isinstance(statements, Partial):
            return Partial(tuple(map(statement_view, statements.known)), statements.reason)
        return tuple(map(statement_view, statements))

    @cached_property
    def _classes_used(self) -> tuple[dict[str, set[str]], dict[str, str], str | None]:
        """Principal to the data classes of the keys that it may use, why it may have more, and why anybody may."""
        classes: dict[str, set[str]] = defaultdict(set)
        own_doubts: dict[str, str] = {}
        doubt = None
        for key in filter(_is_customers, self._graph.keys.values()):
            own, unsure = set(known_members(key.data_classes)), reason_of(key.data_classes)
            if not own and unsure is None:
                continue
            doubt = doubt or reason_of(key.users)
            for access in known_members(key.users):
                classes[access.arn] |= own
                if unsure is not None:
                    own_doubts.setdefault(access.arn, unsure)
        return classes, own_doubts, doubt

    def decrypts_classes(self, principal: str) -> tuple[str, ...] | Partial[str]:
        """Data classes whose keys a principal may use."""
        classes, own_doubts, doubt = self._classes_used
        return members(sorted(classes.get(principal, ())), own_doubts.get(principal) or doubt)

    def store_admins(self, store: Store) -> tuple[Access, ...] | Partial[Access]:
        """Users and roles of the store's account that may change or disconnect key stores."""
        from scanner.authz.actions import mask_of, names
        from scanner.authz.keyless import keyless

        subjects, wanted = self.estate.subjects, mask_of(STORE_ADMINISTRATION)
        found = (
            of_decision(subject, names(mask & wanted), decision)
            for subject in subjects.by_account.get(store.account, ())
            if subject.type in ("user", "role")
            for mask, decision in keyless(subject)
            if mask & wanted
        )
        return members(_merged(found), subjects.missing.get(store.account))


def _possible(actions: frozenset[str], key: Key) -> frozenset[str]:
    """Those of `actions` that a key can do: nobody signs with an encryption key. All, while its usage is unread."""
    return frozenset(action for action in actions if can_do(key, action))


def can_do(key: Key, action: str) -> bool:
    """Whether a key of this usage can take part in an action at all."""
    return isinstance(key.usage, Unknown) or USAGE_OF.get(action, key.usage) == key.usage


def _is_customers(key: Key) -> bool:
    """AWS managed keys let services decrypt for whoever may use the resource; they say nothing of principals."""
    return isinstance(key.manager, Unknown) or key.manager == "CUSTOMER"


def _merged(accesses: Iterable[Access]) -> Iterator[Access]:
    """The first of each principal: the one that is certain, where there is one."""
    best: dict[str, Access] = {}
    for access in accesses:
        kept = best.get(access.arn)
        if kept is None or (access.certain is True and kept.certain is not True):
            best[access.arn] = access
    return (best[arn] for arn in sorted(best))


class AccessKey(Key):
    """A key whose access relations are worked out on first reading."""

    __slots__ = ("source",)
    source: AccessSource

    @property
    def reaches(self) -> KeyAccess:
        """Whoever may do anything with it."""
        return self.source.estate.access(self.arn)

    def load_lazy(self, name: str) -> Any:
        """Ask the access engine; any other empty fact was not collected."""
        if name in RELATIONS:
            return self.source.relation(self, name)
        if name in ("public_statements", "admins_becoming_users", "planned_gains"):
            return getattr(self.source, name)(self)
        if name in POLICY_FACTS:
            return POLICY_FACTS[name](self.source.policies, self)
        return super().load_lazy(name)

    @classmethod
    def type_name(cls) -> str:
        """To a rule this is simply a key."""
        return Key.type_name()


class AccessPrincipal(Principal):
    """A principal whose reach over all keys is worked out on first reading."""

    __slots__ = ("source",)
    source: AccessSource

    def load_lazy(self, name: str) -> Any:
        """Ask the access engine; any other empty fact was not collected."""
        questions: dict[str, Callable[[str], Any]] = {
            "decrypts_all_keys": self.source.on_all_keys,
            "decrypts_classes": self.source.decrypts_classes,
        }
        return questions[name](self.arn) if name in questions else super().load_lazy(name)

    @classmethod
    def type_name(cls) -> str:
        """To a rule this is simply a principal."""
        return Principal.type_name()


class AccessStore(Store):
    """A key store whose administrators are worked out on first reading."""

    __slots__ = ("source",)
    source: AccessSource

    def load_lazy(self, name: str) -> Any:
        """Ask the access engine; any other empty fact was not collected."""
        return self.source.store_admins(self) if name == "admins" else super().load_lazy(name)

    @classmethod
    def type_name(cls) -> str:
        """To a rule this is simply a key store."""
        return Store.type_name()


def add_principals(graph: KeyGraph, source: AccessSource) -> None:
    """IAM users, groups and roles."""
    for record in graph.snapshot.of(PrincipalFact):
        graph.principals[record.arn] = AccessPrincipal(
            source=source,
            arn=record.arn,
            name=record.name,
            type=record.type,
            account=record.account,
            region=record.region,
            tags=fact(record, "tags"),
            service_linked=":role/aws-service-role/" in record.arn,
        )

"""Access edges: who may administer, use or grant a key, asked of the access engine when a rule first reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scanner.catalog.kms_actions import actions_of
from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import fact, members
from scanner.graph.views import Access, Key, Principal, Statement
from scanner.model.arn import account_of
from scanner.model.records import PrincipalFact
from scanner.model.unknown import Partial, Unknown

if TYPE_CHECKING:  # the engine is loaded when the first access fact is read
    from scanner.authz.estate import AccessEstate, KeyAccess, Reach, StatementRef

ADMINISTRATION = frozenset({"policy", "destroy", "availability", "material", "replicate"})
"""Subclasses of key administration that decide over the key itself; aliases and tags are left to their own rules."""


def _kms(action_class: str, subclasses: Iterable[str]) -> frozenset[str]:
    """The KMS actions of a class and some of its subclasses: `kms:PutKeyPolicy` ..."""
    wanted = frozenset(subclasses)
    return frozenset(
        name
        for name, action in actions_of("kms").items()
        if action.cls == action_class and action.subclass in wanted and not action.internal
    )


RELATIONS: dict[str, frozenset[str]] = {
    "admins": _kms("administration", ADMINISTRATION),
    "users": _kms("use", {"secret"}),
    "grantors": _kms("grant-management", {"create"}),
}
"""Which actions put a principal into which relation of a key."""


class AccessSource:
    """Answers the lazy access facts of keys and principals from one access estate."""

    def __init__(self, graph: KeyGraph) -> None:
        self._graph = graph

    @cached_property
    def estate(self) -> AccessEstate:
        """The engine over this snapshot, made when the first access fact is read."""
        from scanner.authz.estate import AccessEstate

        return AccessEstate.of(self._graph.snapshot)

    def relation(self, key: Key, name: str) -> tuple[Access, ...] | Partial[Access]:
        """`admins`, `users` or `grantors` of a key."""
        access = self.estate.access(key.arn)
        return _incomplete(_holders(access, RELATIONS[name]), access)

    def public_statements(self, key: Key) -> tuple[Statement, ...] | Unknown:
        """Statements that open the key to any account; unknown while a key policy is unread."""
        statements = self.estate.public_statements(key.arn)
        return statements if isinstance(statements, Unknown) else tuple(map(statement_view, statements))


class AccessKey(Key):
    """A key whose access relations are worked out on first reading."""

    __slots__ = ("source",)
    source: AccessSource

    def load_lazy(self, name: str) -> Any:
        """Ask the access engine; any other empty fact was not collected."""
        if name in RELATIONS:
            return self.source.relation(self, name)
        if name == "public_statements":
            return self.source.public_statements(self)
        return super().load_lazy(name)

    @classmethod
    def type_name(cls) -> str:
        """To a rule this is simply a key."""
        return Key.type_name()


def statement_view(reference: StatementRef) -> Statement:
    """A statement of the engine as evidence for a rule."""
    return Statement(
        id=f"{reference.document}#{reference.pointer}",
        document=reference.document,
        pointer=reference.pointer,
        sid=reference.sid,
        text=reference.text,
    )


def _holders(access: KeyAccess, wanted: frozenset[str]) -> list[Access]:
    """One Access per principal over all the wanted actions, in a fixed order."""
    found: dict[str, list[Reach]] = {}
    for reach in access.reaches(wanted):
        found.setdefault(reach.principal, []).append(reach)
    return [_access(principal, found[principal]) for principal in sorted(found)]


def _access(principal: str, reaches: list[Reach]) -> Access:
    """Certain when every such request of some action succeeds; else the conditions of all of them are named."""
    because = {(ref.document, ref.pointer): ref for reach in reaches for ref in reach.because}
    certain = any(reach.certain for reach in reaches)
    return Access(
        arn=principal,
        type=reaches[0].principal_type,
        account=account_of(principal),
        certain=certain,
        conditions=() if certain else tuple(dict.fromkeys(text for reach in reaches for text in reach.conditions)),
        actions=tuple(sorted({reach.action for reach in reaches})),
        via=tuple(sorted({via for reach in reaches for via in reach.via})),
        because=tuple(statement_view(because[place]) for place in sorted(because)),
    )


def _incomplete(holders: list[Access], access: KeyAccess) -> tuple[Access, ...] | Partial[Access]:
    return members(holders, None if access.complete else "; ".join(access.reasons))


class AccessPrincipal(Principal):
    """A principal whose reach over all keys is worked out on first reading."""

    __slots__ = ("ask",)
    ask: Callable[[str], tuple[Statement, ...] | Partial[Statement] | Unknown]

    def load_lazy(self, name: str) -> Any:
        """Ask the access engine; any other empty fact was not collected."""
        return self.ask(self.arn) if name == "decrypts_all_keys" else super().load_lazy(name)

    @classmethod
    def type_name(cls) -> str:
        """To a rule this is simply a principal."""
        return Principal.type_name()


def add_principals(graph: KeyGraph, source: AccessSource) -> None:
    """IAM users, groups and roles."""

    def on_all_keys(arn: str) -> tuple[Statement, ...] | Partial[Statement] | Unknown:
        statements = source.estate.statements_on_all_keys(arn)
        if isinstance(statements, Unknown):
            return statements
        if isinstance(statements, Partial):
            return Partial(tuple(map(statement_view, statements.known)), statements.reason)
        return tuple(map(statement_view, statements))

    for record in graph.snapshot.of(PrincipalFact):
        graph.principals[record.arn] = AccessPrincipal(
            ask=on_all_keys,
            arn=record.arn,
            name=record.name,
            type=record.type,
            account=record.account,
            region=record.region,
            tags=fact(record, "tags"),
            service_linked=":role/aws-service-role/" in record.arn,
        )

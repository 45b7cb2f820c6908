"""Facts about key policies as documents: outsiders, negations, orphans, unguarded services, differences of replicas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scanner.graph.access_views import statement_view
from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import members
from scanner.graph.views import Key, Statement
from scanner.model.records import Gap, KeyFact
from scanner.model.unknown import Partial, Unknown, known_members, reason_of

if TYPE_CHECKING:  # the engine is loaded when the first access fact is read
    from scanner.authz.documents import StatementRef
    from scanner.authz.estate import AccessEstate
    from scanner.authz.lint import Found

Views = tuple[Statement, ...] | Partial[Statement] | Unknown


class PolicyFacts:
    """Answers the lazy facts about key policies from the documents of one access estate."""

    def __init__(self, graph: KeyGraph, estate: AccessEstate) -> None:
        self._graph = graph
        self._estate = estate
        self._trusted = frozenset(entry.id for entry in graph.settings.trusted)

    def foreign_accounts(self, key: Key) -> tuple[str, ...] | Partial[str] | Unknown:
        """Accounts that are named and not trusted."""
        found = self._foreign(key)
        return found if isinstance(found, Unknown) else members(found, self._faults(key))

    def foreign_statements(self, key: Key) -> Views:
        """The statements that name them."""
        found = self._foreign(key)
        if isinstance(found, Unknown):
            return found
        references = dict.fromkeys(reference for listed in found.values() for reference in listed)
        return members(map(statement_view, references), self._faults(key))

    def negated_statements(self, key: Key) -> Views:
        """Allow statements with NotPrincipal or NotAction."""
        from scanner.authz.lint import negated_elements

        return _views(negated_elements(self._estate.keys[key.arn]))

    def orphan_statements(self, key: Key) -> Views:
        """Statements that name a deleted user or role."""
        from scanner.authz.lint import orphan_principals

        return _views(orphan_principals(self._estate.keys[key.arn]))

    def policy_writing_statements(self, key: Key) -> Views:
        """Statements that give kms:PutKeyPolicy to somebody."""
        from scanner.authz.lint import policy_writing

        return _views(policy_writing(self._estate.keys[key.arn]))

    def unguarded_service_statements(self, key: Key) -> Views:
        """Statements that serve an AWS service whoever it acts for."""
        from scanner.authz.lint import unguarded_services

        return _views(unguarded_services(self._estate.keys[key.arn]))

    def policy_differences(self, key: Key) -> Views:
        """Statements that this replica has and its primary has not, or the other way round."""
        from scanner.authz.lint import policy_differences

        if isinstance(key.primary_arn, Unknown):
            return key.primary_arn
        if key.primary_arn is None or key.primary_arn == key.arn:
            return ()
        primary = self._estate.keys.get(key.primary_arn)
        if primary is None:
            return Unknown(f"the primary key `{key.primary_arn}` was not scanned")
        return _views(policy_differences(self._estate.keys[key.arn], primary))

    def _foreign(self, key: Key) -> dict[str, tuple[StatementRef, ...]] | Unknown:
        from scanner.authz.lint import foreign_accounts

        return foreign_accounts(self._estate.keys[key.arn], self._trusted | {key.account})

    def _faults(self, key: Key) -> str | None:
        return "; ".join(self._estate.keys[key.arn].policy_faults()) or None


POLICY_FACTS: dict[str, Callable[[PolicyFacts, Key], object]] = {
    "foreign_accounts": PolicyFacts.foreign_accounts,
    "foreign_statements": PolicyFacts.foreign_statements,
    "negated_statements": PolicyFacts.negated_statements,
    "orphan_statements": PolicyFacts.orphan_statements,
    "policy_writing_statements": PolicyFacts.policy_writing_statements,
    "unguarded_service_statements": PolicyFacts.unguarded_service_statements,
    "policy_differences": PolicyFacts.policy_differences,
}
"""The facts of a key that are worked out here, on first reading."""


def _views(found: Found) -> Views:
    if isinstance(found, Unknown):
        return found
    return members(map(statement_view, known_members(found)), reason_of(found))


def policy_refusals(graph: KeyGraph) -> dict[str, Gap]:
    """Key to the refusal of its policy, where others of the same account could be read.

    Only then does the refusal say something about the key: with no key policy readable, the scanner lacks permission.
    """
    readable = {record.account for record in graph.snapshot.of(KeyFact) if isinstance(record.policies, tuple)}
    return {
        gap.subject: gap
        for gap in graph.snapshot.gaps
        if gap.subject is not None and "key.policies" in gap.makes_unknown and gap.action and gap.account in readable
    }


def refuses_audit(record: KeyFact, refusals: dict[str, Gap]) -> bool | Unknown:
    """Whether the key alone keeps its policy from being read."""
    if isinstance(record.policies, tuple):
        return False
    if record.arn in refusals:
        return True
    return Unknown(record.unread.get("policies", "the key policy was not collected"))

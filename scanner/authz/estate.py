"""Who can do what with the keys of a snapshot: the engine over a whole estate."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from scanner.authz.actions import bit, mask_of
from scanner.authz.decide import explain
from scanner.authz.documents import StatementRef
from scanner.authz.facts import StaticContext
from scanner.authz.holders import Holders
from scanner.authz.joint import weigh_jointly
from scanner.authz.keys import KeySubject, keys_of
from scanner.authz.powers import COMPUTE
from scanner.authz.principals import Caller, Route
from scanner.authz.public import public_statements
from scanner.authz.reach import KeyAccess, Reach
from scanner.authz.relation import Relation, alone, documents_of, request_of
from scanner.authz.request import AccessRequest, Decision, Documents, Unread, Verdict
from scanner.authz.standing import statements_on_all_keys
from scanner.authz.subjects import Subjects, subjects_of
from scanner.authz.targets import unread_compute
from scanner.authz.values import Known, known
from scanner.authz.weigh import weigh
from scanner.model.records import ResourceFact
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Partial, Unknown

if TYPE_CHECKING:
    from scanner.authz.escalation import Escalation

__all__ = ["AccessEstate", "KeyAccess", "Reach", "StatementRef"]

DECRYPTION = ("kms:Decrypt", "kms:ReEncryptFrom")


class AccessEstate:
    """All principals and keys of a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.subjects: Subjects = subjects_of(snapshot)
        self.keys: dict[str, KeySubject] = keys_of(snapshot)
        self.holders = Holders(snapshot)
        self.unread_compute = unread_compute(snapshot)
        """Why somebody may act through a machine that is not known."""
        self._compute = tuple(fact for fact in snapshot.of(ResourceFact) if fact.type in COMPUTE)
        self._escalations: dict[frozenset[tuple[str, Known]], Escalation] = {}

    @classmethod
    def of(cls, snapshot: Snapshot) -> AccessEstate:
        """The estate that a snapshot shows."""
        return cls(snapshot)

    @cached_property
    def aliases(self) -> dict[str, tuple[str, ...]]:
        """The alias names of each key that are known, by ARN."""
        found = ((arn, key.facts.get("kms:resourcealiases")) for arn, key in self.keys.items())
        return {arn: value.values for arn, value in found if isinstance(value, Known)}

    @cached_property
    def relation(self) -> Relation:
        """Who reaches which key, worked out by classes."""
        return Relation(self.subjects, self.keys)

    @cached_property
    def escalation(self) -> Escalation:
        """Who can come to reach which key by changing policies or as somebody else."""
        return self.escalation_in({})

    def escalation_in(self, fixed: dict[str, Known]) -> Escalation:
        """The same where some of the context is settled (keys in lower case)."""
        from scanner.authz.escalation import Escalation  # as large as all the rest; only some rules and questions ask

        settled = frozenset(fixed.items())
        if settled not in self._escalations:
            self._escalations[settled] = Escalation(self.subjects, self.keys, self.relation, self._compute, fixed)
        return self._escalations[settled]

    def decide(self, principal: str, key: str, action: str, fixed: dict[str, Known] | None = None) -> Decision:
        """The decision for one principal, key and action by name; KeyError for one that is not there."""
        subject, there = self.subjects.by_arn[principal], self.keys[key]
        request = replace(request_of(subject, there, fixed), actions=bit(action))
        return explain(request, weigh_jointly(request, documents_of(subject, there)))

    def access(self, key_arn: str, fixed: dict[str, Known] | None = None) -> KeyAccess:
        """Whoever may do any KMS action on the key; KeyError for a key that is not in the snapshot.

        `fixed` settles some of the context (keys in lower case).
        """
        key = self.keys[key_arn]
        if fixed:
            each = (alone(subject, key, fixed) for subject in self.relation.candidates(key))
            holdings = tuple(holding for holding in each if holding.may)
        else:
            holdings = tuple(self.relation.holdings(key))
        reasons = self.reasons(key)
        return KeyAccess(key_arn, not reasons, reasons, holdings)

    def reasons(self, key: KeySubject) -> tuple[str, ...]:
        """Why there may be others: what of the key or of the IAM that decides was not read."""
        found = list(key.unread())
        for account in self._deciding_accounts(key):
            found += self.subjects.unread_in(account)
        return tuple(dict.fromkeys(found))

    def _deciding_accounts(self, key: KeySubject) -> list[str]:
        """Accounts whose IAM decides who reaches the key: those that its key policies let decide."""
        opened = key.opened_accounts()
        if opened is None:
            return sorted({key.account, *self.subjects.by_account, *self.subjects.missing})
        return sorted({*opened, key.account} if isinstance(key.policies, Unread) else opened)

    def public_statements(self, key_arn: str) -> tuple[StatementRef, ...] | Unknown:
        """Allow statements of the key's policies that any principal of any account can satisfy."""
        return public_statements(self.keys[key_arn])

    def delegates(self, key_arn: str, action: str) -> Verdict:
        """Whether the key policy lets IAM policies of its account decide on `action`."""
        key = self.keys[key_arn]
        caller = Caller(key.account, "account", key.account)
        facts = {"aws:principalaccount": known(key.account), "kms:calleraccount": known(key.account)}
        request = AccessRequest(caller, bit(action), key.arn, key.account, StaticContext(facts, key.facts))
        layer = weigh(request, Documents(key_policies=key.policies)).layers[0]
        allowed = layer.by(Route.ACCOUNT)
        if allowed.surely & ~layer.denies.possibly & request.actions:
            return Verdict.ALLOWED
        return Verdict.CONDITIONAL if allowed.possibly & ~layer.denies.surely & request.actions else Verdict.DENIED

    def statements_on_all_keys(
        self, principal_arn: str, actions: Iterable[str] = DECRYPTION
    ) -> tuple[StatementRef, ...] | Partial[StatementRef] | Unknown:
        """The principal's own statements that allow one of `actions` on every key, whatever the key."""
        subject = self.subjects.groups.get(principal_arn) or self.subjects.by_arn.get(principal_arn)
        if subject is None:
            return Unknown(f"{principal_arn} is not in the snapshot")
        if isinstance(subject.identity, Unread):
            return Unknown(subject.identity.reason)
        return statements_on_all_keys(subject, mask_of(actions))

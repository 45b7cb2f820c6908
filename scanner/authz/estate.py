"""Who can do what with the keys of a snapshot: the engine over a whole estate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scanner.authz.actions import KEY_ACTIONS, bit, mask_of, names
from scanner.authz.decide import explain
from scanner.authz.documents import Statement, StatementRef
from scanner.authz.facts import StaticContext
from scanner.authz.keys import KeySubject, keys_of
from scanner.authz.principals import Caller, Route
from scanner.authz.public import public_statements
from scanner.authz.request import AccessRequest, Decision, Documents, Unread, Verdict
from scanner.authz.standing import statements_on_all_keys
from scanner.authz.subjects import Subject, Subjects, subjects_of
from scanner.authz.values import Known, known
from scanner.authz.weigh import Outcome, weigh
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Partial, Unknown

__all__ = ["AccessEstate", "KeyAccess", "Reach", "StatementRef"]

DECRYPTION = ("kms:Decrypt", "kms:ReEncryptFrom")


@dataclass(frozen=True, slots=True)
class Reach:
    """One principal may do one action on one key."""

    principal: str
    principal_type: str
    account: str | None
    action: str
    verdict: Verdict
    conditions: tuple[str, ...]
    via: frozenset[str]
    because: tuple[StatementRef, ...]

    @property
    def certain(self) -> bool:
        """Every such request succeeds."""
        return self.verdict is Verdict.ALLOWED


@dataclass(frozen=True, slots=True)
class KeyAccess:
    """Whoever may do something with one key. Masks are worked out first; reaches are explained when read."""

    key: str
    complete: bool
    """False: key policy, grants or IAM were not fully read, so there may be others."""
    reasons: tuple[str, ...]
    holders: tuple[tuple[Subject, AccessRequest, Documents, Outcome], ...]

    def reaches(self, actions: Iterable[str] | None = None) -> Iterator[Reach]:
        """Everybody with any of `actions` (by default all that name a key), by principal and action."""
        wanted = KEY_ACTIONS if actions is None else mask_of(actions)
        for subject, request, _, outcome in self.holders:
            if outcome.may & wanted:
                yield from _reaches(subject, request, outcome, wanted)

    def principals(self, action: str) -> frozenset[str]:
        """Everybody who may do `action`."""
        wanted = bit(action)
        return frozenset(subject.caller.text for subject, _, _, outcome in self.holders if outcome.may & wanted)


def _reaches(subject: Subject, request: AccessRequest, outcome: Outcome, wanted: int) -> Iterator[Reach]:
    for group in _alike(outcome, outcome.may & wanted):
        one = group & -group
        decision = explain(_narrowed(request, one), outcome)
        for action in names(group):
            yield Reach(
                subject.caller.text,
                subject.type,
                None if subject.caller.kind == "anyone" else subject.caller.account,
                action,
                decision.verdict,
                decision.open_conditions,
                decision.via,
                decision.because,
            )


def _narrowed(request: AccessRequest, actions: int) -> AccessRequest:
    return AccessRequest(request.caller, actions, request.resource, request.account, request.context, request.settle)


def _alike(outcome: Outcome, mask: int) -> list[int]:
    """Actions that the same statements decide in the same way share one explanation."""
    groups = [mask]
    masks = [outcome.must, outcome.key_trust_open]
    masks += [part for layer in outcome.layers for hit in layer.hits for part in (hit.surely, hit.possibly)]
    for cut in masks:
        groups = [part for group in groups for part in (group & cut, group & ~cut) if part]
    return groups


class AccessEstate:
    """All principals and keys of a snapshot."""

    def __init__(self, subjects: Subjects, keys: dict[str, KeySubject]) -> None:
        self.subjects = subjects
        self.keys = keys

    @classmethod
    def of(cls, snapshot: Snapshot) -> AccessEstate:
        """The estate that a snapshot shows."""
        return cls(subjects_of(snapshot), keys_of(snapshot))

    # --- one principal, one key -------------------------------------------------------------------

    def request(self, subject: Subject, key: KeySubject, fixed: dict[str, Known] | None = None) -> AccessRequest:
        """Any request of a principal on a key; `fixed` settles some of its context."""
        context = StaticContext(fixed or {}, subject.facts, key.facts)
        return AccessRequest(subject.caller, KEY_ACTIONS, key.arn, key.account, context)

    def documents(self, subject: Subject, key: KeySubject) -> Documents:
        """Everything that decides between a principal and a key."""
        return Documents(
            key_policies=key.policies,
            grants=key.grants,
            identity=subject.identity,
            boundary=subject.boundary,
            scps=subject.scps,
            rcps=None if subject.service_linked else key.rcps,
        )

    def decide(self, principal: str, key: str, action: str, fixed: dict[str, Known] | None = None) -> Decision:
        """The decision for one principal, key and action by name; KeyError for one that is not there."""
        subject, there = self.subjects.by_arn[principal], self.keys[key]
        request = self.request(subject, there, fixed)
        return explain(_narrowed(request, bit(action)), weigh(request, self.documents(subject, there)))

    # --- one key ----------------------------------------------------------------------------------

    def access(self, key_arn: str, fixed: dict[str, Known] | None = None) -> KeyAccess:
        """Whoever may do any KMS action on the key; KeyError for a key that is not in the snapshot."""
        key = self.keys[key_arn]
        holders = []
        for subject in self.candidates(key):
            request, documents = self.request(subject, key, fixed), self.documents(subject, key)
            outcome = weigh(request, documents)
            if outcome.may:
                holders.append((subject, request, documents, outcome))
        reasons = self._reasons(key)
        return KeyAccess(key_arn, not reasons, reasons, tuple(holders))

    def candidates(self, key: KeySubject) -> list[Subject]:
        """Everybody whom the key's account holds or its policies and grants name."""
        found = {subject.caller.text: subject for subject in self.subjects.by_account.get(key.account, ())}
        for text in key.named():
            for subject in self._meant(text):
                found.setdefault(subject.caller.text, subject)
        return [found[text] for text in sorted(found)]

    def _meant(self, text: str) -> list[Subject]:
        if text == "*":
            return [*self.subjects.all(), self.subjects.anyone()]
        subject = self.subjects.stranger(text)
        account = subject.caller.account if subject else text.split(":")[4] if text.count(":") >= 5 else text
        here = self.subjects.by_account.get(account or "", [])
        is_whole_account = text == account or text.endswith(":root")
        return [*(here if is_whole_account else []), *([subject] if subject else [])]

    def _reasons(self, key: KeySubject) -> tuple[str, ...]:
        """Why there may be others: what of the key or of the IAM that decides was not read."""
        reasons = list(key.unread())
        accounts = {key.account} | {account for d in key.documents() for s in d.statements for account in _accounts(s)}
        for account in sorted(accounts):
            if account in self.subjects.missing:
                reasons.append(self.subjects.missing[account])
            for subject in self.subjects.by_account.get(account, ()):
                if not isinstance(subject.identity, Unread):
                    reasons += [fault for document in subject.identity for fault in document.faults()]
        return tuple(dict.fromkeys(reasons))

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
        allowed = layer.allowed(Route.ACCOUNT)
        if allowed.surely & ~layer.denies.possibly & request.actions:
            return Verdict.ALLOWED
        return Verdict.CONDITIONAL if allowed.possibly & ~layer.denies.surely & request.actions else Verdict.DENIED

    # --- one principal ----------------------------------------------------------------------------

    def statements_on_all_keys(
        self, principal_arn: str, actions: Iterable[str] = DECRYPTION
    ) -> tuple[StatementRef, ...] | Partial[StatementRef] | Unknown:
        """The principal's own statements that allow one of `actions` on every key, whatever the key."""
        subject = self.subjects.groups.get(principal_arn) or self.subjects.by_arn.get(principal_arn)
        if subject is None:
            return Unknown(f"{principal_arn} is not in the snapshot")
        return statements_on_all_keys(subject, mask_of(actions))


def _accounts(statement: Statement) -> Iterator[str]:
    yield from statement.principals.accounts if statement.principals is not None else ()

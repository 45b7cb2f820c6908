"""The access relation of an estate: outcomes by class, and the pairs that are special."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from scanner.authz.actions import KEY_ACTIONS
from scanner.authz.classes import Classes, KeyClass, SubjectClass
from scanner.authz.facts import StaticContext
from scanner.authz.guarded import Guarded
from scanner.authz.keys import KeySubject
from scanner.authz.reach import ClassPair, Holding, Pair
from scanner.authz.renaming import Renaming
from scanner.authz.request import AccessRequest, Documents
from scanner.authz.subjects import Subject, Subjects
from scanner.authz.values import Known


def request_of(subject: Subject, key: Guarded, fixed: dict[str, Known] | None = None) -> AccessRequest:
    """Any request of a principal on a key; `fixed` settles some of its context."""
    context = StaticContext(fixed or {}, subject.facts, key.facts)
    return AccessRequest(subject.caller, KEY_ACTIONS, key.arn, key.account, context)


def documents_of(subject: Subject, key: Guarded) -> Documents:
    """Everything that decides between a principal and a key."""
    return Documents(
        key_policies=key.policies,
        grants=key.grants,
        identity=subject.identity,
        boundary=subject.boundary,
        scps=subject.scps,
        rcps=None if subject.service_linked else key.rcps,
    )


def alone(subject: Subject, key: KeySubject, fixed: dict[str, Known] | None = None) -> Holding:
    """One principal and one key, decided by themselves."""
    return Holding((subject,), Pair(request_of(subject, key, fixed), documents_of(subject, key)), key)


class Counts(Struct, frozen=True):
    """How much access there is, in (principal, action, key) triples that nobody ever lists."""

    may: int
    must: int
    pairs: int
    """Class pairs that were decided."""
    special: int
    """Pairs of one principal and one key that were decided."""


class Relation:
    """Who reaches which key. Class pairs are decided when first needed and kept."""

    def __init__(self, subjects: Subjects, keys: dict[str, KeySubject]) -> None:
        self.subjects = subjects
        self.keys = keys
        self.classes = Classes(list(subjects.all()), list(keys.values()))
        self._pairs: dict[tuple[SubjectClass, KeyClass], ClassPair] = {}
        self._renaming = Renaming()

    def holdings(self, key: KeySubject) -> Iterator[Holding]:
        """Everybody who may do something with a key: whole classes, and special principals one by one."""
        special = self.special(key)
        without: dict[SubjectClass, set[Subject]] = defaultdict(set)
        for subject in special.values():
            if subject in self.classes.subject_class:
                without[self.classes.subject_class[subject]].add(subject)
            holding = alone(subject, key)
            if holding.may:
                yield holding
        for group in self._groups(key):
            pair = self._pair(group, self.classes.key_class[key.arn])
            if pair.outcome.may:
                yield Holding(group.members, pair, key, frozenset(without.get(group, ())))

    def count(self) -> Counts:
        """The size of the relation."""
        may = must = special = 0
        for key in self.keys.values():
            for holding in self.holdings(key):
                may += holding.may.bit_count() * len(holding)
                must += holding.pair.outcome.must.bit_count() * len(holding)
                special += not isinstance(holding.pair, ClassPair)
        return Counts(may, must, len(self._pairs), special)

    def special(self, key: KeySubject) -> dict[str, Subject]:
        """Principals that the key's documents name, or whose own statements name the key."""
        found = {subject.caller.text: subject for subject in self.classes.naming(key)}
        for text in key.named():
            found |= {subject.caller.text: subject for subject in self.subjects.meant_by(text)}
        for account in key.granted_accounts():
            found |= {subject.caller.text: subject for subject in self.subjects.by_account.get(account, ())}
        return found

    def candidates(self, key: KeySubject) -> list[Subject]:
        """Everybody who may have to do with a key, in a fixed order."""
        found = self.special(key)
        for group in self._groups(key):
            found |= {subject.caller.text: subject for subject in group.members}
        return [found[text] for text in sorted(found)]

    def _groups(self, key: KeySubject) -> Iterator[SubjectClass]:
        """The classes of the key's account and of accounts that its key policy opens it to."""
        known, opened = self.classes.subjects, key.opened_accounts()
        accounts = known if opened is None else {key.account, *opened}
        for account in sorted(accounts):
            yield from known.get(account, ())

    def _pair(self, group: SubjectClass, keys: KeyClass) -> ClassPair:
        pair = self._pairs.get((group, keys))
        if pair is None:
            request = request_of(group.first, keys.first)
            request = AccessRequest(group.caller(), KEY_ACTIONS, request.resource, request.account, request.context)
            pair = ClassPair(group, keys, self._renaming, request, self.classes.documents(group, keys))
            self._pairs[group, keys] = pair
        return pair

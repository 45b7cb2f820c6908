"""Principals that no document tells apart, keys that no document tells apart: decide once for all of them.

A class holds everybody of one account with the same relevant statements, the same limits and the same
answers to every condition that asks about the principal; likewise for keys. Statements that name single
principals or single keys stay out of the classes: `exceptions` says which pairs they make special, and
those are decided one by one. So the work grows with classes and names, not with principals times keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scanner.authz.actions import KEY_ACTIONS
from scanner.authz.conditions import Test, keys_of, truth_of
from scanner.authz.documents import Document, Statement, StatementRef, reference
from scanner.authz.facts import Facts, StaticContext, family_of
from scanner.authz.grants import issuer_of
from scanner.authz.keys import KeySubject
from scanner.authz.match import covers_resource
from scanner.authz.patterns import Pattern, wildcard
from scanner.authz.principals import Caller
from scanner.authz.request import Documents, Unread
from scanner.authz.subjects import Subject
from scanner.authz.templates import resolve
from scanner.model.records import GrantFact

Signature = Hashable
_ANY_KEY = wildcard("arn:*:kms:*:*:key/*")


@dataclass(slots=True, eq=False)
class SubjectClass:
    """Principals that only their names tell apart."""

    members: list[Subject] = field(default_factory=list)
    identity: tuple[Document, ...] | Unread = ()
    """Their identity statements that do not name single keys, as the first member has them."""

    @property
    def first(self) -> Subject:
        """Stands for all of them."""
        return self.members[0]

    def caller(self) -> Caller:
        """A caller of this class whom nobody names."""
        return Caller("", self.first.caller.kind, self.first.caller.account)


@dataclass(slots=True, eq=False)
class KeyClass:
    """Keys that only their names tell apart."""

    members: list[KeySubject] = field(default_factory=list)
    policies: tuple[Document, ...] | Unread = ()
    grants: tuple[GrantFact, ...] = ()

    @property
    def first(self) -> KeySubject:
        """Stands for all of them."""
        return self.members[0]


class Classes:
    """The classes of some principals and keys."""

    def __init__(self, subjects: Sequence[Subject], keys: Sequence[KeySubject]) -> None:
        self._asked_of_principals = _tests(s for key in keys for s in _resource_statements(key))
        told = frozenset(name for key in keys for name in key.facts)
        asked = _tests(s for subject in subjects for s in _subject_statements(subject))
        self._asked_of_keys = [t for t in asked if any(k in told or family_of(k) in told for k in keys_of(t))]
        self._patterns: dict[Pattern, None] = {}
        self._sparse: dict[str, list[Subject]] = defaultdict(list)
        self.subject_class: dict[Subject, SubjectClass] = {}
        self.subjects: dict[str, list[SubjectClass]] = defaultdict(list)
        self._sort_subjects(subjects)
        self.key_class: dict[str, KeyClass] = {}
        self._sort_keys(keys)

    def naming(self, key: KeySubject) -> list[Subject]:
        """Principals with a statement that names this very key."""
        return self._sparse.get(key.arn, [])

    def documents(self, subjects: SubjectClass, keys: KeyClass) -> Documents:
        """What decides between any two members that do not name each other."""
        subject = subjects.first
        return Documents(
            key_policies=keys.policies,
            grants=keys.grants,
            identity=subjects.identity,
            boundary=subject.boundary,
            scps=subject.scps,
            rcps=None if subject.service_linked else keys.first.rcps,
        )

    # --- principals -------------------------------------------------------------------------------

    def _sort_subjects(self, subjects: Sequence[Subject]) -> None:
        found: dict[Signature, SubjectClass] = {}
        for subject in subjects:
            general = self._general_identity(subject)
            signature = self._subject_signature(subject, general)
            group = found.get(signature)
            if group is None:
                group = found[signature] = SubjectClass(identity=general)
                self.subjects[subject.caller.account or ""].append(group)
            group.members.append(subject)
            self.subject_class[subject] = group

    def _general_identity(self, subject: Subject) -> tuple[Document, ...] | Unread:
        """Identity documents without what concerns no key or single keys."""
        if isinstance(subject.identity, Unread):
            return subject.identity
        return tuple(
            Document(d.name, tuple(s for s in d.statements if self._is_general(s, subject)), d.fault)
            for d in subject.identity
        )

    def _is_general(self, statement: Statement, subject: Subject) -> bool:
        if not statement.actions & KEY_ACTIONS or (statement.resources is None and not statement.fault):
            return False
        if statement.fault or statement.except_resources:
            return True
        patterns = _key_patterns(statement, subject)
        if any(pattern.literal is None for pattern, _ in patterns):
            return True
        for pattern, _ in patterns:
            self._sparse[str(pattern)].append(subject)
        return False

    def _subject_signature(self, subject: Subject, identity: tuple[Document, ...] | Unread) -> Signature:
        return (
            subject.caller.kind,
            subject.caller.account,
            subject.service_linked,
            identity if isinstance(identity, Unread) else self._layer(identity, subject),
            subject.boundary if isinstance(subject.boundary, Unread) else self._layer(subject.boundary or (), subject),
            subject.boundary is None,
            subject.scps if isinstance(subject.scps, Unread) else self._levels(subject),
            tuple(_entry(test, subject.facts) for test in self._asked_of_principals),
        )

    def _levels(self, subject: Subject) -> Signature:
        if subject.scps is None or isinstance(subject.scps, Unread):
            return None
        return id(subject.scps), tuple(self._layer(level, subject) for level in subject.scps)

    def _layer(self, documents: Iterable[Document], subject: Subject) -> Signature:
        return frozenset(
            (statement_signature(statement, subject.facts, self._resource_signature(statement, subject)), d.fault)
            for d in documents
            for statement in d.statements or ()
            if statement.actions & KEY_ACTIONS
        ) | frozenset(d.fault for d in documents if d.fault)

    def _resource_signature(self, statement: Statement, subject: Subject) -> Signature:
        """The patterns of a statement, which every key has to be asked about."""
        patterns = _key_patterns(statement, subject)
        for pattern, _ in patterns:
            self._patterns.setdefault(pattern)
        return tuple(patterns), statement.except_resources

    # --- keys -------------------------------------------------------------------------------------

    def _sort_keys(self, keys: Sequence[KeySubject]) -> None:
        found: dict[Signature, KeyClass] = {}
        for key in keys:
            general = general_policies(key)
            signature = self._key_signature(key, general)
            group = found.get(signature)
            if group is None:
                group = found[signature] = KeyClass(policies=general, grants=_stand_ins(key))
            group.members.append(key)
            self.key_class[key.arn] = group

    def _key_signature(self, key: KeySubject, policies: tuple[Document, ...] | Unread) -> Signature:
        return (
            key.account,
            policies if isinstance(policies, Unread) else _policy_signature(policies, key),
            key.rcps if isinstance(key.rcps, Unread) else id(key.rcps),
            tuple(_entry(test, key.facts) for test in self._asked_of_keys),
            tuple(_entry(test, key.facts) for test in self._asked_of_rcps(key)),
            tuple(covers_resource(pattern, key.arn) for pattern in self._patterns),
            frozenset(issuer_of(grant) for grant in _grants(key)),
        )

    def _asked_of_rcps(self, key: KeySubject) -> list[Test]:
        levels = key.rcps if isinstance(key.rcps, tuple) else ()
        return _tests(statement for level in levels for document in level for statement in document.statements)


def _grants(key: KeySubject) -> tuple[GrantFact, ...]:
    return () if isinstance(key.grants, Unread) else key.grants


def _stand_ins(key: KeySubject) -> tuple[GrantFact, ...]:
    """Grants without anybody in them: that there is one lets IAM and the issuing account's root retire it."""
    by_issuer = {issuer_of(grant): grant for grant in _grants(key)}
    listed = sorted(by_issuer.items(), key=str)
    return tuple(GrantFact(id=grant.id, operations=(), issuing_account=issuer) for issuer, grant in listed)


def _tests(statements: Iterable[Statement]) -> list[Test]:
    return list(dict.fromkeys(test for statement in statements for test in statement.conditions))


def _resource_statements(key: KeySubject) -> Iterator[Statement]:
    for document in key.documents():
        yield from document.statements
    for level in key.rcps if isinstance(key.rcps, tuple) else ():
        for document in level:
            yield from document.statements


def _subject_statements(subject: Subject) -> Iterator[Statement]:
    layers: list[Any] = [subject.identity, subject.boundary]
    layers += subject.scps if isinstance(subject.scps, tuple) else ()
    for layer in layers:
        for document in layer if isinstance(layer, tuple) else ():
            for statement in document.statements:
                if statement.actions & KEY_ACTIONS:
                    yield statement


def _entry(test: Test, facts: Facts) -> Signature:
    """What one side contributes to the answer of a test: the answer, or its values of the keys in variables."""
    context = StaticContext(facts)
    if test.variables:
        return tuple(context.value(key) for key in keys_of(test) if _knows(facts, key))
    return truth_of(test, context.value(test.key), context.value) if _knows(facts, test.key) else None


def _knows(facts: Facts, key: str) -> bool:
    return key in facts or family_of(key) in facts


def statement_signature(statement: Statement, facts: Facts, where: Signature) -> Signature:
    """Two statements with one signature decide alike."""
    return (
        statement.allows,
        statement.actions & KEY_ACTIONS,
        where,
        tuple((test, _entry(test, facts)) for test in statement.conditions),
        statement.fault,
        statement.principals is None,
    )


def _key_patterns(statement: Statement, subject: Subject) -> list[tuple[Pattern, bool]]:
    """The resource patterns that may cover a key, and whether each is certain; a null one covers nothing."""
    context = StaticContext(subject.facts)
    found = []
    for text in statement.resources or ():
        pattern, exact = resolve(text, wild=True, variables=statement.variables, lookup=context.value)
        if pattern is not None and _may_be_key(pattern):
            found.append((pattern, exact))
    return found


def _may_be_key(pattern: Pattern) -> bool:
    parts = pattern.split(":", 6)
    return len(parts) < 6 or pattern.intersects(_ANY_KEY)


# --- the key's side ------------------------------------------------------------------------------


def general_policies(key: KeySubject) -> tuple[Document, ...] | Unread:
    """Key policies without the statements that only name single principals."""
    if isinstance(key.policies, Unread):
        return key.policies
    return tuple(Document(d.name, tuple(s for s in d.statements if _concerns_many(s)), d.fault) for d in key.policies)


def _concerns_many(statement: Statement) -> bool:
    who = statement.principals
    if statement.fault or who is None or statement.except_principals:
        return True
    return who.everyone or bool(who.accounts)


def _policy_signature(documents: Iterable[Document], key: KeySubject) -> Signature:
    return frozenset(policy_statement_signature(s, key) for d in documents for s in d.statements) | frozenset(
        d.fault for d in documents if d.fault
    )


def policy_statement_signature(statement: Statement, key: KeySubject) -> Signature:
    """A key policy statement without the single principals that it names."""
    who = statement.principals
    many = None if who is None else (who.everyone, who.accounts, who if statement.except_principals else None)
    if statement.variables and any("${" in text for text in statement.resources or ()):
        where: Signature = (statement.resources, key.arn)
    else:
        where = statement.resources and tuple(
            covers_resource(wildcard(text), key.arn, short=False) for text in statement.resources
        )
    return (statement_signature(statement, key.facts, where), many, statement.except_resources)


class Renaming:
    """Evidence of the first members of two classes, turned into that of other members."""

    def __init__(self) -> None:
        self._of_subject: dict[Subject, _Index] = {}
        self._of_key: dict[str, _Index] = {}

    def references(
        self, because: tuple[StatementRef, ...], models: tuple[Subject, KeySubject], subject: Subject, key: KeySubject
    ) -> tuple[StatementRef, ...]:
        """The statements of `models` where `subject` and `key` have them."""
        sides = (self._subject(models[0]), self._subject(subject)), (self._key(models[1]), self._key(key))
        return tuple(_renamed(ref, sides) for ref in because)

    def _subject(self, subject: Subject) -> _Index:
        if subject not in self._of_subject:
            identity = () if isinstance(subject.identity, Unread) else subject.identity
            self._of_subject[subject] = _Index(
                (d, s, _identity_signature(s, subject))
                for d in identity
                for s in d.statements
                if s.actions & KEY_ACTIONS
            )
        return self._of_subject[subject]

    def _key(self, key: KeySubject) -> _Index:
        if key.arn not in self._of_key:
            self._of_key[key.arn] = _Index(
                (d, s, policy_statement_signature(s, key)) for d in key.documents() for s in d.statements
            )
        return self._of_key[key.arn]


class _Index:
    """The statements of one side by place and by signature."""

    __slots__ = ("refs", "signatures")

    def __init__(self, statements: Iterable[tuple[Document, Statement, Signature]]) -> None:
        self.signatures: dict[tuple[str, str], Signature] = {}
        self.refs: dict[Signature, StatementRef] = {}
        for document, statement, signature in statements:
            self.signatures[document.name, statement.pointer] = signature
            self.refs.setdefault(signature, reference(document.name, statement))


def _renamed(ref: StatementRef, sides: tuple[tuple[_Index, _Index], ...]) -> StatementRef:
    for model, member in sides:
        signature = model.signatures.get((ref.document, ref.pointer))
        if signature is not None:
            return member.refs.get(signature, ref)
    return ref


def _identity_signature(statement: Statement, subject: Subject) -> Signature:
    where = (tuple(_key_patterns(statement, subject)), statement.except_resources)
    return statement_signature(statement, subject.facts, where)

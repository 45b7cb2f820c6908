"""Principals that no document tells apart, keys that no document tells apart: decide once for all of them.

A class holds everybody of one account with the same relevant statements, the same limits and the same
answers to every condition that asks about the principal; likewise for keys. Statements that name single
principals or single keys stay out of the classes: `exceptions` says which pairs they make special, and
those are decided one by one. So the work grows with classes and names, not with principals times keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from scanner.authz.actions import ALIAS_ACTIONS, KEY_ACTIONS, bit
from scanner.authz.conditions import Test, keys_of, truth_of
from scanner.authz.documents import Document, Statement
from scanner.authz.facts import Facts, StaticContext, family_of
from scanner.authz.grants import issuer_of
from scanner.authz.guarded import Guarded
from scanner.authz.match import covers_resource
from scanner.authz.patterns import ANYTHING, Pattern, wildcard
from scanner.authz.principals import Caller
from scanner.authz.request import Documents, Unread
from scanner.authz.subjects import Subject
from scanner.authz.templates import resolve
from scanner.authz.values import known
from scanner.model.records import GrantFact

Signature = Hashable
GRANTEE = "kms:granteeprincipal"


class Domain(Struct, frozen=True):
    """What a relation is about: some actions on some resources."""

    actions: int
    like: Pattern = ANYTHING
    """Any resource of the relation."""
    besides: int = 0
    """Actions on other resources that go with them, and tell principals apart as well."""
    besides_like: Pattern = ANYTHING


KEYS = Domain(
    KEY_ACTIONS,
    wildcard("arn:*:kms:*:*:key/*"),
    ALIAS_ACTIONS | bit("kms:CreateKey"),
    wildcard("arn:*:kms:*:*:alias/*"),
)


class SubjectClass(Struct, eq=False):
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


class KeyClass(Struct, eq=False):
    """Keys that only their names tell apart."""

    members: list[Guarded] = field(default_factory=list)
    policies: tuple[Document, ...] | Unread = ()
    grants: tuple[GrantFact, ...] = ()

    @property
    def first(self) -> Guarded:
        """Stands for all of them."""
        return self.members[0]


class Classes:
    """The classes of some principals and keys."""

    def __init__(
        self,
        subjects: Sequence[Subject],
        keys: Sequence[Guarded],
        domain: Domain = KEYS,
    ) -> None:
        self.domain = domain
        self._keys = keys
        self._asked_of_principals = _tests(s for key in keys for s in _resource_statements(key))
        told = frozenset(name for key in keys for name in key.facts)
        asked = _tests(s for subject in subjects for s in _subject_statements(subject, domain.actions))
        self._told = told
        self._asks_grantee = any(test.key == GRANTEE for test in (*asked, *self._asked_of_principals))
        self._asked_of_keys = {t: None for t in asked if self._is_about_keys(t)}
        self._patterns: dict[Pattern, None] = {}
        self._by_place = False
        self._sparse: dict[str, list[Subject]] = defaultdict(list)
        self._placed: dict[str, list[Subject]] = defaultdict(list)
        self.names: dict[Subject, list[str]] = defaultdict(list)
        """Which single keys the statements of a principal name."""
        self.subject_class: dict[Subject, SubjectClass] = {}
        self.subjects: dict[str, list[SubjectClass]] = defaultdict(list)
        self._classes: dict[Signature, SubjectClass] = {}
        self._naming: dict[str, list[Subject]] = self._sparse
        for subject in subjects:
            self._sort_subject(subject)
        self.key_class: dict[str, KeyClass] = {}
        self._sort_keys(keys)

    def _is_about_keys(self, test: Test) -> bool:
        return any(name in self._told or family_of(name) in self._told for name in keys_of(test))

    def naming(self, key: Guarded) -> list[Subject]:
        """Principals with a statement that names this very key."""
        return self._sparse.get(key.arn, [])

    def placed_naming(self, key: Guarded) -> list[Subject]:
        """The same among those that are not principals of the relation (`place`)."""
        return self._placed.get(key.arn, [])

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

    def _sort_subject(self, subject: Subject) -> None:
        group = self._find(subject)
        if not group.members:
            self.subjects[subject.caller.account or ""].append(group)
        group.members.append(subject)
        self.subject_class[subject] = group

    def place(self, subject: Subject) -> SubjectClass:
        """The class of a principal that is not one of them: a stranger, or one of them with other documents.

        A statement that asks something which the keys were not sorted by names each key that it may cover.
        """
        if subject not in self.subject_class:
            self._naming = self._placed
            for statement in _subject_statements(subject, self.domain.actions):
                if not self._is_sorted_by(statement, subject):
                    self._name_each(statement, subject)
            group = self._find(subject)
            if not group.members:
                group.members.append(subject)
            self.subject_class[subject] = group
        return self.subject_class[subject]

    def _is_sorted_by(self, statement: Statement, subject: Subject) -> bool:
        patterns = (pattern for pattern, _ in self._key_patterns(statement, subject))
        tests = (test for test in statement.conditions if self._is_about_keys(test))
        return all(p in self._patterns or (p.literal is not None and statement.allows) for p in patterns) and all(
            test in self._asked_of_keys for test in tests
        )

    def _name_each(self, statement: Statement, subject: Subject) -> None:
        patterns = [pattern for pattern, _ in self._key_patterns(statement, subject)]
        for key in self._keys:
            if statement.except_resources or any(covers_resource(pattern, key.arn) for pattern in patterns):
                self._name(key.arn, subject)

    def _find(self, subject: Subject) -> SubjectClass:
        general = self._general_identity(subject)
        signature = self._subject_signature(subject, general)
        if signature not in self._classes:
            self._classes[signature] = SubjectClass(identity=general)
        return self._classes[signature]

    def _general_identity(self, subject: Subject) -> tuple[Document, ...] | Unread:
        """Identity documents without what concerns no key or single keys."""
        if isinstance(subject.identity, Unread):
            return subject.identity
        return tuple(
            Document(d.name, tuple(s for s in d.statements if self._is_general(s, subject)), d.fault)
            for d in subject.identity
        )

    def _is_general(self, statement: Statement, subject: Subject) -> bool:
        if not statement.actions & self.domain.actions or (statement.resources is None and not statement.fault):
            return False
        if statement.fault or statement.except_resources or not statement.allows:
            return True
        patterns = self._key_patterns(statement, subject)
        if any(pattern.literal is None for pattern, _ in patterns):
            return True
        for pattern, _ in patterns:
            self._name(str(pattern), subject)
        return False

    def _name(self, arn: str, subject: Subject) -> None:
        self._naming[arn].append(subject)
        self.names[subject].append(arn)

    def _subject_signature(self, subject: Subject, identity: tuple[Document, ...] | Unread) -> Signature:
        return (
            subject.caller.kind,
            subject.caller.account,
            subject.service_linked,
            identity if isinstance(identity, Unread) else self._layer(identity, subject),
            subject.boundary if isinstance(subject.boundary, Unread) else self._layer(subject.boundary or (), subject),
            subject.boundary is None,
            subject.scps if isinstance(subject.scps, Unread) else self._levels(subject),
            tuple(_entry(test, self._facts(subject)) for test in self._asked_of_principals),
            self._besides(subject),
        )

    def _besides(self, subject: Subject) -> Signature:
        """What a principal may do with other resources on the way."""
        found = set()
        wanted = self.domain.besides
        for statement in _subject_statements(subject, wanted) if wanted else ():
            patterns = key_patterns(statement, subject, self.domain.besides_like)
            if patterns or statement.except_resources:
                self._by_place |= any(pattern != ANYTHING for pattern, _ in patterns) or statement.except_resources
                where = (tuple(patterns), statement.except_resources)
                found.add(statement_signature(statement, subject.facts, where, wanted))
        return frozenset(found)

    def _facts(self, subject: Subject) -> Facts:
        """What is known of a principal, and whether it may be the grantee that some condition asks for."""
        return {**subject.facts, GRANTEE: known(subject.caller.text)} if self._asks_grantee else subject.facts

    def _levels(self, subject: Subject) -> Signature:
        if subject.scps is None or isinstance(subject.scps, Unread):
            return None
        return id(subject.scps), tuple(self._layer(level, subject) for level in subject.scps)

    def _layer(self, documents: Iterable[Document], subject: Subject) -> Signature:
        facts, actions = self._facts(subject), self.domain.actions
        return frozenset(
            (statement_signature(statement, facts, self._resource_signature(statement, subject), actions), d.fault)
            for d in documents
            for statement in d.statements or ()
            if statement.actions & actions
        ) | frozenset(d.fault for d in documents if d.fault)

    def _resource_signature(self, statement: Statement, subject: Subject) -> Signature:
        """The patterns of a statement, which every key has to be asked about."""
        patterns = self._key_patterns(statement, subject)
        for pattern, _ in patterns:
            self._patterns.setdefault(pattern)
        return tuple(patterns), statement.except_resources

    def _key_patterns(self, statement: Statement, subject: Subject) -> list[tuple[Pattern, bool]]:
        return key_patterns(statement, subject, self.domain.like)

    # --- keys -------------------------------------------------------------------------------------

    def _sort_keys(self, keys: Sequence[Guarded]) -> None:
        found: dict[Signature, KeyClass] = {}
        for key in keys:
            general = general_policies(key)
            signature = self._key_signature(key, general)
            group = found.get(signature)
            if group is None:
                group = found[signature] = KeyClass(policies=general, grants=_stand_ins(key))
            group.members.append(key)
            self.key_class[key.arn] = group

    def _key_signature(self, key: Guarded, policies: tuple[Document, ...] | Unread) -> Signature:
        return (
            key.account,
            key.arn.rpartition(":")[0] if self._by_place else None,
            key.traits,
            policies if isinstance(policies, Unread) else _policy_signature(policies, key, self.domain.actions),
            key.rcps if isinstance(key.rcps, Unread) else id(key.rcps),
            tuple(_entry(test, key.facts) for test in self._asked_of_keys),
            tuple(_entry(test, key.facts) for test in self._asked_of_rcps(key)),
            tuple(covers_resource(pattern, key.arn) for pattern in self._patterns),
            frozenset(issuer_of(grant) for grant in _grants(key)),
        )

    def _asked_of_rcps(self, key: Guarded) -> list[Test]:
        levels = key.rcps if isinstance(key.rcps, tuple) else ()
        return _tests(statement for level in levels for document in level for statement in document.statements)


def _grants(key: Guarded) -> tuple[GrantFact, ...]:
    return () if isinstance(key.grants, Unread) else key.grants


def _stand_ins(key: Guarded) -> tuple[GrantFact, ...]:
    """Grants without anybody in them: that there is one lets IAM and the issuing account's root retire it."""
    by_issuer = {issuer_of(grant): grant for grant in _grants(key)}
    listed = sorted(by_issuer.items(), key=str)
    return tuple(GrantFact(id=grant.id, operations=(), issuing_account=issuer) for issuer, grant in listed)


def _tests(statements: Iterable[Statement]) -> list[Test]:
    return list(dict.fromkeys(test for statement in statements for test in statement.conditions))


def _resource_statements(key: Guarded) -> Iterator[Statement]:
    for document in key.documents():
        yield from document.statements
    for level in key.rcps if isinstance(key.rcps, tuple) else ():
        for document in level:
            yield from document.statements


def _subject_statements(subject: Subject, actions: int) -> Iterator[Statement]:
    layers: list[Any] = [subject.identity, subject.boundary]
    layers += subject.scps if isinstance(subject.scps, tuple) else ()
    for layer in layers:
        for document in layer if isinstance(layer, tuple) else ():
            for statement in document.statements:
                if statement.actions & actions:
                    yield statement


def _entry(test: Test, facts: Facts) -> Signature:
    """What one side contributes to the answer of a test: the answer, or its values of the keys in variables."""
    context = StaticContext(facts)
    if test.variables:
        return tuple(context.value(key) for key in keys_of(test) if _knows(facts, key))
    return truth_of(test, context.value(test.key), context.value) if _knows(facts, test.key) else None


def _knows(facts: Facts, key: str) -> bool:
    return key in facts or family_of(key) in facts


def statement_signature(statement: Statement, facts: Facts, where: Signature, actions: int) -> Signature:
    """Two statements with one signature decide alike about some actions."""
    return (
        statement.allows,
        statement.actions & actions,
        where,
        tuple((test, _entry(test, facts)) for test in statement.conditions),
        statement.fault,
        statement.principals is None,
    )


def key_patterns(statement: Statement, subject: Subject, like: Pattern) -> list[tuple[Pattern, bool]]:
    """The resource patterns that may cover something `like` that, and whether each is certain; null covers nothing."""
    context = StaticContext(subject.facts)
    found = []
    for text in statement.resources or ():
        pattern, exact = resolve(text, wild=True, variables=statement.variables, lookup=context.value)
        if pattern is not None and (len(pattern.split(":", 6)) < 6 or pattern.intersects(like)):
            found.append((pattern, exact))
    return found


# --- the key's side ------------------------------------------------------------------------------


def general_policies(key: Guarded) -> tuple[Document, ...] | Unread:
    """Key policies without the statements that only name single principals."""
    if isinstance(key.policies, Unread):
        return key.policies
    return tuple(Document(d.name, tuple(s for s in d.statements if _concerns_many(s)), d.fault) for d in key.policies)


def _concerns_many(statement: Statement) -> bool:
    who = statement.principals
    if statement.fault or who is None or statement.except_principals:
        return True
    return who.everyone or bool(who.accounts)


def _policy_signature(documents: Iterable[Document], key: Guarded, actions: int) -> Signature:
    return frozenset(policy_statement_signature(s, key, actions) for d in documents for s in d.statements) | frozenset(
        d.fault for d in documents if d.fault
    )


def policy_statement_signature(statement: Statement, key: Guarded, actions: int = KEY_ACTIONS) -> Signature:
    """A key policy statement without the single principals that it names."""
    who = statement.principals
    many = None if who is None else (who.everyone, who.accounts, who if statement.except_principals else None)
    if statement.variables and any("${" in text for text in statement.resources or ()):
        where: Signature = (statement.resources, key.arn)
    else:
        where = statement.resources and tuple(
            covers_resource(wildcard(text), key.arn, short=False) for text in statement.resources
        )
    return (statement_signature(statement, key.facts, where, actions), many, statement.except_resources)

"""Evidence of the members of a class: the same statements under the names that each member has them."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.authz.actions import KEY_ACTIONS
from scanner.authz.classes import KEYS, Signature, key_patterns, policy_statement_signature, statement_signature
from scanner.authz.documents import Document, Statement, StatementRef, reference
from scanner.authz.guarded import Guarded
from scanner.authz.request import Unread
from scanner.authz.subjects import Subject


class Renaming:
    """Evidence of the first members of two classes, turned into that of other members."""

    def __init__(self) -> None:
        self._of_subject: dict[Subject, _Index] = {}
        self._of_key: dict[str, _Index] = {}

    def references(
        self, because: tuple[StatementRef, ...], models: tuple[Subject, Guarded], subject: Subject, key: Guarded
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

    def _key(self, key: Guarded) -> _Index:
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
            found = reference(document.name, statement)
            if signature not in self.refs or found.text < self.refs[signature].text:
                self.refs[signature] = found  # among equals the text decides, as it does for one principal and key


def _renamed(ref: StatementRef, sides: tuple[tuple[_Index, _Index], ...]) -> StatementRef:
    for model, member in sides:
        signature = model.signatures.get((ref.document, ref.pointer))
        if signature is not None:
            return member.refs.get(signature, ref)
    return ref


def _identity_signature(statement: Statement, subject: Subject) -> Signature:
    where = (tuple(key_patterns(statement, subject, KEYS.like)), statement.except_resources)
    return statement_signature(statement, subject.facts, where, KEY_ACTIONS)

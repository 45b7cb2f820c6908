"""A principal with what it gave itself: other policies, no boundary, no control policies of an organisation."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from scanner.authz.actions import EVERY
from scanner.authz.documents import Document, Statement
from scanner.authz.request import Levels, Unread
from scanner.authz.subjects import Subject, Subjects

ANYTHING = Document("its own new policy", (Statement(True, EVERY, "", resources=("*",), raw={"Effect": "Allow"}),))
"""What somebody gives itself that may write its own policies."""
ALL = "*"


class Variant(Struct, frozen=True):
    """What a principal gave itself, or was given by whoever acts as it."""

    extra: str = ""
    """ARN of a group it joined or a policy attached to it; `*`: any policy it likes."""
    bound: str = ""
    """ARN of the policy that is its new boundary; `*`: none any more."""
    free: str = ""
    """Accounts that control policies bind no longer: one by number, or `*`; `+`: SCPs allow all they do not deny."""

    def frees(self, account: str | None) -> bool:
        """Whether SCPs and RCPs of an account are gone."""
        return self.free == ALL or (self.free == account and account is not None)


AS_IT_IS = Variant()


class Node(Struct, frozen=True):
    """A principal by ARN, in a variant."""

    arn: str
    variant: Variant = AS_IT_IS


class Variants:
    """Principals in every variant that somebody asked for, each made once."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._made: dict[Node, Subject] = {}
        self._scps: dict[int, Levels] = {}
        for subject in subjects.all():
            self.add(subject)

    def add(self, subject: Subject) -> None:
        """Somebody as it is."""
        self._made.setdefault(Node(subject.caller.text), subject)

    def strangers(self) -> list[Node]:
        """Those that are not in the snapshot."""
        return [node for node in self._made if node.arn not in self._subjects.by_arn]

    def subject(self, node: Node) -> Subject:
        """The principal of a node."""
        if node not in self._made:
            self._made[node] = self._changed(self._made[Node(node.arn)], node.variant)
        return self._made[node]

    def _changed(self, subject: Subject, variant: Variant) -> Subject:
        boundary = subject.boundary
        if variant.bound:
            boundary = None if variant.bound == ALL else (self._subjects.policies[variant.bound],)
        scps = None if variant.frees(subject.caller.account) else self._widened(subject.scps, variant)
        return replace(subject, identity=self._identity(subject, variant.extra), boundary=boundary, scps=scps)

    def _identity(self, subject: Subject, extra: str) -> tuple[Document, ...] | Unread:
        """With any policy it likes only its denials matter still."""
        own = () if isinstance(subject.identity, Unread) else subject.identity
        if extra == ALL:
            return (*(kept for d in own if (kept := _denials(d)).statements), ANYTHING)
        if not extra:
            return subject.identity
        group = self._subjects.groups.get(extra)
        if group is None:
            return (*own, self._subjects.policies[extra])
        return own + (() if isinstance(group.identity, Unread) else group.identity)

    def _widened(self, scps: Levels, variant: Variant) -> Levels:
        """The same SCPs with one more at each level, the same object for everybody that they bind."""
        if variant.free != "+" or not isinstance(scps, tuple):
            return scps
        if id(scps) not in self._scps:
            self._scps[id(scps)] = tuple((*level, ANYTHING) for level in scps)
        return self._scps[id(scps)]


def _denials(document: Document) -> Document:
    return Document(document.name, tuple(s for s in document.statements if not s.allows))

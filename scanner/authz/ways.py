"""What one principal may do to one target that leads on: become it, write what it may do, take its boundary away.

Decided once for a class of principals and a class of targets; pairs that name each other are decided by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from scanner.authz.actions import ASSUME_ROLE, bit
from scanner.authz.classes import Classes, Domain, KeyClass, SubjectClass
from scanner.authz.conditions import holds
from scanner.authz.documents import Document, Statement
from scanner.authz.facts import StaticContext
from scanner.authz.joint import weigh_jointly
from scanner.authz.powers import (
    ASSUME_ROOT,
    ATTACH,
    BECOME_USER,
    BY_PASSING,
    COMPUTE,
    CONTROLS,
    DROP_BOUNDARY,
    JOIN_GROUP,
    ON,
    ON_TARGETS,
    PASS_ROLE,
    PASSED_TO,
    PUT_BOUNDARY,
    REWRITE_TRUST,
    WRITE,
)
from scanner.authz.principals import EVERYONE, Caller
from scanner.authz.relation import documents_of
from scanner.authz.request import AccessRequest, Documents, Unread
from scanner.authz.subjects import Subject, Subjects
from scanner.authz.targets import BOUNDARY, Target
from scanner.authz.values import UNKNOWN, Value, known
from scanner.authz.variants import ALL, Node, Variant, Variants
from scanner.authz.weigh import Outcome

OPEN_TRUST = Document(
    "its own new trust policy",
    (Statement(True, ASSUME_ROLE, "", principals=EVERYONE, resources=("*",), raw={"Effect": "Allow"}),),
)
"""What somebody writes into the trust policy of a role to come to it."""
ADMINISTRATOR = known("arn:aws:iam::aws:policy/AdministratorAccess")
ROOT_PASSWORD = known("arn:aws:iam::aws:policy/root-task/IAMCreateRootUserPassword")
Fixed = dict[str, Value]
_ANYWHERE = bit(PASS_ROLE) | BY_PASSING | CONTROLS


class Way(Struct, frozen=True):
    """By `actions` on a target somebody has an effect: `become`, `write`, `attach`, `bound` or `join`."""

    effect: str
    actions: tuple[str, ...]
    what: str = ""
    """The policy that is attached or becomes the boundary; `*`: any, or none."""


class Asked(Struct, frozen=True):
    """One principal (or class) and one target (or class), and what decides between them."""

    subject: Subject
    caller: Caller
    target: Target
    documents: Documents
    passing: int
    """Rows of PASSED_TO that the principal can make run something, as a mask."""


class Ways:
    """The ways of every principal to every target, worked out when first asked for."""

    def __init__(self, subjects: Subjects, targets: dict[str, Target], variants: Variants, fixed: Fixed) -> None:
        self.subjects = subjects
        self.targets = targets
        self.variants = variants
        self.fixed = fixed
        self.classes = Classes(list(subjects.all()), list(targets.values()), Domain(ON_TARGETS))
        self._memo: dict[object, tuple[Way, ...]] = {}
        self._passing: dict[Subject, int] = {}
        self._powers: dict[Subject, int] = {}
        self.by_name: dict[str, list[Target]] = defaultdict(list)
        """Targets whose own documents name a principal."""
        for target in targets.values():
            for subject in self._named(target):
                self.by_name[subject.caller.text].append(target)

    def _named(self, target: Target) -> Iterator[Subject]:
        """Whom a target's own documents name one by one, strangers too; services never act on their own."""
        found = {s.caller.text: s for text in target.named() for s in self.subjects.meant_by(text)}
        for subject in found.values():
            if subject.caller.is_iam:
                self.variants.add(subject)
                yield subject

    def special(self, node: Node) -> dict[str, Target]:
        """The targets that a principal has to be asked about by itself."""
        subject = self.variants.subject(node)
        self.classes.place(subject)
        found = {target.arn: target for target in self.by_name.get(node.arn, ())}
        return found | {arn: self.targets[arn] for arn in self.classes.names.get(subject, ()) if arn in self.targets}

    def of(self, node: Node, target: Target) -> tuple[Way, ...]:
        """The ways of one principal to one target."""
        if target.arn in self.special(node):
            return self.alone(node, target)
        return self.of_class(node, self.classes.key_class[target.arn])

    def alone(self, node: Node, target: Target) -> tuple[Way, ...]:
        """The same, decided on these two."""
        place = (node, target.arn)
        if place not in self._memo:
            subject = self.variants.subject(node)
            documents = _without_controls(documents_of(subject, target), target, node.variant)
            asked = Asked(subject, subject.caller, target, documents, self.passing(subject))
            self._memo[place] = tuple(self._find(asked))
        return self._memo[place]

    def group(self, node: Node) -> tuple[SubjectClass, int, str]:
        """What the ways of a principal to targets that it does not name depend on."""
        subject = self.variants.subject(node)
        return self.classes.place(subject), self.passing(subject), node.variant.free

    def of_class(self, node: Node, targets: KeyClass) -> tuple[Way, ...]:
        """The ways of everybody of a node's group to every member of a class."""
        group = self.group(node)
        place = (group, targets)
        if place not in self._memo:
            target = cast("Target", targets.first)
            documents = _without_controls(self.classes.documents(group[0], targets), target, node.variant)
            asked = Asked(group[0].first, group[0].caller(), target, documents, group[1])
            self._memo[place] = tuple(self._find(asked))
        return self._memo[place]

    def request(self, asked: Asked, actions: int, more: Fixed | None = None) -> AccessRequest:
        """A request of the principal about the target."""
        context = StaticContext(more or {}, self.fixed, asked.subject.facts, asked.target.facts)
        return AccessRequest(asked.caller, actions, asked.target.arn, asked.target.account, context)

    def ask(self, asked: Asked, actions: int, more: Fixed | None = None, *, rewritten: bool = False) -> Outcome:
        """What of some actions may succeed; `rewritten`: after it wrote the trust policy itself."""
        documents = replace(asked.documents, key_policies=(OPEN_TRUST,)) if rewritten else asked.documents
        return weigh_jointly(self.request(asked, actions, more), documents)

    # --- finding ----------------------------------------------------------------------------------

    def _find(self, asked: Asked) -> Iterator[Way]:
        """Nothing is found for the root user, who has everything, and for what acts for its service alone."""
        kind = asked.target.kind
        if asked.caller.kind == "root" or asked.subject.service_linked:
            return
        may = self.ask(asked, ON[kind]).may
        if asked.target.bounded:  # a condition on iam:PermissionsBoundary means the new one here
            may |= self.ask(asked, bit(PUT_BOUNDARY[kind]), {BOUNDARY: UNKNOWN}).may
        if not may:
            return
        finders = {"role": self._become_role, "root": self._become_root}
        yield from finders.get(kind, self._other)(asked, may)
        yield from self._change(asked, may)

    def _become_role(self, asked: Asked, may: int) -> Iterator[Way]:
        if may & ASSUME_ROLE:
            yield Way("become", ("sts:AssumeRole",))
        if may & bit(REWRITE_TRUST) and self.ask(asked, ASSUME_ROLE, rewritten=True).may:
            yield Way("become", (REWRITE_TRUST, "sts:AssumeRole"))
        for row, (service, actions) in enumerate(PASSED_TO if may & bit(PASS_ROLE) else ()):
            passed: Fixed = {"iam:passedtoservice": known(service)}
            usable = asked.passing >> row & 1 and service in asked.target.services
            if usable and self.ask(asked, bit(PASS_ROLE), passed).may:
                yield Way("become", (PASS_ROLE, *actions))
                return

    def _become_root(self, asked: Asked, may: int) -> Iterator[Way]:
        if self.ask(asked, may, {"sts:taskpolicyarn": ROOT_PASSWORD}).may:
            yield Way("become", (ASSUME_ROOT,))

    def _other(self, asked: Asked, may: int) -> Iterator[Way]:
        if asked.target.kind == "user":
            yield from (Way("become", (action,)) for action in BECOME_USER if may & bit(action))
        if asked.target.kind == "group" and may & bit(JOIN_GROUP):
            yield Way("join", (JOIN_GROUP,), asked.target.arn)
        for actions in COMPUTE.get(asked.target.kind, ()):
            if all(may & bit(action) for action in actions):
                yield Way("become", actions)
                return

    def _change(self, asked: Asked, may: int) -> Iterator[Way]:
        kind = asked.target.kind
        write = next((action for action in WRITE.get(kind, ()) if may & bit(action)), None)
        if write is not None:
            yield Way("write", (write,), ALL)
        elif kind in ATTACH and may & bit(ATTACH[kind]):
            yield from self._attach(asked, ATTACH[kind])
        if asked.target.bounded:
            yield from self._bound(asked, may)

    def _attach(self, asked: Asked, action: str) -> Iterator[Way]:
        """Any policy, or those of the snapshot that a condition on iam:PolicyARN leaves."""
        if self.ask(asked, bit(action), {"iam:policyarn": ADMINISTRATOR}).may:
            yield Way("write", (action,), ALL)
            return
        for arn, policy in self.subjects.policies.items():
            if not policy.fault and self.ask(asked, bit(action), {"iam:policyarn": known(arn)}).may:
                yield Way("attach", (action,), arn)

    def _bound(self, asked: Asked, may: int) -> Iterator[Way]:
        drop, put = DROP_BOUNDARY[asked.target.kind], PUT_BOUNDARY[asked.target.kind]
        if may & bit(drop):
            yield Way("bound", (drop,), ALL)
        elif may & bit(put) and self.ask(asked, bit(put), {BOUNDARY: ADMINISTRATOR}).may:
            yield Way("bound", (put,), ALL)
        elif may & bit(put):
            for arn, policy in self.subjects.policies.items():
                if not policy.fault and self.ask(asked, bit(put), {BOUNDARY: known(arn)}).may:
                    yield Way("bound", (put,), arn)

    # --- what somebody may do anywhere --------------------------------------------------------------

    def passing(self, subject: Subject) -> int:
        """Which services a principal can make run something: rows of PASSED_TO as a mask."""
        if subject not in self._passing:
            wanted = self.powers(subject) & bit(PASS_ROLE)
            rows = (row for row, (_, actions) in enumerate(PASSED_TO) if wanted and self.anywhere(subject, actions))
            self._passing[subject] = sum(1 << row for row in rows)
        return self._passing[subject]

    def anywhere(self, subject: Subject, actions: Iterable[str]) -> bool:
        """Whether all of some actions may succeed on some resource, whatever it is."""
        return all(self.powers(subject) & bit(action) for action in actions)

    def powers(self, subject: Subject) -> int:
        """Every way that some statement of a principal may open and none certainly closes everywhere."""
        if subject not in self._powers:
            self._powers[subject] = self._powers_of(subject)
        return self._powers[subject]

    def _powers_of(self, subject: Subject) -> int:
        if isinstance(subject.identity, Unread) or subject.service_linked or subject.caller.kind == "root":
            return 0
        context = StaticContext(self.fixed, subject.facts)
        mask = _allowed(subject.identity, context)
        if isinstance(subject.boundary, tuple):
            mask &= _allowed(subject.boundary, context)
        for level in subject.scps if isinstance(subject.scps, tuple) else ():
            mask &= _allowed(level, context)
        if mask & ~bit(PASS_ROLE):
            request = AccessRequest(subject.caller, mask & ~bit(PASS_ROLE), "*", subject.caller.account, context)
            documents = Documents(identity=subject.identity, boundary=subject.boundary, scps=subject.scps)
            mask &= ~weigh_jointly(request, documents).denied
        return mask


def _without_controls(documents: Documents, target: Target, variant: Variant) -> Documents:
    return replace(documents, rcps=None) if variant.frees(target.account) else documents


def _allowed(documents: Iterable[Document], context: StaticContext) -> int:
    mask = 0
    for document in documents:
        for statement in document.statements:
            if statement.allows and not statement.fault and statement.actions & _ANYWHERE:
                mask |= holds(statement.conditions, context, statement.actions & _ANYWHERE)[1]
    return mask

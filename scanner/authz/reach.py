"""Who reaches a key: decisions kept as masks, explained only when somebody reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, reduce
from operator import or_

from msgspec import Struct
from msgspec.structs import replace

from scanner.authz.actions import KEY_ACTIONS, bit, mask_of, names
from scanner.authz.classes import KeyClass, SubjectClass
from scanner.authz.decide import crosses, explain, origin
from scanner.authz.documents import StatementRef
from scanner.authz.joint import weigh_jointly
from scanner.authz.keys import KeySubject
from scanner.authz.renaming import Renaming
from scanner.authz.request import AccessRequest, Decision, Documents, Verdict
from scanner.authz.subjects import Subject
from scanner.authz.weigh import Outcome


class Reach(Struct, frozen=True):
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


class Pair:
    """What some principals may do with some keys, decided on one of each."""

    def __init__(self, request: AccessRequest, documents: Documents) -> None:
        self.request = request
        self.outcome: Outcome = weigh_jointly(request, documents)

    @cached_property
    def stated(self) -> int:
        """The allowed actions that some statement gives, not only a policy that could not be read."""
        if self.request.caller.kind == "root":
            return self.outcome.may  # needs no policy of its own
        across = crosses(self.request)
        hits = (hit for layer in self.outcome.layers for hit in layer.hits)
        return self.outcome.may & reduce(
            or_, (hit.possibly for hit in hits if hit.statement.allows and origin(hit, across)), 0
        )

    @cached_property
    def explained(self) -> tuple[tuple[int, Decision], ...]:
        """The decision for each group of allowed actions that the same statements decide."""
        found = []
        for group in _alike(self.outcome):
            decision = explain(replace(self.request, actions=group & -group), self.outcome)
            found.append((group, decision))
        return tuple(found)

    def evidence(self, decision: Decision, subject: Subject, key: KeySubject) -> tuple[StatementRef, ...]:
        """The statements behind a decision, where this principal and key have them."""
        del subject, key  # a pair of one principal and one key is its own evidence
        return decision.because


class ClassPair(Pair):
    """A pair that stands for all members of a class of principals and a class of keys."""

    def __init__(
        self, subjects: SubjectClass, keys: KeyClass, renaming: Renaming, request: AccessRequest, documents: Documents
    ) -> None:
        super().__init__(request, documents)
        self._models = subjects.first, keys.first
        self._renaming = renaming

    def evidence(self, decision: Decision, subject: Subject, key: KeySubject) -> tuple[StatementRef, ...]:
        """The same statements under the names that they have with this principal and key."""
        if (subject, key) == self._models:
            return decision.because
        return self._renaming.references(decision.because, self._models, subject, key)


def _alike(outcome: Outcome) -> list[int]:
    """Actions that the same statements decide in the same way share one explanation."""
    groups = [outcome.may]
    cuts = [outcome.must, outcome.key_trust_open]
    cuts += [part for layer in outcome.layers for hit in layer.hits for part in (hit.surely, hit.possibly)]
    for cut in dict.fromkeys(cuts):
        groups = [part for group in groups for part in (group & cut, group & ~cut) if part]
    return groups


class Holding(Struct, frozen=True, eq=False):
    """Some principals and what they may do with one key."""

    group: Sequence[Subject]
    pair: Pair
    key: KeySubject
    without: frozenset[Subject] = frozenset()
    """Members of the group that are decided by themselves."""

    @property
    def members(self) -> Iterator[Subject]:
        """Whom it is about."""
        return (subject for subject in self.group if subject not in self.without)

    def __len__(self) -> int:
        return len(self.group) - len(self.without)

    @property
    def may(self) -> int:
        """The actions that are allowed or conditional."""
        return self.pair.outcome.may

    def reaches(self, subject: Subject, wanted: int) -> Iterator[Reach]:
        """What one member may do of the `wanted` actions."""
        who, kind = subject.caller.text, subject.type
        account = None if kind == "anyone" else subject.caller.account
        for actions, decision in self.pair.explained:
            if actions & wanted:
                because = self.pair.evidence(decision, subject, self.key)
                rest = decision.verdict, decision.open_conditions, decision.via, because
                for action in names(actions & wanted):
                    yield Reach(who, kind, account, action, *rest)


class KeyAccess(Struct, frozen=True):
    """Whoever may do something with one key."""

    key: str
    complete: bool
    """False: key policy, grants or IAM were not fully read, so there may be others."""
    reasons: tuple[str, ...]
    holdings: tuple[Holding, ...]

    def reaches(self, actions: Iterable[str] | None = None) -> Iterator[Reach]:
        """Everybody with any of `actions` (by default all that name a key), by principal and action."""
        wanted = KEY_ACTIONS if actions is None else mask_of(actions)
        held = [(subject, holding) for holding in self.holdings if holding.may & wanted for subject in holding.members]
        for subject, holding in sorted(held, key=lambda each: each[0].caller.text):
            yield from holding.reaches(subject, wanted)

    def principals(self, action: str) -> frozenset[str]:
        """Everybody who may do `action`."""
        wanted = bit(action)
        held = (holding for holding in self.holdings if holding.may & wanted)
        return frozenset(subject.caller.text for holding in held for subject in holding.members)

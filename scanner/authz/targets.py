"""What somebody acts on to become somebody else: roles, users, groups, managed policies, machines, root users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

from msgspec import UnsetType

from scanner.authz.actions import ASSUME_ROLE
from scanner.authz.documents import Document, parse_trust
from scanner.authz.facts import RESOURCE_TAG, Facts
from scanner.authz.guarded import Guarded
from scanner.authz.powers import COMPUTE
from scanner.authz.request import Levels, Unread
from scanner.authz.subjects import Subject, Subjects, levels_of
from scanner.authz.values import ABSENT, UNKNOWN, Known, Value, known
from scanner.model.arn import parse_arn
from scanner.model.records import Coverage, Gap, PrincipalFact, ResourceFact
from scanner.model.snapshot import Snapshot

BOUNDARY = "iam:permissionsboundary"


class Target(Guarded, frozen=True, eq=False):
    """One thing that decides over principals, or runs with a role."""

    kind: str
    """`role`, `user`, `group`, `policy`, `root`, or the type of a resource that runs with a role."""
    leads: tuple[str, ...] = ()
    """The principals that it is, decides over or runs with."""
    bounded: bool = False
    services: frozenset[str] = frozenset()
    """Services that a role's trust policy lets run with it."""

    @property
    def traits(self) -> Hashable:
        """What can be done with it at all."""
        return self.kind, self.bounded, self.services


def targets_of(subjects: Subjects, compute: Iterable[ResourceFact]) -> dict[str, Target]:
    """Every target of a snapshot by ARN."""
    return {target.arn: target for target in _Maker(subjects).all(compute)}


class _Maker:
    """Makes targets; RCPs are those of the account that a target is in."""

    def __init__(self, subjects: Subjects) -> None:
        self.subjects = subjects
        self._rcps: dict[str, Levels] = {}

    def all(self, compute: Iterable[ResourceFact]) -> Iterator[Target]:
        decided: dict[str, list[str]] = defaultdict(list)
        for subject in self.subjects.all():
            if subject.caller.kind == "root":
                yield from self._root(subject)
            elif subject.record is not None and not subject.service_linked:
                yield self._principal(subject, subject.record)
                for arn in deciding(subject.record, self.subjects):
                    decided[arn].append(subject.caller.text)
        for arn, group in self.subjects.groups.items():
            assert group.record is not None
            yield self._plain(arn, group.record.account, "group", tuple(decided.pop(arn, ())), _facts(group.record))
        for arn, leads in decided.items():
            yield self._plain(arn, arn.split(":")[4], "policy", tuple(leads))
        yield from self._compute(compute)

    def _principal(self, subject: Subject, record: PrincipalFact) -> Target:
        arn, trust = record.arn, trust_of(subject) if record.type == "role" else ()
        services = frozenset(_services(trust)) if isinstance(trust, tuple) else frozenset()
        bounded, rcps = subject.boundary is not None, self._rcps_of(record.account)
        return Target(arn, record.account, trust, (), rcps, _facts(record), record.type, (arn,), bounded, services)

    def _root(self, subject: Subject) -> Iterator[Target]:
        """The management account can take on root users of the others (STS API reference, AssumeRoot)."""
        account = self.subjects.accounts.get(subject.caller.account or "")
        manager = None if account is None else account.management_account
        if isinstance(manager, str) and manager != subject.caller.account:
            arn = subject.caller.text
            yield Target(arn, manager, (), (), None, {}, "root", (arn,))

    def _compute(self, facts: Iterable[ResourceFact]) -> Iterator[Target]:
        clusters: dict[str, tuple[ResourceFact, list[str]]] = {}
        profiles = _profiles(self.subjects)
        for fact in facts:
            role = fact.attributes.get("role") or profiles.get(_profile(fact))
            closed = fact.attributes.get("exec") is False
            if fact.type not in COMPUTE or closed or role not in self.subjects.by_arn:
                continue
            arn = str(fact.attributes.get("cluster") or fact.arn)
            clusters.setdefault(arn, (fact, []))[1].append(str(role))
        for arn, (fact, roles) in clusters.items():
            tags = {} if fact.attributes.get("cluster") else _tags(fact)
            yield self._plain(arn, fact.account, fact.type, tuple(dict.fromkeys(roles)), tags)

    def _plain(self, arn: str, account: str, kind: str, leads: tuple[str, ...], facts: Facts | None = None) -> Target:
        return Target(arn, account, (), (), self._rcps_of(account), facts or {}, kind, leads)

    def _rcps_of(self, account: str) -> Levels:
        if account not in self._rcps:
            self._rcps[account] = levels_of(self.subjects.accounts.get(account), account, "rcps")
        return self._rcps[account]


def unread_compute(snapshot: Snapshot) -> tuple[str, ...]:
    """Why not every machine that runs with a role is known; what nobody listed is no news."""
    words = {f"resource:{kind}" for kind in COMPUTE} | {f"compute:{kind}" for kind in COMPUTE}
    rows: list[Gap | Coverage] = [gap for gap in snapshot.gaps if words & set(gap.makes_unknown)]
    rows += [row for row in snapshot.coverage if not row.complete and not row.of_plan and words & set(row.provides)]
    return tuple(dict.fromkeys(row.reason() for row in rows))


def deciding(record: PrincipalFact, subjects: Subjects) -> Iterator[str]:
    """The groups of a principal and the policies of its own account that are attached to it or to them."""
    attached = list(record.attached) if isinstance(record.attached, tuple) else []
    for name in record.groups:
        group = subjects.group_named(record.account, name)
        if group is not None and group.record is not None:
            yield group.record.arn
            attached += group.record.attached if isinstance(group.record.attached, tuple) else ()
    yield from dict.fromkeys(arn for arn in attached if f"::{record.account}:" in arn)


def trust_of(role: Subject) -> tuple[Document, ...] | Unread:
    """A role's trust policy; its statements need no Resource."""
    text, name = role.record.trust if role.record else None, f"trust/{role.caller.text}"
    if isinstance(text, UnsetType):
        return Unread(f"the trust policy of {role.caller.text} was not read")
    if text is None:
        return ()
    return (parse_trust(name, text),)


def _services(trust: tuple[Document, ...]) -> Iterator[str]:
    for document in trust:
        for statement in document.statements:
            if statement.allows and statement.actions & ASSUME_ROLE and statement.principals is not None:
                yield from statement.principals.services


def _profiles(subjects: Subjects) -> dict[object, str]:
    """The role of each instance profile, by ARN and by account and name (which a plan states)."""
    found: dict[object, str] = {}
    for subject in subjects.all():
        for arn in subject.record.instance_profiles if subject.record else ():
            found[arn] = subject.caller.text
            found[arn.split(":")[4], arn.rpartition("/")[2]] = subject.caller.text
    return found


def _profile(fact: ResourceFact) -> object:
    stated = str(fact.attributes.get("instance_profile") or "")
    return stated if parse_arn(stated) else (fact.account, stated)


def _facts(record: PrincipalFact) -> Facts:
    """Facts of a user, role or group as the resource of a request."""
    facts: dict[str, Value] = {"aws:resourceaccount": known(record.account)}
    if isinstance(record.tags, dict):
        facts |= _tag_facts(record.tags, "iam:resourcetag/")
    if record.boundary is None:
        facts[BOUNDARY] = ABSENT
    else:
        facts[BOUNDARY] = known(record.boundary) if isinstance(record.boundary, str) else UNKNOWN
    return facts


def _tags(fact: ResourceFact) -> Facts:
    return _tag_facts(fact.tags, "ssm:resourcetag/", "ec2:resourcetag/") if isinstance(fact.tags, dict) else {}


def _tag_facts(tags: dict[str, str], *families: str) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    for prefix in (RESOURCE_TAG, *families):
        facts |= {f"{prefix}{name.lower()}": Known((value,)) for name, value in tags.items()}
        facts[prefix] = ABSENT
    return facts

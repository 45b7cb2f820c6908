"""The principals of a snapshot with the documents that bind each, and the strangers that policies name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec import UNSET, Struct, UnsetType, field

from scanner.authz.actions import mask_of
from scanner.authz.documents import Document, parse_document, parse_identity, parse_whole
from scanner.authz.facts import Facts, principal_facts
from scanner.authz.principals import Caller, parse_caller
from scanner.authz.request import Layer, Levels, Unread
from scanner.authz.values import Known, one_of
from scanner.model.arn import parse_arn
from scanner.model.records import AccountFact, KeyFact, ManagedPolicyFact, NamedDocument, PrincipalFact
from scanner.model.snapshot import Snapshot

OUTSIDE = "000000000000"
"""Stands for the account of somebody whom nobody named."""
AWS_OWN = "aws:"
"""Begins the names of roles that services keep for themselves (`aws:ec2-infrastructure`), which no IAM policy binds;
no role of one's own can have a colon in its name."""
_TYPES = {"session": "role", "other": "unknown"}
_TAGGING = mask_of(("sts:TagSession", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"))


class Subject(Struct, frozen=True, eq=False):
    """One caller with everything of its own side: identity documents, boundary, SCPs, facts."""

    caller: Caller
    identity: tuple[Document, ...] | Unread
    facts: Facts
    boundary: Layer = None
    scps: Levels = None
    record: PrincipalFact | None = None
    service_linked: bool = False

    @property
    def type(self) -> str:
        """user, role, root, account, service, federated, anyone or unknown."""
        return _TYPES.get(self.caller.kind, self.caller.kind)


class Subjects(Struct):
    """Everybody that a snapshot knows by account, and the documents to make strangers from."""

    accounts: dict[str, AccountFact]
    by_arn: dict[str, Subject] = field(default_factory=dict)
    by_account: dict[str, list[Subject]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[str, Subject] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Accounts whose IAM was not fully read, and why."""
    strangers: dict[str, Subject] = field(default_factory=dict)
    policies: dict[str, Document] = field(default_factory=dict)
    """Managed policies that were read, by ARN."""
    _unread: dict[str, list[str]] = field(default_factory=dict)
    _groups: dict[tuple[str, str], Subject] = field(default_factory=dict)

    def all(self) -> Iterator[Subject]:
        """Every user, role and root user of the accounts that were read."""
        for account in sorted(self.by_account):
            yield from self.by_account[account]

    def stranger(self, text: str) -> Subject | None:
        """A principal that a policy names and the snapshot does not hold; None for a deleted one or a known account."""
        if text in self.by_arn:
            return self.by_arn[text]
        if text not in self.strangers:
            found = self._stranger(text)
            if found is None:
                return None
            self.strangers[text] = found
        return self.strangers[text]

    def meant_by(self, text: str) -> list[Subject]:
        """Whom a name in a key policy or grant means one by one; accounts that are known mean nobody alone."""
        if text == "*":
            return [self.anyone()]
        subject = self.stranger(text)
        found = [] if subject is None else [subject]
        caller = parse_caller(text)
        role = self._role_of(caller) if caller.kind == "session" else None
        return found if role is None else [*found, role]

    def group_named(self, account: str, name: str) -> Subject | None:
        """A group by name."""
        if not self._groups:
            self._groups = {(g.record.account, g.record.name): g for g in self.groups.values() if g.record}
        return self._groups.get((account, name))

    def unread_in(self, account: str) -> list[str]:
        """What of an account's IAM could not be read."""
        if account not in self._unread:
            reasons = [self.missing[account]] if account in self.missing else []
            for subject in self.by_account.get(account, ()):
                if isinstance(subject.identity, Unread):
                    reasons.append(subject.identity.reason)
                else:
                    reasons += [fault for document in subject.identity for fault in document.faults]
            self._unread[account] = list(dict.fromkeys(reasons))
        return self._unread[account]

    def _stranger(self, text: str) -> Subject | None:
        caller = parse_caller(text)
        if caller.kind == "other":
            return None
        if caller.kind == "service":
            return Subject(caller, (), principal_facts(caller, None, None, False))
        account = caller.account or ""
        if caller.kind in ("role", "session") and caller.name.startswith(AWS_OWN):
            facts = principal_facts(caller, None, self.accounts.get(account), True)
            return Subject(caller, (), facts, service_linked=True)
        role = self._role_of(caller)
        if caller.kind == "root":
            if account in self.by_account:
                return None
            caller = Caller(f"arn:{_partition(text)}:iam::{account}:root", "account", account)
        elif role is None and caller.kind in ("user", "role", "session") and self._is_read(account):
            return None  # every user and role of that account is known, so this one no longer exists
        if role is not None:
            facts = {**role.facts, **principal_facts(caller, role.record, self.accounts.get(account), True)}
            return Subject(caller, role.identity, facts, role.boundary, role.scps, role.record, role.service_linked)
        facts_of = principal_facts(caller, None, self.accounts.get(account), True)
        unread = Unread(f"IAM policies of account {account} were not read")
        return Subject(caller, unread, facts_of, unread, Unread(f"SCPs of account {account} were not read"))

    def _is_read(self, account: str) -> bool:
        return account in self.by_account and account not in self.missing

    def _role_of(self, caller: Caller) -> Subject | None:
        if caller.kind != "session":
            return None
        roles = self.by_account.get(caller.account or "", ())
        return next((s for s in roles if s.caller.kind == "role" and s.caller.name == caller.name), None)

    def anyone(self) -> Subject:
        """Some principal of an account that nobody named, in an unknown organisation or none."""
        if "*" not in self.strangers:
            caller = Caller("*", "anyone", OUTSIDE)
            unread = Unread("IAM policies of the caller's account are not known")
            scps = Unread("SCPs of the caller's account are not known")
            self.strangers["*"] = Subject(caller, unread, principal_facts(caller, None, None, True), unread, scps)
        return self.strangers["*"]


def _partition(text: str) -> str:
    arn = parse_arn(text)
    return arn.partition if arn else "aws"


def subjects_of(snapshot: Snapshot) -> Subjects:
    """The principals of a snapshot."""
    return _Reader(snapshot).read()


class _Reader:
    """Turns principal records into subjects."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.found = Subjects({fact.account: fact for fact in snapshot.of(AccountFact)})
        self.managed = {policy.arn: policy for policy in snapshot.of(ManagedPolicyFact)}
        self.documents: dict[str, Document] = {}
        self.groups: dict[tuple[str, str], PrincipalFact] = {}
        self.scps: dict[str, Levels] = {}

    def read(self) -> Subjects:
        records = self.snapshot.of(PrincipalFact)
        self.groups = {(r.account, r.name): r for r in records if r.type == "group"}
        for record in records:
            subject = self._subject(record)
            if record.type == "group":
                self.found.groups[record.arn] = subject
                continue
            self.found.by_arn[record.arn] = subject
            self.found.by_account[record.account].append(subject)
        self._missing()
        self._roots()
        self.found.policies = {arn: self._managed(arn, "iam") for arn in self.managed}
        return self.found

    def _subject(self, record: PrincipalFact) -> Subject:
        caller = parse_caller(record.arn, record.account)
        linked = ":role/aws-service-role/" in record.arn
        facts = principal_facts(caller, record, self.found.accounts.get(record.account), session_tags(record))
        scps = None if linked else self._scps_of(record.account)
        boundary = None if record.type == "group" else self._boundary(record)
        return Subject(caller, tuple(self._identity(record)), facts, boundary, scps, record, linked)

    def _identity(self, record: PrincipalFact) -> Iterator[Document]:
        yield from self._own(record)
        if "groups" in record.unread:
            yield Document(f"iam-inline/{record.name}", fault=f"groups not read: {record.unread['groups']}")
        for name in record.groups:
            group = self.groups.get((record.account, name))
            if group is None:
                yield Document(f"iam-inline/{name}", fault=f"the group `{name}` was not read")
            else:
                yield from self._own(group)

    def _own(self, record: PrincipalFact) -> Iterator[Document]:
        for field_name in ("inline", "attached"):
            if getattr(record, field_name) is UNSET or field_name in record.unread:
                reason = record.unread.get(field_name, "not collected")
                yield Document(f"iam-inline/{record.name}", fault=f"{field_name} policies not read: {reason}")
        if not isinstance(record.inline, UnsetType):
            for named in record.inline:
                yield parse_identity(f"iam-inline/{record.name}/{named.name}", named.document)
        if not isinstance(record.attached, UnsetType):
            for arn in record.attached:
                yield self._managed(arn, "iam")

    def _managed(self, arn: str, prefix: str) -> Document:
        name = f"{prefix}/{arn}"
        if name not in self.documents:
            policy = self.managed.get(arn)
            if policy is None or isinstance(policy.document, UnsetType):
                reason = policy.unread.get("document", "not collected") if policy else "not collected"
                self.documents[name] = Document(name, fault=f"not read: {reason}")
            else:
                self.documents[name] = parse_identity(name, policy.document)
        return self.documents[name]

    def _boundary(self, record: PrincipalFact) -> Layer:
        if isinstance(record.boundary, UnsetType):
            return Unread(f"boundary of {record.arn} not read: {record.unread.get('boundary', 'not collected')}")
        if record.boundary is None:
            return None
        document = self._managed(record.boundary, "boundary")
        return Unread(document.fault) if document.fault and document.fault.startswith("not read") else (document,)

    def _scps_of(self, account: str) -> Levels:
        if account not in self.scps:
            self.scps[account] = levels_of(self.found.accounts.get(account), account, "scps")
        return self.scps[account]

    def _roots(self) -> None:
        """The root user of every account that has keys or principals here."""
        partitions = {r.account: _partition(r.arn) for r in self.snapshot.of(PrincipalFact)}
        for key in self.snapshot.of(KeyFact):
            partitions.setdefault(owner_of(key), _partition(key.arn))
        for account in sorted({*partitions, *self.found.by_account}):
            caller = Caller(f"arn:{partitions.get(account, 'aws')}:iam::{account}:root", "root", account)
            facts = principal_facts(caller, None, self.found.accounts.get(account), False)
            root = Subject(caller, (), facts, scps=self._scps_of(account))
            self.found.by_account[account].append(root)
            self.found.by_arn[caller.text] = root

    def _missing(self) -> None:
        """Where users, roles and policies were not all listed."""
        read = set(self.found.by_account)
        for row in self.snapshot.coverage:
            if "principal" in row.provides:
                read.add(row.account)
                if not row.complete:
                    self.found.missing.setdefault(row.account, row.reason())
        for gap in self.snapshot.gaps:
            if gap.subject is None and {"principal", "managed-policy"} & set(gap.makes_unknown):
                self.found.missing[gap.account] = gap.reason()
        for account in {owner_of(key) for key in self.snapshot.of(KeyFact)} - read:
            self.found.missing.setdefault(account, f"IAM of account {account} was not read")
        if self.snapshot.source.interrupted:
            for account in read:
                self.found.missing.setdefault(account, "the scan was interrupted")


def owner_of(key: KeyFact) -> str:
    """The account that a key belongs to, which is not the scanned one for a shared key."""
    arn = parse_arn(key.arn)
    return arn.account if arn else key.account


def levels_of(account: AccountFact | None, number: str, kind: str) -> Levels:
    """The SCPs or RCPs that bind an account; none bind the management account."""
    word = kind[:-1].upper() + "s"
    if account is None:
        return Unread(f"{word} of account {number} were not read")
    if account.management_account == number:
        return None
    levels: tuple[tuple[NamedDocument, ...], ...] | None | UnsetType = getattr(account, kind)
    if isinstance(levels, UnsetType):
        reason = account.unread.get(kind)
        return Unread(f"{word} of account {number} were not read" + (f": {reason}" if reason else ""))
    if levels is None:
        return None
    return tuple(tuple(_control(kind[:-1], named) for named in level) for level in levels)


def _control(kind: str, named: NamedDocument) -> Document:
    return parse_whole(f"{kind}/{named.name}", named.document)


def session_tags(record: PrincipalFact) -> bool:
    """Whether somebody who assumes the role may choose its session tags."""
    if record.type != "role" or record.trust is None:
        return False
    document = parse_document("trust", record.trust)
    return bool(document.fault) or any(s.fault or (s.allows and s.actions & _TAGGING) for s in document.statements)


def outsider_facts() -> Facts:
    """An adversary of another account and organisation, who calls from anywhere: what no condition of ours knows.

    What the caller can choose (encryption context, tags, services to go through) stays unknown, which
    means that some caller satisfies it.
    """
    foreign = f"arn:*:*:*:{OUTSIDE}:*"
    return {
        "aws:principalarn": one_of(f"arn:*:iam::{OUTSIDE}:*", absent=False),
        "aws:principalaccount": Known((OUTSIDE,)),
        "kms:calleraccount": Known((OUTSIDE,)),
        "aws:principalisawsservice": Known(("false",)),
        "aws:principalservicename": Known(),
        "aws:principalorgid": one_of("o-outside000"),
        "aws:principalorgpaths": one_of("o-outside000/r-out/"),
        "aws:userid": one_of("AIDAOUTSIDE0000000000", "AROAOUTSIDE0000000000:*", absent=False),
        "aws:sourceip": one_of("11.22.33.44", "177.22.33.44", "2a00:1111::77"),
        "aws:sourcevpc": one_of("vpc-outside0"),
        "aws:sourcevpce": one_of("vpce-outside0"),
        "aws:sourcevpcarn": one_of(f"arn:*:ec2:*:{OUTSIDE}:vpc/*"),
        "aws:vpceaccount": one_of(OUTSIDE),
        "aws:vpceorgid": one_of("o-outside000"),
        "aws:vpceorgpaths": one_of("o-outside000/r-out/"),
        "aws:sourceaccount": one_of(OUTSIDE),
        "aws:sourceowner": one_of(OUTSIDE),
        "aws:sourcearn": one_of(foreign, "arn:*:s3:::outside-*"),
        "aws:sourceorgid": one_of("o-outside000"),
        "aws:sourceorgpaths": one_of("o-outside000/r-out/"),
    }

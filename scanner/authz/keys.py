"""The keys of a snapshot with the documents that bind each, and whom those documents name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import UnsetType

from scanner.authz.documents import Document, Statement, parse_document
from scanner.authz.facts import Facts, key_facts
from scanner.authz.principals import parse_caller
from scanner.authz.request import Levels, Unread
from scanner.authz.subjects import levels_of, owner_of
from scanner.model.records import AccountFact, AliasFact, GrantFact, KeyFact
from scanner.model.snapshot import Snapshot

ACCOUNT_IN_TEXT = re.compile(r"(?<!\d)\d{12}(?!\d)")
NAMES_ACCOUNTS = ("kms:calleraccount", "aws:principalaccount", "aws:principalarn")


@dataclass(frozen=True, slots=True, eq=False)
class KeySubject:
    """One key with everything of its side: key policies, grants, RCPs, facts."""

    record: KeyFact
    account: str
    policies: tuple[Document, ...] | Unread
    grants: tuple[GrantFact, ...] | Unread
    rcps: Levels
    facts: Facts

    @property
    def arn(self) -> str:
        """The key's ARN."""
        return self.record.arn

    def documents(self) -> tuple[Document, ...]:
        """The key policies that were read."""
        return () if isinstance(self.policies, Unread) else self.policies

    def named(self) -> Iterator[str]:
        """Whom key policies, RCPs and grants name: ARNs, account ids, service names, `*`."""
        for document in self.documents():
            for statement in document.statements:
                if statement.principals is not None:
                    yield from _named(statement)
                    for test in statement.conditions:
                        if test.key in NAMES_ACCOUNTS and not test.operator.negated:
                            yield from (found for value in test.values for found in ACCOUNT_IN_TEXT.findall(value))
        for level in self.rcps if isinstance(self.rcps, tuple) else ():
            for document in level:
                for statement in document.statements:
                    yield from statement.principals.arns if statement.principals else ()
        for grant in _of(self.grants):
            yield from filter(None, (grant.grantee, grant.grantee_service, grant.retiring, grant.retiring_service))

    def opened_accounts(self) -> frozenset[str] | None:
        """Accounts that the key policies name, or None when they name everyone."""
        found: set[str] = set()
        for document in self.documents():
            for statement in document.statements:
                who = statement.principals
                if who is None or not statement.allows:
                    continue
                if who.everyone or statement.except_principals:
                    return None
                found |= who.accounts
        return frozenset(found)

    def granted_accounts(self) -> frozenset[str]:
        """Accounts that grants are given to as a whole, and other accounts that issued some."""
        texts = [text for grant in _of(self.grants) for text in (grant.grantee, grant.retiring)]
        whole = {c.account for c in map(parse_caller, filter(None, texts)) if c.kind == "root" and c.account}
        issuers = {parse_caller(grant.issuing_account).account for grant in _of(self.grants) if grant.issuing_account}
        return frozenset(whole | {issuer for issuer in issuers if issuer and issuer != self.account})

    def unread(self) -> tuple[str, ...]:
        """Why it cannot be told for certain who is allowed."""
        reasons = [layer.reason for layer in (self.policies, self.grants) if isinstance(layer, Unread)]
        return (*reasons, *(fault for document in self.documents() for fault in document.faults))


def _of(grants: tuple[GrantFact, ...] | Unread) -> tuple[GrantFact, ...]:
    return () if isinstance(grants, Unread) else grants


def _named(statement: Statement) -> Iterator[str]:
    """Whom a statement allows something or names one by one."""
    who = statement.principals
    assert who is not None
    yield from who.arns
    if statement.allows:
        if who.everyone or statement.except_principals:
            yield "*"
        if not statement.except_principals:
            yield from (*who.accounts, *who.services)


def keys_of(snapshot: Snapshot) -> dict[str, KeySubject]:
    """The keys of a snapshot by ARN."""
    accounts = {fact.account: fact for fact in snapshot.of(AccountFact)}
    aliases = _Aliases(snapshot)
    rcps: dict[str, Levels] = {}
    found: dict[str, KeySubject] = {}
    for record in snapshot.of(KeyFact):
        account = owner_of(record)
        if account not in rcps:
            rcps[account] = levels_of(accounts.get(account), account, "rcps")
        facts = key_facts(record, accounts.get(account), aliases.of(record))
        found[record.arn] = KeySubject(
            record, account, _policies(record), _grants(record), _rcps(record, rcps[account]), facts
        )
    return found


def _rcps(record: KeyFact, levels: Levels) -> Levels:
    """RCPs do not bind AWS managed keys (Organizations user guide, "Resource control policies")."""
    return None if record.manager == "AWS" else levels


def _policies(record: KeyFact) -> tuple[Document, ...] | Unread:
    if isinstance(record.policies, UnsetType):
        return Unread(record.unread.get("policies", f"the key policy of {record.arn} was not read"))
    return tuple(parse_document(f"key-policy/{named.name}", named.document) for named in record.policies)


def _grants(record: KeyFact) -> tuple[GrantFact, ...] | Unread:
    if isinstance(record.grants, UnsetType):
        return Unread(record.unread.get("grants", f"the grants of {record.arn} were not read"))
    return record.grants


class _Aliases:
    """Aliases by key, and where they were not all listed."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._of: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for alias in snapshot.of(AliasFact):
            if alias.target_key_id:
                self._of[alias.account, alias.region, alias.target_key_id].append(alias.name)
        rows = [row for row in snapshot.coverage if "alias" in row.provides]
        self._listed = {(row.account, row.region) for row in rows} | {place[:2] for place in self._of}
        self._partial = {(row.account, row.region) for row in rows if not row.complete}
        self._partial |= {(gap.account, gap.region) for gap in snapshot.gaps if "alias" in gap.makes_unknown}

    def of(self, key: KeyFact) -> tuple[str, ...] | None:
        """The names of a key's aliases, or None where they were not all listed."""
        place = (key.account, key.region)
        if place in self._partial or place not in self._listed:
            return None
        return tuple(sorted(self._of.get((*place, key.id), ())))

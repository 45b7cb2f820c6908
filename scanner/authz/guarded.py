"""What policies protect: a key, or a principal, policy or machine by which somebody becomes another.

Each has documents of its own (key policies, a trust policy), grants where it is a key, RCPs and facts.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator

from msgspec import Struct

from scanner.authz.documents import Document, Statement
from scanner.authz.facts import Facts
from scanner.authz.principals import parse_caller
from scanner.authz.request import Levels, Unread
from scanner.model.records import GrantFact

ACCOUNT_IN_TEXT = re.compile(r"(?<!\d)\d{12}(?!\d)")
NAMES_ACCOUNTS = ("kms:calleraccount", "aws:principalaccount", "aws:principalarn")


class Guarded(Struct, frozen=True, eq=False):
    """One resource with everything of its side."""

    arn: str
    account: str
    policies: tuple[Document, ...] | Unread
    grants: tuple[GrantFact, ...] | Unread
    rcps: Levels
    facts: Facts

    @property
    def traits(self) -> Hashable:
        """What else tells it from others that no document tells apart."""
        return None

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

"""Who calls, and whom a policy's Principal element names.

IAM user guide, "AWS JSON policy elements: Principal" and "NotPrincipal". Principals match exactly: there are
no partial wildcards, and a unique id (`AIDA...`, `AROA...`) that a policy shows stands for a deleted
principal and matches nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Literal

from msgspec import Struct

from scanner.authz.worded import Worded
from scanner.model.arn import parse_arn

CallerKind = Literal[
    "user", "role", "session", "federated", "root", "service", "anonymous", "account", "anyone", "other"
]


class Caller(Struct, frozen=True):
    """Who makes a request.

    Beside the principals of AWS there are two that stand for many: `account`, some principal of an account
    whose IAM was not read, and `anyone`, some principal of an account that nobody named. A `role` is some
    session of it, of unknown name.
    """

    text: str
    kind: CallerKind
    account: str | None = None
    name: str = ""
    """The last part of the path of a user or role; the role's name for a session."""

    @property
    def is_iam(self) -> bool:
        """Bound by IAM policies, unlike services and anonymous callers."""
        return self.kind not in ("service", "anonymous")


def parse_caller(text: str, account: str | None = None) -> Caller:
    """The caller that an ARN, account id, service name or `anonymous` names."""
    if text == "anonymous":
        return Caller(text, "anonymous")
    if is_account_id(text):
        return Caller(text, "root", text)
    arn = parse_arn(text)
    if arn is None:
        return Caller(text, "service" if is_service(text) else "other", None if is_service(text) else account)
    resource, owner = arn.resource, arn.account or account
    if arn.service == "iam" and resource == "root":
        return Caller(text, "root", owner)
    kind, _, rest = resource.partition("/")
    if arn.service == "iam" and kind in ("user", "role") and rest:
        return Caller(text, "user" if kind == "user" else "role", owner, rest.rpartition("/")[2])
    if arn.service == "sts" and kind == "assumed-role" and rest:
        return Caller(text, "session", owner, rest.partition("/")[0])
    if arn.service == "sts" and kind == "federated-user" and rest:
        return Caller(text, "federated", owner, rest)
    return Caller(text, "other", owner)


def is_account_id(text: str) -> bool:
    """Twelve ASCII digits."""
    return len(text) == 12 and text.isascii() and text.isdigit()


def is_service(text: str) -> bool:
    """Whether a text is the name of an AWS service principal."""
    return text.endswith((".amazonaws.com", ".amazonaws.com.cn", ".aws.internal")) and "/" not in text


class Route(IntEnum):
    """How a key policy reaches the caller; a higher one is limited by fewer other policies."""

    NONE = 0
    ACCOUNT = 1
    """Names the caller's account: IAM policies of that account decide."""
    ROLE = 2
    """Names the role of a session, or the user who federated: boundary and session policy still limit it."""
    DIRECT = 3
    """Names the caller itself, or everyone: nothing but denials limits it."""


class Principals(Worded, frozen=True, eq=False):
    """What a Principal or NotPrincipal element names; equal where they mean the same, however they are written."""

    everyone: bool = False
    accounts: frozenset[str] = frozenset()
    arns: frozenset[str] = frozenset()
    roles: frozenset[tuple[str, str]] = frozenset()
    """(account, role name) of the role ARNs, because sessions lose the path."""
    session_roles: frozenset[tuple[str, str]] = frozenset()
    """(account, role name) of the session ARNs."""
    services: frozenset[str] = frozenset()
    federated: frozenset[str] = frozenset()
    root_users: frozenset[str] = frozenset()
    """Accounts of which it names the root user alone; only grants do."""
    deleted: frozenset[str] = frozenset()
    """Unique ids of deleted principals."""
    named: tuple[str, ...] = ()
    """Everything as written, for messages."""

    def route(self, caller: Caller) -> tuple[Route, bool]:
        """How it reaches the caller, and whether that is certain."""
        if self.names(caller) or self.everyone:
            return Route.DIRECT, True
        if caller.kind == "session" and (caller.account, caller.name) in self.roles:
            return Route.ROLE, True
        if caller.kind == "role" and caller.text in self.arns:
            return Route.ROLE, True
        if caller.kind == "federated" and self._names_user(caller):
            return Route.ROLE, False  # the session's name is its user's only by custom
        if caller.is_iam and caller.account in self.accounts:
            return Route.ACCOUNT, True
        if caller.kind == "role" and (caller.account, caller.name) in self.session_roles:
            return Route.DIRECT, False
        return Route.NONE, True

    def names(self, caller: Caller) -> bool:
        """Whether it names the caller itself, not only `*`, its role or its account."""
        if caller.kind == "service":
            return caller.text in self.services or "*" in self.services
        if caller.kind == "root":
            return caller.account in self.accounts or caller.account in self.root_users
        if caller.kind == "other":
            return caller.text in self.federated or caller.text in self.arns
        return caller.kind in ("user", "session", "federated") and caller.text in self.arns

    def _names_user(self, caller: Caller) -> bool:
        """Whether it names the user after whom a federated session is called."""
        users = (parse_caller(arn) for arn in self.arns)
        return any((user.kind, user.account, user.name) == ("user", caller.account, caller.name) for user in users)

    def exempts(self, caller: Caller, *, exactly: bool = False) -> bool | None:
        """Whether a NotPrincipal element spares the caller; None where AWS does not say.

        AWS wants the principal, its role and its account listed; a list that names only part of them
        "might" not spare it. The account alone does not spare its other principals. `exactly`: a role calls
        as itself, not as some session of it.
        """
        if self.everyone:
            return True
        if caller.kind in ("root", "service", "anonymous", "anyone", "other"):
            return self.names(caller)
        account = caller.account in self.accounts
        if caller.kind in ("session", "role"):
            return self._exempts_role(caller, account, exactly)
        if caller.kind == "account":
            return None if any(f"::{caller.account}:" in arn for arn in self.arns) else False
        if caller.text not in self.arns:
            return None if caller.kind == "federated" and self._names_user(caller) else False
        return True if account else None

    def _exempts_role(self, caller: Caller, account: bool, exactly: bool) -> bool | None:
        here = (caller.account, caller.name)
        role = caller.text in self.arns if caller.kind == "role" else here in self.roles
        session = caller.kind == "session" and caller.text in self.arns
        itself = exactly and caller.kind == "role"
        if role and account and (session or itself):
            return True
        some_session = caller.kind == "role" and not itself and here in self.session_roles
        return None if role or session or some_session else False


EVERYONE = Principals(everyone=True, named=("*",))


def parse_principals(element: Any) -> Principals:
    """The meaning of a Principal or NotPrincipal element; ValueError for one that AWS would not accept."""
    if element == "*":
        return EVERYONE
    if not isinstance(element, dict) or not element:
        raise ValueError("Principal is neither `*` nor an object")
    listed = {kind: _texts(value) for kind, value in element.items()}
    unknown = sorted(set(listed) - {"AWS", "Service", "Federated", "CanonicalUser"})
    if unknown:
        raise ValueError(f"Principal has the unknown type `{unknown[0]}`")
    return _of_lists(listed)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("Principal names nobody, or something that is not text")


def _of_lists(listed: dict[str, tuple[str, ...]]) -> Principals:
    aws = listed.get("AWS", ())
    callers = {text: parse_caller(text) for text in aws if text != "*"}
    return Principals(
        everyone="*" in aws,
        accounts=frozenset(c.account for c in callers.values() if c.kind == "root" and c.account),
        arns=frozenset(text for text, c in callers.items() if c.kind in ("user", "role", "session", "federated")),
        roles=_role_names(callers.values(), "role"),
        session_roles=_role_names(callers.values(), "session"),
        services=frozenset(listed.get("Service", ())),
        federated=frozenset(listed.get("Federated", ())),
        deleted=frozenset(text for text in callers if text.startswith(("AIDA", "AROA"))),
        named=tuple(text for texts in listed.values() for text in texts),
    )


def _role_names(callers: Iterable[Caller], kind: CallerKind) -> frozenset[tuple[str, str]]:
    return frozenset((c.account, c.name) for c in callers if c.kind == kind and c.account)

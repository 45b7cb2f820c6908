"""What is asked, what it is decided from, and the answer."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field

from scanner.authz.documents import Document, StatementRef
from scanner.authz.principals import Caller
from scanner.authz.values import Context
from scanner.model.records import GrantFact


class Verdict(Enum):
    """Whether requests succeed: every one, some on conditions, none."""

    ALLOWED = "ALLOWED"
    CONDITIONAL = "CONDITIONAL"
    DENIED = "DENIED"


class Unread(Struct, frozen=True):
    """A layer that was not collected, and why."""

    reason: str


Layer = tuple[Document, ...] | Unread | None
"""The documents of one layer; None where the layer does not apply to this request."""
Levels = tuple[tuple[Document, ...], ...] | Unread | None
"""The documents of each level of an organisation, root first."""


class AccessRequest(Struct, frozen=True):
    """Some actions (a mask) of one caller on one resource, in one context."""

    caller: Caller
    actions: int
    resource: str
    """The ARN of a key or alias, or `*` for actions that name none."""
    account: str | None
    """The account of the resource."""
    context: Context
    settle: bool = False
    """Answer what AWS leaves open by the usual assumption; for fully specified requests."""


class Documents(Struct, frozen=True, kw_only=True):
    """Everything that a decision rests on."""

    key_policies: tuple[Document, ...] | Unread = ()
    grants: tuple[GrantFact, ...] | Unread = ()
    identity: tuple[Document, ...] | Unread = ()
    boundary: Layer = None
    session: Layer = None
    scps: Levels = None
    rcps: Levels = None
    endpoint: Layer = None


class Decision(Struct, frozen=True):
    """The answer for one action, with what it rests on."""

    verdict: Verdict
    because: tuple[StatementRef, ...] = ()
    """The statements and grants that decided."""
    open_conditions: tuple[str, ...] = ()
    """What must hold for a CONDITIONAL request to succeed, in words."""
    explicit: bool = False
    """A statement certainly denies it."""
    blocked_by: str | None = None
    """The layer that denied it, or in which no statement allows it."""
    via: frozenset[str] = frozenset()
    """`key-policy`, `iam`, `grant`."""
    notes: tuple[str, ...] = field(default=())
    """Documents that could not be read, and answers that AWS does not document."""

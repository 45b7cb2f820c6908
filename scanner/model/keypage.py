"""What a report tells about one key: where its material lives, what it protects, who reaches it."""

from __future__ import annotations

from msgspec import Struct, field

RELATIONS = ("protects", "can_administer", "can_use", "can_grant", "granted", "replica_of")
"""The relations that a key page shows, in the order of the page."""


class ChainLink(Struct, frozen=True):
    """One step of the custody chain, outermost first: cluster, store, key."""

    type: str
    """`cluster`, `store`, `external` (an external key manager), `kms` or `key`."""
    id: str
    label: str
    state: str
    """As AWS names it, with the error code of a failed connection; `unknown` when it could not be read."""


class KeyEdge(Struct, frozen=True):
    """One relation between the key and something else: a row of its page, a line of its drawing."""

    relation: str
    """One of `RELATIONS`."""
    id: str
    """ARN, id or service name at the other end."""
    label: str
    type: str
    """CloudFormation type of a resource, kind of a principal (`role`, `service` ...), `grant`, `key`."""
    detail: str = ""
    """In one line: the field, the actions, the grant's operations."""
    certain: bool = True
    """False: it holds for some requests only, on `conditions`."""
    conditions: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    """Statements and grants that give it: `key-policy/default#/Statement/0`."""


class KeyPage(Struct, frozen=True):
    """One key with its surroundings, in words that a reader can check."""

    arn: str
    label: str
    """First alias, else the key id."""
    account: str
    region: str
    custody: str
    """One of `views.CUSTODIES`, or `UNKNOWN`."""
    facts: dict[str, str] = field(default_factory=dict)
    """Metadata by name (`state`, `origin` ...); what was not read is missing here and named in `unknown`."""
    aliases: tuple[str, ...] = ()
    data_classes: tuple[str, ...] = ()
    chain: tuple[ChainLink, ...] = ()
    edges: tuple[KeyEdge, ...] = ()
    """Sorted by relation (order of `RELATIONS`), then id."""
    totals: dict[str, int] = field(default_factory=dict)
    """How many edges of a relation there are, where `edges` holds only the first of them."""
    unknown: dict[str, str] = field(default_factory=dict)
    """What could not be (fully) read, and the reason: a name of `facts` or one of `RELATIONS`."""

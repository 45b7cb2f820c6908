"""What people attest of HSMs because no AWS API tells it: listings of users and quorum, and dated statements."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Topic = Literal["quorum", "key-ceremony", "custodians", "on-premises-keys", "direct-hsm-keys"]


class AttestedUser(Struct, frozen=True):
    """One user of `cloudhsm-cli user list`."""

    name: str
    role: str
    """`admin`, `crypto-user`, `internal(APPLIANCE_USER)` ..."""
    locked: bool = False
    approves: bool = False
    mfa: bool = False


class Listing(Struct, frozen=True):
    """What cloudhsm-cli listed of one cluster; None where that listing is not there.

    `stale` says why it no longer counts.
    """

    cluster: str
    date: datetime
    by: str
    users: tuple[AttestedUser, ...] | None = None
    quorum: dict[str, int] | None = None
    """Service (`user`, `quorum`) to the approvals that it takes."""
    stale: str | None = None


class Statement(Struct, frozen=True):
    """One dated statement about a cluster, key or account, named by id or ARN; `stale` as for a listing."""

    about: str
    topic: Topic
    date: datetime
    by: str
    text: str
    stale: str | None = None


class Attestation(Struct, frozen=True):
    """Everything that was attested."""

    listings: tuple[Listing, ...] = ()
    statements: tuple[Statement, ...] = ()

"""What an attestation says of clusters: users, quorum and statements; unknown without one, or when it is stale."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import members
from scanner.graph.views import Attested, Cluster, HsmUser
from scanner.model.attestation import Attestation, Listing, Statement
from scanner.model.unknown import Unknown

NO_LISTING = "no attestation lists the HSM users and quorum of {cluster} (--attestation FILE)"
NO_STATEMENT = "nothing is attested of {cluster} (--attestation FILE)"
T = TypeVar("T")


def attest_clusters(graph: KeyGraph) -> None:
    """Give every cluster what is attested of it."""
    attestation = graph.settings.attestation
    for cluster in graph.clusters.values():
        names, missing = (cluster.id, cluster.arn), NO_LISTING.format(cluster=cluster.id)
        mine = sorted((one for one in attestation.listings if one.cluster in names), key=lambda one: one.date)
        users = next((one for one in reversed(mine) if one.users is not None), None)
        quorum = next((one for one in reversed(mine) if one.quorum is not None), None)
        cluster.admins = _said(users, _admins, missing)
        cluster.user_quorum = _said(quorum, _user_quorum, missing)
        cluster.listed_on = _listed_on([one for one in (users, quorum) if one is not None], missing)
        _statements(cluster, [one for one in attestation.statements if one.about in names])
        if attestation == Attestation():
            cluster.statements = Unknown(NO_STATEMENT.format(cluster=cluster.id))


def _said(listing: Listing | None, read: Callable[[Listing], T | None], missing: str) -> T | Unknown:
    """What a listing says; unknown without one, when it is stale or when it says nothing of the kind."""
    if listing is None or listing.stale is not None:
        return Unknown(missing if listing is None else listing.stale or missing)
    found = read(listing)
    return Unknown(missing) if found is None else found


def _listed_on(listings: Iterable[Listing], missing: str) -> datetime | Unknown:
    """The date of the oldest listing that counts."""
    oldest = min(listings, key=lambda one: one.date, default=None)
    return _said(oldest, lambda listing: listing.date, missing)


def _user_quorum(listing: Listing) -> int | None:
    return (listing.quorum or {}).get("user")


def _admins(listing: Listing) -> tuple[HsmUser, ...]:
    return tuple(
        HsmUser(name=user.name, locked=user.locked, approves=user.approves, mfa=user.mfa)
        for user in listing.users or ()
        if user.role == "admin"
    )


def _statements(cluster: Cluster, stated: Iterable[Statement]) -> None:
    stated = sorted(stated, key=lambda one: (one.topic, one.date))
    fresh = (
        Attested(id=f"{one.topic} {one.date:%Y-%m-%d}", topic=one.topic, date=one.date, by=one.by, text=one.text)
        for one in stated
        if one.stale is None
    )
    cluster.statements = members(fresh, next((one.stale for one in stated if one.stale), None))

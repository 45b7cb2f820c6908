"""What an attestation says of clusters: users, quorum and statements; unknown without one, or when it is stale."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import members
from scanner.graph.views import Attested, Cluster, HsmUser
from scanner.model.attestation import Attestation, Listing, Statement
from scanner.model.unknown import Unknown

NO_LISTING = "no attestation lists the HSM users and quorum of {cluster} (--attestation FILE)"


def attest_clusters(graph: KeyGraph) -> None:
    """Give every cluster what is attested of it."""
    attestation = graph.settings.attestation
    for cluster in graph.clusters.values():
        _listing(cluster, _latest(attestation, cluster))
        _statements(cluster, [one for one in attestation.statements if one.about in (cluster.id, cluster.arn)])


def _latest(attestation: Attestation, cluster: Cluster) -> Listing | None:
    mine = (listing for listing in attestation.listings if listing.cluster in (cluster.id, cluster.arn))
    return max(mine, key=lambda listing: listing.date, default=None)


def _listing(cluster: Cluster, listing: Listing | None) -> None:
    missing = NO_LISTING.format(cluster=cluster.id)
    reason = missing if listing is None else listing.stale
    if listing is None or reason is not None:
        cluster.listed_on = cluster.user_quorum = cluster.admins = Unknown(reason or missing)
        return
    cluster.listed_on = listing.date
    quorum = listing.quorum
    cluster.user_quorum = Unknown(missing) if quorum is None or "user" not in quorum else quorum["user"]
    cluster.admins = Unknown(missing) if listing.users is None else tuple(
        HsmUser(name=user.name, locked=user.locked, approves=user.approves, mfa=user.mfa)
        for user in listing.users
        if user.role == "admin"
    )  # fmt: skip


def _statements(cluster: Cluster, stated: Iterable[Statement]) -> None:
    stated = sorted(stated, key=lambda one: (one.topic, one.date))
    fresh = (
        Attested(id=f"{one.topic} {one.date:%Y-%m-%d}", topic=one.topic, date=one.date, by=one.by, text=one.text)
        for one in stated
        if one.stale is None
    )
    cluster.statements = members(fresh, next((one.stale for one in stated if one.stale), None))

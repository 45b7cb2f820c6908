"""One page per key for people: its custody chain, what it protects, who reaches it and through what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from scanner.graph.keygraph import KeyGraph
from scanner.graph.views import Access, Cluster, Grant, Key, Store, Use
from scanner.model.keypage import ChainLink, KeyEdge, KeyPage
from scanner.model.unknown import Unknown, known_members, reason_of

EDGES_SHOWN = 100
"""How many edges of one relation a page lists; the totals say how many there are."""

FACTS = (
    "state",
    "manager",
    "origin",
    "spec",
    "usage",
    "created",
    "material_date",
    "rotation_enabled",
    "rotation_period_days",
    "deletion_date",
    "valid_to",
    "multi_region_type",
)
RELATION_OF = {
    "uses": "protects",
    "admins": "can_administer",
    "users": "can_use",
    "grantors": "can_grant",
    "grants": "granted",
    "replicas": "replica_of",
}
"""The fact of a key behind each relation of its page."""


def key_pages(graph: KeyGraph, arns: Iterable[str] | None = None) -> tuple[KeyPage, ...]:
    """The pages of some keys (all customer keys without `arns`), sorted by label."""
    wanted = graph.keys if arns is None else [arn for arn in arns if arn in graph.keys]
    pages = [_page(graph.keys[arn]) for arn in wanted if arns is not None or not _is_aws(graph.keys[arn])]
    return tuple(sorted(pages, key=lambda page: (page.label, page.arn)))


def _is_aws(key: Key) -> bool:
    return not isinstance(key.manager, Unknown) and key.manager == "AWS"


def _page(key: Key) -> KeyPage:
    edges, totals = _edges(key)
    unread = {name: why for name in (*FACTS, *RELATION_OF) if (why := reason_of(getattr(key, name)))}
    return KeyPage(
        arn=key.arn,
        label=key.label,
        account=key.account,
        region=key.region,
        custody="UNKNOWN" if isinstance(key.custody, Unknown) else key.custody,
        facts={
            name: _text(value) for name in FACTS if name not in unread and (value := getattr(key, name)) is not None
        },
        aliases=known_members(key.aliases),
        data_classes=known_members(key.data_classes),
        chain=_chain(key),
        edges=edges,
        totals=totals,
        unknown={RELATION_OF.get(name, name): why for name, why in unread.items()},
    )


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _state(value: str | Unknown | None) -> str:
    return "unknown" if value is None or isinstance(value, Unknown) else value


def _chain(key: Key) -> tuple[ChainLink, ...]:
    """From the HSM down to the key: cluster, store, key; or KMS itself."""
    own = ChainLink("key", key.arn, key.label, _state(key.state))
    if key.store is None:
        return (ChainLink("kms", "kms", "AWS KMS", "managed by AWS"), own)
    if isinstance(key.store, Unknown):
        return (ChainLink("store", "unknown", "key store", "unknown"), own)
    return (*_above(key.store), _store_link(key.store), own)


def _store_link(store: Store) -> ChainLink:
    state = _state(store.connection_state)
    error = store.connection_error
    named = "" if error is None or isinstance(error, Unknown) else f" ({error})"
    return ChainLink("store", store.id, _state(store.name), state + named)


def _above(store: Store) -> tuple[ChainLink, ...]:
    cluster = store.cluster
    if isinstance(cluster, Cluster):
        return (ChainLink("cluster", cluster.id, cluster.id, _state(cluster.state)),)
    if cluster is None:
        return (ChainLink("external", "external", "external key manager", _state(store.xks_connectivity)),)
    return (ChainLink("cluster", "unknown", "CloudHSM cluster", "unknown"),)


def _edges(key: Key) -> tuple[tuple[KeyEdge, ...], dict[str, int]]:
    relations: tuple[tuple[str, list[KeyEdge]], ...] = (
        ("protects", [_protects(use) for use in known_members(key.uses)]),
        ("can_administer", [_reaches("can_administer", access) for access in known_members(key.admins)]),
        ("can_use", [_reaches("can_use", access) for access in known_members(key.users)]),
        ("can_grant", [_reaches("can_grant", access) for access in known_members(key.grantors)]),
        ("granted", [_granted(grant) for grant in known_members(key.grants)]),
        ("replica_of", [_replica(other) for other in known_members(key.replicas)]),
    )
    shown = [
        edge for _, edges in relations for edge in islice(sorted(edges, key=lambda e: (e.id, e.detail)), EDGES_SHOWN)
    ]
    return tuple(shown), {name: len(edges) for name, edges in relations if edges}


def _protects(use: Use) -> KeyEdge:
    resource = use.resource
    return KeyEdge("protects", resource.arn, resource.name, resource.type, detail=use.field)


def _reaches(relation: str, access: Access) -> KeyEdge:
    return KeyEdge(
        relation,
        access.arn,
        access.arn.rsplit(":", 1)[-1],
        access.type,
        detail=", ".join(access.actions),
        certain=access.certain is True,
        conditions=access.conditions,
        because=tuple(statement.id for statement in access.because),
    )


def _granted(grant: Grant) -> KeyEdge:
    by = " (made by an AWS service)" if grant.by_service is True else ""
    return KeyEdge("granted", grant.id, grant.grantee, "grant", detail=", ".join(grant.operations) + by)


def _replica(other: Key) -> KeyEdge:
    return KeyEdge("replica_of", other.arn, other.label, "key", detail=other.region)

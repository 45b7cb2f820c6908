"""Keys with their aliases, key stores and clusters: from records to views and edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from scanner.graph.access import AccessKey, AccessSource, AccessStore
from scanner.graph.custody import custody_of, is_aws_alias
from scanner.graph.deletion import longest_wait_days, pending_window_days
from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import fact, members
from scanner.graph.policy_facts import policy_refusals, refuses_audit
from scanner.graph.sharing import shared_beyond
from scanner.graph.views import Backup, Cluster, Hsm, Key, Store
from scanner.model.facttypes import Many
from scanner.model.records import AliasFact, BackupFact, ClusterFact, KeyFact, KeyStoreFact
from scanner.model.unknown import Partial, Unknown, known_members, reason_of

Place = tuple[str, str, str]
AS_STATED = (
    "state",
    "origin",
    "spec",
    "usage",
    "created",
    "multi_region_type",
    "primary_arn",
    "deletion_date",
    "valid_to",
    "tags",
)
"""Fields of a KeyFact that are facts of the view as they are."""


def add_keys(graph: KeyGraph, access: AccessSource) -> None:
    """Every key of the snapshot with its aliases; who may do what with it is asked of `access` later."""
    aliases: dict[Place, list[AliasFact]] = defaultdict(list)
    for alias in graph.snapshot.of(AliasFact):
        graph.index.add_alias(alias)
        if alias.target_key_id:
            aliases[alias.account, alias.region, alias.target_key_id].append(alias)
    refusals = policy_refusals(graph)
    for record in graph.snapshot.of(KeyFact):
        own = aliases.get((record.account, record.region, record.id), [])
        key = _key(graph, record, sorted(alias.name for alias in own), access)
        key.refuses_audit = refuses_audit(record, refusals)
        graph.keys[key.arn] = key
        graph.index.add(key)
        for alias in own:
            graph.relations.relate(alias.arn, "aliases", key.arn)


def _key(graph: KeyGraph, record: KeyFact, aliases: list[str], access: AccessSource) -> Key:
    manager = "AWS" if any(map(is_aws_alias, aliases)) else fact(record, "manager")
    rotation = fact(record, "rotation")
    why_aliases = graph.completeness.why_missing("alias", record.account, record.region)
    return AccessKey(
        source=access,
        arn=record.arn,
        id=record.id,
        label=aliases[0] if aliases else record.id,
        account=record.account,
        region=record.region,
        manager=manager,
        custody=custody_of(manager, fact(record, "origin")),
        aliases=members(aliases, why_aliases),
        rotation_enabled=_rotation(record, rotation, "enabled"),
        rotation_period_days=_rotation(record, rotation, "period_days"),
        material_date=_material_date(record),
        pending_window_days=pending_window_days(record),
        longest_wait_days=longest_wait_days(record),
        last_used=_usage(record, "at"),
        tracked_since=_usage(record, "tracked_since"),
        **{name: fact(record, name) for name in AS_STATED},
    )


def rotates(record: KeyFact) -> bool | Unknown:
    """Whether automatic rotation can exist: symmetric encryption keys with material made by KMS.

    Source: KMS developer guide, "Rotate AWS KMS keys": asymmetric, HMAC, imported and key-store keys do not rotate.
    """
    origin, spec = fact(record, "origin"), fact(record, "spec")
    if not isinstance(origin, Unknown) and origin != "AWS_KMS":
        return False
    if not isinstance(spec, Unknown) and spec != "SYMMETRIC_DEFAULT":
        return False
    return next((value for value in (origin, spec) if isinstance(value, Unknown)), True)


def _rotation(record: KeyFact, rotation: Any, name: str) -> Any:
    """A fact of the rotation status; None where rotation cannot exist, whatever AWS answered."""
    can = rotates(record)
    if isinstance(can, Unknown):
        return can
    if not can or rotation is None:
        return None
    stated = rotation if isinstance(rotation, Unknown) else getattr(rotation, name)
    if stated is None and "rotation" in record.unread:  # a plan may tell that a key rotates, and not how often
        return Unknown(record.unread["rotation"])
    return stated


def _material_date(record: KeyFact) -> datetime | Unknown:
    """When the present material came into use: the last rotation or import, else the creation of the key."""
    created, rotations = fact(record, "created"), fact(record, "rotations")
    if isinstance(rotations, Unknown):
        return rotations
    latest: datetime | None = max((event.date for event in rotations), default=None)
    return latest or created


def _usage(record: KeyFact, name: str) -> Any:
    """A fact of the last usage; unknown for a key whose usage AWS does not track."""
    usage = fact(record, "last_usage")
    if usage is None:
        return Unknown("AWS does not track the usage of this key")
    return usage if isinstance(usage, Unknown) else getattr(usage, name)


def add_stores(graph: KeyGraph, access: AccessSource) -> None:
    """Clusters, key stores and the keys whose material they hold."""
    backups: dict[Place, list[Backup]] = defaultdict(list)
    for backup in graph.snapshot.of(BackupFact):
        if backup.cluster_id:
            backups[backup.account, backup.region, backup.cluster_id].append(_backup(backup))
    for record in graph.snapshot.of(ClusterFact):
        place = (record.account, record.region, record.id)
        why = graph.completeness.why_missing("hsm-backup", record.account, record.region)
        graph.clusters[place] = _cluster(record, members(backups[place], why))
    for store in graph.snapshot.of(KeyStoreFact):
        graph.stores[store.account, store.region, store.id] = _store(graph, store, access)
    _hold_keys(graph)
    _hang_stores(graph)


def _backup(record: BackupFact) -> Backup:
    shared = shared_beyond(record.account, fact(record, "policy"))
    return Backup(id=record.id, arn=record.arn, state=record.state, created=record.created, shared=shared)


def _cluster(record: ClusterFact, backups: Many[Backup]) -> Cluster:
    hsms = fact(record, "hsms")
    active = {hsm.zone for hsm in known_members(hsms) if hsm.state == "ACTIVE" and hsm.zone}
    views = (Hsm(id=hsm.id, state=hsm.state, zone=hsm.zone) for hsm in known_members(hsms))
    return Cluster(
        id=record.id,
        arn=record.arn,
        account=record.account,
        region=record.region,
        hsms=members(views, reason_of(hsms)),
        active_zones=members(sorted(active), reason_of(hsms)),
        backups=backups,
        backup_retention_days=record.backup_retention_days,
        **{name: fact(record, name) for name in ("state", "hsm_type", "mode", "tags")},
    )


def _store(graph: KeyGraph, record: KeyStoreFact, access: AccessSource) -> Store:
    connectivity = record.unread.get("xks_connectivity")
    return AccessStore(
        source=access,
        id=record.id,
        name=record.name,
        account=record.account,
        region=record.region,
        xks_connectivity=Unknown(connectivity) if connectivity else record.xks_connectivity,
        cluster=_cluster_of(graph, record),
        **{name: fact(record, name) for name in ("type", "connection_state", "connection_error")},
    )


def _cluster_of(graph: KeyGraph, record: KeyStoreFact) -> Cluster | Unknown | None:
    cluster_id: str | Unknown | None = fact(record, "cluster_id")
    if cluster_id is None or isinstance(cluster_id, Unknown):
        return cluster_id
    cluster = graph.clusters.get((record.account, record.region, cluster_id))
    if cluster is not None:
        graph.relations.relate(cluster_id, "holds", record.id)
        return cluster
    reason = graph.completeness.why_missing("cluster", record.account, record.region)
    return Unknown(reason or f"cluster `{cluster_id}` was not found in {record.account}/{record.region}")


def _hold_keys(graph: KeyGraph) -> None:
    held: dict[Place, list[Key]] = defaultdict(list)
    for record in graph.snapshot.of(KeyFact):
        key = graph.keys[record.arn]
        store_id = fact(record, "store_id")
        key.store = _store_of(graph, key, store_id)
        if isinstance(store_id, str):
            held[key.account, key.region, store_id].append(key)
            graph.relations.relate(store_id, "holds", key.arn)
    for place, store in graph.stores.items():
        why = graph.completeness.why_missing("key", store.account, store.region)
        store.keys = members(held[place], why)


def _store_of(graph: KeyGraph, key: Key, store_id: str | None | Unknown) -> Store | Unknown | None:
    if store_id is None or isinstance(store_id, Unknown):
        return store_id
    store = graph.stores.get((key.account, key.region, store_id))
    if store is not None:
        return store
    reason = graph.completeness.why_missing("key-store", key.account, key.region)
    return Unknown(reason or f"key store `{store_id}` was not found in {key.account}/{key.region}")


def _hang_stores(graph: KeyGraph) -> None:
    on: dict[str, list[Store]] = defaultdict(list)
    for store in graph.stores.values():
        if isinstance(store.cluster, Cluster):
            on[store.cluster.arn].append(store)
    for cluster in graph.clusters.values():
        why = graph.completeness.why_missing("key-store", cluster.account, cluster.region)
        cluster.stores = members(on[cluster.arn], why)


def relate_replicas(graph: KeyGraph) -> None:
    """Multi-Region keys share material: every key knows the others of its family that were read."""
    families: dict[str, list[Key]] = defaultdict(list)
    for record in graph.snapshot.of(KeyFact):
        primary = fact(record, "primary_arn")
        if isinstance(primary, str):
            families[primary].append(graph.keys[record.arn])
            if primary != record.arn:
                graph.relations.relate(record.arn, "replica_of", primary)
    for record in graph.snapshot.of(KeyFact):
        key = graph.keys[record.arn]
        key.replicas = _family(key, fact(record, "primary_arn"), fact(record, "replica_arns"), families)


def _family(
    key: Key, primary: str | None | Unknown, stated: Iterable[str] | Unknown, families: dict[str, list[Key]]
) -> tuple[Key, ...] | Partial[Key] | Unknown:
    if primary is None:
        return ()
    if isinstance(primary, Unknown):
        return primary
    others = tuple(other for other in families[primary] if other is not key)
    if isinstance(stated, Unknown):
        return Partial(others, stated.reason)
    unseen = {primary, *stated} - {other.arn for other in others} - {key.arn}
    return Partial(others, f"related key `{min(unseen)}` was not scanned") if unseen else others

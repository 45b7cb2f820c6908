"""The clusters and backups behind key stores, as policies name them."""

from __future__ import annotations

from collections import defaultdict

from scanner.authz.effects import Effect
from scanner.authz.keys import KeySubject
from scanner.model.records import BackupFact, ClusterFact, KeyStoreFact
from scanner.model.snapshot import Snapshot


class Holders:
    """The clusters and backups behind key stores, by id of the store."""

    def __init__(self, snapshot: Snapshot) -> None:
        clusters = {fact.id: fact.arn for fact in snapshot.of(ClusterFact)}
        backups: dict[str, list[str]] = defaultdict(list)
        for backup in snapshot.of(BackupFact):
            backups[backup.cluster_id or ""].append(backup.arn)
        self._clusters: dict[str, list[str]] = {}
        self._backups: dict[str, list[str]] = {}
        for store in snapshot.of(KeyStoreFact):
            cluster = store.cluster_id if isinstance(store.cluster_id, str) else ""
            self._clusters[store.id] = [clusters[cluster]] if cluster in clusters else []
            self._backups[store.id] = backups.get(cluster, [])

    def resources(self, key: KeySubject, effect: Effect) -> list[str]:
        """What a policy has to name for an effect on a key: `*` for actions that name no resource."""
        if effect.on == "store":
            return ["*"]
        listed = self._clusters if effect.on == "cluster" else self._backups
        some = f"arn:aws:cloudhsm:{key.record.region}:{key.account}:{effect.on}/any"
        return listed.get(str(key.record.store_id)) or [some]

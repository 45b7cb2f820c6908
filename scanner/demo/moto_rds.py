"""RDS of the emulation: which key protects storage, Performance Insights, the master secret and activity streams.

Follows the RDS API reference (DBInstance, DBCluster, DBSnapshot) and user guide, "Encrypting Amazon RDS resources".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.rds.models import (
    DBCluster,
    DBClusterSnapshot,
    DBInstance,
    DBInstanceAutomatedBackup,
    DBSnapshot,
    RDSBackend,
)
from moto.rds.responses import RDSResponse as MotoRdsResponse

from scanner.demo.extending import Extension
from scanner.demo.key_references import key_arn, managed_key_arn

AURORA_DEFAULT_SINCE = datetime(2026, 2, 1)  # moto keeps naive UTC
"""Aurora clusters made since then without a key are encrypted by one that AWS owns (`sse-rds`)."""


class RdsBackend(RDSBackend):
    """moto's RDS with the keys that AWS states."""

    def create_db_instance(self, db_kwargs: dict[str, Any]) -> DBInstance:
        """A DB instance with its keys resolved."""
        instance = super().create_db_instance(db_kwargs)
        instance.dbi_resource_id = "db-" + mock_random.get_random_string(26, lower_case=True).upper()
        if instance.db_cluster_identifier is None:
            self._settle_storage(instance)
        self._settle_insights(instance, db_kwargs)
        for snapshot in self.database_snapshots.values():
            if snapshot.db_instance_identifier == instance.db_instance_identifier:
                _take_over(snapshot, instance)
                snapshot.dbi_resource_id = instance.dbi_resource_id
        return instance

    def create_db_cluster(self, kwargs: dict[str, Any]) -> DBCluster:
        """A DB cluster with its keys resolved."""
        cluster = super().create_db_cluster(kwargs)
        self._settle_storage(cluster)
        self._settle_insights(cluster, kwargs)
        if (
            not cluster.storage_encrypted
            and cluster.engine.startswith("aurora")
            and cluster.created >= AURORA_DEFAULT_SINCE
        ):
            cluster.storage_encryption_type = "sse-rds"  # type: ignore[attr-defined]
        for snapshot in self.cluster_snapshots.values():
            if snapshot.db_cluster_identifier == cluster.db_cluster_identifier:
                _take_over(snapshot, cluster)
        return cluster

    def create_db_snapshot(self, db_instance_identifier: str, *args: Any, **options: Any) -> DBSnapshot:
        """A snapshot, encrypted as its database is."""
        snapshot = super().create_db_snapshot(db_instance_identifier, *args, **options)
        _state_type(snapshot, self.databases[db_instance_identifier])
        return snapshot

    def create_db_cluster_snapshot(self, db_cluster_identifier: str, *args: Any, **options: Any) -> DBClusterSnapshot:
        """A snapshot, encrypted as its cluster is."""
        snapshot = super().create_db_cluster_snapshot(db_cluster_identifier, *args, **options)
        _state_type(snapshot, self.clusters[db_cluster_identifier])
        return snapshot

    def copy_db_snapshot(  # type: ignore[override]
        self, source_db_snapshot_identifier: str, target_db_snapshot_identifier: str, **options: Any
    ) -> DBSnapshot:
        """A copy that names its source."""
        source = source_db_snapshot_identifier.rsplit(":", 1)[-1]
        options["kms_key_id"] = self._resolved(options.get("kms_key_id"))
        snapshot = super().copy_db_snapshot(source, target_db_snapshot_identifier, **options)
        snapshot.source_db_snapshot_identifier = self.get_db_snapshot(source).arn  # type: ignore[attr-defined]
        return snapshot

    def copy_db_cluster_snapshot(  # type: ignore[override]
        self, source_db_cluster_snapshot_identifier: str, target_db_cluster_snapshot_identifier: str, **options: Any
    ) -> DBClusterSnapshot:
        """A copy that names its source."""
        source = source_db_cluster_snapshot_identifier.rsplit(":", 1)[-1]
        options["kms_key_id"] = self._resolved(options.get("kms_key_id"))
        snapshot = super().copy_db_cluster_snapshot(source, target_db_cluster_snapshot_identifier, **options)
        snapshot.source_db_cluster_snapshot_arn = self.get_db_cluster_snapshot(source).arn  # type: ignore[attr-defined]
        return snapshot

    def describe_db_instance_automated_backups(self, *args: Any, **options: Any) -> list[DBInstanceAutomatedBackup]:
        """Automated backups, with the key of the newest automated snapshot that stands for them."""
        backups = super().describe_db_instance_automated_backups(*args, **options)
        for backup in backups:
            _describe_backup(backup, self.account_id, self.region_name)
        return backups

    def stream_owner(self, arn: str) -> DBInstance | DBCluster:
        """The instance or cluster that an activity stream is about."""
        owners: list[DBInstance | DBCluster] = [*self.databases.values(), *self.clusters.values()]
        for owner in owners:
            if owner.arn == arn:
                return owner
        raise ServiceException("DBInstanceNotFound", f"{arn} not found")

    def _resolved(self, reference: str | None) -> str | None:
        return key_arn(self.account_id, self.region_name, reference) if reference else None

    def _settle_storage(self, owner: Any) -> None:
        """StorageEncrypted without a key means the AWS managed key; a key means StorageEncrypted."""
        named = owner.kms_key_id if owner.kms_key_id != "default_kms_key_id" else None
        owner.storage_encrypted = bool(owner.storage_encrypted or named)
        default = managed_key_arn(self.account_id, self.region_name, "rds") if owner.storage_encrypted else None
        owner.kms_key_id = self._resolved(named) or default
        owner.storage_encryption_type = "sse-kms" if owner.storage_encrypted else "none"

    def _settle_insights(self, owner: Any, kwargs: dict[str, Any]) -> None:
        owner.performance_insights_enabled = bool(kwargs.get("enable_performance_insights"))
        if owner.performance_insights_enabled:
            named = self._resolved(kwargs.get("performance_insights_kms_key_id"))
            default = managed_key_arn(self.account_id, self.region_name, "rds")
            owner.performance_insights_kms_key_id = named or default


def _state_type(snapshot: Any, owner: Any) -> None:
    """StorageEncryptionType; moto takes an automated snapshot before the owner's is settled."""
    snapshot.storage_encryption_type = getattr(owner, "storage_encryption_type", None)


def _describe_backup(backup: Any, account_id: str, region: str) -> None:
    """The fields of DBInstanceAutomatedBackup that moto leaves out."""
    newest = max(backup.automated_snapshots, key=lambda snapshot: snapshot.created)
    _take_over(backup, newest)
    backup.region, backup.tag_list = region, newest.tags
    backup.engine, backup.dbi_resource_id = newest.engine, newest.dbi_resource_id
    prefix = f"arn:aws:rds:{region}:{account_id}"
    backup.db_instance_arn = f"{prefix}:db:{backup.db_instance_identifier}"
    backup.db_instance_automated_backups_arn = f"{prefix}:auto-backup:ab-{newest.dbi_resource_id[3:].lower()}"


def _take_over(snapshot: Any, owner: Any) -> None:
    """Encrypted as `owner` is: moto takes the first snapshot before the keys of its database are resolved."""
    snapshot.kms_key_id = owner.kms_key_id
    snapshot.encrypted = snapshot.storage_encrypted = owner.storage_encrypted
    _state_type(snapshot, owner)


class RdsResponse(MotoRdsResponse):
    """moto's RDS handler with activity streams."""

    @property
    def _state(self) -> RdsBackend:
        return self.backend  # type: ignore[return-value]

    def start_activity_stream(self) -> ActionResult:
        """StartActivityStream, which needs a key."""
        owner: Any = self._state.stream_owner(self.params["ResourceArn"])
        owner.activity_stream_kms_key_id = key_arn(self.current_account, self.region, self.params["KmsKeyId"])
        owner.activity_stream_mode = self.params["Mode"]
        owner.activity_stream_status = "started"
        owner.activity_stream_kinesis_stream_name = f"aws-rds-das-{owner.resource_id}"
        answer = {
            "KmsKeyId": owner.activity_stream_kms_key_id,
            "KinesisStreamName": owner.activity_stream_kinesis_stream_name,
            "Status": "starting",
            "Mode": owner.activity_stream_mode,
            "ApplyImmediately": True,
        }
        return ActionResult(answer)

    def stop_activity_stream(self) -> ActionResult:
        """StopActivityStream."""
        owner: Any = self._state.stream_owner(self.params["ResourceArn"])
        owner.activity_stream_status = "stopped"
        answer = {"KmsKeyId": owner.activity_stream_kms_key_id, "Status": "stopping"}
        owner.activity_stream_kms_key_id = None
        return ActionResult(answer)


EXTENSION = Extension("rds", RdsResponse, RdsBackend)

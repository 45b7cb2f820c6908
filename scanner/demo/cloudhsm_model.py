"""Clusters, HSMs and backups of the emulated CloudHSM, as DescribeClusters and DescribeBackups show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.core.utils import unix_time
from msgspec import Struct, field


class Hsm(Struct):
    """One HSM; `state` as AWS names it."""

    id: str
    cluster_id: str
    zone: str
    subnet: str
    hsm_type: str
    number: int
    state: str = "ACTIVE"

    def to_dict(self) -> dict[str, Any]:
        """The HSM of DescribeClusters."""
        return {
            "HsmId": self.id,
            "ClusterId": self.cluster_id,
            "AvailabilityZone": self.zone,
            "SubnetId": self.subnet,
            "EniId": f"eni-{self.number:017x}",
            "EniIp": f"10.0.{self.number}.10",
            "HsmType": self.hsm_type,
            "State": self.state,
        }


class Cluster(Struct):
    """One cluster; `kmsuser_fault` is how a custom key store's login into it ends, None when it works."""

    id: str
    hsm_type: str
    mode: str
    subnets: dict[str, str]
    vpc: str
    security_group: str
    retention: dict[str, str]
    network: str
    tags: list[dict[str, str]]
    source_backup: str | None = None
    created: float = field(default_factory=unix_time)
    hsms: list[Hsm] = field(default_factory=list)
    state: str = "UNINITIALIZED"
    trust_anchor: str | None = None
    kmsuser_fault: str | None = None

    def active_zones(self) -> Sequence[str]:
        """The Availability Zone of each active HSM."""
        return [hsm.zone for hsm in self.hsms if hsm.state == "ACTIVE"]

    def to_dict(self) -> dict[str, Any]:
        """The cluster of DescribeClusters."""
        entry = {
            "ClusterId": self.id,
            "State": self.state,
            "BackupPolicy": "DEFAULT",
            "BackupRetentionPolicy": self.retention,
            "CreateTimestamp": self.created,
            "HsmType": self.hsm_type,
            "Mode": self.mode,
            "Hsms": [hsm.to_dict() for hsm in self.hsms],
            "SubnetMapping": self.subnets,
            "VpcId": self.vpc,
            "SecurityGroup": self.security_group,
            "NetworkType": self.network,
            "SourceBackupId": self.source_backup,
            "TagList": self.tags,
            "Certificates": {"ClusterCertificate": self.trust_anchor} if self.trust_anchor else {},
        }
        return {name: value for name, value in entry.items() if value is not None}


class Backup(Struct):
    """One backup of a cluster."""

    id: str
    arn: str
    cluster: Cluster
    created: float = field(default_factory=unix_time)
    state: str = "READY"
    never_expires: bool = False
    source: dict[str, Any] = field(default_factory=dict)
    delete_at: float | None = None
    tags: list[dict[str, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The backup of DescribeBackups."""
        entry = {
            "BackupId": self.id,
            "BackupArn": self.arn,
            "BackupState": self.state,
            "ClusterId": self.cluster.id,
            "CreateTimestamp": self.created,
            "NeverExpires": self.never_expires,
            "DeleteTimestamp": self.delete_at,
            "HsmType": self.cluster.hsm_type,
            "Mode": self.cluster.mode,
            "TagList": self.tags,
        }
        return {name: value for name, value in entry.items() if value is not None} | self.source

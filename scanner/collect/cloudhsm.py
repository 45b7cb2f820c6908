"""CloudHSM clusters with their HSMs, and backups with their resource policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from scanner.collect.facts import listing, stated, tags_of, unset_reasons
from scanner.collect.session import Refused, Scope
from scanner.model.records import BackupFact, ClusterFact, HsmFact, Item

CLUSTER_CALLS = (("cloudhsmv2", "DescribeClusters"),)
BACKUP_CALLS = (("cloudhsmv2", "DescribeBackups"), ("cloudhsmv2", "GetResourcePolicy"))


def clusters(scope: Scope) -> Iterator[Item]:
    """Every cluster. The initial password that AWS answers for an uninitialised one is never kept."""

    def record(cluster: dict[str, Any]) -> Iterator[Item]:
        state = stated(cluster, "State")
        yield ClusterFact(
            account=scope.account,
            region=scope.region,
            arn=f"arn:{scope.partition}:cloudhsm:{scope.region}:{scope.account}:cluster/{cluster['ClusterId']}",
            id=cluster["ClusterId"],
            state=state,
            unread=unset_reasons({"state": state}, "cloudhsm:DescribeClusters did not say"),
            hsm_type=cluster.get("HsmType"),
            mode=cluster.get("Mode"),
            state_message=cluster.get("StateMessage"),
            hsms=tuple(_hsm(hsm) for hsm in cluster.get("Hsms", ())),
            subnets=dict(cluster.get("SubnetMapping", {})),
            vpc=cluster.get("VpcId"),
            security_group=cluster.get("SecurityGroup"),
            backup_retention_days=_retention_days(cluster.get("BackupRetentionPolicy", {})),
            source_backup_id=cluster.get("SourceBackupId"),
            created=cluster.get("CreateTimestamp"),
            tags=tags_of(cluster.get("TagList")),
        )

    return listing(scope, "cloudhsmv2", "DescribeClusters", "Clusters", ("cluster",), record)


def _hsm(hsm: dict[str, Any]) -> HsmFact:
    return HsmFact(
        id=hsm["HsmId"], state=hsm.get("State"), zone=hsm.get("AvailabilityZone"), subnet=hsm.get("SubnetId")
    )


def _retention_days(policy: dict[str, Any]) -> int | None:
    value = str(policy.get("Value", ""))  # text by the model; botocore passes on what the endpoint sends
    return int(value) if policy.get("Type") == "DAYS" and value.isdigit() else None


def backups(scope: Scope) -> Iterator[Item]:
    """Every backup that the account owns, and with whom each is shared."""

    def record(backup: dict[str, Any]) -> Iterator[Item]:
        arn = backup.get("BackupArn") or (
            f"arn:{scope.partition}:cloudhsm:{scope.region}:{scope.account}:backup/{backup['BackupId']}"
        )
        policy: Any = UNSET
        unread = {}
        try:
            policy = _resource_policy(scope, arn)
        except Refused as refused:
            gap = scope.gap(refused, subject=arn, makes_unknown=("hsm-backup.policy",))
            unread["policy"] = gap.reason()
            yield gap
        yield BackupFact(
            account=scope.account,
            region=scope.region,
            arn=arn,
            id=backup["BackupId"],
            state=backup["BackupState"],
            cluster_id=backup.get("ClusterId") or backup.get("SourceCluster"),
            created=backup.get("CreateTimestamp"),
            delete_at=backup.get("DeleteTimestamp"),
            never_expires=backup.get("NeverExpires"),
            hsm_type=backup.get("HsmType"),
            mode=backup.get("Mode"),
            source_region=backup.get("SourceRegion"),
            tags=tags_of(backup.get("TagList")),
            policy=policy,
            unread=unread,
        )

    return listing(scope, "cloudhsmv2", "DescribeBackups", "Backups", ("hsm-backup",), record)


def _resource_policy(scope: Scope, arn: str) -> str | None:
    try:
        policy = scope.call("cloudhsmv2", "get_resource_policy", ResourceArn=arn).get("Policy")
    except Refused as refused:
        if refused.code == "CloudHsmResourceNotFoundException":
            return None
        raise
    return policy or None

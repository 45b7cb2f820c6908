"""The CloudHSM v2 API of the emulation: clusters with HSMs in Availability Zones, and their backups.

moto has clusters without HSMs and backups that nothing can change. Follows the CloudHSM v2 API reference;
activating a cluster is done by a client on its first HSM and has no API, so InitializeCluster ends ACTIVE.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from moto.cloudhsmv2.models import CloudHSMV2Backend
from moto.cloudhsmv2.responses import CloudHSMV2Response
from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from scanner.demo.cloudhsm_model import Backup, Cluster, Hsm
from scanner.demo.extending import Extension

_ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyz234567"


def _new_id(prefix: str) -> str:
    return f"{prefix}-" + "".join(mock_random.choice(_ID_CHARACTERS) for _ in range(11))


def _not_found(what: str, name: Any) -> JsonRESTError:
    return JsonRESTError("CloudHsmResourceNotFoundException", f"{what} {name} was not found")


def _invalid(message: str) -> JsonRESTError:
    return JsonRESTError("CloudHsmInvalidRequestException", message)


_CLUSTER_FILTERS = {"clusterIds": lambda c: c.id, "vpcIds": lambda c: c.vpc, "states": lambda c: c.state}
_BACKUP_FILTERS = {
    "backupIds": lambda b: b.id,
    "clusterIds": lambda b: b.cluster.id,
    "states": lambda b: b.state,
    "sourceBackupIds": lambda b: b.source.get("SourceBackup"),
    "neverExpires": lambda b: str(b.never_expires).lower(),
}


class CloudHsmBackend(CloudHSMV2Backend):
    """Clusters and backups of one account and Region."""

    clusters: dict[str, Cluster]  # type: ignore[assignment]
    backups: dict[str, Backup]  # type: ignore[assignment]

    def cluster(self, cluster_id: str) -> Cluster:
        """A cluster by id."""
        if cluster_id not in self.clusters:
            raise _not_found("cluster", cluster_id)
        return self.clusters[cluster_id]

    def backup(self, backup_id: str) -> Backup:
        """A backup by id."""
        if backup_id not in self.backups:
            raise _not_found("backup", backup_id)
        return self.backups[backup_id]

    def new_cluster(self, parameters: dict[str, Any]) -> Cluster:
        """CreateCluster: one subnet in each Availability Zone."""
        subnets = [ec2_backends[self.account_id][self.region_name].get_subnet(i) for i in parameters["SubnetIds"]]
        mapping = {subnet.availability_zone: subnet.id for subnet in subnets}
        if len(mapping) != len(subnets):
            raise _invalid("each subnet must be in another Availability Zone")
        cluster = Cluster(
            id=_new_id("cluster"),
            hsm_type=parameters["HsmType"],
            mode=parameters.get("Mode") or "FIPS",
            subnets=mapping,
            vpc=subnets[0].vpc_id,
            security_group=f"sg-{mock_random.get_random_hex(17)}",
            retention=parameters.get("BackupRetentionPolicy") or {"Type": "DAYS", "Value": "90"},
            network=parameters.get("NetworkType") or "IPV4",
            tags=parameters.get("TagList") or [],
            source_backup=parameters.get("SourceBackupId"),
        )
        self.clusters[cluster.id] = cluster
        return cluster

    def new_hsm(self, cluster: Cluster, zone: str) -> Hsm:
        """CreateHsm in one of the cluster's Availability Zones."""
        if zone not in cluster.subnets:
            raise _invalid(f"the cluster has no subnet in {zone}")
        number = 1 + sum(len(c.hsms) for c in self.clusters.values())
        hsm = Hsm(_new_id("hsm"), cluster.id, zone, cluster.subnets[zone], cluster.hsm_type, number)
        cluster.hsms.append(hsm)
        return hsm

    def initialize(self, cluster: Cluster, trust_anchor: str) -> None:
        """InitializeCluster: needs an HSM; it ends active, since no API call activates a cluster."""
        if cluster.state != "UNINITIALIZED" or not cluster.hsms:
            raise _invalid("the cluster must be uninitialized and have an HSM")
        cluster.trust_anchor, cluster.state = trust_anchor, "ACTIVE"
        self.take_backup(cluster)

    def take_backup(self, cluster: Cluster) -> Backup:
        """The backup that CloudHSM takes of itself, daily and whenever an HSM comes or goes."""
        backup_id = _new_id("backup")
        arn = f"arn:{self.partition}:cloudhsm:{self.region_name}:{self.account_id}:backup/{backup_id}"
        self.backups[backup_id] = Backup(backup_id, arn, cluster)
        return self.backups[backup_id]


class CloudHsmResponse(CloudHSMV2Response):
    """The CloudHSM v2 handler."""

    @property
    def state(self) -> CloudHsmBackend:
        """The backend of the caller's account and Region."""
        return self.cloudhsmv2_backend  # type: ignore[return-value]

    @property
    def _parameters(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]

    def create_cluster(self) -> str:
        """CreateCluster."""
        return json.dumps({"Cluster": self.state.new_cluster(self._parameters).to_dict()})

    def describe_clusters(self) -> str:
        """DescribeClusters, filtered and paged."""
        return self._listed("Clusters", self.state.clusters.values(), _CLUSTER_FILTERS)

    def delete_cluster(self) -> str:
        """DeleteCluster; its HSMs must be gone."""
        cluster = self.state.cluster(self._parameters["ClusterId"])
        if cluster.hsms:
            raise _invalid("the cluster still has HSMs")
        cluster.state = "DELETED"
        del self.state.clusters[cluster.id]
        return json.dumps({"Cluster": cluster.to_dict()})

    def modify_cluster(self) -> str:
        """ModifyCluster: HSM type and backup retention."""
        cluster = self.state.cluster(self._parameters["ClusterId"])
        cluster.hsm_type = self._parameters.get("HsmType") or cluster.hsm_type
        cluster.retention = self._parameters.get("BackupRetentionPolicy") or cluster.retention
        return json.dumps({"Cluster": cluster.to_dict()})

    def initialize_cluster(self) -> str:
        """InitializeCluster."""
        cluster = self.state.cluster(self._parameters["ClusterId"])
        self.state.initialize(cluster, self._parameters["TrustAnchor"])
        return json.dumps({"State": cluster.state, "StateMessage": "The cluster is initialized."})

    def create_hsm(self) -> str:
        """CreateHsm."""
        cluster = self.state.cluster(self._parameters["ClusterId"])
        return json.dumps({"Hsm": self.state.new_hsm(cluster, self._parameters["AvailabilityZone"]).to_dict()})

    def delete_hsm(self) -> str:
        """DeleteHsm, by HSM id, network interface or address."""
        cluster = self.state.cluster(self._parameters["ClusterId"])
        names = {self._parameters.get(name) for name in ("HsmId", "EniId", "EniIp")} - {None}
        for hsm in cluster.hsms:
            if names & {hsm.to_dict()[name] for name in ("HsmId", "EniId", "EniIp")}:
                cluster.hsms.remove(hsm)
                return json.dumps({"HsmId": hsm.id})
        raise _not_found("HSM", names)

    def describe_backups(self) -> str:
        """DescribeBackups, newest first unless asked otherwise, filtered and paged."""
        newest_first = not self._parameters.get("SortAscending")
        backups = sorted(self.state.backups.values(), key=lambda b: b.created, reverse=newest_first)
        return self._listed("Backups", backups, _BACKUP_FILTERS)

    def modify_backup_attributes(self) -> str:
        """ModifyBackupAttributes: keep a backup for ever, or not."""
        backup = self.state.backup(self._parameters["BackupId"])
        backup.never_expires = self._parameters["NeverExpires"]
        return json.dumps({"Backup": backup.to_dict()})

    def delete_backup(self) -> str:
        """DeleteBackup: it goes after seven days."""
        backup = self.state.backup(self._parameters["BackupId"])
        backup.state, backup.delete_at = "PENDING_DELETION", unix_time() + 7 * 86400
        return json.dumps({"Backup": backup.to_dict()})

    def put_resource_policy(self) -> str:
        """PutResourcePolicy of a backup."""
        arn, policy = self._parameters["ResourceArn"], self._parameters["Policy"]
        self.state.backup(arn.rsplit("/", 1)[-1])
        self.state.resource_policies[arn] = policy
        return json.dumps({"ResourceArn": arn, "Policy": policy})

    def get_resource_policy(self) -> str:
        """GetResourcePolicy; the answer is empty for what is not shared."""
        policy = self.state.resource_policies.get(self._parameters["ResourceArn"])
        return json.dumps({"Policy": policy} if policy else {})

    def list_tags(self) -> str:
        """ListTags of a cluster or backup."""
        resource_id = self._parameters["ResourceId"]
        owner = (
            self.state.cluster(resource_id) if resource_id.startswith("cluster-") else self.state.backup(resource_id)
        )
        return json.dumps({"TagList": owner.tags})

    def tag_resource(self) -> str:
        """TagResource of a cluster or backup."""
        resource_id = self._parameters["ResourceId"]
        owner = (
            self.state.cluster(resource_id) if resource_id.startswith("cluster-") else self.state.backup(resource_id)
        )
        added = self._parameters["TagList"]
        kept = [tag for tag in owner.tags if tag["Key"] not in {new["Key"] for new in added}]
        owner.tags = kept + added
        return "{}"

    def _listed(self, name: str, items: Iterable[Any], filters: dict[str, Any]) -> str:
        wanted = self._parameters.get("Filters") or {}
        matching = [i.to_dict() for i in items if all(filters[f](i) in values for f, values in wanted.items())]
        start, size = int(self._parameters.get("NextToken") or 0), self._parameters.get("MaxResults") or 100
        answer: dict[str, Any] = {name: matching[start : start + size]}
        if start + size < len(matching):
            answer["NextToken"] = str(start + size)
        return json.dumps(answer)


EXTENSION = Extension("cloudhsmv2", CloudHsmResponse, CloudHsmBackend)

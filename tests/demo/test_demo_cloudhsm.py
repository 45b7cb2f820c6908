from __future__ import annotations

from typing import Any

import boto3
import pytest
import time_machine
from botocore.exceptions import ClientError

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def clients(emulation: None) -> tuple[Any, Any]:
    return boto3.client("cloudhsmv2"), boto3.client("ec2")


@pytest.fixture
def hsm(clients: tuple[Any, Any], account: str, clock: time_machine.Traveller) -> Any:
    return clients[0]


@pytest.fixture
def cluster(hsm: Any, clients: tuple[Any, Any]) -> str:
    subnets = [subnet["SubnetId"] for subnet in clients[1].describe_subnets()["Subnets"]]
    tags = [{"Key": "Name", "Value": "cards"}]
    made = hsm.create_cluster(HsmType="hsm2m.medium", SubnetIds=subnets, Mode="FIPS", TagList=tags)
    return str(made["Cluster"]["ClusterId"])


def described(hsm: Any, cluster: str) -> dict[str, Any]:
    return dict(hsm.describe_clusters(Filters={"clusterIds": [cluster]})["Clusters"][0])


def initialized(hsm: Any, cluster: str) -> str:
    hsm.create_hsm(ClusterId=cluster, AvailabilityZone=f"{REGION}a")
    hsm.initialize_cluster(ClusterId=cluster, SignedCert="a", TrustAnchor="b")
    return str(hsm.describe_backups()["Backups"][0]["BackupId"])


def test_a_new_cluster_has_one_subnet_in_each_zone_and_no_hsm(hsm: Any, cluster: str) -> None:
    stated = described(hsm, cluster)
    assert (stated["State"], stated["HsmType"], stated["Mode"]) == ("UNINITIALIZED", "hsm2m.medium", "FIPS")
    assert sorted(stated["SubnetMapping"]) == [f"{REGION}{zone}" for zone in "abc"]
    assert (stated["Hsms"], stated["BackupRetentionPolicy"]) == ([], {"Type": "DAYS", "Value": "90"})
    assert hsm.describe_backups()["Backups"] == []


def test_a_cluster_becomes_active_by_its_first_hsm_and_initialization(hsm: Any, cluster: str) -> None:
    certificates = {"ClusterId": cluster, "SignedCert": "a", "TrustAnchor": "b"}
    with pytest.raises(ClientError, match="CloudHsmInvalidRequestException"):
        hsm.initialize_cluster(**certificates)
    made = hsm.create_hsm(ClusterId=cluster, AvailabilityZone=f"{REGION}b")["Hsm"]
    hsm.initialize_cluster(**certificates)
    stated = described(hsm, cluster)
    assert stated["State"] == "ACTIVE"
    assert stated["Hsms"] == [made]
    assert (made["State"], made["SubnetId"]) == ("ACTIVE", stated["SubnetMapping"][f"{REGION}b"])


def test_hsms_are_deleted_by_id_address_or_interface_before_their_cluster(hsm: Any, cluster: str) -> None:
    zones = [f"{REGION}{zone}" for zone in "abc"]
    made = [hsm.create_hsm(ClusterId=cluster, AvailabilityZone=zone)["Hsm"] for zone in zones]
    with pytest.raises(ClientError, match="CloudHsmInvalidRequestException"):
        hsm.delete_cluster(ClusterId=cluster)
    hsm.delete_hsm(ClusterId=cluster, HsmId=made[0]["HsmId"])
    hsm.delete_hsm(ClusterId=cluster, EniId=made[1]["EniId"])
    hsm.delete_hsm(ClusterId=cluster, EniIp=made[2]["EniIp"])
    assert described(hsm, cluster)["Hsms"] == []
    assert hsm.delete_cluster(ClusterId=cluster)["Cluster"]["State"] == "DELETED"
    assert hsm.describe_clusters()["Clusters"] == []


def test_an_hsm_goes_only_where_the_cluster_has_a_subnet(hsm: Any, cluster: str) -> None:
    with pytest.raises(ClientError, match="CloudHsmInvalidRequestException"):
        hsm.create_hsm(ClusterId=cluster, AvailabilityZone=f"{REGION}z")
    with pytest.raises(ClientError, match="CloudHsmResourceNotFoundException"):
        hsm.create_hsm(ClusterId="cluster-22222222222", AvailabilityZone=f"{REGION}a")


def test_a_cluster_changes_its_type_and_retention(hsm: Any, cluster: str) -> None:
    hsm.modify_cluster(ClusterId=cluster, BackupRetentionPolicy={"Type": "DAYS", "Value": "379"})
    assert described(hsm, cluster)["BackupRetentionPolicy"]["Value"] == "379"


def test_a_backup_names_its_cluster_and_account(hsm: Any, cluster: str, account: str) -> None:
    backup = initialized(hsm, cluster)
    stated = hsm.describe_backups(Filters={"clusterIds": [cluster]})["Backups"][0]
    assert stated["BackupArn"] == f"arn:aws:cloudhsm:{REGION}:{account}:backup/{backup}"
    assert (stated["BackupState"], stated["ClusterId"], stated["NeverExpires"]) == ("READY", cluster, False)
    hsm.modify_backup_attributes(BackupId=backup, NeverExpires=True)
    assert hsm.describe_backups(Filters={"neverExpires": ["true"]})["Backups"][0]["BackupId"] == backup
    assert hsm.delete_backup(BackupId=backup)["Backup"]["BackupState"] == "PENDING_DELETION"


def test_a_backup_is_shared_by_a_resource_policy(hsm: Any, cluster: str) -> None:
    initialized(hsm, cluster)
    arn = hsm.describe_backups()["Backups"][0]["BackupArn"]
    assert "Policy" not in hsm.get_resource_policy(ResourceArn=arn)
    hsm.put_resource_policy(ResourceArn=arn, Policy='{"Statement": []}')
    assert hsm.get_resource_policy(ResourceArn=arn)["Policy"] == '{"Statement": []}'


def test_tags_are_read_back_and_added_to(hsm: Any, cluster: str) -> None:
    hsm.tag_resource(ResourceId=cluster, TagList=[{"Key": "DataClass", "Value": "pci"}, {"Key": "Name", "Value": "x"}])
    tags = {tag["Key"]: tag["Value"] for tag in hsm.list_tags(ResourceId=cluster)["TagList"]}
    assert tags == {"Name": "x", "DataClass": "pci"}
    assert described(hsm, cluster)["TagList"] == hsm.list_tags(ResourceId=cluster)["TagList"]


def test_clusters_page(hsm: Any, clients: tuple[Any, Any]) -> None:
    subnets = [subnet["SubnetId"] for subnet in clients[1].describe_subnets()["Subnets"]]
    for _ in range(3):
        hsm.create_cluster(HsmType="hsm1.medium", SubnetIds=subnets[:1])
    pages = list(hsm.get_paginator("describe_clusters").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Clusters"]) for page in pages] == [2, 1]

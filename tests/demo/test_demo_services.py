from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
import time_machine

REGION = "eu-central-1"
ZONE = f"{REGION}a"


@pytest.fixture(scope="module")
def clients(emulation: None) -> dict[str, Any]:
    return {name: boto3.client(name) for name in ("kms", "ec2", "rds", "s3", "cloudtrail", "iam", "secretsmanager")}


@pytest.fixture
def aws(clients: dict[str, Any], account: str, clock: time_machine.Traveller) -> dict[str, Any]:
    return clients


@pytest.fixture
def key(aws: dict[str, Any]) -> str:
    made = aws["kms"].create_key()["KeyMetadata"]
    aws["kms"].create_alias(AliasName="alias/mine", TargetKeyId=made["KeyId"])
    return str(made["Arn"])


def managed(aws: dict[str, Any], service: str) -> str:
    """The ARN of an AWS managed key that is there already."""
    aliases = aws["kms"].get_paginator("list_aliases").paginate().build_full_result()["Aliases"]
    target = next(a["TargetKeyId"] for a in aliases if a["AliasName"] == f"alias/aws/{service}")
    return str(aws["kms"].describe_key(KeyId=target)["KeyMetadata"]["Arn"])


def volume(aws: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dict(aws["ec2"].create_volume(AvailabilityZone=ZONE, Size=10, **more))


def test_a_volume_names_the_arn_of_its_key_however_it_was_given(aws: dict[str, Any], key: str) -> None:
    for reference in (key, key.rpartition("/")[2], "alias/mine"):
        assert volume(aws, Encrypted=True, KmsKeyId=reference)["KmsKeyId"] == key


def test_a_volume_without_a_key_uses_the_default_of_the_region(aws: dict[str, Any], key: str) -> None:
    assert "KmsKeyId" not in volume(aws)
    assert aws["ec2"].get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert volume(aws, Encrypted=True)["KmsKeyId"] == managed(aws, "ebs")
    aws["ec2"].modify_ebs_default_kms_key_id(KmsKeyId=key)
    aws["ec2"].enable_ebs_encryption_by_default()
    assert aws["ec2"].get_ebs_default_kms_key_id()["KmsKeyId"] == key
    assert (volume(aws)["Encrypted"], volume(aws)["KmsKeyId"]) == (True, key)


def test_a_snapshot_has_the_key_of_its_volume_and_passes_it_on(aws: dict[str, Any], key: str) -> None:
    source = volume(aws, Encrypted=True, KmsKeyId=key)
    snapshot = aws["ec2"].create_snapshot(VolumeId=source["VolumeId"])
    stated = aws["ec2"].describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert [(s["SnapshotId"], s["KmsKeyId"]) for s in stated] == [(snapshot["SnapshotId"], key)]
    restored = volume(aws, SnapshotId=snapshot["SnapshotId"])
    assert (restored["Encrypted"], restored["KmsKeyId"]) == (True, key)


def test_a_copied_snapshot_tells_where_it_came_from_and_has_the_key_asked_for(aws: dict[str, Any], key: str) -> None:
    source = aws["ec2"].create_snapshot(VolumeId=volume(aws)["VolumeId"])["SnapshotId"]
    wanted = {"SourceSnapshotId": source, "SourceRegion": REGION}
    bare = aws["ec2"].copy_snapshot(**wanted)["SnapshotId"]
    kept = aws["ec2"].copy_snapshot(**wanted, Encrypted=True, KmsKeyId="alias/mine", Description="kept")["SnapshotId"]
    stated = {s["SnapshotId"]: s for s in aws["ec2"].describe_snapshots(SnapshotIds=[bare, kept])["Snapshots"]}
    assert (stated[bare]["Encrypted"], stated[bare]["VolumeId"]) == (False, "vol-ffffffff")
    assert stated[kept]["KmsKeyId"] == key
    assert stated[kept]["Description"] == f"[Copied {source} from {REGION}] kept"


def test_the_default_key_of_an_encrypted_table_is_aws_managed(aws: dict[str, Any]) -> None:
    table = boto3.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
    )["TableDescription"]
    key = table["SSEDescription"]["KMSMasterKeyArn"]
    assert aws["kms"].describe_key(KeyId=key)["KeyMetadata"]["KeyManager"] == "AWS"
    assert managed(aws, "dynamodb") == key


def database(aws: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    wanted = {"Engine": "postgres", "DBInstanceClass": "db.r6g.large", "AllocatedStorage": 20, "MasterUsername": "a"}
    return dict(aws["rds"].create_db_instance(DBInstanceIdentifier=name, **wanted, **more)["DBInstance"])


def cluster(aws: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    wanted = {"Engine": "aurora-postgresql", "MasterUsername": "a", "MasterUserPassword": "b" * 8}
    return dict(aws["rds"].create_db_cluster(DBClusterIdentifier=name, **wanted, **more)["DBCluster"])


def test_a_database_states_each_of_its_keys(aws: dict[str, Any], key: str) -> None:
    stated = database(
        aws,
        "one",
        KmsKeyId=key,
        StorageEncrypted=True,
        EnablePerformanceInsights=True,
        PerformanceInsightsKMSKeyId="alias/mine",
        ManageMasterUserPassword=True,
        MasterUserSecretKmsKeyId=key,
    )
    keys = stated["KmsKeyId"], stated["PerformanceInsightsKMSKeyId"], stated["MasterUserSecret"]["KmsKeyId"]
    assert keys == (key, key, key)
    assert (stated["PerformanceInsightsEnabled"], stated["StorageEncryptionType"]) == (True, "sse-kms")


def test_a_database_without_named_keys_uses_those_of_aws_or_none(aws: dict[str, Any]) -> None:
    encrypted = database(
        aws, "two", StorageEncrypted=True, EnablePerformanceInsights=True, ManageMasterUserPassword=True
    )
    assert encrypted["KmsKeyId"] == encrypted["PerformanceInsightsKMSKeyId"] == managed(aws, "rds")
    assert encrypted["MasterUserSecret"]["KmsKeyId"] == managed(aws, "secretsmanager")
    bare = database(aws, "three", MasterUserPassword="b" * 8)
    assert (bare["StorageEncrypted"], bare["StorageEncryptionType"]) == (False, "none")
    assert bare.keys() & {"KmsKeyId", "PerformanceInsightsKMSKeyId", "MasterUserSecret"} == set()


def test_snapshots_have_the_key_of_their_database_and_copies_the_one_asked_for(aws: dict[str, Any], key: str) -> None:
    database(aws, "four", StorageEncrypted=True, MasterUserPassword="b" * 8)
    aws["rds"].create_db_snapshot(DBInstanceIdentifier="four", DBSnapshotIdentifier="kept")
    aws["rds"].copy_db_snapshot(
        SourceDBSnapshotIdentifier="kept", TargetDBSnapshotIdentifier="copied", KmsKeyId="alias/mine"
    )
    stated = {s["DBSnapshotIdentifier"]: s for s in aws["rds"].describe_db_snapshots()["DBSnapshots"]}
    automated = next(s for s in stated.values() if s["SnapshotType"] == "automated")
    assert automated["KmsKeyId"] == stated["kept"]["KmsKeyId"] == managed(aws, "rds")
    assert stated["copied"]["KmsKeyId"] == key
    assert stated["copied"]["SourceDBSnapshotIdentifier"] == stated["kept"]["DBSnapshotArn"]


def test_aurora_is_encrypted_by_aws_since_it_became_the_default(
    aws: dict[str, Any], clock: time_machine.Traveller
) -> None:
    before = cluster(aws, "before")
    clock.move_to(datetime(2026, 6, 1, tzinfo=UTC))
    after = cluster(aws, "after")
    assert (before["StorageEncrypted"], before["StorageEncryptionType"]) == (False, "none")
    assert (after["StorageEncrypted"], after["StorageEncryptionType"]) == (False, "sse-rds")
    aws["rds"].create_db_cluster_snapshot(DBClusterIdentifier="after", DBClusterSnapshotIdentifier="kept")
    snapshots = aws["rds"].describe_db_cluster_snapshots(DBClusterIdentifier="after")["DBClusterSnapshots"]
    assert {s["StorageEncryptionType"] for s in snapshots} == {"sse-rds"}


def test_an_activity_stream_names_its_key_while_it_runs(aws: dict[str, Any], key: str) -> None:
    arn = cluster(aws, "streamed", StorageEncrypted=True)["DBClusterArn"]
    aws["rds"].start_activity_stream(ResourceArn=arn, Mode="async", KmsKeyId="alias/mine", ApplyImmediately=True)
    stated = aws["rds"].describe_db_clusters(DBClusterIdentifier="streamed")["DBClusters"][0]
    assert (stated["ActivityStreamKmsKeyId"], stated["ActivityStreamStatus"]) == (key, "started")
    aws["rds"].stop_activity_stream(ResourceArn=arn, ApplyImmediately=True)
    stated = aws["rds"].describe_db_clusters(DBClusterIdentifier="streamed")["DBClusters"][0]
    assert "ActivityStreamKmsKeyId" not in stated
    assert stated["ActivityStreamStatus"] == "stopped"


def test_a_bucket_is_encrypted_from_the_start(aws: dict[str, Any], account: str) -> None:
    name = f"cards-{account}"
    aws["s3"].create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    rules = aws["s3"].get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]


def test_a_secret_names_its_key_in_the_listing(aws: dict[str, Any], key: str) -> None:
    aws["secretsmanager"].create_secret(Name="named", SecretString="x", KmsKeyId=key)
    aws["secretsmanager"].create_secret(Name="default", SecretString="x")
    listed = {s["Name"]: s.get("KmsKeyId") for s in aws["secretsmanager"].list_secrets()["SecretList"]}
    assert listed == {"named": key, "default": None}


def test_a_trail_without_selectors_records_all_management_events(aws: dict[str, Any], account: str) -> None:
    name = f"logs-{account}"
    aws["s3"].create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    aws["cloudtrail"].create_trail(Name="main", S3BucketName=name)
    selectors = aws["cloudtrail"].get_event_selectors(TrailName="main")
    assert [s["ReadWriteType"] for s in selectors["EventSelectors"]] == ["All"]
    assert selectors["EventSelectors"][0]["IncludeManagementEvents"] is True
    advanced = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]
    aws["cloudtrail"].put_event_selectors(TrailName="main", AdvancedEventSelectors=advanced)
    selectors = aws["cloudtrail"].get_event_selectors(TrailName="main")
    assert selectors["EventSelectors"] == []
    assert len(selectors["AdvancedEventSelectors"]) == 1


def test_authorization_details_name_policies_and_page_over_all_kinds(aws: dict[str, Any]) -> None:
    iam = aws["iam"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    iam.create_policy(PolicyName="all", PolicyDocument=document)
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)
    pages = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 3}))
    whole = iam.get_account_authorization_details()
    assert [page["IsTruncated"] for page in pages] == [True, False]
    for name in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"):
        assert [item for page in pages for item in page[name]] == whole[name]
        assert len(whole[name]) == 1
    policy = whole["Policies"][0]
    assert policy["PolicyName"] == "all"
    assert policy["PolicyId"].startswith("A")
    assert policy["PolicyVersionList"][0]["Document"]["Statement"][0]["Action"] == "*"
    assert iam.get_account_authorization_details(Filter=["Role"])["Policies"] == []

"""What the reader of the table of resource types makes of AWS's answers, whole and refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from fakes.aws import ACCOUNT, FakeAws, Fault, denied
from fakes.bench import Bench, Reading
from fakes.estate import REGION
from msgspec import UNSET

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.collect import resources
from scanner.collect.session import GLOBAL
from scanner.model.records import KeyUse, Link, ResourceFact

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROWS = {row.type: row for row in ENCRYPTED_TYPES}


def read(bench: Bench, *types: str, region: str = REGION) -> Reading:
    rows = [ROWS[name] for name in types]
    return bench.read(partial(resources.collect, types=rows), region=region)


def one(bench: Bench, kind: str) -> ResourceFact:
    (fact,) = read(bench, kind).facts
    return fact


def use(fact: ResourceFact, field: str) -> tuple[Any, ...]:
    found = next(use for use in fact.uses if use.field == field)
    return (found.state, found.key or found.reason)


# --- identity -------------------------------------------------------------------------------------


OLD_ANSWERS = (
    ("AWS::RDS::DBInstance", "rds", "DescribeDBInstances", "DBInstances", "DBInstanceIdentifier", "rds:{}:db:old"),
    ("AWS::RDS::DBSnapshot", "rds", "DescribeDBSnapshots", "DBSnapshots", "DBSnapshotIdentifier",
     "rds:{}:snapshot:old"),
    ("AWS::EFS::FileSystem", "efs", "DescribeFileSystems", "FileSystems", "FileSystemId",
     "elasticfilesystem:{}:file-system/old"),
    ("AWS::ElastiCache::Snapshot", "elasticache", "DescribeSnapshots", "Snapshots", "SnapshotName",
     "elasticache:{}:snapshot:old"),
    ("AWS::ElastiCache::ReplicationGroup", "elasticache", "DescribeReplicationGroups", "ReplicationGroups",
     "ReplicationGroupId", "elasticache:{}:replicationgroup:old"),
)  # fmt: skip
"""Services that once answered without ARNs, with the form that AWS documents (Service Authorization Reference)."""


@pytest.mark.parametrize(("kind", "service", "operation", "member", "name", "arn"), OLD_ANSWERS)
def test_an_answer_older_than_its_arn_field_is_identified_by_name(
    aws: FakeAws, bench: Bench, kind: str, service: str, operation: str, member: str, name: str, arn: str
):
    aws.answer(service, operation, {member: [{name: "old"}]})
    assert one(bench, kind).arn == f"arn:aws:{arn.format(f'{REGION}:{ACCOUNT}')}"


def test_a_resource_that_nothing_identifies_leaves_its_type_unknown(aws: FakeAws, bench: Bench):
    aws.answer("backup", "ListBackupVaults", {"BackupVaultList": [{"BackupVaultName": "nameless"}]})
    reading = read(bench, "AWS::Backup::BackupVault")
    assert reading.facts == []
    (gap,) = reading.gaps
    assert (gap.code, gap.message) == ("Unreadable", "`BackupVaultArn` is not stated")
    assert gap.makes_unknown == ("resource:AWS::Backup::BackupVault",)
    assert [row.complete for row in reading.coverage] == [False]


# --- a switch beside a key -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"AtRestEncryptionEnabled": True, "KmsKeyId": KEY}, ("KEY", KEY)),
        ({"AtRestEncryptionEnabled": True}, ("AWS_OWNED", None)),
        ({"AtRestEncryptionEnabled": False, "KmsKeyId": KEY}, ("UNENCRYPTED", None)),
        ({"AtRestEncryptionEnabled": True, "StorageEncryptionType": "sse-kms", "KmsKeyId": KEY}, ("KEY", KEY)),
    ],
)
def test_a_cache_with_encryption_on_is_under_the_key_that_it_names(
    aws: FakeAws, bench: Bench, said: dict[str, Any], expected: Any
):
    group = {"ReplicationGroupId": "cache", "ARN": f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:cache"}
    aws.answer("elasticache", "DescribeReplicationGroups", {"ReplicationGroups": [group | said]})
    assert use(one(bench, "AWS::ElastiCache::ReplicationGroup"), "storage") == expected


@pytest.mark.parametrize(
    ("encryption", "expected"),
    [({"EncryptionConfiguration": {"KmsKey": KEY}}, ("KEY", KEY)), ({}, ("AWS_OWNED", None))],
)
def test_managed_query_results_are_under_the_key_that_they_name(
    aws: FakeAws, bench: Bench, encryption: dict[str, Any], expected: Any
):
    configuration = {"ManagedQueryResultsConfiguration": {"Enabled": True} | encryption}
    aws.answer("athena", "ListWorkGroups", {"WorkGroups": [{"Name": "queries"}]})
    aws.answer("athena", "GetWorkGroup", {"WorkGroup": {"Name": "queries", "Configuration": configuration}})
    assert use(one(bench, "AWS::Athena::WorkGroup"), "managed-results") == expected


def test_a_workspace_encrypts_only_the_volumes_that_it_says(aws: FakeAws, bench: Bench):
    said = {"WorkspaceId": "ws-1", "VolumeEncryptionKey": KEY, "RootVolumeEncryptionEnabled": True}
    aws.answer("workspaces", "DescribeWorkspaces", {"Workspaces": [said]})
    fact = one(bench, "AWS::WorkSpaces::Workspace")
    assert [use(fact, "root-volume"), use(fact, "user-volume")] == [("KEY", KEY), ("UNENCRYPTED", None)]


# --- volumes: one listing, a flag ------------------------------------------------------------------


def volumes(aws: FakeAws, *listed: dict[str, Any]) -> None:
    aws.pages("ec2", "DescribeVolumes", "Volumes", [{"VolumeId": f"vol-{n}", **v} for n, v in enumerate(listed)])


def test_a_volume_has_its_key_tags_lineage_and_age(aws: FakeAws, bench: Bench):
    tags = [{"Key": "pci", "Value": "true"}]
    volumes(aws, {"Encrypted": True, "KmsKeyId": KEY, "SnapshotId": "snap-1", "Tags": tags, "CreateTime": WHEN})
    fact = one(bench, "AWS::EC2::Volume")
    assert fact.arn == f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-0"
    assert (fact.name, fact.region, fact.created) == ("vol-0", REGION, WHEN)
    assert fact.uses == (KeyUse(field="storage", state="KEY", key=KEY, pointer="KmsKeyId"),)
    assert fact.tags == {"pci": "true"}
    assert fact.links == (Link(relation="derived_from", target="snap-1"),)


def test_a_volume_without_encryption_says_so_and_one_without_a_named_key_says_that_it_is_not_told(
    aws: FakeAws, bench: Bench
):
    volumes(aws, {"Encrypted": False}, {"Encrypted": True}, {})
    states = [use(fact, "storage") for fact in read(bench, "AWS::EC2::Volume").facts]
    assert states == [
        ("UNENCRYPTED", None),
        ("KEY", "encrypted, but no key is named"),
        ("UNKNOWN", "`Encrypted` is not stated"),
    ]


def test_a_refused_listing_leaves_its_type_unknown(aws: FakeAws, bench: Bench):
    aws.fault("ec2", "DescribeVolumes", Fault(403, "UnauthorizedOperation"))
    reading = read(bench, "AWS::EC2::Volume")
    (gap,) = reading.gaps
    assert (gap.action, gap.subject, gap.makes_unknown) == (
        "ec2:DescribeVolumes",
        None,
        ("resource:AWS::EC2::Volume",),
    )
    (row,) = reading.coverage
    assert (row.complete, row.count, row.provides) == (False, 0, ("resource:AWS::EC2::Volume",))


def test_pages_read_before_a_refusal_are_kept_and_the_listing_is_incomplete(aws: FakeAws, bench: Bench):
    listed = [{"VolumeId": f"vol-{n}", "Encrypted": False} for n in range(3)]
    aws.pages("ec2", "DescribeVolumes", "Volumes", listed, size=2)
    aws.fault(
        "ec2", "DescribeVolumes", Fault(403, "UnauthorizedOperation", when=lambda call: "NextToken" in call.params)
    )
    reading = read(bench, "AWS::EC2::Volume")
    assert [fact.name for fact in reading.facts] == ["vol-0", "vol-1"]
    assert (reading.coverage[0].complete, reading.coverage[0].count, len(reading.gaps)) == (False, 2, 1)


def test_snapshots_are_only_our_own_and_a_copy_names_what_it_was_copied_from(aws: FakeAws, bench: Bench):
    copied = "[Copied snap-0abc from us-east-1] nightly"
    listed = [
        {"SnapshotId": "snap-1", "VolumeId": "vol-1", "Encrypted": True, "KmsKeyId": KEY},
        {"SnapshotId": "snap-2", "VolumeId": "vol-ffffffff", "Description": copied, "Encrypted": True},
        {"SnapshotId": "snap-3", "VolumeId": "vol-3", "OwnerId": "999999999999", "Encrypted": False},
    ]
    aws.pages("ec2", "DescribeSnapshots", "Snapshots", listed)
    made, copy = read(bench, "AWS::EC2::Snapshot").facts
    assert made.links == (Link(relation="derived_from", target="vol-1"),)
    assert copy.links == (Link(relation="derived_from", target="snap-0abc"),)
    assert aws.log[-1].params["OwnerIds"] == ["self"]


# --- buckets: details that can each be refused or be answered by an error ---------------------------


def buckets(aws: FakeAws, *names: str, **more: Any) -> None:
    listed = [{"Name": name, "CreationDate": WHEN, "BucketRegion": REGION, **more} for name in names]
    aws.pages("s3", "ListBuckets", "Buckets", listed)
    aws.fault("s3", "GetBucketTagging", Fault(404, "NoSuchTagSet"))
    aws.fault("s3", "GetBucketReplication", Fault(404, "ReplicationConfigurationNotFoundError"))
    aws.fault("s3", "GetObjectLockConfiguration", Fault(404, "ObjectLockConfigurationNotFoundError"))
    aws.fault("s3", "GetBucketLifecycleConfiguration", Fault(404, "NoSuchLifecycleConfiguration"))


def encrypted_by(aws: FakeAws, **default: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": default}
    aws.answer("s3", "GetBucketEncryption", {"ServerSideEncryptionConfiguration": {"Rules": [rule]}})


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        ({"SSEAlgorithm": "AES256"}, ("AWS_OWNED", None)),
        ({"SSEAlgorithm": "aws:kms"}, ("KEY", "alias/aws/s3")),
        ({"SSEAlgorithm": "aws:kms:dsse"}, ("KEY", "alias/aws/s3")),
        ({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/mine"}, ("KEY", "alias/mine")),
        ({"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": KEY}, ("KEY", KEY)),
        ({"SSEAlgorithm": "aws:fsx"}, ("AWS_OWNED", None)),
    ],
)
def test_the_default_encryption_of_a_bucket(aws: FakeAws, bench: Bench, default: dict[str, str], expected: Any):
    buckets(aws, "b")
    encrypted_by(aws, **default)
    state, key = use(one(bench, "AWS::S3::Bucket"), "storage")
    assert (state, key if expected[0] == "KEY" else None) == expected


def test_errors_that_mean_there_is_none_are_answers(aws: FakeAws, bench: Bench):
    buckets(aws, "b")
    aws.fault("s3", "GetBucketEncryption", Fault(404, "ServerSideEncryptionConfigurationNotFoundError"))
    reading = read(bench, "AWS::S3::Bucket")
    (fact,) = reading.facts
    assert reading.gaps == []
    assert [(use.field, use.state) for use in fact.uses] == [("storage", "AWS_OWNED")]
    assert (fact.tags, fact.links, fact.unread) == ({}, (), {})
    assert fact.attributes["object_lock_mode"] is None


def test_a_refused_detail_makes_unknown_only_what_it_would_have_told(aws: FakeAws, bench: Bench):
    buckets(aws, "b")
    aws.fault("s3", "GetBucketEncryption", Fault(403, "AccessDenied"))
    reading = read(bench, "AWS::S3::Bucket")
    (fact,), (gap,) = reading.facts, reading.gaps
    assert use(fact, "storage") == ("UNKNOWN", gap.reason())
    assert [use.field for use in fact.uses] == ["storage"]
    assert (gap.action, gap.subject) == ("s3:GetEncryptionConfiguration", fact.arn)
    assert fact.tags == {}
    assert "sse_algorithm" not in fact.attributes
    assert fact.unread["attributes.sse_algorithm"] == gap.reason()
    assert reading.coverage[0].complete


def test_refused_tags_are_unset_with_the_reason(aws: FakeAws, bench: Bench):
    aws.fault("s3", "GetBucketTagging", Fault(403, "AccessDenied"))
    buckets(aws, "b")
    encrypted_by(aws, SSEAlgorithm="aws:kms", KMSMasterKeyID=KEY)
    reading = read(bench, "AWS::S3::Bucket")
    (fact,) = reading.facts
    assert fact.tags is UNSET
    assert fact.unread["tags"] == reading.gaps[0].reason()
    assert use(fact, "storage") == ("KEY", KEY)


def test_refused_replication_leaves_links_and_replica_keys_open(aws: FakeAws, bench: Bench):
    aws.fault("s3", "GetBucketReplication", Fault(403, "AccessDenied"))
    buckets(aws, "b")
    encrypted_by(aws, SSEAlgorithm="AES256")
    reading = read(bench, "AWS::S3::Bucket")
    (fact,) = reading.facts
    assert fact.unread["links"] == reading.gaps[0].reason()
    assert use(fact, "replica") == ("UNKNOWN", reading.gaps[0].reason())


def test_replication_names_a_key_for_each_rule_and_where_data_flows(aws: FakeAws, bench: Bench):
    buckets(aws, "b")
    aws._faults["s3", "GetBucketReplication"].clear()
    rules = [
        {
            "ID": "eu",
            "Status": "Enabled",
            "Destination": {"Bucket": "arn:aws:s3:::copy", "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY}},
        },
        {"ID": "off", "Status": "Disabled", "Destination": {"Bucket": "arn:aws:s3:::old"}},
    ]
    aws.answer("s3", "GetBucketReplication", {"ReplicationConfiguration": {"Role": "r", "Rules": rules}})
    encrypted_by(aws, SSEAlgorithm="AES256")
    fact = one(bench, "AWS::S3::Bucket")
    assert use(fact, "replica[eu]") == ("KEY", KEY)
    assert [use.field for use in fact.uses] == ["storage", "replica[eu]"]
    assert fact.links == (Link(relation="replicates_to", target="arn:aws:s3:::copy"),)


def test_buckets_of_other_regions_are_left_to_their_own_scope(aws: FakeAws, bench: Bench):
    buckets(aws, "here")
    buckets(aws, "there", BucketRegion="us-east-1")
    reading = read(bench, "AWS::S3::Bucket")
    assert (reading.facts, reading.coverage[0].count) == ([], 0)
    assert aws.calls["s3", "GetBucketEncryption"] == 0


@pytest.mark.parametrize(("answer", "region"), [("", "us-east-1"), ("EU", "eu-west-1"), ("eu-west-1", "eu-west-1")])
def test_a_listing_without_regions_asks_each_bucket_where_it_is(aws: FakeAws, bench: Bench, answer: str, region: str):
    aws.pages("s3", "ListBuckets", "Buckets", [{"Name": "b"}])
    aws.answer("s3", "GetBucketLocation", {"LocationConstraint": answer} if answer else {})
    found = {place: read(bench, "AWS::S3::Bucket", region=place).facts for place in ("us-east-1", "eu-west-1")}
    assert {place: len(facts) for place, facts in found.items()} == {"us-east-1": 0, "eu-west-1": 0, region: 1}


# --- databases: one API for several engines, several uses ------------------------------------------


def instances(aws: FakeAws, *listed: dict[str, Any]) -> None:
    full = [
        {
            "DBInstanceIdentifier": f"db{n}",
            "DBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:db{n}",
            "Engine": "postgres",
            **more,
        }
        for n, more in enumerate(listed)
    ]
    aws.pages("rds", "DescribeDBInstances", "DBInstances", full)


def test_a_database_has_one_use_for_each_field_that_is_in_use(aws: FakeAws, bench: Bench):
    instances(
        aws,
        {
            "StorageEncrypted": True,
            "StorageEncryptionType": "sse-kms",
            "KmsKeyId": KEY,
            "PerformanceInsightsEnabled": True,
            "PerformanceInsightsKMSKeyId": "key-2",
            "MasterUserSecret": {"SecretArn": "arn:s", "KmsKeyId": "key-3"},
            "ActivityStreamKmsKeyId": "key-4",
        },
        {"StorageEncrypted": False, "PerformanceInsightsEnabled": False},
    )
    full, bare = read(bench, "AWS::RDS::DBInstance").facts
    assert {use.field: use.key for use in full.uses} == {
        "storage": KEY,
        "performance-insights": "key-2",
        "master-secret": "key-3",
        "activity-stream": "key-4",
    }
    assert [(use.field, use.state) for use in bare.uses] == [("storage", "UNENCRYPTED")]
    assert full.attributes["master_secret_arn"] == "arn:s"


@pytest.mark.parametrize(
    ("stated", "state"),
    [
        ({"StorageEncrypted": False, "StorageEncryptionType": "sse-rds"}, "AWS_OWNED"),
        ({"StorageEncrypted": False, "StorageEncryptionType": "none"}, "UNENCRYPTED"),
        ({"StorageEncrypted": False}, "UNENCRYPTED"),
        ({"StorageEncrypted": True, "StorageEncryptionType": "sse-kms", "KmsKeyId": KEY}, "KEY"),
        ({"StorageEncrypted": True}, "KEY"),
        ({}, "UNKNOWN"),
    ],
)
def test_the_encryption_type_of_a_cluster_decides_not_the_flag(
    aws: FakeAws, bench: Bench, stated: dict[str, Any], state: str
):
    cluster = {"DBClusterIdentifier": "c", "DBClusterArn": "arn:c", "Engine": "aurora-postgresql", **stated}
    aws.pages("rds", "DescribeDBClusters", "DBClusters", [cluster])
    assert use(one(bench, "AWS::RDS::DBCluster"), "storage")[0] == state


def test_one_listing_serves_three_engines(aws: FakeAws, bench: Bench):
    instances(aws, {"Engine": "docdb"}, {"Engine": "neptune"}, {"Engine": "mysql"})
    types = ("AWS::RDS::DBInstance", "AWS::DocDB::DBInstance", "AWS::Neptune::DBInstance")
    reading = read(bench, *types)
    assert {fact.type: fact.attributes.get("engine") or fact.name for fact in reading.facts} == {
        types[0]: "mysql",
        types[1]: "db0",
        types[2]: "db1",
    }
    assert aws.calls["rds", "DescribeDBInstances"] == 1
    assert reading.coverage[0].provides == tuple(f"resource:{name}" for name in types)


def test_a_replica_is_derived_from_its_source_by_name_or_arn(aws: FakeAws, bench: Bench):
    source = "arn:aws:rds:us-east-1:111122223333:db:far"
    instances(aws, {"ReadReplicaSourceDBInstanceIdentifier": "near"}, {"ReadReplicaSourceDBInstanceIdentifier": source})
    near, far = read(bench, "AWS::RDS::DBInstance").facts
    assert near.links == (Link(relation="derived_from", target=f"arn:aws:rds:{REGION}:{ACCOUNT}:db:near"),)
    assert far.links == (Link(relation="derived_from", target=source),)


# --- the others, each for its own trap --------------------------------------------------------------


def test_a_secret_names_its_key_its_replicas_and_the_database_it_opens(aws: FakeAws, bench: Bench):
    database = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:pay"
    secret = {
        "ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-1",
        "Name": "rds!db-1",
        "OwningService": "rds",
        "Tags": [{"Key": "aws:rds:primaryDBInstanceArn", "Value": database}],
    }
    aws.pages("secretsmanager", "ListSecrets", "SecretList", [secret])
    replicas = [{"Region": "us-east-1", "KmsKeyId": "alias/far"}, {"Region": "us-west-2"}]
    aws.answer("secretsmanager", "DescribeSecret", {**secret, "KmsKeyId": KEY, "ReplicationStatus": replicas})
    fact = one(bench, "AWS::SecretsManager::Secret")
    assert use(fact, "storage") == ("KEY", KEY)
    assert use(fact, "replica[us-east-1]") == ("KEY", "alias/far")
    assert use(fact, "replica[us-west-2]") == ("KEY", "alias/aws/secretsmanager")
    assert fact.links == (Link(relation="unlocks", target=database),)
    assert fact.attributes["owning_service"] == "rds"
    assert not any(operation.startswith(("GetSecretValue", "BatchGetSecretValue")) for _, operation in aws.calls)


def test_a_secret_that_cannot_be_described_is_not_taken_for_one_under_the_default_key(aws: FakeAws, bench: Bench):
    aws.pages("secretsmanager", "ListSecrets", "SecretList", [{"ARN": "arn:s", "Name": "s"}])
    aws.fault("secretsmanager", "DescribeSecret", denied())
    reading = read(bench, "AWS::SecretsManager::Secret")
    (fact,) = reading.facts
    assert use(fact, "storage") == ("UNKNOWN", reading.gaps[0].reason())
    assert fact.tags is UNSET


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"SqsManagedSseEnabled": "true"}, ("AWS_OWNED", None)),
        ({"SqsManagedSseEnabled": "false"}, ("UNENCRYPTED", None)),
        ({"SqsManagedSseEnabled": "false", "KmsMasterKeyId": "alias/aws/sqs"}, ("KEY", "alias/aws/sqs")),
        ({}, ("UNKNOWN", "`Attributes.SqsManagedSseEnabled` is not stated")),
    ],
)
def test_a_queue(aws: FakeAws, bench: Bench, attributes: dict[str, str], expected: Any):
    aws.pages("sqs", "ListQueues", "QueueUrls", [f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"])
    aws.answer("sqs", "GetQueueAttributes", {"Attributes": {**attributes, "CreatedTimestamp": "1767323045"}})
    aws.answer("sqs", "ListQueueTags", {"Tags": {"team": "pay"}})
    fact = one(bench, "AWS::SQS::Queue")
    assert (fact.name, fact.arn) == ("q", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")
    assert use(fact, "storage") == expected
    assert (fact.tags, fact.created) == ({"team": "pay"}, WHEN)


def test_a_table_without_a_description_of_encryption_is_under_a_key_of_aws(aws: FakeAws, bench: Bench):
    aws.pages("dynamodb", "ListTables", "TableNames", ["a", "b", "c"])
    described = {
        "a": {},
        "b": {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY}},
        "c": {"SSEDescription": {"Status": "DISABLED", "KMSMasterKeyArn": KEY}},
    }
    aws.answer("dynamodb", "DescribeTable", lambda call: {"Table": described[call.params["TableName"]]})
    facts = read(bench, "AWS::DynamoDB::Table").facts
    assert [use(fact, "storage") for fact in facts] == [("AWS_OWNED", None), ("KEY", KEY), ("AWS_OWNED", None)]


def test_a_table_that_cannot_be_described_is_there_all_the_same(aws: FakeAws, bench: Bench):
    aws.pages("dynamodb", "ListTables", "TableNames", ["a"])
    aws.fault("dynamodb", "DescribeTable", denied())
    reading = read(bench, "AWS::DynamoDB::Table")
    (fact,) = reading.facts
    assert fact.arn == f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/a"
    assert use(fact, "storage") == ("UNKNOWN", reading.gaps[0].reason())
    assert reading.gaps[0].subject == fact.arn


def test_a_trail_flows_into_its_bucket_and_log_group(aws: FakeAws, bench: Bench):
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:audit"
    trail = {
        "Name": "t",
        "TrailARN": "arn:trail",
        "S3BucketName": "logs",
        "CloudWatchLogsLogGroupArn": f"{group}:*",
        "KmsKeyId": KEY,
    }
    aws.answer("cloudtrail", "DescribeTrails", {"trailList": [trail]})
    aws.answer(
        "cloudtrail", "ListTags", {"ResourceTagList": [{"TagsList": [{"Key": "a", "Value": "b"}, {"Key": "c"}]}]}
    )
    fact = one(bench, "AWS::CloudTrail::Trail")
    assert [link.target for link in fact.links] == ["arn:aws:s3:::logs", group]
    assert use(fact, "logs") == ("KEY", KEY)
    assert fact.tags == {"a": "b", "c": ""}


def test_keys_inside_a_document_are_found(aws: FakeAws, bench: Bench):
    aws.pages("emr", "ListSecurityConfigurations", "SecurityConfigurations", [{"Name": "s"}])
    at_rest = {"S3EncryptionConfiguration": {"EncryptionMode": "SSE-KMS", "AwsKmsKey": KEY}}
    document = json.dumps({"EncryptionConfiguration": {"AtRestEncryptionConfiguration": at_rest}})
    aws.answer("emr", "DescribeSecurityConfiguration", {"Name": "s", "SecurityConfiguration": document})
    fact = one(bench, "AWS::EMR::SecurityConfiguration")
    assert use(fact, "s3") == ("KEY", KEY)
    assert use(fact, "local-disk") == ("UNENCRYPTED", None)


def test_a_catalog_without_databases_protects_nothing_and_one_with_some_is_unencrypted(aws: FakeAws, bench: Bench):
    settings = {"EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"}}
    aws.answer("glue", "GetDataCatalogEncryptionSettings", {"DataCatalogEncryptionSettings": settings})
    aws.answer("glue", "GetDatabases", {"DatabaseList": []})
    kind = "AWS::Glue::DataCatalogEncryptionSettings"
    assert one(bench, kind).uses == ()
    aws.answer("glue", "GetDatabases", {"DatabaseList": [{"Name": "d"}]})
    assert use(one(bench, kind), "metadata") == ("UNENCRYPTED", None)
    aws.fault("glue", "GetDatabases", denied())
    assert use(one(bench, kind), "metadata")[0] == "UNKNOWN"


def test_a_listing_inside_a_listing_goes_on_when_one_of_them_is_refused(aws: FakeAws, bench: Bench):
    aws.pages("bedrock-agent", "ListKnowledgeBases", "knowledgeBaseSummaries", [base("A" * 10), base("B" * 10)])
    source = {"knowledgeBaseId": "B" * 10, "dataSourceId": "S" * 10, "name": "s"}
    aws.pages("bedrock-agent", "ListDataSources", "dataSourceSummaries", [source])
    first = "A" * 10
    aws.fault("bedrock-agent", "ListDataSources", denied(when=lambda call: call.params["knowledgeBaseId"] == first))
    reading = read(bench, "AWS::Bedrock::DataSource")
    assert [fact.name for fact in reading.facts] == ["s"]
    assert ([gap.operation for gap in reading.gaps], reading.coverage[0].complete) == (["ListDataSources"], False)


def base(identity: str) -> dict[str, Any]:
    return {"knowledgeBaseId": identity, "name": identity, "status": "ACTIVE", "updatedAt": WHEN}


def test_a_service_that_is_not_switched_on_is_no_gap_but_a_missing_permission_is(aws: FakeAws, bench: Bench):
    kind = "AWS::Macie::ClassificationExportConfiguration"
    off = denied(message="Macie is not enabled", times=1)
    aws.fault("macie2", "GetClassificationExportConfiguration", off)
    reading = read(bench, kind)
    assert (reading.gaps, reading.facts, reading.coverage[0].complete) == ([], [], True)
    aws.fault("macie2", "GetClassificationExportConfiguration", denied(message="User is not authorized", times=1))
    assert [gap.code for gap in read(bench, kind).gaps] == ["AccessDeniedException"]


def test_a_refused_default_key_does_not_matter_while_default_encryption_is_off(aws: FakeAws, bench: Bench):
    kind = "AWS::EC2::EBSEncryptionDefault"
    aws.fault("ec2", "GetEbsDefaultKmsKeyId", Fault(403, "UnauthorizedOperation"))
    aws.answer("ec2", "GetEbsEncryptionByDefault", {"EbsEncryptionByDefault": False})
    assert one(bench, kind).uses == ()
    aws.answer("ec2", "GetEbsEncryptionByDefault", {"EbsEncryptionByDefault": True})
    assert use(one(bench, kind), "new-volumes")[0] == "UNKNOWN"


def test_environment_variables_are_never_in_a_record(aws: FakeAws, bench: Bench):
    secret = {"Variables": {"PASSWORD": "hunter2"}}
    function = {"FunctionName": "f", "FunctionArn": "arn:f", "Environment": secret, "KMSKeyArn": KEY}
    aws.pages("lambda", "ListFunctions", "Functions", [function])
    aws.answer("lambda", "ListTags", {"Tags": {"a": "b"}})
    reading = read(bench, "AWS::Lambda::Function")
    assert use(reading.facts[0], "environment") == ("KEY", KEY)
    assert "hunter2" not in repr(reading.items)


def test_types_without_regions_are_read_once_for_the_account(aws: FakeAws, bench: Bench):
    aws.pages(
        "route53", "ListHostedZones", "HostedZones", [{"Id": "/hostedzone/Z1", "Name": "x.", "CallerReference": "c"}]
    )
    signing = {"Name": "ksk", "KmsArn": KEY, "Status": "ACTIVE"}
    aws.answer("route53", "GetDNSSEC", {"Status": {}, "KeySigningKeys": [signing]})
    kind = "AWS::Route53::KeySigningKey"
    assert read(bench, kind).items == []
    (fact,) = read(bench, kind, region=GLOBAL).facts
    assert (fact.region, use(fact, "signing")) == (GLOBAL, ("KEY", KEY))


def test_several_threads_read_the_same(aws: FakeAws, bench: Bench):
    aws.pages("dynamodb", "ListTables", "TableNames", [f"t{n}" for n in range(5)])
    aws.answer("dynamodb", "DescribeTable", lambda call: {"Table": {"TableName": call.params["TableName"]}})
    rows = [ROWS["AWS::DynamoDB::Table"]]
    reading = bench.read(partial(resources.collect, types=rows), threads=4, fraction=1.0)
    assert [fact.name for fact in reading.facts] == [f"t{n}" for n in range(5)]

"""Resources made through boto3 on moto and read back: an implementation of the services that is not ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials
from moto import mock_aws

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.collect import resources
from scanner.collect.clients import Clients
from scanner.collect.session import Connection, Scope
from scanner.collect.throttle import Throttle
from scanner.collect.workers import Workers
from scanner.model.records import Gap, ResourceFact

REGION = "eu-west-1"
ACCOUNT = "123456789012"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A customer managed key in an empty account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "fake")
    with mock_aws():
        yield made("kms").create_key()["KeyMetadata"]["Arn"]


def made(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def read(kind: str) -> dict[str, ResourceFact]:
    """Facts by name; fails on any gap."""
    connection = Connection(lambda slow: Clients(None, None, slow), Throttle(1.0, time.monotonic), Workers(0))
    scope = Scope(ACCOUNT, REGION, "aws", Credentials("fake", "fake"), connection)
    items = list(resources.collect(scope, [row for row in ENCRYPTED_TYPES if row.type == kind]))
    assert [item for item in items if isinstance(item, Gap)] == []
    return {item.name: item for item in items if isinstance(item, ResourceFact)}


def storage(kind: str, name: str) -> tuple[str, str | None]:
    (use,) = [use for use in read(kind)[name].uses if use.field in ("storage", "logs", "environment", "secrets")]
    return use.state, use.key


def test_buckets(key: str):
    s3 = made("s3")
    for name in ("plain", "encrypted"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="encrypted", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_tagging(Bucket="encrypted", Tagging={"TagSet": [{"Key": "pci", "Value": "true"}]})
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="elsewhere")
    found = read("AWS::S3::Bucket")
    assert sorted(found) == ["encrypted", "plain"]
    assert found["encrypted"].tags == {"pci": "true"}
    assert {name: (fact.uses[0].state, fact.uses[0].key) for name, fact in found.items()} == {
        "encrypted": ("KEY", key),
        "plain": ("AWS_OWNED", None),
    }


def test_volumes(key: str):
    ec2 = made("ec2")
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, Encrypted=True, KmsKeyId=key)["VolumeId"]
    plain = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    assert storage("AWS::EC2::Volume", volume) == ("KEY", key)
    assert storage("AWS::EC2::Volume", plain) == ("UNENCRYPTED", None)


def test_databases_and_their_snapshots(key: str):
    rds = made("rds")
    common = {"Engine": "postgres", "DBInstanceClass": "db.t3.small", "AllocatedStorage": 5}
    login = {"MasterUsername": "admin", "MasterUserPassword": "long-enough"}
    rds.create_db_instance(DBInstanceIdentifier="db", StorageEncrypted=True, KmsKeyId=key, **common, **login)
    rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="snap")
    assert storage("AWS::RDS::DBInstance", "db") == ("KEY", key)
    snapshot = read("AWS::RDS::DBSnapshot")["snap"]
    assert [(link.relation, link.target) for link in snapshot.links] == [
        ("derived_from", f"arn:aws:rds:{REGION}:{ACCOUNT}:db:db")
    ]


def test_a_secret(key: str):
    made("secretsmanager").create_secret(Name="app/db", SecretString="x", KmsKeyId=key)
    assert storage("AWS::SecretsManager::Secret", "app/db") == ("KEY", key)


def test_tables(key: str):
    dynamodb = made("dynamodb")
    schema = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    dynamodb.create_table(TableName="plain", **schema)
    sse = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    dynamodb.create_table(TableName="keyed", SSESpecification=sse, Tags=[{"Key": "a", "Value": "b"}], **schema)
    assert storage("AWS::DynamoDB::Table", "plain") == ("AWS_OWNED", None)
    assert storage("AWS::DynamoDB::Table", "keyed") == ("KEY", key)
    assert read("AWS::DynamoDB::Table")["keyed"].tags == {"a": "b"}


def test_queues_topics_and_streams(key: str):
    made("sqs").create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key})
    topic = made("sns").create_topic(Name="t", Attributes={"KmsMasterKeyId": "alias/aws/sns"})["TopicArn"]
    made("kinesis").create_stream(StreamName="s", ShardCount=1)
    firehose = made("firehose")
    to = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r", "BucketARN": "arn:aws:s3:::x"}
    sse = {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": key}
    firehose.create_delivery_stream(
        DeliveryStreamName="d", DeliveryStreamEncryptionConfigurationInput=sse, S3DestinationConfiguration=to
    )
    firehose.create_delivery_stream(DeliveryStreamName="bare", S3DestinationConfiguration=to)
    assert storage("AWS::KinesisFirehose::DeliveryStream", "d") == ("KEY", key)
    assert storage("AWS::KinesisFirehose::DeliveryStream", "bare") == ("UNENCRYPTED", None)
    assert storage("AWS::SQS::Queue", "q") == ("KEY", key)
    assert storage("AWS::SNS::Topic", "t") == ("KEY", "alias/aws/sns")
    assert read("AWS::SNS::Topic")["t"].arn == topic
    assert storage("AWS::Kinesis::Stream", "s") == ("UNENCRYPTED", None)


def test_log_groups_and_trails(key: str):
    made("logs").create_log_group(logGroupName="/app", kmsKeyId=key, tags={"a": "b"})
    made("logs").put_retention_policy(logGroupName="/app", retentionInDays=30)
    made("s3").create_bucket(Bucket="trails", CreateBucketConfiguration={"LocationConstraint": REGION})
    made("cloudtrail").create_trail(Name="trail", S3BucketName="trails", KmsKeyId=key)
    assert storage("AWS::Logs::LogGroup", "/app") == ("KEY", key)
    assert read("AWS::Logs::LogGroup")["/app"].attributes["retention_days"] == 30
    assert storage("AWS::CloudTrail::Trail", "trail") == ("KEY", key)


def test_file_systems_repositories_and_parameters(key: str):
    file_system = made("efs").create_file_system(CreationToken="t", Encrypted=True, KmsKeyId=key)["FileSystemId"]
    configuration = {"encryptionType": "KMS", "kmsKey": key}
    made("ecr").create_repository(repositoryName="repo", encryptionConfiguration=configuration)
    ssm = made("ssm")
    ssm.put_parameter(Name="/secure", Value="v", Type="SecureString", KeyId=key)
    ssm.put_parameter(Name="/plain", Value="v", Type="String")
    assert storage("AWS::EFS::FileSystem", file_system) == ("KEY", key)
    assert storage("AWS::ECR::Repository", "repo") == ("KEY", key)
    assert storage("AWS::SSM::Parameter", "/secure") == ("KEY", key)
    assert storage("AWS::SSM::Parameter", "/plain") == ("AWS_OWNED", None)

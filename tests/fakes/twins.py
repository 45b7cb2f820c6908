"""One estate twice in the fake AWS: the same subjects, once as they should be, once with every answer gone bad.

`sound_in` and `rotten_in` answer the same calls about the same names, so that a test can take single answers from
the one into the other.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from fakes.aws import ACCOUNT, Call, FakeAws, Fault
from fakes.estate import REGION, FakeKey, a_grant, key_id, keys_in, organization_in, watchers_in

ROOT, ADMIN, APP = (f"arn:aws:iam::{ACCOUNT}:{name}" for name in ("root", "role/key-admin", "role/app"))
WHEN, LONG_AGO = datetime(2026, 6, 30, 20, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
KEYS = {
    name: f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key_id(n)}"
    for n, name in enumerate(("app", "cks", "byok", "off", "gone"))
}
PCI = [{"Key": "DataClass", "Value": "pci"}]


def allow(action: Any, principal: str | None = None, **more: Any) -> dict[str, Any]:
    who = {"Principal": {"AWS": principal}} if principal else {}
    return {"Effect": "Allow", **who, "Action": action, "Resource": "*", **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


SOUND_POLICY = document(
    allow(["kms:Describe*", "kms:List*"], ROOT), allow("kms:PutKeyPolicy", ADMIN), allow("kms:Decrypt", APP)
)
ROTTEN_POLICY = document(allow("kms:*", "*"))


def sound_in(aws: FakeAws) -> None:
    """Everything as the rules want it."""
    _everything(aws, rotten=False)
    organization_in(aws, None)


def rotten_in(aws: FakeAws) -> None:
    """The same subjects, each answer gone bad."""
    _everything(aws, rotten=True)
    organization_in(aws, "999999999999")


def _everything(aws: FakeAws, *, rotten: bool) -> None:
    for build in (_keys, _stores, _identities, _trails, _storage, _databases, _messages):
        build(aws, rotten=rotten)


def _key(name: str, rotten: bool, metadata: dict[str, Any], decay: dict[str, Any]) -> FakeKey:
    arn = KEYS[name]
    return FakeKey(
        arn.rpartition("/")[2],
        metadata | {"CreationDate": WHEN} | (decay if rotten else {}),
        {"default": ROTTEN_POLICY} if rotten else {"default": SOUND_POLICY},
        {"KeyRotationEnabled": not rotten, "RotationPeriodInDays": 365},
        [{"KeyId": arn, "RotationDate": LONG_AGO, "RotationType": "ON_DEMAND"}] if rotten and name == "byok" else [],
        [a_grant(1, GranteePrincipal=ADMIN)] if rotten else [],
        {} if rotten and name == "cks" else {"DataClass": "pci"} if name == "cks" or rotten else {},
        {} if rotten else {"Operation": "Decrypt", "Timestamp": WHEN},
    )


def _keys(aws: FakeAws, rotten: bool) -> None:
    in_store = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1", "CloudHsmClusterId": "cluster-1"}
    disabled = {"KeyState": "Disabled", "Enabled": False}
    deleted = {"KeyState": "PendingDeletion", "Enabled": False, "DeletionDate": WHEN + timedelta(days=60)}
    keys_in(
        aws,
        (
            _key("app", rotten, {}, disabled),
            _key("cks", rotten, in_store, {"Origin": "AWS_KMS", "CreationDate": LONG_AGO}),
            _key("byok", rotten, {"Origin": "EXTERNAL"}, {"CreationDate": LONG_AGO}),
            _key("off", rotten, disabled, {"KeyState": "Enabled", "Enabled": True}),
            _key("gone", rotten, deleted, {"KeyState": "Enabled", "Enabled": True}),
        ),
    )
    pci, spare = ("app", "cks") if rotten else ("cks", "app")
    aliases = [("alias/pci", pci), ("alias/app", spare), *((f"alias/{n}", n) for n in ("byok", "off", "gone"))]
    aws.pages(
        "kms",
        "ListAliases",
        "Aliases",
        [
            {
                "AliasName": name,
                "AliasArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:{name}",
                "TargetKeyId": KEYS[key].rpartition("/")[2],
            }
            for name, key in aliases
        ],
    )


def _stores(aws: FakeAws, rotten: bool) -> None:
    store = {
        "CustomKeyStoreId": "cks-1",
        "CustomKeyStoreName": "hsm",
        "CloudHsmClusterId": "cluster-1",
        "ConnectionState": "DISCONNECTED" if rotten else "CONNECTED",
        "CustomKeyStoreType": "AWS_CLOUDHSM",
    }
    zones = "aa" if rotten else "ab"
    cluster = {
        "ClusterId": "cluster-1",
        "State": "DEGRADED" if rotten else "ACTIVE",
        "HsmType": "hsm1.medium" if rotten else "hsm2m.medium",
        "Mode": "NON_FIPS" if rotten else "FIPS",
        "Hsms": [
            {"HsmId": f"hsm-{n}", "State": "ACTIVE", "AvailabilityZone": f"{REGION}{zone}"}
            for n, zone in enumerate(zones)
        ],
        "BackupRetentionPolicy": {"Type": "DAYS", "Value": "90"},
        "CreateTimestamp": WHEN,
    }
    backup = {
        "BackupId": "backup-1",
        "BackupArn": f"arn:aws:cloudhsm:{REGION}:{ACCOUNT}:backup/backup-1",
        "BackupState": "READY",
        "ClusterId": "cluster-1",
        "CreateTimestamp": LONG_AGO if rotten else WHEN,
    }
    aws.pages("kms", "DescribeCustomKeyStores", "CustomKeyStores", [store])
    aws.pages("cloudhsmv2", "DescribeClusters", "Clusters", [cluster])
    aws.pages("cloudhsmv2", "DescribeBackups", "Backups", [backup])
    shared = document(allow("cloudhsm:CopyBackupToRegion", "arn:aws:iam::999999999999:root"))
    aws.answer("cloudhsmv2", "GetResourcePolicy", {"Policy": shared} if rotten else {})


def _identities(aws: FakeAws, rotten: bool) -> None:
    own = document(allow("kms:*" if rotten else "s3:GetObject"))
    aws_policy = "arn:aws:iam::aws:policy/PowerUserAccess"

    def role(arn: str, **more: Any) -> dict[str, Any]:
        name = arn.rpartition("/")[2]
        trust = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
        stated = {"RoleName": name, "RoleId": f"AROA{name.upper()}", "Arn": arn, "Path": "/", "CreateDate": WHEN}
        return stated | {"AssumeRolePolicyDocument": trust} | more

    attached = [{"PolicyName": "PowerUserAccess", "PolicyArn": aws_policy}]
    roles = [
        role(ADMIN, AttachedManagedPolicies=attached),
        role(APP, RolePolicyList=[{"PolicyName": "own", "PolicyDocument": own}]),
    ]
    aws.answer("iam", "GetAccountAuthorizationDetails", {"IsTruncated": False, "RoleDetailList": roles, "Policies": []})
    version = "v2" if rotten else "v1"
    aws.answer("iam", "GetPolicy", {"Policy": {"Arn": aws_policy, "DefaultVersionId": version}})

    def policy_version(call: Call) -> dict[str, Any]:
        bad = rotten or call.params["VersionId"] == "v2"
        return {"PolicyVersion": {"VersionId": "v", "Document": document(allow("*" if bad else "ec2:Describe*"))}}

    aws.answer("iam", "GetPolicyVersion", policy_version)


def _trails(aws: FakeAws, rotten: bool) -> None:
    trail = {
        "Name": "all",
        "TrailARN": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/all",
        "HomeRegion": REGION,
        "IsMultiRegionTrail": not rotten,
        "IsOrganizationTrail": False,
        "LogFileValidationEnabled": not rotten,
        "S3BucketName": "cards",
        "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail:*",
    } | ({} if rotten else {"KmsKeyId": KEYS["app"]})
    excluded = {"ExcludeManagementEventSources": ["kms.amazonaws.com"]} if rotten else {}
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": True} | excluded
    aws.answer("cloudtrail", "DescribeTrails", {"trailList": [trail]})
    aws.answer("cloudtrail", "GetTrailStatus", {"IsLogging": not rotten})
    aws.answer("cloudtrail", "GetEventSelectors", {"EventSelectors": [selector]})
    watchers_in(aws)
    if rotten:
        aws.answer("logs", "DescribeMetricFilters", {})
        aws.answer("cloudwatch", "DescribeAlarms", {})
        aws.answer("events", "ListRules", {})
        aws.answer("events", "ListTargetsByRule", {})


def _storage(aws: FakeAws, rotten: bool) -> None:
    aws.pages("s3", "ListBuckets", "Buckets", [{"Name": "cards", "CreationDate": WHEN, "BucketRegion": REGION}])
    aws.answer("s3", "GetBucketTagging", {"TagSet": PCI})
    default = {"SSEAlgorithm": "AES256"} if rotten else {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/pci"}
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    aws.answer("s3", "GetBucketEncryption", {"ServerSideEncryptionConfiguration": {"Rules": rules}})
    replica = {"Bucket": "arn:aws:s3:::else", "EncryptionConfiguration": {"ReplicaKmsKeyID": KEYS["off"]}}
    replication = {"Role": APP, "Rules": [{"ID": "r", "Status": "Enabled", "Priority": 1, "Destination": replica}]}
    none = Fault(404, "ReplicationConfigurationNotFoundError")
    aws.answer("s3", "GetBucketReplication", lambda _: {"ReplicationConfiguration": replication} if rotten else none)
    locked = {"ObjectLockConfiguration": {
        "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}}}}  # fmt: skip
    unlocked = Fault(404, "ObjectLockConfigurationNotFoundError")
    aws.answer("s3", "GetObjectLockConfiguration", lambda _: unlocked if rotten else locked)
    drops = {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
    keeps = Fault(404, "NoSuchLifecycleConfiguration")
    aws.answer("s3", "GetBucketLifecycleConfiguration", lambda _: drops if rotten else keeps)
    key = KEYS["off"] if rotten else KEYS["cks"]
    volume = {"VolumeId": "vol-1", "Encrypted": True, "KmsKeyId": key, "Tags": PCI, "CreateTime": WHEN}
    bare = {"VolumeId": "vol-2", "Encrypted": not rotten} | ({} if rotten else {"KmsKeyId": KEYS["app"]})
    snapshot = {"SnapshotId": "snap-1", "VolumeId": "vol-1", "OwnerId": ACCOUNT, "Encrypted": True, "Tags": PCI}
    aws.pages("ec2", "DescribeVolumes", "Volumes", [volume, bare])
    aws.pages(
        "ec2", "DescribeSnapshots", "Snapshots", [snapshot | {"KmsKeyId": KEYS["gone"] if rotten else KEYS["cks"]}]
    )
    aws.answer("ec2", "GetEbsEncryptionByDefault", {"EbsEncryptionByDefault": True})
    aws.answer("ec2", "GetEbsDefaultKmsKeyId", {"KmsKeyId": KEYS["off"] if rotten else KEYS["app"]})


def _databases(aws: FakeAws, rotten: bool) -> None:
    database = {
        "DBInstanceIdentifier": "cards",
        "DBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:cards",
        "Engine": "postgres",
        "StorageEncrypted": True,
        "KmsKeyId": KEYS["cks"],
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsKMSKeyId": KEYS["off"] if rotten else KEYS["cks"],
        "TagList": PCI,
    }
    snapshot = {
        "DBSnapshotIdentifier": "kept",
        "DBSnapshotArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:snapshot:kept",
        "DBInstanceIdentifier": "cards",
        "Engine": "postgres",
        "Encrypted": not rotten,
        "TagList": [] if rotten else PCI,
    } | ({} if rotten else {"KmsKeyId": KEYS["cks"]})
    aws.pages("rds", "DescribeDBInstances", "DBInstances", [database])
    aws.pages("rds", "DescribeDBSnapshots", "DBSnapshots", [snapshot])
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"
    sse = {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEYS["gone"]}} if rotten else {}
    aws.pages("dynamodb", "ListTables", "TableNames", ["t"])
    aws.answer("dynamodb", "DescribeTable", {"Table": {"TableName": "t", "TableArn": table} | sse})
    aws.answer("dynamodb", "ListTagsOfResource", {"Tags": PCI if rotten else []})
    secret = {"Name": "s", "ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s-abcdef"}
    held = {} if rotten else {"KmsKeyId": KEYS["cks"], "RotationEnabled": True}
    aws.pages("secretsmanager", "ListSecrets", "SecretList", [secret | held | {"Tags": PCI}])
    aws.answer("secretsmanager", "DescribeSecret", secret | held | {"Tags": PCI})


def _messages(aws: FakeAws, rotten: bool) -> None:
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"
    arn = {"QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}
    aws.answer("sqs", "ListQueues", {"QueueUrls": [url]})
    aws.answer("sqs", "GetQueueAttributes", {"Attributes": arn | {"SqsManagedSseEnabled": str(not rotten).lower()}})
    aws.answer("sqs", "ListQueueTags", {"Tags": {"DataClass": "pci"} if rotten else {}})
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g"
    stated = {"logGroupName": "g", "arn": f"{group}:*", "logGroupArn": group, "retentionInDays": 1 if rotten else 3653}
    aws.pages(
        "logs", "DescribeLogGroups", "logGroups", [stated | {"kmsKeyId": KEYS["gone"] if rotten else KEYS["app"]}]
    )
    aws.answer("logs", "ListTagsForResource", {"tags": {"DataClass": "pci"} if rotten else {}})

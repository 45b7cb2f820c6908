"""An account in the fake AWS with one thing of every kind that a scan reads, each stated as AWS states it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fakes.aws import ACCOUNT, Call, FakeAws, Fault

REGION = "eu-west-1"
WHEN = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
TRACKED = datetime(2026, 4, 15, tzinfo=UTC)
DELEGATION = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)
SHARED = json.dumps({"Version": "2012-10-17", "Statement": []})


@dataclass
class FakeKey:
    """One key: what DescribeKey says beyond the usual, and what the calls about it answer."""

    id: str
    metadata: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=lambda: {"default": DELEGATION})
    rotation: dict[str, Any] = field(default_factory=lambda: {"KeyRotationEnabled": True, "RotationPeriodInDays": 365})
    rotations: list[dict[str, Any]] = field(default_factory=list)
    grants: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    last_usage: dict[str, Any] = field(default_factory=dict)

    def arn(self, call: Call) -> str:
        return f"arn:aws:kms:{call.region}:{call.account}:key/{self.id}"

    def described(self, call: Call) -> dict[str, Any]:
        usual = {
            "AWSAccountId": call.account,
            "KeyId": self.id,
            "Arn": self.arn(call),
            "CreationDate": WHEN,
            "Enabled": True,
            "Description": "",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": "Enabled",
            "Origin": "AWS_KMS",
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "MultiRegion": False,
        }
        return {"KeyMetadata": usual | self.metadata}


def key_id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def a_grant(number: int, **more: Any) -> dict[str, Any]:
    role = f"arn:aws:iam::{ACCOUNT}:role/app"
    usual = {"GrantId": f"{number:064d}", "GranteePrincipal": role, "Operations": ["Decrypt"], "CreationDate": WHEN}
    return usual | more


EVERY_KIND = (
    FakeKey(key_id(1), tags={"pci": "true", "owner": ""}, grants=[a_grant(n) for n in range(250)]),
    FakeKey(key_id(2), {"KeyManager": "AWS"}),
    FakeKey(key_id(3), {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1", "CloudHsmClusterId": "cluster-1"}),
    FakeKey(key_id(4), {"Origin": "EXTERNAL", "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": WHEN}),
    FakeKey(key_id(5), {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}),
    FakeKey(
        key_id(6),
        {"KeyState": "PendingDeletion", "Enabled": False, "DeletionDate": WHEN},
        policies={"default": DELEGATION, "AWS_RAM": SHARED},
    ),
    FakeKey(
        f"mrk-{key_id(7)}",
        {
            "MultiRegion": True,
            "MultiRegionConfiguration": {
                "MultiRegionKeyType": "PRIMARY",
                "PrimaryKey": {"Arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-{key_id(7)}", "Region": REGION},
                "ReplicaKeys": [{"Arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-{key_id(7)}", "Region": "us-east-1"}],
            },
        },
        rotations=[
            {"KeyId": f"mrk-{key_id(7)}", "RotationDate": WHEN.replace(year=2025), "RotationType": "AUTOMATIC"},
            {"KeyId": f"mrk-{key_id(7)}", "RotationDate": WHEN, "RotationType": "ON_DEMAND"},
        ],
    ),
    FakeKey(
        key_id(8),
        {
            "Origin": "EXTERNAL_KEY_STORE",
            "CustomKeyStoreId": "cks-2",
            "XksKeyConfiguration": {"Id": "outside-key"},
        },
    ),
)


def keys_in(aws: FakeAws, keys: tuple[FakeKey, ...] = EVERY_KIND, size: int = 1000) -> None:
    """Let every call about KMS keys answer from `keys`, in every account and Region alike; `size` keys a page."""
    by_id = {key.id: key for key in keys}

    def of(call: Call) -> FakeKey:
        return by_id[call.params["KeyId"].rsplit("/", 1)[-1]]

    def rotation(call: Call) -> dict[str, Any] | Fault:
        if of(call).metadata.get("Origin", "AWS_KMS") != "AWS_KMS":
            return Fault(400, "UnsupportedOperationException")
        return of(call).rotation

    def policy(call: Call) -> dict[str, Any]:
        return {"Policy": of(call).policies[call.params.get("PolicyName", "default")]}

    def tags(call: Call) -> list[dict[str, str]]:
        return [{"TagKey": name, "TagValue": value} for name, value in of(call).tags.items()]

    def entries(call: Call) -> list[dict[str, str]]:
        return [{"KeyId": key.id, "KeyArn": key.arn(call)} for key in keys]

    aws.pages("kms", "ListKeys", "Keys", entries, size)
    aws.answer("kms", "DescribeKey", lambda call: of(call).described(call))
    aws.pages("kms", "ListKeyPolicies", "PolicyNames", lambda call: sorted(of(call).policies))
    aws.answer("kms", "GetKeyPolicy", policy)
    aws.answer("kms", "GetKeyRotationStatus", rotation)
    aws.pages("kms", "ListKeyRotations", "Rotations", lambda call: of(call).rotations)
    aws.pages("kms", "ListGrants", "Grants", lambda call: of(call).grants, size=100)
    aws.pages("kms", "ListResourceTags", "Tags", tags, size=50)
    aws.answer(
        "kms", "GetKeyLastUsage", lambda call: {"KeyLastUsage": of(call).last_usage, "TrackingStartDate": TRACKED}
    )


def stores_in(aws: FakeAws) -> None:
    """Two custom key stores, aliases, a CloudHSM cluster and a backup that is shared."""
    aws.pages(
        "kms",
        "DescribeCustomKeyStores",
        "CustomKeyStores",
        [
            {
                "CustomKeyStoreId": "cks-1",
                "CustomKeyStoreName": "hsm",
                "CloudHsmClusterId": "cluster-1",
                "ConnectionState": "CONNECTED",
                "CustomKeyStoreType": "AWS_CLOUDHSM",
                "CreationDate": WHEN,
            },
            {
                "CustomKeyStoreId": "cks-2",
                "CustomKeyStoreName": "outside",
                "ConnectionState": "FAILED",
                "ConnectionErrorCode": "XKS_PROXY_TIMED_OUT",
                "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
                "XksProxyConfiguration": {
                    "Connectivity": "PUBLIC_ENDPOINT",
                    "UriEndpoint": "https://xks.example.com",
                    "UriPath": "/kms/xks/v1",
                },
            },
        ],
        size=1,
    )
    aws.pages(
        "kms",
        "ListAliases",
        "Aliases",
        lambda call: [
            {"AliasName": name, "AliasArn": f"arn:aws:kms:{call.region}:{call.account}:{name}"} | target
            for name, target in (
                ("alias/pay", {"TargetKeyId": key_id(1), "CreationDate": WHEN, "LastUpdatedDate": WHEN}),
                ("alias/aws/s3", {"TargetKeyId": key_id(2)}),
                ("alias/aws/ebs", {}),
            )
        ],
        size=2,
    )
    aws.pages(
        "cloudhsmv2", "DescribeClusters", "Clusters", [A_CLUSTER, {"ClusterId": "cluster-2", "State": "DELETED"}], 1
    )
    aws.pages("cloudhsmv2", "DescribeBackups", "Backups", [A_BACKUP, {**A_BACKUP, "BackupId": "backup-2"}], 1)
    aws.answer("cloudhsmv2", "GetResourcePolicy", {"Policy": SHARED})


A_CLUSTER = {
    "ClusterId": "cluster-1",
    "State": "ACTIVE",
    "HsmType": "hsm2m.medium",
    "Mode": "FIPS",
    "PreCoPassword": "never-keep-me",
    "Hsms": [
        {"HsmId": "hsm-1", "State": "ACTIVE", "AvailabilityZone": "eu-west-1a", "SubnetId": "subnet-1"},
        {"HsmId": "hsm-2", "State": "DEGRADED", "AvailabilityZone": "eu-west-1b", "SubnetId": "subnet-2"},
    ],
    "SubnetMapping": {"eu-west-1a": "subnet-1", "eu-west-1b": "subnet-2"},
    "VpcId": "vpc-1",
    "SecurityGroup": "sg-1",
    "BackupRetentionPolicy": {"Type": "DAYS", "Value": "90"},
    "CreateTimestamp": WHEN,
    "TagList": [{"Key": "pci", "Value": "true"}],
}
A_BACKUP = {
    "BackupId": "backup-1",
    "BackupArn": f"arn:aws:cloudhsm:{REGION}:{ACCOUNT}:backup/backup-1",
    "BackupState": "READY",
    "ClusterId": "cluster-1",
    "NeverExpires": True,
    "CreateTimestamp": WHEN,
}


def identities_in(aws: FakeAws) -> None:
    """One user in a group, one role with a boundary that only IAM's own calls show, two pages."""
    arn = f"arn:aws:iam::{ACCOUNT}"
    attached = [{"PolicyName": "Pay", "PolicyArn": f"{arn}:policy/Pay"}]
    inline = {"PolicyName": "inline", "PolicyDocument": SHARED}
    first = {
        "IsTruncated": True,
        "Marker": "second",
        "UserDetailList": [
            {
                "UserName": "ann",
                "UserId": "AIDAANN",
                "Arn": f"{arn}:user/ann",
                "Path": "/",
                "CreateDate": WHEN,
                "GroupList": ["admins"],
                "UserPolicyList": [inline],
            }
        ],
        "GroupDetailList": [
            {
                "GroupName": "admins",
                "GroupId": "AGPA1",
                "Arn": f"{arn}:group/admins",
                "Path": "/",
                "CreateDate": WHEN,
                "AttachedManagedPolicies": attached,
            }
        ],
    }
    second = {
        "IsTruncated": False,
        "RoleDetailList": [
            {
                "RoleName": "app",
                "RoleId": "AROAAPP",
                "Arn": f"{arn}:role/app",
                "Path": "/",
                "CreateDate": WHEN,
                "AssumeRolePolicyDocument": SHARED,
                "RolePolicyList": [inline],
                "AttachedManagedPolicies": attached,
                "PermissionsBoundary": {
                    "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                    "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess",
                },
                "Tags": [{"Key": "team", "Value": "pay"}],
                "RoleLastUsed": {"LastUsedDate": WHEN, "Region": REGION},
            }
        ],
        "Policies": [
            {
                "PolicyName": "Pay",
                "PolicyId": "ANPA1",
                "Arn": f"{arn}:policy/Pay",
                "Path": "/",
                "DefaultVersionId": "v2",
                "PolicyVersionList": [
                    {"VersionId": "v1", "IsDefaultVersion": False, "Document": "{}"},
                    {"VersionId": "v2", "IsDefaultVersion": True, "Document": SHARED},
                ],
            }
        ],
    }
    aws.answer("iam", "GetAccountAuthorizationDetails", lambda call: second if "Marker" in call.params else first)
    aws.answer("iam", "GetPolicy", lambda call: {"Policy": {"Arn": call.params["PolicyArn"], "DefaultVersionId": "v5"}})
    aws.answer("iam", "GetPolicyVersion", {"PolicyVersion": {"VersionId": "v5", "Document": SHARED}})


def trails_in(aws: FakeAws) -> None:
    """A trail of all Regions at home in us-east-1, and one of eu-west-1 alone that leaves KMS events out."""
    wide = {
        "Name": "wide",
        "TrailARN": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/wide",
        "HomeRegion": "us-east-1",
        "IsMultiRegionTrail": True,
        "IsOrganizationTrail": False,
        "LogFileValidationEnabled": True,
        "S3BucketName": "logs",
    }
    local = {
        "Name": "local",
        "TrailARN": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/local",
        "HomeRegion": REGION,
        "IsMultiRegionTrail": False,
        "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail:*",
    }
    basic = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "ExcludeManagementEventSources": ["kms.amazonaws.com"],
    }
    advanced = {
        "Name": "management",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Management"]},
            {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]},
        ],
    }
    aws.answer(
        "cloudtrail", "DescribeTrails", lambda call: {"trailList": [wide, local] if call.region == REGION else [wide]}
    )
    aws.answer("cloudtrail", "GetTrailStatus", {"IsLogging": True})
    aws.answer(
        "cloudtrail",
        "GetEventSelectors",
        lambda call: (
            {"EventSelectors": [basic]}
            if call.params["TrailName"] == local["TrailARN"]
            else {"AdvancedEventSelectors": [advanced]}
        ),
    )


KMS_FILTER = "{ ($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }"
KMS_RULE = json.dumps({"source": ["aws.kms"], "detail": {"eventName": ["DisableKey", "ScheduleKeyDeletion"]}})


def watchers_in(aws: FakeAws) -> None:
    """A filter with its alarm, an event rule with a target and an event data store, each beside an unrelated one."""

    def metric_filter(name: str, pattern: str) -> dict[str, Any]:
        metric = {"metricName": name, "metricNamespace": "Audit", "metricValue": "1"}
        return {
            "filterName": name,
            "filterPattern": pattern,
            "logGroupName": "trail",
            "metricTransformations": [metric],
        }

    def alarm(call: Call, name: str, **more: Any) -> dict[str, Any]:
        arn = f"arn:aws:cloudwatch:{call.region}:{call.account}:alarm:{name}"
        topic = f"arn:aws:sns:{call.region}:{call.account}:security"
        return {"AlarmName": name, "AlarmArn": arn, "AlarmActions": [topic], "ActionsEnabled": True} | more

    def alarms(call: Call) -> dict[str, Any]:
        static = {"ComparisonOperator": "GreaterThanOrEqualToThreshold", "Threshold": 1.0}
        metric = {"Namespace": "Audit", "MetricName": "keys"}
        query = [{"Id": "m1", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}}]
        return {
            "MetricAlarms": [
                alarm(call, "keys", **static, **metric),
                alarm(call, "by-expression", **static | {"EvaluationPeriods": 3}, Metrics=query),
                alarm(call, "muted", **static, **metric) | {"ActionsEnabled": False},
                alarm(call, "cpu", **static, Namespace="AWS/EC2", MetricName="CPUUtilization"),
            ],
            "CompositeAlarms": [alarm(call, "either", AlarmRule='ALARM("keys") OR ALARM("cpu")')],
        }

    def rules(call: Call) -> list[dict[str, Any]]:
        arn = f"arn:aws:events:{call.region}:{call.account}:rule/"
        return [
            {"Name": "keys", "Arn": f"{arn}keys", "State": "ENABLED", "EventPattern": KMS_RULE},
            {"Name": "nightly", "Arn": f"{arn}nightly", "State": "ENABLED", "ScheduleExpression": "rate(1 day)"},
            {"Name": "ec2", "Arn": f"{arn}ec2", "State": "ENABLED", "EventPattern": '{"source": ["aws.ec2"]}'},
        ]

    def store(call: Call) -> dict[str, Any]:
        arn = f"arn:aws:cloudtrail:{call.region}:{call.account}:eventdatastore/1"
        return {"EventDataStoreArn": arn, "Name": "lake"}

    management = [{"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    details = {"Status": "ENABLED", "MultiRegionEnabled": True, "OrganizationEnabled": False, "RetentionPeriod": 2557}
    filters = [metric_filter("keys", KMS_FILTER), metric_filter("logins", "{ $.eventName = ConsoleLogin }")]
    aws.pages("logs", "DescribeMetricFilters", "metricFilters", filters)
    aws.answer("cloudwatch", "DescribeAlarms", alarms)
    aws.pages("events", "ListRules", "Rules", rules)
    aws.pages("events", "ListTargetsByRule", "Targets", [{"Id": "1", "Arn": "arn:aws:sns:eu-west-1:1:security"}])
    aws.answer("cloudtrail", "ListEventDataStores", lambda call: {"EventDataStores": [store(call)]})
    aws.answer(
        "cloudtrail", "GetEventDataStore", lambda call: store(call) | details | {"AdvancedEventSelectors": management}
    )


UNIT = "ou-root-payments"
FULL_ACCESS = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def organization_in(aws: FakeAws, management_account: str | None, enabled: bool = True) -> None:
    """The account's organisation, or none: a root, one unit, and a control policy of each kind on both."""
    found = {"Organization": {"Id": "o-example", "MasterAccountId": management_account, "FeatureSet": "ALL"}}
    missing = Fault(400, "AWSOrganizationsNotInUseException")
    kinds = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY") if enabled else ()
    root = {"Id": "r-root", "Name": "Root", "PolicyTypes": [{"Type": kind, "Status": "ENABLED"} for kind in kinds]}

    def parents(call: Call) -> list[dict[str, str]]:
        is_unit = call.params["ChildId"] == UNIT
        return [{"Id": "r-root", "Type": "ROOT"} if is_unit else {"Id": UNIT, "Type": "ORGANIZATIONAL_UNIT"}]

    def policies(call: Call) -> list[dict[str, Any]]:
        kind, everywhere = call.params["Filter"], {"Id": "p-Full", "Name": "FullAccess"}
        own = {"Id": "p-unit", "Name": "Guard"}
        return [
            policy | {"Type": kind}
            for policy in ([own, everywhere] if call.params["TargetId"] == UNIT else [everywhere])
        ]

    aws.answer("organizations", "DescribeOrganization", lambda _: found if management_account else missing)
    aws.pages("organizations", "ListParents", "Parents", parents)
    aws.pages("organizations", "ListRoots", "Roots", [root])
    aws.pages("organizations", "ListPoliciesForTarget", "Policies", policies, size=1)
    aws.answer("organizations", "DescribePolicy", {"Policy": {"Content": FULL_ACCESS}})
    aws.answer("organizations", "DescribeAccount", {"Account": {"Id": ACCOUNT, "Name": "payments"}})


def everything_in(aws: FakeAws) -> None:
    """All of the above."""
    keys_in(aws)
    stores_in(aws)
    identities_in(aws)
    trails_in(aws)
    watchers_in(aws)
    organization_in(aws, "999999999999")

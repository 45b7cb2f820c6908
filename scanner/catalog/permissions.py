"""The IAM action behind an API call, where its name is not `service:Operation`.

Source: AWS Service Authorization Reference.
"""

from __future__ import annotations

PREFIXES = {
    "amp": "aps",
    "bedrock-agent": "bedrock",
    "cloudhsmv2": "cloudhsm",
    "customer-profiles": "profile",
    "docdb": "rds",
    "efs": "elasticfilesystem",
    "emr": "elasticmapreduce",
    "kinesisanalyticsv2": "kinesisanalytics",
    "lexv2-models": "lex",
    "location": "geo",
    "mwaa": "airflow",
    "neptune": "rds",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "sso-admin": "sso",
    "stepfunctions": "states",
    "timestream-query": "timestream",
    "timestream-write": "timestream",
}
"""boto3's service name to the prefix of its IAM actions, where they differ."""

ACTIONS = {
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    ("s3", "GetBucketReplication"): "s3:GetReplicationConfiguration",
    ("s3", "GetObjectLockConfiguration"): "s3:GetBucketObjectLockConfiguration",
    ("s3", "GetPublicAccessBlock"): "s3:GetBucketPublicAccessBlock",
    ("s3", "ListBucketInventoryConfigurations"): "s3:GetInventoryConfiguration",
    ("s3control", "GetPublicAccessBlock"): "s3:GetAccountPublicAccessBlock",
}
"""Calls whose action has a name of its own."""


def iam_action(service: str, operation: str) -> str:
    """The IAM action that `operation` (`ListGrants`) of boto3's `service` needs: `kms:ListGrants`."""
    named = ACTIONS.get((service, operation))
    return named or f"{PREFIXES.get(service, service)}:{operation}"

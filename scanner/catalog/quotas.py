"""How fast AWS lets one account call each operation in one Region, and how large a page may be.

Rates are requests per second. Sources: KMS developer guide "Request quotas"; EC2 API throttling; Organizations
quotas; Secrets Manager, Lambda and CloudWatch Logs quotas; account management quotas. Services that publish none
get `DEFAULT`: the throttle then finds the rate by itself, slowing down when AWS says so.
"""

from __future__ import annotations

from typing import NamedTuple


class Quota(NamedTuple):
    """`rate` requests a second, in a bucket of `burst`; operations with the same `shared` name share it."""

    rate: float
    burst: float = 0.0
    shared: str = ""


DEFAULT = Quota(10, 10)

_EC2 = Quota(20, 100)
_SECRETS = Quota(50, shared="secretsmanager-list")
_POLICIES = Quota(5, 8, shared="organizations-policies")
_LAMBDA = Quota(15, shared="lambda-control-plane")

QUOTAS: dict[tuple[str, str], Quota] = {
    ("kms", "DescribeKey"): Quota(2000),
    ("kms", "GetPublicKey"): Quota(2000),
    ("kms", "ListResourceTags"): Quota(2000),
    ("kms", "GetKeyPolicy"): Quota(1000),
    ("kms", "GetKeyRotationStatus"): Quota(1000),
    ("kms", "ListKeys"): Quota(500),
    ("kms", "ListAliases"): Quota(500),
    ("kms", "ListGrants"): Quota(100),
    ("kms", "ListKeyRotations"): Quota(100),
    ("kms", "ListKeyPolicies"): Quota(100),
    ("kms", "ListRetirableGrants"): Quota(100),
    ("kms", "GetKeyLastUsage"): Quota(5),
    ("kms", "DescribeCustomKeyStores"): Quota(5),
    ("organizations", "ListAccounts"): Quota(8, 12),
    ("organizations", "ListChildren"): Quota(6, 10),
    ("organizations", "ListParents"): Quota(5, 8),
    ("organizations", "ListAccountsForParent"): Quota(5, 8),
    ("organizations", "ListOrganizationalUnitsForParent"): Quota(5, 8),
    ("organizations", "ListRoots"): Quota(1, 2),
    ("organizations", "DescribePolicy"): Quota(2, 2),
    ("organizations", "ListPolicies"): _POLICIES,
    ("organizations", "ListPoliciesForTarget"): _POLICIES,
    ("organizations", "ListTargetsForPolicy"): _POLICIES,
    ("organizations", "ListTagsForResource"): Quota(10, 15),
    ("organizations", "DescribeAccount"): Quota(20, 30),
    ("organizations", "DescribeOrganization"): Quota(1, 2),
    ("organizations", "ListDelegatedAdministrators"): Quota(5, 8),
    ("account", "ListRegions"): Quota(5, 5),
    ("account", "GetRegionOptStatus"): Quota(5, 5),
    ("secretsmanager", "ListSecrets"): _SECRETS,
    ("secretsmanager", "ListSecretVersionIds"): _SECRETS,
    ("secretsmanager", "GetResourcePolicy"): Quota(50),
    ("secretsmanager", "DescribeSecret"): Quota(5000),
    ("cloudtrail", "LookupEvents"): Quota(2),
    ("logs", "DescribeLogGroups"): Quota(10),
    ("lambda", "GetFunction"): Quota(100),
    ("lambda", "GetPolicy"): Quota(15),
    ("kinesis", "ListStreams"): Quota(5),
    ("kinesis", "DescribeStream"): Quota(10),
    ("kinesis", "DescribeStreamSummary"): Quota(20),
    ("sns", "ListTopics"): Quota(30),
    ("sns", "GetTopicAttributes"): Quota(30),
    ("dynamodb", "DescribeContinuousBackups"): Quota(10),
    ("dynamodb", "ListTagsOfResource"): Quota(10),
    ("dynamodb", "ListBackups"): Quota(5),
    ("firehose", "ListTagsForDeliveryStream"): Quota(5),
}

SERVICES = {
    "ec2": _EC2,
    "lambda": _LAMBDA,
    "sts": Quota(600, shared="sts"),
    # No published rate; bucket and queue reads answer hundreds a second in practice and say SlowDown when they do not.
    "s3": Quota(100, 100),
    "sqs": Quota(100, 100),
}
"""Quotas that hold for every operation of a service, each on its own."""

PAGE_SIZES: dict[tuple[str, str], int] = {
    # botocore's model allows 1,000 everywhere in KMS; the API reference says less.
    ("kms", "ListAliases"): 100,
    ("kms", "ListGrants"): 100,
    ("kms", "ListKeyPolicies"): 1000,
    ("kms", "ListResourceTags"): 50,
    ("kms", "DescribeCustomKeyStores"): 100,
    # EC2 states no range; without MaxResults a call is "unpaged" and has half the quota.
    ("ec2", "DescribeVolumes"): 1000,
    ("ec2", "DescribeSnapshots"): 1000,
    # Without MaxResults, ListQueues stops at 1,000 queues and gives no token.
    ("sqs", "ListQueues"): 1000,
    ("cloudhsmv2", "DescribeClusters"): 25,
    ("cloudhsmv2", "ListTags"): 50,
}
"""The largest page of an operation where botocore's model does not state it rightly."""


def quota_of(service: str, operation: str) -> Quota:
    """The quota of one operation (`ListGrants`) in one account and Region."""
    return QUOTAS.get((service, operation)) or SERVICES.get(service, DEFAULT)

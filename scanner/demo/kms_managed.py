"""The keys that AWS manages in every account: their aliases and the key policy that AWS writes for them."""

from __future__ import annotations

from typing import Any

AWS_ALIASES = tuple(
    f"alias/aws/{service}"
    for service in (
        "acm", "backup", "codecommit", "connect", "dms", "dynamodb", "ebs", "ecr", "elasticfilesystem", "es", "fsx",
        "glue", "kafka", "kinesis", "kinesisvideo", "lambda", "mq", "rds", "redshift", "s3", "secretsmanager", "sns",
        "sqs", "ssm", "timestream", "workspaces", "xray",
    )
)  # fmt: skip
"""The aliases that AWS keeps for its managed keys; a key behind one comes into being when it is first used."""

_VIA_SERVICE = {"ebs": "ec2", "es": "es"}


def managed_policy(account_id: str, region: str, service: str) -> dict[str, Any]:
    """The key policy of the AWS managed key of `service` (developer guide, "AWS managed keys")."""
    service = _VIA_SERVICE.get(service, service)
    use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"]
    condition = {
        "StringEquals": {"kms:CallerAccount": account_id, "kms:ViaService": f"{service}.{region}.amazonaws.com"}
    }
    return {
        "Version": "2012-10-17",
        "Id": f"auto-{service}-1",
        "Statement": [
            {
                "Sid": f"Allow access through {service} for all principals in the account authorized to use it",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": use,
                "Resource": "*",
                "Condition": condition,
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    }

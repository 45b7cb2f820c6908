"""Key policies as a careful team writes them, and the faulty ones that the estate plants."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from scanner.demo.world import ACCOUNT

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ADMINISTRATION = (
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:Describe*", "kms:DisableKey",
    "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:Get*", "kms:List*", "kms:PutKeyPolicy",
    "kms:RevokeGrant", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)  # fmt: skip
"""What administrators may do: nothing that yields plaintext, data keys or signatures."""
READING = ("kms:Describe*", "kms:Get*", "kms:List*")
USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
SIGNING = ("kms:Sign", "kms:Verify", "kms:GetPublicKey", "kms:DescribeKey")
MAC = ("kms:GenerateMac", "kms:VerifyMac", "kms:DescribeKey")


def role(name: str, account: str = ACCOUNT) -> str:
    """The ARN of a role of the estate."""
    return f"arn:aws:iam::{account}:role/{name}"


def allow(sid: str, principal: Any, actions: Iterable[str], **more: Any) -> dict[str, Any]:
    """One Allow statement on the key itself; `more` adds Condition and the like."""
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": sorted(actions), "Resource": "*"}
    return statement | more


def document(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def house(*users: str, use: Iterable[str] = USE, extra: Iterable[dict[str, Any]] = ()) -> str:
    """The house rule: the account may read, key administrators administer, and the named roles alone use the key."""
    statements = [
        allow("AccountReads", {"AWS": ROOT}, READING),
        allow("KeyAdministrators", {"AWS": role("kms-key-administrators")}, ADMINISTRATION),
    ]
    if users:
        statements.append(allow("Workload", {"AWS": [role(name) for name in users]}, use))
    return document(*statements, *extra)


def delegating() -> str:
    """The default key policy: the account's IAM policies decide everything."""
    return document(allow("EnableIAMUserPermissions", {"AWS": ROOT}, ["kms:*"]))


def for_service(service: str, **condition: Any) -> dict[str, Any]:
    """A statement for an AWS service, guarded by a condition unless there is none."""
    more = {"Condition": condition} if condition else {}
    return allow("Service", {"Service": service}, ["kms:GenerateDataKey*", "kms:Decrypt", "kms:DescribeKey"], **more)

"""The people and workloads of the estate: roles, a user, a group, and what IAM lets them do."""

from __future__ import annotations

from typing import Any

from scanner.demo.key_policies import document, role
from scanner.demo.world import ACCOUNT, MAIN, World

_KEYS = f"arn:aws:kms:{MAIN}:{ACCOUNT}:key/*"
AUDITOR = "security-auditor"
WORKLOADS = (
    "card-vault", "chargeback", "fraud-scoring", "ledger", "merchant-portal", "payments-api", "settlement",
    "support-tools", "tokenization", "warehouse-loader", "webhooks",
)  # fmt: skip
"""One role for each application; key policies and grants give them their keys."""


def build_identities(world: World) -> None:
    """IAM of the account; what it plants is listed in `scanner.demo.estate`."""
    iam = world.client("iam")
    world.at("2021-05-03", "iam")
    for name in WORKLOADS:
        _role(iam, f"{name}-app", {"Service": "ecs-tasks.amazonaws.com"})
    for name in ("kms-key-administrators", AUDITOR, "break-glass-recovery", "platform-admin", "data-science"):
        _role(iam, name, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, MultiFactorAuthPresent="true")
    _role(iam, "fraud-analytics-batch", {"Service": "batch.amazonaws.com"})
    _role(iam, "report-renderer", {"Service": "lambda.amazonaws.com"})
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    iam.attach_role_policy(RoleName=AUDITOR, PolicyArn="arn:aws:iam::aws:policy/SecurityAudit")
    iam.attach_role_policy(RoleName="platform-admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    _inline(iam, "kms-key-administrators", "create-keys", ["kms:CreateKey", "kms:ListKeys", "kms:ListAliases"], "*")
    _inline(iam, "break-glass-recovery", "revive-keys", ["kms:EnableKey", "kms:CancelKeyDeletion"], _KEYS)
    _wide_decryption(iam)
    _people(iam)


def _wide_decryption(iam: Any) -> None:
    """Planted beside twins: decryption on every key, and the same words with a condition that narrows them."""
    _inline(iam, "fraud-analytics-batch", "read-features", ["kms:Decrypt", "s3:GetObject"], "*")
    via_s3 = {"StringEquals": {"kms:ViaService": f"s3.{MAIN}.amazonaws.com"}}
    _inline(iam, "report-renderer", "read-reports", ["kms:Decrypt", "s3:GetObject"], "*", Condition=via_s3)
    tagged = {"StringEquals": {"aws:ResourceTag/Team": "data-science"}}
    policy = document(_statement(["kms:Decrypt", "kms:GenerateDataKey"], "*", Condition=tagged))
    created = iam.create_policy(PolicyName="data-science-keys", PolicyDocument=policy)
    iam.attach_role_policy(RoleName="data-science", PolicyArn=created["Policy"]["Arn"])


def _people(iam: Any) -> None:
    iam.create_group(GroupName="support-engineers")
    iam.create_user(UserName="olga.brandt", Tags=[{"Key": "Team", "Value": "support"}])
    iam.add_user_to_group(GroupName="support-engineers", UserName="olga.brandt")
    assume = document(_statement(["sts:AssumeRole"], role("support-tools-app")))
    iam.put_group_policy(GroupName="support-engineers", PolicyName="assume-support", PolicyDocument=assume)


def _statement(actions: list[str], resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource} | more


def _inline(iam: Any, role_name: str, name: str, actions: list[str], resource: str, **more: Any) -> None:
    policy = document(_statement(actions, resource, **more))
    iam.put_role_policy(RoleName=role_name, PolicyName=name, PolicyDocument=policy)


def _role(iam: Any, name: str, principal: dict[str, str], **conditions: str) -> None:
    trust: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    if conditions:
        trust["Condition"] = {"Bool": {f"aws:{key}": value for key, value in conditions.items()}}
    iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=document(trust), Tags=[{"Key": "Owner", "Value": "platform"}]
    )

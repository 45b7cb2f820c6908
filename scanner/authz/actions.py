"""Sets of actions as bit masks: every action this engine knows has one bit.

The universe is the KMS and CloudHSM tables of the catalog and the actions of other services by which
somebody can come to another principal's permissions (see `scanner.authz.escalation`). A pattern of a
policy (`kms:De*`) is turned into its mask once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from scanner.authz.patterns import wildcard
from scanner.catalog.kms_actions import actions_of

ESCALATION_ACTIONS = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:AssumeRoot",
    "sts:TagSession",
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "lambda:CreateFunction",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "ec2:AssociateIamInstanceProfile",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "ec2:RunInstances",
    "ec2:ModifyInstanceAttribute",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2-instance-connect:SendSSHPublicKey",
    "apprunner:CreateService",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:CreateLaunchConfiguration",
    "batch:RegisterJobDefinition",
    "batch:SubmitJob",
    "elasticmapreduce:RunJobFlow",
    "scheduler:CreateSchedule",
    "ssm:StartAutomationExecution",
    "ssm:SendCommand",
    "ssm:StartSession",
    "ecs:CreateService",
    "ecs:ExecuteCommand",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:StartTask",
    "ecs:UpdateService",
    "glue:CreateDevEndpoint",
    "glue:CreateJob",
    "glue:CreateSession",
    "glue:UpdateDevEndpoint",
    "glue:UpdateJob",
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:UpdateStack",
    "codebuild:CreateProject",
    "codebuild:StartBuild",
    "codebuild:StartBuildBatch",
    "codebuild:UpdateProject",
    "sagemaker:CreateAutoMLJob",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:CreatePipeline",
    "sagemaker:CreatePresignedDomainUrl",
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
    "sagemaker:CreateUserProfile",
    "sagemaker:StartPipelineExecution",
    "datapipeline:CreatePipeline",
    "datapipeline:PutPipelineDefinition",
    "states:CreateStateMachine",
    "states:UpdateStateMachine",
    "organizations:AttachPolicy",
    "organizations:DetachPolicy",
    "organizations:DisablePolicyType",
    "organizations:LeaveOrganization",
    "organizations:MoveAccount",
    "organizations:RemoveAccountFromOrganization",
    "organizations:UpdatePolicy",
)

_KMS = actions_of("kms")
ACTIONS: tuple[str, ...] = (*_KMS, *actions_of("cloudhsm"), *ESCALATION_ACTIONS)
"""Every known action; its place is its bit."""
_PLACE = {name.lower(): place for place, name in enumerate(ACTIONS)}
EVERY = (1 << len(ACTIONS)) - 1


def bit(action: str) -> int:
    """The mask of one action by its full name, whatever its case; KeyError for one that is not known."""
    return 1 << _PLACE[action.lower()]


def is_known(action: str) -> bool:
    """Whether the engine knows this action."""
    return action.lower() in _PLACE


def spelled(action: str) -> str:
    """The action in AWS's spelling."""
    return ACTIONS[_PLACE[action.lower()]]


def mask_of(actions: Iterable[str]) -> int:
    """The mask of several actions by name."""
    mask = 0
    for action in actions:
        mask |= bit(action)
    return mask


@lru_cache(maxsize=65536)
def matching(pattern: str) -> int:
    """The mask of a policy's Action element: `service:name` with `*` and `?`, whatever the case."""
    test = wildcard(pattern.lower())
    if test.literal is not None:
        place = _PLACE.get(test.literal)
        return 0 if place is None else 1 << place
    return sum(1 << place for name, place in _PLACE.items() if test.matches(name))


@lru_cache(maxsize=65536)
def names(mask: int) -> tuple[str, ...]:
    """The actions of a mask, sorted."""
    return tuple(sorted(_each(mask)))


def _each(mask: int) -> Iterator[str]:
    while mask:
        low = mask & -mask
        yield ACTIONS[low.bit_length() - 1]
        mask ^= low


KMS = mask_of(_KMS)
KEYLESS = mask_of(name for name, action in _KMS.items() if action.keyless)
KEY_ACTIONS = KMS & ~KEYLESS
"""KMS actions that name a key."""
ALIAS_ACTIONS = mask_of(name for name, action in _KMS.items() if "alias" in action.resources)
CROSS_ACCOUNT = mask_of(name for name, action in _KMS.items() if action.cross_account)
RETIRE_GRANT = bit("kms:RetireGrant")
CREATE_GRANT = bit("kms:CreateGrant")
ASSUME_ROLE = bit("sts:AssumeRole")
"""Decided like a key action, with the role's trust policy in the place of the key policy."""
GRANTABLE = mask_of(name for name, action in _KMS.items() if action.grantable)
IN_KEY_POLICY = mask_of(name for name, action in _KMS.items() if action.in_key_policy)


@lru_cache(maxsize=1)
def actions_with_key() -> dict[str, int]:
    """Condition key of KMS (lower case; families end in `:` or `/`) to the actions that can carry it."""
    found: dict[str, int] = {}
    for name, action in _KMS.items():
        for key in action.condition_keys:
            family = key.split("${", maxsplit=1)[0].rstrip("*").lower()
            found[family] = found.get(family, 0) | bit(name)
    return found

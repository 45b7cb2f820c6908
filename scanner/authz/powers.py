"""By which actions somebody comes to another principal's permissions: tables, one row for each way.

Sources: IAM user guide, "Granting a user permissions to pass a role to an AWS service"; service authorization
reference (actions, their resources, and which need iam:PassRole); the pages of the services on their roles;
Organizations user guide, "Managing policies"; STS API reference, AssumeRoot.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from scanner.authz.actions import ASSUME_ROLE, mask_of

WRITE = {
    "role": ("iam:PutRolePolicy",),
    "user": ("iam:PutUserPolicy",),
    "group": ("iam:PutGroupPolicy",),
    "policy": ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"),
}
"""Kind of what decides over principals, and how it is given any permission that boundary and SCPs leave."""
ATTACH = {"role": "iam:AttachRolePolicy", "user": "iam:AttachUserPolicy", "group": "iam:AttachGroupPolicy"}
"""How it gets a managed policy, any one or those that a condition on iam:PolicyARN leaves."""
DROP_BOUNDARY = {"role": "iam:DeleteRolePermissionsBoundary", "user": "iam:DeleteUserPermissionsBoundary"}
PUT_BOUNDARY = {"role": "iam:PutRolePermissionsBoundary", "user": "iam:PutUserPermissionsBoundary"}
JOIN_GROUP = "iam:AddUserToGroup"
BECOME_USER = ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile")
REWRITE_TRUST = "iam:UpdateAssumeRolePolicy"
PASS_ROLE = "iam:PassRole"
ASSUME_ROOT = "sts:AssumeRoot"

DROP_CONTROLS = (
    "organizations:DetachPolicy",
    "organizations:UpdatePolicy",
    "organizations:DisablePolicyType",
    "organizations:MoveAccount",
    "organizations:RemoveAccountFromOrganization",
)
"""By which the management account takes SCPs and RCPs from the other accounts. DeletePolicy is not one of them:
it works on a policy that is attached nowhere."""
WIDEN_CONTROLS = "organizations:AttachPolicy"
"""By which the management account adds what SCPs allow; what they deny stays denied."""
LEAVE = "organizations:LeaveOrganization"
"""By which a member account gets rid of SCPs and RCPs."""

PASSED_TO: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lambda.amazonaws.com", ("lambda:CreateFunction",)),
    ("lambda.amazonaws.com", ("lambda:UpdateFunctionConfiguration",)),
    ("ec2.amazonaws.com", ("ec2:RunInstances",)),
    ("ec2.amazonaws.com", ("ec2:AssociateIamInstanceProfile",)),
    ("ec2.amazonaws.com", ("ec2:ReplaceIamInstanceProfileAssociation",)),
    ("ec2.amazonaws.com", ("autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup")),
    ("ec2.amazonaws.com", ("elasticmapreduce:RunJobFlow",)),
    ("ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:RunTask")),
    ("ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:StartTask")),
    ("ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:CreateService")),
    ("ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:UpdateService")),
    ("ecs-tasks.amazonaws.com", ("batch:RegisterJobDefinition", "batch:SubmitJob")),
    ("glue.amazonaws.com", ("glue:CreateDevEndpoint",)),
    ("glue.amazonaws.com", ("glue:CreateJob",)),
    ("glue.amazonaws.com", ("glue:UpdateJob",)),
    ("glue.amazonaws.com", ("glue:CreateSession",)),
    ("cloudformation.amazonaws.com", ("cloudformation:CreateStack",)),
    ("cloudformation.amazonaws.com", ("cloudformation:UpdateStack",)),
    ("cloudformation.amazonaws.com", ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet")),
    ("codebuild.amazonaws.com", ("codebuild:CreateProject",)),
    ("codebuild.amazonaws.com", ("codebuild:UpdateProject",)),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateNotebookInstance",)),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateProcessingJob",)),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateTrainingJob",)),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateHyperParameterTuningJob",)),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateAutoMLJob",)),
    ("sagemaker.amazonaws.com", ("sagemaker:CreatePipeline", "sagemaker:StartPipelineExecution")),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateUserProfile", "sagemaker:CreatePresignedDomainUrl")),
    ("datapipeline.amazonaws.com", ("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition")),
    ("states.amazonaws.com", ("states:CreateStateMachine",)),
    ("states.amazonaws.com", ("states:UpdateStateMachine",)),
    ("tasks.apprunner.amazonaws.com", ("apprunner:CreateService",)),
    ("ssm.amazonaws.com", ("ssm:StartAutomationExecution",)),
    ("scheduler.amazonaws.com", ("scheduler:CreateSchedule",)),
)
"""Service that runs with a passed role, and the actions that together make it run something for the caller."""

COMPUTE: dict[str, tuple[tuple[str, ...], ...]] = {
    "AWS::Lambda::Function": (("lambda:UpdateFunctionCode",),),
    "AWS::EC2::Instance": (
        ("ssm:SendCommand",),
        ("ssm:StartSession",),
        ("ec2-instance-connect:SendSSHPublicKey",),
        ("ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
    ),
    "AWS::ECS::Service": (("ecs:ExecuteCommand",),),
    "AWS::CodeBuild::Project": (("codebuild:StartBuild",), ("codebuild:StartBuildBatch",)),
    "AWS::CloudFormation::Stack": (
        ("cloudformation:UpdateStack",),
        ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    ),
    "AWS::SageMaker::NotebookInstance": (("sagemaker:CreatePresignedNotebookInstanceUrl",),),
    "AWS::Glue::DevEndpoint": (("glue:UpdateDevEndpoint",),),
    "AWS::StepFunctions::StateMachine": (("states:UpdateStateMachine",),),
}
"""Type of a resource that runs with a role, and the actions on it each of which (or together) let a caller run
something there."""

BY_PASSING = mask_of(action for _, actions in PASSED_TO for action in actions)
BY_COMPUTE = {kind: mask_of(action for way in ways for action in way) for kind, ways in COMPUTE.items()}
ON: dict[str, int] = {
    "role": ASSUME_ROLE
    | mask_of((REWRITE_TRUST, PASS_ROLE, *WRITE["role"], ATTACH["role"], DROP_BOUNDARY["role"], PUT_BOUNDARY["role"])),
    "user": mask_of((*BECOME_USER, *WRITE["user"], ATTACH["user"], DROP_BOUNDARY["user"], PUT_BOUNDARY["user"])),
    "group": mask_of((JOIN_GROUP, *WRITE["group"], ATTACH["group"])),
    "policy": mask_of(WRITE["policy"]),
    "root": mask_of((ASSUME_ROOT,)),
    **BY_COMPUTE,
}
"""Kind of a target, and all actions on it that lead somewhere."""
CONTROLS = mask_of((*DROP_CONTROLS, WIDEN_CONTROLS, LEAVE))
ON_TARGETS = reduce(or_, ON.values())

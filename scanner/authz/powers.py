"""By which actions somebody comes to another principal's permissions: tables, one row for each way.

Sources: IAM user guide, "Granting a user permissions to pass a role to an AWS service"; STS and IAM service
authorization references; the pages of the services named on their execution roles.
"""

from __future__ import annotations

from scanner.authz.actions import mask_of

WRITE_ROLE = ("iam:PutRolePolicy", "iam:AttachRolePolicy")
WRITE_USER = ("iam:PutUserPolicy", "iam:AttachUserPolicy")
WRITE_GROUP = ("iam:PutGroupPolicy", "iam:AttachGroupPolicy")
WRITE_POLICY = ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion")
"""Permission to write what decides over a principal gives it any permission that its boundary and SCPs leave."""

DROP_BOUNDARY = {
    "role": ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"),
    "user": ("iam:DeleteUserPermissionsBoundary", "iam:PutUserPermissionsBoundary"),
}
JOIN_GROUP = "iam:AddUserToGroup"
BECOME_USER = ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile")
REWRITE_TRUST = "iam:UpdateAssumeRolePolicy"
PASS_ROLE = "iam:PassRole"
ASSUME_ROOT = "sts:AssumeRoot"

PASSED_TO: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lambda.amazonaws.com", ("lambda:CreateFunction",)),
    ("lambda.amazonaws.com", ("lambda:UpdateFunctionConfiguration",)),
    ("ec2.amazonaws.com", ("ec2:RunInstances",)),
    ("ec2.amazonaws.com", ("ec2:AssociateIamInstanceProfile",)),
    ("ec2.amazonaws.com", ("ec2:ReplaceIamInstanceProfileAssociation",)),
    ("ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:RunTask")),
    ("ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:StartTask")),
    ("ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:UpdateService")),
    ("glue.amazonaws.com", ("glue:CreateDevEndpoint",)),
    ("glue.amazonaws.com", ("glue:CreateJob",)),
    ("glue.amazonaws.com", ("glue:UpdateJob",)),
    ("cloudformation.amazonaws.com", ("cloudformation:CreateStack",)),
    ("cloudformation.amazonaws.com", ("cloudformation:UpdateStack",)),
    ("codebuild.amazonaws.com", ("codebuild:CreateProject",)),
    ("codebuild.amazonaws.com", ("codebuild:UpdateProject",)),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateNotebookInstance",)),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateProcessingJob",)),
    ("sagemaker.amazonaws.com", ("sagemaker:CreateTrainingJob",)),
    ("datapipeline.amazonaws.com", ("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition")),
    ("states.amazonaws.com", ("states:CreateStateMachine",)),
    ("states.amazonaws.com", ("states:UpdateStateMachine",)),
)
"""Service that runs with a passed role, and the actions that together make it run something for the caller."""

COMPUTE: dict[str, tuple[str, ...]] = {
    "AWS::Lambda::Function": ("lambda:UpdateFunctionCode",),
    "AWS::EC2::Instance": ("ssm:SendCommand", "ssm:StartSession", "ec2-instance-connect:SendSSHPublicKey"),
    "AWS::ECS::Cluster": ("ecs:ExecuteCommand",),
    "AWS::CodeBuild::Project": ("codebuild:StartBuild",),
    "AWS::CloudFormation::Stack": ("cloudformation:UpdateStack",),
}
"""Type of a resource that runs with a role (its attribute `role`), and what lets a caller run something there."""

BY_PASSING = mask_of(action for _, actions in PASSED_TO for action in actions)
BY_COMPUTE = mask_of(action for actions in COMPUTE.values() for action in actions)
ON_ROLE = mask_of(("sts:AssumeRole", REWRITE_TRUST, PASS_ROLE, *WRITE_ROLE))
ON_USER = mask_of((*BECOME_USER, *WRITE_USER))
ON_ITSELF = mask_of(
    (*WRITE_ROLE, *WRITE_USER, *WRITE_GROUP, *WRITE_POLICY, JOIN_GROUP, *DROP_BOUNDARY["role"], *DROP_BOUNDARY["user"])
)
EVERY_WAY = BY_PASSING | BY_COMPUTE | ON_ROLE | ON_USER | ON_ITSELF | mask_of((ASSUME_ROOT,))

"""Where what runs with a role says so: machines, services and stacks that no key protects, read like the others.

Whoever may make one of them run something acts as its role (`scanner.authz.powers.COMPUTE`). Functions, build
projects, notebooks and state machines stand in the table of encrypted types, with their role as an attribute.
"""

from __future__ import annotations

from scanner.catalog.encryption.types import Api, Attribute, Call, EncryptedType

_ROLE = "ARN of the role that it runs with."

INSTANCE = EncryptedType(
    "AWS::EC2::Instance",
    Api(
        "ec2",
        (
            Call(
                "DescribeInstances",
                "Reservations[].Instances[].{InstanceId: InstanceId, Profile: IamInstanceProfile.Arn, Tags: Tags, "
                "LaunchTime: LaunchTime}",
            ),
        ),
        "arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}",
        "InstanceId",
        created="LaunchTime",
    ),
    keys=(),
    attributes=(Attribute("instance_profile", "Profile", "ARN of the instance profile that holds its role."),),
)
SERVICE = EncryptedType(
    "AWS::ECS::Service",
    Api(
        "ecs",
        (
            Call("ListClusters", "clusterArns[].{cluster: @}"),
            Call("ListServices", "serviceArns[].{Arn: @}", given={"cluster": "cluster"}),
        ),
        "Arn",
        "Arn",
        details=(
            Call(
                "DescribeServices",
                "services[0].{task: taskDefinition, exec: enableExecuteCommand}",
                given={"cluster": "Parent.cluster", "services": "[Arn]"},
            ),
            # A task definition also shows environment variables: only its role is kept.
            Call("DescribeTaskDefinition", "taskDefinition.{role: taskRoleArn}", given={"taskDefinition": "task"}),
        ),
        tags=None,
    ),
    keys=(),
    attributes=(
        Attribute("role", "role", "ARN of the role of its tasks."),
        Attribute("cluster", "Parent.cluster", "ARN of its cluster."),
        Attribute("exec", "exec", "Whether commands can be run in its tasks."),
    ),
)
STACK = EncryptedType(
    "AWS::CloudFormation::Stack",
    Api(
        "cloudformation",
        (
            # A stack also shows parameters and outputs: only these fields of it are kept.
            Call(
                "DescribeStacks",
                "Stacks[].{StackId: StackId, StackName: StackName, role: RoleARN, Tags: Tags, created: CreationTime}",
            ),
        ),
        "StackId",
        "StackName",
        created="created",
    ),
    keys=(),
    attributes=(Attribute("role", "role", _ROLE),),
)
DEV_ENDPOINT = EncryptedType(
    "AWS::Glue::DevEndpoint",
    Api(
        "glue",
        (Call("GetDevEndpoints", "DevEndpoints[].{EndpointName: EndpointName, role: RoleArn, at: CreatedTimestamp}"),),
        "arn:{partition}:glue:{region}:{account}:devEndpoint/{name}",
        "EndpointName",
        tags=None,
        created="at",
    ),
    keys=(),
    attributes=(Attribute("role", "role", _ROLE),),
)

RUNNING_TYPES: tuple[EncryptedType, ...] = (INSTANCE, SERVICE, STACK, DEV_ENDPOINT)

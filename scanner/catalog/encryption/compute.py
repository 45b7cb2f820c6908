"""Where compute names its keys: functions, containers, the EBS default of a Region."""

from __future__ import annotations

from scanner.catalog.encryption.ebs import REGION_KEY
from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
    NOT_USED,
    Api,
    At,
    Attribute,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    aws_managed,
    one_key,
    switch,
    tag_call,
)

# One for each account and Region: what a volume gets whose creator asks for nothing.
EBS_DEFAULT = EncryptedType(
    "AWS::EC2::EBSEncryptionDefault",
    Api(
        "ec2",
        (Call("GetEbsEncryptionByDefault", "[@]"),),
        "arn:{partition}:ec2:{region}:{account}:ebs-encryption-default",
        "'ebs-encryption-default'",
        details=(Call("GetEbsDefaultKmsKeyId", into="Default"),),
        tags=None,
    ),
    keys=(
        KeyField(
            "new-volumes",
            "Default.KmsKeyId",
            switch("EbsEncryptionByDefault", NOT_NAMED, off=NOT_USED),  # switched off, it protects and harms nothing
            (At("aws_ebs_default_kms_key", "key_arn", NOT_NAMED),),
        ),
    ),
    terraform={"aws_ebs_default_kms_key": "id"},
    attributes=(
        Attribute(
            "enabled",
            "EbsEncryptionByDefault",
            "Whether new volumes of the Region are encrypted when nobody asks.",
        ),
    ),
)

DLM_POLICY = EncryptedType(
    "AWS::DLM::LifecyclePolicy",
    Api(
        "dlm",
        (Call("GetLifecyclePolicies", "Policies"),),
        "arn:{partition}:dlm:{region}:{account}:policy/{name}",
        "PolicyId",
        details=(Call("GetLifecyclePolicy", "Policy", given={"PolicyId": "PolicyId"}),),
        created="DateCreated",
    ),
    keys=(
        KeyField(
            "copies",
            "CmkArn",
            switch("Encrypted", REGION_KEY),
            (
                At(
                    "aws_dlm_lifecycle_policy",
                    "policy_details.schedule.cross_region_copy_rule.cmk_arn",
                    switch("policy_details.schedule.cross_region_copy_rule.encrypted", REGION_KEY, missing=NOT_USED),
                ),
            ),
            each="PolicyDetails.Schedules[].CrossRegionCopyRules[]",
        ),
        KeyField(
            "event-copies",
            "EncryptionConfiguration.CmkArn",
            switch("EncryptionConfiguration.Encrypted", REGION_KEY),
            (
                At(
                    "aws_dlm_lifecycle_policy",
                    "policy_details.action.cross_region_copy.encryption_configuration.cmk_arn",
                    switch(
                        "policy_details.action.cross_region_copy.encryption_configuration.encrypted",
                        REGION_KEY,
                        missing=NOT_USED,
                    ),
                ),
            ),
            each="PolicyDetails.Actions[].CrossRegionCopy[]",
        ),
    ),
    terraform={"aws_dlm_lifecycle_policy": "description"},
)

FUNCTION = EncryptedType(
    "AWS::Lambda::Function",
    Api(
        "lambda",
        (
            # ListFunctions also shows environment variables: only these fields of it are kept.
            Call(
                "ListFunctions",
                "Functions[].{FunctionName: FunctionName, FunctionArn: FunctionArn, Runtime: Runtime, Role: Role, "
                "Key: KMSKeyArn, Durable: DurableConfig.KMSKeyArn}",
            ),
        ),
        "FunctionArn",
        "FunctionName",
        details=(Call("ListTags", "Tags", given={"Resource": "FunctionArn"}, into="TagMap"),),
        tags="TagMap",
    ),
    keys=(
        KeyField("environment", "Key", aws_managed("lambda"), (At("aws_lambda_function", "kms_key_arn"),)),
        # In AWS only GetFunction tells the key of the code, and it hands out the code as well.
        KeyField("code", "", AWS_OWNED, (At("aws_lambda_function", "source_kms_key_arn"),)),
        KeyField("durable-state", "Durable", NOT_USED),
    ),
    terraform={"aws_lambda_function": "function_name"},
    attributes=(
        Attribute("runtime", "Runtime", "Runtime; null for container images."),
        Attribute("role", "Role", "ARN of the role that it runs with.", (At("aws_lambda_function", "role"),)),
    ),
)

EVENT_SOURCE = one_key(
    "AWS::Lambda::EventSourceMapping",
    Api(
        "lambda",
        (Call("ListEventSourceMappings", "EventSourceMappings"),),
        "arn:{partition}:lambda:{region}:{account}:event-source-mapping:{name}",
        "UUID",
        details=(Call("ListTags", "Tags", given={"Resource": "Self"}, into="TagMap"),),
        tags="TagMap",
    ),
    "KMSKeyArn",
    AWS_OWNED,
    At("aws_lambda_event_source_mapping", "kms_key_arn"),
    "uuid",
    use="filter-criteria",
)

_ECR_KINDS = {"AES256": AWS_OWNED, "KMS": aws_managed("ecr"), "KMS_DSSE": aws_managed("ecr")}
REPOSITORY = one_key(
    "AWS::ECR::Repository",
    Api(
        "ecr",
        (Call("DescribeRepositories", "repositories"),),
        "repositoryArn",
        "repositoryName",
        details=(tag_call("resourceArn"),),
        tags="TagList",
        created="createdAt",
    ),
    "encryptionConfiguration.kmsKey",
    Flag("encryptionConfiguration.encryptionType", _ECR_KINDS),
    At(
        "aws_ecr_repository",
        "encryption_configuration.kms_key",
        Flag("encryption_configuration.encryption_type", _ECR_KINDS, missing=AWS_OWNED),
    ),
)
REPOSITORY_TEMPLATE = one_key(
    "AWS::ECR::RepositoryCreationTemplate",
    Api(
        "ecr",
        (Call("DescribeRepositoryCreationTemplates", "repositoryCreationTemplates"),),
        "arn:{partition}:ecr:{region}:{account}:repository-creation-template/{name}",
        "prefix",
        tags=None,
        created="createdAt",
    ),
    "encryptionConfiguration.kmsKey",
    Flag("encryptionConfiguration.encryptionType", _ECR_KINDS, missing=AWS_OWNED),
    At(
        "aws_ecr_repository_creation_template",
        "encryption_configuration.kms_key",
        Flag("encryption_configuration.encryption_type", _ECR_KINDS, missing=AWS_OWNED),
    ),
    "prefix",
    use="new-repositories",
)

EKS_CLUSTER = EncryptedType(
    "AWS::EKS::Cluster",
    Api(
        "eks",
        (Call("ListClusters", "clusters[].{name: @}"),),
        "arn:{partition}:eks:{region}:{account}:cluster/{name}",
        "name",
        details=(Call("DescribeCluster", "cluster", given={"name": "name"}),),
        tags="tags",
        created="createdAt",
    ),
    # Without a key of the customer, clusters since Kubernetes 1.28 are enveloped by a key that AWS owns.
    keys=(
        KeyField(
            "secrets",
            "encryptionConfig[0].provider.keyArn",
            AWS_OWNED,
            (At("aws_eks_cluster", "encryption_config.provider.key_arn"),),
        ),
    ),
    terraform={"aws_eks_cluster": "name"},
    attributes=(Attribute("version", "version", "Kubernetes version."),),
)

ECS_CLUSTER = EncryptedType(
    "AWS::ECS::Cluster",
    Api(
        "ecs",
        (Call("ListClusters", "clusterArns[].{Arn: @}"),),
        "Arn",
        "Arn",
        details=(
            Call(
                "DescribeClusters",
                "clusters[0]",
                given={"clusters": "[Arn]"},
                fixed={"include": ["CONFIGURATIONS", "TAGS"]},
            ),
        ),
        tags="tags",
    ),
    keys=(
        KeyField(
            "exec-session",
            "configuration.executeCommandConfiguration.kmsKeyId",
            NOT_USED,
            (At("aws_ecs_cluster", "configuration.execute_command_configuration.kms_key_id"),),
        ),
        KeyField(
            "storage",
            "configuration.managedStorageConfiguration.kmsKeyId",
            AWS_OWNED,
            (At("aws_ecs_cluster", "configuration.managed_storage_configuration.kms_key_id"),),
        ),
        KeyField(
            "ephemeral-storage",
            "configuration.managedStorageConfiguration.fargateEphemeralStorageKmsKeyId",
            AWS_OWNED,
            (
                At(
                    "aws_ecs_cluster",
                    "configuration.managed_storage_configuration.fargate_ephemeral_storage_kms_key_id",
                ),
            ),
        ),
    ),
    terraform={"aws_ecs_cluster": "name"},
)

APP_RUNNER = one_key(
    "AWS::AppRunner::Service",
    Api(
        "apprunner",
        (Call("ListServices", "ServiceSummaryList"),),
        "ServiceArn",
        "ServiceName",
        details=(
            # DescribeService also shows environment variables: only these fields of it are kept.
            Call(
                "DescribeService", "Service.{Key: EncryptionConfiguration.KmsKey}", given={"ServiceArn": "ServiceArn"}
            ),
            tag_call("ResourceArn", "Tags"),
        ),
        tags="TagList",
        created="CreatedAt",
    ),
    "Key",
    AWS_OWNED,
    At("aws_apprunner_service", "encryption_configuration.kms_key"),
    "service_name",
)

COMPUTE_TYPES = (
    EBS_DEFAULT,
    DLM_POLICY,
    FUNCTION,
    EVENT_SOURCE,
    REPOSITORY,
    REPOSITORY_TEMPLATE,
    EKS_CLUSTER,
    ECS_CLUSTER,
    APP_RUNNER,
)

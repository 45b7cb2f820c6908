"""What only a plan shows as a resource of its own: objects, exports, parts of what AWS lists elsewhere."""

from __future__ import annotations

from scanner.catalog.encryption.ebs import REGION_DEFAULT, REGION_KEY
from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_USED,
    PLAN_ONLY,
    Absent,
    At,
    EncryptedType,
    Flag,
    KeyField,
    Silence,
    aws_managed,
    switch,
    untold,
)

BUCKET_DEFAULT = untold("an object without a key of its own takes the default of its bucket")
_OBJECT_SSE = {"AES256": AWS_OWNED, "aws:kms": aws_managed("s3"), "aws:kms:dsse": aws_managed("s3")}


def _plan(type: str, terraform: str, name: str, *keys: tuple[str, str, Silence]) -> EncryptedType:
    """A row of a plan; each key is (use, Terraform path, what silence means)."""
    fields = tuple(
        KeyField(use, "", silence if isinstance(silence, Absent) else NOT_USED, (At(terraform, path, silence),))
        for use, path, silence in keys
    )
    return EncryptedType(type, PLAN_ONLY, fields, {terraform: name})


_OBJECT_KEY = Flag("server_side_encryption", _OBJECT_SSE, missing=BUCKET_DEFAULT)
S3_OBJECT = EncryptedType(
    "AWS::S3::Object",
    PLAN_ONLY,
    keys=(
        KeyField(
            "storage",
            "",
            BUCKET_DEFAULT,
            tuple(
                At(name, "kms_key_id", _OBJECT_KEY)
                for name in ("aws_s3_object", "aws_s3_bucket_object", "aws_s3_object_copy")
            ),
        ),
    ),
    terraform={"aws_s3_object": "key", "aws_s3_bucket_object": "key", "aws_s3_object_copy": "key"},
)

_LENS = "storage_lens_configuration"
PLANNED_TYPES = (
    S3_OBJECT,
    _plan(
        "AWS::S3::StorageLens",
        "aws_s3control_storage_lens_configuration",
        "config_id",
        *(
            (use, f"{_LENS}.{export}.{place}.encryption.sse_kms.key_id", NOT_USED)
            for export, prefix in (("data_export", ""), ("expanded_prefixes_data_export", "prefix-"))
            for place, use in (
                ("s3_bucket_destination", f"{prefix}export"),
                ("storage_lens_table_destination", f"{prefix}table"),
            )
        ),
    ),
    _plan(
        "AWS::S3::BucketMetadataConfiguration",
        "aws_s3_bucket_metadata_configuration",
        "bucket",
        *(
            (
                use,
                f"metadata_configuration.{table}.encryption_configuration.kms_key_arn",
                Flag(
                    f"metadata_configuration.{table}.encryption_configuration.sse_algorithm",
                    {"AES256": AWS_OWNED, "aws:kms": untold("aws:kms without a key")},
                    missing=AWS_OWNED,
                ),
            )
            for use, table in (
                ("inventory", "inventory_table_configuration"),
                ("journal", "journal_table_configuration"),
            )
        ),
    ),
    _plan(
        "AWS::DynamoDB::Export",
        "aws_dynamodb_table_export",
        "table_arn",
        ("export", "s3_sse_kms_key_id", BUCKET_DEFAULT),
    ),
    _plan(
        "AWS::EFS::ReplicationConfiguration",
        "aws_efs_replication_configuration",
        "source_file_system_id",
        ("replica", "destination.kms_key_id", aws_managed("elasticfilesystem")),
    ),
    _plan(
        "AWS::ECS::Service",
        "aws_ecs_service",
        "name",
        (
            "volume",
            "volume_configuration.managed_ebs_volume.kms_key_id",
            switch(
                "volume_configuration.managed_ebs_volume.encrypted",
                REGION_KEY,
                missing=REGION_DEFAULT,
                off=REGION_DEFAULT,
            ),
        ),
        ("connect-tls", "service_connect_configuration.service.tls.kms_key", NOT_USED),
    ),
    _plan(
        "AWS::Athena::Database",
        "aws_athena_database",
        "name",
        ("results", "encryption_configuration.kms_key", NOT_USED),
    ),
    _plan(
        "AWS::Bedrock::EvaluationJob",
        "aws_bedrock_evaluation_job",
        "name",
        ("storage", "customer_encryption_key_id", AWS_OWNED),
    ),
    _plan(
        "AWS::ImageBuilder::ContainerRecipe",
        "aws_imagebuilder_container_recipe",
        "name",
        ("storage", "kms_key_id", AWS_OWNED),
        (
            "volume",
            "instance_configuration.block_device_mapping.ebs.kms_key_id",
            switch(
                "instance_configuration.block_device_mapping.ebs.encrypted",
                REGION_KEY,
                missing=REGION_DEFAULT,
                off=REGION_DEFAULT,
            ),
        ),
    ),
    _plan(
        "AWS::ImageBuilder::ImageRecipe",
        "aws_imagebuilder_image_recipe",
        "name",
        (
            "volume",
            "block_device_mapping.ebs.kms_key_id",
            switch(
                "block_device_mapping.ebs.encrypted", aws_managed("ebs"), missing=REGION_DEFAULT, off=REGION_DEFAULT
            ),
        ),
    ),
    _plan(
        "AWS::ImageBuilder::DistributionConfiguration",
        "aws_imagebuilder_distribution_configuration",
        "name",
        ("image", "distribution.ami_distribution_configuration.kms_key_id", REGION_DEFAULT),
    ),
    _plan("AWS::ImageBuilder::Workflow", "aws_imagebuilder_workflow", "name", ("storage", "kms_key_id", AWS_OWNED)),
    _plan(
        "AWS::SageMaker::UserProfile",
        "aws_sagemaker_user_profile",
        "user_profile_name",
        ("shared-notebooks", "user_settings.sharing_settings.s3_kms_key_id", NOT_USED),
        ("canvas", "user_settings.canvas_app_settings.workspace_settings.s3_kms_key_id", NOT_USED),
    ),
    _plan(
        "AWS::BedrockAgentCore::Memory",
        "aws_bedrockagentcore_memory",
        "name",
        ("storage", "encryption_key_arn", AWS_OWNED),
    ),
    _plan(
        "AWS::BedrockAgentCore::Gateway", "aws_bedrockagentcore_gateway", "name", ("storage", "kms_key_arn", AWS_OWNED)
    ),
    _plan(
        "AWS::AppFlow::ConnectorProfile",
        "aws_appflow_connector_profile",
        "name",
        ("storage", "kms_arn", aws_managed("appflow")),
    ),
    _plan(
        "AWS::AppConfig::Deployment",
        "aws_appconfig_deployment",
        "deployment_number",
        ("storage", "kms_key_identifier", AWS_OWNED),
    ),
)

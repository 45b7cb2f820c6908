"""What only a plan shows as a resource of its own: objects, exports, parts of what AWS lists elsewhere."""

from __future__ import annotations

from scanner.catalog.encryption.ebs import REGION_DEFAULT, REGION_KEY
from scanner.catalog.encryption.rds import AURORA_OF_ANY_AGE
from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_USED,
    PLAN_ONLY,
    UNENCRYPTED,
    Absent,
    At,
    EncryptedType,
    Flag,
    KeyField,
    Silence,
    aws_managed,
    copied_from,
    some_key,
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


def _global_cluster(clear: Silence) -> Flag:
    """What a global database asks of its members; one that is made from a cluster is encrypted as that is."""
    stated = switch("storage_encrypted", some_key("encrypted; each member names a key of its own"), clear, clear)
    return copied_from("source_db_cluster_identifier", stated)


# SDK models of AppSync, CreateApiCacheRequest: the flag is deprecated since 15 May 2025.
_APPSYNC_CACHE = switch(
    "at_rest_encryption_enabled",
    AWS_OWNED,
    missing=AWS_OWNED,
    off=untold(
        "AppSync encrypts every cache made since 15 May 2025 with a key that AWS owns, older ones may hold clear data, "
        "and `at_rest_encryption_enabled` may be false for both"
    ),
)
# API Gateway developer guide, "Cache settings for REST APIs": encryption of a cache is a setting of its methods.
_METHOD_CACHE = switch(
    "settings.caching_enabled",
    switch("settings.cache_data_encrypted", AWS_OWNED, missing=UNENCRYPTED),
    missing=NOT_USED,
    off=NOT_USED,
)
_STAGE_CACHE = switch(
    "cache_cluster_enabled",
    untold("the settings of its methods (aws_api_gateway_method_settings) say whether its cache is encrypted"),
    missing=NOT_USED,
    off=NOT_USED,
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
        (
            "export",
            "s3_sse_kms_key_id",
            Flag("s3_sse_algorithm", {"AES256": AWS_OWNED, "KMS": aws_managed("s3")}, missing=BUCKET_DEFAULT),
        ),
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
        (
            "results",
            "encryption_configuration.kms_key",
            Flag("encryption_configuration.encryption_option", {"SSE_S3": AWS_OWNED}, missing=NOT_USED, other=NOT_USED),
        ),
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
    *(
        _plan(
            f"AWS::{service}::GlobalCluster",
            f"aws_{service.lower()}_global_cluster",
            "global_cluster_identifier",
            ("storage", "", _global_cluster(clear)),
        )
        for service, clear in (("RDS", AURORA_OF_ANY_AGE), ("DocDB", UNENCRYPTED), ("Neptune", UNENCRYPTED))
    ),
    _plan(
        "AWS::ElastiCache::CacheCluster",
        "aws_elasticache_cluster",
        "cluster_id",
        # Only a replication group can be encrypted at rest (ElastiCache API reference, CreateCacheCluster), and
        # memcached keeps nothing outside memory.
        (
            "storage",
            "",
            Flag(
                "replication_group_id",
                {},
                missing=Flag(
                    "engine", {"memcached": NOT_USED, "redis": UNENCRYPTED}, other=untold("no replication group")
                ),
                other=NOT_USED,
            ),
        ),
    ),
    _plan(
        "AWS::EC2::EBSEncryptionByDefault",
        "aws_ebs_encryption_by_default",
        "id",
        ("new-volumes", "", switch("enabled", REGION_KEY, REGION_KEY, off=NOT_USED)),
    ),
    _plan("AWS::AppSync::ApiCache", "aws_appsync_api_cache", "api_id", ("cache", "", _APPSYNC_CACHE)),
    _plan("AWS::ApiGateway::Stage", "aws_api_gateway_stage", "id", ("cache", "", _STAGE_CACHE)),
    _plan(
        "AWS::ApiGateway::MethodSettings",
        "aws_api_gateway_method_settings",
        "id",
        ("cache", "settings.", _METHOD_CACHE),
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

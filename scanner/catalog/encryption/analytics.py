"""Where analytics services name their keys: Glue, Athena, EMR."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    AWS_OWNED_UNLESS_NAMED,
    NOT_NAMED,
    NOT_USED,
    UNENCRYPTED,
    Absent,
    Api,
    At,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    Silence,
    aws_managed,
    one_key,
    switch,
    tag_call,
    untold,
)

_GLUE = "arn:{partition}:glue:{region}:{account}"
_CATALOG = "data_catalog_encryption_settings"

# Every account has a catalog; one without databases holds nothing that could be unencrypted.
_CATALOG_MODES: dict[str, Silence] = {
    "DISABLED": switch("Content.Any", UNENCRYPTED, off=NOT_USED),
    "SSE-KMS": aws_managed("glue"),
    "SSE-KMS-WITH-SERVICE-ROLE": aws_managed("glue"),
}

GLUE_CATALOG = EncryptedType(
    "AWS::Glue::DataCatalogEncryptionSettings",
    Api(
        "glue",
        (Call("GetDataCatalogEncryptionSettings", "[DataCatalogEncryptionSettings]"),),
        _GLUE + ":catalog",
        "'catalog'",
        details=(Call("GetDatabases", "{Any: length(DatabaseList) > `0`}", into="Content"),),
        tags=None,
    ),
    keys=(
        KeyField(
            "metadata",
            "EncryptionAtRest.SseAwsKmsKeyId",
            Flag("EncryptionAtRest.CatalogEncryptionMode", _CATALOG_MODES, missing=_CATALOG_MODES["DISABLED"]),
            (
                At(
                    "aws_glue_data_catalog_encryption_settings",
                    f"{_CATALOG}.encryption_at_rest.sse_aws_kms_key_id",
                    Flag(
                        f"{_CATALOG}.encryption_at_rest.catalog_encryption_mode",
                        _CATALOG_MODES | {"DISABLED": UNENCRYPTED},
                    ),
                ),
            ),
        ),
        KeyField(
            "connection-passwords",
            "ConnectionPasswordEncryption.AwsKmsKeyId",
            NOT_USED,
            (
                At(
                    "aws_glue_data_catalog_encryption_settings",
                    f"{_CATALOG}.connection_password_encryption.aws_kms_key_id",
                ),
            ),
        ),
    ),
    terraform={"aws_glue_data_catalog_encryption_settings": "catalog_id"},
)

_SECURITY = "EncryptionConfiguration"
_SECURITY_TF = "encryption_configuration"
_MODES = {"DISABLED": UNENCRYPTED, "SSE-KMS": NOT_NAMED}
_S3_MODES = {"DISABLED": UNENCRYPTED, "SSE-S3": AWS_OWNED, "SSE-KMS": NOT_NAMED}
_BOOKMARK_MODES = {"DISABLED": UNENCRYPTED, "CSE-KMS": NOT_NAMED}


def _security(block: str, modes: dict[str, Absent]) -> At:
    path = f"{_SECURITY_TF}.{block}"
    flag = Flag(f"{path}.{block}_mode", modes, missing=UNENCRYPTED)
    return At("aws_glue_security_configuration", f"{path}.kms_key_arn", flag)


GLUE_SECURITY = EncryptedType(
    "AWS::Glue::SecurityConfiguration",
    Api(
        "glue",
        (Call("GetSecurityConfigurations", "SecurityConfigurations"),),
        _GLUE + ":security-configuration/{name}",
        "Name",
        tags=None,
        created="CreatedTimeStamp",
    ),
    keys=(
        KeyField(
            "s3",
            "KmsKeyArn",
            Flag("S3EncryptionMode", _S3_MODES),
            (_security("s3_encryption", _S3_MODES),),
            each=f"{_SECURITY}.S3Encryption",
        ),
        KeyField(
            "logs",
            f"{_SECURITY}.CloudWatchEncryption.KmsKeyArn",
            Flag(f"{_SECURITY}.CloudWatchEncryption.CloudWatchEncryptionMode", _MODES, missing=UNENCRYPTED),
            (_security("cloudwatch_encryption", _MODES),),
        ),
        KeyField(
            "job-bookmarks",
            f"{_SECURITY}.JobBookmarksEncryption.KmsKeyArn",
            Flag(
                f"{_SECURITY}.JobBookmarksEncryption.JobBookmarksEncryptionMode", _BOOKMARK_MODES, missing=UNENCRYPTED
            ),
            (_security("job_bookmarks_encryption", _BOOKMARK_MODES),),
        ),
        KeyField(
            "data-quality",
            f"{_SECURITY}.DataQualityEncryption.KmsKeyArn",
            Flag(f"{_SECURITY}.DataQualityEncryption.DataQualityEncryptionMode", _MODES, missing=NOT_USED),
        ),
    ),
    terraform={"aws_glue_security_configuration": "name"},
)

GLUE_TRANSFORM = one_key(
    "AWS::Glue::MLTransform",
    Api(
        "glue",
        (Call("GetMLTransforms", "Transforms"),),
        _GLUE + ":mlTransform/{TransformId}",
        "Name",
        details=(tag_call("ResourceArn", "Tags", "GetTags"),),
        tags="TagList",
        created="CreatedOn",
    ),
    "TransformEncryption.MlUserDataEncryption.KmsKeyId",
    Flag("TransformEncryption.MlUserDataEncryption.MlUserDataEncryptionMode", _MODES, missing=UNENCRYPTED),
    use="user-data",
)

_RESULTS = "Configuration.ResultConfiguration.EncryptionConfiguration"
_OPTIONS = {"SSE_S3": AWS_OWNED, "SSE_KMS": NOT_NAMED, "CSE_KMS": NOT_NAMED}
_WORKGROUP = "aws_athena_workgroup"

WORKGROUP = EncryptedType(
    "AWS::Athena::WorkGroup",
    Api(
        "athena",
        (Call("ListWorkGroups", "WorkGroups"),),
        "arn:{partition}:athena:{region}:{account}:workgroup/{name}",
        "Name",
        details=(Call("GetWorkGroup", "WorkGroup", given={"WorkGroup": "Name"}), tag_call("ResourceARN", "Tags")),
        tags="TagList",
        created="CreationTime",
    ),
    keys=(
        KeyField(
            "results",
            f"{_RESULTS}.KmsKey",
            Flag(f"{_RESULTS}.EncryptionOption", _OPTIONS, missing=NOT_USED),  # the default of the bucket applies
            (
                At(
                    _WORKGROUP,
                    "configuration.result_configuration.encryption_configuration.kms_key_arn",
                    Flag(
                        "configuration.result_configuration.encryption_configuration.encryption_option",
                        _OPTIONS,
                        missing=NOT_USED,
                    ),
                ),
            ),
        ),
        KeyField(
            "managed-results",
            "Configuration.ManagedQueryResultsConfiguration.EncryptionConfiguration.KmsKey",
            switch(
                "Configuration.ManagedQueryResultsConfiguration.Enabled",
                AWS_OWNED_UNLESS_NAMED,
                missing=NOT_USED,
                off=NOT_USED,
            ),
            (
                At(
                    _WORKGROUP,
                    "configuration.managed_query_results_configuration.encryption_configuration.kms_key",
                    switch(
                        "configuration.managed_query_results_configuration.enabled",
                        AWS_OWNED_UNLESS_NAMED,
                        missing=NOT_USED,
                        off=NOT_USED,
                    ),
                ),
            ),
        ),
        KeyField(
            "customer-content",
            "Configuration.CustomerContentEncryptionConfiguration.KmsKey",
            NOT_USED,
            (At(_WORKGROUP, "configuration.customer_content_encryption_configuration.kms_key"),),
        ),
        KeyField(
            "managed-logs",
            "Configuration.MonitoringConfiguration.ManagedLoggingConfiguration.KmsKey",
            NOT_USED,
            (At(_WORKGROUP, "configuration.monitoring_configuration.managed_logging_configuration.kms_key"),),
        ),
        KeyField(
            "s3-logs",
            "Configuration.MonitoringConfiguration.S3LoggingConfiguration.KmsKey",
            NOT_USED,
            (At(_WORKGROUP, "configuration.monitoring_configuration.s3_logging_configuration.kms_key"),),
        ),
    ),
    terraform={_WORKGROUP: "name"},
)

_RUNNING = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]

EMR_CLUSTER = one_key(
    "AWS::EMR::Cluster",
    Api(
        "emr",
        (Call("ListClusters", "Clusters", fixed={"ClusterStates": _RUNNING}),),
        "ClusterArn",
        "Name",
        details=(Call("DescribeCluster", "Cluster", given={"ClusterId": "Id"}),),
        created="Status.Timeline.CreationDateTime",
        otherwise="arn:{partition}:elasticmapreduce:{region}:{account}:cluster/{Id}",
    ),
    "LogEncryptionKmsKeyId",
    NOT_USED,  # logs without a key of their own take the default of their bucket
    At("aws_emr_cluster", "log_encryption_kms_key_id"),
    use="logs",
)

_AT_REST = "Document.EncryptionConfiguration.AtRestEncryptionConfiguration"
_EMR_S3 = {"SSE-S3": AWS_OWNED, "SSE-KMS": aws_managed("s3"), "CSE-KMS": NOT_NAMED, "CSE-Custom": NOT_USED}

EMR_SECURITY = EncryptedType(
    "AWS::EMR::SecurityConfiguration",
    Api(
        "emr",
        (Call("ListSecurityConfigurations", "SecurityConfigurations"),),
        "arn:{partition}:elasticmapreduce:{region}:{account}:security-configuration/{name}",
        "Name",
        details=(
            Call(
                "DescribeSecurityConfiguration", "{Document: from_json(SecurityConfiguration)}", given={"Name": "Name"}
            ),
        ),
        tags=None,
        created="CreationDateTime",
    ),
    keys=(
        KeyField(
            "s3",
            f"{_AT_REST}.S3EncryptionConfiguration.AwsKmsKey",
            Flag(f"{_AT_REST}.S3EncryptionConfiguration.EncryptionMode", _EMR_S3, missing=NOT_USED),
        ),
        KeyField(
            "local-disk",
            f"{_AT_REST}.LocalDiskEncryptionConfiguration.AwsKmsKey",
            Flag(
                f"{_AT_REST}.LocalDiskEncryptionConfiguration.EncryptionKeyProviderType",
                {"AwsKms": NOT_NAMED, "Custom": untold("a key provider of the customer holds the key")},
                missing=UNENCRYPTED,
            ),
        ),
    ),
)

EMR_STUDIO = one_key(
    "AWS::EMR::Studio",
    Api(
        "emr",
        (Call("ListStudios", "Studios"),),
        "arn:{partition}:elasticmapreduce:{region}:{account}:studio/{StudioId}",
        "Name",
        details=(Call("DescribeStudio", "Studio", given={"StudioId": "StudioId"}),),
        created="CreationTime",
    ),
    "EncryptionKeyArn",
    AWS_OWNED,
    At("aws_emr_studio", "encryption_key_arn"),
    use="workspaces",
)


def _emr_logs(use: str, api: str, terraform: str) -> KeyField:
    place = At("aws_emrserverless_application", f"monitoring_configuration.{terraform}.encryption_key_arn")
    return KeyField(use, f"monitoringConfiguration.{api}.encryptionKeyArn", NOT_USED, (place,))


EMR_SERVERLESS = EncryptedType(
    "AWS::EMRServerless::Application",
    Api(
        "emr-serverless",
        (Call("ListApplications", "applications"),),
        "arn",
        "name",
        details=(Call("GetApplication", "application", given={"applicationId": "id"}),),
        tags="tags",
        created="createdAt",
    ),
    keys=(
        KeyField("storage", "diskEncryptionConfiguration.encryptionKeyArn", AWS_OWNED),
        _emr_logs("s3-logs", "s3MonitoringConfiguration", "s3_monitoring_configuration"),
        _emr_logs(
            "managed-logs",
            "managedPersistenceMonitoringConfiguration",
            "managed_persistence_monitoring_configuration",
        ),
        _emr_logs("logs", "cloudWatchLoggingConfiguration", "cloudwatch_logging_configuration"),
    ),
    terraform={"aws_emrserverless_application": "name"},
)

ANALYTICS_TYPES = (
    GLUE_CATALOG,
    GLUE_SECURITY,
    GLUE_TRANSFORM,
    WORKGROUP,
    EMR_CLUSTER,
    EMR_SECURITY,
    EMR_STUDIO,
    EMR_SERVERLESS,
)

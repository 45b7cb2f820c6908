"""Where the copies of databases name their keys: automated backups, exports, integrations, custom engines."""

from __future__ import annotations

from scanner.catalog.encryption.rds import stated_type
from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
    Api,
    At,
    Call,
    EncryptedType,
    KeyField,
    LinkField,
    aws_managed,
    one_key,
    untold,
)

_SOURCE = untold("a backup without a key of its own takes over the encryption of its database")


def _backups(name: str, stem: str, flag: str, created: str, *places: At) -> EncryptedType:
    return EncryptedType(
        name,
        Api(
            "rds",
            (Call(f"Describe{stem}AutomatedBackups", f"{stem}AutomatedBackups"),),
            f"{stem}AutomatedBackupsArn",
            f"{stem}Identifier",
            tags="TagList",
            created=created,
        ),
        keys=(KeyField("storage", "KmsKeyId", stated_type(flag), places),),
        terraform={place.type: "source_db_instance_arn" for place in places},
        links=(LinkField("derived_from", f"{stem}Arn", tuple(At(p.type, "source_db_instance_arn") for p in places)),),
    )


EXPORT_TASK = EncryptedType(
    "AWS::RDS::ExportTask",
    Api(
        "rds",
        (Call("DescribeExportTasks", "ExportTasks"),),
        "arn:{partition}:rds:{region}:{account}:export-task/{name}",
        "ExportTaskIdentifier",
        tags=None,
        created="TaskStartTime",
    ),
    keys=(KeyField("export", "KmsKeyId", NOT_NAMED, (At("aws_rds_export_task", "kms_key_id"),)),),
    terraform={"aws_rds_export_task": "export_task_identifier"},
    links=(
        LinkField("derived_from", "SourceArn", (At("aws_rds_export_task", "source_arn"),)),
        LinkField(
            "replicates_to", "S3Bucket", (At("aws_rds_export_task", "s3_bucket_name"),), "arn:{partition}:s3:::{value}"
        ),
    ),
)


def _integration(name: str, service: str, terraform: str) -> EncryptedType:
    """A zero-ETL integration: data of the source flows into a warehouse."""
    return EncryptedType(
        name,
        Api(
            service,
            (Call("DescribeIntegrations", "Integrations"),),
            "IntegrationArn",
            "IntegrationName",
            created="CreateTime",
        ),
        keys=(KeyField("transfer", "KMSKeyId", AWS_OWNED, (At(terraform, "kms_key_id"),)),),
        terraform={terraform: "integration_name"},
        links=(
            LinkField("derived_from", "SourceArn", (At(terraform, "source_arn"),)),
            LinkField("replicates_to", "TargetArn", (At(terraform, "target_arn"),)),
        ),
    )


CUSTOM_ENGINE = one_key(
    "AWS::RDS::CustomDBEngineVersion",
    Api(
        "rds",
        (Call("DescribeDBEngineVersions", "DBEngineVersions[?starts_with(Engine, 'custom-')]"),),
        "DBEngineVersionArn",
        "DBEngineVersionArn",
        tags="TagList",
        created="CreateTime",
    ),
    "KMSKeyId",
    NOT_NAMED,
    At("aws_rds_custom_db_engine_version", "kms_key_id", aws_managed("rds")),
    "engine_version",
    use="media",
)

COPY_TYPES = (
    _backups(
        "AWS::RDS::DBInstanceAutomatedBackup",
        "DBInstance",
        "Encrypted",
        "InstanceCreateTime",
        At("aws_db_instance_automated_backups_replication", "kms_key_id", _SOURCE),
    ),
    _backups("AWS::RDS::DBClusterAutomatedBackup", "DBCluster", "StorageEncrypted", "ClusterCreateTime"),
    EXPORT_TASK,
    _integration("AWS::RDS::Integration", "rds", "aws_rds_integration"),
    _integration("AWS::Redshift::Integration", "redshift", "aws_redshift_integration"),
    CUSTOM_ENGINE,
)

"""Where data movement names its keys: DMS, AppFlow, MWAA."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
    NOT_USED,
    Api,
    At,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    aws_managed,
    one_key,
    tag_call,
)

DMS_INSTANCE = one_key(
    "AWS::DMS::ReplicationInstance",
    Api(
        "dms",
        (Call("DescribeReplicationInstances", "ReplicationInstances"),),
        "ReplicationInstanceArn",
        "ReplicationInstanceIdentifier",
        details=(tag_call("ResourceArn", "TagList"),),
        tags="TagList",
        created="InstanceCreateTime",
    ),
    "KmsKeyId",
    NOT_NAMED,
    At("aws_dms_replication_instance", "kms_key_arn", aws_managed("dms")),
    "replication_instance_id",
)

_TARGET = {"sse-s3": AWS_OWNED, "sse-kms": NOT_NAMED}
_TARGET_TF = {"SSE_S3": AWS_OWNED, "SSE_KMS": NOT_NAMED}
DMS_ENDPOINT = EncryptedType(
    "AWS::DMS::Endpoint",
    Api(
        "dms",
        (Call("DescribeEndpoints", "Endpoints"),),
        "EndpointArn",
        "EndpointIdentifier",
        details=(tag_call("ResourceArn", "TagList"),),
        tags="TagList",
    ),
    keys=(
        KeyField(
            "connection",
            "KmsKeyId",
            aws_managed("dms"),
            (At("aws_dms_endpoint", "kms_key_arn"), At("aws_dms_s3_endpoint", "kms_key_arn")),
        ),
        KeyField(
            "s3-target",
            "S3Settings.ServerSideEncryptionKmsKeyId",
            Flag("S3Settings.EncryptionMode", _TARGET, missing=NOT_USED),
            (
                At(
                    "aws_dms_s3_endpoint",
                    "server_side_encryption_kms_key_id",
                    Flag("encryption_mode", _TARGET_TF, missing=NOT_USED),
                ),
            ),
        ),
        KeyField(
            "redshift-target",
            "RedshiftSettings.ServerSideEncryptionKmsKeyId",
            Flag("RedshiftSettings.EncryptionMode", _TARGET, missing=NOT_USED),
            (
                At(
                    "aws_dms_endpoint",
                    "redshift_settings.server_side_encryption_kms_key_id",
                    Flag("redshift_settings.encryption_mode", _TARGET_TF, missing=NOT_USED),
                ),
            ),
        ),
    ),
    terraform={"aws_dms_endpoint": "endpoint_id", "aws_dms_s3_endpoint": "endpoint_id"},
)

DMS_REPLICATION = one_key(
    "AWS::DMS::ReplicationConfig",
    Api(
        "dms",
        (Call("DescribeReplicationConfigs", "ReplicationConfigs"),),
        "ReplicationConfigArn",
        "ReplicationConfigIdentifier",
        details=(tag_call("ResourceArn", "TagList"),),
        tags="TagList",
        created="ReplicationConfigCreateTime",
    ),
    "ComputeConfig.KmsKeyId",
    aws_managed("dms"),
    At("aws_dms_replication_config", "compute_config.kms_key_id"),
    "replication_config_identifier",
)

FLOW = EncryptedType(
    "AWS::AppFlow::Flow",
    Api(
        "appflow",
        (Call("ListFlows", "flows"),),
        "flowArn",
        "flowName",
        details=(Call("DescribeFlow", "{kmsArn: kmsArn}", given={"flowName": "flowName"}),),
        tags="tags",
        created="createdAt",
    ),
    keys=(KeyField("storage", "kmsArn", aws_managed("appflow"), (At("aws_appflow_flow", "kms_arn"),)),),
    terraform={"aws_appflow_flow": "name"},
)

AIRFLOW = EncryptedType(
    "AWS::MWAA::Environment",
    Api(
        "mwaa",
        (Call("ListEnvironments", "Environments[].{Name: @}"),),
        "arn:{partition}:airflow:{region}:{account}:environment/{name}",
        "Name",
        # GetEnvironment also shows Airflow options, which may hold passwords: only these fields of it are kept.
        details=(
            Call(
                "GetEnvironment",
                "Environment.{KmsKey: KmsKey, Tags: Tags, CreatedAt: CreatedAt}",
                given={"Name": "Name"},
            ),
        ),
        created="CreatedAt",
    ),
    keys=(KeyField("storage", "KmsKey", AWS_OWNED, (At("aws_mwaa_environment", "kms_key"),)),),
    terraform={"aws_mwaa_environment": "name"},
)

MOVEMENT_TYPES = (DMS_INSTANCE, DMS_ENDPOINT, DMS_REPLICATION, FLOW, AIRFLOW)

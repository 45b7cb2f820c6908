"""Where DynamoDB and the other databases that are not RDS name their keys."""

from __future__ import annotations

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
    LinkField,
    aws_managed,
    switch,
)

_SSE = {
    "ENABLED": NOT_NAMED,
    "ENABLING": NOT_NAMED,
    "UPDATING": NOT_NAMED,
    "DISABLED": AWS_OWNED,
    "DISABLING": AWS_OWNED,
}
"""DynamoDB always encrypts; SSEDescription is about KMS keys, and without it AWS owns the key."""

DYNAMODB_TABLE = EncryptedType(
    "AWS::DynamoDB::Table",
    Api(
        "dynamodb",
        (Call("ListTables", "TableNames[].{TableName: @}"),),
        arn="arn:{partition}:dynamodb:{region}:{account}:table/{name}",
        name="TableName",
        created="CreationDateTime",
        tags="TagList",
        details=(
            Call("DescribeTable", "Table", given={"TableName": "TableName"}),
            Call("ListTagsOfResource", "Tags", given={"ResourceArn": "Self"}, into="TagList"),
        ),
    ),
    keys=(
        KeyField(
            "storage",
            "SSEDescription.KMSMasterKeyArn",
            Flag("SSEDescription.Status", _SSE, missing=AWS_OWNED),
            terraform=(
                At(
                    "aws_dynamodb_table",
                    "server_side_encryption.kms_key_arn",
                    switch("server_side_encryption.enabled", aws_managed("dynamodb"), missing=AWS_OWNED, off=AWS_OWNED),
                ),
            ),
        ),
        # A replica is a table of its own in its Region, where its encryption is read; here only what is named.
        KeyField(
            "replica",
            "KMSMasterKeyId",
            NOT_USED,
            each="Replicas",
            part="RegionName",
            terraform=(
                At("aws_dynamodb_table", "replica.kms_key_arn"),
                At("aws_dynamodb_table_replica", "kms_key_arn", home="global_table_arn"),
            ),
        ),
    ),
    terraform={"aws_dynamodb_table": "name"},
    links=(
        LinkField(
            "derived_from",
            "RestoreSummary.SourceTableArn",
            (At("aws_dynamodb_table", "restore_source_name"), At("aws_dynamodb_table", "restore_source_table_arn")),
            target="arn:{partition}:dynamodb:{region}:{account}:table/{value}",
        ),
        LinkField("replicates_to", "Replicas[].ReplicaArn"),
    ),
    attributes=(
        Attribute(
            "inaccessible_since",
            "SSEDescription.InaccessibleEncryptionDateTime",
            "When DynamoDB lost access to the key, as ISO 8601; null: it has access.",
        ),
    ),
)

DATABASE_TYPES = (DYNAMODB_TABLE,)

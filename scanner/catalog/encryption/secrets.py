"""Where Secrets Manager and Systems Manager name their keys, and which database a secret opens. No value is read."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
    Api,
    At,
    Attribute,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    LinkField,
    aws_managed,
)

_DEFAULT = aws_managed("secretsmanager")

SECRET = EncryptedType(
    "AWS::SecretsManager::Secret",
    Api(
        "secretsmanager",
        (Call("ListSecrets", "SecretList"),),
        arn="ARN",
        name="Name",
        created="CreatedDate",
        details=(Call("DescribeSecret", given={"SecretId": "ARN"}),),
    ),
    keys=(
        KeyField("storage", "KmsKeyId", _DEFAULT, (At("aws_secretsmanager_secret", "kms_key_id"),)),
        KeyField(
            "replica",
            "KmsKeyId",
            _DEFAULT,
            each="ReplicationStatus",
            part="Region",
            terraform=(At("aws_secretsmanager_secret", "replica.kms_key_id"),),
        ),
    ),
    terraform={"aws_secretsmanager_secret": "name"},
    links=(
        # A service that keeps a secret for its database says so in a tag of its own: aws:rds:primaryDBInstanceArn ...
        LinkField("unlocks", "Tags[?starts_with(Key, 'aws:rds:primaryDB')].Value"),
        LinkField("unlocks", "Tags[?starts_with(Key, 'aws:redshift') && starts_with(Value, 'arn:')].Value"),
    ),
    attributes=(
        Attribute("rotation_enabled", "RotationEnabled", "Whether automatic rotation is on; null: never configured."),
        Attribute("rotation_days", "RotationRules.AutomaticallyAfterDays", "Days between rotations, where so stated."),
        Attribute("rotation_schedule", "RotationRules.ScheduleExpression", "Rotation schedule, where so stated."),
        Attribute("last_rotated", "LastRotatedDate", "Last rotation as ISO 8601; null: never."),
        Attribute("owning_service", "OwningService", "The AWS service that keeps it (`rds`); null: the customer."),
        Attribute("primary_region", "PrimaryRegion", "Region of the primary, for a secret with replicas."),
        Attribute("deleted", "DeletedDate", "When it was scheduled for deletion, as ISO 8601; null: it is not."),
    ),
)

_BY_TYPE = {"SecureString": aws_managed("ssm"), "String": AWS_OWNED, "StringList": AWS_OWNED}
"""Parameters of every type are encrypted at rest, those without a key of KMS by one that AWS owns (Systems Manager user
guide, "Data protection")."""

PARAMETER = EncryptedType(
    "AWS::SSM::Parameter",
    Api(
        "ssm",
        (Call("DescribeParameters", "Parameters"),),
        # A name may begin with a slash, which the ARN does not repeat.
        arn="arn:{partition}:ssm:{region}:{account}:parameter/{first_match('^/?(.+)$', Name)}",
        name="Name",
        tags="TagList",
        details=(
            Call(
                "ListTagsForResource",
                "TagList",
                given={"ResourceId": "Name"},
                fixed={"ResourceType": "Parameter"},
                into="TagList",
            ),
        ),
    ),
    keys=(
        KeyField(
            "storage",
            "KeyId",
            Flag("Type", _BY_TYPE | {"SecureString": NOT_NAMED}),
            terraform=(At("aws_ssm_parameter", "key_id", Flag("type", _BY_TYPE)),),
        ),
    ),
    terraform={"aws_ssm_parameter": "name"},
    attributes=(Attribute("type", "Type", "`SecureString`, `String` or `StringList`."),),
)

SECRET_TYPES = (SECRET, PARAMETER)

"""Where S3 names its keys: buckets, their replicas and inventories, table buckets, vector buckets."""

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
    tag_call,
)

ALGORITHMS = {
    "AES256": AWS_OWNED,
    "aws:fsx": AWS_OWNED,
    "aws:backup": AWS_OWNED,
    "aws:kms": aws_managed("s3"),
    "aws:kms:dsse": aws_managed("s3"),
}
"""SSE-S3 and the service-managed kinds use keys that AWS owns; a KMS kind without a key uses `alias/aws/s3`."""

_DEFAULT = "Encryption.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault"
_BLOCK = "rule.apply_server_side_encryption_by_default"
_LOCK = "ObjectLock.ObjectLockConfiguration"


def _about(operation: str, into: str, *empty: str) -> Call:
    return Call(operation, given={"Bucket": "Name"}, into=into, empty=empty)


BUCKET = EncryptedType(
    "AWS::S3::Bucket",
    Api(
        "s3",
        # Unfiltered, the listing shows every Region's buckets; an endpoint that ignores the filter may do so still.
        listing=(Call("ListBuckets", "Buckets", fixed={"BucketRegion": "{region}"}),),
        region="BucketRegion",
        locate=Call(
            "GetBucketLocation",
            "(LocationConstraint == 'EU' && 'eu-west-1') || LocationConstraint || 'us-east-1'",
            given={"Bucket": "Name"},
            into="Location",
        ),
        arn="arn:{partition}:s3:::{name}",
        name="Name",
        created="CreationDate",
        tags="Tagging.TagSet",
        details=(
            _about("GetBucketEncryption", "Encryption", "ServerSideEncryptionConfigurationNotFoundError"),
            _about("GetBucketTagging", "Tagging", "NoSuchTagSet"),
            _about("GetBucketReplication", "Replication", "ReplicationConfigurationNotFoundError"),
            _about("GetBucketVersioning", "Versioning"),
            _about("GetObjectLockConfiguration", "ObjectLock", "ObjectLockConfigurationNotFoundError"),
            _about("GetBucketLifecycleConfiguration", "Lifecycle", "NoSuchLifecycleConfiguration"),
            Call(
                "ListBucketInventoryConfigurations",
                "{List: InventoryConfigurationList}",
                given={"Bucket": "Name"},
                into="Inventory",
            ),
        ),
    ),
    keys=(
        KeyField(
            "storage",
            f"{_DEFAULT}.KMSMasterKeyID",
            # No configuration at all is SSE-S3: the default of every bucket since January 2023.
            Flag(f"{_DEFAULT}.SSEAlgorithm", ALGORITHMS, missing=AWS_OWNED),
            terraform=(
                At(
                    "aws_s3_bucket",
                    f"server_side_encryption_configuration.{_BLOCK}.kms_master_key_id",
                    Flag(f"server_side_encryption_configuration.{_BLOCK}.sse_algorithm", ALGORITHMS, missing=AWS_OWNED),
                ),
                At(
                    "aws_s3_bucket_server_side_encryption_configuration",
                    f"{_BLOCK}.kms_master_key_id",
                    Flag(f"{_BLOCK}.sse_algorithm", ALGORITHMS, missing=AWS_OWNED),
                    home="bucket",
                ),
            ),
        ),
        KeyField(
            "replica",
            "Destination.EncryptionConfiguration.ReplicaKmsKeyID",
            NOT_USED,  # without it, KMS-encrypted objects are not replicated
            each="Replication.ReplicationConfiguration.Rules",
            part="ID",
            terraform=(
                At("aws_s3_bucket", "replication_configuration.rules.destination.replica_kms_key_id"),
                At(
                    "aws_s3_bucket_replication_configuration",
                    "rule.destination.encryption_configuration.replica_kms_key_id",
                    home="bucket",
                ),
            ),
        ),
        KeyField(
            "inventory",
            "Destination.S3BucketDestination.Encryption.SSEKMS.KeyId",
            NOT_USED,  # an inventory without a key of its own takes the default of its bucket
            each="Inventory.List",
            part="Id",
            terraform=(At("aws_s3_bucket_inventory", "destination.bucket.encryption.sse_kms.key_id", home="bucket"),),
        ),
    ),
    terraform={"aws_s3_bucket": "bucket"},
    links=(
        LinkField(
            "replicates_to",
            "Replication.ReplicationConfiguration.Rules[?Status=='Enabled'].Destination.Bucket",
            terraform=(At("aws_s3_bucket_replication_configuration", "rule.destination.bucket", home="bucket"),),
        ),
    ),
    attributes=(
        Attribute(
            "sse_algorithm",
            f"{_DEFAULT}.SSEAlgorithm",
            "Default encryption of new objects: `AES256`, `aws:kms`, `aws:kms:dsse`; null: SSE-S3 by AWS's default.",
            terraform=(
                At("aws_s3_bucket_server_side_encryption_configuration", f"{_BLOCK}.sse_algorithm", home="bucket"),
            ),
        ),
        Attribute(
            "bucket_key",
            "Encryption.ServerSideEncryptionConfiguration.Rules[0].BucketKeyEnabled",
            "Whether an S3 Bucket Key is used.",
            terraform=(
                At("aws_s3_bucket_server_side_encryption_configuration", "rule.bucket_key_enabled", home="bucket"),
            ),
        ),
        Attribute(
            "versioning",
            "Versioning.Status",
            "`Enabled` or `Suspended`; null: never enabled.",
            terraform=(At("aws_s3_bucket_versioning", "versioning_configuration.status", home="bucket"),),
        ),
        Attribute("object_lock", f"{_LOCK}.ObjectLockEnabled", "`Enabled`, or null without Object Lock."),
        Attribute(
            "object_lock_mode",
            f"{_LOCK}.Rule.DefaultRetention.Mode",
            "Default retention mode: `COMPLIANCE` or `GOVERNANCE`; null: none.",
            terraform=(At("aws_s3_bucket_object_lock_configuration", "rule.default_retention.mode", home="bucket"),),
        ),
        Attribute(
            "object_lock_days",
            f"{_LOCK}.Rule.DefaultRetention.Days",
            "Default retention in days; null where it is stated in years or not at all.",
            terraform=(At("aws_s3_bucket_object_lock_configuration", "rule.default_retention.days", home="bucket"),),
        ),
        Attribute(
            "object_lock_years",
            f"{_LOCK}.Rule.DefaultRetention.Years",
            "Default retention in years; null where it is stated in days or not at all.",
            terraform=(At("aws_s3_bucket_object_lock_configuration", "rule.default_retention.years", home="bucket"),),
        ),
        Attribute(
            "expiration_days",
            "min(Lifecycle.Rules[?Status=='Enabled'].Expiration.Days || `[]`)",
            "Days after which the earliest enabled lifecycle rule expires objects; null: none does.",
            terraform=(
                At("aws_s3_bucket", "lifecycle_rule.expiration.days", on=("lifecycle_rule.enabled", True)),
                At(
                    "aws_s3_bucket_lifecycle_configuration",
                    "rule.expiration.days",
                    home="bucket",
                    on=("rule.status", "Enabled"),
                ),
            ),
        ),
    ),
)

_S3_KEYS = {"AES256": AWS_OWNED, "aws:kms": NOT_NAMED}


def _table_key(path: str, flag: str, terraform: str) -> KeyField:
    place = At(
        terraform,
        "encryption_configuration.kms_key_arn",
        Flag(f"encryption_configuration.{flag}", _S3_KEYS, missing=AWS_OWNED),
    )
    algorithm = "sseAlgorithm" if flag == "sse_algorithm" else "sseType"
    return KeyField("storage", f"{path}.kmsKeyArn", Flag(f"{path}.{algorithm}", _S3_KEYS, missing=AWS_OWNED), (place,))


_BUCKETS_OF_TABLES = Call("ListTableBuckets", "tableBuckets")
TABLE_BUCKET = EncryptedType(
    "AWS::S3Tables::TableBucket",
    Api(
        "s3tables",
        (_BUCKETS_OF_TABLES,),
        "arn",
        "name",
        details=(
            Call(
                "GetTableBucketEncryption",
                given={"tableBucketARN": "arn"},
                into="Encryption",
                empty=("NotFoundException",),
            ),
            tag_call("resourceArn"),
        ),
        tags="TagList",
        created="createdAt",
    ),
    keys=(_table_key("Encryption.encryptionConfiguration", "sse_algorithm", "aws_s3tables_table_bucket"),),
    terraform={"aws_s3tables_table_bucket": "name"},
)
TABLE = EncryptedType(
    "AWS::S3Tables::Table",
    Api(
        "s3tables",
        (_BUCKETS_OF_TABLES, Call("ListTables", "tables", given={"tableBucketARN": "arn"})),
        "tableARN",
        "name",
        details=(
            Call(
                "GetTableEncryption",
                given={"tableBucketARN": "Parent.arn", "namespace": "namespace[0]", "name": "name"},
                into="Encryption",
                empty=("NotFoundException",),
            ),
            tag_call("resourceArn"),
        ),
        tags="TagList",
        created="createdAt",
    ),
    keys=(_table_key("Encryption.encryptionConfiguration", "sse_algorithm", "aws_s3tables_table"),),
    terraform={"aws_s3tables_table": "name"},
)
_VECTOR_BUCKETS = Call("ListVectorBuckets", "vectorBuckets")
VECTOR_BUCKET = EncryptedType(
    "AWS::S3Vectors::VectorBucket",
    Api(
        "s3vectors",
        (_VECTOR_BUCKETS,),
        "vectorBucketArn",
        "vectorBucketName",
        details=(
            Call("GetVectorBucket", "vectorBucket", given={"vectorBucketArn": "vectorBucketArn"}),
            tag_call("resourceArn"),
        ),
        tags="TagList",
        created="creationTime",
    ),
    keys=(_table_key("encryptionConfiguration", "sse_type", "aws_s3vectors_vector_bucket"),),
    terraform={"aws_s3vectors_vector_bucket": "vector_bucket_name"},
)
VECTOR_INDEX = EncryptedType(
    "AWS::S3Vectors::Index",
    Api(
        "s3vectors",
        (_VECTOR_BUCKETS, Call("ListIndexes", "indexes", given={"vectorBucketArn": "vectorBucketArn"})),
        "indexArn",
        "indexName",
        details=(Call("GetIndex", "index", given={"indexArn": "indexArn"}), tag_call("resourceArn")),
        tags="TagList",
        created="creationTime",
    ),
    keys=(_table_key("encryptionConfiguration", "sse_type", "aws_s3vectors_index"),),
    terraform={"aws_s3vectors_index": "index_name"},
)

S3_TYPES = (BUCKET, TABLE_BUCKET, TABLE, VECTOR_BUCKET, VECTOR_INDEX)

"""Where streams and their deliveries name their keys: Kinesis, Firehose, Kinesis Video, MSK."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
    NOT_USED,
    UNENCRYPTED,
    Api,
    At,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    LinkField,
    Silence,
    aws_managed,
    one_key,
    switch,
    untold,
)

_STREAM_KINDS = {"NONE": UNENCRYPTED, "KMS": NOT_NAMED}

STREAM = one_key(
    "AWS::Kinesis::Stream",
    Api(
        "kinesis",
        (Call("ListStreams", "StreamNames[].{StreamName: @}"),),
        "arn:{partition}:kinesis:{region}:{account}:stream/{name}",
        "StreamName",
        details=(
            Call("DescribeStreamSummary", "StreamDescriptionSummary", given={"StreamName": "StreamName"}),
            Call(
                "ListTagsForStream",
                "Tags",
                given={"StreamName": "StreamName"},
                fixed={"Limit": 50},  # the most tags that a stream can have
                into="TagList",
            ),
        ),
        tags="TagList",
        created="StreamCreationTimestamp",
    ),
    "KeyId",
    Flag("EncryptionType", _STREAM_KINDS),
    At("aws_kinesis_stream", "kms_key_id", Flag("encryption_type", _STREAM_KINDS, missing=UNENCRYPTED)),
)

VIDEO_STREAM = one_key(
    "AWS::KinesisVideo::Stream",
    Api(
        "kinesisvideo",
        (Call("ListStreams", "StreamInfoList"),),
        "StreamARN",
        "StreamName",
        details=(Call("ListTagsForStream", "Tags", given={"StreamARN": "StreamARN"}, into="TagMap"),),
        tags="TagMap",
        created="CreationTime",
    ),
    "KmsKeyId",
    aws_managed("kinesisvideo"),
    At("aws_kinesis_video_stream", "kms_key_id"),
)

_KEY_TYPES = {"AWS_OWNED_CMK": AWS_OWNED, "CUSTOMER_MANAGED_CMK": NOT_NAMED}
_SSE = "DeliveryStreamEncryptionConfiguration"
_ON = Flag(f"{_SSE}.KeyType", _KEY_TYPES)
_SOURCES = Flag(
    "DeliveryStreamType",
    # What comes from a stream is encrypted there; only what is put directly rests in Firehose.
    {
        "DirectPut": UNENCRYPTED,
        "KinesisStreamAsSource": NOT_USED,
        "MSKAsSource": NOT_USED,
        "DatabaseAsSource": NOT_USED,
    },
)
_STATES: dict[str, Silence] = {
    "ENABLED": _ON,
    "ENABLING": _ON,
    "ENABLING_FAILED": untold("turning encryption on failed"),
    "DISABLED": _SOURCES,
    "DISABLING": _SOURCES,
    "DISABLING_FAILED": untold("turning encryption off failed"),
}
_DESTINATIONS = {
    "s3": ("ExtendedS3DestinationDescription", "extended_s3_configuration"),
    "s3-backup": (
        "ExtendedS3DestinationDescription.S3BackupDescription",
        "extended_s3_configuration.s3_backup_configuration",
    ),
    "redshift": ("RedshiftDestinationDescription.S3DestinationDescription", "redshift_configuration.s3_configuration"),
    "redshift-backup": (
        "RedshiftDestinationDescription.S3BackupDescription",
        "redshift_configuration.s3_backup_configuration",
    ),
    "elasticsearch": (
        "ElasticsearchDestinationDescription.S3DestinationDescription",
        "elasticsearch_configuration.s3_configuration",
    ),
    "opensearch": (
        "AmazonopensearchserviceDestinationDescription.S3DestinationDescription",
        "opensearch_configuration.s3_configuration",
    ),
    "opensearchserverless": (
        "AmazonOpenSearchServerlessDestinationDescription.S3DestinationDescription",
        "opensearchserverless_configuration.s3_configuration",
    ),
    "splunk": ("SplunkDestinationDescription.S3DestinationDescription", "splunk_configuration.s3_configuration"),
    "http": (
        "HttpEndpointDestinationDescription.S3DestinationDescription",
        "http_endpoint_configuration.s3_configuration",
    ),
    "snowflake": (
        "SnowflakeDestinationDescription.S3DestinationDescription",
        "snowflake_configuration.s3_configuration",
    ),
    "iceberg": ("IcebergDestinationDescription.S3DestinationDescription", "iceberg_configuration.s3_configuration"),
}
_FIREHOSE = "aws_kinesis_firehose_delivery_stream"

DELIVERY_STREAM = EncryptedType(
    "AWS::KinesisFirehose::DeliveryStream",
    Api(
        "firehose",
        (Call("ListDeliveryStreams", "DeliveryStreamNames[].{DeliveryStreamName: @}"),),
        "arn:{partition}:firehose:{region}:{account}:deliverystream/{name}",
        "DeliveryStreamName",
        details=(
            Call(
                "DescribeDeliveryStream",
                "DeliveryStreamDescription",
                given={"DeliveryStreamName": "DeliveryStreamName"},
            ),
            Call(
                "ListTagsForDeliveryStream",
                "Tags",
                given={"DeliveryStreamName": "DeliveryStreamName"},
                fixed={"Limit": 50},  # the most tags that a stream can have
                into="TagList",
            ),
        ),
        tags="TagList",
        created="CreateTimestamp",
    ),
    keys=(
        KeyField(
            "storage",
            f"{_SSE}.KeyARN",
            Flag(f"{_SSE}.Status", _STATES, missing=Flag(f"{_SSE}.KeyType", _KEY_TYPES, missing=_SOURCES)),
            (
                At(
                    _FIREHOSE,
                    "server_side_encryption.key_arn",
                    switch(
                        "server_side_encryption.enabled",
                        Flag("server_side_encryption.key_type", _KEY_TYPES, missing=AWS_OWNED),
                        missing=UNENCRYPTED,
                    ),
                ),
            ),
        ),
        *(
            KeyField(
                use,
                f"{api}.EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN",
                NOT_USED,  # without a key of its own, a delivery takes the default of its bucket
                (At(_FIREHOSE, f"{terraform}.kms_key_arn"),),
                each="Destinations",
            )
            for use, (api, terraform) in _DESTINATIONS.items()
        ),
    ),
    terraform={_FIREHOSE: "name"},
    links=(
        LinkField(
            "replicates_to",
            "Destinations[].ExtendedS3DestinationDescription.BucketARN",
            (At(_FIREHOSE, "extended_s3_configuration.bucket_arn"),),
        ),
    ),
)

MSK_CLUSTER = one_key(
    "AWS::MSK::Cluster",
    Api(
        "kafka",
        (Call("ListClustersV2", "ClusterInfoList"),),
        "ClusterArn",
        "ClusterName",
        details=(Call("DescribeClusterV2", "ClusterInfo", given={"ClusterArn": "ClusterArn"}),),
        created="CreationTime",
    ),
    "Provisioned.EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId",
    # A provisioned cluster always names its key; a serverless one is encrypted by a key that AWS owns.
    Flag("ClusterType", {"PROVISIONED": NOT_NAMED, "SERVERLESS": AWS_OWNED}),
    At("aws_msk_cluster", "encryption_info.encryption_at_rest_kms_key_arn", aws_managed("kafka")),
    "cluster_name",
)

STREAMING_TYPES = (STREAM, VIDEO_STREAM, DELIVERY_STREAM, MSK_CLUSTER)

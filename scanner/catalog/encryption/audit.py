"""Where logs and audit services name their keys: log groups, trails, event data stores, delivery channels."""

from __future__ import annotations

from scanner.catalog.encryption.types import AWS_OWNED, Api, At, Attribute, Call, EncryptedType, KeyField, LinkField

_WITHOUT_STAR = "first_match('^(.+?)(:[*])?$', {})"  # ARNs of log groups come with and without `:*`

LOG_GROUP = EncryptedType(
    "AWS::Logs::LogGroup",
    Api(
        "logs",
        (Call("DescribeLogGroups", "logGroups", fixed={"limit": 50}),),
        arn="arn:{partition}:logs:{region}:{account}:log-group:{logGroupName}",
        name="logGroupName",
        created="creationTime",
        tags="TagMap",
        details=(Call("ListTagsForResource", "tags", given={"resourceArn": "Self"}, into="TagMap"),),
    ),
    keys=(KeyField("storage", "kmsKeyId", AWS_OWNED, (At("aws_cloudwatch_log_group", "kms_key_id"),)),),
    terraform={"aws_cloudwatch_log_group": "name"},
    attributes=(
        Attribute(
            "retention_days",
            "retentionInDays",
            "Days that events are kept; null: for ever.",
            terraform=(At("aws_cloudwatch_log_group", "retention_in_days"),),
        ),
        Attribute("class", "logGroupClass", "`STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`."),
    ),
)

TRAIL = EncryptedType(
    "AWS::CloudTrail::Trail",
    Api(
        "cloudtrail",
        # Shadow trails are the same trails, seen from other Regions.
        (Call("DescribeTrails", "trailList", fixed={"includeShadowTrails": False}),),
        arn="TrailARN",
        name="Name",
        tags="TagList",
        details=(Call("ListTags", "ResourceTagList[].TagsList[]", given={"ResourceIdList": "[Self]"}, into="TagList"),),
    ),
    # The log files are objects of a bucket: without a key of the trail, S3 encrypts them with its own (SSE-S3).
    keys=(KeyField("logs", "KmsKeyId", AWS_OWNED, (At("aws_cloudtrail", "kms_key_id"),)),),
    terraform={"aws_cloudtrail": "name"},
    links=(
        LinkField(
            "replicates_to", "S3BucketName", (At("aws_cloudtrail", "s3_bucket_name"),), "arn:{partition}:s3:::{value}"
        ),
        LinkField(
            "replicates_to",
            _WITHOUT_STAR.format("CloudWatchLogsLogGroupArn"),
            (At("aws_cloudtrail", "cloud_watch_logs_group_arn"),),
        ),
    ),
    attributes=(
        Attribute("validation", "LogFileValidationEnabled", "Whether log file validation is on."),
        Attribute("multi_region", "IsMultiRegionTrail", "Whether it records every Region."),
        Attribute("organization", "IsOrganizationTrail", "Whether it records every account of the organisation."),
    ),
)

AUDIT_TYPES = (LOG_GROUP, TRAIL)

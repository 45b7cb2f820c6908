"""Where logs and audit services name their keys: log groups, trails, event data stores, delivery channels, findings."""

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
    one_key,
    tag_call,
)

_WITHOUT_STAR = "first_match('^(.+?)(:[*])?$', {})"  # ARNs of log groups come with and without `:*`

LOG_GROUP = EncryptedType(
    "AWS::Logs::LogGroup",
    Api(
        "logs",
        (Call("DescribeLogGroups", "logGroups"),),
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

_BUCKET = "arn:{partition}:s3:::{value}"

EVENT_DATA_STORE = one_key(
    "AWS::CloudTrail::EventDataStore",
    Api(
        "cloudtrail",
        (Call("ListEventDataStores", "EventDataStores"),),
        "EventDataStoreArn",
        "Name",
        details=(
            Call("GetEventDataStore", given={"EventDataStore": "EventDataStoreArn"}),
            Call("ListTags", "ResourceTagList[].TagsList[]", given={"ResourceIdList": "[Self]"}, into="TagList"),
        ),
        tags="TagList",
        created="CreatedTimestamp",
    ),
    "KmsKeyId",
    AWS_OWNED,
    At("aws_cloudtrail_event_data_store", "kms_key_id"),
)

ANOMALY_DETECTOR = one_key(
    "AWS::Logs::LogAnomalyDetector",
    Api(
        "logs",
        (Call("ListLogAnomalyDetectors", "anomalyDetectors"),),
        "anomalyDetectorArn",
        "detectorName",
        details=(tag_call("resourceArn"),),
        tags="TagList",
        created="creationTimeStamp",
    ),
    "kmsKeyId",
    AWS_OWNED,
    At("aws_cloudwatch_log_anomaly_detector", "kms_key_id"),
    "detector_name",
)

# What lies in the bucket of these takes the bucket's default unless a key is named here.
DELIVERY_CHANNEL = EncryptedType(
    "AWS::Config::DeliveryChannel",
    Api(
        "config",
        (Call("DescribeDeliveryChannels", "DeliveryChannels"),),
        "arn:{partition}:config:{region}:{account}:delivery-channel/{name}",
        "name",
        tags=None,
    ),
    keys=(KeyField("objects", "s3KmsKeyArn", NOT_USED, (At("aws_config_delivery_channel", "s3_kms_key_arn"),)),),
    terraform={"aws_config_delivery_channel": "name"},
    links=(
        LinkField("replicates_to", "s3BucketName", (At("aws_config_delivery_channel", "s3_bucket_name"),), _BUCKET),
    ),
)

DATA_SYNC = EncryptedType(
    "AWS::SSM::ResourceDataSync",
    Api(
        "ssm",
        (Call("ListResourceDataSync", "ResourceDataSyncItems"),),
        "arn:{partition}:ssm:{region}:{account}:resource-data-sync/{name}",
        "SyncName",
        tags=None,
        created="SyncCreatedTime",
    ),
    keys=(
        KeyField(
            "objects",
            "S3Destination.AWSKMSKeyARN",
            NOT_USED,
            (At("aws_ssm_resource_data_sync", "s3_destination.kms_key_arn"),),
        ),
    ),
    terraform={"aws_ssm_resource_data_sync": "name"},
    links=(LinkField("replicates_to", "S3Destination.BucketName", target=_BUCKET),),
)

SESSION_PREFERENCES = one_key(
    "AWS::SSM::SessionPreferences",
    Api(
        "ssm",
        (
            Call(
                "GetDocument",
                "[{Name: Name, Content: from_json(Content)}]",
                fixed={"Name": "SSM-SessionManagerRunShell"},
                empty=("InvalidDocument",),
            ),
        ),
        "arn:{partition}:ssm:{region}:{account}:document/{name}",
        "Name",
        tags=None,
    ),
    "Content.inputs.kmsKeyId",
    NOT_USED,  # without it sessions are protected by TLS alone
    use="sessions",
)

GUARDDUTY_EXPORT = EncryptedType(
    "AWS::GuardDuty::PublishingDestination",
    Api(
        "guardduty",
        (
            Call("ListDetectors", "DetectorIds[].{DetectorId: @}"),
            Call("ListPublishingDestinations", "Destinations", given={"DetectorId": "DetectorId"}),
        ),
        "arn:{partition}:guardduty:{region}:{account}:detector/{Parent.DetectorId}/publishingDestination/{name}",
        "DestinationId",
        details=(
            Call(
                "DescribePublishingDestination",
                given={"DetectorId": "Parent.DetectorId", "DestinationId": "DestinationId"},
            ),
        ),
    ),
    keys=(
        KeyField(
            "objects",
            "DestinationProperties.KmsKeyArn",
            NOT_NAMED,
            (At("aws_guardduty_publishing_destination", "kms_key_arn"),),
        ),
    ),
    terraform={"aws_guardduty_publishing_destination": "id"},
    links=(LinkField("replicates_to", "DestinationProperties.DestinationArn"),),
)

MACIE_EXPORT = EncryptedType(
    "AWS::Macie::ClassificationExportConfiguration",
    Api(
        "macie2",
        (
            Call(
                "GetClassificationExportConfiguration",
                "configuration.s3Destination && [configuration.s3Destination]",
                empty=("AccessDeniedException: Macie is not enabled",),
            ),
        ),
        "arn:{partition}:macie2:{region}:{account}:classification-export-configuration",
        "bucketName",
        tags=None,
    ),
    keys=(
        KeyField(
            "objects",
            "kmsKeyArn",
            NOT_NAMED,
            (At("aws_macie2_classification_export_configuration", "s3_destination.kms_key_arn"),),
        ),
    ),
    terraform={"aws_macie2_classification_export_configuration": "id"},
    links=(LinkField("replicates_to", "bucketName", target=_BUCKET),),
)

DATA_LAKE = EncryptedType(
    "AWS::SecurityLake::DataLake",
    Api(
        "securitylake",
        (Call("ListDataLakes", "dataLakes"),),
        "dataLakeArn",
        "region",
        region="region",  # one listing shows the lakes of every Region
        details=(tag_call("resourceArn"),),
        tags="TagList",
    ),
    keys=(
        KeyField(
            "storage",
            "encryptionConfiguration.kmsKeyId",
            AWS_OWNED,
            (At("aws_securitylake_data_lake", "configuration.encryption_configuration.kms_key_id"),),
        ),
    ),
    terraform={"aws_securitylake_data_lake": "id"},
)

AUDIT_MANAGER = one_key(
    "AWS::AuditManager::Settings",
    Api(
        "auditmanager",
        (
            Call(
                "GetSettings",
                "[{Key: settings.kmsKey}]",
                fixed={"attribute": "ALL"},
                empty=("AccessDeniedException: Please complete AWS Audit Manager setup",),
            ),
        ),
        "arn:{partition}:auditmanager:{region}:{account}:settings",
        "'settings'",
        tags=None,
    ),
    "Key",
    AWS_OWNED,
    At("aws_auditmanager_account_registration", "kms_key"),
    "id",
)

DATAZONE_DOMAIN = one_key(
    "AWS::DataZone::Domain",
    Api(
        "datazone",
        (Call("ListDomains", "items"),),
        "arn",
        "name",
        details=(Call("GetDomain", "{Key: kmsKeyIdentifier, tags: tags}", given={"identifier": "id"}),),
        tags="tags",
        created="createdAt",
    ),
    "Key",
    AWS_OWNED,
    At("aws_datazone_domain", "kms_key_identifier"),
)

_XRAY = {"NONE": AWS_OWNED, "KMS": NOT_NAMED}  # X-Ray always encrypts; NONE is its own key
XRAY = one_key(
    "AWS::XRay::EncryptionConfig",
    Api(
        "xray",
        (Call("GetEncryptionConfig", "[EncryptionConfig]"),),
        "arn:{partition}:xray:{region}:{account}:encryption-config",
        "'encryption-config'",
        tags=None,
    ),
    "KeyId",
    Flag("Type", _XRAY),
    At("aws_xray_encryption_config", "key_id", Flag("type", _XRAY)),
    "id",
)

PROMETHEUS = one_key(
    "AWS::APS::Workspace",
    Api(
        "amp",
        (Call("ListWorkspaces", "workspaces"),),
        "arn",
        "workspaceId",
        tags="tags",
        created="createdAt",
    ),
    "kmsKeyArn",
    AWS_OWNED,
    At("aws_prometheus_workspace", "kms_key_arn"),
    "alias",
)

GRAFANA = one_key(
    "AWS::Grafana::Workspace",
    Api(
        "grafana",
        (Call("ListWorkspaces", "workspaces"),),
        "arn:{partition}:grafana:{region}:{account}:/workspaces/{id}",
        "name",
        details=(Call("DescribeWorkspace", "workspace.{Key: kmsKeyId}", given={"workspaceId": "id"}),),
        tags="tags",
        created="created",
    ),
    "Key",
    AWS_OWNED,
    At("aws_grafana_workspace", "kms_key_id"),
)

RECEIPT_RULE = EncryptedType(
    "AWS::SES::ReceiptRule",
    Api(
        "ses",
        (
            Call("ListReceiptRuleSets", "RuleSets"),
            Call("DescribeReceiptRuleSet", "Rules", given={"RuleSetName": "Name"}),
        ),
        "arn:{partition}:ses:{region}:{account}:receipt-rule-set/{Parent.Name}:receipt-rule/{name}",
        "Name",
        tags=None,
    ),
    keys=(
        KeyField(
            "objects",
            "S3Action.KmsKeyArn",
            NOT_USED,
            (At("aws_ses_receipt_rule", "s3_action.kms_key_arn"),),
            each="Actions",
        ),
    ),
    terraform={"aws_ses_receipt_rule": "name"},
)

AUDIT_TYPES = (
    LOG_GROUP,
    TRAIL,
    EVENT_DATA_STORE,
    ANOMALY_DETECTOR,
    DELIVERY_CHANNEL,
    DATA_SYNC,
    SESSION_PREFERENCES,
    GUARDDUTY_EXPORT,
    MACIE_EXPORT,
    DATA_LAKE,
    AUDIT_MANAGER,
    DATAZONE_DOMAIN,
    XRAY,
    PROMETHEUS,
    GRAFANA,
    RECEIPT_RULE,
)

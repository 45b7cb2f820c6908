"""Where SageMaker names its keys: notebooks, domains, endpoints, feature groups, monitoring."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_USED,
    Api,
    At,
    Attribute,
    Call,
    EncryptedType,
    KeyField,
    Silence,
    aws_managed,
    tag_call,
)


def _sagemaker(
    kind: str,
    listing: Call,
    describe: str,
    terraform: str,
    *keys: tuple[str, str, str, Silence],
    stem: str = "",
    role: str = "",
) -> EncryptedType:
    """A SageMaker type; each key is (use, API path, Terraform path, what silence means), `role` an API path."""
    stem = stem or kind
    runs = Attribute("role", role, "ARN of the role that it runs with.", (At(terraform, "role_arn"),))
    return EncryptedType(
        f"AWS::SageMaker::{kind}",
        Api(
            "sagemaker",
            (listing,),
            f"{stem}Arn",
            f"{stem}Name",
            details=(
                Call(describe, given={_named(kind): _given(kind, stem)}),
                tag_call("ResourceArn", "Tags", "ListTags"),
            ),
            tags="TagList",
            created="CreationTime",
        ),
        keys=tuple(KeyField(use, api, silence, (At(terraform, path),)) for use, api, path, silence in keys),
        terraform={terraform: "name"},
        attributes=(runs,) if role else (),
    )


def _named(kind: str) -> str:
    if kind == "Domain":
        return "DomainId"
    return "JobDefinitionName" if kind == "DataQualityJobDefinition" else f"{kind}Name"


def _given(kind: str, stem: str) -> str:
    return "DomainId" if kind == "Domain" else f"{stem}Name"


_NOTEBOOK = _sagemaker(
    "NotebookInstance",
    Call("ListNotebookInstances", "NotebookInstances"),
    "DescribeNotebookInstance",
    "aws_sagemaker_notebook_instance",
    ("storage", "KmsKeyId", "kms_key_id", AWS_OWNED),
    role="RoleArn",
)
_SETTINGS = "DefaultUserSettings"
_DOMAIN = _sagemaker(
    "Domain",
    Call("ListDomains", "Domains"),
    "DescribeDomain",
    "aws_sagemaker_domain",
    ("storage", "KmsKeyId || HomeEfsFileSystemKmsKeyId", "kms_key_id", aws_managed("elasticfilesystem")),
    (
        "shared-notebooks",
        f"{_SETTINGS}.SharingSettings.S3KmsKeyId",
        "default_user_settings.sharing_settings.s3_kms_key_id",
        NOT_USED,
    ),
    (
        "canvas",
        f"{_SETTINGS}.CanvasAppSettings.WorkspaceSettings.S3KmsKeyId",
        "default_user_settings.canvas_app_settings.workspace_settings.s3_kms_key_id",
        NOT_USED,
    ),
)
_ENDPOINT = _sagemaker(
    "EndpointConfig",
    Call("ListEndpointConfigs", "EndpointConfigs"),
    "DescribeEndpointConfig",
    "aws_sagemaker_endpoint_configuration",
    ("storage", "KmsKeyId", "kms_key_arn", AWS_OWNED),
    ("data-capture", "DataCaptureConfig.KmsKeyId", "data_capture_config.kms_key_id", NOT_USED),
    (
        "async-output",
        "AsyncInferenceConfig.OutputConfig.KmsKeyId",
        "async_inference_config.output_config.kms_key_id",
        NOT_USED,
    ),
)
_FEATURES = _sagemaker(
    "FeatureGroup",
    Call("ListFeatureGroups", "FeatureGroupSummaries"),
    "DescribeFeatureGroup",
    "aws_sagemaker_feature_group",
    (
        "online-store",
        "OnlineStoreConfig.SecurityConfig.KmsKeyId",
        "online_store_config.security_config.kms_key_id",
        AWS_OWNED,
    ),
    (
        "offline-store",
        "OfflineStoreConfig.S3StorageConfig.KmsKeyId",
        "offline_store_config.s3_storage_config.kms_key_id",
        NOT_USED,
    ),
)
_CARD = _sagemaker(
    "ModelCard",
    Call("ListModelCards", "ModelCardSummaries"),
    "DescribeModelCard",
    "aws_sagemaker_model_card",
    ("storage", "SecurityConfig.KmsKeyId", "security_config.kms_key_id", AWS_OWNED),
)
_REVIEW_FLOW = _sagemaker(
    "FlowDefinition",
    Call("ListFlowDefinitions", "FlowDefinitionSummaries"),
    "DescribeFlowDefinition",
    "aws_sagemaker_flow_definition",
    ("output", "OutputConfig.KmsKeyId", "output_config.kms_key_id", NOT_USED),
)
_MONITORING = "MonitoringScheduleConfig.MonitoringJobDefinition"
_MONITORING_TF = "monitoring_schedule_config.monitoring_job_definition"
_SCHEDULE = _sagemaker(
    "MonitoringSchedule",
    Call("ListMonitoringSchedules", "MonitoringScheduleSummaries"),
    "DescribeMonitoringSchedule",
    "aws_sagemaker_monitoring_schedule",
    (
        "output",
        f"{_MONITORING}.MonitoringOutputConfig.KmsKeyId",
        f"{_MONITORING_TF}.monitoring_output_config.kms_key_id",
        NOT_USED,
    ),
    (
        "volume",
        f"{_MONITORING}.MonitoringResources.ClusterConfig.VolumeKmsKeyId",
        f"{_MONITORING_TF}.monitoring_resources.cluster_config.volume_kms_key_id",
        AWS_OWNED,
    ),
)
_DATA_QUALITY = _sagemaker(
    "DataQualityJobDefinition",
    Call("ListDataQualityJobDefinitions", "JobDefinitionSummaries"),
    "DescribeDataQualityJobDefinition",
    "aws_sagemaker_data_quality_job_definition",
    ("output", "DataQualityJobOutputConfig.KmsKeyId", "data_quality_job_output_config.kms_key_id", NOT_USED),
    (
        "volume",
        "JobResources.ClusterConfig.VolumeKmsKeyId",
        "job_resources.cluster_config.volume_kms_key_id",
        AWS_OWNED,
    ),
    stem="MonitoringJobDefinition",
)

SAGEMAKER_TYPES = (
    _NOTEBOOK,
    _DOMAIN,
    _ENDPOINT,
    _FEATURES,
    _CARD,
    _REVIEW_FLOW,
    _SCHEDULE,
    _DATA_QUALITY,
)

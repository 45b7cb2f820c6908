"""Where machine learning and language services name their keys: SageMaker, Bedrock, Comprehend, Kendra, Lex."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_USED,
    Api,
    At,
    Call,
    EncryptedType,
    KeyField,
    Silence,
    aws_managed,
    one_key,
    tag_call,
)


def _sagemaker(
    kind: str, listing: Call, describe: str, terraform: str, *keys: tuple[str, str, str, Silence], stem: str = ""
) -> EncryptedType:
    """A SageMaker type; each key is (use, API path, Terraform path, what silence means)."""
    stem = stem or kind
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


CUSTOM_MODEL = one_key(
    "AWS::Bedrock::CustomModel",
    Api(
        "bedrock",
        (Call("ListCustomModels", "modelSummaries", fixed={"isOwned": True}),),
        "modelArn",
        "modelName",
        details=(
            Call("GetCustomModel", "{Key: modelKmsKeyArn}", given={"modelIdentifier": "modelArn"}),
            tag_call("resourceARN"),
        ),
        tags="TagList",
        created="creationTime",
    ),
    "Key",
    AWS_OWNED,
    At("aws_bedrock_custom_model", "custom_model_kms_key_id"),
    "custom_model_name",
)

IMPORTED_MODEL = one_key(
    "AWS::Bedrock::ImportedModel",
    Api(
        "bedrock",
        (Call("ListImportedModels", "modelSummaries"),),
        "modelArn",
        "modelName",
        details=(
            Call("GetImportedModel", "{Key: modelKmsKeyArn}", given={"modelIdentifier": "modelArn"}),
            tag_call("resourceARN"),
        ),
        tags="TagList",
        created="creationTime",
    ),
    "Key",
    AWS_OWNED,
)

GUARDRAIL = one_key(
    "AWS::Bedrock::Guardrail",
    Api(
        "bedrock",
        (Call("ListGuardrails", "guardrails"),),
        "arn",
        "name",
        details=(
            Call("GetGuardrail", "{Key: kmsKeyArn}", given={"guardrailIdentifier": "id"}),
            tag_call("resourceARN"),
        ),
        tags="TagList",
        created="createdAt",
    ),
    "Key",
    AWS_OWNED,
    At("aws_bedrock_guardrail", "kms_key_arn"),
)


def _agent(kind: str, listing: Call, details: Call, arn: str, name: str, terraform: str) -> EncryptedType:
    return one_key(
        f"AWS::Bedrock::{kind}",
        Api(
            "bedrock-agent",
            (listing,),
            arn,
            name,
            details=(details, tag_call("resourceArn")),
            tags="TagList",
            created="createdAt",
        ),
        "Key",
        AWS_OWNED,
        At(terraform, "customer_encryption_key_arn"),
    )


DATA_SOURCE = EncryptedType(
    "AWS::Bedrock::DataSource",
    Api(
        "bedrock-agent",
        (
            Call("ListKnowledgeBases", "knowledgeBaseSummaries"),
            Call("ListDataSources", "dataSourceSummaries", given={"knowledgeBaseId": "knowledgeBaseId"}),
        ),
        "arn:{partition}:bedrock:{region}:{account}:knowledge-base/{knowledgeBaseId}/data-source/{dataSourceId}",
        "name",
        details=(
            Call(
                "GetDataSource",
                "dataSource.{Key: serverSideEncryptionConfiguration.kmsKeyArn, createdAt: createdAt}",
                given={"knowledgeBaseId": "knowledgeBaseId", "dataSourceId": "dataSourceId"},
            ),
        ),
        tags=None,
        created="createdAt",
    ),
    keys=(
        KeyField(
            "storage",
            "Key",
            AWS_OWNED,
            (At("aws_bedrockagent_data_source", "server_side_encryption_configuration.kms_key_arn"),),
        ),
    ),
    terraform={"aws_bedrockagent_data_source": "name"},
)


def _comprehend(kind: str, listing: Call, terraform: str, *more: KeyField) -> EncryptedType:
    return EncryptedType(
        f"AWS::Comprehend::{kind}",
        Api(
            "comprehend",
            (listing,),
            f"{kind}Arn",
            f"{kind}Arn",
            details=(tag_call("ResourceArn", "Tags"),),
            tags="TagList",
            created="SubmitTime",
        ),
        keys=(
            KeyField("model", "ModelKmsKeyId", AWS_OWNED, (At(terraform, "model_kms_key_id"),)),
            KeyField("volume", "VolumeKmsKeyId", AWS_OWNED, (At(terraform, "volume_kms_key_id"),)),
            *more,
        ),
        terraform={terraform: "name"},
    )


KENDRA_INDEX = EncryptedType(
    "AWS::Kendra::Index",
    Api(
        "kendra",
        (Call("ListIndices", "IndexConfigurationSummaryItems"),),
        "arn:{partition}:kendra:{region}:{account}:index/{Id}",
        "Name",
        details=(Call("DescribeIndex", given={"Id": "Id"}), tag_call("ResourceARN", "Tags")),
        tags="TagList",
        created="CreatedAt",
    ),
    keys=(
        KeyField(
            "storage",
            "ServerSideEncryptionConfiguration.KmsKeyId",
            AWS_OWNED,
            (At("aws_kendra_index", "server_side_encryption_configuration.kms_key_id"),),
        ),
    ),
    terraform={"aws_kendra_index": "name"},
)

LEX_ALIAS = EncryptedType(
    "AWS::Lex::BotAlias",
    Api(
        "lexv2-models",
        (
            Call("ListBots", "botSummaries"),
            Call("ListBotAliases", "botAliasSummaries", given={"botId": "botId"}),
        ),
        "arn:{partition}:lex:{region}:{account}:bot-alias/{Parent.botId}/{botAliasId}",
        "botAliasName",
        details=(
            Call("DescribeBotAlias", given={"botId": "Parent.botId", "botAliasId": "botAliasId"}),
            tag_call("resourceARN"),
        ),
        tags="TagList",
        created="creationDateTime",
    ),
    keys=(
        KeyField(
            "audio-logs",
            "destination.s3Bucket.kmsKeyArn",
            NOT_USED,
            (At("aws_lex_bot_alias", "conversation_logs.log_settings.kms_key_arn"),),
            each="conversationLogSettings.audioLogSettings",
        ),
    ),
    terraform={"aws_lex_bot_alias": "name"},
)

LEARNING_TYPES = (
    _NOTEBOOK,
    _DOMAIN,
    _ENDPOINT,
    _FEATURES,
    _CARD,
    _REVIEW_FLOW,
    _SCHEDULE,
    _DATA_QUALITY,
    CUSTOM_MODEL,
    IMPORTED_MODEL,
    GUARDRAIL,
    _agent(
        "Agent",
        Call("ListAgents", "agentSummaries"),
        Call("GetAgent", "agent.{Key: customerEncryptionKeyArn, createdAt: createdAt}", given={"agentId": "agentId"}),
        "arn:{partition}:bedrock:{region}:{account}:agent/{agentId}",
        "agentName",
        "aws_bedrockagent_agent",
    ),
    _agent(
        "Flow",
        Call("ListFlows", "flowSummaries"),
        Call("GetFlow", "{Key: customerEncryptionKeyArn}", given={"flowIdentifier": "id"}),
        "arn",
        "name",
        "aws_bedrockagent_flow",
    ),
    _agent(
        "Prompt",
        Call("ListPrompts", "promptSummaries"),
        Call("GetPrompt", "{Key: customerEncryptionKeyArn}", given={"promptIdentifier": "id"}),
        "arn",
        "name",
        "aws_bedrockagent_prompt",
    ),
    DATA_SOURCE,
    _comprehend(
        "DocumentClassifier",
        Call("ListDocumentClassifiers", "DocumentClassifierPropertiesList"),
        "aws_comprehend_document_classifier",
        KeyField(
            "output",
            "OutputDataConfig.KmsKeyId",
            NOT_USED,
            (At("aws_comprehend_document_classifier", "output_data_config.kms_key_id"),),
        ),
    ),
    _comprehend(
        "EntityRecognizer",
        Call("ListEntityRecognizers", "EntityRecognizerPropertiesList"),
        "aws_comprehend_entity_recognizer",
    ),
    KENDRA_INDEX,
    LEX_ALIAS,
)

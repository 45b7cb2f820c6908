"""Where machine learning and language services name their keys: Bedrock, Comprehend, Kendra, Lex, SageMaker's too."""

from __future__ import annotations

from scanner.catalog.encryption.sagemaker import SAGEMAKER_TYPES
from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_USED,
    Api,
    At,
    Call,
    EncryptedType,
    KeyField,
    one_key,
    tag_call,
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
    *SAGEMAKER_TYPES,
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

"""Where developer and application services name their keys: CodeBuild and its family, Image Builder, AppConfig."""

from __future__ import annotations

from msgspec.structs import replace

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_USED,
    UNENCRYPTED,
    Api,
    At,
    Attribute,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    aws_managed,
    one_key,
    switch,
    tag_call,
)

_S3 = aws_managed("s3")

_BUILD_PROJECT = one_key(
    "AWS::CodeBuild::Project",
    Api(
        "codebuild",
        (Call("ListProjects", "projects[].{name: @}"),),
        "arn:{partition}:codebuild:{region}:{account}:project/{name}",
        "name",
        # BatchGetProjects also shows environment variables: only these fields of it are kept.
        details=(
            Call(
                "BatchGetProjects",
                "projects[0].{encryptionKey: encryptionKey, role: serviceRole, tags: tags, created: created}",
                given={"names": "[name]"},
            ),
        ),
        tags="tags",
        created="created",
    ),
    "encryptionKey",
    _S3,
    At("aws_codebuild_project", "encryption_key"),
    use="artifacts",
)
BUILD_PROJECT = replace(
    _BUILD_PROJECT,
    attributes=(
        Attribute("role", "role", "ARN of the role that it runs with.", (At("aws_codebuild_project", "service_role"),)),
    ),
)

_EXPORT = "exportConfig.s3Destination"
REPORT_GROUP = one_key(
    "AWS::CodeBuild::ReportGroup",
    Api(
        "codebuild",
        (Call("ListReportGroups", "reportGroups[].{arn: @}"),),
        "arn",
        "arn",
        details=(Call("BatchGetReportGroups", "reportGroups[0]", given={"reportGroupArns": "[arn]"}),),
        tags="tags",
        created="created",
    ),
    f"{_EXPORT}.encryptionKey",
    switch(f"{_EXPORT}.encryptionDisabled", UNENCRYPTED, missing=NOT_USED, off=_S3),
    At(
        "aws_codebuild_report_group",
        "export_config.s3_destination.encryption_key",
        switch("export_config.s3_destination.encryption_disabled", UNENCRYPTED, missing=NOT_USED, off=_S3),
    ),
    use="reports",
)

PIPELINE = EncryptedType(
    "AWS::CodePipeline::Pipeline",
    Api(
        "codepipeline",
        (Call("ListPipelines", "pipelines"),),
        "arn:{partition}:codepipeline:{region}:{account}:{name}",
        "name",
        # The stages hold settings of actions, which may be secret: only the stores are kept.
        details=(
            Call(
                "GetPipeline",
                "pipeline.{artifactStore: artifactStore, artifactStores: artifactStores}",
                given={"name": "name"},
            ),
            tag_call("resourceArn"),
        ),
        tags="TagList",
        created="created",
    ),
    # A pipeline has one store, or one for each Region it works in.
    keys=(
        KeyField(
            "artifacts",
            "encryptionKey.id",
            _S3,
            (At("aws_codepipeline", "artifact_store.encryption_key.id"),),
            each="[artifactStore, artifactStores.*][][]",
            part="location",
        ),
    ),
    terraform={"aws_codepipeline": "name"},
)

CODE_DOMAIN = one_key(
    "AWS::CodeArtifact::Domain",
    Api(
        "codeartifact",
        (Call("ListDomains", "domains"),),
        "arn",
        "name",
        details=(tag_call("resourceArn"),),
        tags="TagList",
        created="createdTime",
        otherwise="arn:{partition}:codeartifact:{region}:{account}:domain/{name}",
    ),
    "encryptionKey",
    aws_managed("codeartifact"),
    At("aws_codeartifact_domain", "encryption_key"),
    "domain",
)

CODE_REPOSITORY = one_key(
    "AWS::CodeCommit::Repository",
    Api(
        "codecommit",
        (Call("ListRepositories", "repositories"),),
        "arn:{partition}:codecommit:{region}:{account}:{name}",
        "repositoryName",
        details=(
            Call("GetRepository", "repositoryMetadata", given={"repositoryName": "repositoryName"}),
            tag_call("resourceArn"),
        ),
        tags="TagList",
        created="creationDate",
    ),
    "kmsKeyId",
    aws_managed("codecommit"),
    At("aws_codecommit_repository", "kms_key_id"),
    "repository_name",
)

REVIEWER = one_key(
    "AWS::CodeGuruReviewer::RepositoryAssociation",
    Api(
        "codeguru-reviewer",
        (Call("ListRepositoryAssociations", "RepositoryAssociationSummaries"),),
        "AssociationArn",
        "Name",
        details=(
            Call(
                "DescribeRepositoryAssociation",
                "{Key: RepositoryAssociation.KMSKeyDetails, Tags: Tags}",
                given={"AssociationArn": "AssociationArn"},
            ),
        ),
    ),
    "Key.KMSKeyId",
    AWS_OWNED,
    At("aws_codegurureviewer_repository_association", "kms_key_details.kms_key_id"),
)

BUILDER_COMPONENT = one_key(
    "AWS::ImageBuilder::Component",
    Api(
        "imagebuilder",
        (
            Call("ListComponents", "componentVersionList"),
            Call("ListComponentBuildVersions", "componentSummaryList", given={"componentVersionArn": "arn"}),
        ),
        "arn",
        "name",
        details=(
            # The component's script may hold secrets: only these fields are kept.
            Call(
                "GetComponent",
                "component.{kmsKeyId: kmsKeyId, tags: tags}",
                given={"componentBuildVersionArn": "arn"},
            ),
        ),
        tags="tags",
        created="dateCreated",
    ),
    "kmsKeyId",
    AWS_OWNED,
    At("aws_imagebuilder_component", "kms_key_id"),
)

_PROFILE = "application/{Parent.Id}/configurationprofile/{Id}"
CONFIGURATION_PROFILE = one_key(
    "AWS::AppConfig::ConfigurationProfile",
    Api(
        "appconfig",
        (
            Call("ListApplications", "Items"),
            Call("ListConfigurationProfiles", "Items", given={"ApplicationId": "Id"}),
        ),
        "arn:{partition}:appconfig:{region}:{account}:" + _PROFILE,
        "Name",
        details=(
            Call(
                "GetConfigurationProfile",
                given={"ApplicationId": "ApplicationId", "ConfigurationProfileId": "Id"},
            ),
            Call("ListTagsForResource", "Tags", given={"ResourceArn": "Self"}, into="TagMap"),
        ),
        tags="TagMap",
    ),
    "KmsKeyArn",
    AWS_OWNED,
    At("aws_appconfig_configuration_profile", "kms_key_identifier"),
)

_ARTIFACTS = {"SSE_S3": AWS_OWNED, "SSE_KMS": _S3}
CANARY = EncryptedType(
    "AWS::Synthetics::Canary",
    Api(
        "synthetics",
        (
            Call(
                "DescribeCanaries",
                "Canaries[].{Id: Id, Name: Name, Artifact: ArtifactConfig, Key: KmsKeyArn, Tags: Tags}",
            ),
        ),
        "arn:{partition}:synthetics:{region}:{account}:canary:{name}",
        "Name",
    ),
    keys=(
        KeyField(
            "artifacts",
            "Artifact.S3Encryption.KmsKeyArn",
            Flag("Artifact.S3Encryption.EncryptionMode", _ARTIFACTS, missing=_S3),
            (
                At(
                    "aws_synthetics_canary",
                    "artifact_config.s3_encryption.kms_key_arn",
                    Flag("artifact_config.s3_encryption.encryption_mode", _ARTIFACTS, missing=_S3),
                ),
            ),
        ),
        KeyField("environment", "Key", aws_managed("lambda"), (At("aws_synthetics_canary", "kms_key_arn"),)),
    ),
    terraform={"aws_synthetics_canary": "name"},
)

DEVELOPER_TYPES = (
    BUILD_PROJECT,
    REPORT_GROUP,
    PIPELINE,
    CODE_DOMAIN,
    CODE_REPOSITORY,
    REVIEWER,
    BUILDER_COMPONENT,
    CONFIGURATION_PROFILE,
    CANARY,
)

"""What the table of encrypted types leaves out on purpose, and why: fields of AWS's answers, attributes of Terraform.

A test compares the table with every key-naming field of the installed botocore and every attribute of
`data/terraform-key-attributes.json`; what neither the table reads nor this list names makes it fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

NOT_READ = "not read: such resources are not in a snapshot, and a key that protects nothing else looks unused"
SAME_FACT = "the same fact, which a row reads by another operation"
RUN = "a run or task: what it leaves behind is a resource of its own, where its encryption is read"
VERSION = "an older version or a part of what a row reads"
SETTINGS = "settings of something that launches or delivers: the result is a resource of its own"
REPORTED = "another service's report about resources that the table reads at their source"
OBJECT = "single objects are not listed; the default of their bucket is"
SECRETS = "the answer can hold passwords, code or data, or the permission gives access to them"
NOT_A_KEY = "not a KMS key in spite of its name"
CROSS_REGION = "where copies of another Region's data will go; the copies are read in that Region"

FIELDS: Mapping[str, tuple[str, ...]] = {
    SAME_FACT: (
        "amp:WorkspaceDescription.*",
        "appconfig:ConfigurationProfile.KmsKeyIdentifier",
        "backup:DescribeBackupVaultOutput.*",
        "backup:DescribeRecoveryPointOutput.*",
        "backup:BackupVaultListMember.EncryptionKeyType",
        "backup:RecoveryPointByBackupVault.EncryptionKeyType",
        "backup:RecoveryPointByResource.*",
        "codeartifact:DomainDescription.*",
        "docdb:*",
        "neptune:*",
        "es:EncryptionAtRestOptions.*",
        "logs:GetLogAnomalyDetectorResponse.*",
        "neptune-graph:GetGraphOutput.*",
        "neptune-graph:GetGraphSnapshotOutput.*",
        "opensearchserverless:CollectionSummary.*",
        "secretsmanager:SecretListEntry.*",
        "s3control:EncryptionConfiguration.ReplicaKmsKeyID",
    ),
    RUN: (
        "backup:DescribeBackupJobOutput.*",
        "backup:BackupJob.*",
        "backup:CopyJob.*",
        "bedrock:*Job*.*",
        "codebuild:Build*.*",
        "codebuild:Sandbox.*",
        "comprehend:*Job*.*",
        "comprehend:OutputDataConfig.*",
        "comprehend:PiiOutputDataConfig.*",
        "customer-profiles:GetSegmentSnapshotResponse.*",
        "datazone:StorageConfig.*",
        "dms:*Assessment*.*",
        "dynamodb:*S3*.*",
        "dynamodb:ExportDescription.*",
        "dynamodb:SSESpecification.*",
        "ec2:ImportImageTask.*",
        "ec2:SnapshotTaskDetail.*",
        "ecs:TaskEphemeralStorage.*",
        "emr:*Session*.*",
        "emr:Step*.*",
        "emr:JobFlowDetail.*",
        "healthlake:*S3Configuration.*",
        "lambda:Execution.*",
        "logs:GetQueryResultsResponse.*",
        "logs:S3Configuration.*",
        "m2:GetDataSetExportTaskResponse.*",
        "neptune-graph:*Task*.*",
        "neptune-graph:NeptuneImportOptions.*",
        "rekognition:*MediaAnalysisJob*.*",
        "sagemaker:*Job*.*",
        "sagemaker:AutoML*.*",
        "sagemaker:HyperParameterTuning*.*",
        "sagemaker:*Experiment*.*",
        "sagemaker:OutputDataConfig.*",
        "sagemaker:OutputConfig.*",
        "sagemaker:ResourceConfig.*",
        "sagemaker:Transform*.*",
        "sagemaker:Processing*.*",
        "sagemaker:*DatasetDefinition.*",
        "sagemaker:BatchDataCaptureConfig.*",
        "sagemaker:TrainingSessionS3Location.*",
        "timestream-write:ReportS3Configuration.*",
        "workmail:*ExportJob*.*",
    ),
    VERSION: (
        "appconfig:Deployment.*",
        "appconfig:ExperimentDefinition.*",
        "appconfig:HostedConfigurationVersion*.*",
        "athena:GetSystemTableConfigurationOutput.*",
        "bedrock-agent:AgentVersion.*",
        "bedrock-agent:GetFlowVersionResponse.*",
        "bedrock-agent:GetRetrievalInstructionResponse.*",
        "comprehend:DataSecurityConfig.*",
        "customer-profiles:Get*ObjectTypeResponse.*",
        "datazone:EncryptionConfiguration.*",
        "emr:CloudWatchLogConfiguration.*",
        "emr:S3MonitoringConfiguration.*",
        "lexv2-models:*",
        "logs:*LookupTable*.*",
        "opensearch:PackageEncryptionOptions.*",
        "redshift-serverless:Snapshot.adminPasswordSecretKmsKeyId",
        "sagemaker:DescribeDomainResponse.HomeEfsFileSystemKmsKeyId",
        "sagemaker:DataCaptureConfigSummary.*",
        "sagemaker:EdgeOutputConfig.*",
        "sagemaker:ModelPackageSecurityConfig.*",
        "sagemaker:ProductionVariantCoreDumpConfig.*",
        "sagemaker:RoutingTarget*.*",
        "timestream-write:S3Configuration.*",
    ),
    SETTINGS: (
        "dms:InstanceProfile.*",
        "ec2:EbsBlockDeviceResponse.*",
        "ecs:DeploymentEphemeralStorage.*",
        "ecs:Service*.*",
        "imagebuilder:*",
        "lambda:CapacityProvider.*",
        "sagemaker:ClusterEbsVolumeConfig.*",
    ),
    REPORTED: (
        "accessanalyzer:*",
        "guardduty:*",
        "macie2:BucketServerSideEncryption.*",
        "macie2:ServerSideEncryption.*",
        "securityhub:*",
    ),
    OBJECT: ("s3:GetObjectOutput.*", "s3control:S3*.*", "s3control:SSEKMSFilter.*", "s3control:DSSEKMSFilter.*"),
    SECRETS: (
        "keyspaces:*",
        "lambda:FunctionCodeLocation.*",
        "glue:AuthenticationConfiguration.*",
        "dms:MongoDbSettings.*",
        "dms:DocDbSettings.*",
        "dms:Certificate.*",
    ),
    CROSS_REGION: ("redshift-serverless:SnapshotCopyConfiguration.*",),
    NOT_A_KEY: (
        "datasync:DescribeLocationHdfsResponse.KmsKeyProviderUri",
        "ec2:Snapshot.DataEncryptionKeyId",
        "ec2:AssociatedRole.EncryptionKmsKeyId",
        "iot:DescribeEncryptionConfigurationResponse.kmsAccessRoleArn",
        "mediaconnect:*",
        "mediaconvert:InputDecryptionSettings.KmsKeyRegion",
        "odb:EncryptionSummary.*",
        "odb:OciEncryptionKeyConfiguration.*",
        "odb:OkvEncryptionKeyConfiguration.*",
        "supportauthz:*",
    ),
    NOT_READ: (
        "agent-registry-control:*",
        "aiops:*",
        "appfabric:*",
        "appintegrations:*",
        "appstream:*",
        "backup-gateway:*",
        "backupsearch:*",
        "bedrock:GetAutomatedReasoningPolicyResponse.*",
        "bedrock:SageMakerEndpoint.*",
        "bedrock-agent-runtime:*",
        "bedrock-agentcore:*",
        "bedrock-agentcore-control:*",
        "bedrock-data-automation:*",
        "bedrock-runtime:*",
        "braket:*",
        "chime-sdk-media-pipelines:*",
        "chime-sdk-voice:*",
        "cleanrooms:*",
        "cleanroomsml:*",
        "cloudwatch:*",
        "cloudwatchomni:*",
        "codeconnections:*",
        "codeguru-security:*",
        "codestar-connections:*",
        "comprehendmedical:*",
        "connecthealth:*",
        "databrew:*",
        "dataexchange:*",
        "datasync:CmkSecretConfig.*",
        "deadline:*",
        "devops-agent:*",
        "devops-guru:*",
        "drs:*",
        "emr-containers:*",
        "entityresolution:*",
        "eventbridgev2:*",
        "evs:*",
        "forecast:*",
        "frauddetector:*",
        "glacier:*",
        "glue:Integration.*",
        "glue:DataLakeAccessPropertiesOutput.*",
        "glue:ExportEncryptionConfiguration.*",
        "glue:TargetProcessingProperties.*",
        "groundstation:*",
        "inspector2:*",
        "iot:DescribeEncryptionConfigurationResponse.kmsKeyArn",
        "iot-managed-integrations:*",
        "iotfleetwise:*",
        "iotsitewise:*",
        "kafka:EncryptionConfiguration.*",
        "lambda-web:*",
        "lex-models:*",
        "lookoutequipment:*",
        "macie2:RevealConfiguration.*",
        "mailmanager:*",
        "managedblockchain:*",
        "mediaconvert:*",
        "medialive:*",
        "mgn:*",
        "mwaa-serverless:*",
        "observabilityadmin:*",
        "odb:AwsEncryptionKeyConfiguration.*",
        "opensearchmemory:*",
        "personalize:*",
        "proton:*",
        "qconnect:*",
        "rekognition:*",
        "repostspace:*",
        "resiliencehubv2:*",
        "s3files:*",
        "sagemaker:DescribeMlflowAppResponse.*",
        "sagemaker:DescribePartnerAppResponse.*",
        "sagemaker-geospatial:*",
        "securityagent:*",
        "simpledbv2:*",
        "snowball:*",
        "ssm-guiconnect:*",
        "storagegateway:Tape*.*",
        "supplychain:*",
        "textract:*",
        "timestream-influxdb:*",
        "transcribe:*",
        "voice-id:*",
        "wickr:*",
        "wisdom:*",
        "workspaces-thin-client:*",
    ),
}
"""Reason to patterns `service:Structure.member` of botocore's models; `*` stands for any text."""

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    VERSION: (
        "aws_appconfig_deployment.kms_key_arn",
        "aws_lexv2models_slot_type.*",
        "aws_opensearchserverless_collection.kms_key_arn",
        "aws_sagemaker_endpoint_configuration.*core_dump_config.kms_key_id",
        "aws_timestreamwrite_table.*",
    ),
    RUN: (
        "aws_bedrock_model_invocation_job.*",
        "aws_emrcontainers_job_template.*",
        "aws_sagemaker_algorithm.*",
        "aws_sagemaker_hyper_parameter_tuning_job.*",
        "aws_sagemaker_labeling_job.*",
        "aws_sagemaker_training_job.*",
    ),
    SETTINGS: (
        "aws_dms_instance_profile.*",
        "aws_drs_replication_configuration_template.*",
        "aws_lambda_capacity_provider.*",
    ),
    NOT_A_KEY: ("aws_ebs_snapshot*.data_encryption_key_id",),
    NOT_READ: (
        "aws_agentregistry_registry.*",
        "aws_appfabric_app_bundle.*",
        "aws_appintegrations_data_integration.*",
        "aws_bedrockagent_knowledge_base.*",
        "aws_bedrockagentcore_*",
        "aws_chimesdkmediapipelines_*",
        "aws_chimesdkvoice_*",
        "aws_cloudwatchomni_space.*",
        "aws_dataexchange_*",
        "aws_devopsagent_agent_space.*",
        "aws_devopsguru_service_integration.*",
        "aws_elastictranscoder_pipeline.*",
        "aws_finspace_kx_environment.*",
        "aws_glue_catalog.*",
        "aws_glue_connection.*",
        "aws_mailmanager_*",
        "aws_msk_channel.*",
        "aws_observabilityadmin_*",
        "aws_odb_autonomous_database.*",
        "aws_qldb_ledger.*",
        "aws_rekognition_stream_processor.*",
        "aws_resiliencehubv2_*",
        "aws_s3files_file_system.*",
        "aws_sagemaker_device_fleet.*",
        "aws_securityhub_connector_v2.*",
        "aws_workmail_organization.*",
    ),
}
"""Reason to patterns `type.path` of Terraform attributes. A plan shows their keys all the same, without a meaning
for silence."""


SWITCHES: Mapping[str, tuple[str, ...]] = {
    "between two places, not at rest": (
        "aws_chime_voice_connector.require_encryption",
        "aws_dx_connection.encryption_mode",
        "aws_ec2_transit_gateway.encryption_support",
        "aws_elasticache_cluster.transit_encryption_enabled",
        "aws_appsync_api_cache.transit_encryption_enabled",
        "aws_mskconnect_connector.kafka_cluster_encryption_in_transit.encryption_type",
        "aws_vpc_encryption_control.mode",
        "aws_vpn_connection.*_encryption_algorithms",
    ),
    "encrypted by its clients, with keys that AWS never has": (
        "aws_cleanrooms_collaboration.data_encryption_metadata.allow_clear_text",
        "aws_cloudfront_field_level_encryption_profile.*",
    ),
    "how a client reaches another database": (
        "aws_dms_data_provider.settings.ibm_db2_luw_settings.encryption_algorithm",
        "aws_dms_data_provider.settings.sybase_ase_settings.encrypt_password",
    ),
}
"""Reason to patterns `type.path` of Terraform's switches of encryption on types without an attribute for a key."""


def why_switch(type: str, path: str) -> str | None:
    """Why a switch of encryption is left out; None where it is not."""
    return _why(SWITCHES, f"{type}.{path}")


def why_field(service: str, structure: str, member: str) -> str | None:
    """Why a field of an answer is left out; None where it is not."""
    return _why(FIELDS, f"{service}:{structure}.{member}")


def why_attribute(type: str, path: str) -> str | None:
    """Why a Terraform attribute is left out; None where it is not."""
    return _why(ATTRIBUTES, f"{type}.{path}")


def _why(reasons: Mapping[str, tuple[str, ...]], name: str) -> str | None:
    found = (reason for reason, patterns in reasons.items() if any(fnmatchcase(name, each) for each in patterns))
    return next(found, None)

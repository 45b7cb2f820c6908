"""Where application and industry platforms name their keys, and stores of other keys and certificates."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
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

NO_PATH = "`null`"
"""For fields whose key AWS never names: silence says all there is."""

_SSE_STATES = {"ENABLED": AWS_OWNED, "ENABLING": AWS_OWNED, "DISABLED": UNENCRYPTED, "DISABLING": UNENCRYPTED}
DAX_CLUSTER = one_key(
    "AWS::DAX::Cluster",
    Api(
        "dax",
        (Call("DescribeClusters", "Clusters"),),
        "ClusterArn",
        "ClusterName",
        details=(tag_call("ResourceName", "Tags", "ListTags"),),
        tags="TagList",
    ),
    NO_PATH,
    Flag("SSEDescription.Status", _SSE_STATES, missing=UNENCRYPTED),
    At("aws_dax_cluster", "", switch("server_side_encryption.enabled", AWS_OWNED, missing=UNENCRYPTED)),
    "cluster_name",
)

INFLUX_DB = one_key(
    "AWS::Timestream::InfluxDBInstance",
    Api(
        "timestream-influxdb",
        (Call("ListDbInstances", "items"),),
        "arn",
        "name",
        details=(
            Call("GetDbInstance", "{Key: kmsKeyId}", given={"identifier": "id"}),
            tag_call("resourceArn"),
        ),
        tags="TagList",
    ),
    "Key",
    AWS_OWNED,
)

STREAM_APPLICATION = one_key(
    "AWS::KinesisAnalyticsV2::Application",
    Api(
        "kinesisanalyticsv2",
        (Call("ListApplications", "ApplicationSummaries"),),
        "ApplicationARN",
        "ApplicationName",
        # The configuration holds code and properties: only these fields are kept.
        details=(
            Call(
                "DescribeApplication",
                "ApplicationDetail.{Created: CreateTimestamp, Encryption: "
                "ApplicationConfigurationDescription.ApplicationEncryptionConfigurationDescription}",
                given={"ApplicationName": "ApplicationName"},
            ),
            tag_call("ResourceARN", "Tags"),
        ),
        tags="TagList",
        created="Created",
    ),
    "Encryption.KeyId",
    Flag(
        "Encryption.KeyType",
        {"AWS_OWNED_KEY": AWS_OWNED, "CUSTOMER_MANAGED_KEY": NOT_NAMED},
        missing=AWS_OWNED,
    ),
    At(
        "aws_kinesisanalyticsv2_application",
        "application_configuration.application_encryption_configuration.key_id",
        AWS_OWNED,
    ),
)

SEARCH_APPLICATION = one_key(
    "AWS::OpenSearchService::Application",
    Api(
        "opensearch",
        (Call("ListApplications", "ApplicationSummaries"),),
        "arn",
        "name",
        details=(
            Call("GetApplication", "{Key: kmsKeyArn}", given={"id": "id"}),
            tag_call("ARN", "TagList", "ListTags"),
        ),
        tags="TagList",
        created="createdAt",
    ),
    "Key",
    AWS_OWNED,
    At("aws_opensearch_application", "kms_key_arn"),
)

BUSINESS_APPLICATION = one_key(
    "AWS::QBusiness::Application",
    Api(
        "qbusiness",
        (Call("ListApplications", "applications"),),
        "arn:{partition}:qbusiness:{region}:{account}:application/{applicationId}",
        "displayName",
        details=(
            Call(
                "GetApplication",
                "{Key: encryptionConfiguration.kmsKeyId}",
                given={"applicationId": "applicationId"},
            ),
            tag_call("resourceARN"),
        ),
        tags="TagList",
        created="createdAt",
    ),
    "Key",
    AWS_OWNED,
    At("aws_qbusiness_application", "encryption_configuration.kms_key_id"),
    "display_name",
)


def _mainframe(kind: str, terraform: str) -> EncryptedType:
    stem = kind.lower()
    return one_key(
        f"AWS::M2::{kind}",
        Api(
            "m2",
            (Call(f"List{kind}s", f"{stem}s"),),
            f"{stem}Arn",
            "name",
            details=(Call(f"Get{kind}", "{Key: kmsKeyId, tags: tags}", given={f"{stem}Id": f"{stem}Id"}),),
            tags="tags",
            created="creationTime",
        ),
        "Key",
        AWS_OWNED,
        At(terraform, "kms_key_id"),
    )


HEALTH_STORE = one_key(
    "AWS::HealthLake::FHIRDatastore",
    Api(
        "healthlake",
        (Call("ListFHIRDatastores", "DatastorePropertiesList"),),
        "DatastoreArn",
        "DatastoreName || DatastoreId",
        details=(tag_call("ResourceARN", "Tags"),),
        tags="TagList",
        created="CreatedAt",
    ),
    "SseConfiguration.KmsEncryptionConfig.KmsKeyId",
    Flag(
        "SseConfiguration.KmsEncryptionConfig.CmkType",
        {"AWS_OWNED_KMS_KEY": AWS_OWNED, "CUSTOMER_MANAGED_KMS_KEY": NOT_NAMED},
        missing=AWS_OWNED,
    ),
)

IMAGING_STORE = one_key(
    "AWS::HealthImaging::Datastore",
    Api(
        "medical-imaging",
        (Call("ListDatastores", "datastoreSummaries"),),
        "datastoreArn",
        "datastoreName || datastoreId",
        details=(
            Call("GetDatastore", "datastoreProperties.{Key: kmsKeyArn}", given={"datastoreId": "datastoreId"}),
            tag_call("resourceArn"),
        ),
        tags="TagList",
        created="createdAt",
    ),
    "Key",
    AWS_OWNED,
)

INCIDENT_REPLICATION = EncryptedType(
    "AWS::SSMIncidents::ReplicationSet",
    Api(
        "ssm-incidents",
        (Call("ListReplicationSets", "replicationSetArns[].{arn: @}"),),
        "arn",
        "arn",
        details=(
            Call("GetReplicationSet", "replicationSet.{Regions: values(regionMap)}", given={"arn": "arn"}),
            tag_call("resourceArn"),
        ),
        tags="TagList",
    ),
    keys=(
        KeyField(
            "region",
            "sseKmsKeyId",
            AWS_OWNED,
            (
                At("aws_ssmincidents_replication_set", "region.kms_key_arn"),
                At("aws_ssmincidents_replication_set", "regions.kms_key_arn"),
            ),
            each="Regions",
        ),
    ),
    terraform={"aws_ssmincidents_replication_set": "id"},
)

# --- stores of other keys and certificates -----------------------------------------------------------

CERTIFICATE = one_key(
    "AWS::CertificateManager::Certificate",
    Api(
        "acm",
        # Without Includes, ACM lists RSA 2048 certificates only.
        (
            Call(
                "ListCertificates",
                "CertificateSummaryList",
                fixed={
                    "Includes": {
                        "keyTypes": [
                            "RSA_1024",
                            "RSA_2048",
                            "RSA_3072",
                            "RSA_4096",
                            "EC_prime256v1",
                            "EC_secp384r1",
                            "EC_secp521r1",
                        ]
                    }
                },
            ),
        ),
        "CertificateArn",
        "DomainName",
        details=(Call("ListTagsForCertificate", "Tags", given={"CertificateArn": "CertificateArn"}, into="TagList"),),
        tags="TagList",
        created="CreatedAt",
    ),
    NO_PATH,
    aws_managed("acm"),
    At("aws_acm_certificate", "", aws_managed("acm")),
    "domain_name",
    use="private-key",
)

AUTHORITY = EncryptedType(
    "AWS::ACMPCA::CertificateAuthority",
    Api(
        "acm-pca",
        (Call("ListCertificateAuthorities", "CertificateAuthorities"),),
        "Arn",
        "Arn",
        details=(Call("ListTags", "Tags", given={"CertificateAuthorityArn": "Arn"}, into="TagList"),),
        tags="TagList",
        created="CreatedAt",
    ),
    keys=(),  # its key lives in an HSM of the service, outside KMS
    terraform={"aws_acmpca_certificate_authority": "id"},
    attributes=(
        Attribute("status", "Status", "`ACTIVE`, `DISABLED`, `DELETED` ..."),
        Attribute(
            "key_storage_standard",
            "KeyStorageSecurityStandard",
            "FIPS level of the HSM that holds the key: `FIPS_140_2_LEVEL_3_OR_HIGHER` ...",
            (At("aws_acmpca_certificate_authority", "key_storage_security_standard"),),
        ),
        Attribute("key_algorithm", "CertificateAuthorityConfiguration.KeyAlgorithm", "`RSA_2048`, `EC_prime256v1` ..."),
    ),
)

PAYMENT_KEY = EncryptedType(
    "AWS::PaymentCryptography::Key",
    Api(
        "payment-cryptography",
        (Call("ListKeys", "Keys"),),
        "KeyArn",
        "KeyArn",
        details=(Call("GetKey", "Key", given={"KeyIdentifier": "KeyArn"}), tag_call("ResourceArn", "Tags")),
        tags="TagList",
        created="CreateTimestamp",
    ),
    keys=(),  # a key of an HSM of the service, outside KMS
    terraform={"aws_paymentcryptography_key": "id"},
    attributes=(
        Attribute("state", "KeyState", "`CREATE_COMPLETE`, `DELETE_PENDING` ..."),
        Attribute("origin", "KeyOrigin", "`AWS_PAYMENT_CRYPTOGRAPHY` or `EXTERNAL`."),
        Attribute(
            "exportable",
            "Exportable",
            "Whether the key may leave the service.",
            (At("aws_paymentcryptography_key", "exportable"),),
        ),
        Attribute("usage", "KeyAttributes.KeyUsage", "TR-31 usage: `TR31_P0_PIN_ENCRYPTION_KEY` ..."),
    ),
)

PLATFORM_TYPES = (
    DAX_CLUSTER,
    INFLUX_DB,
    STREAM_APPLICATION,
    SEARCH_APPLICATION,
    BUSINESS_APPLICATION,
    _mainframe("Environment", "aws_m2_environment"),
    _mainframe("Application", "aws_m2_application"),
    HEALTH_STORE,
    IMAGING_STORE,
    INCIDENT_REPLICATION,
    CERTIFICATE,
    AUTHORITY,
    PAYMENT_KEY,
)

"""Where warehouses, caches and search engines name their keys: Redshift, ElastiCache, MemoryDB, OpenSearch."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    AWS_OWNED_UNLESS_NAMED,
    NOT_NAMED,
    NOT_USED,
    UNENCRYPTED,
    Api,
    At,
    Attribute,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    LinkField,
    aws_managed,
    switch,
    tag_call,
    untold,
)

_SECRET_DEFAULT = aws_managed("secretsmanager")
_REDSHIFT_CHOICE = untold("AWS chooses between alias/aws/redshift and a key that it owns")
_REDSHIFT = "arn:{partition}:redshift:{region}:{account}"

REDSHIFT_CLUSTER = EncryptedType(
    "AWS::Redshift::Cluster",
    Api(
        "redshift",
        (Call("DescribeClusters", "Clusters"),),
        _REDSHIFT + ":cluster:{name}",
        "ClusterIdentifier",
        created="ClusterCreateTime",
    ),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            switch("Encrypted", NOT_NAMED),
            (
                At(
                    "aws_redshift_cluster",
                    "kms_key_id",
                    # Clusters are encrypted unless the author says no (provider 6; Redshift, January 2025).
                    switch("encrypted", _REDSHIFT_CHOICE, missing=_REDSHIFT_CHOICE),
                ),
            ),
        ),
        KeyField(
            "master-secret",
            "MasterPasswordSecretKmsKeyId",
            NOT_USED,
            (
                At(
                    "aws_redshift_cluster",
                    "master_password_secret_kms_key_id",
                    switch("manage_master_password", _SECRET_DEFAULT, missing=NOT_USED, off=NOT_USED),
                ),
            ),
        ),
    ),
    terraform={"aws_redshift_cluster": "cluster_identifier"},
    links=(LinkField("derived_from", "", (At("aws_redshift_cluster", "snapshot_identifier"),)),),
    attributes=(
        Attribute("master_secret_arn", "MasterPasswordSecretArn", "The secret kept for the master user; null: none."),
        Attribute("hsm_status", "HsmStatus.Status", "State of an HSM connection of old clusters; null: none."),
    ),
)

REDSHIFT_SNAPSHOT = EncryptedType(
    "AWS::Redshift::ClusterSnapshot",
    Api(
        "redshift",
        (Call("DescribeClusterSnapshots", "Snapshots"),),
        _REDSHIFT + ":snapshot:{ClusterIdentifier}/{name}",
        "SnapshotIdentifier",
        created="SnapshotCreateTime",
    ),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            switch("Encrypted", NOT_NAMED),
            (
                At(
                    "aws_redshift_cluster_snapshot",
                    "kms_key_id",
                    untold("a snapshot takes over the encryption of its cluster"),
                ),
            ),
        ),
        KeyField("master-secret", "MasterPasswordSecretKmsKeyId", NOT_USED),
    ),
    terraform={"aws_redshift_cluster_snapshot": "snapshot_identifier"},
    links=(
        LinkField(
            "derived_from",
            "ClusterIdentifier",
            (At("aws_redshift_cluster_snapshot", "cluster_identifier"),),
            _REDSHIFT + ":cluster:{value}",
        ),
    ),
)

REDSHIFT_COPY_GRANT = EncryptedType(
    "AWS::Redshift::SnapshotCopyGrant",
    Api(
        "redshift",
        (Call("DescribeSnapshotCopyGrants", "SnapshotCopyGrants"),),
        _REDSHIFT + ":snapshotcopygrant:{name}",
        "SnapshotCopyGrantName",
    ),
    keys=(KeyField("copies", "KmsKeyId", _REDSHIFT_CHOICE, (At("aws_redshift_snapshot_copy_grant", "kms_key_id"),)),),
    terraform={"aws_redshift_snapshot_copy_grant": "snapshot_copy_grant_name"},
)

REDSHIFT_NAMESPACE = EncryptedType(
    "AWS::RedshiftServerless::Namespace",
    Api(
        "redshift-serverless",
        (Call("ListNamespaces", "namespaces"),),
        "namespaceArn",
        "namespaceName",
        details=(tag_call("resourceArn"),),
        tags="TagList",
        created="creationDate",
    ),
    keys=(
        KeyField("storage", "kmsKeyId", AWS_OWNED, (At("aws_redshiftserverless_namespace", "kms_key_id"),)),
        KeyField(
            "master-secret",
            "adminPasswordSecretKmsKeyId",
            NOT_USED,
            (
                At(
                    "aws_redshiftserverless_namespace",
                    "admin_password_secret_kms_key_id",
                    switch("manage_admin_password", _SECRET_DEFAULT, missing=NOT_USED, off=NOT_USED),
                ),
            ),
        ),
    ),
    terraform={"aws_redshiftserverless_namespace": "namespace_name"},
)

REDSHIFT_NAMESPACE_SNAPSHOT = EncryptedType(
    "AWS::RedshiftServerless::Snapshot",
    Api(
        "redshift-serverless",
        (Call("ListSnapshots", "snapshots"),),
        "snapshotArn",
        "snapshotName",
        details=(tag_call("resourceArn"),),
        tags="TagList",
        created="snapshotCreateTime",
    ),
    keys=(
        KeyField("storage", "kmsKeyId", AWS_OWNED, (At("aws_redshiftserverless_snapshot", "kms_key_id", AWS_OWNED),)),
    ),
    terraform={"aws_redshiftserverless_snapshot": "snapshot_name"},
    links=(LinkField("derived_from", "namespaceArn"),),
)

_CACHE_TYPES = {"none": UNENCRYPTED, "sse-elasticache": AWS_OWNED, "sse-kms": NOT_NAMED}


def _cache(operation: str, items: str, name: str, created: str) -> Api:
    kind = items.removesuffix("s").lower()
    return Api(
        "elasticache",
        (Call(operation, items),),
        "ARN",
        name,
        details=(tag_call("ResourceName", "TagList"),),
        tags="TagList",
        created=created,
        otherwise=f"arn:{{partition}}:elasticache:{{region}}:{{account}}:{kind}:{{name}}",
    )


CACHE_GROUP = EncryptedType(
    "AWS::ElastiCache::ReplicationGroup",
    _cache("DescribeReplicationGroups", "ReplicationGroups", "ReplicationGroupId", "ReplicationGroupCreateTime"),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            Flag(
                "StorageEncryptionType", _CACHE_TYPES, missing=switch("AtRestEncryptionEnabled", AWS_OWNED_UNLESS_NAMED)
            ),
            (
                At(
                    "aws_elasticache_replication_group",
                    "kms_key_id",
                    switch(
                        "at_rest_encryption_enabled",
                        AWS_OWNED_UNLESS_NAMED,
                        missing=Flag(
                            "engine", {"valkey": AWS_OWNED_UNLESS_NAMED, "redis": UNENCRYPTED}, missing=UNENCRYPTED
                        ),
                    ),
                ),
            ),
        ),
    ),
    terraform={"aws_elasticache_replication_group": "replication_group_id"},
    attributes=(Attribute("transit_encryption", "TransitEncryptionEnabled", "Whether connections must use TLS."),),
)

CACHE_SERVERLESS = EncryptedType(
    "AWS::ElastiCache::ServerlessCache",
    _cache("DescribeServerlessCaches", "ServerlessCaches", "ServerlessCacheName", "CreateTime"),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            Flag("StorageEncryptionType", _CACHE_TYPES, missing=AWS_OWNED),
            (At("aws_elasticache_serverless_cache", "kms_key_id", AWS_OWNED),),
        ),
    ),
    terraform={"aws_elasticache_serverless_cache": "name"},
)

CACHE_SNAPSHOT = EncryptedType(
    "AWS::ElastiCache::Snapshot",
    _cache("DescribeSnapshots", "Snapshots", "SnapshotName", "NodeSnapshots[0].SnapshotCreateTime"),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            untold("a backup names no key, be its cache unencrypted or under a key that AWS owns"),
        ),
    ),
    links=(
        LinkField(
            "derived_from",
            "ReplicationGroupId",
            target="arn:{partition}:elasticache:{region}:{account}:replicationgroup:{value}",
        ),
    ),
)

CACHE_SERVERLESS_SNAPSHOT = EncryptedType(
    "AWS::ElastiCache::ServerlessCacheSnapshot",
    _cache("DescribeServerlessCacheSnapshots", "ServerlessCacheSnapshots", "ServerlessCacheSnapshotName", "CreateTime"),
    keys=(KeyField("storage", "KmsKeyId", AWS_OWNED),),
    links=(
        LinkField(
            "derived_from",
            "ServerlessCacheConfiguration.ServerlessCacheName",
            target="arn:{partition}:elasticache:{region}:{account}:serverlesscache:{value}",
        ),
    ),
)

MEMORYDB_CLUSTER = EncryptedType(
    "AWS::MemoryDB::Cluster",
    Api(
        "memorydb",
        (Call("DescribeClusters", "Clusters"),),
        "ARN",
        "Name",
        details=(tag_call("ResourceArn", "TagList", "ListTags"),),
        tags="TagList",
    ),
    keys=(KeyField("storage", "KmsKeyId", AWS_OWNED, (At("aws_memorydb_cluster", "kms_key_arn"),)),),
    terraform={"aws_memorydb_cluster": "name"},
)

MEMORYDB_SNAPSHOT = EncryptedType(
    "AWS::MemoryDB::Snapshot",
    Api(
        "memorydb",
        (Call("DescribeSnapshots", "Snapshots"),),
        "ARN",
        "Name",
        details=(tag_call("ResourceArn", "TagList", "ListTags"),),
        tags="TagList",
    ),
    keys=(KeyField("storage", "KmsKeyId", AWS_OWNED, (At("aws_memorydb_snapshot", "kms_key_arn"),)),),
    terraform={"aws_memorydb_snapshot": "name"},
    links=(
        LinkField(
            "derived_from",
            "ClusterConfiguration.Name",
            (At("aws_memorydb_snapshot", "cluster_name"),),
            "arn:{partition}:memorydb:{region}:{account}:cluster/{value}",
        ),
    ),
)


def _domain(terraform: str) -> At:
    return At(
        terraform,
        "encrypt_at_rest.kms_key_id",
        switch("encrypt_at_rest.enabled", aws_managed("es"), missing=UNENCRYPTED),
    )


SEARCH_DOMAIN = EncryptedType(
    "AWS::OpenSearchService::Domain",
    Api(
        "opensearch",
        (Call("ListDomainNames", "DomainNames"),),
        "arn:{partition}:es:{region}:{account}:domain/{name}",
        "DomainName",
        details=(
            Call("DescribeDomain", "DomainStatus", given={"DomainName": "DomainName"}),
            tag_call("ARN", "TagList", "ListTags"),
        ),
        tags="TagList",
    ),
    keys=(
        KeyField(
            "storage",
            "EncryptionAtRestOptions.KmsKeyId",
            switch("EncryptionAtRestOptions.Enabled", NOT_NAMED),
            (_domain("aws_opensearch_domain"), _domain("aws_elasticsearch_domain")),
        ),
    ),
    terraform={"aws_opensearch_domain": "domain_name", "aws_elasticsearch_domain": "domain_name"},
)

SEARCH_COLLECTION = EncryptedType(
    "AWS::OpenSearchServerless::Collection",
    Api(
        "opensearchserverless",
        (Call("ListCollections", "collectionSummaries"),),
        "arn",
        "name",
        details=(Call("BatchGetCollection", "collectionDetails[0]", given={"ids": "[id]"}), tag_call("resourceArn")),
        tags="TagList",
        created="createdDate",
    ),
    keys=(
        KeyField(
            "storage",
            "kmsKeyArn",
            NOT_NAMED,  # a key that AWS owns is stated as `auto`
            (
                At(
                    "aws_opensearchserverless_collection",
                    "encryption_config.kms_key_arn",
                    switch(
                        "encryption_config.aws_owned_key",
                        AWS_OWNED,
                        missing=untold("an encryption policy that matches its name decides"),
                        off=NOT_NAMED,
                    ),
                ),
            ),
        ),
    ),
    terraform={"aws_opensearchserverless_collection": "name"},
)

SEARCH_PIPELINE = EncryptedType(
    "AWS::OSIS::Pipeline",
    Api(
        "osis",
        (Call("ListPipelines", "Pipelines"),),
        "PipelineArn",
        "PipelineName",
        details=(Call("GetPipeline", "Pipeline", given={"PipelineName": "PipelineName"}),),
        created="CreatedAt",
    ),
    keys=(
        KeyField(
            "buffer",
            "EncryptionAtRestOptions.KmsKeyArn",
            AWS_OWNED,
            (At("aws_osis_pipeline", "encryption_at_rest_options.kms_key_arn"),),
        ),
    ),
    terraform={"aws_osis_pipeline": "pipeline_name"},
)

CACHE_TYPES = (
    REDSHIFT_CLUSTER,
    REDSHIFT_SNAPSHOT,
    REDSHIFT_COPY_GRANT,
    REDSHIFT_NAMESPACE,
    REDSHIFT_NAMESPACE_SNAPSHOT,
    CACHE_GROUP,
    CACHE_SERVERLESS,
    CACHE_SNAPSHOT,
    CACHE_SERVERLESS_SNAPSHOT,
    MEMORYDB_CLUSTER,
    MEMORYDB_SNAPSHOT,
    SEARCH_DOMAIN,
    SEARCH_COLLECTION,
    SEARCH_PIPELINE,
)

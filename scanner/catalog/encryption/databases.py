"""Where DynamoDB and the other databases that are neither RDS nor a cache or warehouse name their keys."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
    NOT_USED,
    PLAN_ONLY,
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

_SSE = {
    "ENABLED": NOT_NAMED,
    "ENABLING": NOT_NAMED,
    "UPDATING": NOT_NAMED,
    "DISABLED": AWS_OWNED,
    "DISABLING": AWS_OWNED,
}
"""DynamoDB always encrypts; SSEDescription is about KMS keys, and without it AWS owns the key."""

DYNAMODB_TABLE = EncryptedType(
    "AWS::DynamoDB::Table",
    Api(
        "dynamodb",
        (Call("ListTables", "TableNames[].{TableName: @}"),),
        arn="arn:{partition}:dynamodb:{region}:{account}:table/{name}",
        name="TableName",
        created="CreationDateTime",
        tags="TagList",
        details=(
            Call("DescribeTable", "Table", given={"TableName": "TableName"}),
            Call("ListTagsOfResource", "Tags", given={"ResourceArn": "Self"}, into="TagList"),
        ),
    ),
    keys=(
        KeyField(
            "storage",
            "SSEDescription.KMSMasterKeyArn",
            Flag("SSEDescription.Status", _SSE, missing=AWS_OWNED),
            terraform=(
                At(
                    "aws_dynamodb_table",
                    "server_side_encryption.kms_key_arn",
                    switch("server_side_encryption.enabled", aws_managed("dynamodb"), missing=AWS_OWNED, off=AWS_OWNED),
                ),
            ),
        ),
        # A replica is a table of its own in its Region, where its encryption is read; here only what is named.
        KeyField(
            "replica",
            "KMSMasterKeyId",
            NOT_USED,
            each="Replicas",
            part="RegionName",
            terraform=(
                At("aws_dynamodb_table", "replica.kms_key_arn"),
                At("aws_dynamodb_table_replica", "kms_key_arn", home="global_table_arn"),
            ),
        ),
    ),
    terraform={"aws_dynamodb_table": "name"},
    links=(
        LinkField(
            "derived_from",
            "RestoreSummary.SourceTableArn",
            (At("aws_dynamodb_table", "restore_source_name"), At("aws_dynamodb_table", "restore_source_table_arn")),
            target="arn:{partition}:dynamodb:{region}:{account}:table/{value}",
        ),
        LinkField("replicates_to", "Replicas[].ReplicaArn"),
    ),
    attributes=(
        Attribute(
            "inaccessible_since",
            "SSEDescription.InaccessibleEncryptionDateTime",
            "When DynamoDB lost access to the key, as ISO 8601; null: it has access.",
        ),
    ),
)


_KIND = {"AWS_OWNED_KMS_KEY": AWS_OWNED, "CUSTOMER_MANAGED_KMS_KEY": NOT_NAMED}

# Asking AWS about a Keyspaces table takes cassandra:Select, which also reads what is in it: a plan alone is read.
KEYSPACES_TABLE = EncryptedType(
    "AWS::Cassandra::Table",
    PLAN_ONLY,
    keys=(
        KeyField(
            "storage",
            "",
            AWS_OWNED,
            (
                At(
                    "aws_keyspaces_table",
                    "encryption_specification.kms_key_identifier",
                    Flag("encryption_specification.type", _KIND, missing=AWS_OWNED),
                ),
            ),
        ),
    ),
    terraform={"aws_keyspaces_table": "table_name"},
)

TIMESTREAM = EncryptedType(
    "AWS::Timestream::Database",
    Api(
        "timestream-write",
        (Call("ListDatabases", "Databases"),),
        "Arn",
        "DatabaseName",
        also=("DescribeEndpoints",),
        details=(tag_call("ResourceARN", "Tags"),),
        tags="TagList",
        created="CreationTime",
    ),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            aws_managed("timestream"),
            (At("aws_timestreamwrite_database", "kms_key_id"),),
        ),
    ),
    terraform={"aws_timestreamwrite_database": "database_name"},
)

SCHEDULED_QUERY = EncryptedType(
    "AWS::Timestream::ScheduledQuery",
    Api(
        "timestream-query",
        (Call("ListScheduledQueries", "ScheduledQueries"),),
        "Arn",
        "Name",
        also=("DescribeEndpoints",),
        details=(
            Call("DescribeScheduledQuery", "ScheduledQuery", given={"ScheduledQueryArn": "Arn"}),
            tag_call("ResourceARN", "Tags"),
        ),
        tags="TagList",
        created="CreationTime",
    ),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            aws_managed("timestream"),
            (At("aws_timestreamquery_scheduled_query", "kms_key_id"),),
        ),
    ),
    terraform={"aws_timestreamquery_scheduled_query": "name"},
)

DSQL = EncryptedType(
    "AWS::DSQL::Cluster",
    Api(
        "dsql",
        (Call("ListClusters", "clusters"),),
        "arn",
        "identifier",
        details=(Call("GetCluster", given={"identifier": "identifier"}),),
        tags="tags",
        created="creationTime",
    ),
    keys=(
        KeyField(
            "storage",
            "encryptionDetails.kmsKeyArn",
            Flag("encryptionDetails.encryptionType", _KIND, missing=AWS_OWNED),
            (At("aws_dsql_cluster", "kms_encryption_key", AWS_OWNED),),
        ),
    ),
    terraform={"aws_dsql_cluster": "identifier"},
)

_ELASTIC_SILENCE = untold("AWS does not say which default key protects an elastic cluster that names none")
DOCDB_ELASTIC = EncryptedType(
    "AWS::DocDBElastic::Cluster",
    Api(
        "docdb-elastic",
        (Call("ListClusters", "clusters"),),
        "clusterArn",
        "clusterName",
        details=(Call("GetCluster", "cluster", given={"clusterArn": "clusterArn"}), tag_call("resourceArn")),
        tags="TagList",
        created="createTime",
    ),
    keys=(KeyField("storage", "kmsKeyId", _ELASTIC_SILENCE, (At("aws_docdbelastic_cluster", "kms_key_id"),)),),
    terraform={"aws_docdbelastic_cluster": "name"},
)

DOCDB_ELASTIC_SNAPSHOT = EncryptedType(
    "AWS::DocDBElastic::ClusterSnapshot",
    Api(
        "docdb-elastic",
        (Call("ListClusterSnapshots", "snapshots"),),
        "snapshotArn",
        "snapshotName",
        details=(
            Call("GetClusterSnapshot", "snapshot", given={"snapshotArn": "snapshotArn"}),
            tag_call("resourceArn"),
        ),
        tags="TagList",
        created="snapshotCreationTime",
    ),
    keys=(KeyField("storage", "kmsKeyId", _ELASTIC_SILENCE),),
    links=(LinkField("derived_from", "clusterArn"),),
)

GRAPH = EncryptedType(
    "AWS::NeptuneGraph::Graph",
    Api(
        "neptune-graph",
        (Call("ListGraphs", "graphs"),),
        "arn",
        "name",
        details=(tag_call("resourceArn"),),
        tags="TagList",
    ),
    keys=(KeyField("storage", "kmsKeyIdentifier", AWS_OWNED, (At("aws_neptunegraph_graph", "kms_key_identifier"),)),),
    terraform={"aws_neptunegraph_graph": "graph_name"},
)

GRAPH_SNAPSHOT = EncryptedType(
    "AWS::NeptuneGraph::GraphSnapshot",
    Api(
        "neptune-graph",
        (Call("ListGraphSnapshots", "graphSnapshots"),),
        "arn",
        "name",
        details=(tag_call("resourceArn"),),
        tags="TagList",
        created="snapshotCreateTime",
    ),
    keys=(KeyField("storage", "kmsKeyIdentifier", AWS_OWNED),),
    links=(
        LinkField(
            "derived_from", "sourceGraphId", target="arn:{partition}:neptune-graph:{region}:{account}:graph/{value}"
        ),
    ),
)

DATABASE_TYPES = (
    DYNAMODB_TABLE,
    KEYSPACES_TABLE,
    TIMESTREAM,
    SCHEDULED_QUERY,
    DSQL,
    DOCDB_ELASTIC,
    DOCDB_ELASTIC_SNAPSHOT,
    GRAPH,
    GRAPH_SNAPSHOT,
)

"""Where RDS, Aurora, DocumentDB and Neptune name their keys: one API answers for all of them, told apart by engine."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AS_SOURCE,
    AWS_OWNED,
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
    Silence,
    aws_managed,
    copied_from,
    switch,
    untold,
)

RDS_DEFAULT = aws_managed("rds")
SECRET_DEFAULT = aws_managed("secretsmanager")


def stated_type(flag: str) -> Flag:
    """What silence means where AWS states a StorageEncryptionType.

    Encryption by a key that AWS owns, the default of new Aurora clusters, has `flag` false: only the type tells
    it from no encryption (RDS API reference, DBCluster.StorageEncrypted). Without a type, `flag` is all there is.
    """
    types = {"none": UNENCRYPTED, "sse-kms": NOT_NAMED, "sse-rds": AWS_OWNED}
    return Flag("StorageEncryptionType", types, missing=switch(flag, NOT_NAMED))


SOURCES = (
    "snapshot_identifier",
    "replicate_source_db",
    "replication_source_identifier",
    "global_cluster_identifier",
    *(
        f"restore_to_point_in_time.{name}"
        for name in (
            "source_cluster_identifier",
            "source_cluster_resource_id",
            "source_db_instance_identifier",
            "source_dbi_resource_id",
            "source_db_instance_automated_backups_arn",
        )
    ),
)
"""Attributes that name what a database is made from."""

AURORA_ENGINES = ("aurora", "aurora-mysql", "aurora-postgresql")
AURORA_OF_ANY_AGE = untold(
    "Aurora encrypts clusters made since 18 February 2026 with a key that AWS owns, older ones may hold clear data, "
    "and `storage_encrypted` is false for both"
)


def planned(unstated: Silence, stated_off: Silence = UNENCRYPTED) -> Flag:
    """What a plan says without a key: a restored or replicated database takes over the encryption of its source."""
    return switch("storage_encrypted", _unless_copied(RDS_DEFAULT), missing=_unless_copied(unstated), off=stated_off)


def _unless_copied(silence: Silence) -> Silence:
    for path in SOURCES:
        silence = copied_from(path, silence)
    return silence


def _by_engine(aurora: Silence) -> Flag:
    """Multi-AZ clusters of MySQL and PostgreSQL are not encrypted unless asked for, Aurora serverless v1 always is."""
    engines = Flag("engine", dict.fromkeys(AURORA_ENGINES, aurora), other=UNENCRYPTED)
    return Flag("engine_mode", {"serverless": RDS_DEFAULT}, missing=engines, other=engines)


PLANNED = planned(UNENCRYPTED)
# Without `storage_encrypted`, a new Aurora cluster has StorageEncryptionType sse-rds (Aurora user guide, "Encrypting
# Amazon Aurora resources").
PLANNED_CLUSTER = planned(_by_engine(AWS_OWNED), stated_off=_by_engine(AURORA_OF_ANY_AGE))


def _insights(*types: str) -> KeyField:
    """Performance Insights: nothing to protect while it is off."""
    return KeyField(
        "performance-insights",
        "PerformanceInsightsKMSKeyId",
        switch("PerformanceInsightsEnabled", RDS_DEFAULT, missing=NOT_USED, off=NOT_USED),
        terraform=tuple(
            At(
                name,
                "performance_insights_kms_key_id",
                switch("performance_insights_enabled", RDS_DEFAULT, missing=NOT_USED, off=NOT_USED),
            )
            for name in types
        ),
    )


def _master_secret(*types: str, path: str = "master_user_secret_kms_key_id") -> KeyField:
    """The secret that RDS itself keeps for the master user; AWS names its key whenever it exists."""
    return KeyField(
        "master-secret",
        "MasterUserSecret.KmsKeyId",
        NOT_USED,
        terraform=tuple(
            At(
                name,
                path,
                switch("manage_master_user_password", SECRET_DEFAULT, missing=NOT_USED, off=NOT_USED),
            )
            for name in types
        ),
    )


def _activity(*places: At) -> KeyField:
    """The database activity stream, which cannot exist without a key."""
    return KeyField("activity-stream", "ActivityStreamKmsKeyId", NOT_USED, terraform=places)


def _listed(operation: str, items: str, noun: str, kind: str, created: str) -> Api:
    """What is named by fields that begin with `noun`, and is a `kind` in its ARN."""
    return Api(
        "rds",
        (Call(operation, items),),
        arn=f"{noun}Arn",
        name=f"{noun}Identifier",
        created=created,
        tags="TagList",
        otherwise=f"arn:{{partition}}:rds:{{region}}:{{account}}:{kind}:{{name}}",
    )


def _instances(engine: str) -> Api:
    path = f"DBInstances[?{engine}]"
    return _listed("DescribeDBInstances", path, "DBInstance", "db", "InstanceCreateTime")


def _clusters(engine: str) -> Api:
    path = f"DBClusters[?{engine}]"
    return _listed("DescribeDBClusters", path, "DBCluster", "cluster", "ClusterCreateTime")


def _cluster_snapshots(engine: str) -> Api:
    return _listed(
        "DescribeDBClusterSnapshots",
        f"DBClusterSnapshots[?{engine}]",
        "DBClusterSnapshot",
        "cluster-snapshot",
        "SnapshotCreateTime",
    )


_RELATIONAL = "Engine != 'docdb' && Engine != 'neptune'"
_DOCDB = "Engine == 'docdb'"
_NEPTUNE = "Engine == 'neptune'"
_DB = "arn:{partition}:rds:{region}:{account}:db:{value}"
_CLUSTER = "arn:{partition}:rds:{region}:{account}:cluster:{value}"
_ENGINE = Attribute("engine", "Engine", "`mysql`, `postgres`, `aurora-postgresql` ...")
_MASTER_SECRET_ARN = Attribute(
    "master_secret_arn", "MasterUserSecret.SecretArn", "The secret that RDS keeps for the master user; null: none."
)


def _member_links(of: str) -> tuple[LinkField, ...]:
    """An instance of a cluster holds the cluster's data; a replica that of its source."""
    return (
        LinkField(
            "derived_from",
            "DBClusterIdentifier",
            terraform=(At(of, "cluster_identifier"),) if of else (),
            target=_CLUSTER,
        ),
        LinkField("derived_from", "ReadReplicaSourceDBInstanceIdentifier", target=_DB),
        LinkField("derived_from", "ReadReplicaSourceDBClusterIdentifier", target=_CLUSTER),
    )


def _cluster_links(of: str) -> tuple[LinkField, ...]:
    return (
        LinkField(
            "derived_from",
            "ReplicationSourceIdentifier",
            terraform=(At(of, "replication_source_identifier"), At(of, "snapshot_identifier")),
            target=_CLUSTER,
        ),
    )


def _storage(terraform: tuple[At, ...], flag: str = "StorageEncrypted") -> KeyField:
    return KeyField("storage", "KmsKeyId", stated_type(flag), terraform=terraform)


def _cluster_type(
    name: str, engine: str, of: str, *more: KeyField, key: str = "kms_key_id", silence: Silence = PLANNED
) -> EncryptedType:
    return EncryptedType(
        name,
        _clusters(engine),
        keys=(_storage((At(of, key, silence),)), *more),
        terraform={of: "cluster_identifier"},
        links=_cluster_links(of),
        attributes=(_ENGINE, _MASTER_SECRET_ARN),
    )


def _cluster_snapshot_type(name: str, engine: str, of: str, copy: str = "", key: str = "kms_key_id") -> EncryptedType:
    places = (At(of, key, AS_SOURCE), *([At(copy, "kms_key_id", AS_SOURCE)] if copy else []))
    return EncryptedType(
        name,
        _cluster_snapshots(engine),
        keys=(_storage(places),),
        terraform={of: "db_cluster_snapshot_identifier"}
        | ({copy: "target_db_cluster_snapshot_identifier"} if copy else {}),
        links=(
            LinkField("derived_from", "DBClusterIdentifier", (At(of, "db_cluster_identifier"),), target=_CLUSTER),
            LinkField(
                "derived_from",
                "SourceDBClusterSnapshotArn",
                (At(copy, "source_db_cluster_snapshot_identifier"),) if copy else (),
            ),
        ),
        attributes=(
            _ENGINE,
            Attribute("snapshot_type", "SnapshotType", "`automated`, `manual`, `shared`, `awsbackup`."),
        ),
    )


RDS_TYPES = (
    EncryptedType(
        "AWS::RDS::DBInstance",
        _instances(_RELATIONAL),
        keys=(
            KeyField(
                "storage",
                "KmsKeyId",
                stated_type("StorageEncrypted"),
                terraform=(
                    At("aws_db_instance", "kms_key_id", PLANNED),
                    At(
                        "aws_rds_cluster_instance",
                        "kms_key_id",
                        untold("an instance of a cluster is encrypted as its cluster"),
                    ),
                ),
            ),
            _insights("aws_db_instance", "aws_rds_cluster_instance"),
            _master_secret("aws_db_instance"),
            _activity(),
        ),
        terraform={"aws_db_instance": "identifier", "aws_rds_cluster_instance": "identifier"},
        links=(
            *_member_links("aws_rds_cluster_instance"),
            LinkField("derived_from", "", (At("aws_db_instance", "replicate_source_db"),), target=_DB),
            LinkField("derived_from", "", (At("aws_db_instance", "snapshot_identifier"),)),
        ),
        attributes=(
            _ENGINE,
            _MASTER_SECRET_ARN,
            Attribute("public", "PubliclyAccessible", "Whether it has a public address."),
        ),
    ),
    _cluster_type(
        "AWS::RDS::DBCluster",
        _RELATIONAL,
        "aws_rds_cluster",
        _insights("aws_rds_cluster"),
        _master_secret("aws_rds_cluster"),
        _activity(At("aws_rds_cluster_activity_stream", "kms_key_id", home="resource_arn")),
        silence=PLANNED_CLUSTER,
    ),
    EncryptedType(
        "AWS::RDS::DBSnapshot",
        _listed("DescribeDBSnapshots", "DBSnapshots", "DBSnapshot", "snapshot", "SnapshotCreateTime"),
        keys=(
            _storage(
                (At("aws_db_snapshot", "kms_key_id", AS_SOURCE), At("aws_db_snapshot_copy", "kms_key_id", AS_SOURCE)),
                flag="Encrypted",
            ),
        ),
        terraform={
            "aws_db_snapshot": "db_snapshot_identifier",
            "aws_db_snapshot_copy": "target_db_snapshot_identifier",
        },
        links=(
            LinkField(
                "derived_from",
                "DBInstanceIdentifier",
                (At("aws_db_snapshot", "db_instance_identifier"),),
                target=_DB,
            ),
            LinkField(
                "derived_from",
                "SourceDBSnapshotIdentifier",
                (At("aws_db_snapshot_copy", "source_db_snapshot_identifier"),),
                target="arn:{partition}:rds:{region}:{account}:snapshot:{value}",
            ),
        ),
        attributes=(
            _ENGINE,
            Attribute("snapshot_type", "SnapshotType", "`automated`, `manual`, `shared`, `awsbackup`."),
        ),
    ),
    _cluster_snapshot_type(
        "AWS::RDS::DBClusterSnapshot", _RELATIONAL, "aws_db_cluster_snapshot", "aws_rds_cluster_snapshot_copy"
    ),
    _cluster_type("AWS::DocDB::DBCluster", _DOCDB, "aws_docdb_cluster", _master_secret("aws_docdb_cluster", path="")),
    EncryptedType(
        "AWS::DocDB::DBInstance",
        _instances(_DOCDB),
        keys=(
            _storage((At("aws_docdb_cluster_instance", "kms_key_id", AS_SOURCE),)),
            _insights("aws_docdb_cluster_instance"),
        ),
        terraform={"aws_docdb_cluster_instance": "identifier"},
        links=_member_links("aws_docdb_cluster_instance"),
    ),
    _cluster_snapshot_type("AWS::DocDB::DBClusterSnapshot", _DOCDB, "aws_docdb_cluster_snapshot"),
    _cluster_type("AWS::Neptune::DBCluster", _NEPTUNE, "aws_neptune_cluster", key="kms_key_arn"),
    EncryptedType(
        "AWS::Neptune::DBInstance",
        _instances(_NEPTUNE),
        keys=(_storage((At("aws_neptune_cluster_instance", "kms_key_arn", AS_SOURCE),)),),
        terraform={"aws_neptune_cluster_instance": "identifier"},
        links=_member_links("aws_neptune_cluster_instance"),
    ),
    _cluster_snapshot_type("AWS::Neptune::DBClusterSnapshot", _NEPTUNE, "aws_neptune_cluster_snapshot"),
)

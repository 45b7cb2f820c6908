"""Databases of the estate with their snapshots, and the secrets that open them."""

from __future__ import annotations

from typing import Any

from scanner.demo.estate_storage import PCI
from scanner.demo.world import World


def build_databases(world: World) -> None:
    """Instances, clusters, tables and what was copied from them."""
    _instance(world, "ledger", "postgres", PCI, key="ledger", insights="ledger", master="ledger")
    _instance(world, "chargeback", "mysql", PCI, key="chargeback", insights="default", master="default")
    _instance(world, "merchant-directory", "postgres", {"Team": "portal"}, key="default")
    _instance(world, "reporting", "mysql", {"Team": "reporting"})
    _clusters(world)
    _snapshots(world)
    _tables(world)


def _instance(
    world: World,
    name: str,
    engine: str,
    tags: dict[str, str],
    key: str | None = None,
    insights: str | None = None,
    master: str | None = None,
) -> None:
    """`default` stands for the AWS managed key; None for no encryption, no insights, a password of one's own."""
    world.at("2026-02-16", f"database {name}")
    wanted: dict[str, Any] = {
        "DBInstanceIdentifier": name,
        "Engine": engine,
        "DBInstanceClass": "db.r6g.large",
        "AllocatedStorage": 200,
        "MasterUsername": "dbadmin",
        "StorageEncrypted": key is not None,
        "EnablePerformanceInsights": insights is not None,
        "CopyTagsToSnapshot": True,
        "Tags": _tags(tags),
    }
    wanted |= {"ManageMasterUserPassword": True} if master else {"MasterUserPassword": "demo-only"}
    named = {"KmsKeyId": key, "PerformanceInsightsKMSKeyId": insights, "MasterUserSecretKmsKeyId": master}
    wanted |= {field: world.arn(alias) for field, alias in named.items() if alias not in (None, "default")}
    world.client("rds").create_db_instance(**wanted)


def _clusters(world: World) -> None:
    """One cluster with every key in the custom key store, and one that AWS encrypts with a key of its own."""
    rds = world.client("rds")
    world.at("2026-05-11", "cluster payments")
    key = world.arn("payments-api")
    created = rds.create_db_cluster(
        DBClusterIdentifier="payments",
        Engine="aurora-postgresql",
        MasterUsername="dbadmin",
        ManageMasterUserPassword=True,
        MasterUserSecretKmsKeyId=key,
        StorageEncrypted=True,
        KmsKeyId=key,
        CopyTagsToSnapshot=True,
        Tags=_tags(PCI),
    )
    arn = created["DBCluster"]["DBClusterArn"]
    rds.start_activity_stream(ResourceArn=arn, Mode="async", KmsKeyId=key, ApplyImmediately=True)
    world.at("2026-07-06", "cluster merchant-analytics")
    rds.create_db_cluster(
        DBClusterIdentifier="merchant-analytics",
        Engine="aurora-postgresql",
        MasterUsername="dbadmin",
        MasterUserPassword="demo-only",
        Tags=_tags({"Team": "portal"}),
    )


def _snapshots(world: World) -> None:
    """Planted: a copy of the ledger under an application key, and an unencrypted snapshot that was kept."""
    rds = world.client("rds")
    world.at("2026-10-05", "snapshot ledger")
    rds.create_db_snapshot(DBInstanceIdentifier="ledger", DBSnapshotIdentifier="ledger-2026-10")
    world.at("2026-10-06", "snapshot ledger copy")
    rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier="ledger-2026-10",
        TargetDBSnapshotIdentifier="ledger-for-warehouse",
        KmsKeyId=world.arn("data-lake"),
        Tags=_tags({"Team": "warehouse"}),
    )
    world.at("2026-03-30", "snapshot reporting")
    rds.create_db_snapshot(DBInstanceIdentifier="reporting", DBSnapshotIdentifier="reporting-before-upgrade")


_TABLES: tuple[tuple[str, str | None, dict[str, str]], ...] = (
    # name, alias of the key (None: AWS owned; "": the AWS managed key), tags
    ("tokens", "tokenization", PCI),
    ("device-fingerprints", None, PCI),
    ("device-registry", "device-registry", {"Team": "fraud"}),
    ("portal-sessions", None, {"Team": "portal"}),
    ("merchant-limits", "", {"Team": "portal"}),
)


def _tables(world: World) -> None:
    for name, alias, tags in _TABLES:
        world.at("2026-04-20", f"table {name}")
        encryption: dict[str, Any] = {"Enabled": alias is not None}
        if alias is not None:
            encryption["SSEType"] = "KMS"
        if alias:
            encryption["KMSMasterKeyId"] = world.arn(alias)
        world.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification=encryption,
            Tags=_tags(tags),
        )


_SECRETS: tuple[tuple[str, str | None, dict[str, str]], ...] = (
    # name, alias of the key (None: the AWS managed key), tags
    ("payments-api/scheme-credentials", "payments-api", PCI),
    ("card-vault/export-password", None, PCI),
    ("fraud-scoring/model-registry", None, {"Team": "fraud"}),
    ("merchant-portal/session-key", "app-config", {"Team": "portal"}),
    ("hsm/pci-hsm/kmsuser", "card-vault", {"Team": "security"}),
    ("hsm/settlement-hsm/kmsuser", "app-config", {"Team": "security"}),
)


def build_secrets(world: World) -> None:
    """The secrets that people keep; RDS keeps those of its own databases, which take over their tags by hand."""
    secrets = world.client("secretsmanager")
    for name, alias, tags in _SECRETS:
        world.at("2026-03-09", f"secret {name}")
        wanted: dict[str, Any] = {"KmsKeyId": world.arn(alias)} if alias else {}
        secrets.create_secret(Name=name, SecretString="demo", Tags=_tags(tags), **wanted)
    world.at("2026-11-02", "rotation")
    rotation = {"RotationRules": {"AutomaticallyAfterDays": 30}, "RotateImmediately": False}
    secrets.rotate_secret(SecretId="payments-api/scheme-credentials", **rotation)
    for secret in secrets.list_secrets(Filters=[{"Key": "owning-service", "Values": ["rds"]}])["SecretList"]:
        secrets.tag_resource(SecretId=secret["ARN"], Tags=_tags(PCI))


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]

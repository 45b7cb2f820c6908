"""Buckets, volumes and snapshots of the estate."""

from __future__ import annotations

from typing import Any

from scanner.demo.key_policies import role
from scanner.demo.world import ACCOUNT, MAIN, SECOND, World

PCI = {"DataClass": "pci"}
_KMS = "aws:kms"

BUCKETS: tuple[tuple[str, str, str, str | None, dict[str, str]], ...] = (
    # name, Region, algorithm, alias of the key, tags
    ("card-vault-documents", MAIN, _KMS, "card-vault", PCI),
    ("card-vault-exports", MAIN, "AES256", None, PCI),
    ("ledger-archive", MAIN, "aws:kms:dsse", "ledger", PCI),
    ("settlement-files", MAIN, _KMS, "settlement", PCI),
    ("chargeback-evidence", MAIN, _KMS, "data-lake", PCI),
    ("card-vault-migration", MAIN, _KMS, "card-vault-legacy", {"Team": "card-vault"}),
    ("fraud-features", MAIN, _KMS, "fraud-scoring", {"Team": "fraud"}),
    ("merchant-uploads", MAIN, _KMS, None, {"Team": "portal"}),
    ("brand-assets", MAIN, "AES256", None, {"Team": "marketing"}),
    ("chargeback-evidence-dr", SECOND, _KMS, "card-metadata", {"Team": "warehouse"}),
    ("fraud-features-dr", SECOND, _KMS, "edge-config", {"Team": "fraud"}),
    ("audit-logs", SECOND, _KMS, "audit-trail", {"Team": "security"}),
    ("access-logs", MAIN, "AES256", None, {"Team": "security"}),
)


def bucket_name(name: str) -> str:
    """Bucket names are unique in the world."""
    return f"{name}-{ACCOUNT}"


def build_buckets(world: World) -> None:
    """Every bucket with its default encryption; two replicate into the second Region."""
    for name, region, algorithm, alias, tags in BUCKETS:
        world.at("2024-09-30", f"bucket {name}")
        _bucket(world, bucket_name(name), region, algorithm, world.arn(alias, region) if alias else None, tags)
    for name, alias in (("chargeback-evidence", "card-metadata"), ("fraud-features", "edge-config")):
        _replicate(world, bucket_name(name), bucket_name(f"{name}-dr"), world.arn(alias, SECOND))


def _bucket(world: World, name: str, region: str, algorithm: str, key: str | None, tags: dict[str, str]) -> None:
    s3 = world.client("s3", region)
    where = {} if region == SECOND else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=name.startswith("audit-logs"), **where)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": _tags(tags)})
    if algorithm != "AES256":
        rule: dict[str, Any] = {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})
        rules = [{"ApplyServerSideEncryptionByDefault": rule, "BucketKeyEnabled": algorithm == _KMS}]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    if name.startswith("audit-logs"):
        retention = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}}
        lock = {"ObjectLockEnabled": "Enabled", "Rule": retention}
        s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)


def _replicate(world: World, source: str, target: str, key: str) -> None:
    for bucket, region in ((source, MAIN), (target, SECOND)):
        versioning = {"Status": "Enabled"}
        world.client("s3", region).put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioning)
    destination = {"Bucket": f"arn:aws:s3:::{target}", "EncryptionConfiguration": {"ReplicaKmsKeyID": key}}
    rule = {
        "ID": "to-second-region",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": destination,
    }
    configuration = {"Role": role("warehouse-loader-app"), "Rules": [rule]}
    world.client("s3").put_bucket_replication(Bucket=source, ReplicationConfiguration=configuration)


VOLUMES: tuple[tuple[str, bool, str | None, dict[str, str]], ...] = (
    # name, encrypted, alias of the key (None: the account's default), tags
    ("card-vault-db", True, "card-vault", PCI),
    ("tokenization-cache", False, None, PCI),
    ("settlement-batch", True, None, PCI),
    ("acquirer-batch", True, "acquirer-batch", PCI),
    ("card-vault-old-data", True, "card-vault-legacy", {"Team": "card-vault"}),
    ("fraud-training", True, "fraud-scoring", {"Team": "fraud"}),
    ("build-agents", True, None, {"Team": "platform"}),
    ("ci-scratch", False, None, {"Team": "platform"}),
)


def build_volumes(world: World) -> None:
    """Every volume, and snapshots of two; the copy of one left the custom key store."""
    ec2, ids = world.client("ec2"), {}
    for name, encrypted, alias, tags in VOLUMES:
        world.at("2026-06-15", f"volume {name}")
        wanted: dict[str, Any] = {
            "AvailabilityZone": f"{MAIN}a",
            "Size": 100,
            "VolumeType": "gp3",
            "Encrypted": encrypted,
        }
        if alias:
            wanted["KmsKeyId"] = world.arn(alias)
        wanted["TagSpecifications"] = [{"ResourceType": "volume", "Tags": _tags({"Name": name} | tags)}]
        ids[name] = ec2.create_volume(**wanted)["VolumeId"]
    taken = {
        "card-vault-db": _snapshot(world, ids["card-vault-db"], "card-vault-db", PCI),
        "fraud-training": _snapshot(world, ids["fraud-training"], "fraud-training", {"Team": "fraud"}),
    }
    world.at("2026-10-19", "snapshot copy")
    ec2.copy_snapshot(
        SourceSnapshotId=taken["card-vault-db"],
        SourceRegion=MAIN,
        Encrypted=True,
        KmsKeyId=world.arn("data-lake"),
        Description="for the warehouse",
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": _tags({"Name": "card-vault-db-copy"})}],
    )


def _snapshot(world: World, volume: str, name: str, tags: dict[str, str]) -> str:
    world.at("2026-10-12", f"snapshot {name}")
    wanted = [{"ResourceType": "snapshot", "Tags": _tags({"Name": f"{name}-2026-10"} | tags)}]
    snapshot: str = world.client("ec2").create_snapshot(VolumeId=volume, TagSpecifications=wanted)["SnapshotId"]
    return snapshot


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]

"""Further services of the estate: files, topics, images, streams, parameters and functions, all as they should be."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from scanner.demo.key_policies import role
from scanner.demo.world import World


def build_services(world: World) -> None:
    """One or two of each type; the file system of unsorted scans is planted unencrypted, the rest are twins."""
    for name, alias in (("statement-templates", "app-config"), ("unsorted-scans", None)):
        world.at("2025-04-07", f"file system {name}")
        wanted: dict[str, Any] = {"Encrypted": alias is not None} | ({"KmsKeyId": world.arn(alias)} if alias else {})
        tags = [{"Key": "Name", "Value": name}]
        world.client("efs").create_file_system(
            CreationToken=name, PerformanceMode="generalPurpose", Tags=tags, **wanted
        )
    world.at("2025-04-08", "topic fraud-alerts")
    world.client("sns").create_topic(Name="fraud-alerts", Attributes={"KmsMasterKeyId": world.arn("fraud-scoring")})
    world.at("2025-04-09", "repository payments-api")
    encryption = {"encryptionType": "KMS", "kmsKey": world.arn("app-config")}
    world.client("ecr").create_repository(repositoryName="payments-api", encryptionConfiguration=encryption)
    world.at("2025-04-10", "stream fraud-signals")
    kinesis = world.client("kinesis")
    kinesis.create_stream(StreamName="fraud-signals", ShardCount=1)
    kinesis.start_stream_encryption(StreamName="fraud-signals", EncryptionType="KMS", KeyId=world.arn("fraud-scoring"))
    world.at("2025-04-11", "parameter")
    world.client("ssm").put_parameter(
        Name="/portal/feature-flags", Value="demo", Type="SecureString", KeyId=world.arn("app-config")
    )
    world.at("2025-04-14", "vault nightly")
    world.client("backup").create_backup_vault(BackupVaultName="nightly", EncryptionKeyArn=world.arn("app-config"))
    world.at("2025-04-15", "function webhook-signer")
    world.client("lambda").create_function(
        FunctionName="webhook-signer",
        Runtime="python3.13",
        Handler="signer.handle",
        Role=role("report-renderer"),
        Code={"ZipFile": _source()},
        KMSKeyArn=world.arn("app-config"),
    )


def _source() -> bytes:
    """The smallest function there is."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("signer.py"), "def handle(event, context):\n    return event\n")
    return archive.getvalue()

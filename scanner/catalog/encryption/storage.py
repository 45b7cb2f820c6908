"""Where file systems, backups and storage gateways name their keys."""

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
    LinkField,
    aws_managed,
    switch,
    tag_call,
    untold,
)

_FSX = aws_managed("fsx")
_SCRATCH = {"SCRATCH_1": AWS_OWNED, "SCRATCH_2": AWS_OWNED}
"""Scratch file systems are encrypted by keys that FSx owns (FSx for Lustre user guide, "Encrypting data at rest")."""

EFS = EncryptedType(
    "AWS::EFS::FileSystem",
    Api(
        "efs",
        (Call("DescribeFileSystems", "FileSystems"),),
        "FileSystemArn",
        "FileSystemId",
        created="CreationTime",
        otherwise="arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{name}",
    ),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            switch("Encrypted", NOT_NAMED),
            (
                At(
                    "aws_efs_file_system",
                    "kms_key_id",
                    switch("encrypted", aws_managed("elasticfilesystem"), missing=UNENCRYPTED),
                ),
            ),
        ),
    ),
    terraform={"aws_efs_file_system": "creation_token"},
)

FSX_FILE_SYSTEM = EncryptedType(
    "AWS::FSx::FileSystem",
    Api("fsx", (Call("DescribeFileSystems", "FileSystems"),), "ResourceARN", "FileSystemId", created="CreationTime"),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            Flag(
                "LustreConfiguration.DeploymentType",
                _SCRATCH | {"PERSISTENT_1": NOT_NAMED, "PERSISTENT_2": NOT_NAMED},
                missing=NOT_NAMED,
            ),
            (
                At("aws_fsx_windows_file_system", "kms_key_id", _FSX),
                At("aws_fsx_ontap_file_system", "kms_key_id", _FSX),
                At("aws_fsx_openzfs_file_system", "kms_key_id", _FSX),
                At(
                    "aws_fsx_lustre_file_system",
                    "kms_key_id",
                    Flag(
                        "deployment_type",
                        _SCRATCH | {"PERSISTENT_1": _FSX, "PERSISTENT_2": _FSX},
                        missing=AWS_OWNED,  # SCRATCH_1 is the default
                    ),
                ),
            ),
        ),
    ),
    terraform=dict.fromkeys(
        (
            "aws_fsx_windows_file_system",
            "aws_fsx_ontap_file_system",
            "aws_fsx_openzfs_file_system",
            "aws_fsx_lustre_file_system",
        ),
        "id",
    ),
    attributes=(Attribute("kind", "FileSystemType", "`WINDOWS`, `LUSTRE`, `ONTAP` or `OPENZFS`."),),
)

FSX_BACKUP = EncryptedType(
    "AWS::FSx::Backup",
    Api("fsx", (Call("DescribeBackups", "Backups"),), "ResourceARN", "BackupId", created="CreationTime"),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            NOT_NAMED,
            (At("aws_fsx_backup", "kms_key_id", untold("a backup takes over the encryption of its file system")),),
        ),
    ),
    terraform={"aws_fsx_backup": "id"},
    links=(LinkField("derived_from", "FileSystem.ResourceARN"),),
)

FSX_CACHE = EncryptedType(
    "AWS::FSx::FileCache",
    Api(
        "fsx",
        (Call("DescribeFileCaches", "FileCaches"),),
        "ResourceARN",
        "FileCacheId",
        details=(tag_call("ResourceARN", "Tags"),),
        tags="TagList",
        created="CreationTime",
    ),
    keys=(KeyField("storage", "KmsKeyId", NOT_NAMED, (At("aws_fsx_file_cache", "kms_key_id", _FSX),)),),
    terraform={"aws_fsx_file_cache": "id"},
)

_VAULT_KEY = {"AWS_OWNED_KMS_KEY": AWS_OWNED, "CUSTOMER_MANAGED_KMS_KEY": NOT_NAMED}


def _vault(name: str, items: str, place: At) -> EncryptedType:
    return EncryptedType(
        name,
        Api(
            "backup",
            (Call("ListBackupVaults", items),),
            "BackupVaultArn",
            "BackupVaultName",
            details=(tag_call("ResourceArn", "Tags", "ListTags"),),
            tags="TagList",
            created="CreationDate",
        ),
        keys=(
            KeyField("storage", "EncryptionKeyArn", Flag("EncryptionKeyType", _VAULT_KEY, missing=NOT_NAMED), (place,)),
        ),
        terraform={place.type: "name"},
        attributes=(
            Attribute("locked", "Locked", "Whether Vault Lock is on."),
            Attribute("min_retention_days", "MinRetentionDays", "Least retention of a recovery point; null: none."),
        ),
    )


_AIR_GAPPED = "VaultType {} 'LOGICALLY_AIR_GAPPED_BACKUP_VAULT'"
BACKUP_VAULT = _vault(
    "AWS::Backup::BackupVault",
    f"BackupVaultList[?{_AIR_GAPPED.format('!=')}]",
    At("aws_backup_vault", "kms_key_arn", aws_managed("backup")),
)
AIR_GAPPED_VAULT = _vault(
    "AWS::Backup::LogicallyAirGappedBackupVault",
    f"BackupVaultList[?{_AIR_GAPPED.format('==')}]",
    At("aws_backup_logically_air_gapped_vault", "encryption_key_arn", AWS_OWNED),
)

RECOVERY_POINT = EncryptedType(
    "AWS::Backup::RecoveryPoint",
    Api(
        "backup",
        (
            Call("ListBackupVaults", "BackupVaultList"),
            Call(
                "ListRecoveryPointsByBackupVault",
                # The others are snapshots of EC2, RDS ... under their own ARNs, and rows of their own.
                "RecoveryPoints[?contains(RecoveryPointArn, ':recovery-point:')]",
                given={"BackupVaultName": "BackupVaultName"},
            ),
        ),
        "RecoveryPointArn",
        "RecoveryPointArn",
        details=(tag_call("ResourceArn", "Tags", "ListTags"),),
        tags="TagList",
        created="CreationDate",
    ),
    keys=(
        KeyField(
            "storage",
            "EncryptionKeyArn",
            switch("IsEncrypted", Flag("EncryptionKeyType", _VAULT_KEY, missing=NOT_NAMED)),
        ),
    ),
    links=(LinkField("derived_from", "ResourceArn"),),
)

_SHARE_KEY = {"SseS3": AWS_OWNED, "SseKms": NOT_NAMED, "DsseKms": NOT_NAMED}


def _share(kind: str) -> EncryptedType:
    terraform = f"aws_storagegateway_{kind.lower()}_file_share"
    return EncryptedType(
        f"AWS::StorageGateway::{kind}FileShare",
        Api(
            "storagegateway",
            (Call("ListFileShares", f"FileShareInfoList[?FileShareType=='{kind}']"),),
            "FileShareARN",
            "FileShareId",
            details=(
                Call(
                    f"Describe{kind}FileShares",
                    f"{kind}FileShareInfoList[0]",
                    given={"FileShareARNList": "[FileShareARN]"},
                ),
            ),
        ),
        keys=(
            KeyField(
                "objects",
                "KMSKey",
                Flag("EncryptionType", _SHARE_KEY, missing=switch("KMSEncrypted", NOT_NAMED, off=AWS_OWNED)),
                (At(terraform, "kms_key_arn", switch("kms_encrypted", NOT_NAMED, AWS_OWNED, AWS_OWNED)),),
            ),
        ),
        terraform={terraform: "id"},
        links=(LinkField("replicates_to", "LocationARN", (At(terraform, "location_arn"),)),),
    )


def _gateway_volume(kind: str) -> EncryptedType:
    terraform = f"aws_storagegateway_{kind.lower()}_iscsi_volume"
    return EncryptedType(
        f"AWS::StorageGateway::{kind}Volume",
        Api(
            "storagegateway",
            (Call("ListVolumes", f"VolumeInfos[?starts_with(VolumeType, '{kind.upper()}')]"),),
            "VolumeARN",
            "VolumeARN",
            details=(
                Call(f"Describe{kind}iSCSIVolumes", f"{kind}iSCSIVolumes[0]", given={"VolumeARNs": "[VolumeARN]"}),
                tag_call("ResourceARN", "Tags"),
            ),
            tags="TagList",
            created="CreatedDate",
        ),
        keys=(
            KeyField(
                "storage",
                "KMSKey",
                AWS_OWNED,  # without a key, the gateway stores volumes with SSE-S3
                (At(terraform, "kms_key", switch("kms_encrypted", NOT_NAMED, AWS_OWNED, AWS_OWNED)),),
            ),
        ),
        terraform={terraform: "id"},
        links=(LinkField("derived_from", "SourceSnapshotId", (At(terraform, "snapshot_id"),)),),
    )


STORAGE_TYPES = (
    EFS,
    FSX_FILE_SYSTEM,
    FSX_BACKUP,
    FSX_CACHE,
    BACKUP_VAULT,
    AIR_GAPPED_VAULT,
    RECOVERY_POINT,
    _share("NFS"),
    _share("SMB"),
    _gateway_volume("Cached"),
    _gateway_volume("Stored"),
)

"""Where EC2 block storage names its keys: volumes, snapshots, images, templates and the default of a Region."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    NOT_NAMED,
    NOT_USED,
    Api,
    At,
    Attribute,
    Call,
    EncryptedType,
    KeyField,
    LinkField,
    copied_from,
    some_key,
    switch,
    untold,
)

REGION_DEFAULT = untold("the default of the account and Region decides whether and with which key EBS encrypts")
"""A template that does not say: AWS::EC2::EBSEncryptionDefault of the Region holds the answer."""

REGION_KEY = some_key("encrypted with the default key of EBS in the account and Region, alias/aws/ebs or one set there")
"""Encryption is asked for and no key is named (EBS user guide, "Default KMS key for EBS encryption")."""

VOLUME = EncryptedType(
    "AWS::EC2::Volume",
    Api(
        "ec2",
        (Call("DescribeVolumes", "Volumes"),),
        arn="arn:{partition}:ec2:{region}:{account}:volume/{name}",
        name="VolumeId",
        created="CreateTime",
    ),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            switch("Encrypted", NOT_NAMED),
            terraform=(
                At(
                    "aws_ebs_volume",
                    "kms_key_id",
                    switch("encrypted", copied_from("snapshot_id", REGION_KEY), REGION_DEFAULT),
                ),
            ),
        ),
    ),
    terraform={"aws_ebs_volume": "id"},
    links=(
        LinkField("derived_from", "SnapshotId", terraform=(At("aws_ebs_volume", "snapshot_id"),)),
        LinkField("derived_from", "SourceVolumeId"),
    ),
    attributes=(
        Attribute("state", "State", "`in-use`, `available` ..."),
        Attribute("instance", "Attachments[0].InstanceId", "The instance it is attached to; null: none."),
    ),
)

SNAPSHOT = EncryptedType(
    "AWS::EC2::Snapshot",
    Api(
        "ec2",
        # Without OwnerIds, the answer holds every public snapshot of the Region.
        (Call("DescribeSnapshots", "Snapshots", fixed={"OwnerIds": ["self"]}),),
        arn="arn:{partition}:ec2:{region}::snapshot/{name}",
        name="SnapshotId",
        owner="OwnerId",
        created="StartTime",
    ),
    keys=(
        KeyField(
            "storage",
            "KmsKeyId",
            switch("Encrypted", NOT_NAMED),
            terraform=(
                At("aws_ebs_snapshot", "kms_key_id", untold("a snapshot takes over the encryption of its volume")),
                At("aws_ebs_snapshot_copy", "kms_key_id", switch("encrypted", REGION_KEY, REGION_DEFAULT)),
                At("aws_ebs_snapshot_import", "kms_key_id", switch("encrypted", REGION_KEY, REGION_DEFAULT)),
            ),
        ),
        KeyField("associated", "KmsKeyId", NOT_USED, each="AssociatedKmsKeys"),
    ),
    terraform={"aws_ebs_snapshot": "id", "aws_ebs_snapshot_copy": "id", "aws_ebs_snapshot_import": "id"},
    links=(
        # A copy has an arbitrary volume id, `vol-ffffffff`, that names nothing.
        LinkField(
            "derived_from",
            "[VolumeId][?@ != 'vol-ffffffff']",
            terraform=(At("aws_ebs_snapshot", "volume_id"),),
        ),
        # No field says what a snapshot was copied from; the description that AWS writes does.
        LinkField(
            "derived_from",
            r"first_match('\[Copied (snap-[0-9a-f]+) from ', Description)",
            terraform=(At("aws_ebs_snapshot_copy", "source_snapshot_id"),),
        ),
    ),
    attributes=(Attribute("tier", "StorageTier", "`standard` or `archive`."),),
)

EBS_TYPES = (VOLUME, SNAPSHOT)

"""Where images and what launches instances name the keys of volumes."""

from __future__ import annotations

from scanner.catalog.encryption.ebs import REGION_DEFAULT, REGION_KEY
from scanner.catalog.encryption.types import (
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
    copied_from,
    switch,
    untold,
)

_SNAPSHOT_BEHIND = "ebs_block_device.snapshot_id"
_IMAGE_DEVICE = switch(
    "ebs_block_device.encrypted",
    Flag(_SNAPSHOT_BEHIND, {"": REGION_KEY}, missing=REGION_KEY, other=NOT_NAMED),
    missing=copied_from(_SNAPSHOT_BEHIND, REGION_DEFAULT),
    off=copied_from(_SNAPSHOT_BEHIND, REGION_DEFAULT),
)

IMAGE = EncryptedType(
    "AWS::EC2::Image",
    Api(
        "ec2",
        (Call("DescribeImages", "Images", fixed={"Owners": ["self"]}),),
        "arn:{partition}:ec2:{region}::image/{ImageId}",
        "ImageId",
        created="CreationDate",
        owner="OwnerId",
    ),
    keys=(
        KeyField(
            "device",
            "Ebs.KmsKeyId",
            # AWS often leaves the key of an image out: it is that of the snapshot behind the device.
            switch("Ebs.Encrypted", NOT_NAMED, missing=NOT_USED),
            (
                At(
                    "aws_ami_copy",
                    "kms_key_id",
                    switch("encrypted", REGION_KEY, missing=REGION_DEFAULT, off=REGION_DEFAULT),
                ),
                At("aws_ami", "ebs_block_device.", _IMAGE_DEVICE),
                At("aws_ami_from_instance", "", untold("an image takes over the encryption of the instance's volumes")),
            ),
            each="BlockDeviceMappings",
            part="DeviceName",
        ),
    ),
    terraform={"aws_ami_copy": "name", "aws_ami": "name", "aws_ami_from_instance": "name"},
    links=(
        LinkField(
            "derived_from",
            "BlockDeviceMappings[].Ebs.SnapshotId",
            terraform=(At("aws_ami", "ebs_block_device.snapshot_id"),),
        ),
    ),
    attributes=(Attribute("public", "Public", "Whether every account may use the image."),),
)

LAUNCH_TEMPLATE = EncryptedType(
    "AWS::EC2::LaunchTemplate",
    Api(
        "ec2",
        (Call("DescribeLaunchTemplates", "LaunchTemplates"),),
        "arn:{partition}:ec2:{region}:{account}:launch-template/{LaunchTemplateId}",
        "LaunchTemplateName",
        details=(
            Call(
                "DescribeLaunchTemplateVersions",
                "LaunchTemplateVersions[]",
                given={"LaunchTemplateId": "LaunchTemplateId"},
                fixed={"Versions": ["$Default", "$Latest"]},
                into="Versions",
            ),
        ),
        created="CreateTime",
    ),
    keys=(
        KeyField(
            "device",
            "Ebs.KmsKeyId",
            switch("Ebs.Encrypted", REGION_KEY, missing=REGION_DEFAULT, off=REGION_DEFAULT),
            (
                At(
                    "aws_launch_template",
                    "block_device_mappings.ebs.kms_key_id",
                    switch(
                        "block_device_mappings.ebs.encrypted", REGION_KEY, missing=REGION_DEFAULT, off=REGION_DEFAULT
                    ),
                ),
            ),
            each="Versions[].LaunchTemplateData.BlockDeviceMappings[]",
        ),
    ),
    terraform={"aws_launch_template": "name"},
)


def _devices(use: str, block: str, *types: str, prefix: str = "", key: str = "kms_key_id") -> KeyField:
    """Volumes that a plan declares inside something that launches instances; `key` is empty where none can be named."""
    encrypted = switch(f"{prefix}{block}.encrypted", REGION_KEY, missing=REGION_DEFAULT, off=REGION_DEFAULT)
    return KeyField(use, "", REGION_DEFAULT, tuple(At(name, f"{prefix}{block}.{key}", encrypted) for name in types))


# In AWS these volumes are AWS::EC2::Volume; a plan knows them only by the instance.
INSTANCE = EncryptedType(
    "AWS::EC2::Instance",
    PLAN_ONLY,
    keys=(
        _devices("root-volume", "root_block_device", "aws_instance", "aws_spot_instance_request"),
        _devices("volume", "ebs_block_device", "aws_instance", "aws_spot_instance_request"),
    ),
    terraform={"aws_instance": "id", "aws_spot_instance_request": "id"},
    attributes=(
        Attribute(
            "instance_profile",
            "",
            "Name of the instance profile that holds its role.",
            (At("aws_instance", "iam_instance_profile"),),
        ),
    ),
)
SPOT_FLEET = EncryptedType(
    "AWS::EC2::SpotFleet",
    PLAN_ONLY,
    keys=(
        _devices("root-volume", "root_block_device", "aws_spot_fleet_request", prefix="launch_specification."),
        _devices("volume", "ebs_block_device", "aws_spot_fleet_request", prefix="launch_specification."),
    ),
    terraform={"aws_spot_fleet_request": "id"},
)
LAUNCH_CONFIGURATION = EncryptedType(
    "AWS::AutoScaling::LaunchConfiguration",
    PLAN_ONLY,
    keys=(
        _devices("root-volume", "root_block_device", "aws_launch_configuration", key=""),
        _devices("volume", "ebs_block_device", "aws_launch_configuration", key=""),
    ),
    terraform={"aws_launch_configuration": "name"},
)

INSTANCE_TYPES = (IMAGE, LAUNCH_TEMPLATE, INSTANCE, SPOT_FLEET, LAUNCH_CONFIGURATION)

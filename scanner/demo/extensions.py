"""Every service of moto that the emulation extends."""

from __future__ import annotations

from scanner.demo import moto_cloudhsm, moto_cloudtrail, moto_ec2, moto_iam, moto_kms, moto_rds, moto_s3, moto_ssoadmin
from scanner.demo.extending import Extension

EXTENSIONS: tuple[Extension, ...] = (
    moto_kms.EXTENSION,
    moto_cloudhsm.EXTENSION,
    moto_ec2.EXTENSION,
    moto_rds.EXTENSION,
    moto_s3.EXTENSION,
    moto_cloudtrail.EXTENSION,
    moto_iam.EXTENSION,
    moto_ssoadmin.EXTENSION,
)

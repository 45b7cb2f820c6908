"""S3 of the emulation: every bucket has default encryption, as it has had in AWS since January 2023."""

from __future__ import annotations

from typing import Any

from moto.s3.models import S3Backend as MotoS3Backend

from scanner.demo.extending import Extension

_SSE_S3 = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


class S3Backend(MotoS3Backend):
    """moto's S3 with SSE-S3 where a bucket says nothing else."""

    def get_bucket_encryption(self, bucket_name: str) -> dict[str, Any]:
        """The bucket's configuration, else AES256."""
        return super().get_bucket_encryption(bucket_name) or _SSE_S3


EXTENSION = Extension("s3", backend=S3Backend)

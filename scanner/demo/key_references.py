"""Key references of other services turned into ARNs, as AWS states them in its answers."""

from __future__ import annotations

from typing import cast

from moto.kms.models import kms_backends

from scanner.demo.kms_backend import KmsBackend


def key_arn(account_id: str, region: str, reference: str) -> str:
    """The ARN behind a key id, ARN, alias name or alias ARN; a key of another account or Region stays as it is."""
    parts = reference.split(":")
    if len(parts) > 4 and (parts[3], parts[4]) != (region, account_id):
        return reference
    return _kms(account_id, region).describe_key(reference).arn


def managed_key_arn(account_id: str, region: str, service: str) -> str:
    """The ARN of the AWS managed key of `service` (`rds`), which this first use makes."""
    return _kms(account_id, region).managed_key(f"alias/aws/{service}").arn


def _kms(account_id: str, region: str) -> KmsBackend:
    return cast("KmsBackend", kms_backends[account_id][region])

"""What each KMS call about one key says, as fields of its record."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from scanner.collect.facts import stated, tags_of
from scanner.collect.session import Refused, Scope
from scanner.model.records import GrantFact, LastUsage, NamedDocument, Rotation, RotationEvent

NO_ROTATION = frozenset({"UnsupportedOperationException", "KMSInvalidStateException"})
"""What KMS answers about the rotation of a key that cannot rotate: an answer, not a refusal."""

USAGE_OF_SPEC = {"SYMMETRIC_DEFAULT": "ENCRYPT_DECRYPT"}
"""The one usage that a spec allows, for endpoints that leave it out (KMS API reference, CreateKey)."""


def metadata_fields(metadata: dict[str, Any]) -> dict[str, Any]:
    """What DescribeKey says; with no metadata every field is UNSET."""
    fields = {
        "manager": stated(metadata, "KeyManager"),
        "state": stated(metadata, "KeyState"),
        "origin": stated(metadata, "Origin"),
        "spec": stated(metadata, "KeySpec", "CustomerMasterKeySpec"),
        "usage": metadata.get("KeyUsage") or USAGE_OF_SPEC.get(metadata.get("KeySpec", ""), UNSET),
        "created": stated(metadata, "CreationDate"),
    }
    multi_region = metadata.get("MultiRegionConfiguration", {})
    replicas = tuple(sorted(replica["Arn"] for replica in multi_region.get("ReplicaKeys", ())))
    optional = {
        "description": metadata.get("Description", ""),
        "multi_region_type": multi_region.get("MultiRegionKeyType"),
        "primary_arn": multi_region.get("PrimaryKey", {}).get("Arn"),
        "replica_arns": replicas,
        "store_id": metadata.get("CustomKeyStoreId"),
        "cluster_id": metadata.get("CloudHsmClusterId"),
        "xks_key_id": metadata.get("XksKeyConfiguration", {}).get("Id"),
        "expiration_model": metadata.get("ExpirationModel"),
        "valid_to": metadata.get("ValidTo"),
        "deletion_date": metadata.get("DeletionDate"),
        "pending_window_days": metadata.get("PendingDeletionWindowInDays"),
    }
    return fields | (optional if metadata else dict.fromkeys(optional, UNSET))


def can_rotate(metadata: dict[str, Any]) -> bool:
    """Whether KMS can rotate the material at all: symmetric encryption keys whose material KMS itself holds."""
    return (
        metadata.get("Origin", "AWS_KMS") in ("AWS_KMS", "EXTERNAL")
        and metadata.get("KeySpec", metadata.get("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT")) == "SYMMETRIC_DEFAULT"
    )


def policies(scope: Scope, arn: str) -> tuple[NamedDocument, ...]:
    """Every policy of the key, `default` first. A share by AWS RAM adds a second one, `AWS_RAM`."""
    names = {name for page in scope.pages("kms", "list_key_policies", KeyId=arn) for name in page["PolicyNames"]}
    ordered = sorted(names | {"default"}, key=lambda name: (name != "default", name))
    return tuple(_policy(scope, arn, name) for name in ordered)


def default_policy(scope: Scope, arn: str) -> tuple[NamedDocument, ...]:
    """The one policy of a key that AWS manages."""
    return (_policy(scope, arn, "default"),)


def _policy(scope: Scope, arn: str, name: str) -> NamedDocument:
    answer = scope.call("kms", "get_key_policy", KeyId=arn, PolicyName=name)
    if "Policy" not in answer:
        raise Refused("kms", "GetKeyPolicy", "Unreadable", "the answer has no `Policy`")
    return NamedDocument(name=name, document=answer["Policy"])


def rotation(scope: Scope, arn: str) -> Rotation | None:
    """Whether the key rotates by itself; None when it cannot."""
    try:
        status = scope.call("kms", "get_key_rotation_status", KeyId=arn)
    except Refused as refused:
        if refused.code in NO_ROTATION:
            return None
        raise
    return Rotation(
        enabled=status["KeyRotationEnabled"],
        period_days=status.get("RotationPeriodInDays"),
        next_date=status.get("NextRotationDate"),
    )


def rotations(scope: Scope, arn: str) -> tuple[RotationEvent, ...]:
    """The rotations that are over, newest first; none for a key that cannot rotate."""
    try:
        pages = list(scope.pages("kms", "list_key_rotations", KeyId=arn))
    except Refused as refused:
        if refused.code in NO_ROTATION:
            return ()
        raise
    done = [rotation for page in pages for rotation in page["Rotations"] if rotation.get("RotationDate")]
    events = (RotationEvent(date=rotation["RotationDate"], type=rotation["RotationType"]) for rotation in done)
    return tuple(sorted(events, key=lambda event: event.date, reverse=True))


def grants(scope: Scope, arn: str) -> tuple[GrantFact, ...]:
    """Every grant on the key, by id."""
    pages = scope.pages("kms", "list_grants", KeyId=arn)
    return tuple(sorted((_grant(grant) for page in pages for grant in page["Grants"]), key=lambda grant: grant.id))


def _grant(grant: dict[str, Any]) -> GrantFact:
    constraints = grant.get("Constraints", {})
    return GrantFact(
        id=grant["GrantId"],
        operations=tuple(grant.get("Operations", ())),
        grantee=grant.get("GranteePrincipal"),
        grantee_service=grant.get("GranteeServicePrincipal"),
        retiring=grant.get("RetiringPrincipal"),
        retiring_service=grant.get("RetiringServicePrincipal"),
        issuing_account=grant.get("IssuingAccount"),
        name=grant.get("Name") or None,
        created=grant.get("CreationDate"),
        context_equals=constraints.get("EncryptionContextEquals"),
        context_subset=constraints.get("EncryptionContextSubset"),
        source_arn=constraints.get("SourceArn"),
    )


def tags(scope: Scope, arn: str) -> dict[str, str]:
    """The key's tags."""
    pages = scope.pages("kms", "list_resource_tags", KeyId=arn)
    return tags_of((tag for page in pages for tag in page["Tags"]), "TagKey", "TagValue")


def last_usage(scope: Scope, arn: str) -> LastUsage:
    """When the key was last used, as far back as AWS tracks it."""
    answer = scope.call("kms", "get_key_last_usage", KeyId=arn)
    usage = answer.get("KeyLastUsage") or {}
    return LastUsage(
        at=usage.get("Timestamp"), operation=usage.get("Operation"), tracked_since=answer.get("TrackingStartDate")
    )

"""The one table of resource types that keys protect. Adding a type is adding one row to one of these modules."""

from __future__ import annotations

from scanner.catalog.encryption.analytics import ANALYTICS_TYPES
from scanner.catalog.encryption.audit import AUDIT_TYPES
from scanner.catalog.encryption.caches import CACHE_TYPES
from scanner.catalog.encryption.compute import COMPUTE_TYPES
from scanner.catalog.encryption.copies import COPY_TYPES
from scanner.catalog.encryption.databases import DATABASE_TYPES
from scanner.catalog.encryption.developer import DEVELOPER_TYPES
from scanner.catalog.encryption.ebs import EBS_TYPES
from scanner.catalog.encryption.instances import INSTANCE_TYPES
from scanner.catalog.encryption.learning import LEARNING_TYPES
from scanner.catalog.encryption.messaging import MESSAGING_TYPES
from scanner.catalog.encryption.movement import MOVEMENT_TYPES
from scanner.catalog.encryption.network import NETWORK_TYPES
from scanner.catalog.encryption.planned import PLANNED_TYPES
from scanner.catalog.encryption.platforms import PLATFORM_TYPES
from scanner.catalog.encryption.rds import RDS_TYPES
from scanner.catalog.encryption.s3 import S3_TYPES
from scanner.catalog.encryption.secrets import SECRET_TYPES
from scanner.catalog.encryption.storage import STORAGE_TYPES
from scanner.catalog.encryption.streaming import STREAMING_TYPES
from scanner.catalog.encryption.types import EncryptedType

ENCRYPTED_TYPES: tuple[EncryptedType, ...] = (
    *S3_TYPES,
    *EBS_TYPES,
    *STORAGE_TYPES,
    *RDS_TYPES,
    *DATABASE_TYPES,
    *CACHE_TYPES,
    *SECRET_TYPES,
    *MESSAGING_TYPES,
    *STREAMING_TYPES,
    *COMPUTE_TYPES,
    *INSTANCE_TYPES,
    *ANALYTICS_TYPES,
    *MOVEMENT_TYPES,
    *DEVELOPER_TYPES,
    *LEARNING_TYPES,
    *NETWORK_TYPES,
    *COPY_TYPES,
    *PLATFORM_TYPES,
    *PLANNED_TYPES,
    *AUDIT_TYPES,
)


def api_calls() -> frozenset[tuple[str, str]]:
    """Every (boto3 service, API operation) that reading the table makes: `("rds", "DescribeDBInstances")`."""
    return frozenset(call for row in ENCRYPTED_TYPES for call in row.calls())

"""How long a key waits for its deletion: as AWS states it, or no longer than since the key was last seen at work."""

from __future__ import annotations

from datetime import datetime

from scanner.graph.known import fact
from scanner.model.records import KeyFact, LastUsage
from scanner.model.unknown import Unknown

_DATE_ALONE = Unknown("AWS states the date of a pending deletion, and not its waiting period")


def pending_window_days(record: KeyFact) -> int | None | Unknown:
    """The waiting period; DescribeKey states it only while replicas are there (KMS API reference, KeyMetadata)."""
    stated: int | None | Unknown = fact(record, "pending_window_days")
    return _DATE_ALONE if stated is None and _pending(record) else stated


def longest_wait_days(record: KeyFact) -> int | None | Unknown:
    """Days between the last sign of life and the deletion: a key that waits for its deletion cannot be used."""
    deletion = fact(record, "deletion_date")
    if isinstance(deletion, Unknown) or not _pending(record):
        return deletion if isinstance(deletion, Unknown) else None
    usage = fact(record, "last_usage")
    used = usage.at if isinstance(usage, LastUsage) else None
    signs = [sign for sign in (fact(record, "created"), used) if isinstance(sign, datetime)]
    return (deletion - max(signs)).days if signs else Unknown(f"when {record.arn} was made was not read")


def _pending(record: KeyFact) -> bool:
    return record.state == "PendingDeletion" and isinstance(record.deletion_date, datetime)

"""How long logs are kept: retention of log groups, lifecycle and Object Lock of buckets, in days."""

from __future__ import annotations

from scanner.model.records import ResourceFact, Scalar
from scanner.model.unknown import Unknown

DAYS_A_YEAR = 365
KEPT = {"AWS::Logs::LogGroup": "retention_days", "AWS::S3::Bucket": "expiration_days"}
"""Where a type states after how many days it drops content; silence means never."""


def kept_days(record: ResourceFact) -> int | Unknown | None:
    """Days after which content is dropped, None for never or for types that do not say."""
    if record.type not in KEPT:
        return None
    value = _attribute(record, KEPT[record.type])
    return value if value is None or isinstance(value, Unknown) else int(value)


def locked_days(record: ResourceFact) -> int | Unknown:
    """Days of default retention in compliance mode, which nobody can shorten (S3 user guide, "Object Lock")."""
    mode, days, years = (_attribute(record, f"object_lock_{name}") for name in ("mode", "days", "years"))
    for value in (mode, days, years):
        if isinstance(value, Unknown):
            return value
    if mode != "COMPLIANCE":
        return 0
    assert not isinstance(days, Unknown)
    assert not isinstance(years, Unknown)
    return int(days or 0) + int(years or 0) * DAYS_A_YEAR


def _attribute(record: ResourceFact, name: str) -> Scalar | Unknown:
    reason = record.unread.get(f"attributes.{name}")
    return record.attributes.get(name) if reason is None else Unknown(reason)

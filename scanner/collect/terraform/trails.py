"""CloudTrail trails and event data stores of a plan with what they record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from scanner.collect.terraform.arns import name_of
from scanner.collect.terraform.draft import Draft, flag, not_held, number, text, texts
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.resources import NEW
from scanner.collect.terraform.values import partly_unknown
from scanner.collect.terraform.world import World
from scanner.model.records import AdvancedSelector, EventSelector, EventStoreFact, FieldSelector, TrailFact

DEFAULT = EventSelector(read_write="All", management=True)
"""What a trail records that names nothing (CloudTrail API reference, GetEventSelectors)."""

MANAGEMENT = AdvancedSelector(fields=(FieldSelector(field="eventCategory", equals=("Management",)),))
DEFAULT_RETENTION = 2555
"""Days that an event data store keeps events when none are given (provider documentation)."""

MATCHES = ("equals", "not_equals", "starts_with", "not_starts_with", "ends_with", "not_ends_with")


def build_trails(world: World) -> Iterator[TrailFact]:
    """Every trail of the plan."""
    for instance in world.of("aws_cloudtrail"):
        yield _trail(world, instance)


def _trail(world: World, instance: Instance) -> TrailFact:
    draft = Draft(world, instance)
    where = world.where(instance)
    basic, advanced = _selectors(draft)
    return TrailFact(
        account=where.account,
        region=where.region,
        arn=world.arn(instance),
        name=name_of(instance),
        multi_region=draft.read("multi_region", "is_multi_region_trail", flag, False),
        organization=draft.read("organization", "is_organization_trail", flag, False),
        validation=draft.read("validation", "enable_log_file_validation", flag, False),
        bucket=_bucket(draft),
        log_group=_log_group(draft),
        logging=draft.read("logging", "enable_logging", flag, True),
        selectors=basic,
        advanced_selectors=advanced,
        unread=draft.unread,
    )


def _bucket(draft: Draft) -> str | None | UnsetType:
    """Name of the bucket, which may be made in the same plan."""
    found = draft.refer("bucket", "s3_bucket_name", ["aws_s3_bucket"])
    if found.one is not None:
        return name_of(found.one)
    return UNSET if found.reason else text(found.value)


def _log_group(draft: Draft) -> str | None | UnsetType:
    """ARN of the log group; authors write `"${aws_cloudwatch_log_group.x.arn}:*"`, which is known only after apply."""
    found = draft.refer("log_group", "cloud_watch_logs_group_arn", ["aws_cloudwatch_log_group"])
    if found.one is not None:
        return f"{draft.world.arn(found.one)}:*"
    return UNSET if found.reason else text(found.value)


def _selectors(draft: Draft) -> tuple[Any, Any]:
    """Basic and advanced selectors; a trail without any records all management events."""
    values = draft.instance.after or {}
    for name in ("event_selector", "advanced_event_selector"):
        if partly_unknown(draft.instance, name):
            why = f"{draft.instance.address}.{name} is known only after apply"
            return draft.unset("selectors", why), draft.unset("advanced_selectors", why)
    basic = tuple(_basic(block) for block in _blocks(values.get("event_selector")))
    advanced = tuple(_advanced(block) for block in _blocks(values.get("advanced_event_selector")))
    return (basic or (() if advanced else (DEFAULT,))), advanced


def _blocks(value: Any) -> list[dict[str, Any]]:
    return [block for block in value if isinstance(block, dict)] if isinstance(value, list) else []


def build_event_stores(world: World) -> Iterator[EventStoreFact]:
    """Every CloudTrail Lake event data store of the plan."""
    for instance in world.of("aws_cloudtrail_event_data_store"):
        draft = Draft(world, instance)
        where = world.where(instance)
        yield EventStoreFact(
            account=where.account,
            region=where.region,
            arn=world.arn(instance),
            name=name_of(instance),
            status=_status(draft),
            multi_region=draft.read("multi_region", "multi_region_enabled", flag, True),
            organization=draft.read("organization", "organization_enabled", flag, False),
            retention_days=draft.read("retention_days", "retention_period", number, DEFAULT_RETENTION),
            advanced_selectors=_store_selectors(draft),
            unread=draft.unread,
        )


def _status(draft: Draft) -> str | UnsetType:
    suspended = draft.read("status", "suspend", flag, False)
    if isinstance(suspended, UnsetType):
        return suspended
    if suspended:
        return "STOPPED_INGESTION"
    new = draft.instance.action in NEW
    return "ENABLED" if new else draft.unset("status", not_held(f"whether {draft.instance.address} is on"))


def _store_selectors(draft: Draft) -> tuple[AdvancedSelector, ...] | UnsetType:
    """Its selectors; without any it records all management events (CloudTrail API, CreateEventDataStore)."""
    name = "advanced_event_selector"
    written = draft.instance.action not in NEW or draft.world.resolver.expression(draft.instance, name) is not None
    if partly_unknown(draft.instance, name) and written:
        return draft.unset("advanced_selectors", f"{draft.instance.address}.{name} is known only after apply")
    return tuple(_advanced(block) for block in _blocks((draft.instance.after or {}).get(name))) or (MANAGEMENT,)


def _basic(block: dict[str, Any]) -> EventSelector:
    management = flag(block.get("include_management_events"))
    return EventSelector(
        read_write=text(block.get("read_write_type")) or "All",
        management=True if management is None else management,
        excluded_sources=tuple(sorted(texts(block.get("exclude_management_event_sources")))),
    )


def _advanced(block: dict[str, Any]) -> AdvancedSelector:
    fields = tuple(
        FieldSelector(field=text(part.get("field")) or "", **{name: texts(part.get(name)) for name in MATCHES})
        for part in _blocks(block.get("field_selector"))
    )
    return AdvancedSelector(fields=fields, name=text(block.get("name")))

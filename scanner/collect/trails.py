"""CloudTrail trails and event data stores: what they record, where to, and whether they are on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import UNSET

from scanner.collect.facts import listing, stated, unset_reasons
from scanner.collect.session import Refused, Scope
from scanner.model.records import AdvancedSelector, EventSelector, EventStoreFact, FieldSelector, Gap, Item, TrailFact

STORE_CALLS = (("cloudtrail", "ListEventDataStores"), ("cloudtrail", "GetEventDataStore"))
CALLS = (("cloudtrail", "DescribeTrails"), ("cloudtrail", "GetTrailStatus"), ("cloudtrail", "GetEventSelectors"))


def trails(scope: Scope) -> Iterator[Item]:
    """Every trail that records this Region, each once: in its home Region, or where the scan first sees it."""
    try:
        listed = scope.call("cloudtrail", "describe_trails", includeShadowTrails=True)["trailList"]
    except Refused as refused:
        yield scope.gap(refused, makes_unknown=("trail",))
        yield scope.coverage("cloudtrail", "DescribeTrails", ("trail",), 0, complete=False)
        return
    mine = [trail for trail in listed if _reports(scope, trail.get("HomeRegion", scope.region))]
    for trail in mine:
        yield from _trail(scope.elsewhere(trail.get("HomeRegion", scope.region)), trail)
    yield scope.coverage("cloudtrail", "DescribeTrails", ("trail",), len(mine))


def _reports(scope: Scope, home: str) -> bool:
    """Whether this Region's scan yields a trail at `home`: a trail of all Regions shows in every one of them."""
    return scope.region == (home if home in scope.regions else min(scope.regions))


def _trail(home: Scope, trail: dict[str, Any]) -> Iterator[TrailFact | Gap]:
    arn = trail["TrailARN"]
    unread: dict[str, str] = {}

    def read(operation: str, *fields: str) -> Iterator[Gap]:
        try:
            answers[operation] = home.call("cloudtrail", operation, **{PARAMETER[operation]: arn})
        except Refused as refused:
            gap = home.gap(refused, subject=arn, makes_unknown=tuple(f"trail.{field}" for field in fields))
            unread.update(dict.fromkeys(fields, gap.reason()))
            yield gap

    answers: dict[str, dict[str, Any]] = {}
    yield from read("get_trail_status", "logging")
    yield from read("get_event_selectors", "selectors", "advanced_selectors")
    status, recorded = answers.get("get_trail_status"), answers.get("get_event_selectors")
    yield TrailFact(
        account=home.account,
        region=home.region,
        arn=arn,
        name=trail["Name"],
        multi_region=trail.get("IsMultiRegionTrail", False),
        organization=trail.get("IsOrganizationTrail", False),
        validation=trail.get("LogFileValidationEnabled", False),
        bucket=trail.get("S3BucketName"),
        log_group=trail.get("CloudWatchLogsLogGroupArn"),
        logging=UNSET if status is None else status["IsLogging"],
        selectors=UNSET if recorded is None else _each(_basic, recorded.get("EventSelectors")),
        advanced_selectors=UNSET if recorded is None else _each(_advanced, recorded.get("AdvancedEventSelectors")),
        unread=unread,
    )


def event_stores(scope: Scope) -> Iterator[Item]:
    """Every event data store of this Region, with what it records and for how long."""

    def record(found: dict[str, Any]) -> Iterator[Item]:
        arn, answer, reason = found["EventDataStoreArn"], dict[str, Any](), ""
        try:
            answer = scope.call("cloudtrail", "get_event_data_store", EventDataStore=arn)
        except Refused as refused:
            gap = scope.gap(refused, subject=arn, makes_unknown=("event-store",))
            reason = gap.reason()
            yield gap
        selectors = answer.get("AdvancedEventSelectors", () if answer else UNSET)
        values = {
            "status": stated(answer, "Status"),
            "multi_region": stated(answer, "MultiRegionEnabled"),
            "organization": stated(answer, "OrganizationEnabled"),
            "retention_days": stated(answer, "RetentionPeriod"),
            "advanced_selectors": selectors if selectors is UNSET else _each(_advanced, selectors),
        }
        unread = unset_reasons(values, reason or "cloudtrail:GetEventDataStore did not say")
        name = found.get("Name", arn)
        yield EventStoreFact(account=scope.account, region=scope.region, arn=arn, name=name, unread=unread, **values)

    return listing(scope, "cloudtrail", "ListEventDataStores", "EventDataStores", ("event-store",), record)


PARAMETER = {"get_trail_status": "Name", "get_event_selectors": "TrailName"}


def _each(record: Callable[[dict[str, Any]], Any], answers: list[dict[str, Any]] | None) -> tuple[Any, ...]:
    return tuple(record(answer) for answer in answers or ())


def _basic(selector: dict[str, Any]) -> EventSelector:
    """What is left out has CloudTrail's default: every management event, nothing excluded."""
    return EventSelector(
        read_write=selector.get("ReadWriteType", "All"),
        management=selector.get("IncludeManagementEvents", True),
        excluded_sources=tuple(selector.get("ExcludeManagementEventSources", ())),
    )


def _advanced(selector: dict[str, Any]) -> AdvancedSelector:
    return AdvancedSelector(name=selector.get("Name") or None, fields=_each(_field, selector["FieldSelectors"]))


def _field(selector: dict[str, Any]) -> FieldSelector:
    return FieldSelector(
        field=selector["Field"],
        equals=tuple(selector.get("Equals", ())),
        not_equals=tuple(selector.get("NotEquals", ())),
        starts_with=tuple(selector.get("StartsWith", ())),
        not_starts_with=tuple(selector.get("NotStartsWith", ())),
        ends_with=tuple(selector.get("EndsWith", ())),
        not_ends_with=tuple(selector.get("NotEndsWith", ())),
    )

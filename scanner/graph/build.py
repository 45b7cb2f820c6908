"""From a snapshot to the key graph: one function for each kind of node and edge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from msgspec import UNSET

from scanner.graph.access import AccessSource, add_principals
from scanner.graph.add_keys import add_keys, add_stores, relate_replicas
from scanner.graph.add_resources import add_resources, add_scope, relate_lineage
from scanner.graph.attested import attest_clusters
from scanner.graph.custody import KeyIndex
from scanner.graph.grants import add_grants
from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import Completeness, fact, members
from scanner.graph.planned import add_changes
from scanner.graph.succession import relate_successors
from scanner.graph.trails import kms_events, records_management
from scanner.graph.views import Account, EventStore, Key, Resource, Trail
from scanner.graph.watching import add_watches
from scanner.model.arn import partition_of
from scanner.model.records import AccountFact, AdvancedSelector, EventSelector, EventStoreFact, TrailFact
from scanner.model.settings import Settings
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Partial, Unknown, reason_of

T = TypeVar("T")
Basic = tuple[EventSelector, ...]
Advanced = tuple[AdvancedSelector, ...]


def build(snapshot: Snapshot, settings: Settings, before: KeyGraph | None = None) -> KeyGraph:
    """The key graph of a snapshot; access relations are worked out when a rule first asks for them.

    `before` is the estate that a plan, whose snapshot this is, starts from.
    """
    completeness = Completeness(snapshot)
    graph = KeyGraph(snapshot, settings, completeness, KeyIndex(completeness), before=before)
    access = AccessSource(graph)
    add_keys(graph, access)
    add_changes(graph)
    add_stores(graph, access)
    relate_replicas(graph)
    relate_successors(graph)
    attest_clusters(graph)
    add_grants(graph)
    add_resources(graph)
    relate_lineage(graph)
    add_scope(graph)
    add_principals(graph, access)
    add_trails(graph)
    add_accounts(graph)
    add_watches(graph)
    return graph


def add_trails(graph: KeyGraph) -> None:
    """Trails and which KMS events they record."""
    for record in graph.snapshot.of(TrailFact):
        graph.trails[record.arn] = Trail(
            arn=record.arn,
            name=record.name,
            account=record.account,
            region=record.region,
            **{
                name: fact(record, name) for name in ("multi_region", "organization", "validation", "logging", "bucket")
            },
            log_bucket=_log_bucket(graph, record),
            management_events=_selected(record, records_management),
            kms_events=_selected(record, kms_events),
        )


def _log_bucket(graph: KeyGraph, record: TrailFact) -> Resource | Unknown | None:
    name: str | Unknown | None = fact(record, "bucket")
    if not isinstance(name, str):
        return name
    bucket = graph.resources.get(f"arn:{partition_of(record.region)}:s3:::{name}")
    if bucket is not None:
        return bucket
    reason = graph.completeness.why_missing("resource:AWS::S3::Bucket", record.account, None)
    return Unknown(reason or f"bucket `{name}` is in an account or Region that was not scanned")


def _unread_selectors(record: TrailFact) -> Unknown | None:
    for name in ("selectors", "advanced_selectors"):
        if isinstance(value := fact(record, name), Unknown):
            return value
    return None


def _selected(record: TrailFact, answer: Callable[[Basic, Advanced], T]) -> T | Unknown:
    """What the selectors of a trail answer, unless they were not read."""
    unread = _unread_selectors(record)
    if unread is not None:
        return unread
    assert record.selectors is not UNSET
    assert record.advanced_selectors is not UNSET
    return answer(record.selectors, record.advanced_selectors)


def add_accounts(graph: KeyGraph) -> None:
    """The scanned accounts with their keys and trails."""
    keys: dict[str, list[Key]] = defaultdict(list)
    for key in graph.keys.values():
        keys[key.account].append(key)
    names = {record.account: fact(record, "name") for record in graph.snapshot.of(AccountFact)}
    for account in sorted({*names, *graph.snapshot.source.accounts}):
        why_keys = graph.completeness.why_missing("key", account, None)
        graph.accounts[account] = Account(
            id=account,
            account=account,
            region="aws-global",
            name=names.get(account, Unknown("the account's name was not collected")),
            keys=members(keys[account], why_keys),
            trails=_trails(graph, account),
            organization=_organization(graph, account),
            event_stores=_event_stores(graph, account),
        )


def _trails(graph: KeyGraph, account: str) -> tuple[Trail, ...] | Partial[Trail] | Unknown:
    """The trails of the account and those of an organisation; whether a foreign one is such may not be known."""
    foreign = [trail for trail in graph.trails.values() if trail.account != account]
    certain = [trail for trail in graph.trails.values() if trail.account == account or trail.organization is True]
    open_ones = (reason_of(trail.organization) for trail in foreign)
    why = graph.completeness.why_missing("trail", account, None) or next(filter(None, open_ones), None)
    return members(certain, why)


def _organization(graph: KeyGraph, account: str) -> str | Unknown | None:
    records = (record for record in graph.snapshot.of(AccountFact) if record.account == account)
    found: str | Unknown | None = next(
        (fact(record, "organization") for record in records), Unknown("the account's organisation was not collected")
    )
    return found


def _event_stores(graph: KeyGraph, account: str) -> tuple[EventStore, ...] | Partial[EventStore]:
    """The event data stores of an account; a plan or an older snapshot does not list them."""
    listed = any(word == "event-store" and where == account for word, where, _ in graph.completeness.listed)
    why = graph.completeness.why_missing("event-store", account, None)
    stores = (_event_store(record) for record in graph.snapshot.of(EventStoreFact) if record.account == account)
    return members(stores, why if listed else f"event data stores of {account} were not listed")


def _event_store(record: EventStoreFact) -> EventStore:
    selectors = fact(record, "advanced_selectors")
    return EventStore(
        arn=record.arn,
        name=record.name,
        kms_events=selectors if isinstance(selectors, Unknown) else kms_events((), selectors),
        **{name: fact(record, name) for name in ("status", "multi_region", "organization", "retention_days")},
    )

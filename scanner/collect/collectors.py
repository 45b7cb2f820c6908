"""Every collector in one table, and the IAM permissions that they need."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Literal, NamedTuple

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.catalog.encryption.types import EncryptedType
from scanner.catalog.permissions import iam_action
from scanner.catalog.running import RUNNING_TYPES
from scanner.collect import account, cloudhsm, iam, key_stores, kms, resources, trails, watchers
from scanner.collect.session import Collector

Calls = tuple[tuple[str, str], ...]


class Row(NamedTuple):
    """One collector: where it runs, the calls it makes and what its listings provide."""

    name: str
    collect: Collector
    where: Literal["regional", "global"]
    calls: Calls
    """boto3's service name and the API operation."""
    provides: tuple[str, ...]


def _resources() -> Iterator[Row]:
    """The reader of the table of resource types, once for each service, so that one service spoils no other."""
    places: tuple[Literal["regional", "global"], ...] = ("regional", "global")
    for where in places:
        services: dict[str, list[EncryptedType]] = {}
        for row in (*ENCRYPTED_TYPES, *RUNNING_TYPES):
            if row.api.listing and row.api.everywhere == (where == "global"):
                services.setdefault(row.api.service, []).append(row)
        for service, types in services.items():
            calls = dict.fromkeys(call for row in types for call in row.calls())
            provides = tuple(row.word for row in types)
            yield Row(f"{service} resources", partial(resources.collect, types=types), where, tuple(calls), provides)


COLLECTORS: tuple[Row, ...] = (
    Row("keys", kms.keys, "regional", kms.CALLS, ("key",)),
    Row("identities", iam.identities, "global", iam.CALLS, iam.PROVIDES),
    Row("aliases", key_stores.aliases, "regional", key_stores.ALIAS_CALLS, ("alias",)),
    Row("key stores", key_stores.key_stores, "regional", key_stores.STORE_CALLS, ("key-store",)),
    Row("clusters", cloudhsm.clusters, "regional", cloudhsm.CLUSTER_CALLS, ("cluster",)),
    Row("backups", cloudhsm.backups, "regional", cloudhsm.BACKUP_CALLS, ("hsm-backup",)),
    Row("trails", trails.trails, "regional", trails.CALLS, ("trail",)),
    Row("event data stores", trails.event_stores, "regional", trails.STORE_CALLS, ("event-store",)),
    Row("alarms", watchers.alarms, "regional", watchers.ALARM_CALLS, watchers.ALARM_PROVIDES),
    Row("event rules", watchers.event_rules, "regional", watchers.RULE_CALLS, watchers.RULE_PROVIDES),
    *_resources(),
    Row("account", account.account, "global", account.CALLS, ()),
)
"""In the order in which they start: the slowest quotas first."""

START_CALLS: Calls = (("sts", "GetCallerIdentity"), ("ec2", "DescribeRegions"))
"""What a scan asks before any collector runs; neither role nor Regions of the account are facts of a snapshot."""


def calls() -> Calls:
    """Every API call that a scan can make."""
    return tuple(sorted({*START_CALLS, *(call for row in COLLECTORS for call in row.calls)}))


def permissions() -> list[str]:
    """The IAM actions that a scan needs, sorted: the least-privilege read-only policy."""
    return sorted({iam_action(service, operation) for service, operation in calls()})

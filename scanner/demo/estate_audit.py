"""Trails, log groups, queues and event rules of the estate."""

from __future__ import annotations

import json
from typing import Any

from scanner.demo.estate_storage import PCI, bucket_name
from scanner.demo.world import ACCOUNT, MAIN, SECOND, World

_SEVEN_YEARS = 2557
_SECURITY = {"Team": "security"}
_HSM_DAYS = {"legacy-hsm": 400}

_LOG_GROUPS: tuple[tuple[str, str | None, int | None, dict[str, str]], ...] = (
    # name, alias of the key (None: AWS owned), retention in days, tags
    ("/ecs/payments-api", "observability", 400, {"Team": "payments"}),
    ("/ecs/card-vault", "card-vault", _SEVEN_YEARS, PCI),
    ("/ecs/chargeback", "observability", 400, PCI),
    ("/batch/reporting", "reporting-old", 30, {"Team": "reporting"}),
    ("/lambda/webhooks", None, None, {"Team": "webhooks"}),
)

_QUEUES: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
    # name, encryption, tags
    ("payment-events", {"KmsMasterKeyId": "alias/payments-api"}, PCI),
    ("settlement-dead-letters", {"SqsManagedSseEnabled": "true"}, PCI),
    ("webhook-deliveries", {"KmsMasterKeyId": "alias/webhooks"}, {"Team": "webhooks"}),
    ("audit-events", {"SqsManagedSseEnabled": "false"}, {"Team": "security"}),
    ("mail-outbox", {"SqsManagedSseEnabled": "true"}, {"Team": "portal"}),
)


def build_audit(world: World) -> None:
    """Everything that records or carries events."""
    _log_groups(world)
    _queues(world)
    _trails(world)
    _notices(world)


def _log_groups(world: World) -> None:
    logs = world.client("logs")
    hsm = [
        (f"/aws/cloudhsm/{store.cluster_id}", "observability", _HSM_DAYS.get(store.name, _SEVEN_YEARS), _SECURITY)
        for store in world.kms().stores.values()
        if store.cluster_id
    ]
    for name, alias, days, tags in (*_LOG_GROUPS, *hsm):
        world.at("2025-10-13", f"log group {name}")
        key = {"kmsKeyId": world.arn(alias)} if alias else {}
        logs.create_log_group(logGroupName=name, tags=tags, **key)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)


def _queues(world: World) -> None:
    for name, encryption, tags in _QUEUES:
        world.at("2026-01-26", f"queue {name}")
        world.client("sqs").create_queue(QueueName=name, Attributes=encryption, tags=tags)


_DATA_EVENTS = [
    {
        "Name": "object reads of the card vault",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        ],
    }
]
_WITHOUT_KMS = [
    {"ReadWriteType": "All", "IncludeManagementEvents": True, "ExcludeManagementEventSources": ["kms.amazonaws.com"]}
]
_WRITES_ONLY = [
    {
        "Name": "management writes",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Management"]},
            {"Field": "readOnly", "Equals": ["false"]},
        ],
    }
]


def _trails(world: World) -> None:
    """Planted: one trail leaves KMS out and is careless otherwise, one records writes only, one was stopped."""
    audit, key = bucket_name("audit-logs"), world.arn("trail-logs")
    _trail(world, "organisation-audit", SECOND, audit, world.arn("audit-trail", SECOND), IsMultiRegionTrail=True)
    _trail(world, "card-vault-reads", MAIN, audit, key, advanced=_DATA_EVENTS)
    _trail(world, "operations", MAIN, bucket_name("access-logs"), None, basic=_WITHOUT_KMS)
    _trail(world, "change-log", MAIN, audit, key, advanced=_WRITES_ONLY)
    _trail(world, "former-siem", MAIN, audit, key)
    world.client("cloudtrail").stop_logging(Name="former-siem")


def _trail(
    world: World,
    name: str,
    region: str,
    bucket: str,
    key: str | None,
    basic: list[dict[str, Any]] | None = None,
    advanced: list[dict[str, Any]] | None = None,
    **options: Any,
) -> None:
    world.at("2023-08-21", f"trail {name}")
    cloudtrail = world.client("cloudtrail", region)
    wanted: dict[str, Any] = {"EnableLogFileValidation": key is not None} | ({"KmsKeyId": key} if key else {})
    cloudtrail.create_trail(Name=name, S3BucketName=bucket, **wanted, **options)
    cloudtrail.start_logging(Name=name)
    if basic:
        cloudtrail.put_event_selectors(TrailName=name, EventSelectors=basic)
    if advanced:
        cloudtrail.put_event_selectors(TrailName=name, AdvancedEventSelectors=advanced)


def _notices(world: World) -> None:
    """Planted: the destruction of keys is noticed in the main Region alone."""
    events = world.client("events")
    world.at("2026-01-26", "rule key-destruction")
    wanted = {"source": ["aws.kms"], "detail": {"eventName": ["DisableKey", "ScheduleKeyDeletion"]}}
    events.put_rule(Name="key-destruction", EventPattern=json.dumps(wanted), State="ENABLED")
    queue = f"arn:aws:sqs:{MAIN}:{ACCOUNT}:audit-events"
    events.put_targets(Rule="key-destruction", Targets=[{"Id": "audit", "Arn": queue}])

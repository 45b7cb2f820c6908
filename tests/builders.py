"""Records with sensible defaults: a test overrides the one thing it is about."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from scanner.model.arn import key_arn
from scanner.model.records import (
    AccountFact,
    AliasFact,
    ClusterFact,
    Coverage,
    Gap,
    HsmFact,
    Item,
    KeyFact,
    KeyStoreFact,
    KeyUse,
    NamedDocument,
    PrincipalFact,
    ResourceFact,
    Rotation,
    Source,
)
from scanner.model.snapshot import Snapshot, snapshot_of

ACCOUNT = "111122223333"
REGION = "eu-central-1"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def account_statement(account: str = ACCOUNT, **more: Any) -> dict[str, Any]:
    """The statement that lets IAM policies of the account decide."""
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    return {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*", **more}


def document(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def a_key(key_id: str = "key-1", **facts: Any) -> KeyFact:
    """An enabled symmetric customer key with the default key policy, rotation on, and everything read."""
    defaults: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "id": key_id,
        "manager": "CUSTOMER",
        "state": "Enabled",
        "origin": "AWS_KMS",
        "spec": "SYMMETRIC_DEFAULT",
        "usage": "ENCRYPT_DECRYPT",
        "description": "",
        "created": LONG_AGO,
        "multi_region_type": None,
        "primary_arn": None,
        "replica_arns": (),
        "store_id": None,
        "cluster_id": None,
        "xks_key_id": None,
        "expiration_model": None,
        "valid_to": None,
        "deletion_date": None,
        "pending_window_days": None,
        "policies": (NamedDocument(name="default", document=document(account_statement())),),
        "rotation": Rotation(enabled=True, period_days=365),
        "rotations": (),
        "grants": (),
        "tags": {},
        "last_usage": None,
    }
    merged = defaults | facts
    merged.setdefault("arn", key_arn(merged["region"], merged["account"], key_id))
    return KeyFact(**merged)


def an_alias(name: str, key_id: str = "key-1", account: str = ACCOUNT, region: str = REGION) -> AliasFact:
    """An alias of a key."""
    arn = f"arn:aws:kms:{region}:{account}:{name}"
    return AliasFact(account=account, region=region, arn=arn, name=name, target_key_id=key_id)


def a_store(store_id: str = "cks-1", **facts: Any) -> KeyStoreFact:
    """A connected CloudHSM key store."""
    defaults: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "id": store_id,
        "name": "pci",
        "type": "AWS_CLOUDHSM",
        "connection_state": "CONNECTED",
        "cluster_id": "cluster-1",
    }
    return KeyStoreFact(**(defaults | facts))


def a_cluster(cluster_id: str = "cluster-1", zones: tuple[str, ...] = ("a", "b"), **facts: Any) -> ClusterFact:
    """An active cluster with one active HSM for each of `zones`."""
    defaults: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "id": cluster_id,
        "arn": f"arn:aws:cloudhsm:{REGION}:{ACCOUNT}:cluster/{cluster_id}",
        "state": "ACTIVE",
        "hsm_type": "hsm2m.medium",
        "mode": "FIPS",
        "hsms": tuple(HsmFact(id=f"hsm-{n}", state="ACTIVE", zone=zone) for n, zone in enumerate(zones)),
        "tags": {},
    }
    return ClusterFact(**(defaults | facts))


def a_use(field: str = "storage", **facts: Any) -> KeyUse:
    """A use of key-1."""
    return KeyUse(**({"field": field, "state": "KEY", "key": key_arn(REGION, ACCOUNT, "key-1")} | facts))


def a_resource(name: str = "vol-1", kind: str = "AWS::EC2::Volume", *uses: KeyUse, **facts: Any) -> ResourceFact:
    """A resource with one use of key-1 unless uses are given."""
    defaults: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "type": kind,
        "name": name,
        "arn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/{name}",
        "uses": uses or (a_use(),),
        "tags": {},
    }
    return ResourceFact(**(defaults | facts))


def a_role(name: str = "app", *statements: dict[str, Any], **facts: Any) -> PrincipalFact:
    """A role with one inline policy of `statements`."""
    defaults: dict[str, Any] = {
        "account": ACCOUNT,
        "region": "aws-global",
        "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "id": f"AROA{name.upper()}",
        "name": name,
        "type": "role",
        "inline": (NamedDocument(name="inline", document=document(*statements)),) if statements else (),
        "attached": (),
        "boundary": None,
        "tags": {},
    }
    return PrincipalFact(**(defaults | facts))


def listed(*provides: str, complete: bool = True, region: str = REGION, account: str = ACCOUNT) -> Coverage:
    """A listing that was made."""
    return Coverage(
        account=account, region=region, service="kms", operation="List", complete=complete, provides=provides
    )


def a_gap(operation: str, *makes_unknown: str, subject: str | None = None, **facts: Any) -> Gap:
    """A refused call."""
    defaults: dict[str, Any] = {
        "account": ACCOUNT,
        "region": REGION,
        "service": "kms",
        "operation": operation,
        "code": "AccessDeniedException",
        "action": f"kms:{operation}",
        "subject": subject,
        "makes_unknown": makes_unknown,
    }
    return Gap(**(defaults | facts))


AN_ACCOUNT = AccountFact(
    account=ACCOUNT,
    region="aws-global",
    name="shop",
    organization=None,
    management_account=None,
    scps=None,
    rcps=None,
)
"""The scanned account, outside any organisation."""


def a_snapshot(*items: Item) -> Snapshot:
    """A snapshot of one account in one Region, where every listing was made."""
    source = Source(type="aws", started=NOW, accounts=(ACCOUNT,), regions=(REGION,))
    rows = listed("key", "alias", "key-store", "cluster", "trail")
    everywhere = listed("principal", "managed-policy", region="aws-global")
    return snapshot_of(source, [rows, everywhere, AN_ACCOUNT, *items])

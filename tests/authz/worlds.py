"""Small accounts for escalation, written in a few words: who is there, what each may do, what binds them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from authz.shorthand import ACCOUNT, KEY, NAMES, OTHER, full, statement

from scanner.model.records import (
    AccountFact,
    AliasFact,
    BackupFact,
    ClusterFact,
    Coverage,
    GrantFact,
    KeyFact,
    KeyStoreFact,
    ManagedPolicyFact,
    NamedDocument,
    PrincipalFact,
    ResourceFact,
    Source,
)
from scanner.model.snapshot import Snapshot, snapshot_of

MANAGEMENT = "777788889999"
PEOPLE = {
    "eve": "user",
    "tom": "user",
    "app": "role",
    "hop": "role",
    "team": "group",
    "mallory": "user",
    "boss": "user",
}
POLICIES = {"delegated": [{"allow": "kms:*", "to": "account"}], "only app": [{"allow": "kms:Decrypt", "to": "app"}]}
CLUSTER = f"arn:aws:cloudhsm:eu-west-1:{ACCOUNT}:cluster/cluster-1"
BACKUP = f"arn:aws:cloudhsm:eu-west-1:{ACCOUNT}:backup/backup-1"


def text(shorts: list[dict[str, Any]]) -> str:
    """A policy document of statements in short."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement(short) for short in shorts]})


def named(name: str, shorts: list[dict[str, Any]]) -> NamedDocument:
    """The same with a name."""
    return NamedDocument(name=name, document=text(shorts))


def account_of(name: str) -> str:
    """The account of a person by short name."""
    return NAMES[name].split(":")[4]


def person(name: str, world: dict[str, Any]) -> PrincipalFact:
    """A user, role or group: `<name>` are its statements, `trust.<name>`, `boundary.<name>`, `attached.<name>`."""
    shorts = world.get(name, [])
    trust = world.get("trust", {}).get(name, [])
    boundary = world.get("boundary", {}).get(name)
    return PrincipalFact(
        account=account_of(name),
        region="aws-global",
        arn=NAMES[name],
        id=f"ID{name.upper()}",
        name=name,
        type=PEOPLE[name],
        inline=(named("own", shorts),) if shorts else (),
        attached=tuple(NAMES[policy] for policy in world.get("attached", {}).get(name, [])),
        boundary=f"arn:aws:iam::{ACCOUNT}:policy/bound-{name}" if boundary is not None else None,
        groups=("team",) if name in world.get("in_team", []) else (),
        trust=text([{"on": None, **({} if "deny" in s else {"allow": "sts:AssumeRole"}), **s} for s in trust])
        if trust
        else None,
        tags=world.get("tags", {}).get(name, {}),
        instance_profiles=(f"arn:aws:iam::{ACCOUNT}:instance-profile/machines",) if name == "app" else (),
    )


def policies(world: dict[str, Any]) -> list[ManagedPolicyFact]:
    """Managed policies: `managed`, and one for each boundary."""
    texts = {NAMES[name]: shorts for name, shorts in world.get("managed", {}).items()}
    texts |= {f"arn:aws:iam::{ACCOUNT}:policy/bound-{n}": shorts for n, shorts in world.get("boundary", {}).items()}
    return [
        ManagedPolicyFact(account=ACCOUNT, region="aws-global", arn=arn, name=arn.rpartition("/")[2], document=text(s))
        for arn, s in texts.items()
    ]


def key(world: dict[str, Any], arn: str = KEY, field: str = "policy", **facts: Any) -> KeyFact:
    """One key; `policy` is a list of statements or one of POLICIES."""
    stated = world.get(field, "only app")
    grants = tuple(
        GrantFact(id=f"g{i}", operations=tuple(g["operations"]), grantee=full(g["to"]), issuing_account=ACCOUNT)
        for i, g in enumerate(world.get("grants", []))
    )
    defaults = {
        "account": ACCOUNT,
        "region": arn.split(":")[3],
        "arn": arn,
        "id": arn.rpartition("/")[2],
        "manager": "CUSTOMER",
        "state": "Enabled",
        "origin": "AWS_KMS",
        "spec": "SYMMETRIC_DEFAULT",
        "usage": "ENCRYPT_DECRYPT",
        "multi_region_type": None,
        "policies": (named("default", POLICIES[stated] if isinstance(stated, str) else stated),),
        "grants": grants,
        "tags": {},
    }
    return KeyFact(**(defaults | world.get("key", {}) | facts))


def keys(world: dict[str, Any]) -> list[KeyFact]:
    """The key, and its replica where the world has `replica` (the key policy of that one)."""
    if "replica" not in world:
        return [key(world)]
    other = KEY.replace("eu-west-1", "eu-central-1")
    family: dict[str, Any] = {"primary_arn": KEY, "replica_arns": (other,)}
    primary = key(world, multi_region_type="PRIMARY", **family)
    return [primary, key(world, other, "replica", multi_region_type="REPLICA", grants=(), **family)]


def account(number: str, world: dict[str, Any]) -> AccountFact:
    """An account: in an organisation where the world has SCPs, RCPs or a boss."""
    organised = bool({"scps", "rcps", "boss"} & set(world))
    scps, rcps = (
        tuple((named(kind, shorts),) for shorts in world[kind]) if kind in world else None for kind in ("scps", "rcps")
    )
    bound = number == ACCOUNT
    return AccountFact(
        account=number,
        region="aws-global",
        organization="o-abc" if organised else None,
        ou_path=("r-1",),
        management_account=MANAGEMENT if organised else None,
        scps=scps if bound else None,
        rcps=rcps if bound else None,
    )


def machines(world: dict[str, Any]) -> list[ResourceFact]:
    """What runs with a role: `{type, arn, attributes}`."""
    return [
        ResourceFact(
            account=ACCOUNT,
            region="eu-west-1",
            arn=one["arn"],
            type=one["type"],
            name=one["arn"].rpartition("/")[2],
            tags={},
            attributes={name: full(value) for name, value in one["attributes"].items()},
        )
        for one in world.get("machines", [])
    ]


def store(world: dict[str, Any]) -> list[Any]:
    """The key store, cluster and backup of a key whose facts name the store `cks-1`."""
    if world.get("key", {}).get("store_id") is None:
        return []
    kind = "EXTERNAL_KEY_STORE" if world["key"]["origin"] == "EXTERNAL_KEY_STORE" else "AWS_CLOUDHSM"
    where: dict[str, Any] = {"account": ACCOUNT, "region": "eu-west-1"}
    return [
        KeyStoreFact(id="cks-1", name="store", type=kind, cluster_id="cluster-1", **where),
        ClusterFact(id="cluster-1", arn=CLUSTER, **where),
        BackupFact(id="backup-1", arn=BACKUP, state="READY", cluster_id="cluster-1", **where),
    ]


def snapshot(world: dict[str, Any]) -> Snapshot:
    """The snapshot of a world."""
    people = [name for name in PEOPLE if account_of(name) == ACCOUNT or name in world]
    numbers = sorted({account_of(name) for name in people} | ({OTHER} if world.get("partner_read") else set()))
    items: list[Any] = [person(name, world) for name in people]
    items += [account(number, world) for number in numbers]
    items += [*policies(world), *keys(world), *machines(world), *store(world)]
    for alias in world.get("aliases", []):
        arn, key_id = f"arn:aws:kms:eu-west-1:{ACCOUNT}:{alias}", KEY.rpartition("/")[2]
        items.append(AliasFact(account=ACCOUNT, region="eu-west-1", arn=arn, name=alias, target_key_id=key_id))
    for number in numbers:
        rows = (("iam", "aws-global", ("principal", "managed-policy")), ("kms", "eu-west-1", ("key", "alias")))
        items += [
            Coverage(account=number, region=region, service=service, operation="List", complete=True, provides=provides)
            for service, region, provides in rows
        ]
    source = Source(type="aws", started=datetime(2026, 1, 1, tzinfo=UTC), accounts=(ACCOUNT,), regions=("eu-west-1",))
    return snapshot_of(source, items)

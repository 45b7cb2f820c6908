"""Custom key stores, CloudHSM clusters and HSMs of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from msgspec import UNSET, UnsetType

from scanner.collect.terraform.arns import arn_by_name
from scanner.collect.terraform.draft import Draft, not_held, text
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.values import State, leaf
from scanner.collect.terraform.world import World
from scanner.model.records import ClusterFact, HsmFact, KeyStoreFact

STORE = "aws_kms_custom_key_store"
CLUSTER = "aws_cloudhsm_v2_cluster"
HSM = "aws_cloudhsm_v2_hsm"
FIPS_ONLY = "hsm1.medium"
"""The HSM type that has no other mode (CloudHSM user guide, "Cluster modes")."""


def build_stores(world: World) -> Iterator[KeyStoreFact | ClusterFact]:
    """Every custom key store and cluster of the plan."""
    for instance in world.of(STORE):
        yield _store(world, instance)
    hsms = _hsms_by_cluster(world)
    for instance in world.of(CLUSTER):
        yield _cluster(world, instance, hsms.pop(world.arn(instance), []))
    for arn, members in sorted(hsms.items()):
        yield _cluster_elsewhere(world, arn, members)


def store_id(instance: Instance) -> str:
    """`cks-...` of a store that exists, else its address."""
    return text((instance.after or {}).get("id")) or instance.address


def cluster_id(instance: Instance) -> str:
    """`cluster-...` of a cluster that exists, else its address."""
    return text((instance.after or {}).get("cluster_id")) or instance.address


def store_of(draft: Draft) -> str | UnsetType:
    """The id of the custom key store that a key is made in."""
    found = draft.refer("store_id", "custom_key_store_id", [STORE])
    if found.one is not None:
        return store_id(found.one)
    return text(found.value) or draft.unset("store_id", found.reason or f"{draft.instance.address} names no store")


def _store(world: World, instance: Instance) -> KeyStoreFact:
    draft = Draft(world, instance)
    where = world.where(instance)
    connectivity = draft.read("xks_connectivity", "xks_proxy_connectivity", text, None)
    kind = draft.read("type", "custom_key_store_type", text, "AWS_CLOUDHSM")
    cluster = draft.refer("cluster_id", "cloud_hsm_cluster_id", [CLUSTER])
    named = cluster_id(cluster.one) if cluster.one else text(cluster.value)
    draft.unset("connection_state", not_held(f"whether {instance.address} is connected, nor does apply connect it"))
    draft.unset("connection_error", draft.unread["connection_state"])
    valid = kind in ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")
    return KeyStoreFact(
        account=where.account,
        region=where.region,
        id=store_id(instance),
        name=text((instance.after or {}).get("custom_key_store_name")) or instance.address,
        type=cast("Any", kind) if valid else draft.unset("type", draft.unread.get("type", "not a kind of key store")),
        connection_error=UNSET,
        cluster_id=UNSET if cluster.reason else named,
        xks_connectivity=None if isinstance(connectivity, UnsetType) else connectivity,
        xks_uri_endpoint=text((instance.after or {}).get("xks_proxy_uri_endpoint")),
        xks_uri_path=text((instance.after or {}).get("xks_proxy_uri_path")),
        xks_vpc_service=text((instance.after or {}).get("xks_proxy_vpc_endpoint_service_name")),
        unread=draft.unread,
    )


def _cluster(world: World, instance: Instance, hsms: list[Instance]) -> ClusterFact:
    draft = Draft(world, instance)
    where = world.where(instance)
    values = instance.after or {}
    hsm_type = draft.read("hsm_type", "hsm_type", text, None)
    if instance.action not in ("create", "replace"):
        draft.unread["hsms"] = not_held(f"HSMs of {instance.address} that are managed elsewhere")
    return ClusterFact(
        account=where.account,
        region=where.region,
        arn=world.arn(instance),
        id=cluster_id(instance),
        state=_state(draft),
        hsm_type=hsm_type,
        mode=_mode(draft, hsm_type),
        hsms=tuple(_hsm(world, hsm) for hsm in hsms),
        vpc=text(values.get("vpc_id")),
        security_group=text(values.get("security_group_id")),
        source_backup_id=text(values.get("source_backup_identifier")),
        tags=draft.tags(),
        unread=draft.unread,
    )


def _cluster_elsewhere(world: World, arn: str, hsms: list[Instance]) -> ClusterFact:
    """A cluster outside the plan that the plan puts HSMs in."""
    where = world.where(hsms[0])
    why = not_held(f"more of this cluster than {hsms[0].address}")
    return ClusterFact(
        account=where.account,
        region=where.region,
        arn=arn,
        id=arn.rsplit("/", 1)[-1],
        hsm_type=UNSET,
        mode=UNSET,
        hsms=tuple(_hsm(world, hsm) for hsm in hsms),
        unread=dict.fromkeys(("state", "hsm_type", "mode", "hsms", "tags"), why),
    )


def _state(draft: Draft) -> str | UnsetType:
    """A new cluster waits to be initialised by hand; one made from a backup comes up by itself."""
    stated = text((draft.instance.after or {}).get("cluster_state"))
    if stated or draft.instance.action not in ("create", "replace"):
        return stated or draft.unset("state", not_held(f"the state of {draft.instance.address}"))
    backup = leaf(draft.instance, "source_backup_identifier").state in (State.VALUE, State.UNKNOWN)
    return "ACTIVE" if backup else "UNINITIALIZED"


def _mode(draft: Draft, hsm_type: str | None | UnsetType) -> str | None | UnsetType:
    """FIPS or NON_FIPS; only the older HSM type has a mode by itself."""
    if hsm_type == FIPS_ONLY:
        return draft.read("mode", "mode", text, "FIPS")
    mode = draft.read("mode", "mode", text, None)
    return draft.unset("mode", f"{draft.instance.address}.mode is not written") if mode is None else mode


def _hsms_by_cluster(world: World) -> dict[str, list[Instance]]:
    """HSMs by the ARN of their cluster."""
    found: dict[str, list[Instance]] = {}
    for instance in world.of(HSM):
        cluster = world.refer(instance, "cluster_id", [CLUSTER])
        named = text(cluster.value)
        if cluster.one is not None:
            found.setdefault(world.arn(cluster.one), []).append(instance)
        elif named is not None:
            found.setdefault(arn_by_name(CLUSTER, named, world.where(instance)), []).append(instance)
    return found


def _hsm(world: World, instance: Instance) -> HsmFact:
    """An HSM; the provider waits until a new one is ACTIVE."""
    values = instance.after or {}
    subnet = world.refer(instance, "subnet_id", ["aws_subnet"])
    zone = text(values.get("availability_zone"))
    if zone is None and subnet.one is not None:
        one = leaf(subnet.one, "availability_zone")
        zone = text(one.value) if one.state is State.VALUE else None
    return HsmFact(
        id=text(values.get("hsm_id")) or instance.address,
        state=text(values.get("hsm_state")) or "ACTIVE",
        zone=zone,
        subnet=text(values.get("subnet_id")),
    )

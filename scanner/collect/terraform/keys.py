"""KMS keys of a plan with their policies and grants, and aliases; what AWS would fill in is filled in as documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from scanner.collect.terraform.draft import Draft, flag, not_held, number, text
from scanner.collect.terraform.grants import Grants, granted, grants_by_key
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.key_policies import Policies, policies_of, separate_policies
from scanner.collect.terraform.places import NOT_KNOWN
from scanner.collect.terraform.stores import STORE, store_of
from scanner.collect.terraform.values import State, leaf
from scanner.collect.terraform.world import KEY_TYPES, World
from scanner.model.arn import account_of, parse_arn
from scanner.model.records import AliasFact, KeyFact, LastUsage, Rotation

SYMMETRIC = "SYMMETRIC_DEFAULT"
IMPORTED = frozenset({"aws_kms_external_key", "aws_kms_replica_external_key"})
REPLICAS = frozenset({"aws_kms_replica_key", "aws_kms_replica_external_key"})
DEFAULT_PERIOD = 365
"""Days between automatic rotations when no period is given (KMS API reference, EnableKeyRotation)."""

LIVE_ONLY = ("created", "rotations", "last_usage", "replica_arns", "valid_to", "expiration_model")
"""Facts of a key that exists already which no plan holds."""


def build_keys(world: World) -> Iterator[KeyFact | AliasFact]:
    """Every key of the plan, keys that only a grant or key policy names, and aliases."""
    policies = separate_policies(world)
    grants = grants_by_key(world)
    for instance in world.of(*sorted(KEY_TYPES)):
        yield _key(world, instance, policies.pop(world.arn(instance), None), grants.pop(world.arn(instance), []))
    for arn in sorted({*policies, *grants}):
        yield _key_elsewhere(arn, policies.get(arn), grants.get(arn, []))
    yield from _aliases(world)


# --- keys ------------------------------------------------------------------------------------------


def _key(world: World, instance: Instance, separate: Policies | None, grants: Grants) -> KeyFact:
    draft = Draft(world, instance)
    where = world.where(instance)
    new = instance.action in ("create", "replace", "deferred")
    origin = _origin(draft)
    spec = _spec(draft)
    store = store_of(draft) if origin in ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE", UNSET) else None
    kind, primary = _multi_region(draft)
    facts: dict[str, Any] = {
        "manager": "CUSTOMER",
        "state": _state(draft),
        "origin": origin,
        "spec": spec,
        "usage": _usage(draft, spec),
        "description": draft.read("description", "description", text, ""),
        "multi_region_type": kind,
        "primary_arn": primary,
        "store_id": store,
        "cluster_id": _cluster_of(draft, store),
        "xks_key_id": draft.read("xks_key_id", "xks_key_id", text, None),
        "deletion_date": None,
        "pending_window_days": None,
        "policies": policies_of(draft, separate),
        "rotation": _rotation(draft, origin, spec),
        "grants": granted(draft, grants, new),
        "tags": draft.tags(),
    }
    facts |= _of_new_key(world) if new else _of_old_key(draft)
    return KeyFact(
        account=where.account,
        region=where.region,
        arn=world.arn(instance),
        id=world.key_id(instance),
        unread=draft.unread,
        **facts,
    )


def _of_new_key(world: World) -> dict[str, Any]:
    """A key that apply creates has no past: it is created then, never rotated, never used."""
    return {"created": world.now, "rotations": (), "last_usage": LastUsage(tracked_since=world.now)}


def _of_old_key(draft: Draft) -> dict[str, Any]:
    for field in LIVE_ONLY:
        draft.unread.setdefault(field, not_held(f"{field} of {draft.instance.address}"))
    return {}


def _state(draft: Draft) -> str | UnsetType:
    stated = text((draft.instance.after or {}).get("key_state"))
    if stated:
        return stated
    name = "is_enabled" if draft.instance.type == "aws_kms_key" else "enabled"
    if draft.instance.type in IMPORTED:
        material = leaf(draft.instance, "key_material_base64")
        if material.state in (State.ABSENT, State.NO_BLOCK):
            return "PendingImport"
    enabled = draft.read("state", name, flag, True)
    return enabled if isinstance(enabled, UnsetType) else ("Enabled" if enabled else "Disabled")


def _origin(draft: Draft) -> str | UnsetType:
    """Where the material comes from: the provider sets Origin by the store arguments."""
    if draft.instance.type in IMPORTED:
        return "EXTERNAL"
    if draft.instance.type in REPLICAS:
        return "AWS_KMS"
    xks = leaf(draft.instance, "xks_key_id")
    if xks.state not in (State.ABSENT, State.NO_BLOCK) and not draft.world.unwritten(draft.instance, xks, "xks_key_id"):
        return "EXTERNAL_KEY_STORE"
    store = leaf(draft.instance, "custom_key_store_id")
    absent = store.state in (State.ABSENT, State.NO_BLOCK)
    if absent or draft.world.unwritten(draft.instance, store, "custom_key_store_id"):
        return "AWS_KMS"
    told = draft.world.refer(draft.instance, "custom_key_store_id", [STORE])
    if store.state is State.UNKNOWN and told.certainty == "opaque":
        return draft.unset("origin", f"{told.reason}, which may be null")
    return "AWS_CLOUDHSM"


def _spec(draft: Draft) -> str | UnsetType:
    primary = _primary(draft)
    if draft.instance.type in IMPORTED:
        return draft.read("spec", "key_spec", text, SYMMETRIC)
    if primary is not None and (draft.instance.after or {}).get("key_spec") is None:
        return Draft(draft.world, primary).read("spec", "customer_master_key_spec", text, SYMMETRIC)
    name = "key_spec" if draft.instance.type in REPLICAS else "customer_master_key_spec"
    return draft.read("spec", name, text, SYMMETRIC if name != "key_spec" else UNSET)


def _usage(draft: Draft, spec: str | UnsetType) -> str | UnsetType:
    primary = _primary(draft)
    if primary is not None and (draft.instance.after or {}).get("key_usage") is None:
        return Draft(draft.world, primary).read("usage", "key_usage", text, "ENCRYPT_DECRYPT")
    default: str | UnsetType = "ENCRYPT_DECRYPT" if spec == SYMMETRIC or draft.instance.type not in REPLICAS else UNSET
    return draft.read("usage", "key_usage", text, default)


def _primary(draft: Draft) -> Instance | None:
    if draft.instance.type not in REPLICAS:
        return None
    return draft.world.refer(draft.instance, "primary_key_arn", KEY_TYPES).one


def _multi_region(draft: Draft) -> tuple[Any, Any]:
    """Kind and primary ARN of a multi-Region key; None for a single-Region one."""
    if draft.instance.type in REPLICAS:
        found = draft.refer("primary_arn", "primary_key_arn", KEY_TYPES)
        one = found.one
        return "REPLICA", draft.world.arn(one) if one else found.value if text(found.value) else UNSET
    multi = draft.read("multi_region_type", "multi_region", flag, False)
    if isinstance(multi, UnsetType):
        draft.unset("primary_arn", draft.unread["multi_region_type"])
        return UNSET, UNSET
    return ("PRIMARY", draft.world.arn(draft.instance)) if multi else (None, None)


def _cluster_of(draft: Draft, store: str | None | UnsetType) -> Any:
    if isinstance(store, UnsetType):
        return draft.unset("cluster_id", draft.unread["store_id"])
    if store is None:
        return None
    one = draft.world.refer(draft.instance, "custom_key_store_id", ["aws_kms_custom_key_store"]).one
    cluster = draft.world.refer(one, "cloud_hsm_cluster_id", ["aws_cloudhsm_v2_cluster"]) if one else None
    if cluster is not None and cluster.one is not None:
        return cluster.one.after.get("cluster_id") or cluster.one.address if cluster.one.after else None
    if cluster is not None and cluster.reason is None:
        return text(cluster.value)
    return draft.unset("cluster_id", not_held(f"the cluster of {draft.instance.address}"))


def _rotation(draft: Draft, origin: str | UnsetType, spec: str | UnsetType) -> Rotation | None | UnsetType:
    """Automatic rotation exists for symmetric keys whose material KMS made (KMS developer guide, "Rotate keys")."""
    if origin not in ("AWS_KMS", UNSET) or spec not in (SYMMETRIC, UNSET):
        return None
    if draft.instance.type in REPLICAS:
        primary = _primary(draft)
        if primary is None:
            own = flag((draft.instance.after or {}).get("key_rotation_enabled"))
            why = "a replica rotates with its primary, which is not in the plan"
            return draft.unset("rotation", why) if own is None else Rotation(enabled=own)
        draft = _sharing(draft, Draft(draft.world, primary))
    enabled = draft.read("rotation", "enable_key_rotation", flag, False)
    period = draft.read("rotation", "rotation_period_in_days", number, DEFAULT_PERIOD)
    if isinstance(enabled, UnsetType):
        return enabled
    return Rotation(enabled=enabled, period_days=period if enabled and not isinstance(period, UnsetType) else None)


def _sharing(draft: Draft, other: Draft) -> Draft:
    other.unread = draft.unread
    return other


def _key_elsewhere(arn: str, policies: Policies | None, grants: Grants) -> KeyFact:
    """A key outside the plan of which the plan sets a policy or grants."""
    parts = parse_arn(arn)
    documents, reason = policies or (None, not_held("the policy of this key"))
    known = tuple(grant for grant, _ in grants if grant is not None)
    unread = {"grants": not_held("the other grants of this key")}
    if reason:
        unread["policies"] = reason
    return KeyFact(
        account=(account_of(arn) if parts else None) or NOT_KNOWN,
        region=(parts.region if parts else "") or NOT_KNOWN,
        arn=arn,
        id=arn.rsplit(":key/", 1)[-1],
        manager="CUSTOMER",  # nobody but AWS may write to a key that AWS manages
        policies=UNSET if documents is None else documents,
        grants=known or UNSET,
        unread=unread,
    )


# --- aliases ---------------------------------------------------------------------------------------


def _aliases(world: World) -> Iterator[AliasFact]:
    for instance in world.of("aws_kms_alias"):
        name = text((instance.after or {}).get("name"))
        target = world.refer(instance, "target_key_id", KEY_TYPES)
        key = world.key_id(target.one) if target.one else _bare_id(text(target.value))
        if name is None or key is None:
            continue  # a name or target known only after apply names nothing that can be asked for
        where = world.where(instance)
        yield AliasFact(
            account=where.account, region=where.region, arn=world.arn(instance), name=name, target_key_id=key
        )


def _bare_id(reference: str | None) -> str | None:
    return reference.rsplit(":key/", 1)[-1] if reference else None

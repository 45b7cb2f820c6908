"""What a plan does to each resource that matters here, and keys that it takes away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from scanner.catalog.terraform import key_attributes
from scanner.collect.terraform.draft import Draft, flag, number
from scanner.collect.terraform.iam import IAM_TYPES
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.masking import KEY_SECRETS
from scanner.collect.terraform.resources import is_in_table
from scanner.collect.terraform.stores import CLUSTER, HSM, STORE
from scanner.collect.terraform.subjects import completed_by, subject_of
from scanner.collect.terraform.watchers import WATCHERS
from scanner.collect.terraform.world import KEY_TYPES, World
from scanner.model.records import (
    ClusterFact,
    Fact,
    KeyFact,
    ManagedPolicyFact,
    PlanChange,
    PrincipalFact,
    ResourceFact,
    TrailFact,
)

DEFAULT_WINDOW = 30
"""Days until a scheduled deletion takes effect when none are given (KMS API reference, ScheduleKeyDeletion)."""

OTHER_TYPES = frozenset(
    {
        "aws_kms_alias",
        "aws_kms_grant",
        "aws_kms_key_policy",
        "aws_kms_ciphertext",
        STORE,
        CLUSTER,
        HSM,
        "aws_cloudtrail",
        "aws_organizations_policy",
        "aws_organizations_policy_attachment",
        *WATCHERS,
    }
)

T = TypeVar("T")
Locate: TypeAlias = Callable[[Instance], tuple[str, int] | None]
"""File and line of the block that declares an instance."""


def matters(kind: str) -> bool:
    """Whether resources of this type say anything about keys, custody or access."""
    known = kind in KEY_TYPES or kind in OTHER_TYPES or kind in IAM_TYPES or kind in KEY_SECRETS
    return known or is_in_table(kind) or kind in key_attributes()


POLICY_BEARERS = frozenset({*KEY_TYPES, "aws_kms_key_policy"})
BYPASS = "bypass_policy_lockout_safety_check"


def build_changes(before: World, after: World, everything: list[Instance], locate: Locate) -> Iterator[PlanChange]:
    """One record per managed instance of a type that matters, deposed objects included, and per secret that shows."""
    for instance in everything:
        if (instance.mode == "managed" and matters(instance.type)) or instance.secrets:
            yield _change(before, after, instance, locate(instance))


def _change(before: World, after: World, instance: Instance, place: tuple[str, int] | None) -> PlanChange:
    where = after.where(instance)
    draft = Draft(after, instance)
    there = instance.after is not None and instance.type in POLICY_BEARERS
    return PlanChange(
        account=where.account,
        region=where.region,
        address=instance.address,
        type=instance.type,
        action=instance.action,
        subject=subject_of(after, instance) if instance.after is not None else None,
        before=subject_of(before, as_before(instance)) if instance.before else None,
        completes=completed_by(after, instance) if instance.after is not None else None,
        reason=instance.reason,
        moved_from=instance.moved_from,
        imported=instance.imported,
        deposed=bool(instance.deposed),
        drifted=instance.drifted,
        secrets=instance.secrets,
        lockout_check_bypassed=there and draft.read("lockout_check_bypassed", BYPASS, flag, False),
        unread=draft.unread,
        file=place[0] if place else None,
        line=place[1] if place else None,
    )


def as_before(instance: Instance) -> Instance:
    """The instance as it is before apply: everything known, nothing happening to it."""
    return Instance(
        address=instance.address,
        type=instance.type,
        name=instance.name,
        mode=instance.mode,
        module=instance.module,
        key=instance.key,
        after=instance.before,
        before=instance.before,
        secrets=instance.secrets,
        deposed=instance.deposed,
    )


def as_it_stays(instance: Instance) -> Instance:
    """A forgotten instance as it lives on outside Terraform; any other as it is."""
    return as_before(instance) if instance.action == "forget" and instance.before else instance


def declared_at(changes: Iterable[PlanChange]) -> dict[str, tuple[str, int]]:
    """Subject to the file and line that declare it; a subject outside the plan stands where the plan completes it."""
    return _by_subject(changes, lambda change: (change.file, change.line) if change.file and change.line else None)


def addresses_of(changes: Iterable[PlanChange]) -> dict[str, str]:
    """Subject to its Terraform address, else to that of what completes it."""
    return _by_subject(changes, lambda change: change.address)


def _by_subject(changes: Iterable[PlanChange], value_of: Callable[[PlanChange], T | None]) -> dict[str, T]:
    found: dict[str, T] = {}
    parts: dict[str, T] = {}
    for change in changes:
        value = value_of(change)
        if value is None:
            continue
        for subject in (change.subject, change.before, change.address):
            if subject is not None:
                found.setdefault(subject, value)
        if change.completes is not None:
            parts.setdefault(change.completes, value)
    return parts | found


LASTING = (KeyFact, ClusterFact, PrincipalFact, ManagedPolicyFact, ResourceFact, TrailFact)


def still_there(instances: list[Instance], facts_before: list[Fact]) -> Iterator[Fact]:
    """Records of what loses its address and stays in AWS: keys scheduled for deletion, objects that are forgotten."""
    stated = {fact.arn: fact for fact in facts_before if isinstance(fact, LASTING)}
    for instance in instances:
        fact = stated.get(str((instance.before or {}).get("arn")))
        if fact is None:
            continue
        if isinstance(fact, KeyFact) and instance.action in ("delete", "replace"):
            window = number((instance.before or {}).get("deletion_window_in_days")) or DEFAULT_WINDOW
            yield replace(fact, state="PendingDeletion", pending_window_days=window)
        elif instance.action == "create":  # with a past: terraform forgets the old object
            yield fact

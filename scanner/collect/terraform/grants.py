"""Grants of a plan, by the key that they are on."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from msgspec import UNSET, UnsetType

from scanner.collect.terraform.draft import Draft, not_held, text, texts
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.key_policies import keys_named
from scanner.collect.terraform.places import NOT_KNOWN
from scanner.collect.terraform.values import State, leaf, leaves
from scanner.collect.terraform.world import KEY_TYPES, World
from scanner.model.arn import account_of
from scanner.model.records import GrantFact

OPEN = (State.UNKNOWN, State.UNKNOWN_BLOCK, State.SENSITIVE)

Grants = list[tuple[GrantFact | None, str | None]]
"""Grants on one key, or why there may be more."""


def grants_by_key(world: World) -> dict[str, Grants]:
    """The grants of every key that the plan puts any on, by key ARN."""
    found: dict[str, Grants] = defaultdict(list)
    for instance in world.of("aws_kms_grant"):
        reference = world.refer(instance, "key_id", KEY_TYPES)
        for arn in keys_named(world, instance, "key_id"):
            found[arn].append((None, reference.reason) if reference.reason else _grant(world, instance))
    return found


def _grant(world: World, instance: Instance) -> tuple[GrantFact | None, str | None]:
    draft = Draft(world, instance)
    values = instance.after or {}
    grantee = _principal(draft, "grantee_principal")
    operations = texts(values.get("operations"))
    constraints = (
        leaves(instance, "constraints.encryption_context_equals"),
        leaves(instance, "constraints.encryption_context_subset"),
    )
    retiring = _principal(draft, "retiring_principal")
    left_open = retiring is None and leaf(instance, "retiring_principal").state in OPEN
    if grantee is None or not operations or left_open or any(one.state in OPEN for side in constraints for one in side):
        return None, f"{instance.address} is known only after apply"
    service = grantee.endswith(".amazonaws.com") and ":" not in grantee
    equals, subset = (_context(side[0].value) for side in constraints)
    return (
        GrantFact(
            id=text(values.get("grant_id")) or instance.address,
            operations=tuple(sorted(operations)),
            grantee=None if service else grantee,
            grantee_service=grantee if service else None,
            retiring=retiring,
            name=text(values.get("name")),
            created=world.now if instance.action in ("create", "replace") else None,
            context_equals=equals,
            context_subset=subset,
        ),
        None,
    )


def _context(value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict) or not value:
        return None
    return {str(name): str(part) for name, part in value.items()}


def _principal(draft: Draft, path: str) -> str | None:
    found = draft.world.refer(draft.instance, path, ["aws_iam_role", "aws_iam_user"])
    return draft.world.arn(found.one) if found.one else text(found.value)


def granted(draft: Draft, grants: Grants, new: bool) -> tuple[GrantFact, ...] | UnsetType:
    """Grants of the plan; a key that exists already may have others."""
    known = tuple(grant for grant, _ in grants if grant is not None)
    reason = next((why for _, why in grants if why), None)
    if draft.world.where(draft.instance).account == NOT_KNOWN and any(
        account_of(grant.grantee or "") for grant in known
    ):
        return draft.unset(
            "grants", f"whether a grantee is foreign: the account of {draft.instance.address} is not known"
        )
    if not new:
        reason = reason or not_held(f"the other grants of {draft.instance.address}")
    if reason:
        draft.unread["grants"] = reason
    return known if known or not reason else UNSET

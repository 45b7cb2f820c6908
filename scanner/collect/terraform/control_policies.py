"""Service and resource control policies of a plan, by what they are attached to."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from scanner.collect.terraform.documents import Read, read_policy
from scanner.collect.terraform.draft import text
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.world import World

FIELDS = {"SERVICE_CONTROL_POLICY": "scps", "RESOURCE_CONTROL_POLICY": "rcps"}
"""Type of an organisation policy to the field of an AccountFact."""

POLICY = "aws_organizations_policy"
ATTACHMENT = "aws_organizations_policy_attachment"


class ControlPolicy(Struct, frozen=True):
    """One attachment; `document` None where it cannot be told, with `reason`."""

    field: str
    target: str
    """Id of a root, an organizational unit or an account."""
    name: str
    document: str | None
    reason: str | None = None


def control_policies(world: World) -> Iterator[ControlPolicy]:
    """Every attachment of a control policy whose target is known."""
    for instance in world.of(ATTACHMENT):
        target = text((instance.after or {}).get("target_id"))
        policy = world.refer(instance, "policy_id", [POLICY]).one
        if target is None or policy is None:
            continue
        yield from _attached(world, policy, target)


def rewritten_policies(world: World) -> Iterator[ControlPolicy]:
    """Policies that exist and get new content, wherever they are attached; named as they are now."""
    for policy in world.of(POLICY):
        if policy.action == "update" and policy.before is not None:
            name = text(policy.before.get("name")) or policy.address
            yield from (replace(one, name=name) for one in _attached(world, policy, ""))


def _attached(world: World, policy: Instance, target: str) -> Iterator[ControlPolicy]:
    field = FIELDS.get(text((policy.after or {}).get("type")) or "SERVICE_CONTROL_POLICY")
    if field is not None:
        read = _content(world, policy)
        yield ControlPolicy(field, target, _name(policy), read.text, read.reason)


def _content(world: World, policy: Instance) -> Read:
    return read_policy(world, policy, "content")


def _name(policy: Instance) -> str:
    return text((policy.after or {}).get("name")) or policy.address

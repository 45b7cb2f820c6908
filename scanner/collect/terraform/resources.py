"""Encrypted resources of a plan: reads the encryption table by its Terraform attributes, companions included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.catalog.encryption.types import At, EncryptedType, KeyField, LinkField
from scanner.collect.terraform.arns import ROWS, arn_by_name, name_of
from scanner.collect.terraform.draft import Draft, not_held
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.uses import field_uses, unlisted_uses
from scanner.collect.terraform.values import Leaf, State, leaf, leaves
from scanner.collect.terraform.world import World
from scanner.model.arn import parse_arn, partition_of
from scanner.model.records import KeyUse, Link, ResourceFact, Scalar

NEW = ("create", "replace", "deferred")

OPEN = (State.UNKNOWN, State.UNKNOWN_BLOCK)

RUNS_WITH = {"role": "aws_iam_role", "instance_profile": "aws_iam_instance_profile"}
"""Attributes that name what something runs with, and the Terraform type of that."""

ZERO_IS_NONE = frozenset({"retention_in_days"})
"""Attributes that Terraform writes as 0 where AWS states nothing (a log group without an end of retention)."""

Companions = dict[str, dict[str, list[tuple[Instance, str | None]]]]
"""Address of a resource (or its name, outside the plan) to companions by type, with the doubt whether they are its."""


def companion_types(row: EncryptedType) -> dict[str, str]:
    """Types that complete this one, and the attribute by which each names it."""
    parts: Iterable[At] = [
        *(at for field in row.keys for at in field.terraform),
        *(at for link in row.links for at in link.terraform),
        *(at for attribute in row.attributes for at in attribute.terraform),
    ]
    return {at.type: at.home for at in parts if at.home}


HOMES = {
    kind: (home, frozenset(row.terraform)) for row in ENCRYPTED_TYPES for kind, home in companion_types(row).items()
}
"""Companion types: the attribute that names the resource they complete, and its types."""


def build_resources(world: World) -> Iterator[ResourceFact]:
    """One record per resource of a type in the table, and per resource outside the plan that the plan completes."""
    for row in ENCRYPTED_TYPES:
        companions, outside = _companions(world, row)
        for instance in world.of(*row.terraform):
            yield _resource(world, row, instance, companions.get(instance.address, {}))
        for name, parts in outside.items():
            yield _resource_elsewhere(world, row, name, parts)


def _companions(world: World, row: EncryptedType) -> tuple[Companions, Companions]:
    """Companions of the resources in the plan, and of those that it only names."""
    inside: Companions = defaultdict(lambda: defaultdict(list))
    outside: Companions = defaultdict(lambda: defaultdict(list))
    for kind, home in companion_types(row).items():
        for instance in world.of(kind):
            found = world.refer(instance, home, row.terraform)
            for one in found.instances:
                inside[one.address][kind].append((instance, found.reason))
            if not found.instances:
                name = found.value if isinstance(found.value, str) else instance.address
                outside[name][kind].append((instance, found.reason))
    return inside, outside


Parts = dict[str, list[tuple[Instance, str | None]]]


def _resource(world: World, row: EncryptedType, instance: Instance, parts: Parts) -> ResourceFact:
    draft = Draft(world, instance)
    where = world.where(instance)
    return ResourceFact(
        account=where.account,
        region=where.region,
        arn=world.arn(instance),
        type=row.type,
        name=name_of(instance),
        uses=(*_uses(world, row, instance, parts), *unlisted_uses(world, row, instance)),
        tags=draft.tags(),
        links=_links(draft, row, parts),
        created=world.now if instance.action in NEW else None,
        attributes=_attributes(draft, row, [instance], parts),
        address=instance.address,
        unread=draft.unread,
    )


def _resource_elsewhere(world: World, row: EncryptedType, name: str, parts: Parts) -> ResourceFact:
    """A resource outside the plan of which the plan sets a part; the rest of it stays open."""
    first = next(iter(parts.values()))[0][0]
    where = world.where(first)
    arn = name if parse_arn(name) else arn_by_name(next(iter(row.terraform)), name, where)
    draft = Draft(world, first)
    why = not_held(f"more of this resource than {first.address}")
    stated = tuple(use for field in row.keys for use in _companion_uses(world, field, parts))
    return ResourceFact(
        account=where.account,
        region=where.region,
        arn=arn,
        type=row.type,
        name=arn.rsplit(":", 1)[-1].rsplit("/", 1)[-1],
        uses=stated,
        links=_links(draft, row, parts, own=False),
        attributes=_attributes(draft, row, [], parts),
        address=first.address,
        unread={"tags": why, "uses": why} | draft.unread,
    )


# --- keys ------------------------------------------------------------------------------------------


def _uses(world: World, row: EncryptedType, instance: Instance, parts: Parts) -> Iterator[KeyUse]:
    for field in row.keys:
        stated = list(_companion_uses(world, field, parts))
        if stated:
            yield from stated
        else:
            own = [at for at in field.terraform if at.type == instance.type and not at.home]
            for at in own:
                yield from field_uses(world, instance, field, at)


def _companion_uses(world: World, field: KeyField, parts: Parts) -> Iterator[KeyUse]:
    for at in field.terraform:
        for companion, doubt in parts.get(at.type, ()) if at.home else ():
            for use in field_uses(world, companion, field, at):
                yield use if doubt is None else _doubtful(use, doubt)


def _doubtful(use: KeyUse, doubt: str) -> KeyUse:
    candidates = use.candidates or ((use.key,) if use.key else ())
    return replace(use, state="UNKNOWN", key=None, reason=doubt, candidates=candidates, certainty="candidates")


# --- lineage and attributes ------------------------------------------------------------------------


def _links(draft: Draft, row: EncryptedType, parts: Parts, own: bool = True) -> tuple[Link, ...] | UnsetType:
    found: list[Link] = []
    for link in row.links:
        for at in link.terraform:
            holders = [one for one, _ in parts.get(at.type, ())] if at.home else [draft.instance] if own else []
            for holder in holders:
                if holder.type == at.type:
                    found += _linked(draft, link, at, holder)
    return tuple(dict.fromkeys(found)) if found or "links" not in draft.unread else UNSET


def _linked(draft: Draft, link: LinkField, at: At, holder: Instance) -> Iterator[Link]:
    world = draft.world
    for one in leaves(holder, at.path):
        if one.state in (State.ABSENT, State.NO_BLOCK) or world.unwritten(holder, one, at.path):
            continue
        if one.state is State.VALUE:
            for value in one.value if isinstance(one.value, list) else [one.value]:
                if isinstance(value, str):
                    yield Link(relation=link.relation, target=_target(world, link, holder, value))
            continue
        found = world.refer(holder, at.path, None, one.at)
        if found.reason:
            draft.unread["links"] = found.reason
        for instance in found.instances:
            yield Link(relation=link.relation, target=world.arn(instance))


def _target(world: World, link: LinkField, holder: Instance, value: str) -> str:
    if parse_arn(value):
        return value
    where = world.where(holder)
    partition = partition_of(where.region)
    return link.target.format(value=value, partition=partition, region=where.region, account=where.account)


def _attributes(draft: Draft, row: EncryptedType, own: list[Instance], parts: Parts) -> dict[str, Scalar]:
    """Plain facts that are known; of one that the author leaves to apply, the reason is kept."""
    found: dict[str, Scalar] = {}
    for attribute in row.attributes:
        for at in attribute.terraform:
            for holder in [one for one, _ in parts.get(at.type, ())] if at.home else own:
                if holder.type != at.type:
                    continue
                one = _stated(holder, at)
                value: Any = one.value
                if isinstance(value, (str, int, float, bool)) and not (value == 0 and at.path in ZERO_IS_NONE):
                    found[attribute.name] = value
                elif one.state in OPEN and (runs := _runs_with(draft.world, attribute.name, holder, at.path)):
                    found[attribute.name] = runs
                elif one.state in OPEN and not draft.world.unwritten(holder, one, at.path):
                    draft.unread[f"attributes.{attribute.name}"] = draft.world.why_unknown(holder, one, at.path)
    return found


def _runs_with(world: World, attribute: str, holder: Instance, path: str) -> str | None:
    """The ARN of a role or instance profile of the plan that something new will run with."""
    if attribute not in RUNS_WITH:
        return None
    found = world.refer(holder, path, [RUNS_WITH[attribute]])
    return world.arn(found.one) if found.one and found.certainty == "exact" else None


def _stated(holder: Instance, at: At) -> Leaf:
    """What stands at a place; of blocks that are switched on, the least number, unless one is left to apply."""
    if at.on is None:
        return leaf(holder, at.path)
    path, on = at.on
    switches = [(one, leaf(holder, path, one.at)) for one in leaves(holder, at.path)]
    left_open = (part for pair in switches for part in pair if pair[1].value in (on, None) and part.state in OPEN)
    numbers = [one for one, switch in switches if switch.value == on and isinstance(one.value, (int, float))]
    least = min(numbers, key=lambda one: one.value, default=Leaf(State.ABSENT, None, at.path))
    return next(left_open, least)


def is_in_table(kind: str) -> bool:
    """Whether a Terraform type has a row, or completes a type that has one."""
    return kind in ROWS or kind in HOMES

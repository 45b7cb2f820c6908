"""What one attribute says about the key of a field: a key, AWS's default, nothing, or why it cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from scanner.catalog.encryption.types import At, EncryptedType, KeyField, key_use, untold
from scanner.catalog.terraform import key_attributes
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.values import Leaf, State, leaf, leaves
from scanner.collect.terraform.world import KEY_TYPES, World
from scanner.model.records import KeyUse

SOME_KEY = "?"
"""Stands for a key of which it is known only that there is one."""


def field_uses(world: World, instance: Instance, field: KeyField, at: At) -> Iterator[KeyUse]:
    """The uses that `instance` states for a field of the table, one per block instance."""
    places = [one for one in leaves(instance, at.path) if not (field.each and _no_part(world, instance, at, one))]
    stated = [use for one in places if (use := _use(world, instance, field, at, one)) is not None]
    for place, use in enumerate(stated):
        several = len(stated) > 1 or bool(field.each)
        yield replace(use, field=f"{use.field}[{place}]") if several else use


def _no_part(world: World, instance: Instance, at: At, one: Leaf) -> bool:
    """Whether there is no part that could have a key of its own (no replica, no inventory)."""
    if one.state is State.UNKNOWN_BLOCK:
        return world.unwritten(instance, one, at.path)
    return one.state is State.NO_BLOCK


def _use(world: World, instance: Instance, field: KeyField, at: At, one: Leaf) -> KeyUse | None:
    silence = field.absent if at.absent is None else at.absent

    def look(path: str) -> Any:
        return _flag(world, instance, path, one)

    pointer = f"{instance.address}.{one.pointer}".rstrip(".")
    named, certainty, candidates, reason = _named(world, instance, at, one)
    use = key_use(field.use, named, silence, look, pointer)
    if use is None or named is None:
        return replace(use, certainty="default") if use is not None and certainty != "exact" else use
    if use.state != "KEY" or use.key != named:
        return use
    if named != SOME_KEY:
        return replace(use, certainty=certainty)
    return replace(use, state="UNKNOWN", key=None, reason=reason, candidates=candidates, certainty=certainty)


Named = tuple[str | None, str, tuple[str, ...], str | None]
"""The key reference (None: not named), its certainty, candidates and why it is not certain."""


def _named(world: World, instance: Instance, at: At, one: Leaf) -> Named:
    if not at.names_key:
        return None, "default", (), None
    path = at.path
    if one.state is State.VALUE:
        if isinstance(one.value, str):
            own = world.named(one.value, KEY_TYPES)
            named = world.arn(own) if own and not one.value.startswith("alias/") else one.value
            return world.managed_keys.get(named, named), "exact", (), None
        return SOME_KEY, "opaque", (), f"{instance.address}.{one.pointer} is not a key reference"
    if one.state is State.SENSITIVE:
        return SOME_KEY, "opaque", (), world.why_unknown(instance, one, path)
    unknown = one.state in (State.UNKNOWN, State.UNKNOWN_BLOCK)
    if (unknown and world.unwritten(instance, one, path)) or (not unknown and instance.mirrored):
        return None, "default", (), None
    found = world.refer(instance, path, KEY_TYPES, one.at)
    if not unknown and not found.instances:
        return (found.value if isinstance(found.value, str) else None), "default", (), None
    if found.one is not None:
        return world.arn(found.one), found.certainty, (), None
    if isinstance(found.value, str):  # a data source will look it up by this name
        return found.value, "exact", (), None
    candidates = tuple(world.arn(key) for key in found.instances)
    reason = found.reason or world.why_unknown(instance, one, path)
    return SOME_KEY, found.certainty if candidates else "opaque", candidates, reason


def _flag(world: World, instance: Instance, path: str, beside: Leaf) -> Any:
    """A switch that decides what silence means, read in the same block instance as the key."""
    one = leaf(instance, path, beside.at)
    if one.state is State.VALUE:
        return one.value
    if one.state in (State.ABSENT, State.NO_BLOCK) or world.unwritten(instance, one, path):
        return None
    return untold(world.why_unknown(instance, one, path))


# --- attributes without a place in the table -------------------------------------------------------


def unlisted_uses(world: World, row: EncryptedType | None, instance: Instance) -> Iterator[KeyUse]:
    """Uses by attributes that the table does not know: a key that is named, else not assessed.

    Of a type without a row every such attribute is listed; of one with a row, those that name something.
    """
    known = {at.path for field in row.keys for at in field.terraform if at.type == instance.type} if row else set()
    for path, switches in key_attributes().get(instance.type, {}).items():
        if path in known:
            continue
        for one in leaves(instance, path):
            use = _unlisted(world, instance, path, one, bool(switches))
            if row is None or use.state == "KEY" or use.candidates:
                yield use


def _unlisted(world: World, instance: Instance, path: str, one: Leaf, switched: bool) -> KeyUse:
    pointer = f"{instance.address}.{one.pointer}"
    named, certainty, candidates, reason = _named(world, instance, At(instance.type, path), one)
    if named is None:
        why = f"{instance.type}.{path} is not set, and what that means for this type is not in the catalog"
        return KeyUse(field=path, state="UNKNOWN", reason=why, pointer=pointer)
    if named == SOME_KEY:
        return KeyUse(field=path, state="UNKNOWN", reason=reason, pointer=pointer, candidates=candidates)
    if switched:
        why = f"whether the key in {instance.type}.{path} is in force is not in the catalog"
        return KeyUse(field=path, state="UNKNOWN", reason=why, pointer=pointer, candidates=(named,))
    return KeyUse(field=path, state="KEY", key=named, pointer=pointer, certainty=certainty)

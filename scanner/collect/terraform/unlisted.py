"""Resources that can name a key and have no row in the encryption table: listed as not assessed, never left out."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.catalog.terraform import key_attributes
from scanner.collect.terraform.arns import name_of
from scanner.collect.terraform.draft import Draft
from scanner.collect.terraform.resources import NEW, is_in_table
from scanner.collect.terraform.uses import unlisted_uses
from scanner.collect.terraform.world import World
from scanner.model.records import ResourceFact


def build_unlisted(world: World) -> Iterator[ResourceFact]:
    """One record per resource of a type with key attributes and without a row; its type is Terraform's name."""
    for kind in sorted(key_attributes()):
        if is_in_table(kind):
            continue
        for instance in world.of(kind):
            draft = Draft(world, instance)
            where = world.where(instance)
            yield ResourceFact(
                account=where.account,
                region=where.region,
                arn=world.arn(instance),
                type=kind,
                name=name_of(instance),
                uses=tuple(unlisted_uses(world, None, instance)),
                tags=draft.tags(),
                created=world.now if instance.action in NEW else None,
                address=instance.address,
                unread=draft.unread,
            )

"""Which subject of a report a Terraform resource is, or completes."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.catalog.terraform import key_attributes
from scanner.collect.terraform.draft import text
from scanner.collect.terraform.iam import ATTACHED, INLINE, PRINCIPALS
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.resources import HOMES, is_in_table
from scanner.collect.terraform.stores import CLUSTER, HSM, STORE, store_id
from scanner.collect.terraform.watchers import ALARM, COMPOSITE, FILTER, RULE, filter_id
from scanner.collect.terraform.world import KEY_TYPES, World

GRANT = "aws_kms_grant"
WITH_ARN = frozenset(
    {*KEY_TYPES, *PRINCIPALS, CLUSTER, "aws_iam_policy", "aws_cloudtrail", "aws_kms_alias", ALARM, COMPOSITE, RULE}
)

PARTS: Mapping[str, tuple[str, frozenset[str]]] = {
    "aws_kms_key_policy": ("key_id", KEY_TYPES),
    GRANT: ("key_id", KEY_TYPES),
    HSM: ("cluster_id", frozenset({CLUSTER})),
    **{kind: (of, frozenset({f"aws_iam_{of}"})) for kind, of in INLINE.items()},
    **{kind: (path, frozenset({f"aws_iam_{of}"})) for kind, ((of, path), *_) in ATTACHED.items()},
    **HOMES,
}
"""Types that complete another resource: the attribute that names it, and its types."""


def subject_of(world: World, instance: Instance) -> str | None:
    """ARN or id under which the report speaks of a resource; None for a part of another."""
    if instance.type == STORE:
        return store_id(instance)
    if instance.type == FILTER:
        return filter_id(world, instance)
    if instance.type == GRANT:
        return text((instance.after or {}).get("grant_id")) or instance.address
    own = instance.type in WITH_ARN or (is_in_table(instance.type) and instance.type not in PARTS)
    return world.arn(instance) if own or instance.type in key_attributes() else None


def completed_by(world: World, instance: Instance) -> str | None:
    """The ARN of the one resource that an instance is a part of."""
    path, types = PARTS.get(instance.type, ("", frozenset()))
    found = world.refer(instance, path, types).one if path else None
    return world.arn(found) if found else None

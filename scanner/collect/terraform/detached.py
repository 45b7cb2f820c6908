"""What the provider read into a resource of its own, less the parts that the plan takes away by deleting another.

A role that exists lists every policy that it has, a bucket its encryption and a key its policy, whichever resource
manages them. In a plan such a list is that of the refresh, and still holds what the plan deletes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from scanner.collect.terraform.configuration import ConfigurationIndex
from scanner.collect.terraform.instances import Instance

LEAVING = ("delete", "replace")


class Listing(Struct, frozen=True):
    """Where `owner` lists what a resource of another type manages."""

    owner: str
    named_by: str
    """The attribute of the other resource that names the owner (or several)."""
    names: tuple[str, ...]
    """Attributes of the owner, one of which has that name."""
    attribute: str
    member: tuple[str, str] | None = None
    """What tells a member of the list (empty: the member itself), and which attribute of the other resource that is."""


LISTINGS = {
    "aws_iam_role_policy": Listing("aws_iam_role", "role", ("name", "id"), "inline_policy", ("name", "name")),
    "aws_iam_role_policy_attachment": Listing(
        "aws_iam_role", "role", ("name", "id"), "managed_policy_arns", ("", "policy_arn")
    ),
    "aws_iam_policy_attachment": Listing(
        "aws_iam_role", "roles", ("name", "id"), "managed_policy_arns", ("", "policy_arn")
    ),
    "aws_s3_bucket_server_side_encryption_configuration": Listing(
        "aws_s3_bucket", "bucket", ("bucket", "id"), "server_side_encryption_configuration"
    ),
    "aws_kms_key_policy": Listing("aws_kms_key", "key_id", ("key_id", "arn"), "policy"),
}
"""By the type that is deleted. A bucket goes back to SSE-S3, and the provider gives a key the default policy."""


def without_detached(instances: Iterable[Instance], configuration: ConfigurationIndex) -> Iterator[Instance]:
    """The instances that are there after apply, their listings corrected; the others are left out."""
    there: list[Instance] = []
    leaving: dict[tuple[str, str], list[tuple[Listing, dict[str, Any]]]] = {}
    for one in instances:
        if one.after is not None:
            there.append(one)
        listing = LISTINGS.get(one.type)
        if listing is None or one.action not in LEAVING or one.mode != "managed" or not one.before:
            continue
        if one.before.get("bypass_policy_lockout_safety_check") is True:
            continue  # the provider then leaves the policy as it is
        named = one.before.get(listing.named_by)
        for name in named if isinstance(named, list) else [named]:
            if isinstance(name, str):
                leaving.setdefault((listing.owner, name), []).append((listing, one.before))
    for one in there:
        yield _corrected(one, leaving, configuration) if leaving else one


def _corrected(
    owner: Instance, leaving: dict[tuple[str, str], list[tuple[Listing, dict[str, Any]]]], index: ConfigurationIndex
) -> Instance:
    values = owner.after or {}
    names = {values.get(name) for listing in LISTINGS.values() if listing.owner == owner.type for name in listing.names}
    for name in sorted(name for name in names if isinstance(name, str)):
        for listing, part in leaving.get((owner.type, name), ()):
            if index.expressions(owner.block).get(listing.attribute) is None:
                owner = _less(owner, listing, part)
    return owner


def _less(owner: Instance, listing: Listing, part: dict[str, Any]) -> Instance:
    values = dict(owner.after or {})
    listed = values.pop(listing.attribute, None)
    if listing.member is not None and isinstance(listed, list):
        field, of = listing.member
        values[listing.attribute] = [
            one for one in listed if (one.get(field) if isinstance(one, dict) else one) != part.get(of)
        ]
    return replace(owner, after=values)

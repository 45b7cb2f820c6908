"""Key policies of a plan: inline, by `aws_kms_key_policy`, or the default that KMS gives a key without one."""

from __future__ import annotations

import re

import msgspec
from msgspec import UNSET, UnsetType

from scanner.collect.terraform.documents import read_policy
from scanner.collect.terraform.draft import Draft, text
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.places import NOT_KNOWN
from scanner.collect.terraform.world import KEY_TYPES, World
from scanner.model.arn import parse_arn, partition_of
from scanner.model.records import NamedDocument

ACCOUNT_ID = re.compile(r"(?<!\d)\d{12}(?!\d)")

Policies = tuple[tuple[NamedDocument, ...] | None, str | None]
"""A key policy and why it is not (wholly) known."""


def default_policy(account: str, region: str) -> str:
    """The policy that KMS gives a key without one (KMS developer guide, "Default key policy")."""
    root = f"arn:{partition_of(region)}:iam::{account}:root"
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "kms:*",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}
    return msgspec.json.encode(document).decode()


def policies_of(draft: Draft, separate: Policies | None) -> tuple[NamedDocument, ...] | UnsetType:
    """The key policy of a key; unset where it cannot be told."""
    documents, reason = separate or _inline_policy(draft)
    where = draft.world.where(draft.instance)
    if where.account == NOT_KNOWN and documents and any(ACCOUNT_ID.search(one.document) for one in documents):
        documents, reason = (
            None,
            f"the account of {draft.instance.address} is not known, so nor is which principals are its own",
        )
    if reason:
        draft.unread["policies"] = reason
    return UNSET if documents is None else documents


def _inline_policy(draft: Draft) -> Policies:
    read = read_policy(draft.world, draft.instance, "policy")
    if read.text is not None:
        return (NamedDocument("default", read.text),), read.reason
    if read.reason is not None:
        return None, read.reason
    where = draft.world.where(draft.instance)
    if draft.instance.action in ("create", "replace", "deferred") or draft.world.configuration.known:
        return (NamedDocument("default", default_policy(where.account, where.region)),), None
    return None, f"{draft.instance.address}.policy is not in the document"


def separate_policies(world: World) -> dict[str, Policies]:
    """Policies of `aws_kms_key_policy` by key ARN; they win over `aws_kms_key.policy`."""
    found: dict[str, Policies] = {}
    for instance in world.of("aws_kms_key_policy"):
        read = read_policy(world, instance, "policy")
        documents = (NamedDocument("default", read.text),) if read.text is not None else None
        why = world.refer(instance, "key_id", KEY_TYPES).reason
        for arn in keys_named(world, instance, "key_id"):
            if why is None:
                found[arn] = (documents, read.reason or (None if documents else f"{instance.address}.policy is empty"))
            else:
                found.setdefault(arn, (None, f"{instance.address} may set it: {why}"))
    return found


def keys_named(world: World, instance: Instance, path: str) -> list[str]:
    """ARNs of the keys that an attribute may name: several only where it cannot be told which."""
    reference = world.refer(instance, path, KEY_TYPES)
    if reference.instances:
        return [world.arn(one) for one in reference.instances]
    if reference.reason:
        return [world.arn(one) for one in world.of(*sorted(KEY_TYPES)) if world.where(one) == world.where(instance)]
    stated = text(reference.value)
    if stated is None:
        return []
    if parse_arn(stated):
        return [stated] if ":key/" in stated else []
    where = world.where(instance)
    known = NOT_KNOWN not in (where.account, where.region) and not stated.startswith("alias/")
    return [f"arn:{partition_of(where.region)}:kms:{where.region}:{where.account}:key/{stated}"] if known else []

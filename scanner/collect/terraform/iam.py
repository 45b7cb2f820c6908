"""IAM users, groups, roles and managed policies of a plan, with what is attached to them inline and separately."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, cast

from msgspec import UNSET, Struct, UnsetType, field

from scanner.collect.terraform.arns import name_of
from scanner.collect.terraform.documents import read_policy
from scanner.collect.terraform.draft import Draft, not_held, text
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.values import State, leaf, leaves, partly_unknown
from scanner.collect.terraform.world import World
from scanner.model.arn import parse_arn, partition_of
from scanner.model.records import ManagedPolicyFact, NamedDocument, PrincipalFact

PRINCIPALS: dict[str, Literal["user", "group", "role"]] = {
    "aws_iam_role": "role",
    "aws_iam_user": "user",
    "aws_iam_group": "group",
}
INLINE = {"aws_iam_role_policy": "role", "aws_iam_user_policy": "user", "aws_iam_group_policy": "group"}
ATTACHED = {
    "aws_iam_role_policy_attachment": (("role", "role"),),
    "aws_iam_user_policy_attachment": (("user", "user"),),
    "aws_iam_group_policy_attachment": (("group", "group"),),
    "aws_iam_policy_attachment": (("role", "roles"), ("user", "users"), ("group", "groups")),
}
"""Attachment types: the kind of principal and the attribute that names it (or them)."""

MEMBERSHIPS = {"aws_iam_user_group_membership": ("user", "groups"), "aws_iam_group_membership": ("users", "group")}
"""Membership types: the attributes that name users and groups."""

PROFILE = "aws_iam_instance_profile"
IAM_TYPES = frozenset({*PRINCIPALS, *INLINE, *ATTACHED, *MEMBERSHIPS, "aws_iam_policy", PROFILE})


class Attachments(Struct):
    """What the plan attaches to one principal, and why there may be more."""

    inline: list[NamedDocument] = field(default_factory=list)
    managed: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)
    """`inline`, `attached` or `groups` to the reason."""


def build_iam(world: World) -> Iterator[PrincipalFact | ManagedPolicyFact]:
    """Every principal of the plan, those outside it that the plan attaches to, and managed policies."""
    attachments = _attachments(world)
    named: list[str] = []
    for instance in world.of(*PRINCIPALS):
        fact = _principal(world, instance, attachments.pop(world.arn(instance), Attachments()))
        named += fact.attached if not isinstance(fact.attached, UnsetType) else ()
        named += [fact.boundary] if isinstance(fact.boundary, str) else []
        yield fact
    for arn, parts in sorted(attachments.items()):
        named += parts.managed
        yield _principal_elsewhere(arn, parts)
    yield from _policies(world, named)


# --- principals ------------------------------------------------------------------------------------


def _principal(world: World, instance: Instance, parts: Attachments) -> PrincipalFact:
    draft = Draft(world, instance)
    new = instance.action in ("create", "replace", "deferred")
    own_inline, own_managed = _own_inline(draft), _own_managed(draft)
    for name, why in parts.doubts.items():
        draft.unread.setdefault(name, why)
    if not new:
        _leave_open(draft, instance)
    inline = {one.name: one for one in (*own_inline, *parts.inline)}
    trust = read_policy(world, instance, "assume_role_policy") if instance.type == "aws_iam_role" else None
    if trust is not None and trust.reason:
        draft.unread["trust"] = trust.reason
    boundary = draft.refer("boundary", "permissions_boundary", ["aws_iam_policy"])
    return PrincipalFact(
        account=world.where(instance).account,
        region="aws-global",
        arn=world.arn(instance),
        id=text((instance.after or {}).get("unique_id")) or instance.address,
        name=name_of(instance),
        type=PRINCIPALS[instance.type],
        created=world.now if new else None,
        trust=UNSET if trust is not None and trust.reason else trust.text if trust else None,
        inline=tuple(inline[name] for name in sorted(inline)),
        attached=tuple(sorted({*own_managed, *parts.managed})),
        groups=tuple(sorted(set(parts.groups))),
        boundary=UNSET if boundary.reason else world.arn(boundary.one) if boundary.one else text(boundary.value),
        tags=draft.tags(),
        instance_profiles=tuple(sorted(parts.profiles)),
        unread=draft.unread,
    )


def _leave_open(draft: Draft, instance: Instance) -> None:
    """A principal that exists may have policies that Terraform does not manage; a role's own lists show them all."""
    for name, attribute in (("inline", "inline_policy"), ("attached", "managed_policy_arns")):
        listed = (instance.after or {}).get(attribute)
        if instance.type != "aws_iam_role" or not isinstance(listed, list):
            draft.unread.setdefault(name, not_held(f"every policy of {instance.address}"))
    if instance.type == "aws_iam_user":
        draft.unread.setdefault("groups", not_held(f"every group of {instance.address}"))


def _own_inline(draft: Draft) -> list[NamedDocument]:
    """`inline_policy` blocks of a role."""
    found: list[NamedDocument] = []
    world, instance = draft.world, draft.instance
    for one in leaves(instance, "inline_policy.policy"):
        if one.state in (State.ABSENT, State.NO_BLOCK) or world.unwritten(instance, one, "inline_policy.policy"):
            continue
        read = read_policy(world, instance, "inline_policy.policy", one.at)
        name = leaf(instance, "inline_policy.name", one.at)
        if read.text is not None:
            found.append(NamedDocument(text(name.value) or one.pointer, read.text))
        if read.reason is not None:
            draft.unread["inline"] = read.reason
    return found


def _own_managed(draft: Draft) -> list[str]:
    """`managed_policy_arns` of a role."""
    one = leaf(draft.instance, "managed_policy_arns")
    if one.state is State.VALUE and isinstance(one.value, list) and not _open(draft.instance, "managed_policy_arns"):
        return [arn for arn in one.value if isinstance(arn, str)]
    if one.state is State.ABSENT or draft.world.unwritten(draft.instance, one, "managed_policy_arns"):
        return []
    if one.state is not State.NO_BLOCK:
        draft.unread["attached"] = draft.world.why_unknown(draft.instance, one, "managed_policy_arns")
    return []


def _open(instance: Instance, path: str) -> bool:
    return partly_unknown(instance, path)


def _principal_elsewhere(arn: str, parts: Attachments) -> PrincipalFact:
    """A principal outside the plan that the plan attaches policies to."""
    why = not_held("more of this principal than what it attaches to it")
    kind, _, path = (parse_arn(arn) or parse_arn("arn:aws:iam:::role/")).resource.partition("/")  # type: ignore[union-attr]
    return PrincipalFact(
        account=arn.split(":")[4],
        region="aws-global",
        arn=arn,
        id=arn,
        name=path.rsplit("/", 1)[-1],
        type=cast("Any", kind),
        trust=UNSET,
        inline=tuple(parts.inline),
        attached=tuple(sorted(set(parts.managed))),
        groups=tuple(sorted(set(parts.groups))),
        instance_profiles=tuple(sorted(parts.profiles)),
        unread=dict.fromkeys(("trust", "inline", "attached", "groups", "boundary", "tags"), why),
    )


# --- what is attached separately -------------------------------------------------------------------


def _attachments(world: World) -> dict[str, Attachments]:
    """By principal ARN: inline policies, managed policies and group memberships of resources of their own."""
    found: dict[str, Attachments] = {}
    for instance in world.of(*INLINE):
        kind = INLINE[instance.type]
        for arn, doubt in _principals_named(world, instance, kind, kind):
            _attach_inline(world, instance, found.setdefault(arn, Attachments()), doubt)
    for instance in world.of(*ATTACHED):
        for kind, attribute in ATTACHED[instance.type]:
            for arn, doubt in _principals_named(world, instance, kind, attribute):
                _attach_managed(world, instance, found.setdefault(arn, Attachments()), doubt)
    for instance in world.of(*MEMBERSHIPS):
        _join(world, instance, found)
    for instance in world.of(PROFILE):
        for arn, doubt in _principals_named(world, instance, "role", "role"):
            if doubt is None:
                found.setdefault(arn, Attachments()).profiles.append(world.arn(instance))
    return found


def _join(world: World, instance: Instance, found: dict[str, Attachments]) -> None:
    """Put users into groups; a doubt about either side is one about the user's groups."""
    users, groups = MEMBERSHIPS[instance.type]
    named = list(_principals_named(world, instance, "group", groups))
    names = [arn.rsplit("/", 1)[-1] for arn, doubt in named if doubt is None]
    for arn, doubt in _principals_named(world, instance, "user", users):
        to = found.setdefault(arn, Attachments())
        to.groups += names if doubt is None else []
        reasons = [doubt, *(why for _, why in named), None if named else f"{instance.address}.{groups} cannot be told"]
        if reason := next((why for why in reasons if why), None):
            to.doubts["groups"] = reason


def _principals_named(world: World, instance: Instance, kind: str, path: str) -> Iterator[tuple[str, str | None]]:
    """ARNs of the principals that an attribute names, each with the doubt whether it is meant.

    Where it cannot be told whom it names, that is a doubt about every principal of the plan.
    """
    stated = (instance.after or {}).get(path)
    if isinstance(stated, list):
        yield from ((_principal_arn(world, instance, kind, name), None) for name in stated if isinstance(name, str))
        if not partly_unknown(instance, path):
            return
    found = world.refer(instance, path, [f"aws_iam_{kind}"])
    if found.instances:
        yield from ((world.arn(one), found.reason) for one in found.instances)
    elif isinstance(found.value, str):
        yield _principal_arn(world, instance, kind, found.value), None
    elif found.reason or partly_unknown(instance, path):
        why = found.reason or f"{instance.address}.{path} is known only after apply"
        yield from ((world.arn(one), why) for one in world.of(f"aws_iam_{kind}"))


def _principal_arn(world: World, instance: Instance, kind: str, name: str) -> str:
    one = world.named(name, frozenset({f"aws_iam_{kind}"}))
    if one is not None:
        return world.arn(one)
    where = world.where(instance)
    return name if parse_arn(name) else f"arn:{partition_of(where.region)}:iam::{where.account}:{kind}/{name}"


def _attach_inline(world: World, instance: Instance, to: Attachments, doubt: str | None) -> None:
    read = read_policy(world, instance, "policy")
    if read.text is not None and doubt is None:
        to.inline.append(NamedDocument(name_of(instance), read.text))
    if reason := doubt or read.reason:
        to.doubts["inline"] = reason


def _attach_managed(world: World, instance: Instance, to: Attachments, doubt: str | None) -> None:
    found = world.refer(instance, "policy_arn", ["aws_iam_policy"])
    arn = world.arn(found.one) if found.one else text(found.value)
    if arn is not None and doubt is None:
        to.managed.append(arn)
    if reason := doubt or found.reason:
        to.doubts["attached"] = reason


# --- managed policies ------------------------------------------------------------------------------


def _policies(world: World, attached: Iterable[str]) -> Iterator[ManagedPolicyFact]:
    there: set[str] = set()
    for instance in world.of("aws_iam_policy"):
        read = read_policy(world, instance, "policy")
        there.add(world.arn(instance))
        yield ManagedPolicyFact(
            account=world.where(instance).account,
            region="aws-global",
            arn=world.arn(instance),
            name=name_of(instance),
            document=read.text if read.text is not None and read.reason is None else UNSET,
            unread={"document": read.reason} if read.reason else {},
        )
    for arn in sorted({*attached} - there):
        why = not_held(f"the managed policy {arn}")
        account = arn.split(":")[4] if parse_arn(arn) else ""
        yield ManagedPolicyFact(
            account=account, region="aws-global", arn=arn, name=arn.rsplit("/", 1)[-1], unread={"document": why}
        )

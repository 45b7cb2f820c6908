"""What somebody can change about a key, and which actions on it that gives.

The own key policy, an own grant, a replica with an own policy, tags and aliases that statements look at.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from scanner.authz.actions import ALIAS_ACTIONS, CREATE_GRANT, GRANTABLE, KEY_ACTIONS, RETIRE_GRANT, bit, names
from scanner.authz.classes import GRANTEE
from scanner.authz.documents import Document, Statement
from scanner.authz.facts import StaticContext
from scanner.authz.freeing import freed, tests_of
from scanner.authz.joint import weigh_jointly
from scanner.authz.principals import EVERYONE
from scanner.authz.request import AccessRequest, Documents, Unread
from scanner.authz.sides import Side
from scanner.authz.values import ABSENT, Value, known
from scanner.model.records import GrantFact

PUT_KEY_POLICY = bit("kms:PutKeyPolicy")
REPLICATE = bit("kms:ReplicateKey")
UPDATE_PRIMARY = bit("kms:UpdatePrimaryRegion")
_OPEN_POLICY = Document(
    "its own new key policy",
    (Statement(True, KEY_ACTIONS, "", principals=EVERYONE, resources=("*",), raw={"Effect": "Allow"}),),
)
_DIRECT_CALL: dict[str, Value] = {"kms:grantisforawsresource": ABSENT, "kms:viaservice": ABSENT}
ALL_THERE_IS = KEY_ACTIONS & ~RETIRE_GRANT & ~bit("kms:SynchronizeMultiRegionKey")
USE = GRANTABLE & ~CREATE_GRANT & ~RETIRE_GRANT
"""What a replica with a policy of one's own gives over the same key material."""


_CHANGING = frozenset({"kms:PutKeyPolicy", "kms:CreateGrant", "kms:ReplicateKey"}).union(
    names(ALIAS_ACTIONS), ("kms:TagResource", "kms:UntagResource")
)


class Gain(Struct, frozen=True):
    """Actions on a key that somebody has, and the acts by which it got them (none: as it stands)."""

    actions: int
    by: tuple[tuple[str, str], ...] = ()
    """(action, key ARN) of each act."""


def gains(side: Side, related: tuple[Side, ...] = ()) -> Iterator[Gain]:
    """What the principal may do as it stands (first), and by what it may change.

    `related` are the same principal before the other keys of a multi-Region key's family. Ends where nothing is left.
    """
    seen = 0
    for gain in _every(side, related):
        yield gain
        seen |= gain.actions
        if not ALL_THERE_IS & ~seen:
            return


def _every(side: Side, related: tuple[Side, ...]) -> Iterator[Gain]:
    may = side.may
    yield Gain(may)
    if may & PUT_KEY_POLICY:
        yield Gain(_with_own_policy(side), (("kms:PutKeyPolicy", side.key.arn),))
    if may & CREATE_GRANT:
        yield Gain(_with_own_grant(side), (("kms:CreateGrant", side.key.arn),))
    yield from _by_replica(side, related)
    for action, facts in freed(side):
        context = StaticContext(side.fixed, facts, side.subject.facts, side.key.facts)
        gained = weigh_jointly(replace(side.request, context=context), side.documents).may & ~may
        if gained:
            yield Gain(gained, ((action, side.key.arn),))


def own_doing(actions: int) -> frozenset[str]:
    """The changes to a key that give nothing new to somebody with these actions: who writes its policy has them all."""
    if actions & PUT_KEY_POLICY:
        return _CHANGING
    return frozenset({"kms:CreateGrant"}) if actions & CREATE_GRANT else frozenset()


def _with_own_policy(side: Side) -> int:
    return weigh_jointly(side.request, replace(side.documents, key_policies=(_OPEN_POLICY,), grants=())).may


def _with_own_grant(side: Side) -> int:
    """The operations of a grant that the principal may create for itself, by policy rather than by a grant."""
    by_policy = replace(side.documents, grants=())
    mask = 0
    for operation in names(GRANTABLE) if _asks_operations(side.documents) else ("kms:Decrypt",):
        chosen: dict[str, Value] = {
            **_DIRECT_CALL,
            "kms:grantoperations": known(operation.partition(":")[2]),
            GRANTEE: known(side.subject.caller.text),
            "kms:granteeserviceprincipal": ABSENT,
        }
        context = StaticContext(chosen, side.fixed, side.subject.facts, side.key.facts)
        asked = replace(side.request, actions=CREATE_GRANT, context=context)
        mask |= bit(operation) if weigh_jointly(asked, by_policy).may else 0
    if mask and not _asks_operations(side.documents):
        mask = GRANTABLE
    operations = tuple(name.partition(":")[2] for name in names(mask))
    # a grant to its account reaches a caller that stands for a class, and lets the same succeed
    grantee = f"arn:aws:iam::{side.request.caller.account}:root"
    grant = GrantFact(id="its own new grant", operations=operations, grantee=grantee, issuing_account=side.key.account)
    documents = replace(side.documents, key_policies=_only_denials(side.documents), grants=(grant,))
    return weigh_jointly(side.request, documents).may & mask


def _asks_operations(documents: Documents) -> bool:
    """Whether some condition tells the operations of a grant apart."""
    return any(test.key == "kms:grantoperations" for test in tests_of(documents, CREATE_GRANT))


def _only_denials(documents: Documents) -> tuple[Document, ...]:
    if isinstance(documents.key_policies, Unread):
        return ()
    return tuple(Document(d.name, tuple(s for s in d.statements if not s.allows)) for d in documents.key_policies)


# --- the material of multi-Region keys -----------------------------------------------------------


def _by_replica(side: Side, related: tuple[Side, ...]) -> Iterator[Gain]:
    """A new replica of the same material has a key policy of the caller's choice (KMS guide, "Replica keys")."""
    family = (side, *related)
    primary = next((one for one in family if one.key.record.multi_region_type == "PRIMARY"), None)
    if primary is None or not _creates_keys(side):
        return
    use = _with_own_policy(side) & USE
    if primary.may & REPLICATE:
        yield Gain(use, (("kms:ReplicateKey", primary.key.arn),))
    if primary.may & UPDATE_PRIMARY:
        for one in family:
            if one is not primary and one.may & UPDATE_PRIMARY and one.may & REPLICATE:
                moved = ("kms:UpdatePrimaryRegion", primary.key.arn), ("kms:UpdatePrimaryRegion", one.key.arn)
                yield Gain(use, (*moved, ("kms:ReplicateKey", one.key.arn)))
                return


def _creates_keys(side: Side) -> int:
    subject = side.subject
    context = StaticContext(side.fixed, subject.facts)
    request = AccessRequest(subject.caller, bit("kms:CreateKey"), "*", subject.caller.account, context)
    documents = Documents(identity=subject.identity, boundary=subject.boundary, scps=subject.scps)
    return weigh_jointly(request, documents).may

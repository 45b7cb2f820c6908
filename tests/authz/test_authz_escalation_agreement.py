"""The folded graph of escalation reaches what a walk from node to node reaches, on random small estates."""

from __future__ import annotations

import json
from typing import Any

from authz.estates import KEYS, ROLES, USERS, estates
from authz.shorthand import ACCOUNT
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from scanner.authz.escalation import Escalation
from scanner.authz.estate import AccessEstate
from scanner.authz.gains import ALL_THERE_IS
from scanner.authz.keys import KeySubject
from scanner.authz.reached import total
from scanner.authz.variants import AS_IT_IS, Node
from scanner.model.records import NamedDocument, PrincipalFact
from scanner.model.snapshot import Snapshot, snapshot_of

ACTIONS = [
    "sts:AssumeRole",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:CreateAccessKey",
    "iam:PutUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:AttachUserPolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PassRole",
    "lambda:CreateFunction",
    "kms:CreateKey",
    "iam:*",
]
WHERE = [
    "*",
    f"arn:aws:iam::{ACCOUNT}:role/path/r1",
    f"arn:aws:iam::{ACCOUNT}:user/*",
    f"arn:aws:iam::{ACCOUNT}:policy/m0",
]
TRUSTED = [f"arn:aws:iam::{ACCOUNT}:root", USERS[0], ROLES[1], "lambda.amazonaws.com", "*"]


def trust(who: str) -> str:
    principal: Any = {"Service": who} if who.endswith(".com") else {"AWS": who}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@st.composite
def escalating(draw: st.DrawFn) -> Snapshot:
    """A random estate in which people have some of the actions that lead on."""
    snapshot = draw(estates())
    items: list[Any] = []
    for item in snapshot.items():
        if isinstance(item, PrincipalFact):
            allowed = draw(st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(WHERE)), max_size=3))
            effects = [draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])) for _ in allowed]
            listed = [{"Effect": e, "Action": a, "Resource": r} for e, (a, r) in zip(effects, allowed, strict=True)]
            more = NamedDocument("more", json.dumps({"Version": "2012-10-17", "Statement": listed}))
            inline = (*item.inline, more) if isinstance(item.inline, tuple) and listed else item.inline
            stated = trust(draw(st.sampled_from(TRUSTED))) if item.type == "role" else None
            item = replace(item, inline=inline, trust=item.trust or stated)
        items.append(item)
    return snapshot_of(snapshot.source, items)


def walked(escalation: Escalation, key: KeySubject, start: Node) -> int:
    """What a principal can come to, asked of every node that it leads to by itself."""
    seen = {start}
    waiting = [start]
    mask = 0
    while waiting:
        node = waiting.pop()
        mask |= total(escalation.gains.alone(node, key))
        moves = escalation.becoming.moves[node]
        onwards = [edge.target for edge in (*moves.own, *moves.named)]
        onwards += [member for link in moves.links for member in link.hub.members]
        waiting += [other for other in dict.fromkeys(onwards) if other not in seen]
        seen.update(onwards)
    return mask & ~escalation.gains.alone(start, key)[0].actions & ALL_THERE_IS


@settings(max_examples=25, deadline=None)
@given(escalating())
def test_folded_and_walked_reach_the_same(snapshot: Snapshot) -> None:
    estate = AccessEstate.of(snapshot)
    escalation = estate.escalation
    for key in estate.keys.values():
        found = escalation.reached.of(key)
        by_fold = {node.arn: mask for node in escalation.starts if (mask := escalation.reached.gained(found, node))}
        by_walk = {node.arn: mask for node in escalation.starts if (mask := walked(escalation, key, node))}
        assert by_fold == by_walk


@settings(max_examples=25, deadline=None)
@given(escalating())
def test_targets_by_class_and_one_by_one_open_the_same_ways(snapshot: Snapshot) -> None:
    becoming = AccessEstate.of(snapshot).escalation.becoming
    for node in becoming.moves:
        for target in becoming.targets.values():
            subject = becoming.variants.subject(node)
            if target.arn not in becoming.ways.special(node) and subject.caller.account == target.account:
                by_class = becoming.ways.of_class(node, becoming.ways.classes.key_class[target.arn])
                assert by_class == becoming.ways.alone(node, target)


@settings(max_examples=25, deadline=None)
@given(escalating(), st.sampled_from(KEYS))
def test_whoever_reaches_an_action_has_a_path_to_it_and_nobody_else(snapshot: Snapshot, arn: str) -> None:
    estate = AccessEstate.of(snapshot)
    for node, subject in estate.escalation.starts.items():
        left = estate.escalation.may_reach(subject, estate.keys[arn])
        told = 0
        for mask, path in estate.escalation.from_principal(subject, estate.keys[arn]):
            told |= mask
            assert path.steps[0].actor == node.arn
        assert told == left
        assert node.variant == AS_IT_IS

"""The answers of `access who-can` and `access what-can`, as plain data for JSON and text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scanner.authz.actions import names
from scanner.authz.documents import StatementRef
from scanner.authz.effects import Effect
from scanner.authz.escalation import Escalation, EscalationPath
from scanner.authz.estate import AccessEstate
from scanner.authz.keyless import keyless
from scanner.authz.keys import KeySubject
from scanner.authz.names import action_named, effect_named, key_named, principal_named
from scanner.authz.reach import Reach
from scanner.authz.relation import alone
from scanner.authz.request import Decision, Unread, Verdict
from scanner.authz.stores import StoreAccess
from scanner.authz.subjects import Subject
from scanner.authz.values import Known
from scanner.model.arn import account_of

Answer = dict[str, Any]
Fixed = Mapping[str, str | tuple[str, ...]]
"""Context keys that the question settles."""


def who_can(estate: AccessEstate, action: str, key: str, context: Fixed | None = None) -> Answer:
    """Everybody who may do `action` on `key` (ARN, id or alias), as they stand or by escalation.

    `{"schema": 1, "action", "key", "aliases", "effect", "complete", "principals": [...], "reasons": [...]}`;
    `effect` says what an action does to the key beside its use, if anything. UnknownNameError (exit 2) names
    the nearest valid name.
    """
    name, there = action_named(action), key_named(key, estate.keys, estate.aliases)
    effect, fixed = effect_named(name, there), _fixed(context) or {}
    escalation = estate.escalation_in(fixed)
    if effect is not None and effect.on != "key":
        found = list(_about_store(estate, escalation, there, name, effect, fixed))
        reasons: tuple[str, ...] = tuple(estate.subjects.unread_in(there.account))
    else:
        access = estate.access(there.arn, fixed or None)
        direct = [_reached(reach) for reach in access.reaches([name])]
        held = {entry["principal"] for entry in direct}
        found = [*direct, *(_escalated(p) for p in escalation.reaching(there.arn, name) if p.principal not in held)]
        reasons = access.reasons
    reasons = tuple(dict.fromkeys((*reasons, *_before(estate, escalation, found), *estate.unread_compute)))
    return {
        "schema": 1,
        "action": name,
        "key": there.arn,
        "aliases": list(estate.aliases.get(there.arn, ())),
        "effect": _effect(effect),
        "complete": not reasons,
        "principals": sorted(found, key=lambda entry: str(entry["principal"])),
        "reasons": list(reasons),
    }


def _before(estate: AccessEstate, escalation: Escalation, found: list[Answer]) -> Iterator[str]:
    """Why others may come to be somebody who was found: what of their IAM, or of who assumes a role, is not known."""
    doubts = escalation.doubts.of_trust
    accounts = {account_of(entry["principal"]) for entry in found if entry["type"] in ("user", "role")}
    for account in sorted(filter(None, accounts)):
        yield from estate.subjects.unread_in(account)
    yield from (doubts[entry["principal"]] for entry in found if entry["principal"] in doubts)


def _about_store(
    estate: AccessEstate, escalation: Escalation, key: KeySubject, action: str, effect: Effect, fixed: dict[str, Known]
) -> Iterator[Answer]:
    """The same for what holds the key: its store, cluster or backups."""
    access = StoreAccess(escalation, key, action, estate.holders.resources(key, effect), fixed)
    for subject, decision in access.direct():
        yield {"principal": subject.caller.text, "type": subject.type, **_decision(decision)}
    yield from map(_escalated, access.escalating())


def _effect(effect: Effect | None) -> Answer | None:
    return None if effect is None else {"class": effect.cls, "says": effect.says}


def _reached(reach: Reach) -> Answer:
    return {
        "principal": reach.principal,
        "type": reach.principal_type,
        "verdict": reach.verdict.value,
        "via": sorted(reach.via),
        "conditions": list(reach.conditions),
        "because": [_statement(ref) for ref in reach.because],
        "path": [],
    }


def _escalated(path: EscalationPath) -> Answer:
    return {"principal": path.principal, "type": path.principal_type, **_by_path(path)}


def _by_path(path: EscalationPath) -> Answer:
    refs = dict.fromkeys(ref for step in path.steps for ref in step.because)
    return {
        "verdict": Verdict.CONDITIONAL.value,
        "via": ["escalation"],
        "conditions": list(path.conditions),
        "because": [_statement(ref) for ref in refs],
        "path": [str(step) for step in path.steps],
        "steps": [
            {
                "actor": step.actor,
                "actions": list(step.actions),
                "resource": step.resource,
                "conditions": list(step.conditions),
                "because": [_statement(ref) for ref in step.because],
            }
            for step in path.steps
        ],
    }


def what_can(estate: AccessEstate, principal: str, context: Fixed | None = None) -> Answer:
    """Every key that a principal (ARN, or name if only one has it) may do something with, and what.

    `{"schema": 1, "principal", "complete", "keys": [{"key", "aliases", "actions", ...}], "reasons": [...]}`;
    actions that name no key stand under `*`.
    """
    subject = principal_named(principal, estate.subjects)
    fixed = _fixed(context)
    found = list(_without_key(subject, fixed))
    escalation = estate.escalation_in(fixed or {})
    for arn in sorted(estate.keys):
        aliases = list(estate.aliases.get(arn, ()))
        found += [
            {"key": arn, "aliases": aliases, **way} for way in _on_key(escalation, subject, estate.keys[arn], fixed)
        ]
    ways = escalation.doubts.onwards(subject.caller.text)
    reasons = sorted({*_reasons(estate, subject), *ways, *estate.unread_compute})
    return {
        "schema": 1,
        "principal": subject.caller.text,
        "type": subject.type,
        "complete": not reasons,
        "keys": found,
        "reasons": reasons,
    }


def _on_key(
    escalation: Escalation, subject: Subject, key: KeySubject, fixed: dict[str, Known] | None
) -> Iterator[Answer]:
    for mask, decision in alone(subject, key, fixed).pair.explained:
        yield {"actions": list(names(mask)), **_decision(decision)}
    for mask, path in escalation.from_principal(subject, key):
        yield {"actions": list(names(mask)), **_by_path(path)}


def _without_key(subject: Subject, fixed: dict[str, Known] | None) -> Iterator[Answer]:
    """Key-less actions, on which the principal's own side decides."""
    for mask, decision in keyless(subject, fixed):
        yield {"key": "*", "aliases": [], "actions": list(names(mask)), **_decision(decision)}


def _decision(decision: Decision) -> Answer:
    return {
        "verdict": decision.verdict.value,
        "via": sorted(decision.via),
        "conditions": list(decision.open_conditions),
        "because": [_statement(ref) for ref in decision.because],
        "path": [],
    }


def _reasons(estate: AccessEstate, subject: Subject) -> list[str]:
    """Why there may be more: what of the principal or of the keys was not read."""
    found = [reason for key in estate.keys.values() for reason in key.unread()]
    if isinstance(subject.identity, Unread):
        found.append(subject.identity.reason)
    else:
        found += [fault for document in subject.identity for fault in document.faults]
    return sorted(set(found))


def _statement(ref: StatementRef) -> Answer:
    return {"document": ref.document, "statement": ref.label, "pointer": ref.pointer, "text": ref.text}


def _fixed(context: Fixed | None) -> dict[str, Known] | None:
    if not context:
        return None
    return {key.lower(): Known((value,) if isinstance(value, str) else value) for key, value in context.items()}

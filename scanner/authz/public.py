"""Which statements of a key policy open the key to the world.

An adversary of an account that nobody named asks, free to choose what a caller can choose. Conditions are
judged together, and only what the adversary cannot bring about narrows: the account, organisation, ARN or
id of the caller, a finite set of networks, the resource on whose behalf a service calls.
"""

from __future__ import annotations

from scanner.authz.actions import KEY_ACTIONS
from scanner.authz.documents import Document, Statement, StatementRef, reference
from scanner.authz.facts import StaticContext
from scanner.authz.keys import KeySubject
from scanner.authz.match import hits_in
from scanner.authz.principals import Caller
from scanner.authz.request import AccessRequest, Unread
from scanner.authz.subjects import OUTSIDE, outsider_facts
from scanner.model.unknown import Unknown


def public_statements(key: KeySubject) -> tuple[StatementRef, ...] | Unknown:
    """Allow statements that any principal of any account can satisfy; unknown while a policy cannot be read."""
    if isinstance(key.policies, Unread):
        return Unknown(key.policies.reason)
    request = _request(key)
    denied = certainly_denied(key, request)
    found = [
        reference(document.name, statement)
        for document in key.policies
        for statement in document.statements
        if statement.allows and reached(document, statement, request) & ~denied
    ]
    faults = key.policy_faults()
    return Unknown("; ".join(faults)) if faults and not found else tuple(found)


def _request(key: KeySubject) -> AccessRequest:
    context = StaticContext(outsider_facts(), key.facts)
    return AccessRequest(Caller("*", "anyone", OUTSIDE), KEY_ACTIONS, key.arn, key.account, context)


def reached(document: Document, statement: Statement, request: AccessRequest) -> int:
    """The actions that one Allow of a key policy may give the caller, whatever the other statements say."""
    alone = Document(document.name, (statement,))
    return sum(hit.possibly for hit in hits_in(alone, request, by_principal=True))


def certainly_denied(key: KeySubject, request: AccessRequest) -> int:
    """What a Deny of the key policies or of an RCP certainly takes from the caller."""
    levels = () if key.rcps is None or isinstance(key.rcps, Unread) else key.rcps
    documents = [*key.documents(), *(document for level in levels for document in level)]
    mask = 0
    for document in documents:
        for hit in hits_in(document, request, by_principal=True):
            mask |= 0 if hit.statement.allows else hit.surely
    return mask

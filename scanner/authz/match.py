"""Does one statement bear on a request: action, resource, principal and conditions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NoReturn

from msgspec import Struct

from scanner.authz.conditions import holds
from scanner.authz.documents import Document, Statement
from scanner.authz.operators import fits
from scanner.authz.patterns import ANYTHING, Pattern, literal
from scanner.authz.principals import Route
from scanner.authz.request import AccessRequest, Layer
from scanner.authz.templates import Resolved, resolve
from scanner.authz.values import Truth


class Hit(Struct, frozen=True):
    """A statement that bears on a request: for which actions surely, for which at least possibly."""

    document: str
    statement: Statement
    surely: int
    possibly: int
    route: Route
    named: bool = True
    """Whom it concerns is certain; conditions and the like may still be open."""


def hits_in(
    document: Document, request: AccessRequest, *, by_principal: bool = False, boundary: Layer = None
) -> Iterator[Hit]:
    """Every statement that bears on the request; the caller's boundary matters to NotPrincipal."""
    for statement in document.statements:
        if statement.actions & request.actions:
            hit = _match(document.name, statement, request, by_principal, boundary)
            if hit is not None:
                yield hit


def _match(name: str, statement: Statement, request: AccessRequest, by_principal: bool, boundary: Layer) -> Hit | None:
    actions = statement.actions & request.actions
    if statement.fault is not None:
        return None if statement.allows else Hit(name, statement, 0, actions, Route.DIRECT)
    route, named = _route(statement, request, by_principal, boundary)
    if route is Route.NONE:
        return None
    there = _on_resource(statement, request, short=not name.startswith("key-policy/"))
    if there is Truth.NO:
        return None
    context = request.context.of_resource_policy() if by_principal else request.context
    surely, possibly = holds(statement.conditions, context, actions)
    if request.settle:  # where AWS does not say whether a condition holds, an Allow is lost and a Deny counts
        surely = possibly = surely if statement.allows else possibly
    if not possibly:
        return None
    return Hit(name, statement, surely if named and there is Truth.YES else 0, possibly, route, named)


def _route(statement: Statement, request: AccessRequest, by_principal: bool, boundary: Layer) -> tuple[Route, bool]:
    """How the statement reaches the caller, and whether that is certain."""
    if not by_principal:  # AWS stores no identity policy with a Principal
        return (Route.DIRECT, True) if statement.principals is None or not statement.allows else (Route.NONE, True)
    principals, caller = statement.principals, request.caller
    if principals is None:
        return (Route.NONE, True) if statement.allows else (Route.DIRECT, False)
    if statement.except_principals:
        return _except(statement, request, boundary)
    route, certain = principals.route(caller)
    if request.settle and not certain:
        # principals match exactly, so a role is none of its sessions; a federated session is its namesake's
        return (route, True) if caller.kind == "federated" else (Route.NONE, True)
    if caller.kind == "service" and statement.allows and principals.everyone and not principals.names(caller):
        return route, request.settle  # AWS does not say whether an Allow for `*` reaches services
    return route, certain


def _except(statement: Statement, request: AccessRequest, boundary: Layer) -> tuple[Route, bool]:
    """NotPrincipal: a Deny always reaches whoever has a permissions boundary (IAM user guide, "NotPrincipal")."""
    assert statement.principals is not None
    if not statement.allows and isinstance(boundary, tuple):
        return Route.DIRECT, True
    spared = statement.principals.exempts(request.caller, exactly=request.settle)
    if spared and (statement.allows or boundary is None):
        return Route.NONE, True
    return Route.DIRECT, spared is False


def _on_resource(statement: Statement, request: AccessRequest, *, short: bool) -> Truth:
    """Whether the Resource element covers the resource; a statement without one has no effect."""
    if statement.resources is None:
        return Truth.NO
    found = Truth.NO
    for text in statement.resources:
        found = max(found, _covers(text, statement, request, short))
        if found is Truth.YES:
            break
    return ~found if statement.except_resources else found


def _covers(text: str, statement: Statement, request: AccessRequest, short: bool) -> Truth:
    if text == "*":
        return Truth.YES
    if not (statement.variables and "${" in text):
        return _covers_plainly(text, request.resource, short)
    resolved = resolve(text, wild=True, variables=True, lookup=request.context.value)
    return _fit_resource(resolved, request.resource, short)


@lru_cache(maxsize=262144)
def _covers_plainly(text: str, resource: str, short: bool) -> Truth:
    return _fit_resource(resolve(text, wild=True, variables=False, lookup=_nothing), resource, short)


def _nothing(_: str) -> NoReturn:
    raise LookupError("a text without variables asks for none")


def _fit_resource(resolved: Resolved, resource: str, short: bool) -> Truth:
    if resolved.pattern is None:
        return Truth.NO
    truth = covers_resource(resolved.pattern, resource, short=short)
    return truth if resolved.exact else min(truth, Truth.MAYBE)


def covers_resource(pattern: Pattern, resource: str, *, short: bool = True) -> Truth:
    """ARNs compare part by part. Key policies alone may not leave out the last parts (`short`)."""
    if pattern == ANYTHING:
        return Truth.YES
    wanted = pattern.split(":", 6)
    stated = resource.split(":", 5)
    if len(stated) < 6 or wanted[0].literal != "arn" or (len(wanted) < 6 and not short):
        return Truth.NO
    wanted += [ANYTHING] * (6 - len(wanted))
    return min(fits(literal(part), want) for part, want in zip(stated, wanted, strict=True))

"""May this principal do this to this key? The verdict for one action, and everything that explains it."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.authz.actions import ASSUME_ROLE, CROSS_ACCOUNT, KEY_ACTIONS, RETIRE_GRANT
from scanner.authz.conditions import holds, says
from scanner.authz.documents import StatementRef, describe, reference
from scanner.authz.match import Hit
from scanner.authz.principals import Route
from scanner.authz.request import AccessRequest, Decision, Documents, Verdict
from scanner.authz.weigh import Outcome, Weighed, weigh


def decide(request: AccessRequest, documents: Documents) -> Decision:
    """The verdict for the one action of `request`, with the statements, conditions and layer that decided it.

    ALLOWED: every such request succeeds; CONDITIONAL: some may, on `open_conditions`; DENIED: none does.
    """
    return explain(request, weigh(request, documents))


def explain(request: AccessRequest, outcome: Outcome) -> Decision:
    """The decision for the one action of `request` out of an outcome that covers it."""
    action = request.actions
    notes = tuple(dict.fromkeys(fault for layer in outcome.layers for fault in layer.faults))
    if outcome.denied & action:
        refs = _references(hit for layer in outcome.layers for hit in _denials(layer, request) if hit.surely & action)
        blocked = next(
            layer.name for layer in outcome.layers if layer.denies.surely & action and _counts(layer, action)
        )
        return Decision(Verdict.DENIED, refs, explicit=True, blocked_by=blocked, notes=notes)
    if not outcome.may & action:
        return Decision(Verdict.DENIED, blocked_by=_gap(request, outcome), notes=notes)
    chosen = _chosen(request, outcome)
    via = frozenset(filter(None, (origin(hit, crosses(request)) for hit in chosen)))
    refs = _references(chosen)
    if outcome.must & action:
        return Decision(Verdict.ALLOWED, refs, via=via, notes=notes)
    conditions = _conditions(request, outcome, chosen)
    return Decision(Verdict.CONDITIONAL, refs, conditions, via=via, notes=notes)


def _references(hits: Iterable[Hit]) -> tuple[StatementRef, ...]:
    return tuple(dict.fromkeys(reference(hit.document, hit.statement) for hit in hits))


def _denials(layer: Weighed, request: AccessRequest) -> list[Hit]:
    if not _counts(layer, request.actions):
        return []
    return [hit for hit in layer.hits if not hit.statement.allows and hit.possibly & request.actions]


def _counts(layer: Weighed, action: int) -> bool:
    """Whether the layer's denials reach this action: RetireGrant and actions without a key escape some layers."""
    if layer.name == "key-policy":
        return bool(action & (KEY_ACTIONS | ASSUME_ROLE) & ~RETIRE_GRANT)
    return not (layer.name == "rcp" and action & RETIRE_GRANT)


def crosses(request: AccessRequest) -> bool:
    """Whether the caller's account is not the resource's."""
    return request.caller.is_iam and request.caller.account != request.account


def origin(hit: Hit, across_accounts: bool) -> str:
    """How a statement gives access, in the words of `via`; naming one's own account only lets IAM decide."""
    kind = hit.document.partition("/")[0]
    if kind == "key-policy":
        return "" if hit.route is Route.ACCOUNT and not across_accounts else "key-policy"
    return "iam" if kind in ("iam", "iam-inline") else kind if kind == "grant" else ""


# --- why it is allowed ---------------------------------------------------------------------------


def _chosen(request: AccessRequest, outcome: Outcome) -> list[Hit]:
    """For each layer that has to allow, its statement that asks for least."""
    layers = {layer.name: layer for layer in outcome.layers[:6]}
    if request.actions & RETIRE_GRANT:
        named = _best(outcome.layers[2], request, Route.DIRECT, Route.ROLE)
        return named or [*_best(outcome.layers[2], request), *_best(layers["iam"], request)]
    key_policy, grants = outcome.layers[0], [outcome.layers[1], outcome.layers[2]]
    chosen = [hit for layer in grants for hit in _best(layer, request)]
    direct = _best(key_policy, request, Route.DIRECT)
    by_role = _best(key_policy, request, Route.ROLE)
    account = _best(key_policy, request, Route.ACCOUNT)
    crosses = request.caller.is_iam and request.caller.account != request.account
    identity = _best(layers["iam"], request)
    if crosses:
        return [*(direct or by_role or account), *chosen, *identity]
    named = direct if _sure(direct, request) else [*direct, *by_role]
    if account and (identity or request.caller.kind == "root" or layers["iam"].faults) and not _sure(named, request):
        return [*named, *account, *identity, *chosen]
    if not named and not chosen:
        return identity
    return [*named, *chosen]


def _sure(hits: list[Hit], request: AccessRequest) -> bool:
    return any(hit.surely & request.actions for hit in hits)


def _best(layer: Weighed, request: AccessRequest, *routes: Route) -> list[Hit]:
    """The Allow of a layer that asks for least: a certain one, else the one with the fewest open conditions.

    Among equals the text decides, not the order in which policies happen to be attached.
    """
    fits = [
        hit
        for hit in layer.hits
        if hit.statement.allows and hit.possibly & request.actions and (not routes or hit.route in routes)
    ]
    if not fits:
        return []
    if len(fits) == 1:
        return fits
    return [min(fits, key=lambda hit: _asks(hit, request))]


def _asks(hit: Hit, request: AccessRequest) -> tuple[bool, int, str]:
    return not hit.surely & request.actions, len(hit.statement.conditions), describe(hit.statement)


# --- on what conditions --------------------------------------------------------------------------


def _conditions(request: AccessRequest, outcome: Outcome, chosen: list[Hit]) -> tuple[str, ...]:
    found = [text for hit in chosen for text in _open(hit, request)]
    for layer in outcome.layers[4:]:
        if not layer.allowed().surely & request.actions and layer.name != "rcp":
            found += [text for hit in _best(layer, request) for text in _open(hit, request)]
    for layer in outcome.layers:
        found += [_unless(hit, request) for hit in _denials(layer, request) if not hit.surely & request.actions]
        found += [f"{fault}" for fault in layer.faults]
    found += _of_account(request, outcome)
    return tuple(dict.fromkeys(text for text in found if text))


def _open(hit: Hit, request: AccessRequest) -> list[str]:
    """What an Allow that may hold still asks for."""
    if hit.surely & request.actions:
        return []
    texts = [says(test) for test in _open_tests(hit, request)]
    if not hit.named:
        texts.append(f"{hit.document} statement `{hit.statement.label}` means this caller, which AWS leaves open")
    return texts or [f"{hit.document} statement `{hit.statement.label}` covers the resource"]


def _open_tests(hit: Hit, request: AccessRequest) -> list:  # type: ignore[type-arg]
    return [
        test
        for test in hit.statement.conditions
        if not holds((test,), request.context, request.actions)[0] & request.actions
    ]


def _unless(hit: Hit, request: AccessRequest) -> str:
    """What a Deny that may hold asks to stay away from."""
    if hit.statement.fault:
        return f"the unreadable statement {hit.document}#{hit.statement.pointer} does not deny it"
    tests = _open_tests(hit, request)
    if not tests:
        return f"the denial in {hit.document} statement `{hit.statement.label}` does not mean this caller or resource"
    return "not: " + " and ".join(says(test) for test in tests)


def _of_account(request: AccessRequest, outcome: Outcome) -> list[str]:
    if outcome.key_trust_open & request.actions:
        return [f"account {request.caller.account} agrees by an IAM policy (AWS leaves open whether a grant is enough)"]
    return []


# --- why it is not allowed -----------------------------------------------------------------------


def _gap(request: AccessRequest, outcome: Outcome) -> str:
    """The first layer that does not allow it."""
    action, caller = request.actions, request.caller
    if caller.kind == "anonymous":
        return "anonymous"
    key_policy, grants, _, identity, boundary, session, *others = outcome.layers
    for layer in others:
        if layer.name != "rcp" and not layer.allowed().possibly & action:
            return layer.name
    if action & KEY_ACTIONS and ":alias/" not in request.resource and not action & RETIRE_GRANT:
        if crosses(request) and not action & CROSS_ACCOUNT:
            return "cross-account"
        if not (key_policy.allowed().possibly | grants.allowed().possibly) & action:
            return "key-policy"
    for layer in (identity, boundary, session):
        if caller.is_iam and not layer.allowed().possibly & action:
            return layer.name
    return "key-policy"

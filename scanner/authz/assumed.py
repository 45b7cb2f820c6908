"""What a fully specified answer takes for granted where AWS documents nothing, in words.

See docs/access.md, "What AWS leaves open". `AccessRequest.settle` is what makes the engine answer this way.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.authz.conditions import Test, holds, says
from scanner.authz.documents import Document, Statement
from scanner.authz.match import Hit
from scanner.authz.principals import Route
from scanner.authz.request import AccessRequest, Documents, Unread
from scanner.authz.weigh import Outcome

EVERYONE = "AWS does not say whether `*` in an Allow reaches service principals; taken as yes"
WHOLE_ACCOUNT = "AWS does not say whether a grant to a whole account needs IAM there; taken as yes"
SILENT_LIMIT = "AWS does not say whether a silent boundary or session policy limits a grant; taken as no"


def assumed(request: AccessRequest, documents: Documents, outcome: Outcome) -> list[str]:
    """The assumptions that an answer may rest on."""
    key_policy, grants, _, _, boundary, session, *_ = outcome.layers
    found = []
    if any(_by_everyone(hit, request) for hit in key_policy.hits):
        found.append(EVERYONE)
    if any(hit.route is Route.ACCOUNT for hit in grants.hits) and request.caller.kind != "root":
        found.append(WHOLE_ACCOUNT)
    limits = boundary.allowed().surely & session.allowed().surely & request.actions
    if grants.hits and not limits:
        found.append(SILENT_LIMIT)
    return found + list(dict.fromkeys(_undocumented(request, documents)))


def _by_everyone(hit: Hit, request: AccessRequest) -> bool:
    who = hit.statement.principals
    reached = hit.statement.allows and who is not None and who.everyone
    return reached and request.caller.kind == "service" and who is not None and not who.names(request.caller)


def _undocumented(request: AccessRequest, documents: Documents) -> Iterator[str]:
    """Conditions whose operator AWS does not define for what the request holds."""
    for statement in _statements(documents):
        if statement.actions & request.actions:
            for test in statement.conditions:
                if _is_undefined(test, request):
                    taken = "no permission" if statement.allows else "a denial"
                    yield f"AWS does not say whether this holds: {says(test)}; taken as {taken}"


def _is_undefined(test: Test, request: AccessRequest) -> bool:
    surely, possibly = holds((test,), request.context, request.actions)
    return surely != possibly


def _statements(documents: Documents) -> Iterator[Statement]:
    levels = [level for kind in (documents.scps, documents.rcps) for level in (kind if isinstance(kind, tuple) else ())]
    single = (documents.key_policies, documents.identity, documents.boundary, documents.session, documents.endpoint)
    for layer in (*single, *levels):
        yield from _of(layer)


def _of(layer: tuple[Document, ...] | Unread | None) -> Iterator[Statement]:
    for document in layer if isinstance(layer, tuple) else ():
        yield from document.statements

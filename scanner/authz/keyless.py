"""What a principal may do that names no key (CreateKey, key stores): its own side alone decides."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.authz.actions import KEYLESS
from scanner.authz.facts import StaticContext
from scanner.authz.reach import Pair
from scanner.authz.request import AccessRequest, Decision, Documents
from scanner.authz.subjects import Subject
from scanner.authz.values import Known


def keyless(subject: Subject, fixed: dict[str, Known] | None = None) -> Iterator[tuple[int, Decision]]:
    """Groups of key-less actions that the same statements allow, as a mask with their decision.

    Source: KMS developer guide, "Permissions reference": these actions take `Resource: "*"` in IAM policies only.
    """
    if not subject.caller.is_iam:
        return
    context = StaticContext(fixed or {}, subject.facts)
    request = AccessRequest(subject.caller, KEYLESS, "*", subject.caller.account, context)
    documents = Documents(identity=subject.identity, boundary=subject.boundary, scps=subject.scps)
    yield from Pair(request, documents).explained

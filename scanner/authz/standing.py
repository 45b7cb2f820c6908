"""Which statements of a principal allow an action on every key of the account or of a Region, whatever its use."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.authz.conditions import Test, holds
from scanner.authz.documents import Document, Statement, StatementRef, reference
from scanner.authz.facts import RESOURCE_TAG, Facts, StaticContext, family_of
from scanner.authz.operators import fits
from scanner.authz.patterns import ANYTHING, wildcard
from scanner.authz.request import Unread
from scanner.authz.subjects import Subject
from scanner.authz.values import ABSENT, CONTEXT_PAIR, Truth, known
from scanner.model.arn import parse_arn
from scanner.model.unknown import Partial

NARROWING = (
    RESOURCE_TAG,
    CONTEXT_PAIR,
    "kms:encryptioncontextkeys",
    "kms:resourcealiases",
    "kms:requestalias",
    "kms:keyspec",
    "kms:keyusage",
    "kms:keyorigin",
    "kms:multiregion",
    "kms:multiregionkeytype",
    "kms:recipientattestation:",
    "kms:viaservice",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:viaawsservice",
)
"""Condition keys that say which keys, or through what they are used."""
_DIRECT: Facts = {
    "kms:viaservice": ABSENT,
    "aws:calledvia": ABSENT,
    "aws:calledviafirst": ABSENT,
    "aws:calledvialast": ABSENT,
    "aws:viaawsservice": known("false"),
    "kms:recipientattestation:": ABSENT,
}
"""A call that the principal makes itself, without an attested enclave."""


def statements_on_all_keys(subject: Subject, wanted: int) -> tuple[StatementRef, ...] | Partial[StatementRef]:
    """Its own statements (not those of its groups) that allow one of the `wanted` actions on every key.

    Every key of one Region counts: most accounts keep their keys in one. Taken away are actions that a Deny covers
    on every key there, or that boundary or SCPs do not allow on every key there.
    """
    if isinstance(subject.identity, Unread):
        return Partial((), subject.identity.reason)
    own = [document for document in subject.identity if _is_own(document, subject)]
    left = {
        region: wanted & ~_denied(subject, wanted, region) & _limits(subject, region) for region in _regions_named(own)
    }
    found = tuple(
        reference(document.name, statement)
        for document in own
        for statement in document.statements
        if statement.allows and any(_on_every_key(statement, subject, region) & left[region] for region in left)
    )
    faults = [fault for document in own for fault in document.faults]
    if isinstance(subject.boundary, Unread):
        faults.append(subject.boundary.reason)
    return Partial(found, "; ".join(faults)) if faults else found


def _is_own(document: Document, subject: Subject) -> bool:
    record = subject.record
    if record is None:
        return False
    attached = record.attached if isinstance(record.attached, tuple) else ()
    inline = f"iam-inline/{record.name}"
    own_inline = document.name == inline or document.name.startswith(inline + "/")
    return own_inline or document.name.removeprefix("iam/") in attached


def _regions_named(documents: Iterable[Document]) -> set[str]:
    """`*`, and each Region that some resource names."""
    arns = (
        parse_arn(text)
        for document in documents
        for statement in document.statements
        for text in statement.resources or ()
    )
    return {"*", *(arn.region for arn in arns if arn is not None and arn.region)}


def _on_every_key(statement: Statement, subject: Subject, region: str) -> int:
    """The actions that a statement gives on every key of a Region; `*`: of the account."""
    if statement.fault or statement.principals is not None or not _covers_every_key(statement, subject, region):
        return 0
    context = StaticContext(_DIRECT, subject.facts)
    actions = statement.actions
    for test in statement.conditions:
        surely, possibly = holds((test,), context, actions)
        actions &= surely if _narrows(test) else possibly
    return actions


def _narrows(test: Test) -> bool:
    return test.key in NARROWING or family_of(test.key) in NARROWING


def _covers_every_key(statement: Statement, subject: Subject, region: str) -> bool:
    """`*`, `arn:aws:kms:*:*:key/*` and the like; a NotResource that names only some keys or none."""
    if statement.resources is None:
        return False
    arn = parse_arn(subject.caller.text)
    partition = arn.partition if arn else "aws"
    keys = f"arn:{partition}:kms:{region}:{subject.caller.account}:key/*"
    covered = any(_covers(text, keys) for text in statement.resources)
    return not covered if statement.except_resources else covered


def _covers(text: str, keys: str) -> bool:
    pattern = wildcard(text)
    if pattern == ANYTHING:
        return True
    wanted = pattern.split(":", 6)
    if wanted[0].literal != "arn":
        return False
    wanted += [ANYTHING] * (6 - len(wanted))
    return all(fits(part, want) is Truth.YES for part, want in zip(wildcard(keys).split(":", 6), wanted, strict=True))


def _denied(subject: Subject, wanted: int, region: str) -> int:
    """What some Deny of IAM, boundary or SCP certainly takes on every key of a Region."""
    context = StaticContext(subject.facts)
    mask = 0
    for statement in _limiting_statements(subject):
        if not statement.allows and not statement.fault and _covers_every_key(statement, subject, region):
            mask |= holds(statement.conditions, context, statement.actions & wanted)[0]
    return mask


def _limiting_statements(subject: Subject) -> Iterable[Statement]:
    layers = [subject.identity, subject.boundary, *(subject.scps if isinstance(subject.scps, tuple) else ())]
    for layer in layers:
        for document in layer if isinstance(layer, tuple) else ():
            yield from document.statements


def _limits(subject: Subject, region: str) -> int:
    """The actions that boundary and every SCP level allow on every key of a Region."""
    mask = -1
    layers = [subject.boundary, *(subject.scps if isinstance(subject.scps, tuple) else ())]
    for layer in layers:
        if isinstance(layer, tuple):
            allowed = 0
            for document in layer:
                for statement in document.statements:
                    allowed |= _on_every_key(statement, subject, region) if statement.allows else 0
            mask &= allowed
    return mask

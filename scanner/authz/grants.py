"""Grants read as statements, so that they are matched like any other document.

KMS developer guide, "Grants in AWS KMS", "Using grant constraints" and "Retiring and revoking grants". A
constraint becomes a condition on pairs whose names and values are the same to the letter (there, "an exact,
case-sensitive match"; the API reference, GrantConstraints, lets the names differ in case).
"""

from __future__ import annotations

from functools import lru_cache

from scanner.authz.actions import CREATE_GRANT, RETIRE_GRANT, actions_with_key, is_known, mask_of
from scanner.authz.conditions import Test
from scanner.authz.documents import Document, Statement
from scanner.authz.operators import OPERATORS
from scanner.authz.principals import Principals, is_account_id, is_service, parse_caller, parse_principals
from scanner.authz.values import CONTEXT_NAMES, CONTEXT_PAIR, CONTEXT_PAIR_EXACT
from scanner.model.records import GrantFact


@lru_cache(maxsize=4096)
def _with_context() -> int:
    """Grant operations that take an encryption context, and CreateGrant for the grants made from a grant."""
    return actions_with_key()[CONTEXT_PAIR] & ~RETIRE_GRANT


def grant_document(grant: GrantFact) -> Document:
    """A grant as a document that allows its operations to its grantee."""
    mask = mask_of(f"kms:{name}" for name in grant.operations if is_known(f"kms:{name}")) & ~RETIRE_GRANT
    grantee = _principal(grant.grantee, grant.grantee_service)
    source, pairs = _source_test(grant), _context_tests(grant)
    parts = (
        (mask & CREATE_GRANT, (*source, *pairs, _derived_test(grant))),
        (mask & _with_context() & ~CREATE_GRANT, (*source, *pairs)),
        (mask & ~_with_context(), source),
    )
    statements = tuple(_allow(actions, grantee, tests, grant) for actions, tests in parts if actions)
    return Document(f"grant/{grant.id}", statements)


def retiring_document(grant: GrantFact, key_account: str | None) -> Document:
    """Who may retire a grant, as a document that allows kms:RetireGrant.

    The retiring principal; the grantee if RetireGrant is among the operations; the root user of the issuing
    account; by delegation in IAM also principals of the key's account and of a retiring account.
    """
    who = [_principal(grant.retiring, grant.retiring_service), Principals(root_users=_ids(grant.issuing_account))]
    who.append(Principals(accounts=_ids(key_account)))
    if "RetireGrant" in grant.operations:
        who.append(_principal(grant.grantee, grant.grantee_service))
    return Document(f"grant/{grant.id}", tuple(_allow(RETIRE_GRANT, each, (), grant) for each in who))


def issuer_of(grant: GrantFact) -> str | None:
    """The account id of the issuing account, which ListGrants states as an ARN of its root."""
    return parse_caller(grant.issuing_account).account if grant.issuing_account else None


def _ids(account: str | None) -> frozenset[str]:
    found = parse_caller(account).account if account else None
    return frozenset((found,)) if found else frozenset()


def _principal(text: str | None, service: str | None) -> Principals:
    """Whom a field of a grant names; ListGrants may put a service's name in either field."""
    if service:
        return Principals(services=frozenset((service,)), named=(service,))
    if not text:
        return Principals()
    if is_service(text) and not is_account_id(text):
        return Principals(services=frozenset((text,)), named=(text,))
    return parse_principals({"AWS": text}) if text != "*" else Principals()


def _allow(actions: int, principals: Principals, tests: tuple[Test, ...], grant: GrantFact) -> Statement:
    raw = {
        "Effect": "Allow",
        "Principal": ", ".join(principals.named) or "whoever retires it",
        "Action": [f"kms:{name}" for name in grant.operations],
    }
    return Statement(True, actions, "", grant.name, principals, resources=("*",), conditions=tests, raw=raw)


def _source_test(grant: GrantFact) -> tuple[Test, ...]:
    if not grant.source_arn:
        return ()
    return (Test(OPERATORS["arnlike"], "aws:sourcearn", (grant.source_arn,), name="aws:SourceArn"),)


def _context_tests(grant: GrantFact) -> tuple[Test, ...]:
    wanted = [*(grant.context_subset or {}).items(), *(grant.context_equals or {}).items()]
    tests = [
        Test(OPERATORS["stringequals"], f"{CONTEXT_PAIR_EXACT}{name}", (value,), name=f"kms:EncryptionContext:{name}")
        for name, value in sorted(set(wanted))
    ]
    if grant.context_equals is not None:
        names, equal = tuple(sorted(grant.context_equals)), OPERATORS["stringequals"]
        tests.append(Test(equal, CONTEXT_NAMES, names, "ForAllValues", name="the encryption context's key"))
    return tuple(tests)


def _derived_test(grant: GrantFact) -> Test:
    """A grant made from a grant gives no operation that the first does not have."""
    operations = tuple(sorted(grant.operations))
    return Test(
        OPERATORS["stringequals"], "kms:grantoperations", operations, "ForAllValues", name="kms:GrantOperations"
    )

"""What is wrong with a key policy as a document: whom it names and how, whatever IAM says besides.

Each check answers with the statements that show it. A policy that was not read is unknown; one with a statement that
cannot be read is known in part.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from scanner.authz.actions import CREATE_GRANT, CROSS_ACCOUNT, KEY_ACTIONS, bit, mask_of
from scanner.authz.conditions import Test
from scanner.authz.documents import Document, Statement, StatementRef, reference
from scanner.authz.facts import StaticContext, principal_facts
from scanner.authz.guarded import ACCOUNT_IN_TEXT, NAMES_ACCOUNTS
from scanner.authz.keys import KeySubject
from scanner.authz.principals import Caller, parse_caller
from scanner.authz.public import certainly_denied, public_statements, reached
from scanner.authz.request import AccessRequest, Unread
from scanner.authz.subjects import outsider_facts
from scanner.authz.values import CONTEXT_PAIR
from scanner.catalog.kms_actions import actions_of
from scanner.model.unknown import Partial, Unknown

Found = tuple[StatementRef, ...] | Partial[StatementRef] | Unknown
_SOURCES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths")
_SERVICES = ("aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist")
_SERVICE_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn")
_ANY_SERVICE = "any-service.amazonaws.com"
_PUT_KEY_POLICY = bit("kms:PutKeyPolicy")
_SENSITIVE = CREATE_GRANT | mask_of(
    name for name, action in actions_of("kms").items() if action.cls == "use" and not action.internal
)


def foreign_accounts(key: KeySubject, trusted: frozenset[str]) -> dict[str, tuple[StatementRef, ...]] | Unknown:
    """Accounts outside `trusted` that the key policies name, by principal or condition, and so let in.

    Statements that let everybody in are left out: `public_statements` has them.
    """
    if isinstance(key.policies, Unread):
        return Unknown(key.policies.reason)
    public = public_statements(key)
    open_to_all = frozenset[StatementRef]() if isinstance(public, Unknown) else frozenset(public)
    found: dict[str, list[StatementRef]] = {}
    for document, statement in _statements(key):
        ref = reference(document.name, statement)
        if not statement.allows or ref in open_to_all:
            continue
        for caller in _named_outsiders(statement, key.account):
            if caller.account and caller.account not in trusted and _lets_in(key, document, statement, caller):
                found.setdefault(caller.account, []).append(ref)
    return {account: tuple(dict.fromkeys(refs)) for account, refs in sorted(found.items())}


def _named_outsiders(statement: Statement, own: str) -> Iterator[Caller]:
    """Principals of other accounts that a statement names; for a wildcard, the accounts that its conditions name."""
    who = statement.principals
    if who is None or statement.except_principals:
        return
    callers = [parse_caller(text) for text in sorted({*who.arns, *who.accounts})]
    if who.everyone:
        named = (test for test in statement.conditions if test.key in NAMES_ACCOUNTS and not test.operator.negated)
        found = {account for test in named for value in test.values for account in ACCOUNT_IN_TEXT.findall(value)}
        callers += [Caller(account, "account", account) for account in sorted(found)]
    yield from (caller for caller in callers if caller.account != own)


def _lets_in(key: KeySubject, document: Document, statement: Statement, caller: Caller) -> bool:
    context = StaticContext(principal_facts(caller, None, None, tagged=True), key.facts)
    request = AccessRequest(caller, KEY_ACTIONS & CROSS_ACCOUNT, key.arn, key.account, context)
    return bool(reached(document, statement, request) & ~certainly_denied(key, request))


def negated_elements(key: KeySubject) -> Found:
    """Allow statements with NotPrincipal or NotAction: they cover whatever nobody thought of."""
    return _where(key, lambda s: s.allows and (s.except_principals or "NotAction" in _raw(s)))


def orphan_principals(key: KeySubject) -> Found:
    """Statements that name the unique id of a user or role that was deleted (IAM user guide, "Principal")."""
    return _where(key, lambda s: s.principals is not None and bool(s.principals.deleted))


def policy_writing(key: KeySubject) -> Found:
    """Allow statements that give kms:PutKeyPolicy to somebody, living or not, on any condition; no AWS service."""

    def names_somebody(statement: Statement) -> bool:
        who = statement.principals
        return who is not None and (statement.except_principals or bool(set(who.named) - who.services))

    return _where(key, lambda s: s.allows and bool(s.actions & _PUT_KEY_POLICY) and names_somebody(s))


def unguarded_services(key: KeySubject) -> Found:
    """Allow statements by which an AWS service may use the key on behalf of any account (confused deputy).

    Guards are conditions, of the statement or of a Deny, that settle the source account, ARN or organisation, or an
    encryption context that carries an account. Source: IAM user guide, "The confused deputy problem".
    """

    def unguarded(document: Document, statement: Statement) -> bool:
        if not statement.allows or any(map(_binds_context, statement.conditions)):
            return False
        return any(_serves_strangers(key, document, statement, service) for service in _services(statement))

    return _where_in(key, unguarded)


def _services(statement: Statement) -> list[str]:
    """The services that a statement names; for a wildcard whose conditions pick services out, those, or any one."""
    who = statement.principals
    if who is None:
        return []
    picking = [test for test in statement.conditions if test.key in _SERVICES] if who.everyone else []
    named = {value for test in picking for value in test.values if value.endswith(_SERVICE_SUFFIXES)}
    return sorted(who.services | (named or {_ANY_SERVICE} if picking else set()))


def _serves_strangers(key: KeySubject, document: Document, statement: Statement, service: str) -> bool:
    caller = parse_caller(service)
    strangers = {name: value for name, value in outsider_facts().items() if name in _SOURCES}
    context = StaticContext(strangers, principal_facts(caller, None, None, tagged=False), key.facts)
    request = AccessRequest(caller, _SENSITIVE, key.arn, key.account, context)
    return bool(reached(document, statement, request) & ~certainly_denied(key, request))


def _binds_context(test: Test) -> bool:
    """Whether a test demands an encryption context that names an account, which the service fills in itself."""
    positive = not test.operator.negated and not test.if_exists and test.quantifier != "ForAllValues"
    return (
        positive
        and test.key.startswith(CONTEXT_PAIR)
        and bool(test.values)
        and all(ACCOUNT_IN_TEXT.search(value) for value in test.values)
    )


def policy_differences(key: KeySubject, other: KeySubject) -> Found:
    """Statements that only one of two related keys has; order, Sids, spelling and Regions do not count."""
    for one in (key, other):
        if isinstance(one.policies, Unread):
            return Unknown(one.policies.reason)
        if faults := one.policy_faults():
            return Unknown("; ".join(faults))
    mine, theirs = _shapes(key, ""), _shapes(other, f" of {other.arn}")
    return tuple(ref for shape, ref in (mine | theirs).items() if (shape in mine) != (shape in theirs))


def _shapes(key: KeySubject, suffix: str) -> dict[str, StatementRef]:
    region = key.arn.split(":")[3]
    return {
        _shape(statement, region): reference(document.name + suffix, statement)
        for document, statement in _statements(key)
    }


def _shape(statement: Statement, region: str) -> str:
    """A statement in one spelling: lists sorted, names in lower case, its own Region as a placeholder."""
    raw = {name: value for name, value in _raw(statement).items() if name != "Sid"}
    for name in ("Action", "NotAction"):
        if name in raw:
            raw[name] = [str(action).lower() for action in _listed(raw[name])]
    if isinstance(raw.get("Condition"), dict):
        raw["Condition"] = {
            operator: {str(name).lower(): value for name, value in tests.items()} if isinstance(tests, dict) else tests
            for operator, tests in raw["Condition"].items()
        }
    return json.dumps(_sorted(raw), sort_keys=True).replace(region, "{region}")


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: item if name == "Effect" else _sorted(item) for name, item in value.items()}
    return sorted((_account_as_arn(item) for item in _listed(value)), key=str)


def _account_as_arn(item: Any) -> Any:
    caller = parse_caller(item) if isinstance(item, str) else None
    return f"root of {caller.account}" if caller is not None and caller.kind == "root" else item


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _raw(statement: Statement) -> dict[str, Any]:
    return statement.raw if isinstance(statement.raw, dict) else {}


def _statements(key: KeySubject) -> Iterator[tuple[Document, Statement]]:
    for document in key.documents():
        for statement in document.statements:
            if statement.fault is None:
                yield document, statement


def _where(key: KeySubject, test: Callable[[Statement], bool]) -> Found:
    return _where_in(key, lambda _, statement: test(statement))


def _where_in(key: KeySubject, test: Callable[[Document, Statement], bool]) -> Found:
    if isinstance(key.policies, Unread):
        return Unknown(key.policies.reason)
    found = tuple(reference(document.name, one) for document, one in _statements(key) if test(document, one))
    faults = key.policy_faults()
    return Partial(found, "; ".join(faults)) if faults else found

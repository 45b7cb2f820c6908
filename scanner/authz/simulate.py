"""Fully specified requests, one JSON object each, to decisions: `keyproof access simulate`.

A context key that is not given is absent; a layer that is null, empty or missing does not apply. The answer
is `Undetermined` only where AWS itself leaves it open: a grant across accounts without IAM permission, and a
NotPrincipal list that names only part of the caller's chain.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from scanner.authz.actions import ACTIONS, KEYLESS, bit, is_known
from scanner.authz.assumed import assumed
from scanner.authz.decide import explain
from scanner.authz.documents import Document, StatementRef, parse_key_policy, parse_whole
from scanner.authz.jsontext import RepeatedKeys, read_json, repeats
from scanner.authz.match import Hit
from scanner.authz.principals import Caller, is_account_id, parse_caller
from scanner.authz.request import AccessRequest, Decision, Documents, Layer, Verdict
from scanner.authz.values import CONTEXT_PAIR, Given
from scanner.authz.weigh import Outcome, weigh
from scanner.errors import UsageError
from scanner.model.arn import account_of
from scanner.model.records import GrantFact

Answer = dict[str, Any]


class CaseError(UsageError):
    """A case that is not a request: the message says which field is wrong."""


def answer(case: dict[str, Any]) -> Answer:
    """The decision for one case: `{"id", "decision", "because"}`; CaseError for one that is not a request."""
    request = _request(case)
    documents = _documents(case)
    outcome = weigh(request, documents)
    worded = _worded(request, outcome, explain(request, outcome))
    worded["because"] += [{"note": note} for note in assumed(request, documents, outcome)]
    return {"id": case.get("id"), **worded}


def answer_lines(lines: Iterable[str], report: Callable[[int, str], None]) -> Iterator[str]:
    """The answers to JSON lines as JSON lines; a bad line goes to `report(line number, message)` instead."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield json.dumps(answer(_case(line)), ensure_ascii=True)
        except CaseError as error:
            report(number, str(error))


def _case(line: str) -> dict[str, Any]:
    try:
        case = read_json(line)
    except ValueError as error:
        raise CaseError(f"not JSON: {error}") from None
    if not isinstance(case, dict):
        raise CaseError("the line is not a JSON object")
    if isinstance(case, RepeatedKeys):
        raise CaseError("a field stands twice")
    return case


# --- the request ---------------------------------------------------------------------------------


def _request(case: dict[str, Any]) -> AccessRequest:
    action = _text(case, "action")
    if not is_known(action):
        from difflib import get_close_matches  # only for what is wrong

        near = get_close_matches(action, ACTIONS, n=1)
        raise CaseError(f"unknown action `{action}`" + (f", did you mean `{near[0]}`?" if near else ""))
    mask = bit(action)
    resource = "*" if mask & KEYLESS else _resource(case)
    caller = _caller(case)
    account = _optional_text(case, "resourceAccount") or account_of(resource) or caller.account
    return AccessRequest(caller, mask, resource, account, _context(case), settle=True)


def _caller(case: dict[str, Any]) -> Caller:
    account = _optional_text(case, "principalAccount")
    caller = parse_caller(_text(case, "principal"), account)
    if account and caller.account and caller.account != account:
        raise CaseError(f"`principalAccount` {account} is not the account of the principal {caller.text}")
    return caller


def _resource(case: dict[str, Any]) -> str:
    resource = _text(case, "resource")
    if resource != "*" and not resource.startswith("arn:"):
        raise CaseError("`resource` is neither an ARN nor `*`")
    return resource


def _text(case: dict[str, Any], field: str) -> str:
    value = case.get(field)
    if not isinstance(value, str) or not value:
        raise CaseError(f"`{field}` is missing or not text")
    return value


def _optional_text(case: dict[str, Any], field: str) -> str | None:
    value = case.get(field)
    if value is not None and not isinstance(value, str):
        raise CaseError(f"`{field}` is not text")
    return value or None


def _context(case: dict[str, Any]) -> Given:
    raw = case.get("context", {})
    raw = {} if raw is None else raw
    if not isinstance(raw, dict):
        raise CaseError("`context` is not an object")
    names = [key.lower() for key in raw if not key.lower().startswith(CONTEXT_PAIR)]
    if repeats(raw) or len(set(names)) < len(names):
        raise CaseError("a key of `context` stands twice")
    return Given({key: _values(key, value) for key, value in raw.items()})


def _values(key: str, value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, (str, bool, int, float)) for item in items):
        raise CaseError(f"the context key `{key}` is neither text nor a list of texts")
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in items)


# --- the documents -------------------------------------------------------------------------------


def _documents(case: dict[str, Any]) -> Documents:
    key_policies = [
        _one("key-policy/default", case.get("keyPolicy")),
        _one("key-policy/AWS_RAM", case.get("ramKeyPolicy")),
    ]
    session = case.get("sessionPolicy")
    return Documents(
        key_policies=tuple(document for document in key_policies if document),
        grants=_grants(case),
        identity=_list(case, "identityPolicies", "iam/") or (),
        boundary=_list(case, "boundaries", "boundary/"),
        session=None if _is_empty(session) else (parse_whole("session-policy", session),),
        scps=_levels(case, "scps", "scp/"),
        rcps=_levels(case, "rcps", "rcp/"),
        endpoint=_list(case, "vpcePolicies", "endpoint-policy/"),
    )


def _one(name: str, source: Any) -> Document | None:
    return None if _is_empty(source) else parse_key_policy(name, source)


def _is_empty(source: Any) -> bool:
    """Whether a layer of one document does not apply: null, or nothing in it."""
    return source is None or source == {}


def _listed(case: dict[str, Any], field: str) -> list[Any]:
    value = case.get(field)
    if value is not None and not isinstance(value, list):
        raise CaseError(f"`{field}` is not a list")
    return value or []


def _list(case: dict[str, Any], field: str, prefix: str) -> Layer:
    sources = _listed(case, field)
    return tuple(parse_whole(f"{prefix}{i}", source) for i, source in enumerate(sources)) or None


def _levels(case: dict[str, Any], field: str, prefix: str) -> tuple[tuple[Document, ...], ...] | None:
    levels = []
    for i, level in enumerate(_listed(case, field)):
        if not isinstance(level, list):
            raise CaseError(f"level {i} of `{field}` is not a list of documents")
        levels.append(tuple(parse_whole(f"{prefix}{i}/{j}", source) for j, source in enumerate(level)))
    return tuple(levels) or None


def _grants(case: dict[str, Any]) -> tuple[GrantFact, ...]:
    return tuple(_grant(i, raw) for i, raw in enumerate(_listed(case, "grants")))


def _grant(index: int, raw: Any) -> GrantFact:
    if not isinstance(raw, dict):
        raise CaseError(f"grant {index} is not an object")
    if repeats(raw):
        raise CaseError(f"a field of grant {index} stands twice")
    constraints = raw.get("constraints") or {}
    operations = raw.get("operations") or []
    texts = isinstance(operations, list) and all(isinstance(name, str) for name in operations)
    if not isinstance(constraints, dict) or not texts:
        raise CaseError(f"grant {index} has constraints or operations of the wrong type")
    unknown = sorted(set(constraints) - {"EncryptionContextEquals", "EncryptionContextSubset", "SourceArn"})
    if unknown:
        raise CaseError(f"grant {index} has the unknown constraint `{unknown[0]}`")
    return GrantFact(
        id=str(index),
        operations=tuple(operations),
        grantee=_optional_text(raw, "granteePrincipal"),
        grantee_service=_optional_text(raw, "granteeServicePrincipal"),
        retiring=_optional_text(raw, "retiringPrincipal"),
        retiring_service=_optional_text(raw, "retiringServicePrincipal"),
        issuing_account=_account_id(_optional_text(raw, "issuingAccount")),
        context_equals=_pairs(index, constraints.get("EncryptionContextEquals")),
        context_subset=_pairs(index, constraints.get("EncryptionContextSubset")),
        source_arn=_optional_text(constraints, "SourceArn"),
    )


def _account_id(text: str | None) -> str | None:
    return text if text is None or is_account_id(text) else account_of(text)


def _pairs(index: int, raw: Any) -> dict[str, str] | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise CaseError(f"grant {index} has an encryption context that is not an object of texts")
    return dict(raw)


# --- the answer ----------------------------------------------------------------------------------


def _worded(request: AccessRequest, outcome: Outcome, decision: Decision) -> Answer:
    because = [_statement(ref) for ref in decision.because]
    because += [{"note": note} for note in decision.notes]
    if decision.verdict is Verdict.ALLOWED:
        return {"decision": "Allowed", "because": because}
    if decision.verdict is Verdict.CONDITIONAL:
        because += [{"note": condition} for condition in decision.open_conditions]
        return {"decision": "Undetermined" if _left_open(request, outcome) else "ImplicitlyDenied", "because": because}
    because.append({"layer": decision.blocked_by})
    return {"decision": "ExplicitlyDenied" if decision.explicit else "ImplicitlyDenied", "because": because}


def _statement(ref: StatementRef) -> Answer:
    return {"document": ref.document, "statement": ref.label, "pointer": ref.pointer, "text": ref.text}


def _left_open(request: AccessRequest, outcome: Outcome) -> bool:
    """Whether it is AWS that leaves the answer open, and not a denial that could not be read."""
    unread = [layer for layer in outcome.layers if layer.denies.possibly & ~layer.denies.surely & request.actions]
    return not any(_doubtful(hit, request) for layer in unread for hit in layer.hits) and not any(
        not layer.hits and layer.faults for layer in unread
    )


def _doubtful(hit: Hit, request: AccessRequest) -> bool:
    """A denial that is open for another reason than a NotPrincipal list."""
    by_list = hit.statement.except_principals and not hit.named
    return not by_list and not hit.statement.allows and bool(hit.possibly & ~hit.surely & request.actions)

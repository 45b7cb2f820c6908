"""What changed in policy documents, statement by statement."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from scanner.authz.documents import parse_document
from scanner.model.records import KeyFact, ManagedPolicyFact, NamedDocument, PrincipalFact, Record
from scanner.model.snapshot import Snapshot

Documents = dict[str, dict[str, str]]
"""Owner (an ARN and a field of it) to the text of its documents by name."""
Unread = Counter[tuple[str, str]]


def policy_changes(old: Snapshot, new: Snapshot) -> tuple[list[dict[str, Any]], Unread, Unread]:
    """Changes of documents whose owner is on both sides, and (what, reason) of those that each side could not read.

    The documents are key policies, trust policies, inline and managed IAM policies.
    """
    unread_before: Unread = Counter()
    unread_after: Unread = Counter()
    had, has = _documents(old, unread_before), _documents(new, unread_after)
    changes: list[dict[str, Any]] = []
    for owner in sorted(had.keys() & has.keys()):
        for name in sorted({*had[owner], *has[owner]}):
            changes += _document_changes(f"{owner}{name}", had[owner].get(name), has[owner].get(name))
    return changes, unread_before, unread_after


def _documents(snapshot: Snapshot, unread: Unread) -> Documents:
    found: Documents = {}
    for key in snapshot.of(KeyFact):
        _add(found, key, f"{key.arn} key-policy/", "policies", unread)
    for principal in snapshot.of(PrincipalFact):
        _add(found, principal, f"{principal.arn} iam-inline/", "inline", unread)
        _add(found, principal, f"{principal.arn} trust", "trust", unread)
    for policy in snapshot.of(ManagedPolicyFact):
        _add(found, policy, f"iam/{policy.arn}", "document", unread)
    return found


def _add(found: Documents, record: Record, owner: str, field: str, unread: Unread) -> None:
    """The documents of one field, unless it was not (fully) read."""
    value = getattr(record, field)
    if value is UNSET or field in record.unread:
        unread[f"{owner.split()[-1].rstrip('/')}", record.unread.get(field, "it was not collected")] += 1
    elif isinstance(value, tuple):
        named: tuple[NamedDocument, ...] = value
        found[owner] = {one.name: one.document for one in named}
    else:
        found[owner] = {} if value is None else {"": value}


def _document_changes(place: str, before: str | None, after: str | None) -> Iterator[dict[str, Any]]:
    """Statements by their Sid where that is unique, else by their content: a moved one has not changed."""
    if before == after:
        return
    was, now = _statements(before), _statements(after)
    for name in (*was, *(name for name in now if name not in was)):
        old, new = was.get(name), now.get(name)
        if _canonical(old) == _canonical(new):
            continue
        change = "added" if old is None else "removed" if new is None else "changed"
        sid = next((raw["Sid"] for raw in (new, old) if isinstance(raw, dict) and "Sid" in raw), None)
        yield {"change": change, "document": place, "sid": sid, "before": old, "after": new}


def _statements(text: str | None) -> dict[str, Any]:
    """The statements of a document as JSON values; one that cannot be read is compared as text."""
    if text is None:
        return {}
    document = parse_document("", text)
    if document.fault:
        return {"": text}
    sids = Counter(statement.sid for statement in document.statements)
    found: dict[str, Any] = {}
    for statement in document.statements:
        unique = statement.sid is not None and sids[statement.sid] == 1
        found[f"sid {statement.sid}" if unique else _canonical(statement.raw)] = statement.raw
    return found


def _canonical(value: Any) -> str:
    """JSON in one spelling; in a policy, a list of one is that one, and the order of a list means nothing."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        members = sorted({json.dumps(_plain(member), sort_keys=True) for member in value})
        return json.loads(members[0]) if len(members) == 1 else members
    return value

"""The scanned account itself: its organisation, its place in it, and the control policies that bind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from msgspec import UNSET

from scanner.collect.facts import unset_reasons
from scanner.collect.session import Refused, Scope
from scanner.model.records import AccountFact, Item, NamedDocument

CALLS = (
    ("organizations", "DescribeOrganization"),
    ("organizations", "ListParents"),
    ("organizations", "ListRoots"),
    ("organizations", "ListPoliciesForTarget"),
    ("organizations", "DescribePolicy"),
    ("organizations", "DescribeAccount"),
)
FIELDS = ("organization", "management_account", "ou_path", "scps", "rcps", "name")
CONTROLS = {"scps": "SERVICE_CONTROL_POLICY", "rcps": "RESOURCE_CONTROL_POLICY"}
DEEPEST = 12
"""More than the levels of an organisation: a root, at most five nested OUs (Organizations quotas), the account."""

Values = dict[str, Any]
Levels = tuple[tuple[NamedDocument, ...], ...]


def account(scope: Scope) -> Iterator[Item]:
    """One AccountFact, after a Gap when a read was refused.

    Any account may ask for its organisation; what follows Organizations answers only to the management account and
    delegated administrators. So the first refusal ends the reading, and everything after it is unknown for its reason.
    """
    values: Values = dict.fromkeys(FIELDS, UNSET)
    reason = "the account is in no organisation that names it"
    reads: tuple[Callable[[Scope, Values], Values], ...] = (_membership, _path, _control_policies, _name)
    try:
        for read in reads:
            values |= read(scope, values)
            if values["organization"] is None:
                break
    except Refused as refused:
        unknown = tuple(f"account.{name}" for name in FIELDS if values[name] is UNSET)
        gap = scope.gap(refused, subject=_arn(scope), makes_unknown=unknown)
        reason = gap.reason()
        yield gap
    yield AccountFact(account=scope.account, region=scope.region, unread=unset_reasons(values, reason), **values)


def _membership(scope: Scope, _: Values) -> Values:
    """What DescribeOrganization tells any account of itself; outside any organisation no control policy binds."""
    try:
        found = scope.call("organizations", "describe_organization")["Organization"]
    except Refused as refused:
        if refused.code != "AWSOrganizationsNotInUseException":
            raise
        return {"organization": None, "ou_path": (), "management_account": None, "scps": None, "rcps": None}
    values = {"organization": found["Id"], "management_account": found["MasterAccountId"]}
    if found["MasterAccountId"] == scope.account:
        values |= dict.fromkeys(CONTROLS)  # control policies never bind the management account
    return values


def _path(scope: Scope, _: Values) -> Values:
    path: list[str] = []
    child = scope.account
    while not child.startswith("r-"):
        pages = scope.pages("organizations", "list_parents", ChildId=child)
        parents = [parent["Id"] for page in pages for parent in page["Parents"]]
        if len(parents) != 1 or len(path) >= DEEPEST:
            raise Refused("organizations", "ListParents", "Unreadable", f"the way up from `{child}` does not end")
        child = parents[0]
        path.insert(0, child)
    return {"ou_path": tuple(path)}


def _control_policies(scope: Scope, values: Values) -> Values:
    """The policies of each level; None for a type that the organisation has not enabled."""
    wanted = [name for name in CONTROLS if values[name] is UNSET]
    if not wanted:
        return {}
    roots = [root for page in scope.pages("organizations", "list_roots") for root in page["Roots"]]
    enabled = {kind["Type"] for root in roots for kind in root.get("PolicyTypes", ()) if kind["Status"] == "ENABLED"}
    document = _Documents(scope)
    targets = (*values["ou_path"], scope.account)
    return {
        name: tuple(map(partial(document.attached, CONTROLS[name]), targets)) if CONTROLS[name] in enabled else None
        for name in wanted
    }


class _Documents:
    """Documents of control policies, each read once however many levels it is attached to."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._read: dict[str, NamedDocument] = {}

    def attached(self, kind: str, target: str) -> tuple[NamedDocument, ...]:
        """The policies of one kind on a root, OU or account, by name."""
        pages = self._scope.pages("organizations", "list_policies_for_target", TargetId=target, Filter=kind)
        found = [self._document(policy) for page in pages for policy in page["Policies"]]
        return tuple(sorted(found, key=lambda named: named.name))

    def _document(self, policy: dict[str, Any]) -> NamedDocument:
        identifier = policy["Id"]
        if identifier not in self._read:
            content = self._scope.call("organizations", "describe_policy", PolicyId=identifier)["Policy"]["Content"]
            self._read[identifier] = NamedDocument(name=f"{policy['Name']} ({identifier})", document=content)
        return self._read[identifier]


def _name(scope: Scope, _: Values) -> Values:
    return {"name": scope.call("organizations", "describe_account", AccountId=scope.account)["Account"].get("Name")}


def _arn(scope: Scope) -> str:
    return f"arn:{scope.partition}:iam::{scope.account}:root"

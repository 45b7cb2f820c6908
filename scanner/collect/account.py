"""The scanned account itself: which organisation it belongs to, and whether control policies can bind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from scanner.collect.facts import unset_reasons
from scanner.collect.session import Refused, Scope
from scanner.model.records import AccountFact, Item

CALLS = (("organizations", "DescribeOrganization"),)
NOT_READ = "the organisation's accounts and control policies were not read"


def account(scope: Scope) -> Iterator[Item]:
    """One AccountFact. An account outside any organisation, or at its head, is bound by no control policy."""
    reason = NOT_READ
    values: dict[str, Any] = dict.fromkeys(
        ("name", "organization", "ou_path", "management_account", "scps", "rcps"), UNSET
    )
    try:
        values |= _membership(scope)
    except Refused as refused:
        gap = scope.gap(refused, subject=_arn(scope), makes_unknown=tuple(f"account.{name}" for name in values))
        reason = gap.reason()
        yield gap
    yield AccountFact(account=scope.account, region=scope.region, unread=unset_reasons(values, reason), **values)


def _membership(scope: Scope) -> dict[str, Any]:
    """What DescribeOrganization tells any account of itself (Organizations API reference)."""
    try:
        found = scope.call("organizations", "describe_organization")["Organization"]
    except Refused as refused:
        if refused.code != "AWSOrganizationsNotInUseException":
            raise
        return {"organization": None, "ou_path": (), "management_account": None, "scps": None, "rcps": None}
    values = {"organization": found["Id"], "management_account": found["MasterAccountId"]}
    if found["MasterAccountId"] == scope.account:
        values |= {"scps": None, "rcps": None}
    return values


def _arn(scope: Scope) -> str:
    return f"arn:{scope.partition}:iam::{scope.account}:root"

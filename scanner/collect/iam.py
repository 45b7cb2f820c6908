"""IAM users, groups, roles and managed policies, from GetAccountAuthorizationDetails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import UNSET, UnsetType

from scanner.collect.facts import document_text, tags_of
from scanner.collect.session import Refused, Scope
from scanner.model.records import Gap, Item, ManagedPolicyFact, NamedDocument, PrincipalFact

CALLS = (("iam", "GetAccountAuthorizationDetails"), ("iam", "GetPolicy"), ("iam", "GetPolicyVersion"))
PROVIDES = ("principal", "managed-policy")

Kind = Literal["user", "group", "role"]
LISTS: tuple[tuple[str, Kind], ...] = (
    ("UserDetailList", "user"),
    ("GroupDetailList", "group"),
    ("RoleDetailList", "role"),
)


def identities(scope: Scope) -> Iterator[Item]:
    """Every identity of the account and every managed policy that one of them names."""
    count, refused = 0, None
    named: set[str] = set()
    documented: set[str] = set()
    try:
        for page in scope.pages("iam", "get_account_authorization_details"):
            for record in _of_page(scope, page):
                count += 1
                if isinstance(record, PrincipalFact):
                    named |= _named_policies(record)
                else:
                    documented.add(record.arn)
                yield record
    except Refused as error:
        refused = error
        yield scope.gap(error, makes_unknown=PROVIDES)
    if refused is None:
        for arn in sorted(named - documented):
            yield from _missing_policy(scope, arn)
    yield scope.coverage("iam", "GetAccountAuthorizationDetails", PROVIDES, count, complete=refused is None)


def _of_page(scope: Scope, page: dict[str, Any]) -> Iterator[PrincipalFact | ManagedPolicyFact]:
    for member, kind in LISTS:
        for detail in page.get(member, ()):
            yield _principal(scope, kind, detail)
    for policy in page.get("Policies", ()):
        yield _managed_policy(scope, policy)


def _principal(scope: Scope, kind: Kind, detail: dict[str, Any]) -> PrincipalFact:
    prefix = kind.capitalize()
    trust = detail.get("AssumeRolePolicyDocument")
    return PrincipalFact(
        account=scope.account,
        region=scope.region,
        arn=detail["Arn"],
        id=detail[f"{prefix}Id"],
        name=detail[f"{prefix}Name"],
        type=kind,
        created=detail.get("CreateDate"),
        trust=None if trust is None else document_text(trust),
        inline=tuple(
            NamedDocument(name=inline["PolicyName"], document=document_text(inline["PolicyDocument"]))
            for inline in detail.get(f"{prefix}PolicyList", ())
        ),
        attached=tuple(attached["PolicyArn"] for attached in detail.get("AttachedManagedPolicies", ())),
        groups=tuple(detail.get("GroupList", ())),
        boundary=detail.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        tags=tags_of(detail.get("Tags")),
        last_used=detail.get("RoleLastUsed", {}).get("LastUsedDate"),
        instance_profiles=tuple(profile["Arn"] for profile in detail.get("InstanceProfileList", ())),
    )


def _managed_policy(scope: Scope, policy: dict[str, Any]) -> ManagedPolicyFact:
    versions = policy.get("PolicyVersionList", ())
    document = next((version.get("Document") for version in versions if version.get("IsDefaultVersion")), None)
    return _policy_fact(scope, policy["Arn"], UNSET if document is None else document_text(document))


def _policy_fact(scope: Scope, arn: str, document: str | UnsetType, reason: str | None = None) -> ManagedPolicyFact:
    unread = {"document": reason or "IAM did not state the default version"} if document is UNSET else {}
    name = arn.rsplit("/", 1)[-1]
    return ManagedPolicyFact(
        account=scope.account, region=scope.region, arn=arn, name=name, document=document, unread=unread
    )


def _named_policies(principal: PrincipalFact) -> set[str]:
    """The managed policies that decide what `principal` may do."""
    attached = set(principal.attached) if isinstance(principal.attached, tuple) else set()
    return attached | {principal.boundary} if isinstance(principal.boundary, str) else attached


def _missing_policy(scope: Scope, arn: str) -> Iterator[ManagedPolicyFact | Gap]:
    """A policy that the listing left out although a principal names it (a boundary that AWS manages)."""
    try:
        version = scope.call("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
        answer = scope.call("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
    except Refused as refused:
        gap = scope.gap(refused, subject=arn, makes_unknown=("managed-policy.document",))
        yield gap
        yield _policy_fact(scope, arn, UNSET, gap.reason())
        return
    yield _policy_fact(scope, arn, document_text(answer["PolicyVersion"]["Document"]))

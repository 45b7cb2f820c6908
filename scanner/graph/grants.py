"""Grants as views: who holds them, and whether an AWS service made them for itself."""

from __future__ import annotations

import re

from scanner.authz.principals import is_service
from scanner.graph.keygraph import KeyGraph
from scanner.graph.known import fact, members
from scanner.graph.views import Grant, Key
from scanner.model.arn import account_of, parse_arn
from scanner.model.records import GrantFact, KeyFact
from scanner.model.unknown import Unknown, known_members, reason_of

_INTERNAL = re.compile(r":role/aws-service-role/|:assumed-role/AWSServiceRoleFor|:(assumed-)?role/aws:|^\d{12}:aws:")


def add_grants(graph: KeyGraph) -> None:
    """The grants of every key."""
    for record in graph.snapshot.of(KeyFact):
        key, stated = graph.keys[record.arn], fact(record, "grants")
        if isinstance(stated, Unknown):
            key.grants = stated
            continue
        trusted = {key.account, *(entry.id for entry in graph.settings.trusted)}
        views = tuple(_grant(key, grant, trusted) for grant in known_members(stated))
        key.grants = members(views, reason_of(stated))
        for grant in views:
            graph.grants[grant.id] = grant
            graph.relations.relate(key.arn, "granted", grant.id)


def _grant(key: Key, stated: GrantFact, trusted: set[str]) -> Grant:
    grantee = stated.grantee_service or stated.grantee or ""
    account = account_of(grantee)
    return Grant(
        id=stated.id,
        key=key,
        account=key.account,
        region=key.region,
        name=stated.name,
        grantee=grantee,
        grantee_type=principal_type(grantee),
        grantee_account=account,
        grantee_trusted=account is None or account in trusted,
        grantee_human=principal_type(grantee) in ("user", "federated") or "/AWSReservedSSO_" in grantee,
        by_service=_by_service(key, stated),
        operations=tuple(sorted(stated.operations)),
        retiring=stated.retiring_service or stated.retiring,
        constrained=bool(stated.context_equals or stated.context_subset or stated.source_arn),
        created=stated.created,
    )


def _by_service(key: Key, stated: GrantFact) -> bool | Unknown:
    if made_by_service(stated):
        return True
    # the policy of an AWS managed key lets services alone make grants
    return key.manager if isinstance(key.manager, Unknown) else key.manager == "AWS"


def principal_type(name: str) -> str:
    """What kind of principal a name in a policy or grant stands for."""
    if name == "*":
        return "anyone"
    if is_service(name):
        return "service"
    if len(name) == 12 and name.isdigit():
        return "account"
    arn = parse_arn(name)
    if arn is None:
        return "deleted" if name.startswith(("AIDA", "AROA")) else "unknown"
    kinds = {"user": "user", "role": "role", "assumed-role": "role", "root": "root", "federated-user": "federated"}
    return kinds.get(arn.resource.split("/", 1)[0], "unknown")


def made_by_service(grant: GrantFact) -> bool:
    """Whether a service holds the grant or made it for its own resources.

    Services name themselves as grantee or retiring principal, or use a service-linked role or an internal
    session (`assumed-role/aws:ec2-infrastructure/...`, in CloudTrail `<account>:aws:ec2-infrastructure:...`); no
    role of one's own can have a colon in its name. Source: KMS developer guide, "How Amazon EBS uses
    AWS KMS" and "Grants in AWS KMS".
    """
    names = (grant.grantee_service, grant.grantee, grant.retiring_service, grant.retiring)
    return any(name and (is_service(name) or _INTERNAL.search(name)) for name in names)

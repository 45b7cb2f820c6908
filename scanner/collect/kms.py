"""KMS keys with their policies, rotation, grants and tags; aliases; custom key stores. Read calls only.

An alias is never described: DescribeKey on `alias/aws/...` creates the AWS managed key if there is none yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any

from msgspec import UNSET

from scanner.collect.facts import listing, stated, tags_of, unset_reasons
from scanner.collect.session import WINDOW, Refused, Scope
from scanner.model.records import (
    AliasFact,
    Gap,
    GrantFact,
    Item,
    KeyFact,
    KeyStoreFact,
    NamedDocument,
    Rotation,
    RotationEvent,
)

KEY_CALLS = (
    ("kms", "ListKeys"),
    ("kms", "DescribeKey"),
    ("kms", "ListKeyPolicies"),
    ("kms", "GetKeyPolicy"),
    ("kms", "GetKeyRotationStatus"),
    ("kms", "ListKeyRotations"),
    ("kms", "ListGrants"),
    ("kms", "ListResourceTags"),
)
ALIAS_CALLS = (("kms", "ListAliases"),)
STORE_CALLS = (("kms", "DescribeCustomKeyStores"),)

NO_ROTATION = frozenset({"UnsupportedOperationException", "KMSInvalidStateException"})
"""What KMS answers about the rotation of a key that cannot rotate: an answer, not a refusal."""

USAGE_OF_SPEC = {"SYMMETRIC_DEFAULT": "ENCRYPT_DECRYPT"}
"""The one usage that a spec allows, for endpoints that leave it out (KMS API reference, CreateKey)."""

Answer = tuple[Any, Refused | None]
"""The value of one field, or UNSET and why."""


def keys(scope: Scope) -> Iterator[Item]:
    """Every key of the account in this Region. Reads about one key run beside each other, slowest quota first."""
    refusals: list[Refused] = []
    listed = 0

    def key_entries() -> Iterator[dict[str, str]]:
        nonlocal listed
        try:
            for page in scope.pages("kms", "list_keys"):
                listed += len(page["Keys"])
                yield from page["Keys"]
        except Refused as refused:
            refusals.append(refused)

    described = scope.map(partial(_describe, scope), key_entries(), lane=("kms", "DescribeKey"))
    pending: deque[_Reads] = deque()
    for arn, metadata in described:
        pending.append(_Reads(scope, arn, metadata))
        if len(pending) >= WINDOW:
            yield from pending.popleft().finish()
    while pending:
        yield from pending.popleft().finish()
    for refused in refusals:
        yield scope.gap(refused, makes_unknown=("key",))
    yield scope.coverage("kms", "ListKeys", ("key",), listed, complete=not refusals)


def _describe(scope: Scope, entry: dict[str, str]) -> tuple[str, Answer]:
    arn = entry["KeyArn"]
    return arn, _answer(lambda: scope.call("kms", "describe_key", KeyId=arn)["KeyMetadata"])


def _answer(read: Callable[[], Any]) -> Answer:
    try:
        return read(), None
    except Refused as refused:
        return UNSET, refused


class _Reads:
    """The reads about one key that are under way."""

    def __init__(self, scope: Scope, arn: str, described: Answer) -> None:
        self._scope = scope
        self._arn = arn
        self._metadata, self._refused = described
        self._given: dict[str, Any] = {}
        self._unread: dict[str, str] = {}
        self._futures: dict[str, Future[Answer]] = {}
        for field, (lane, read) in self._plan().items():
            work = partial(_answer, partial(read, scope, arn))
            self._futures[field] = scope.start(("kms", lane), work)

    def _plan(self) -> dict[str, tuple[str, Callable[[Scope, str], Any]]]:
        """What to ask about this key, by field; fills in what needs no asking."""
        if self._refused is None and self._metadata.get("KeyManager") == "AWS":
            # AWS managed keys cannot be tagged or rotated by the account, and have the one policy that AWS wrote.
            self._given = {"tags": {}, "rotation": None, "rotations": ()}
            self._unread = {"grants": "grants of AWS managed keys are not read"}
            return {"policies": ("GetKeyPolicy", _default_policy)}
        plan: dict[str, tuple[str, Callable[[Scope, str], Any]]] = {
            "grants": ("ListGrants", _grants),
            "policies": ("ListKeyPolicies", _policies),
            "tags": ("ListResourceTags", _tags),
        }
        if self._refused is not None:
            return plan  # what an answer about rotation means depends on the kind of key, which is not known
        if not _can_rotate(self._metadata):
            self._given = {"rotation": None, "rotations": ()}
            return plan
        plan["rotations"] = ("ListKeyRotations", _rotations)
        if self._metadata.get("Origin") == "EXTERNAL":
            self._given["rotation"] = None  # imported material rotates on demand only: there is no status
        else:
            plan["rotation"] = ("GetKeyRotationStatus", _rotation)
        return plan

    def finish(self) -> Iterator[KeyFact | Gap]:
        """The key, after a Gap for each read that was refused."""
        metadata = _metadata_fields(self._metadata if self._refused is None else {})
        values, unread = dict(self._given), dict(self._unread)
        if self._refused is not None:
            fields = (*metadata, "rotation", "rotations")
            gap = self._gap(self._refused, *fields)
            unread |= dict.fromkeys(fields, gap.reason())
            yield gap
        else:
            unread |= unset_reasons(metadata, "kms:DescribeKey did not say")
        for field, future in self._futures.items():
            values[field], refused = future.result()
            if refused is not None:
                gap = self._gap(refused, field)
                unread[field] = gap.reason()
                yield gap
        yield KeyFact(
            account=self._scope.account,
            region=self._scope.region,
            arn=self._arn,
            id=self._arn.rsplit("/", 1)[-1],
            unread=unread,
            **metadata,
            **values,
        )

    def _gap(self, refused: Refused, *fields: str) -> Gap:
        unknown = tuple(f"key.{field}" for field in fields)
        return self._scope.gap(refused, subject=self._arn, makes_unknown=unknown)


def _metadata_fields(metadata: dict[str, Any]) -> dict[str, Any]:
    """What DescribeKey says; with no metadata every field is UNSET."""
    fields = {
        "manager": stated(metadata, "KeyManager"),
        "state": stated(metadata, "KeyState"),
        "origin": stated(metadata, "Origin"),
        "spec": stated(metadata, "KeySpec", "CustomerMasterKeySpec"),
        "usage": metadata.get("KeyUsage") or USAGE_OF_SPEC.get(metadata.get("KeySpec", ""), UNSET),
        "created": stated(metadata, "CreationDate"),
    }
    multi_region = metadata.get("MultiRegionConfiguration", {})
    replicas = tuple(sorted(replica["Arn"] for replica in multi_region.get("ReplicaKeys", ())))
    optional = {
        "description": metadata.get("Description", ""),
        "multi_region_type": multi_region.get("MultiRegionKeyType"),
        "primary_arn": multi_region.get("PrimaryKey", {}).get("Arn"),
        "replica_arns": replicas,
        "store_id": metadata.get("CustomKeyStoreId"),
        "cluster_id": metadata.get("CloudHsmClusterId"),
        "xks_key_id": metadata.get("XksKeyConfiguration", {}).get("Id"),
        "expiration_model": metadata.get("ExpirationModel"),
        "valid_to": metadata.get("ValidTo"),
        "deletion_date": metadata.get("DeletionDate"),
        "pending_window_days": metadata.get("PendingDeletionWindowInDays"),
    }
    return fields | (optional if metadata else dict.fromkeys(optional, UNSET))


def _can_rotate(metadata: dict[str, Any]) -> bool:
    """Whether KMS can rotate the material at all: symmetric encryption keys whose material KMS itself holds."""
    return (
        metadata.get("Origin", "AWS_KMS") in ("AWS_KMS", "EXTERNAL")
        and metadata.get("KeySpec", metadata.get("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT")) == "SYMMETRIC_DEFAULT"
    )


def _policies(scope: Scope, arn: str) -> tuple[NamedDocument, ...]:
    """Every policy of the key, `default` first. A share by AWS RAM adds a second one, `AWS_RAM`."""
    names = {name for page in scope.pages("kms", "list_key_policies", KeyId=arn) for name in page["PolicyNames"]}
    ordered = sorted(names | {"default"}, key=lambda name: (name != "default", name))
    return tuple(_policy(scope, arn, name) for name in ordered)


def _default_policy(scope: Scope, arn: str) -> tuple[NamedDocument, ...]:
    return (_policy(scope, arn, "default"),)


def _policy(scope: Scope, arn: str, name: str) -> NamedDocument:
    return NamedDocument(name=name, document=scope.call("kms", "get_key_policy", KeyId=arn, PolicyName=name)["Policy"])


def _rotation(scope: Scope, arn: str) -> Rotation | None:
    try:
        status = scope.call("kms", "get_key_rotation_status", KeyId=arn)
    except Refused as refused:
        if refused.code in NO_ROTATION:
            return None
        raise
    return Rotation(
        enabled=status["KeyRotationEnabled"],
        period_days=status.get("RotationPeriodInDays"),
        next_date=status.get("NextRotationDate"),
    )


def _rotations(scope: Scope, arn: str) -> tuple[RotationEvent, ...]:
    try:
        pages = list(scope.pages("kms", "list_key_rotations", KeyId=arn))
    except Refused as refused:
        if refused.code in NO_ROTATION:
            return ()
        raise
    done = [rotation for page in pages for rotation in page["Rotations"] if rotation.get("RotationDate")]
    events = (RotationEvent(date=rotation["RotationDate"], type=rotation["RotationType"]) for rotation in done)
    return tuple(sorted(events, key=lambda event: event.date, reverse=True))


def _grants(scope: Scope, arn: str) -> tuple[GrantFact, ...]:
    pages = scope.pages("kms", "list_grants", KeyId=arn)
    return tuple(sorted((_grant(grant) for page in pages for grant in page["Grants"]), key=lambda grant: grant.id))


def _grant(grant: dict[str, Any]) -> GrantFact:
    constraints = grant.get("Constraints", {})
    return GrantFact(
        id=grant["GrantId"],
        operations=tuple(grant.get("Operations", ())),
        grantee=grant.get("GranteePrincipal"),
        grantee_service=grant.get("GranteeServicePrincipal"),
        retiring=grant.get("RetiringPrincipal"),
        retiring_service=grant.get("RetiringServicePrincipal"),
        issuing_account=grant.get("IssuingAccount"),
        name=grant.get("Name") or None,
        created=grant.get("CreationDate"),
        context_equals=constraints.get("EncryptionContextEquals"),
        context_subset=constraints.get("EncryptionContextSubset"),
        source_arn=constraints.get("SourceArn"),
    )


def _tags(scope: Scope, arn: str) -> dict[str, str]:
    pages = scope.pages("kms", "list_resource_tags", KeyId=arn)
    return tags_of((tag for page in pages for tag in page["Tags"]), "TagKey", "TagValue")


def aliases(scope: Scope) -> Iterator[Item]:
    """Every alias, in one listing; `alias/aws/...` names without a key too."""

    def record(alias: dict[str, Any]) -> Iterator[Item]:
        yield AliasFact(
            account=scope.account,
            region=scope.region,
            arn=alias["AliasArn"],
            name=alias["AliasName"],
            target_key_id=alias.get("TargetKeyId"),
            created=alias.get("CreationDate"),
            updated=alias.get("LastUpdatedDate"),
        )

    return listing(scope, "kms", "ListAliases", "Aliases", ("alias",), record)


def key_stores(scope: Scope) -> Iterator[Item]:
    """Custom key stores (CloudHSM and external) with their connection state."""

    def record(store: dict[str, Any]) -> Iterator[Item]:
        proxy = store.get("XksProxyConfiguration", {})
        values = {
            # The member is younger than key stores; those without it are CloudHSM key stores.
            "type": store.get("CustomKeyStoreType", "AWS_CLOUDHSM"),
            "connection_state": stated(store, "ConnectionState"),
        }
        yield KeyStoreFact(
            account=scope.account,
            region=scope.region,
            id=store["CustomKeyStoreId"],
            name=store["CustomKeyStoreName"],
            unread=unset_reasons(values, "kms:DescribeCustomKeyStores did not say"),
            **values,
            connection_error=store.get("ConnectionErrorCode"),
            cluster_id=store.get("CloudHsmClusterId"),
            xks_connectivity=proxy.get("Connectivity"),
            xks_uri_endpoint=proxy.get("UriEndpoint"),
            xks_uri_path=proxy.get("UriPath"),
            xks_vpc_service=proxy.get("VpcEndpointServiceName"),
            created=store.get("CreationDate"),
        )

    return listing(scope, "kms", "DescribeCustomKeyStores", "CustomKeyStores", ("key-store",), record)

"""The keys of the estate as a table, and how each came to the state that it is in."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from scanner.demo.key_policies import (
    MAC,
    ROOT,
    SIGNING,
    USE,
    allow,
    delegating,
    document,
    for_service,
    house,
    role,
)
from scanner.demo.world import ACCOUNT, MAIN, SECOND, World, day

PARTNER = "444455556666"
"""A payment partner's account, outside the organisation."""
TRAIL = f"arn:aws:cloudtrail:{SECOND}:{ACCOUNT}:trail/organisation-audit"
_LOGS = f"arn:aws:logs:{MAIN}:{ACCOUNT}:*"


class KeyPlan(Struct, frozen=True):
    """One key: its alias (None: it has none), the day it was made, its policy and what it is made of.

    `store` is the name of a custom key store. `rotation` is the period of automatic rotation in days, None: off.
    """

    alias: str | None
    date: str
    policy: str
    store: str | None = None
    rotation: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    region: str = MAIN


def _pci(alias: str, date: str, *users: str, store: str = "pci-hsm") -> KeyPlan:
    """A key of the cardholder data environment, in a custom key store, under the house policy."""
    return KeyPlan(alias, date, house(*users), store, tags={"DataClass": "pci", "Team": "payments"})


def _app(alias: str, date: str, *users: str, rotation: int | None = 365, **more: Any) -> KeyPlan:
    """A key of an application, with material in KMS, under the house policy."""
    return KeyPlan(alias, date, house(*users), rotation=rotation, tags={"Team": alias}, **more)


def _asymmetric(alias: str, date: str, policy: str, spec: str, usage: str) -> KeyPlan:
    return KeyPlan(alias, date, policy, options={"KeySpec": spec, "KeyUsage": usage})


_ADMINISTRATIVE = [
    f"kms:{verb}*"
    for verb in (
        "Cancel", "Connect", "Create", "Delete", "Disable", "Disconnect", "Enable", "GetParametersForImport", "Import",
        "Put", "Replicate", "Retire", "Revoke", "Rotate", "Schedule", "Synchronize", "Tag", "Untag", "Update",
    )
]  # fmt: skip


def _all_but_administration() -> dict[str, Any]:
    """Allow with NotAction: everything that is not named, and whatever AWS may yet invent."""
    statement = allow("AllButAdministration", {"AWS": role("payments-api-app")}, [])
    del statement["Action"]
    return statement | {"NotAction": _ADMINISTRATIVE}


_ANYONE = {"AWS": "*"}
_ALWAYS_TRUE = {"StringLike": {"aws:PrincipalArn": "*"}}
_ONE_ROLE = {"StringEquals": {"aws:PrincipalArn": role("webhooks-app")}}
_LOG_GROUPS = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": _LOGS}}
_TRAILS = {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudtrail:{MAIN}:{ACCOUNT}:trail/*"}}
_THIS_TRAIL = {"StringEquals": {"aws:SourceArn": TRAIL}}

CUSTODY = (
    _pci("card-vault", "2026-02-10", "card-vault-app"),
    _pci("tokenization", "2026-03-02", "tokenization-app"),
    _pci("ledger", "2026-01-20", "ledger-app"),
    _pci("payments-api", "2026-04-14", "payments-api-app"),
    _pci("chargeback", "2026-05-04", "chargeback-app"),
    _pci("pan-archive-2024", "2024-09-18", "card-vault-app"),
    _pci("settlement", "2026-05-18", "settlement-app", store="settlement-hsm"),
    _pci("acquirer-batch", "2023-04-11", "settlement-app", store="legacy-hsm"),
    KeyPlan("partner-settlement", "2026-02-02", house("settlement-app"), "partner-vault", tags={"Team": "settlement"}),
    KeyPlan("branch-terminal", "2025-03-03", house("payments-api-app"), "branch-vault", tags={"Team": "branches"}),
)
"""Keys whose material is in CloudHSM or with a partner."""

APPLICATIONS = (
    _app("app-config", "2023-06-12", "merchant-portal-app", "payments-api-app"),
    _app("fraud-scoring", "2024-02-19", "fraud-scoring-app", "fraud-analytics-batch", rotation=90),
    _app("merchant-portal", "2024-03-11", "merchant-portal-app", rotation=None),
    _app("data-lake", "2023-09-04", "warehouse-loader-app", "report-renderer", rotation=730),
    _app("card-vault-legacy", "2021-06-14", "card-vault-app"),
    _app("ledger-legacy", "2021-07-05", "ledger-app"),
    _app("reporting-old", "2022-01-24", "report-renderer"),
    _app("poc-2022", "2022-05-16"),
    _app("device-registry", "2025-01-13", "data-science"),
    _app("card-metadata", "2025-08-18", "card-vault-app", options={"MultiRegion": True}),
    _app("risk-model", "2025-06-23", "data-science", "fraud-scoring-app", options={"MultiRegion": True}),
    _app("shared-reference", "2024-10-07", "warehouse-loader-app"),
    KeyPlan(None, "2025-02-17", house("support-tools-app"), rotation=365, tags={"Team": "support"}),
)
"""Keys with material in KMS, under the house policy."""

POLICIES = (
    KeyPlan("support-tools", "2024-04-22", house("support-tools-app", "kms-key-administrators"), rotation=365),
    KeyPlan("sandbox", "2023-11-06", delegating(), rotation=365),
    KeyPlan(
        "partner-exchange",
        "2024-06-03",
        house(extra=[allow("Partners", _ANYONE, ["kms:Decrypt"], Condition=_ALWAYS_TRUE)]),
        rotation=365,
    ),
    KeyPlan(
        "webhooks",
        "2024-06-10",
        house("webhooks-app", extra=[allow("QueueUsers", _ANYONE, ["kms:Decrypt"], Condition=_ONE_ROLE)]),
        rotation=365,
    ),
    KeyPlan(
        "warehouse",
        "2024-08-12",
        house("warehouse-loader-app", extra=[allow("Partner", {"AWS": f"arn:aws:iam::{PARTNER}:root"}, USE)]),
        rotation=365,
    ),
    KeyPlan(
        "backoffice",
        "2022-09-26",
        house("merchant-portal-app", extra=[allow("Former", {"AWS": "AROAEXAMPLEFORMERROLE1"}, USE)]),
        rotation=365,
    ),
    KeyPlan(
        "terminals",
        "2024-11-18",
        house(extra=[_all_but_administration()]),
        rotation=365,
    ),
    KeyPlan(
        "hsm-bootstrap", "2025-03-24", document(allow("UseOnly", {"AWS": role("payments-api-app")}, USE)), rotation=365
    ),
    KeyPlan(
        "change-freeze",
        "2025-06-16",
        house("payments-api-app", extra=[allow("Frozen", _ANYONE, ["kms:PutKeyPolicy"], Effect="Deny")]),
        rotation=365,
    ),
    KeyPlan(
        "observability",
        "2023-10-09",
        house(extra=[for_service(f"logs.{MAIN}.amazonaws.com", **_LOG_GROUPS)]),
        rotation=365,
    ),
    KeyPlan(
        "trail-logs",
        "2023-08-14",
        house(extra=[for_service("cloudtrail.amazonaws.com", **_TRAILS)]),
        rotation=365,
    ),
    KeyPlan("metrics", "2024-01-15", house(extra=[for_service("cloudwatch.amazonaws.com")]), rotation=365),
)
"""Keys that differ by their policy."""

ASYMMETRIC = (
    _asymmetric("webhook-signing", "2024-05-13", house("webhooks-app", use=SIGNING), "ECC_NIST_P256", "SIGN_VERIFY"),
    _asymmetric("statement-signing", "2023-02-20", house("ledger-app", use=SIGNING), "RSA_3072", "SIGN_VERIFY"),
    _asymmetric("token-mac", "2025-05-19", house("tokenization-app", use=MAC), "HMAC_256", "GENERATE_VERIFY_MAC"),
)
"""Keys that never rotate by themselves."""

IMPORTED = (
    KeyPlan("issuer-bin-table", "2026-06-08", house("card-vault-app"), options={"Origin": "EXTERNAL"}),
    KeyPlan("scheme-exchange", "2024-05-20", house("settlement-app"), options={"Origin": "EXTERNAL"}),
    KeyPlan("scheme-exchange-next", "2026-11-02", house("settlement-app"), options={"Origin": "EXTERNAL"}),
)
"""Keys whose material was brought along."""

ELSEWHERE = (
    KeyPlan(
        "audit-trail",
        "2022-02-14",
        house(extra=[for_service("cloudtrail.amazonaws.com", **_THIS_TRAIL)]),
        rotation=365,
        region=SECOND,
    ),
    KeyPlan("edge-config", "2024-07-15", house("payments-api-app"), rotation=180, region=SECOND),
)
"""Keys of the second Region."""


def build_keys(world: World, stores: dict[str, str]) -> None:
    """Every key of the tables, then what happened to some of them."""
    for plan in (*CUSTODY, *APPLICATIONS, *POLICIES, *ASYMMETRIC, *IMPORTED, *ELSEWHERE):
        _create(world, plan, stores)
    _import(world)
    _replicate(world)


def _create(world: World, plan: KeyPlan, stores: dict[str, str]) -> None:
    world.at(plan.date, f"key {plan.alias} {plan.region}")
    kms = world.client("kms", plan.region)
    wanted = dict(plan.options) | {"Policy": plan.policy, "Description": f"{plan.alias or 'unnamed'} of the platform"}
    wanted["Tags"] = [{"TagKey": name, "TagValue": value} for name, value in plan.tags.items()]
    if plan.store:
        wanted |= {"CustomKeyStoreId": stores[plan.store], "Origin": _origin(plan.store)}
        wanted |= {"XksKeyId": f"hsm-key-{plan.alias}"} if plan.store.endswith("-vault") else {}
    key = kms.create_key(**wanted)["KeyMetadata"]["KeyId"]
    if plan.alias:
        kms.create_alias(AliasName=f"alias/{plan.alias}", TargetKeyId=key)
    if plan.rotation:
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=plan.rotation)


def _origin(store: str) -> str:
    return "EXTERNAL_KEY_STORE" if store.endswith("-vault") else "AWS_CLOUDHSM"


def _import(world: World) -> None:
    """Two keys got their material the day they were made; the third still waits for it."""
    for alias, date, valid_to in (
        ("issuer-bin-table", "2026-06-08", None),
        ("scheme-exchange", "2024-05-20", "2026-12-01"),
    ):
        world.at(date, f"import {alias}")
        kms, key = world.client("kms"), world.arn(alias)
        asked = kms.get_parameters_for_import(
            KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_3072"
        )
        expiry = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"} if valid_to is None else {"ValidTo": day(valid_to)}
        kms.import_key_material(KeyId=key, ImportToken=asked["ImportToken"], EncryptedKeyMaterial=b"wrapped", **expiry)


def _replicate(world: World) -> None:
    """Planted: the replica of `risk-model` lets another role use it; its twin has the policy of its primary."""
    world.at("2025-08-25", "replica card-metadata")
    kms = world.client("kms")
    kms.replicate_key(KeyId=world.arn("card-metadata"), ReplicaRegion=SECOND, Policy=house("card-vault-app"))
    world.at("2025-06-30", "replica risk-model")
    policy = house("data-science", "fraud-scoring-app", "report-renderer")
    kms.replicate_key(KeyId=world.arn("risk-model"), ReplicaRegion=SECOND, Policy=policy)
    for alias in ("card-metadata", "risk-model"):
        key = world.key(alias).id
        world.client("kms", SECOND).create_alias(AliasName=f"alias/{alias}", TargetKeyId=key)


def age_keys(world: World) -> None:
    """What happened to keys after resources came to rest on them."""
    kms = world.client("kms")
    for date, alias in (("2026-08-03", "card-vault-legacy"), ("2026-08-04", "ledger-legacy")):
        world.at(date, f"disable {alias}")
        kms.disable_key(KeyId=world.arn(alias))
    for date, alias, days in (("2026-11-12", "reporting-old", 7), ("2026-11-02", "poc-2022", 30)):
        world.at(date, f"delete {alias}")
        if alias == "reporting-old":
            world.kms().note_use(world.arn(alias), "Decrypt")
        kms.schedule_key_deletion(KeyId=world.arn(alias), PendingWindowInDays=days)
    world.at("2026-11-13", "last use")
    for region in (MAIN, SECOND):
        for key in world.kms(region).keys.values():
            if "alias/hsm-bootstrap" not in key.aliases and key.key_state != "PendingDeletion":
                world.kms(region).note_use(key.id, "Decrypt")
    world.key("shared-reference").ram_policy = document(allow("Shared", {"AWS": ROOT}, ["kms:DescribeKey"]))

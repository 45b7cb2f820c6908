"""Faults planted through the AWS API beside twins that look alike and are right: each is found, by its rule alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from ground import (
    FOREIGN,
    PCI,
    READS,
    SETTINGS,
    TRUSTED,
    Ground,
    administered,
    used,
)

from scanner.catalog.quotas import QUOTAS
from scanner.cli.app import execute
from scanner.demo.key_policies import ROOT, SIGNING, allow, role
from scanner.demo.run import UNHURRIED
from scanner.demo.world import ACCOUNT, AS_OF, MAIN, world
from scanner.model.settings import Settings
from scanner.rules.load import load_rules

Build = Callable[[Ground], str]
HOUSE = (READS, administered(), used())
INTERNAL, SIGNS = {"DataClass": "internal"}, {"DataClass": "signing"}
LOCKED = {"Mode": "COMPLIANCE", "Years": 7}
EVENTS = {"ReadWriteType": "All", "IncludeManagementEvents": True}
CONTEXT = {"EncryptionContextSubset": {"purpose": "batch"}}
EVERYTHING = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
ASSUMES = {"Effect": "Allow", "Action": "sts:AssumeRole"}
ANYONE = {"AWS": "*"}


def on(key: Callable[[Ground], str], then: Callable[[Ground, str], str]) -> Build:
    """A key that a bucket rests on, and what happens to the key afterwards."""

    def build(ground: Ground) -> str:
        arn = key(ground)
        ground.bucket(arn)
        return then(ground, arn)

    return build


def key(alias: str, *statements: dict[str, Any], **options: Any) -> Build:
    """A key with these statements after those of the house."""
    return lambda g: g.key(alias, *(HOUSE + statements), **options)


def only(alias: str, *statements: dict[str, Any], **options: Any) -> Build:
    """A key with these statements alone."""
    return lambda g: g.key(alias, *statements, **options)


def when(operator: str, name: str, value: Any) -> dict[str, Any]:
    """One condition, as a part of a statement."""
    return {"Condition": {operator: {name: value}}}


def negated() -> dict[str, Any]:
    """Allow with NotAction: whatever is no administration."""
    verbs = ("Cancel", "Create", "Delete", "Disable", "Enable", "Import", "Put", "Replicate", "Retire", "Revoke")
    verbs += ("Rotate", "Schedule", "Tag", "Untag", "Update", "GetParametersForImport", "Synchronize")
    statement = allow("AllBut", {"AWS": role("app")}, []) | {"NotAction": [f"kms:{verb}*" for verb in verbs]}
    return {name: value for name, value in statement.items() if name != "Action"}


def becoming(name: str, *statements: dict[str, Any], trust: str | None = None) -> Build:
    """A key whose administrator `name-admin` has these IAM statements; `name-user`, who trusts `trust`, uses it."""

    def build(g: Ground) -> str:
        g.a_role(f"{name}-admin", *statements)
        g.a_role(f"{name}-user", trust={"AWS": trust} if trust else None)
        return g.key(name, READS, administered(f"{name}-admin"), used(f"{name}-user"))

    return build


def two_classes(both: bool) -> Build:
    """A role that uses a key of cardholder data, and perhaps one of internal data."""

    def build(g: Ground) -> str:
        name = f"reader-{both}"
        arn = g.a_role(name)
        g.key(f"{name}-cards", READS, administered(), used(name), store=g.store, tags=PCI)
        g.key(f"{name}-internal", READS, administered(), used(name if both else "app"), tags=INTERNAL)
        return arn

    return build


def store_of(name: str, actions: list[str]) -> Build:
    """A key store with one key, which a role with these actions on every key store uses."""

    def build(g: Ground) -> str:
        g.a_role(f"{name}-operator", {"Effect": "Allow", "Action": actions, "Resource": "*"})
        store = g.a_store(name, g.a_cluster(name)[0])
        g.key(name, READS, administered(), used(f"{name}-operator"), store=store)
        return store

    return build


def degraded(g: Ground) -> str:
    """A cluster that lost a part of itself."""
    cluster, arn = g.a_cluster("degraded")
    g.world.cloudhsm().cluster(cluster).state = "DEGRADED"
    return arn


def one_hsm(g: Ground) -> str:
    """A key store that lost one of its HSMs."""
    cluster, _ = g.a_cluster("thin")
    store = g.a_store("thin", cluster)
    g.world.cloudhsm().cluster(cluster).hsms.pop()
    return store


def cut_off(g: Ground) -> str:
    """A key store that somebody disconnected."""
    store = g.a_store("cut-off", g.a_cluster("cut-off")[0])
    g.world.client("kms").disconnect_custom_key_store(CustomKeyStoreId=store)
    return store


def shared_with(account: str) -> Build:
    """A cluster with a backup whose resource policy names an account."""

    def build(g: Ground) -> str:
        cluster, arn = g.a_cluster(f"shared-{account}")
        backup = g.world.cloudhsm().take_backup(g.world.cloudhsm().cluster(cluster))
        statement = allow("Share", {"AWS": account}, ["cloudhsm:CopyBackupToRegion"]) | {"Resource": backup.arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        g.world.client("cloudhsmv2").put_resource_policy(ResourceArn=backup.arn, Policy=policy)
        return arn

    return build


def hsm_log(days: int) -> Build:
    """The log group of a cluster."""
    group = f"arn:aws:logs:{MAIN}:{ACCOUNT}:log-group:/aws/cloudhsm/"
    return lambda g: group + g.a_cluster(f"logs-{days}", days=days)[0]


def old(name: str, tags: dict[str, str]) -> Build:
    """A key that a bucket rests on, with these tags, beside the key `name-next`."""

    def build(g: Ground) -> str:
        g.key(f"{name}-next")
        arn = g.key(name, tags=tags)
        g.bucket(arn)
        return arn

    return build


def pci_key(**options: Any) -> Build:
    """A key of cardholder data that a bucket with such data rests on."""

    def build(g: Ground) -> str:
        arn = g.key(g.at(), store=g.store, **options)
        g.bucket(arn, PCI)
        return arn

    return build


def mixed(g: Ground) -> str:
    """A key of cardholder data that internal data rests on too."""
    arn = g.key("mixed", store=g.store, tags=PCI)
    g.bucket(arn, PCI)
    g.bucket(arn, INTERNAL)
    return arn


def unbounded(g: Ground) -> str:
    """A role that may decrypt everywhere, inside a boundary that allows nothing of KMS."""
    g.at()
    policy = json.dumps({"Version": "2012-10-17", "Statement": [EVERYTHING | {"Action": "s3:*"}]})
    boundary = g.world.client("iam").create_policy(PolicyName="no-kms", PolicyDocument=policy)["Policy"]["Arn"]
    return g.a_role("bounded", EVERYTHING, boundary=boundary)


def unalarmed(g: Ground) -> str:
    """An account with keys in two Regions, trails in one of them, and somebody there who learns of one call alone."""
    g.alarm(MAIN, "DisableKey")
    return ACCOUNT


def rewritten_by_iam(name: str, action: str) -> Build:
    """A key in scope that leaves one action to IAM, where a role has kms:PutKeyPolicy on it."""

    def build(g: Ground) -> str:
        arn = g.key(name, allow("Root", {"AWS": ROOT}, [action]), administered(), used(), tags=SIGNS)
        g.a_role(f"{name}-writer", {"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": arn})
        return arn

    return build


class Planted(NamedTuple):
    """A rule, what it must find, its twin (None: an account has no twin), and which other rules find the plant too."""

    rule: str
    plant: Build
    twin: Build | None
    also: frozenset[str] = frozenset()


def row(rule: str, plant: Build, twin: Build | None, *also: str) -> Planted:
    return Planted(rule, plant, twin, frozenset(also))


TO_FOREIGN = f"arn:aws:iam::{FOREIGN}:role/reader"
USER = f"arn:aws:iam::{ACCOUNT}:user/olga"
ORPHAN = {"AWS": "AROAEXAMPLEFORMERROLE1"}
SNS = {"Service": "sns.amazonaws.com"}
CREATE_GRANT = ["kms:CreateGrant"]
FOREIGN_KEY = f"arn:aws:kms:{MAIN}:{FOREIGN}:key/1234abcd-12ab-34cd-56ef-1234567890ab"

TABLE = (
    # custody
    row("pci-resource-off-cks", lambda g: g.bucket(g.app, PCI), lambda g: g.bucket(g.cks, PCI)),
    row("resource-unencrypted", lambda g: g.queue(SqsManagedSseEnabled="false"), lambda g: g.queue()),
    row("resource-below-required-custody", lambda g: g.bucket(None, INTERNAL), lambda g: g.bucket(g.cks, INTERNAL)),
    row("pci-scope-untagged-copy", lambda g: g.snapshot(tagged=False), lambda g: g.snapshot(tagged=True)),
    row("signing-key-off-hsm", *(
        only(f"sign-{name}", READS, administered(), allow("Sign", {"AWS": role("app")}, SIGNING),
             KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", tags=tags)
        for name, tags in (("regulated", SIGNS), ("webhooks", {}))
    )),
    row("pci-key-multi-region", key("mrk-cards", MultiRegion=True, tags=PCI), key("mrk", MultiRegion=True)),
    row("pci-key-foreign-account", lambda g: g.bucket(FOREIGN_KEY, PCI), lambda g: g.bucket(FOREIGN_KEY)),
    row("pci-key-untagged", pci_key(), pci_key(tags=PCI)),
    row("key-shared-across-data-classes", mixed, pci_key(tags=PCI)),
    row("migration-leftover-on-old-key", old("moved", {"Successor": "alias/moved-next"}), old("stays", {})),
    row("secret-guards-its-own-key-store",
        lambda g: g.secret(g.key("hsm-1", store=g.store), name="house/kmsuser"),
        lambda g: g.secret(g.app, name="house/kmsuser")),
    row("secret-on-aws-managed-key", lambda g: g.secret(None, INTERNAL), lambda g: g.secret(None),
        "resource-below-required-custody"),
    row("secret-rotation-off", lambda g: g.secret(g.cks, PCI, rotate=False), lambda g: g.secret(g.cks, PCI)),
    # access
    row("key-policy-public",
        key("public", allow("Open", ANYONE, ["kms:DescribeKey"], **when("StringLike", "aws:PrincipalArn", "*"))),
        key("closed", allow("Own", ANYONE, ["kms:DescribeKey"], **when("StringEquals", "kms:CallerAccount", ACCOUNT)))),
    row("key-policy-foreign-account",
        key("foreign", allow("Other", {"AWS": FOREIGN}, ["kms:DescribeKey"])),
        key("declared", allow("Other", {"AWS": TRUSTED}, ["kms:DescribeKey"]))),
    row("external-access-outside-organization",
        key("org", allow("Org", ANYONE, ["kms:Decrypt"], **when("StringEquals", "aws:PrincipalOrgID", "o-stranger1"))),
        key("org-deny", allow("Org", ANYONE, ["kms:Decrypt"], Effect="Deny",
                              **when("StringNotEquals", "aws:PrincipalAccount", ACCOUNT)))),
    row("cross-account-standing-access",
        key("standing", used({"AWS": TRUSTED})),
        key("reading", allow("Read", {"AWS": TRUSTED}, ["kms:DescribeKey"]))),
    row("key-policy-negated-element", only("negated", READS, administered(), negated()),
        key("denied", negated() | {"Effect": "Deny", "Principal": {"AWS": role("former")}})),
    row("key-policy-orphan-principal", key("orphan", used(ORPHAN)), key("living", used())),
    row("key-policy-no-administrator", only("nobody", READS, used()),
        only("root", allow("Root", {"AWS": ROOT}, ["kms:Put*"]))),
    row("key-lockout-risk",
        key("locked-out", allow("Frozen", ANYONE, ["kms:PutKeyPolicy"], Effect="Deny")),
        key("kept", allow("Frozen", ANYONE, ["kms:PutKeyPolicy"], Effect="Deny",
                          **when("ArnNotEquals", "aws:PrincipalArn", role("key-admin"))))),
    row("key-policy-write-unguarded", rewritten_by_iam("delegated", "kms:PutKeyPolicy"),
        rewritten_by_iam("guarded", "kms:DescribeKey")),
    row("service-principal-unguarded", key("deputy", used(SNS)),
        key("no-deputy", used(SNS, **when("StringEquals", "aws:SourceAccount", ACCOUNT)))),
    row("create-grant-unconditioned", key("granting", allow("Grant", {"AWS": role("app")}, CREATE_GRANT)),
        key("for-aws", allow("Grant", {"AWS": role("app")}, CREATE_GRANT,
                             **when("Bool", "kms:GrantIsForAWSResource", "true")))),
    row("key-admin-can-decrypt", only("both", READS, administered(), used("key-admin")), key("apart")),
    row("key-admin-can-become-user",
        becoming("becomes", ASSUMES | {"Resource": role("becomes-user")}, trust=ROOT),
        becoming("stays-admin", trust=ROOT)),
    row("iam-decrypt-on-all-keys", lambda g: g.a_role("everywhere", EVERYTHING), unbounded),
    row("wide-decrypt-principals", two_classes(both=True), two_classes(both=False)),
    row("key-store-admin-uses-keys", store_of("ruled", ["kms:*CustomKeyStore"]), store_of("seen", ["kms:Describe*"])),
    # lifecycle
    row("key-disabled-in-use", on(key("off"), Ground.disabled), lambda g: g.disabled(g.key("off-unused"))),
    row("key-pending-deletion-in-use",
        on(key("going", last_use=None), lambda g, arn: g.dying(arn, 30)),
        lambda g: g.dying(g.key("gone", last_use=None), 30)),
    row("key-deletion-window-short", lambda g: g.dying(g.key("soon"), 7),
        lambda g: g.dying(g.key("late", last_use=None), 30)),
    row("key-rotation-off", key("still", rotation=None), lambda g: g.key("still-cks", store=g.store)),
    row("key-rotation-period-long", key("slow", rotation=366), key("fast", rotation=365)),
    row("key-cryptoperiod-exceeded", lambda g: g.key("aged", store=g.store, date="2023-06-01"),
        key("rotated", date="2020-06-01")),
    row("imported-material-expiring", lambda g: g.imported("short", "2026-11-26"),
        lambda g: g.imported("long", "2028-11-26")),
    row("key-unaliased", lambda g: g.key(None), key("named")),
    row("key-unused", key("idle", last_use=None), key("busy")),
    row("replica-policy-differs",
        lambda g: g.replica("differs", *HOUSE, allow("More", {"AWS": role("app")}, ["kms:GetPublicKey"])),
        lambda g: g.replica("same", *reversed(HOUSE)), "key-unaliased"),
    # grants
    row("grant-to-foreign-account", lambda g: g.grant(TO_FOREIGN, "Decrypt", **CONTEXT),
        lambda g: g.grant(f"arn:aws:iam::{TRUSTED}:role/reader", "Decrypt", **CONTEXT)),
    row("grant-redelegates", lambda g: g.grant(role("app"), "Decrypt", "CreateGrant", **CONTEXT),
        lambda g: g.grant(role("app"), "Decrypt", "DescribeKey", **CONTEXT)),
    row("grant-without-retiring-principal", lambda g: g.grant(role("app"), "Decrypt", retiring=None, **CONTEXT),
        lambda g: g.grant(role("app"), "Encrypt", **CONTEXT)),
    row("grant-unconstrained-to-human", lambda g: g.grant(USER, "Decrypt"),
        lambda g: g.grant(USER, "Decrypt", **CONTEXT)),
    # key stores
    row("cluster-not-fips-140-3", lambda g: g.a_cluster("old", hsm_type="hsm1.medium")[1], lambda g: g.cluster),
    row("cluster-backup-stale", lambda g: g.a_cluster("stale", backup="2026-08-01")[1], lambda g: g.cluster),
    row("cluster-backup-shared", shared_with(FOREIGN), shared_with(ACCOUNT)),
    row("cluster-degraded", degraded, lambda g: g.cluster),
    row("xks-proxy-public-endpoint", lambda g: g.an_external_store("open", "PUBLIC_ENDPOINT"), lambda g: g.external),
    row("hsm-quorum-unproven", lambda g: g.a_cluster("alone", approvals=1)[1], lambda g: g.cluster),
    row("key-store-disconnected", cut_off, lambda g: g.store),
    row("key-store-hsm-redundancy", one_hsm, lambda g: g.store),
    # audit
    row("trail-excludes-kms-events",
        lambda g: g.trail(selector=EVENTS | {"ExcludeManagementEventSources": ["kms.amazonaws.com"]}),
        lambda g: g.trail(selector=EVENTS | {"ExcludeManagementEventSources": ["rdsdata.amazonaws.com"]})),
    row("trail-not-logging", lambda g: g.trail(log=False), Ground.trail),
    row("trail-unencrypted", lambda g: g.trail(key=None), Ground.trail),
    row("trail-validation-off", lambda g: g.trail(validate=False), Ground.trail),
    row("audit-log-retention-short",
        lambda g: g.trail(bucket=g.bucket(None, lock=LOCKED | {"Mode": "GOVERNANCE"})),
        lambda g: g.trail(bucket=g.bucket(None, lock={"Mode": "COMPLIANCE", "Days": 2557}))),
    row("hsm-audit-log-retention-short", hsm_log(365), hsm_log(3653)),
    row("key-destructive-call-unalarmed", unalarmed, None, "account-without-kms-trail"),
    row("account-without-kms-trail", unalarmed, None, "key-destructive-call-unalarmed"),
)  # fmt: skip
BEYOND = {"key-policy-unreadable"}
"""The emulation refuses nobody, whatever a key policy says."""

Found = dict[tuple[str, str], str]


class Estate(NamedTuple):
    """What was planted under which subject, and the outcome of every rule there."""

    plants: dict[str, str]
    twins: dict[str, str]
    found: Found


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    directory = tmp_path_factory.mktemp("planted")
    with world() as there, patch.dict(QUOTAS, {("kms", "GetKeyLastUsage"): UNHURRIED}):
        ground = Ground(there)
        plants = {row.rule: row.plant(ground) for row in TABLE}
        twins = {row.rule: row.twin(ground) for row in TABLE if row.twin}
        there.clock.move_to(AS_OF)
        yield Estate(plants, twins, _scanned(directory, ground.attested))


def _scanned(directory: Path, attested: list[dict[str, Any]]) -> Found:
    settings, attestation, report = (directory / name for name in ("keyproof.toml", "attested.json", "report.json"))
    settings.write_text(SETTINGS, encoding="utf-8")
    attestation.write_text(json.dumps({"clusters": attested}), encoding="utf-8")
    places = ["--region", MAIN, "--region", "us-east-1", "--settings", str(settings), "--attestation", str(attestation)]
    arguments = ["scan", "-q", "--all", "--last-usage-budget", "1000", "--fail-on", "none", "-f", f"json={report}"]
    assert execute([*arguments, *places, "--as-of", AS_OF.date().isoformat()]) == 0
    findings = json.loads(report.read_text(encoding="utf-8"))["findings"]
    return {(finding["rule"], finding["subject"]): finding["outcome"] for finding in findings}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.rule)
def test_what_is_planted_is_found(estate: Estate, row: Planted) -> None:
    assert estate.found[row.rule, estate.plants[row.rule]] == "FAIL"


@pytest.mark.parametrize("row", [row for row in TABLE if row.twin], ids=lambda row: row.rule)
def test_its_twin_is_let_be(estate: Estate, row: Planted) -> None:
    assert estate.found[row.rule, estate.twins[row.rule]] != "FAIL"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.rule)
def test_one_fault_gives_one_finding(estate: Estate, row: Planted) -> None:
    subject = estate.plants[row.rule]
    failed = {rule for (rule, about), outcome in estate.found.items() if about == subject and outcome == "FAIL"}
    assert failed == {row.rule} | row.also


def test_every_rule_about_an_account_is_planted() -> None:
    rules = load_rules([Path(__file__).parents[2] / "policies"], Settings())
    assert {row.rule for row in TABLE} | BEYOND == {rule.info.id for rule in rules if rule.info.theme != "plan"}

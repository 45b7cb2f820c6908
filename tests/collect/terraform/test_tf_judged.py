"""Seeded facts, judged by the shipped rules over the plan alone: the right outcome, or NOT_ASSESSED with a reason."""

from collections.abc import Callable

import pytest
from test_tf_seeded_facts import ANYONE, ROOT, a_bucket, a_store, document
from tf_builder import AFTER_APPLY, NOW, PlanText, a_key, ref

from scanner.cli.ruleset import all_rules
from scanner.collect.terraform import PlanOptions, source_of
from scanner.graph.build import build
from scanner.model.finding import Finding
from scanner.model.settings import Settings
from scanner.model.snapshot import snapshot_of
from scanner.rules.evaluate import evaluate

RULES = all_rules((), Settings())
ALWAYS_TRUE = {"StringLike": {"aws:PrincipalArn": "*"}}
PCI = {"tags": {"DataClass": "pci"}}


def judged(plan: PlanText) -> list[Finding]:
    read = plan.load()
    source = source_of(read, PlanOptions("plan.json"), NOW)
    before = build(snapshot_of(source, read.items_before()), Settings())
    graph = build(snapshot_of(source, read.items()), Settings(), before)
    return evaluate(RULES, graph.subjects, {}, NOW, every=True).findings


def in_store(plan: PlanText, **values) -> PlanText:
    store = {"custom_key_store_id": ref("aws_kms_custom_key_store.cks.id")}
    return a_key(a_store(plan), custom_key_store_id=AFTER_APPLY, expressions=store, **values)


def granted(plan: PlanText, grantee: str) -> PlanText:
    values = {"key_id": AFTER_APPLY, "grantee_principal": grantee, "operations": ["Decrypt"]}
    return a_key(plan).resource("aws_kms_grant.g", values, {"key_id": ref("aws_kms_key.main.key_id")})


def granted_elsewhere(key: str) -> PlanText:
    values = {"key_id": key, "grantee_principal": "arn:aws:iam::999988887777:role/x", "operations": ["Decrypt"]}
    return PlanText().resource("aws_kms_grant.g", values)


def bucket_on_store_key() -> PlanText:
    plan = a_bucket(in_store(PlanText()), sse_algorithm="aws:kms:dsse", kms_master_key_id=AFTER_APPLY)
    plan.document["resource_changes"][-2]["change"]["after"] |= PCI
    key = {"kms_master_key_id": ref("aws_kms_key.main.arn")}
    plan.root["resources"][-1]["expressions"]["rule"] = [{"apply_server_side_encryption_by_default": [key]}]
    return plan


def volume(**values) -> PlanText:
    return PlanText().resource("aws_ebs_volume.v", {"encrypted": True, **PCI, **values})


def trail(**values) -> PlanText:
    return PlanText().resource("aws_cloudtrail.t", {"name": "t", "s3_bucket_name": "logs", **values})


def open_trail(attribute: str) -> PlanText:
    values = {"name": "t", "s3_bucket_name": "logs", attribute: AFTER_APPLY}
    return PlanText().resource("aws_cloudtrail.t", values, {attribute: ref("local.x")})


def dax(**values) -> PlanText:
    return PlanText().resource("aws_dax_cluster.d", {"cluster_name": "d", **values})


def cluster(**values) -> PlanText:
    return PlanText().resource("aws_cloudhsm_v2_cluster.c", {"subnet_ids": ["s"], "cluster_id": AFTER_APPLY, **values})


FOREIGN_KEY = "arn:aws:kms:eu-central-1:999988887777:key/0000"
NO_KMS = [{"read_write_type": "All", "exclude_management_event_sources": ["kms.amazonaws.com"]}]

CASES: list[tuple[str, Callable[[], PlanText], str, str]] = [
    ("a CKS key without a rotation flag", lambda: in_store(PlanText()), "key-rotation-off", "NOT_APPLICABLE"),
    ("a plain key without one", lambda: a_key(PlanText()), "key-rotation-off", "FAIL"),
    (
        "a wildcard behind an always-true condition",
        lambda: a_key(PlanText(), policy=document(ROOT, {**ANYONE, "Condition": ALWAYS_TRUE})),
        "key-policy-public",
        "FAIL",
    ),
    (
        "a policy known only after apply",
        lambda: a_key(PlanText(), expressions={"policy": ref("aws_iam_role.app.arn")}),
        "key-policy-public",
        "NOT_ASSESSED",
    ),
    ("encrypted by the Region's default key under PCI", volume, "pci-resource-off-cks", "NOT_ASSESSED"),
    ("encrypted by the Region's default key", volume, "resource-unencrypted", "PASS"),
    ("alias/aws/ebs under PCI", lambda: volume(kms_key_id="alias/aws/ebs"), "pci-resource-off-cks", "FAIL"),
    ("a volume not encrypted", lambda: volume(encrypted=False), "resource-unencrypted", "FAIL"),
    ("dsse with a CKS key", bucket_on_store_key, "pci-resource-off-cks", "PASS"),
    (
        "a foreign grant",
        lambda: granted(PlanText(), "arn:aws:iam::999988887777:role/x"),
        "grant-to-foreign-account",
        "FAIL",
    ),
    (
        "a foreign grant on a key outside the plan",
        lambda: granted_elsewhere("arn:aws:kms:eu-central-1:111122223333:key/0000"),
        "grant-to-foreign-account",
        "FAIL",
    ),
    (
        "an own grant",
        lambda: granted(PlanText(), "arn:aws:iam::111122223333:role/x"),
        "grant-to-foreign-account",
        "PASS",
    ),
    ("a NON_FIPS cluster", lambda: cluster(hsm_type="hsm2m.medium", mode="NON_FIPS"), "cluster-not-fips-140-3", "FAIL"),
    ("a FIPS cluster", lambda: cluster(hsm_type="hsm2m.medium", mode="FIPS"), "cluster-not-fips-140-3", "PASS"),
    ("a trail without KMS events", lambda: trail(event_selector=NO_KMS), "trail-excludes-kms-events", "FAIL"),
    ("a trail with all events", lambda: trail(), "trail-excludes-kms-events", "PASS"),
    (
        "a trail under a key that the plan does not show",
        lambda: trail(kms_key_id=FOREIGN_KEY),
        "trail-unencrypted",
        "PASS",
    ),
    ("a DAX cluster whose encryption nobody switched on", dax, "resource-unencrypted", "FAIL"),
    (
        "a DAX cluster with encryption",
        lambda: dax(server_side_encryption=[{"enabled": True}]),
        "resource-unencrypted",
        "PASS",
    ),
    ("a trail without a key", lambda: trail(), "trail-unencrypted", "FAIL"),
    (
        "a database on a foreign key",
        lambda: PlanText().resource(
            "aws_db_instance.d", {"identifier": "d", "storage_encrypted": True, "kms_key_id": FOREIGN_KEY, **PCI}
        ),
        "pci-key-foreign-account",
        "FAIL",
    ),
    (
        "a database on some account's key in an account that nobody told",
        lambda: PlanText(account=None).resource(
            "aws_db_instance.d", {"identifier": "d", "storage_encrypted": True, "kms_key_id": FOREIGN_KEY, **PCI}
        ),
        "pci-key-foreign-account",
        "NOT_ASSESSED",
    ),
    (
        "a volume on a key known only after apply",
        lambda: PlanText().resource(
            "aws_ebs_volume.v", {"encrypted": True, "kms_key_id": AFTER_APPLY, **PCI}, {"kms_key_id": ref("local.key")}
        ),
        "pci-key-foreign-account",
        "NOT_ASSESSED",
    ),
    (
        "a volume on a key of the same plan, whose account nobody told",
        lambda: a_key(PlanText(account=None)).resource(
            "aws_ebs_volume.v",
            {"encrypted": True, "kms_key_id": AFTER_APPLY, **PCI},
            {"kms_key_id": ref("aws_kms_key.main.arn")},
        ),
        "pci-key-foreign-account",
        "PASS",
    ),
    (
        "a volume on one of two keys of the plan",
        lambda: a_key(a_key(PlanText()), "aws_kms_key.other").resource(
            "aws_ebs_volume.v",
            {"encrypted": True, "kms_key_id": AFTER_APPLY, **PCI},
            {"kms_key_id": ref("aws_kms_key.main.arn", "aws_kms_key.other.arn")},
        ),
        "pci-key-foreign-account",
        "PASS",
    ),
    (
        "a rotation period known only after apply",
        lambda: a_key(
            PlanText(),
            enable_key_rotation=True,
            rotation_period_in_days=AFTER_APPLY,
            expressions={"rotation_period_in_days": ref("data.external.days.result")},
        ),
        "key-rotation-period-long",
        "NOT_ASSESSED",
    ),
    (
        "a proxy whose connectivity is known only after apply",
        lambda: PlanText().resource(
            "aws_kms_custom_key_store.x",
            {
                "custom_key_store_name": "x",
                "custom_key_store_type": "EXTERNAL_KEY_STORE",
                "xks_proxy_connectivity": AFTER_APPLY,
            },
            {"xks_proxy_connectivity": ref("local.connectivity")},
        ),
        "xks-proxy-public-endpoint",
        "NOT_ASSESSED",
    ),
    (
        "a key policy of nobody can say which key",
        lambda: a_key(PlanText()).resource(
            "aws_kms_key_policy.p",
            {"key_id": AFTER_APPLY, "policy": document(ROOT, ANYONE)},
            {"key_id": ref("local.key_id")},
        ),
        "key-policy-public",
        "NOT_ASSESSED",
    ),
    (
        "a lockout check that may be left out",
        lambda: a_key(
            PlanText(),
            bypass_policy_lockout_safety_check=AFTER_APPLY,
            expressions={"bypass_policy_lockout_safety_check": ref("local.bypass")},
        ),
        "lockout-safety-check-bypassed",
        "NOT_ASSESSED",
    ),
    (
        "a lockout check that is left out for nobody can say which key",
        lambda: a_key(PlanText()).resource(
            "aws_kms_key_policy.p",
            {"key_id": AFTER_APPLY, "policy": document(ROOT), "bypass_policy_lockout_safety_check": True},
            {"key_id": ref("local.key_id")},
        ),
        "lockout-safety-check-bypassed",
        "NOT_ASSESSED",
    ),
    (
        "a trail of which nobody can say whether it validates its files",
        lambda: open_trail("enable_log_file_validation"),
        "trail-validation-off",
        "NOT_ASSESSED",
    ),
    (
        "a trail of which nobody can say whether it is in every Region",
        lambda: open_trail("is_multi_region_trail"),
        "trail-excludes-kms-events",
        "PASS",
    ),
    (
        "a trail of which nobody can say where it writes",
        lambda: open_trail("s3_bucket_name"),
        "audit-log-retention-short",
        "NOT_ASSESSED",
    ),
    ("a store that nobody can see connected", lambda: in_store(PlanText()), "key-store-disconnected", "NOT_ASSESSED"),
]


@pytest.mark.parametrize(("make", "rule", "outcome"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_seeded_fact_is_judged_right(make: Callable[[], PlanText], rule: str, outcome: str) -> None:
    found = [one for one in judged(make()) if one.rule == rule]
    assert [one.outcome.value for one in found] == [outcome]
    assert all(one.reasons for one in found if outcome == "NOT_ASSESSED")


def test_a_foreign_grant_in_an_unknown_account_is_not_assessed() -> None:
    found = judged(granted(PlanText(account=None), "arn:aws:iam::999988887777:role/x"))
    assert not [one for one in found if one.rule == "grant-to-foreign-account" and one.outcome.value == "FAIL"]


@pytest.mark.parametrize("left_open", ["retiring_principal", "constraints", "key_id"])
def test_a_grant_that_is_known_in_part_is_none_and_leaves_its_key_open(left_open: str) -> None:
    key = "arn:aws:kms:eu-central-1:111122223333:key/aws_kms_key.main"
    stated = {"key_id": key, "grantee_principal": "arn:aws:iam::111122223333:user/u", "operations": ["Decrypt"]}
    plan = a_key(PlanText()).resource("aws_kms_grant.g", stated | {left_open: AFTER_APPLY}, {left_open: ref("local.x")})
    found = judged(plan)
    assert not [one for one in found if one.subject == "aws_kms_grant.g" and one.outcome.value == "FAIL"]
    (open_to,) = [one for one in found if one.rule == "create-grant-unconditioned"]
    assert (open_to.subject, open_to.outcome.value) == (key, "NOT_ASSESSED")
    assert "aws_kms_grant.g" in str(open_to.reasons)


def partly_known(*statements: dict) -> PlanText:
    """A key whose policy is a deferred document, its last statement for principals that only apply will tell."""
    last = {"effect": "Allow", "actions": ["kms:*"], "resources": ["*"]}
    blocks = [*statements, last | {"principals": [{"type": "AWS", "identifiers": AFTER_APPLY}]}]
    expressions = [{} for _ in statements] + [{"principals": [{"identifiers": ref("local.who")}]}]
    values = {"statement": blocks, "json": AFTER_APPLY}
    document = "data.aws_iam_policy_document.key"
    plan = PlanText().resource(document, values, {"statement": expressions}, actions=("read",))
    return a_key(plan, expressions={"policy": ref(f"{document}.json")})


OWN_DECRYPT = {"actions": ["kms:Decrypt"], "resources": ["*"], "principals": [{"type": "AWS", "identifiers": ["*"]}]}
INSIDE = {"condition": [{"test": "StringEquals", "variable": "kms:CallerAccount", "values": ["111122223333"]}]}


@pytest.mark.parametrize(
    "rule",
    [
        "key-policy-public",
        "key-policy-foreign-account",
        "key-policy-negated-element",
        "key-policy-orphan-principal",
        "key-policy-no-administrator",
        "service-principal-unguarded",
    ],
)
def test_statements_that_only_apply_will_tell_leave_a_key_policy_open(rule):
    (found,) = [one for one in judged(partly_known(OWN_DECRYPT | INSIDE)) if one.rule == rule]
    assert found.outcome == "NOT_ASSESSED"
    assert "statement[1]" in found.reasons[0]


def test_what_the_known_statements_of_a_key_policy_show_is_found():
    (found,) = [one for one in judged(partly_known(OWN_DECRYPT)) if one.rule == "key-policy-public"]
    assert found.outcome == "FAIL"


@pytest.mark.parametrize(("rule", "subject"), [("key-rotation-off", "key"), ("pci-resource-off-cks", "volume")])
def test_a_key_whose_store_only_a_local_tells_may_have_none(rule, subject):
    plan = a_key(PlanText(), custom_key_store_id=AFTER_APPLY, expressions={"custom_key_store_id": ref("local.store")})
    key = {"kms_key_id": ref("aws_kms_key.main.arn")}
    plan.resource("aws_ebs_volume.v", {"encrypted": True, "kms_key_id": AFTER_APPLY, **PCI}, key)
    (found,) = [one for one in judged(plan) if one.rule == rule and subject in one.subject]
    assert found.outcome == "NOT_ASSESSED"
    assert "local.store" in found.reasons[0]

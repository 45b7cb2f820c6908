"""Facts on which plan checks usually go wrong, each right or unknown with a reason."""

import json

from tf_builder import ACCOUNT, AFTER_APPLY, NOW, PlanText, a_key, const, facts, key_arn, ref, the_key, uses

from scanner.catalog.terraform import key_attributes
from scanner.collect.terraform.resources import is_in_table
from scanner.model.records import (
    UNSET,
    AliasFact,
    ClusterFact,
    KeyFact,
    KeyStoreFact,
    ResourceFact,
    Rotation,
    TrailFact,
)

ANYONE = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def a_store(plan: PlanText) -> PlanText:
    return plan.resource(
        "aws_kms_custom_key_store.cks",
        {
            "custom_key_store_name": "pci",
            "cloud_hsm_cluster_id": "cluster-abc",
            "key_store_password": "S3cret-pass",
            "id": AFTER_APPLY,
        },
        sensitive={"key_store_password": True},
    )


def test_a_key_in_a_key_store_has_no_rotation_to_be_off() -> None:
    plan = a_key(
        a_store(PlanText()),
        custom_key_store_id=AFTER_APPLY,
        expressions={"custom_key_store_id": ref("aws_kms_custom_key_store.cks.id")},
    ).load()
    key = the_key(plan)
    assert (key.origin, key.rotation, key.store_id) == ("AWS_CLOUDHSM", None, "aws_kms_custom_key_store.cks")
    assert key.cluster_id == "cluster-abc"


def test_an_external_key_store_key_has_its_own_origin() -> None:
    key = the_key(a_key(PlanText(), custom_key_store_id="cks-1", xks_key_id="k-1").load())
    assert (key.origin, key.xks_key_id, key.rotation) == ("EXTERNAL_KEY_STORE", "k-1", None)


def test_a_key_store_password_is_named_and_never_shown() -> None:
    plan = a_store(PlanText())
    read = plan.load()
    (change,) = read.changes
    assert change.secrets == ("key_store_password",)
    assert "S3cret" not in repr((read.after, read.before, read.changes))
    (store,) = facts(read, KeyStoreFact)
    assert store.connection_state is UNSET
    assert "nor does apply connect it" in store.unread["connection_state"]


def test_a_wildcard_behind_an_always_true_condition_is_kept_as_written() -> None:
    policy = document(ROOT, {**ANYONE, "Condition": {"StringLike": {"aws:PrincipalArn": "*"}}})
    (stated,) = the_key(a_key(PlanText(), policy=policy).load()).policies
    assert json.loads(stated.document)["Statement"][1]["Principal"] == {"AWS": "*"}


def test_the_aws_managed_alias_stays_an_alias() -> None:
    plan = PlanText().resource("aws_ebs_volume.v", {"encrypted": True, "kms_key_id": "alias/aws/ebs"})
    assert uses(plan.load(), "aws_ebs_volume.v")["storage"].key == "alias/aws/ebs"


def a_bucket(plan: PlanText, **rule: str) -> PlanText:
    plan.resource(
        "aws_s3_bucket.b", {"bucket": "cards", "arn": AFTER_APPLY, "server_side_encryption_configuration": AFTER_APPLY}
    )
    return plan.resource(
        "aws_s3_bucket_server_side_encryption_configuration.b",
        {"bucket": AFTER_APPLY, "rule": [{"apply_server_side_encryption_by_default": [rule]}]},
        {"bucket": ref("aws_s3_bucket.b.id"), "rule": [{"apply_server_side_encryption_by_default": [{}]}]},
    )


def test_s3_kms_without_a_key_is_the_aws_managed_key() -> None:
    use = uses(a_bucket(PlanText(), sse_algorithm="aws:kms").load(), "aws_s3_bucket.b")["storage"]
    assert (use.state, use.key) == ("KEY", "alias/aws/s3")


def test_s3_without_configuration_is_owned_by_aws() -> None:
    plan = PlanText().resource(
        "aws_s3_bucket.b", {"bucket": "cards", "server_side_encryption_configuration": AFTER_APPLY}
    )
    plan.root["resources"][0]["expressions"] = {"bucket": const("cards")}
    assert uses(plan.load(), "aws_s3_bucket.b")["storage"].state == "AWS_OWNED"


def test_dsse_with_a_key_store_key_names_that_key() -> None:
    plan = a_bucket(
        a_key(PlanText(), custom_key_store_id="cks-1"), sse_algorithm="aws:kms:dsse", kms_master_key_id=AFTER_APPLY
    )
    plan.root["resources"][-1]["expressions"]["rule"] = [
        {"apply_server_side_encryption_by_default": [{"kms_master_key_id": ref("aws_kms_key.main.arn")}]}
    ]
    read = plan.load()
    assert uses(read, "aws_s3_bucket.b")["storage"].key == key_arn()
    (bucket,) = facts(read, ResourceFact)
    assert bucket.attributes["sse_algorithm"] == "aws:kms:dsse"
    assert bucket.arn == "arn:aws:s3:::cards"


def test_encryption_of_a_bucket_outside_the_plan_stands_for_that_bucket() -> None:
    plan = PlanText().resource(
        "aws_s3_bucket_server_side_encryption_configuration.b",
        {"bucket": "old", "rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "AES256"}]}]},
    )
    (bucket,) = facts(plan.load(), ResourceFact)
    assert (bucket.arn, bucket.uses[0].state) == ("arn:aws:s3:::old", "AWS_OWNED")
    assert "uses" in bucket.unread


def test_a_policy_known_only_after_apply_is_unknown_with_its_reason() -> None:
    plan = a_key(PlanText(), expressions={"policy": ref("aws_iam_role.app.arn")})
    key = the_key(plan.load())
    assert key.policies is UNSET
    assert key.unread["policies"].startswith("aws_kms_key.main.policy is known only after apply")


def test_a_key_without_a_policy_gets_the_default_one() -> None:
    (stated,) = the_key(a_key(PlanText()).load()).policies
    (statement,) = json.loads(stated.document)["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def test_a_separate_key_policy_wins() -> None:
    plan = a_key(PlanText(), policy=document(ROOT)).resource(
        "aws_kms_key_policy.p",
        {"key_id": AFTER_APPLY, "policy": document(ANYONE)},
        {"key_id": ref("aws_kms_key.main.key_id")},
    )
    (stated,) = the_key(plan.load()).policies
    assert json.loads(stated.document)["Statement"] == [ANYONE]


def test_a_foreign_grant_names_its_grantee() -> None:
    plan = a_key(PlanText()).resource(
        "aws_kms_grant.g",
        {
            "key_id": AFTER_APPLY,
            "grantee_principal": "arn:aws:iam::999988887777:role/x",
            "operations": ["Decrypt"],
            "constraints": [],
        },
        {"key_id": ref("aws_kms_key.main.key_id")},
    )
    (grant,) = the_key(plan.load()).grants
    assert (grant.grantee, grant.operations, grant.context_equals) == (
        "arn:aws:iam::999988887777:role/x",
        ("Decrypt",),
        None,
    )


def test_a_grant_on_a_key_outside_the_plan_is_kept() -> None:
    arn = "arn:aws:kms:eu-central-1:111122223333:key/0000"
    plan = PlanText().resource(
        "aws_kms_grant.g",
        {"key_id": arn, "grantee_principal": "arn:aws:iam::999988887777:root", "operations": ["Decrypt"]},
    )
    (key,) = facts(plan.load(), KeyFact)
    assert (key.arn, len(key.grants)) == (arn, 1)
    assert "grants" in key.unread


def test_a_non_fips_cluster_says_so_with_its_hsms() -> None:
    plan = PlanText().resource(
        "aws_cloudhsm_v2_cluster.c",
        {"hsm_type": "hsm2m.medium", "mode": "NON_FIPS", "subnet_ids": ["subnet-1"], "cluster_id": AFTER_APPLY},
    )
    for zone in "ab":
        plan.resource(
            f"aws_cloudhsm_v2_hsm.{zone}",
            {"cluster_id": AFTER_APPLY, "availability_zone": f"eu-central-1{zone}"},
            {"cluster_id": ref("aws_cloudhsm_v2_cluster.c.cluster_id")},
        )
    (cluster,) = facts(plan.load(), ClusterFact)
    assert (cluster.mode, cluster.hsm_type, cluster.state) == ("NON_FIPS", "hsm2m.medium", "UNINITIALIZED")
    assert [(hsm.zone, hsm.state) for hsm in cluster.hsms] == [("eu-central-1a", "ACTIVE"), ("eu-central-1b", "ACTIVE")]
    assert "hsms" not in cluster.unread


def test_a_trail_without_kms_events_says_what_it_excludes() -> None:
    selector = {"read_write_type": "All", "exclude_management_event_sources": ["kms.amazonaws.com"]}
    plan = PlanText().resource(
        "aws_cloudtrail.t", {"name": "t", "s3_bucket_name": "logs", "event_selector": [selector]}
    )
    (trail,) = facts(plan.load(), TrailFact)
    assert trail.selectors[0].excluded_sources == ("kms.amazonaws.com",)
    assert (trail.logging, trail.multi_region, trail.validation) == (True, False, False)


def test_a_trail_without_selectors_records_all_management_events() -> None:
    (trail,) = facts(PlanText().resource("aws_cloudtrail.t", {"name": "t", "s3_bucket_name": "l"}).load(), TrailFact)
    assert (trail.selectors[0].management, trail.selectors[0].read_write) == (True, "All")


def test_a_foreign_key_on_a_database_is_named_as_it_is() -> None:
    foreign = "arn:aws:kms:eu-central-1:999988887777:key/0000"
    plan = PlanText().resource(
        "aws_db_instance.d", {"identifier": "cards", "storage_encrypted": True, "kms_key_id": foreign}
    )
    assert uses(plan.load(), "aws_db_instance.d")["storage"].key == foreign


def test_a_new_key_has_no_past() -> None:
    key = the_key(a_key(PlanText(), enable_key_rotation=True, rotation_period_in_days=180).load())
    assert (key.created, key.rotations, key.grants, key.state) == (NOW, (), (), "Enabled")
    assert key.rotation == Rotation(enabled=True, period_days=180)


def test_an_alias_of_a_planned_key_points_at_it() -> None:
    plan = a_key(PlanText()).resource(
        "aws_kms_alias.a",
        {"name": "alias/cards", "target_key_id": AFTER_APPLY},
        {"target_key_id": ref("aws_kms_key.main.id")},
    )
    (alias,) = facts(plan.load(), AliasFact)
    assert (alias.name, alias.target_key_id) == ("alias/cards", "aws_kms_key.main")


def test_a_replica_takes_over_what_its_primary_decides() -> None:
    plan = a_key(PlanText(), multi_region=True, enable_key_rotation=True).resource(
        "aws_kms_replica_key.r",
        {"primary_key_arn": AFTER_APPLY, "region": "us-east-1"},
        {"primary_key_arn": ref("aws_kms_key.main.arn")},
    )
    key = the_key(plan.load(), "aws_kms_replica_key.r")
    assert (key.multi_region_type, key.primary_arn, key.region) == ("REPLICA", key_arn(), "us-east-1")
    assert (key.spec, key.rotation) == ("SYMMETRIC_DEFAULT", Rotation(enabled=True, period_days=365))


def test_a_type_without_a_row_is_listed_as_not_assessed() -> None:
    kind = next(kind for kind in key_attributes() if not is_in_table(kind))
    (fact,) = facts(PlanText().resource(f"{kind}.c", {}).load(), ResourceFact)
    assert fact.type == kind
    assert {use.state for use in fact.uses} == {"UNKNOWN"}
    assert all("not in the catalog" in use.reason for use in fact.uses)


def test_the_account_is_proved_by_a_key_policy_that_may_be_changed() -> None:
    key = the_key(a_key(PlanText(account=None), policy=document(ROOT)).load())
    assert key.account == ACCOUNT
    foreign = {**ROOT, "Action": ["kms:Decrypt"]}
    assert the_key(a_key(PlanText(account=None), policy=document(foreign)).load()).account == "unknown"

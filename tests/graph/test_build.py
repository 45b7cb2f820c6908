"""Relations of the key graph, and how a refused listing leaves them open."""

from datetime import UTC, datetime, timedelta

import pytest
from builders import (
    ACCOUNT,
    LONG_AGO,
    NOW,
    REGION,
    a_cluster,
    a_gap,
    a_key,
    a_resource,
    a_snapshot,
    a_store,
    a_use,
    an_alias,
    document,
    listed,
)
from msgspec import UNSET

from scanner.graph.build import build
from scanner.graph.views import Cluster, Store
from scanner.model.records import BackupFact, GrantFact, HsmFact, LastUsage, Rotation, RotationEvent
from scanner.model.settings import Settings
from scanner.model.unknown import Partial, Unknown, UnknownValueError, known_members


def graph_of(*items):
    return build(a_snapshot(*items), Settings())


def only(table):
    return next(iter(table.values()))


def test_key_knows_what_it_protects_once_per_resource():
    resource = a_resource("db", "AWS::RDS::DBInstance", a_use("storage"), a_use("performance-insights"))
    key = only(graph_of(a_key(), resource).keys)
    assert [use.field for use in key.uses] == ["storage", "performance-insights"]
    assert len(key.resources) == 1


def test_refused_listing_of_a_type_leaves_every_keys_resources_open():
    key = only(graph_of(a_key(), a_resource(), a_gap("DescribeVolumes", "resource:AWS::EC2::Volume")).keys)
    assert isinstance(key.resources, Partial)
    assert len(key.resources.known) == 1


def test_refused_listing_elsewhere_does_not():
    gap = a_gap("DescribeVolumes", "resource:AWS::EC2::Volume", region="us-east-1")
    assert only(graph_of(a_key(), gap).keys).resources == ()


def test_incomplete_coverage_counts_like_a_refusal():
    row = listed("resource:AWS::S3::Bucket", complete=False)
    assert isinstance(only(graph_of(a_key(), row).keys).resources, Partial)


def test_resource_whose_key_was_not_readable_may_use_any_key_of_the_region():
    unread = a_resource("b", "AWS::S3::Bucket", a_use(state="UNKNOWN", key=None, reason="s3:GetEncryption refused"))
    resources = only(graph_of(a_key(), unread).keys).resources
    assert isinstance(resources, Partial)
    assert "refused" in resources.reason


def test_gap_about_one_key_does_not_touch_listings():
    key_gap = a_gap("ListGrants", "key.grants", subject="arn:k")
    assert only(graph_of(a_key(), key_gap).keys).resources == ()


def test_store_hangs_between_cluster_and_keys():
    graph = graph_of(a_cluster(), a_store(), a_key(origin="AWS_CLOUDHSM", store_id="cks-1"))
    key = only(graph.keys)
    assert isinstance(key.store, Store)
    assert isinstance(key.store.cluster, Cluster)
    assert key.store.cluster.active_zones == ("a", "b")
    assert key.store.keys == (key,)
    assert known_members(key.store.cluster.stores) == (key.store,)


def test_only_active_hsms_count_for_zones():
    hsms = (HsmFact(id="1", state="ACTIVE", zone="a"), HsmFact(id="2", state="CREATE_IN_PROGRESS", zone="b"))
    assert only(graph_of(a_cluster(hsms=hsms)).clusters).active_zones == ("a",)


@pytest.mark.parametrize(
    ("gap", "words"),
    [(a_gap("DescribeClusters", "cluster", service="cloudhsm"), "DescribeClusters"), (None, "was not found")],
)
def test_missing_cluster_is_unknown_with_the_reason(gap, words):
    store = only(graph_of(a_store(), *([gap] if gap else [])).stores)
    assert isinstance(store.cluster, Unknown)
    assert words in store.cluster.reason


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"rotation": Rotation(enabled=False)}, False),
        ({"origin": "AWS_CLOUDHSM", "rotation": Rotation(enabled=False)}, None),
        ({"origin": "EXTERNAL_KEY_STORE", "rotation": UNSET}, None),
        ({"spec": "RSA_2048", "rotation": Rotation(enabled=False)}, None),
    ],
)
def test_rotation_is_no_fact_of_keys_that_cannot_rotate(facts, expected):
    assert only(graph_of(a_key(**facts)).keys).rotation_enabled is expected


def test_refused_rotation_status_is_unknown():
    record = a_key(rotation=UNSET, unread={"rotation": "kms:GetKeyRotationStatus AccessDenied"})
    assert isinstance(only(graph_of(record).keys).rotation_enabled, Unknown)


def test_age_counts_from_the_last_rotation_or_import():
    event = RotationEvent(date=datetime(2026, 6, 1, tzinfo=UTC), type="ON_DEMAND")
    assert only(graph_of(a_key(rotations=(event,))).keys).material_date == event.date


def test_replicas_know_each_other_and_a_missing_one_leaves_the_family_open():
    primary_arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/mrk-1"
    other = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-1"
    family = {"primary_arn": primary_arn, "replica_arns": (other,)}
    primary = a_key("mrk-1", multi_region_type="PRIMARY", **family)
    replica = a_key("mrk-1", region="us-east-1", multi_region_type="REPLICA", **family)
    graph = graph_of(primary, replica)
    assert graph.keys[primary_arn].replicas == (graph.keys[other],)
    assert isinstance(graph_of(primary).keys[primary_arn].replicas, Partial)


GRANTS = [
    ({"grantee": f"arn:aws:iam::{ACCOUNT}:role/app"}, False),
    ({"grantee": "rds.eu-central-1.amazonaws.com"}, True),
    ({"grantee_service": "dynamodb.amazonaws.com"}, True),
    ({"grantee": f"arn:aws:sts::{ACCOUNT}:assumed-role/aws:ec2-infrastructure/i-1"}, True),
    ({"grantee": f"arn:aws:iam::{ACCOUNT}:role/aws:rds-infrastructure"}, True),
    ({"grantee": f"{ACCOUNT}:aws:ec2-infrastructure:i-1"}, True),
    ({"grantee": "backup.aws.internal"}, True),
    ({"grantee": f"arn:aws:iam::{ACCOUNT}:role/x", "retiring": "ec2.eu-central-1.amazonaws.com"}, True),
    ({"grantee": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"}, True),
    ({"grantee": f"arn:aws:iam::{ACCOUNT}:role/amazonaws.com"}, False),
]


@pytest.mark.parametrize(("facts", "by_service"), GRANTS)
def test_grants_that_services_made_for_themselves_are_told_apart(facts, by_service):
    grant = GrantFact(id="g-1", operations=("Decrypt",), **facts)
    assert only(graph_of(a_key(grants=(grant,))).grants).by_service is by_service
    assert only(graph_of(a_key(grants=(grant,), manager="AWS")).grants).by_service
    of_no_one = only(graph_of(a_key(grants=(grant,), manager=UNSET)).grants).by_service
    assert of_no_one is True if by_service else isinstance(of_no_one, Unknown)


@pytest.mark.parametrize(
    ("grantee", "human"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/ana", True),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/ana", True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ana", True),
        (f"arn:aws:iam::{ACCOUNT}:role/app", False),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1", False),
    ],
)
def test_people_who_hold_grants_are_told_apart(grantee, human):
    grant = GrantFact(id="g-1", operations=("Decrypt",), grantee=grantee)
    assert only(graph_of(a_key(grants=(grant,))).grants).grantee_human is human


def backup_with(policy):
    record = BackupFact(
        account=ACCOUNT, region=REGION, arn="b", id="backup-1", state="READY", cluster_id="cluster-1", policy=policy
    )
    (backup,) = only(graph_of(a_cluster(), record).clusters).backups
    return backup


def sharing(principal, effect="Allow"):
    statement = {"Effect": effect, "Principal": principal, "Action": "cloudhsm:DescribeBackups", "Resource": "b"}
    return document(statement)


@pytest.mark.parametrize(
    ("policy", "shared"),
    [
        (None, False),
        (sharing({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), False),
        (sharing({"AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/app"]}), False),
        (sharing({"AWS": "*"}, effect="Deny"), False),
        (sharing({"AWS": "*"}), True),
        (sharing({"AWS": [ACCOUNT, "444455556666"]}), True),
        (sharing({"AWS": "arn:aws:iam::444455556666:role/x"}), True),
    ],
)
def test_a_backup_is_shared_where_its_policy_names_another_account(policy, shared):
    assert backup_with(policy).shared is shared


@pytest.mark.parametrize("policy", [UNSET, "{"])
def test_whether_a_backup_is_shared_is_unknown_without_a_policy_that_can_be_read(policy):
    assert isinstance(backup_with(policy).shared, Unknown)


def dying(**facts):
    """A key whose deletion is due on the eleventh of November, ten days after NOW."""
    facts = {"state": "PendingDeletion", "deletion_date": NOW + timedelta(days=10)} | facts
    return only(graph_of(a_key(**facts)).keys)


def test_a_key_cannot_have_waited_longer_than_since_it_was_last_seen_at_work():
    used = LastUsage(at=NOW, operation="Decrypt", tracked_since=LONG_AGO)
    assert dying(created=LONG_AGO, last_usage=used).longest_wait_days == 10
    assert dying(created=NOW, last_usage=None).longest_wait_days == 10
    assert dying(created=LONG_AGO, last_usage=UNSET).longest_wait_days == (NOW + timedelta(days=10) - LONG_AGO).days
    assert isinstance(dying(created=UNSET, last_usage=UNSET).longest_wait_days, Unknown)


def test_the_waiting_period_of_a_pending_deletion_is_unknown_unless_it_is_stated():
    assert isinstance(dying().pending_window_days, Unknown)
    assert dying(pending_window_days=7).pending_window_days == 7
    enabled = only(graph_of(a_key()).keys)
    assert (enabled.pending_window_days, enabled.longest_wait_days) == (None, None)


def test_label_is_the_first_alias():
    graph = graph_of(a_key(), an_alias("alias/b"), an_alias("alias/a"))
    assert only(graph.keys).label == "alias/a"


def test_refused_listing_of_keys_is_reported_as_unlisted_subjects():
    graph = graph_of(a_gap("ListKeys", "key"))
    assert [unlisted.reason for unlisted in graph.unlisted["key"]] == [
        f"kms:ListKeys AccessDeniedException in {ACCOUNT}/{REGION}"
    ]


def test_subjects_come_in_a_fixed_order():
    graph = graph_of(a_key("b"), a_key("a"))
    assert [key.id for key in graph.subjects["key"]] == ["a", "b"]


def test_things_without_an_arn_are_told_apart_by_their_id():
    stores = graph_of(a_store("cks-1"), a_store("cks-2")).stores.values()
    assert {getattr(store, store.identity) for store in stores} == {"cks-1", "cks-2"}


def test_nobody_knows_whether_an_attribute_that_was_refused_is_there():
    record = a_resource(attributes={"size": "1"}, unread={"attributes.owning_service": "DescribeSecret AccessDenied"})
    attributes = only(graph_of(record).resources).attributes
    assert "size" in attributes
    assert "other" not in attributes
    with pytest.raises(UnknownValueError, match="DescribeSecret"):
        assert "owning_service" in attributes

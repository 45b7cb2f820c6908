"""What the collectors beside KMS record: IAM, CloudHSM, trails, the account."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from botocore.exceptions import EndpointConnectionError
from fakes.aws import ACCOUNT, FakeAws, Fault, denied
from fakes.bench import Bench
from fakes.estate import FULL_ACCESS, REGION, SHARED, UNIT, WHEN, identities_in, organization_in, stores_in, trails_in
from msgspec import UNSET

from scanner.collect import account, cloudhsm, iam, trails
from scanner.collect.session import GLOBAL
from scanner.model.records import ManagedPolicyFact, NamedDocument, PrincipalFact

BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"


def test_every_identity_comes_with_its_documents(aws: FakeAws, bench: Bench):
    identities_in(aws)
    reading = bench.read(iam.identities, region=GLOBAL)
    people = {fact.name: fact for fact in reading.facts if isinstance(fact, PrincipalFact)}
    assert {name: fact.type for name, fact in people.items()} == {"ann": "user", "admins": "group", "app": "role"}
    assert people["ann"].groups == ("admins",)
    role = people["app"]
    assert role.inline == (NamedDocument(name="inline", document='{"Version":"2012-10-17","Statement":[]}'),)
    assert role.attached == (f"arn:aws:iam::{ACCOUNT}:policy/Pay",)
    assert (role.boundary, role.tags, role.last_used) == (BOUNDARY, {"team": "pay"}, WHEN)
    assert msgspec.json.decode(role.trust) == msgspec.json.decode(SHARED)
    assert reading.coverage[0].provides == ("principal", "managed-policy")


def test_the_default_version_of_a_managed_policy_counts_and_a_missing_boundary_is_fetched(aws: FakeAws, bench: Bench):
    identities_in(aws)
    reading = bench.read(iam.identities, region=GLOBAL)
    policies = {fact.arn: fact for fact in reading.facts if isinstance(fact, ManagedPolicyFact)}
    assert msgspec.json.decode(policies[f"arn:aws:iam::{ACCOUNT}:policy/Pay"].document) == msgspec.json.decode(SHARED)
    assert policies[BOUNDARY].document == '{"Version":"2012-10-17","Statement":[]}'
    assert aws.calls["iam", "GetPolicyVersion"] == 1


def test_a_boundary_that_cannot_be_read_is_there_without_its_document(aws: FakeAws, bench: Bench):
    identities_in(aws)
    aws.fault("iam", "GetPolicyVersion", Fault(403, "AccessDenied"))
    reading = bench.read(iam.identities, region=GLOBAL)
    boundary = next(fact for fact in reading.facts if fact.arn == BOUNDARY)
    assert boundary.document is UNSET
    assert boundary.unread == {"document": reading.gaps[0].reason()}


def test_clusters_keep_their_hsms_and_never_the_initial_password(aws: FakeAws, bench: Bench):
    stores_in(aws)
    reading = bench.read(cloudhsm.clusters)
    cluster, bare = reading.facts
    assert cluster.arn == f"arn:aws:cloudhsm:{REGION}:{ACCOUNT}:cluster/cluster-1"
    assert [(hsm.zone, hsm.state) for hsm in cluster.hsms] == [("eu-west-1a", "ACTIVE"), ("eu-west-1b", "DEGRADED")]
    assert (cluster.mode, cluster.backup_retention_days, cluster.tags) == ("FIPS", 90, {"pci": "true"})
    assert (bare.state, bare.hsms, bare.backup_retention_days) == ("DELETED", (), None)
    assert b"never-keep-me" not in msgspec.json.encode(reading.items)


def test_a_backup_shows_with_whom_it_is_shared(aws: FakeAws, bench: Bench):
    stores_in(aws)
    backups = bench.read(cloudhsm.backups).facts
    assert [backup.policy for backup in backups] == [SHARED, SHARED]
    assert backups[0].never_expires is True


@pytest.mark.parametrize(("said", "days"), [("90", 90), (90, 90), ("soon", None)])
def test_the_days_that_backups_are_kept_may_be_a_number_or_text(aws: FakeAws, bench: Bench, said: Any, days: Any):
    policy = {"Type": "DAYS", "Value": said}
    aws.answer("cloudhsmv2", "DescribeClusters", {"Clusters": [{"ClusterId": "c", "BackupRetentionPolicy": policy}]})
    reading = bench.read(cloudhsm.clusters)
    assert [fact.backup_retention_days for fact in reading.facts] == [days]
    assert reading.gaps == []


UNREACHABLE = Fault(error=EndpointConnectionError(endpoint_url="https://cloudhsmv2", error="no such host"))


def test_a_region_without_cloudhsm_has_no_clusters_rather_than_unknown_ones(aws: FakeAws, bench: Bench):
    aws.fault("cloudhsmv2", "DescribeClusters", UNREACHABLE)
    reading = bench.read(cloudhsm.clusters, region="ap-east-2")
    assert (reading.gaps, [row.complete for row in reading.coverage]) == ([], [True])


def test_a_region_with_cloudhsm_that_cannot_be_reached_is_a_gap(aws: FakeAws, bench: Bench):
    aws.fault("cloudhsmv2", "DescribeClusters", UNREACHABLE)
    reading = bench.read(cloudhsm.clusters)
    assert [gap.code for gap in reading.gaps] == ["Unreachable"]
    assert [row.complete for row in reading.coverage] == [False]


@pytest.mark.parametrize("answer", [{}, Fault(400, "CloudHsmResourceNotFoundException")], ids=["empty", "not found"])
def test_a_backup_without_a_policy_is_not_shared(aws: FakeAws, bench: Bench, answer: Any):
    stores_in(aws)
    aws.answer("cloudhsmv2", "GetResourcePolicy", lambda _: answer)
    assert [backup.policy for backup in bench.read(cloudhsm.backups).facts] == [None, None]


def test_a_backup_whose_policy_is_refused_is_not_called_private(aws: FakeAws, bench: Bench):
    stores_in(aws)
    aws.fault("cloudhsmv2", "GetResourcePolicy", Fault(400, "CloudHsmAccessDeniedException"))
    reading = bench.read(cloudhsm.backups)
    assert [backup.policy for backup in reading.facts] == [UNSET, UNSET]
    assert {gap.action for gap in reading.gaps} == {"cloudhsm:GetResourcePolicy"}
    assert reading.facts[0].unread["policy"] == reading.gaps[0].reason()


def test_a_trail_says_what_it_records(aws: FakeAws, bench: Bench):
    trails_in(aws)
    found = {fact.name: fact for fact in bench.read(trails.trails, regions=(REGION,)).facts}
    local = found["local"]
    assert local.selectors[0].excluded_sources == ("kms.amazonaws.com",)
    assert (local.logging, local.multi_region, local.advanced_selectors) == (True, False, ())
    wide = found["wide"]
    assert wide.advanced_selectors[0].fields[1].not_equals == ("kms.amazonaws.com",)
    assert (wide.selectors, wide.bucket, wide.validation) == ((), "logs", True)


def test_a_trail_is_counted_once_in_its_home_region(aws: FakeAws, bench: Bench):
    trails_in(aws)
    regions = ("eu-west-1", "us-east-1", "us-west-2")
    found = {
        region: [(fact.name, fact.region) for fact in bench.read(trails.trails, region=region, regions=regions).facts]
        for region in regions
    }
    assert found == {"eu-west-1": [("local", "eu-west-1")], "us-east-1": [("wide", "us-east-1")], "us-west-2": []}


def test_a_trail_whose_home_is_not_scanned_is_still_found_once(aws: FakeAws, bench: Bench):
    trails_in(aws)
    regions = ("eu-west-1", "us-west-2")
    found = [
        (fact.name, fact.region)
        for region in regions
        for fact in bench.read(trails.trails, region=region, regions=regions).facts
    ]
    assert found == [("wide", "us-east-1"), ("local", "eu-west-1")]
    asked = {call.region for call in aws.log if call.params.get("Name", "").endswith("trail/wide")}
    assert asked == {"us-east-1"}


@pytest.mark.parametrize(
    ("operation", "fields"),
    [("GetTrailStatus", {"logging"}), ("GetEventSelectors", {"selectors", "advanced_selectors"})],
)
def test_a_refused_read_of_a_trail_leaves_its_fields_unread(
    aws: FakeAws, bench: Bench, operation: str, fields: set[str]
):
    trails_in(aws)
    aws.fault("cloudtrail", operation, denied())
    reading = bench.read(trails.trails)
    for trail in reading.facts:
        assert set(trail.unread) == fields
        assert all(getattr(trail, field) is UNSET for field in fields)
    assert {frozenset(gap.makes_unknown) for gap in reading.gaps} == {frozenset(f"trail.{field}" for field in fields)}


def test_an_account_without_an_organisation_is_bound_by_no_control_policy(aws: FakeAws, bench: Bench):
    organization_in(aws, None)
    reading = bench.read(account.account, region=GLOBAL)
    (fact,) = reading.facts
    assert (fact.organization, fact.scps, fact.rcps, fact.ou_path) == (None, None, None, ())
    assert reading.gaps == []


def test_the_management_account_is_bound_by_no_control_policy(aws: FakeAws, bench: Bench):
    organization_in(aws, ACCOUNT)
    (fact,) = bench.read(account.account, region=GLOBAL).facts
    assert (fact.organization, fact.management_account, fact.scps, fact.rcps) == ("o-example", ACCOUNT, None, None)


def test_a_member_has_its_way_up_and_the_control_policies_of_each_level(aws: FakeAws, bench: Bench):
    organization_in(aws, "999999999999")
    reading = bench.read(account.account, region=GLOBAL)
    (fact,) = reading.facts
    assert (fact.ou_path, fact.name, fact.unread, reading.gaps) == (("r-root", UNIT), "payments", {}, [])
    for levels in (fact.scps, fact.rcps):
        assert [[named.name for named in level] for level in levels] == [
            ["FullAccess (p-Full)"],
            ["FullAccess (p-Full)", "Guard (p-unit)"],
            ["FullAccess (p-Full)"],
        ]
        assert {named.document for level in levels for named in level} == {FULL_ACCESS}
    assert aws.calls["organizations", "DescribePolicy"] == 2


def test_control_policies_that_the_organisation_has_not_enabled_bind_nobody(aws: FakeAws, bench: Bench):
    organization_in(aws, "999999999999", enabled=False)
    (fact,) = bench.read(account.account, region=GLOBAL).facts
    assert (fact.scps, fact.rcps) == (None, None)
    assert not aws.calls["organizations", "ListPoliciesForTarget"]


@pytest.mark.parametrize(
    ("operation", "lost"),
    [
        ("ListParents", {"ou_path", "scps", "rcps", "name"}),
        ("ListRoots", {"scps", "rcps", "name"}),
        ("DescribePolicy", {"scps", "rcps", "name"}),
        ("DescribeAccount", {"name"}),
    ],
)
def test_a_member_that_organizations_refuses_is_one_gap(aws: FakeAws, bench: Bench, operation: str, lost: set[str]):
    organization_in(aws, "999999999999")
    aws.fault("organizations", operation, denied())
    reading = bench.read(account.account, region=GLOBAL)
    (fact,) = reading.facts
    (gap,) = reading.gaps
    assert fact.organization == "o-example"
    assert fact.unread == dict.fromkeys(lost, gap.reason())
    assert set(gap.makes_unknown) == {f"account.{name}" for name in lost}


def test_a_way_up_that_does_not_end_is_unreadable(aws: FakeAws, bench: Bench):
    organization_in(aws, "999999999999")
    aws.pages("organizations", "ListParents", "Parents", [{"Id": UNIT, "Type": "ORGANIZATIONAL_UNIT"}])
    reading = bench.read(account.account, region=GLOBAL)
    assert (reading.gaps[0].code, reading.facts[0].ou_path) == ("Unreadable", UNSET)


def test_an_account_that_may_not_ask_for_its_organisation_is_a_gap(aws: FakeAws, bench: Bench):
    aws.fault("organizations", "DescribeOrganization", denied())
    reading = bench.read(account.account, region=GLOBAL)
    assert reading.gaps[0].action == "organizations:DescribeOrganization"
    assert set(reading.facts[0].unread.values()) == {reading.gaps[0].reason()}

"""What the KMS collectors record of each kind of key, and what they say when a call is refused."""

from __future__ import annotations

from collections import Counter
from threading import Event
from typing import Any

import pytest
from fakes.aws import ACCOUNT, Call, FakeAws, Fault, denied, throttled, web_page
from fakes.bench import Bench, Reading
from fakes.estate import REGION, TRACKED, WHEN, FakeKey, a_grant, key_id, keys_in, stores_in
from msgspec import UNSET

from scanner.collect import key_stores, kms
from scanner.collect.clients import Clients
from scanner.model.records import LastUsage, NamedDocument, Rotation

ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/"


@pytest.fixture
def keys(aws: FakeAws, bench: Bench) -> dict[str, Any]:
    keys_in(aws)
    return {fact.id: fact for fact in bench.read(kms.keys).facts}


def calls_about(aws: FakeAws, number: int) -> Counter[str]:
    arn = ARN + key_id(number)
    return Counter(call.operation for call in aws.log if call.params.get("KeyId") == arn)


def test_every_page_of_grants_is_read(keys: dict[str, Any], aws: FakeAws):
    assert len(keys[key_id(1)].grants) == 250
    assert calls_about(aws, 1)["ListGrants"] == 3


def test_a_full_customer_key_has_nothing_unread(keys: dict[str, Any]):
    key = keys[key_id(1)]
    assert key.unread == {}
    assert key.tags == {"pci": "true", "owner": ""}
    assert key.rotation == Rotation(enabled=True, period_days=365)
    assert key.created == WHEN
    assert [document.name for document in key.policies] == ["default"]


def test_a_policy_that_resource_access_manager_wrote_is_read_beside_the_default_one(keys: dict[str, Any]):
    assert [document.name for document in keys[key_id(6)].policies] == ["default", "AWS_RAM"]


def test_an_aws_managed_key_is_asked_for_its_policy_and_grants_alone(keys: dict[str, Any], aws: FakeAws):
    assert calls_about(aws, 2) == {"DescribeKey": 1, "GetKeyPolicy": 1, "ListGrants": 1}
    key = keys[key_id(2)]
    assert (key.tags, key.rotation, key.rotations, key.grants) == ({}, None, (), ())


@pytest.mark.parametrize("number", [3, 5, 8], ids=["CloudHSM key store", "asymmetric", "external key store"])
def test_a_key_that_cannot_rotate_is_not_asked_whether_it_does(keys: dict[str, Any], aws: FakeAws, number: int):
    assert not {"GetKeyRotationStatus", "ListKeyRotations"} & set(calls_about(aws, number))
    assert (keys[key_id(number)].rotation, keys[key_id(number)].rotations) == (None, ())
    assert keys[key_id(number)].unread == {}


def test_imported_material_has_a_history_but_no_automatic_rotation(keys: dict[str, Any], aws: FakeAws):
    assert "GetKeyRotationStatus" not in calls_about(aws, 4)
    assert calls_about(aws, 4)["ListKeyRotations"] == 1
    assert keys[key_id(4)].rotation is None
    assert keys[key_id(4)].valid_to == WHEN


def test_a_key_of_several_regions_names_its_primary_and_replicas(keys: dict[str, Any]):
    key = keys[f"mrk-{key_id(7)}"]
    assert key.multi_region_type == "PRIMARY"
    assert key.replica_arns == (f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-{key_id(7)}",)
    assert [event.type for event in key.rotations] == ["ON_DEMAND", "AUTOMATIC"]


def test_custody_is_recorded_as_aws_states_it(keys: dict[str, Any]):
    assert (keys[key_id(3)].origin, keys[key_id(3)].store_id, keys[key_id(3)].cluster_id) == (
        "AWS_CLOUDHSM",
        "cks-1",
        "cluster-1",
    )
    assert (keys[key_id(8)].origin, keys[key_id(8)].xks_key_id) == ("EXTERNAL_KEY_STORE", "outside-key")


def test_no_alias_is_ever_described(aws: FakeAws, bench: Bench):
    keys_in(aws)
    stores_in(aws)
    bench.read(kms.keys)
    bench.read(key_stores.aliases)
    assert not [call for call in aws.log if "alias/" in str(call.params)]


PER_KEY = {
    "ListGrants": ("grants",),
    "ListResourceTags": ("tags",),
    "ListKeyPolicies": ("policies",),
    "GetKeyPolicy": ("policies",),
    "GetKeyRotationStatus": ("rotation",),
    "ListKeyRotations": ("rotations",),
}


@pytest.mark.parametrize("operation", PER_KEY)
def test_a_refused_read_leaves_its_own_field_unread_and_no_other(aws: FakeAws, bench: Bench, operation: str):
    keys_in(aws)
    aws.fault("kms", operation, denied(when=lambda call: call.params["KeyId"] == ARN + key_id(1)))
    reading = bench.read(kms.keys)
    key = next(fact for fact in reading.facts if fact.id == key_id(1))
    (gap,) = reading.gaps
    assert (gap.operation, gap.code, gap.action) == (operation, "AccessDeniedException", f"kms:{operation}")
    assert gap.subject == key.arn
    assert gap.makes_unknown == tuple(f"key.{field}" for field in PER_KEY[operation])
    assert key.unread == dict.fromkeys(PER_KEY[operation], gap.reason())
    assert all(getattr(key, field) is UNSET for field in PER_KEY[operation])
    assert reading.coverage[0].complete


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ("DescribeKey", "state"),
        ("GetKeyPolicy", "policies"),
        ("GetKeyRotationStatus", "rotation"),
        ("ListKeyRotations", "rotations"),
        ("ListGrants", "grants"),
        ("ListResourceTags", "tags"),
    ],
)
def test_an_answer_that_lacks_its_content_costs_that_field_of_that_key_alone(
    aws: FakeAws, bench: Bench, operation: str, field: str
):
    keys_in(aws, (FakeKey(key_id(1)), FakeKey(key_id(2))))
    sound = aws._handlers["kms", operation]
    aws.answer("kms", operation, lambda call: {} if call.params["KeyId"].endswith("1") else sound(call))
    reading = bench.read(kms.keys)
    odd, whole = sorted(reading.facts, key=lambda fact: str(fact.id))
    assert field in odd.unread
    assert "Unreadable" in odd.unread[field]
    assert whole.unread == {}
    assert {(gap.operation, gap.code) for gap in reading.gaps} == {(operation, "Unreadable")}


def test_a_key_that_cannot_be_described_still_shows_what_else_can_be_read(aws: FakeAws, bench: Bench):
    keys_in(aws)
    aws.fault("kms", "DescribeKey", denied(when=lambda call: call.params["KeyId"] == ARN + key_id(1)))
    reading = bench.read(kms.keys)
    key = next(fact for fact in reading.facts if fact.id == key_id(1))
    assert len(key.grants) == 250
    assert {key.state, key.origin, key.manager, key.description, key.store_id, key.rotation} == {UNSET}
    assert set(key.unread.values()) == {reading.gaps[0].reason()}
    assert "key.state" in reading.gaps[0].makes_unknown


def test_a_refused_listing_is_no_empty_account(aws: FakeAws, bench: Bench):
    aws.fault("kms", "ListKeys", denied())
    reading = bench.read(kms.keys)
    assert reading.gaps[0].makes_unknown == ("key",)
    assert [(row.complete, row.count) for row in reading.coverage] == [(False, 0)]


def test_a_listing_that_breaks_off_keeps_what_came_before(aws: FakeAws, bench: Bench):
    keys_in(aws, tuple(FakeKey(key_id(n)) for n in range(25)), size=20)
    aws.fault("kms", "ListKeys", web_page(when=lambda call: "Marker" in call.params))
    reading = bench.read(kms.keys)
    assert len(reading.facts) == 20
    assert (reading.gaps[0].operation, reading.gaps[0].code) == ("ListKeys", "Unsupported")
    assert [(row.complete, row.count) for row in reading.coverage] == [(False, 20)]


def test_grants_to_services_and_their_constraints_are_kept(aws: FakeAws, bench: Bench):
    service = {
        "GrantId": "g" * 64,
        "GranteeServicePrincipal": "rds.amazonaws.com",
        "RetiringServicePrincipal": "rds.amazonaws.com",
        "IssuingAccount": f"arn:aws:iam::{ACCOUNT}:root",
        "Operations": ["Decrypt", "CreateGrant"],
        "Constraints": {"SourceArn": "arn:aws:rds:*", "EncryptionContextSubset": {"a": "b"}},
    }
    keys_in(aws, (FakeKey(key_id(1), grants=[service, a_grant(1)]),))
    grants = bench.read(kms.keys).facts[0].grants
    found = next(grant for grant in grants if grant.grantee_service)
    assert (found.grantee, found.grantee_service, found.source_arn) == (None, "rds.amazonaws.com", "arn:aws:rds:*")
    assert (found.context_subset, found.context_equals) == ({"a": "b"}, None)


def test_the_default_policy_is_asked_for_even_when_it_is_not_listed(aws: FakeAws, bench: Bench):
    keys_in(aws, (FakeKey(key_id(1)),))
    aws.answer("kms", "ListKeyPolicies", {"PolicyNames": [], "Truncated": False})
    assert [document.name for document in bench.read(kms.keys).facts[0].policies] == ["default"]


def test_aliases_come_in_one_listing_with_those_that_have_no_key_yet(aws: FakeAws, bench: Bench):
    stores_in(aws)
    reading = bench.read(key_stores.aliases)
    assert [(alias.name, alias.target_key_id) for alias in reading.facts] == [
        ("alias/pay", key_id(1)),
        ("alias/aws/s3", key_id(2)),
        ("alias/aws/ebs", None),
    ]
    assert reading.coverage[0].count == 3


def test_key_stores_of_both_types_with_their_errors(aws: FakeAws, bench: Bench):
    stores_in(aws)
    hsm, outside = bench.read(key_stores.key_stores).facts
    assert (hsm.type, hsm.connection_state, hsm.cluster_id) == ("AWS_CLOUDHSM", "CONNECTED", "cluster-1")
    assert (outside.type, outside.connection_error) == ("EXTERNAL_KEY_STORE", "XKS_PROXY_TIMED_OUT")
    assert outside.xks_uri_endpoint == "https://xks.example.com"


def test_an_endpoint_without_key_stores_is_a_gap(aws: FakeAws, bench: Bench):
    aws.fault("kms", "DescribeCustomKeyStores", web_page(500))
    reading = bench.read(key_stores.key_stores)
    assert (reading.gaps[0].code, reading.gaps[0].makes_unknown) == ("Unsupported", ("key-store",))
    assert not reading.coverage[0].complete


def test_an_invalid_state_is_an_answer_about_rotation(aws: FakeAws, bench: Bench):
    keys_in(aws, (FakeKey(key_id(1)),))
    for operation in ("GetKeyRotationStatus", "ListKeyRotations"):
        aws.fault("kms", operation, Fault(400, "KMSInvalidStateException"))
    reading = bench.read(kms.keys)
    assert (reading.facts[0].rotation, reading.facts[0].rotations, reading.gaps) == (None, (), [])


def test_policies_are_kept_as_the_text_that_aws_sent(aws: FakeAws, bench: Bench):
    text = '{ "Version":"2012-10-17" , "Statement" : [ ] }'
    keys_in(aws, (FakeKey(key_id(1), policies={"default": text}),))
    assert bench.read(kms.keys).facts[0].policies == (NamedDocument(name="default", document=text),)


def test_keys_come_in_the_order_of_the_listing_whatever_answers_first(aws: FakeAws, bench: Bench):
    keys_in(aws, tuple(FakeKey(key_id(n)) for n in range(14)), size=6)
    reading = bench.read(kms.keys, threads=8, fraction=1.0)
    assert [fact.id for fact in reading.facts] == [key_id(n) for n in range(14)]
    assert aws.calls["kms", "ListKeys"] == 3
    assert reading.coverage[0].count == 14


def test_the_short_way_and_boto3_read_the_same(aws: FakeAws, bench: Bench, monkeypatch: pytest.MonkeyPatch):
    keys_in(aws)
    aws.fault("kms", "GetKeyPolicy", denied(when=lambda call: call.params["KeyId"] == ARN + key_id(1)))
    quick = bench.read(kms.keys).items
    asked = aws.calls.copy()
    aws.calls.clear()
    monkeypatch.setattr(Clients, "is_quick", lambda *_: False)
    assert bench.read(kms.keys).items == quick
    assert aws.calls == asked


@pytest.mark.parametrize(
    "fault", [throttled(times=1), web_page(503, times=1), Fault(500, "KMSInternalException", times=1)]
)
def test_what_passes_by_itself_is_asked_again(aws: FakeAws, bench: Bench, fault: Fault):
    keys_in(aws)
    aws.fault("kms", "ListGrants", fault)
    reading = bench.read(kms.keys)
    assert reading.gaps == []
    assert len(reading.facts[0].grants) == 250


def test_the_last_use_of_a_key_comes_with_the_day_since_which_it_is_known(aws: FakeAws, bench: Bench):
    used = FakeKey(key_id(1), last_usage={"Operation": "Decrypt", "Timestamp": WHEN})
    keys_in(aws, (used, FakeKey(key_id(2))))
    once, never = bench.read(kms.keys).facts
    assert once.last_usage == LastUsage(at=WHEN, operation="Decrypt", tracked_since=TRACKED)
    assert never.last_usage == LastUsage(tracked_since=TRACKED)


def test_beyond_the_budget_of_open_questions_the_last_use_is_unread_without_being_a_gap(aws: FakeAws, bench: Bench):
    keys_in(aws, (FakeKey(key_id(0), {"KeyManager": "AWS"}), *(FakeKey(key_id(n)) for n in range(1, 6))))
    under_way = Event()

    def grants(call: Call) -> dict[str, Any]:
        if call.params["KeyId"].endswith(key_id(5)):
            under_way.set()
        return {"Grants": []}

    def slow_answer(call: Call) -> dict[str, Any]:
        assert under_way.wait(30)  # no question is answered before the last key was thought of
        return {"KeyLastUsage": {}, "TrackingStartDate": TRACKED}

    aws.answer("kms", "ListGrants", grants)
    aws.answer("kms", "GetKeyLastUsage", slow_answer)
    scope = bench.scope(threads=8, fraction=1.0, last_usage_budget=2)
    reading = Reading(list(kms.keys(scope)))
    assert aws.calls["kms", "GetKeyLastUsage"] == 2
    assert reading.gaps == []
    reasons = {fact.id: fact.unread.get("last_usage", "read") for fact in reading.facts}
    assert reasons[key_id(0)] == "the last use of AWS managed keys is not read"
    assert [reasons[key_id(n)] for n in (1, 2)] == ["read", "read"]
    assert {reasons[key_id(n)] for n in (3, 4, 5)} == {
        "kms:GetKeyLastUsage: 2 questions of the Region were open already (--last-usage-budget)"
    }


def test_while_few_questions_are_open_every_key_is_asked_for_its_last_use(aws: FakeAws, bench: Bench):
    keys_in(aws, tuple(FakeKey(key_id(n)) for n in range(5)))
    reading = Reading(list(kms.keys(bench.scope(last_usage_budget=1))))
    assert aws.calls["kms", "GetKeyLastUsage"] == 5
    assert [fact.last_usage for fact in reading.facts] == [LastUsage(tracked_since=TRACKED)] * 5


def test_a_budget_of_nothing_asks_for_no_last_use(aws: FakeAws, bench: Bench):
    keys_in(aws)
    list(kms.keys(bench.scope(last_usage_budget=0)))
    assert not aws.calls["kms", "GetKeyLastUsage"]

"""Every kind of live record under a plan: what is deleted is not there afterwards, what is forgotten stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args

import pytest
from msgspec import UNSET
from msgspec.structs import asdict
from tf_builder import ACCOUNT, REGION, PlanText

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.collect.terraform import PlanOptions, overlay
from scanner.collect.terraform.arns import arn_by_name
from scanner.collect.terraform.places import Where
from scanner.model.records import (
    AccountFact,
    AlarmFact,
    AliasFact,
    BackupFact,
    ClusterFact,
    EventRuleFact,
    EventStoreFact,
    Fact,
    GrantFact,
    HsmFact,
    KeyFact,
    KeyStoreFact,
    ManagedPolicyFact,
    MetricFilterFact,
    NamedDocument,
    PlanChange,
    PrincipalFact,
    Record,
    ResourceFact,
    Source,
    TrailFact,
)
from scanner.model.snapshot import Snapshot, snapshot_of

HERE: dict[str, Any] = {"account": ACCOUNT, "region": REGION}
GLOBAL: dict[str, Any] = {"account": ACCOUNT, "region": "aws-global"}
LIVE = Source(type="aws", started=datetime(2026, 10, 1, tzinfo=UTC), accounts=(ACCOUNT,), regions=(REGION,))
ALLOW = '{"Statement":[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}'
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0000"
CLUSTER = f"arn:aws:cloudhsm:{REGION}:{ACCOUNT}:cluster/cluster-1"


def arn(service: str, rest: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"


def iam(kind: str, name: str) -> str:
    return arn("iam", f"{kind}/{name}", "")


def principal(kind: Any, **facts: Any) -> PrincipalFact:
    own = {"arn": iam(kind, "x"), "id": "ID", "name": "x", "type": kind, "inline": (), "attached": ()}
    return PrincipalFact(**(GLOBAL | own | facts))


class Whole(NamedTuple):
    """A live record, and the resource that it is in Terraform."""

    record: Fact
    type: str
    attributes: dict[str, Any]


TRAIL = {"multi_region": True, "organization": False, "validation": True}
ALARM = arn("cloudwatch", "alarm:a")
RULE = arn("events", "rule/r")
EVENTS = arn("cloudtrail", "eventdatastore/1")

WHOLES = {
    "alias": Whole(
        AliasFact(**HERE, arn=arn("kms", "alias/x"), name="alias/x", target_key_id="0000"),
        "aws_kms_alias",
        {"arn": arn("kms", "alias/x"), "name": "alias/x", "target_key_id": "0000"},
    ),
    "key store": Whole(
        KeyStoreFact(**HERE, id="cks-1", name="s", connection_state="CONNECTED"),
        "aws_kms_custom_key_store",
        {"id": "cks-1", "custom_key_store_name": "s", "cloud_hsm_cluster_id": "cluster-1"},
    ),
    "cluster": Whole(
        ClusterFact(**HERE, arn=CLUSTER, id="cluster-1", state="ACTIVE"),
        "aws_cloudhsm_v2_cluster",
        {"cluster_id": "cluster-1", "id": "cluster-1", "hsm_type": "hsm2m.medium"},
    ),
    "user": Whole(principal("user"), "aws_iam_user", {"arn": iam("user", "x"), "name": "x"}),
    "group": Whole(principal("group"), "aws_iam_group", {"arn": iam("group", "x"), "name": "x"}),
    "role": Whole(principal("role"), "aws_iam_role", {"arn": iam("role", "x"), "name": "x"}),
    "managed policy": Whole(
        ManagedPolicyFact(**GLOBAL, arn=iam("policy", "p"), name="p", document=ALLOW),
        "aws_iam_policy",
        {"arn": iam("policy", "p"), "name": "p", "policy": ALLOW},
    ),
    "trail": Whole(
        TrailFact(**HERE, arn=arn("cloudtrail", "trail/t"), name="t", **TRAIL),
        "aws_cloudtrail",
        {"arn": arn("cloudtrail", "trail/t"), "name": "t", "s3_bucket_name": "b", "is_multi_region_trail": True},
    ),
    "event data store": Whole(
        EventStoreFact(**HERE, arn=EVENTS, name="e", status="ENABLED"),
        "aws_cloudtrail_event_data_store",
        {"arn": EVENTS, "id": EVENTS, "name": "e", "retention_period": 90},
    ),
    "metric filter": Whole(
        MetricFilterFact(**HERE, name="f", log_group="g", pattern="{ $.eventName = DisableKey }", metrics=("N/m",)),
        "aws_cloudwatch_log_metric_filter",
        {"id": "f", "name": "f", "log_group_name": "g", "pattern": "{ $.eventName = DisableKey }"},
    ),
    "alarm": Whole(
        AlarmFact(**HERE, arn=ALARM, name="a", metrics=("N/m",), actions=("arn:t",)),
        "aws_cloudwatch_metric_alarm",
        {"arn": ALARM, "alarm_name": "a", "namespace": "N", "metric_name": "m", "alarm_actions": ["arn:t"]},
    ),
    "composite alarm": Whole(
        AlarmFact(**HERE, arn=ALARM, name="a", rule='ALARM("b")', actions=("arn:t",)),
        "aws_cloudwatch_composite_alarm",
        {"arn": ALARM, "alarm_name": "a", "alarm_rule": 'ALARM("b")', "alarm_actions": ["arn:t"]},
    ),
    "event rule": Whole(
        EventRuleFact(**HERE, arn=RULE, name="r", pattern="{}", state="ENABLED", targets=("arn:t",)),
        "aws_cloudwatch_event_rule",
        {"arn": RULE, "name": "r", "event_bus_name": "default", "event_pattern": "{}", "state": "ENABLED"},
    ),
}

for row in ENCRYPTED_TYPES:
    for kind, attribute in row.terraform.items():
        own = arn_by_name(kind, "x", Where(ACCOUNT, REGION))
        WHOLES[kind] = Whole(
            ResourceFact(**HERE, arn=own, type=row.type, name="x", tags={"a": "b"}),
            kind,
            {attribute: "x", "id": "x"} if own.endswith("x") else {"arn": own},
        )

NEVER_IN_A_PLAN = {BackupFact, AccountFact, PlanChange}
"""Backups have no resource in Terraform; accounts are where the rest is."""
STAYS = {KeyFact}
"""A deleted key is pending deletion, and another test tells."""


class Part(NamedTuple):
    """A member of a live record, and the resource that it is in Terraform."""

    record: Fact
    type: str
    attributes: dict[str, Any]
    left: dict[str, Any]
    """The fields of the record after the member is gone."""


ATTACHED = iam("policy", "p")
GRANT = GrantFact(id="g", operations=("Decrypt",), grantee=iam("role", "x"))
HSM = HsmFact(id="hsm-1", state="ACTIVE", zone="eu-central-1a")
INLINE = {"name": "d", "policy": ALLOW}

PARTS = {
    "grant": Part(
        KeyFact(**HERE, arn=KEY, id="0000", manager="CUSTOMER", state="Enabled", grants=(GRANT,)),
        "aws_kms_grant",
        {"grant_id": "g", "key_id": "0000", "grantee_principal": GRANT.grantee, "operations": ["Decrypt"]},
        {"grants": ()},
    ),
    "hsm": Part(
        ClusterFact(**HERE, arn=CLUSTER, id="cluster-1", state="ACTIVE", hsms=(HSM,)),
        "aws_cloudhsm_v2_hsm",
        {"hsm_id": "hsm-1", "hsm_state": "ACTIVE", "cluster_id": "cluster-1", "availability_zone": "eu-central-1a"},
        {"hsms": ()},
    ),
    "event target": Part(
        EventRuleFact(**HERE, arn=RULE, name="r", pattern="{}", state="ENABLED", targets=("arn:t",)),
        "aws_cloudwatch_event_target",
        {"arn": "arn:t", "rule": "r", "event_bus_name": "default", "target_id": "t"},
        {"targets": ()},
    ),
    "membership": Part(
        principal("user", groups=("g", "h")),
        "aws_iam_user_group_membership",
        {"user": "x", "groups": ["g"]},
        {"groups": ("h",)},
    ),
    **{
        f"inline policy of a {kind}": Part(
            principal(kind, inline=(NamedDocument("d", ALLOW),)),
            f"aws_iam_{kind}_policy",
            INLINE | {kind: "x"},
            {"inline": ()},
        )
        for kind in ("user", "group", "role")
    },
    **{
        f"attachment to a {kind}": Part(
            principal(kind, attached=(ATTACHED,)),
            f"aws_iam_{kind}_policy_attachment",
            {"policy_arn": ATTACHED, kind: "x"},
            {"attached": ()},
        )
        for kind in ("user", "group", "role")
    },
    "attachment to several": Part(
        principal("role", attached=(ATTACHED,)),
        "aws_iam_policy_attachment",
        {"policy_arn": ATTACHED, "roles": ["x"], "users": [], "groups": []},
        {"attached": ()},
    ),
}


def after(record: Fact, kind: str, attributes: dict[str, Any], action: str) -> Snapshot:
    plan = PlanText().resource(f"{kind}.x", {}, actions=(action,), before=attributes)
    return overlay(snapshot_of(LIVE, [record]), plan.load(), PlanOptions("plan.json"))[1]


def own_records(record: Fact, snapshot: Snapshot) -> list[Record]:
    """What the estate after the plan has of the same kind and name."""
    name: Callable[[Any], str] = lambda one: getattr(one, "arn", None) or one.id  # noqa: E731
    return [one for one in snapshot.of(type(record)) if name(one) == name(record)]


def stated(record: Record) -> dict[str, Any]:
    """The fields that are known and not empty: the plan may fill in the others."""
    return {name: value for name, value in asdict(record).items() if value is not UNSET and value not in ((), None)}


def test_every_kind_of_record_is_in_these_tables() -> None:
    kinds = {type(whole.record) for whole in WHOLES.values()}
    assert kinds | STAYS | NEVER_IN_A_PLAN == set(get_args(Fact))


@pytest.mark.parametrize("case", WHOLES)
def test_what_the_plan_deletes_is_not_there_afterwards(case: str) -> None:
    assert own_records(WHOLES[case].record, after(*WHOLES[case], "delete")) == []


@pytest.mark.parametrize("case", WHOLES)
def test_what_the_plan_forgets_stays_as_it_is(case: str) -> None:
    record = WHOLES[case].record
    (found,) = own_records(record, after(*WHOLES[case], "forget"))
    assert stated(found) | stated(record) == stated(found)


@pytest.mark.parametrize("case", PARTS)
def test_a_part_that_the_plan_deletes_is_all_that_goes(case: str) -> None:
    part = PARTS[case]
    (found,) = own_records(part.record, after(part.record, part.type, part.attributes, "delete"))
    assert asdict(found) == asdict(part.record) | part.left


@pytest.mark.parametrize("case", PARTS)
def test_a_part_that_the_plan_forgets_stays(case: str) -> None:
    part = PARTS[case]
    (found,) = own_records(part.record, after(part.record, part.type, part.attributes, "forget"))
    assert asdict(found) == asdict(part.record)

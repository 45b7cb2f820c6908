"""What trails and event data stores record, from the API's answers to the verdicts of the rules about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fakes.aws import ACCOUNT, Call, FakeAws
from fakes.bench import Bench
from fakes.estate import REGION, FakeKey, key_id, keys_in

from scanner.collect import kms, trails
from scanner.graph.build import build
from scanner.model.records import Source
from scanner.model.rule import Outcome
from scanner.model.settings import Settings
from scanner.model.snapshot import snapshot_of
from scanner.rules.evaluate import evaluate
from scanner.rules.load import load_rules

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
NAMES = ("trail-excludes-kms-events", "trail-not-logging", "account-without-kms-trail")
RULES = [rule for rule in load_rules([Path(__file__).parents[2] / "policies"], Settings()) if rule.info.id in NAMES]
LETTERS = {Outcome.PASS: "P", Outcome.FAIL: "F", Outcome.NOT_APPLICABLE: "N", Outcome.NOT_ASSESSED: "U"}

KMS, RDS, OTHER = "kms.amazonaws.com", "rdsdata.amazonaws.com", "999988887777"
Field = dict[str, Any]
MANAGEMENT: Field = {"Field": "eventCategory", "Equals": ["Management"]}
DATA: Field = {"Field": "eventCategory", "Equals": ["Data"]}
NETWORK: Field = {"Field": "eventCategory", "Equals": ["NetworkActivity"]}
READS: Field = {"Field": "readOnly", "Equals": ["true"]}
WRITES: Field = {"Field": "readOnly", "Equals": ["false"]}
USUAL: dict[str, Any] = {
    "ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": [],
}  # fmt: skip
HERE: dict[str, Any] = {
    "TrailARN": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/t", "Name": "t", "HomeRegion": REGION,
    "IsMultiRegionTrail": True, "IsOrganizationTrail": False, "LogFileValidationEnabled": True, "S3BucketName": "b",
}  # fmt: skip
AWAY = {"TrailARN": f"arn:aws:cloudtrail:us-east-1:{OTHER}:trail/t", "HomeRegion": "us-east-1"}


def basic(*changes: Field) -> dict[str, Any]:
    return {"EventSelectors": [USUAL | change for change in changes]}


def advanced(*selectors: tuple[Field, ...]) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"Name": "n", "FieldSelectors": list(fields)} for fields in selectors]}


def source(**operators: list[str]) -> Field:
    return {"Field": "eventSource", **operators}


SELECTORS: dict[str, tuple[dict[str, Any], str]] = {
    "default": (basic({}), "PPP"),
    "none at all": ({"EventSelectors": []}, "PPP"),
    "management events off": (basic({"IncludeManagementEvents": False}), "NPF"),
    "reads": (basic({"ReadWriteType": "ReadOnly"}), "FPP"),
    "writes": (basic({"ReadWriteType": "WriteOnly"}), "FPP"),
    "without KMS": (basic({"ExcludeManagementEventSources": [KMS]}), "FPP"),
    "without the RDS Data API": (basic({"ExcludeManagementEventSources": [RDS]}), "PPP"),
    "without both": (basic({"ExcludeManagementEventSources": [KMS, RDS]}), "FPP"),
    "reads and writes apart": (basic({"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "WriteOnly"}), "PPP"),
    "with and without KMS": (basic({"ExcludeManagementEventSources": [KMS]}, {}), "PPP"),
    "advanced": (advanced((MANAGEMENT,)), "PPP"),
    "advanced without KMS": (advanced((MANAGEMENT, source(NotEquals=[KMS]))), "FPP"),
    "advanced without both": (advanced((MANAGEMENT, source(NotEquals=[KMS, RDS]))), "FPP"),
    "advanced without the RDS Data API": (advanced((MANAGEMENT, source(NotEquals=[RDS]))), "PPP"),
    "advanced reads": (advanced((MANAGEMENT, READS)), "FPP"),
    "advanced reads and writes apart": (advanced((MANAGEMENT, READS), (MANAGEMENT, WRITES)), "PPP"),
    "advanced data": (advanced((DATA,)), "NPF"),
    "advanced data and management": (advanced((DATA,), (MANAGEMENT,)), "PPP"),
    "network activity of KMS": (advanced((NETWORK, source(Equals=[KMS]))), "NPF"),
}
TRAILS: dict[str, tuple[dict[str, Any], bool, str]] = {
    "stopped": ({}, False, "PFP"),
    "of this Region": ({"IsMultiRegionTrail": False}, True, "PPP"),
    "of every Region, at home elsewhere": ({"HomeRegion": "us-east-1"}, True, "PPP"),
    "of the organisation, in another account": (AWAY | {"IsOrganizationTrail": True}, True, "PPP"),
}
STORES: dict[str, tuple[dict[str, Any], str]] = {
    "of management events": (advanced((MANAGEMENT,)), "P"),
    "without KMS": (advanced((MANAGEMENT, source(NotEquals=[KMS]))), "F"),
    "of configuration items": (advanced(({"Field": "eventCategory", "Equals": ["ConfigurationItem"]},)), "F"),
    "that takes nothing in": (advanced((MANAGEMENT,)) | {"Status": "STOPPED_INGESTION"}, "F"),
}


def verdicts(aws: FakeAws, bench: Bench) -> str:
    """A letter for each of NAMES; `-` where nothing is there to judge."""
    keys_in(aws, (FakeKey(key_id(1)),))
    scope = bench.scope()
    items = [item for collect in (kms.keys, trails.trails, trails.event_stores) for item in collect(scope)]
    where = Source(type="aws", started=AS_OF, accounts=(ACCOUNT,), regions=(REGION,))
    graph = build(snapshot_of(where, items), Settings())
    found = evaluate(RULES, graph.subjects, graph.unlisted, AS_OF, every=True).findings
    letters = {finding.rule: LETTERS[finding.outcome] for finding in found}
    return "".join(letters.get(name, "-") for name in NAMES)


def a_trail(aws: FakeAws, selectors: dict[str, Any], logging: bool = True, **changes: Any) -> None:
    aws.answer("cloudtrail", "DescribeTrails", {"trailList": [HERE | changes]})
    aws.answer("cloudtrail", "GetTrailStatus", {"IsLogging": logging})
    aws.answer("cloudtrail", "GetEventSelectors", selectors)


@pytest.mark.parametrize("name", SELECTORS)
def test_selectors_of_a_trail(aws: FakeAws, bench: Bench, name: str) -> None:
    selectors, expected = SELECTORS[name]
    a_trail(aws, selectors)
    assert verdicts(aws, bench) == expected


@pytest.mark.parametrize("name", TRAILS)
def test_trails(aws: FakeAws, bench: Bench, name: str) -> None:
    changes, logging, expected = TRAILS[name]
    a_trail(aws, basic({}), logging, **changes)
    assert verdicts(aws, bench) == expected


@pytest.mark.parametrize("name", STORES)
def test_event_data_stores(aws: FakeAws, bench: Bench, name: str) -> None:
    answer, expected = STORES[name]
    usual = {"Status": "ENABLED", "MultiRegionEnabled": True, "OrganizationEnabled": False, "RetentionPeriod": 2557}

    def store(call: Call) -> dict[str, Any]:
        return usual | answer | {"EventDataStoreArn": call.params["EventDataStore"]}

    arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:eventdatastore/1"
    aws.answer("cloudtrail", "DescribeTrails", {"trailList": []})
    aws.answer("cloudtrail", "ListEventDataStores", {"EventDataStores": [{"EventDataStoreArn": arn, "Name": "lake"}]})
    aws.answer("cloudtrail", "GetEventDataStore", store)
    assert verdicts(aws, bench) == f"--{expected}"


def test_nothing_records_anything(aws: FakeAws, bench: Bench) -> None:
    aws.answer("cloudtrail", "DescribeTrails", {"trailList": []})
    assert verdicts(aws, bench) == "--F"

"""How long logs are kept and locked."""

import pytest
from builders import ACCOUNT, REGION, a_resource, a_snapshot

from scanner.graph.build import build
from scanner.model.records import TrailFact
from scanner.model.settings import Settings
from scanner.model.unknown import Unknown

BUCKET_ARN = "arn:aws:s3:::logs"


def bucket(**facts):
    return a_resource("logs", "AWS::S3::Bucket", arn=BUCKET_ARN, **facts)


def trail(bucket_name="logs"):
    return TrailFact(
        account=ACCOUNT,
        region=REGION,
        arn="t",
        name="t",
        multi_region=True,
        organization=False,
        validation=True,
        bucket=bucket_name,
        logging=True,
        selectors=(),
        advanced_selectors=(),
    )


def graph_of(*items):
    return build(a_snapshot(*items), Settings())


@pytest.mark.parametrize(
    ("attributes", "days"),
    [
        ({"object_lock_mode": "COMPLIANCE", "object_lock_years": 7}, 2555),
        ({"object_lock_mode": "COMPLIANCE", "object_lock_days": 30}, 30),
        ({"object_lock_mode": "GOVERNANCE", "object_lock_years": 7}, 0),
        ({}, 0),
    ],
)
def test_only_compliance_mode_locks(attributes, days):
    assert graph_of(bucket(attributes=attributes)).resources[BUCKET_ARN].locked_days == days


def test_refused_object_lock_is_unknown():
    record = bucket(unread={"attributes.object_lock_mode": "s3:GetBucketObjectLockConfiguration AccessDenied"})
    locked = graph_of(record).resources[BUCKET_ARN].locked_days
    assert isinstance(locked, Unknown)


def test_refused_attribute_is_there_and_unknown():
    record = bucket(unread={"attributes.versioning": "refused"})
    attributes = graph_of(record).resources[BUCKET_ARN].attributes
    assert isinstance(attributes["versioning"], Unknown)


def test_trail_finds_its_bucket_or_says_why_not():
    assert graph_of(bucket(), trail()).trails["t"].log_bucket.name == "logs"
    assert "not scanned" in graph_of(trail()).trails["t"].log_bucket.reason

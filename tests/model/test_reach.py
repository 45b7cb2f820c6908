"""What a report speaks for: only where rule, place and listing were complete."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from report.samples import ACCOUNT, REGION, VOLUMES_GAP, a_finding, a_report, a_rule, a_source

from scanner.model.finding import Cut
from scanner.model.reach import LISTINGS, reach_of, unlisted_arn
from scanner.model.rule import SUBJECTS, Outcome, Severity, Variant

ROTATION = a_rule()
VOLUME = a_rule("volume-unencrypted", subject="resource")
COMPLETE = a_report(rules=(ROTATION, VOLUME))


def test_every_kind_of_subject_has_its_listing() -> None:
    assert set(LISTINGS) == set(SUBJECTS)


@pytest.mark.parametrize("region", [REGION, "us-east-1", "aws-global"])
def test_a_complete_report_speaks_for_the_places_it_read(region: str) -> None:
    assert reach_of(COMPLETE).covers(ROTATION.id, ACCOUNT, region)


def test_a_report_speaks_for_no_other_rule_account_or_region() -> None:
    reach = reach_of(COMPLETE)
    assert not reach.covers("another-rule", ACCOUNT, REGION)
    assert not reach.covers(ROTATION.id, "999999999999", REGION)
    assert not reach.covers(ROTATION.id, ACCOUNT, "sa-east-1")


@pytest.mark.parametrize(
    ("seen", "speaks"),
    [((), True), ((REGION,), True), ((REGION, "us-east-1"), True), ((REGION, "sa-east-1"), False)],
)
def test_a_report_speaks_for_what_was_seen_over_regions_that_it_read(seen: tuple[str, ...], speaks: bool) -> None:
    assert reach_of(COMPLETE).covers(ROTATION.id, ACCOUNT, REGION, seen) is speaks


def test_a_refused_listing_hides_its_own_kind_of_subject_in_its_own_place() -> None:
    reach = reach_of(replace(COMPLETE, gaps=(VOLUMES_GAP,)))
    assert not reach.covers(VOLUME.id, ACCOUNT, REGION)
    assert reach.covers(VOLUME.id, ACCOUNT, "us-east-1")
    assert reach.covers(ROTATION.id, ACCOUNT, REGION)


def test_a_listing_for_the_whole_account_hides_its_subjects_in_every_region() -> None:
    buckets = replace(VOLUMES_GAP, region="aws-global", makes_unknown=("resource:AWS::S3::Bucket",))
    reach = reach_of(replace(COMPLETE, gaps=(buckets,)))
    assert not reach.covers(VOLUME.id, ACCOUNT, REGION)


def test_a_refused_detail_of_one_resource_hides_no_resource() -> None:
    one = replace(VOLUMES_GAP, subject="arn:aws:ec2:eu-west-1:111122223333:volume/vol-1")
    assert reach_of(replace(COMPLETE, gaps=(one,))).covers(VOLUME.id, ACCOUNT, REGION)


def test_subjects_that_a_finding_says_could_not_be_listed_are_hidden() -> None:
    unlisted = a_finding(subject=unlisted_arn("key", ACCOUNT, REGION), outcome=Outcome.NOT_ASSESSED)
    assert not reach_of(replace(COMPLETE, findings=(unlisted,))).covers(ROTATION.id, ACCOUNT, REGION)


def test_an_interrupted_scan_speaks_for_nothing() -> None:
    stopped = replace(COMPLETE, source=a_source(interrupted=True))
    assert not reach_of(stopped).covers(ROTATION.id, ACCOUNT, REGION)


@pytest.mark.parametrize(
    ("cut", "speaks"),
    [
        (Cut(Severity.MEDIUM, (Outcome.FAIL, Outcome.NOT_ASSESSED)), True),
        (Cut(Severity.HIGH, (Outcome.FAIL, Outcome.NOT_ASSESSED)), False),
        (Cut(Severity.INFO, (Outcome.FAIL,)), False),
    ],
)
def test_a_listing_that_was_cut_speaks_for_what_it_still_lists(cut: Cut, speaks: bool) -> None:
    assert reach_of(replace(COMPLETE, cut=cut)).covers(ROTATION.id, ACCOUNT, REGION) is speaks


def test_a_rule_speaks_for_an_account_as_its_environment_sets_it() -> None:
    off = Variant("sandbox", (ACCOUNT,), Severity.MEDIUM, off="nothing to see")
    low = Variant("test", (ACCOUNT,), Severity.LOW)
    cut = Cut(Severity.MEDIUM, (Outcome.FAIL, Outcome.NOT_ASSESSED))
    for variant, limit, speaks in ((off, None, False), (low, cut, False), (low, None, True)):
        report = replace(COMPLETE, rules=(replace(ROTATION, variants=(variant,)),), cut=limit)
        assert reach_of(report).covers(ROTATION.id, ACCOUNT, REGION) is speaks


def test_a_plan_is_one_place_and_speaks_for_no_account() -> None:
    plan = replace(COMPLETE, source=a_source(type="terraform-plan", accounts=(), regions=()))
    assert reach_of(plan).covers_source(ROTATION.id, "", REGION)
    assert not reach_of(plan).covers(ROTATION.id, "", REGION)


def test_a_plan_of_a_part_does_not_even_speak_for_itself() -> None:
    part = replace(COMPLETE, source=a_source(type="terraform-plan", partial=("it was targeted",)))
    assert not reach_of(part).covers_source(ROTATION.id, ACCOUNT, REGION)


def test_a_plan_speaks_for_itself_and_not_for_the_account() -> None:
    reach = reach_of(replace(COMPLETE, source=a_source(type="terraform-plan")))
    assert not reach.covers(ROTATION.id, ACCOUNT, REGION)
    assert reach.covers_source(ROTATION.id, ACCOUNT, REGION)


def test_a_partial_plan_speaks_not_even_for_itself() -> None:
    reach = reach_of(replace(COMPLETE, source=a_source(type="terraform-plan", partial=("planning failed",))))
    assert not reach.covers_source(ROTATION.id, ACCOUNT, REGION)

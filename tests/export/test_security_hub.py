"""Security Hub holds what the report says: today, tomorrow, and where the scan could not look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from fakes.security_hub import FakeHub, Time
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from report.samples import ACCOUNT, AS_OF, REGION, VOLUMES_GAP, a_finding, a_report, a_rule, a_source

from scanner.export.clients import Place
from scanner.export.hub import BATCH_BYTES, BATCH_FINDINGS, HubError, batches, size_of
from scanner.export.security_hub import Exported, Timing, export
from scanner.model.finding import Finding, Report, WaiverNote
from scanner.model.reach import reach_of
from scanner.model.rule import Outcome
from scanner.report.asff import asff_findings

HERE = Place(ACCOUNT, REGION)
ROTATION, VOLUME = a_rule(), a_rule("volume-unencrypted", subject="resource")
WAIVER = WaiverNote("payments team", "replaced in January", date(2027, 1, 31), "PAY-1")


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def hub(time: Time) -> FakeHub:
    return FakeHub(HERE, time)


def night(number: int, *findings: Finding, **facts: Any) -> Report:
    at = AS_OF + timedelta(days=number)
    source = facts.pop("source", None) or a_source(started=at, finished=at, regions=(REGION,))
    return a_report(*findings, **{"source": source, "as_of": at, "rules": (ROTATION, VOLUME)} | facts)


def exported(report: Report, hub: FakeHub, connect: Callable[[Place], Any] | None = None, **how: Any) -> Exported:
    open_ones = [one for one in report.findings if one.outcome in (Outcome.FAIL, Outcome.NOT_ASSESSED)]
    return export(
        asff_findings(report, tuple(open_ones)),
        [hub.place],
        reach_of(report).covers,
        report.source.finished or report.source.started,
        connect or (lambda _: hub),
        Timing(hub.time.clock, hub.time.sleep),
        **how,
    )


def only(hub: FakeHub) -> dict[str, Any]:
    (finding,) = hub.findings.values()
    return finding


def at(number: int) -> str:
    return (AS_OF + timedelta(days=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_finding_arrives_once(hub: FakeHub) -> None:
    assert exported(night(0, a_finding()), hub) == Exported(created=1)
    assert (only(hub)["RecordState"], only(hub)["Compliance"]["Status"]) == ("ACTIVE", "FAILED")
    assert exported(night(0, a_finding()), hub) == Exported(unchanged=1)
    assert exported(night(1, a_finding()), hub) == Exported(unchanged=1)
    assert hub.sent == 1


def test_a_finding_that_says_something_else_is_updated_and_keeps_its_first_date(hub: FakeHub) -> None:
    exported(night(0, a_finding()), hub)
    assert exported(night(1, a_finding(message="rotation is still off")), hub) == Exported(updated=1)
    held = only(hub)
    assert "still off" in held["Description"]
    assert (held["CreatedAt"], held["FirstObservedAt"], held["UpdatedAt"]) == (at(0), at(0), at(1))


def test_dates_come_from_the_history(hub: FakeHub) -> None:
    seen = AS_OF - timedelta(days=40)
    exported(night(0, a_finding(first_seen=seen)), hub)
    assert only(hub)["CreatedAt"] == only(hub)["FirstObservedAt"] == at(-40)
    assert only(hub)["UpdatedAt"] == at(0)


def test_another_verdict_on_the_same_facts_is_newer_than_what_is_held(hub: FakeHub) -> None:
    exported(night(0, a_finding()), hub)
    assert exported(night(0, a_finding(message="other words")), hub) == Exported(updated=1)
    assert "other words" in only(hub)["Description"]
    assert exported(night(0, a_finding(message="other words")), hub) == Exported(unchanged=1)


def test_an_older_report_overwrites_and_archives_nothing(hub: FakeHub) -> None:
    exported(night(5, a_finding()), hub)
    assert exported(night(3, a_finding(message="old words")), hub) == Exported(stale=1)
    assert exported(night(3), hub) == Exported(stale=1)
    late_judgement = night(3, source=night(3).source, as_of=AS_OF + timedelta(days=9))
    assert exported(late_judgement, hub) == Exported(stale=1)
    assert only(hub)["RecordState"] == "ACTIVE"


def test_what_is_unchanged_is_sent_again_before_security_hub_forgets_it(hub: FakeHub) -> None:
    exported(night(0, a_finding()), hub)
    assert exported(night(29, a_finding()), hub) == Exported(unchanged=1)
    assert exported(night(31, a_finding()), hub) == Exported(updated=1)
    assert only(hub)["UpdatedAt"] == at(31)


def test_a_fixed_finding_is_archived_once_and_comes_back_when_it_fails_again(hub: FakeHub) -> None:
    exported(night(0, a_finding()), hub)
    assert exported(night(1), hub) == Exported(archived=1)
    assert only(hub)["RecordState"] == "ARCHIVED"
    assert exported(night(1), hub) == Exported()
    assert exported(night(2, a_finding()), hub) == Exported(updated=1)
    assert (only(hub)["RecordState"], only(hub)["CreatedAt"]) == ("ACTIVE", at(0))


PARTIAL = [
    pytest.param({"source": a_source(interrupted=True, finished=AS_OF + timedelta(days=1))}, id="stopped"),
    pytest.param({"source": a_source(accounts=("999999999999",), finished=AS_OF + timedelta(days=1))}, id="elsewhere"),
    pytest.param({"source": a_source(regions=("us-east-1",), finished=AS_OF + timedelta(days=1))}, id="other-region"),
    pytest.param({"rules": (ROTATION,)}, id="fewer-rules"),
    pytest.param({"gaps": (VOLUMES_GAP,)}, id="listing-refused"),
    pytest.param({"gaps": (msgspec.structs.replace(VOLUMES_GAP, region="aws-global"),)}, id="global-listing-refused"),
]


@pytest.mark.parametrize("facts", PARTIAL)
def test_a_partial_scan_archives_nothing_that_it_could_not_see(hub: FakeHub, facts: dict[str, Any]) -> None:
    exported(night(0, a_finding(VOLUME)), hub)
    assert exported(night(1, **facts), hub) == Exported()
    assert only(hub)["RecordState"] == "ACTIVE"


def test_what_was_seen_with_another_region_is_archived_only_with_it(hub: FakeHub) -> None:
    """A failure may rest on what another Region holds: a replica in PCI scope, a trail, an alarm."""

    def over(number: int, *regions: str) -> Report:
        return night(number, source=a_source(regions=regions, finished=AS_OF + timedelta(days=number)))

    exported(replace(over(0, REGION, "us-east-1"), findings=(a_finding(),)), hub)
    assert exported(over(1, REGION), hub) == Exported()
    assert exported(over(2, REGION, "us-east-1", "sa-east-1"), hub) == Exported(archived=1)


def test_the_regions_of_a_run_are_no_news(hub: FakeHub) -> None:
    exported(night(0, a_finding()), hub)
    wider = a_source(regions=(REGION, "us-east-1"), finished=AS_OF + timedelta(days=1))
    assert exported(night(1, a_finding(), source=wider), hub) == Exported(unchanged=1)


def test_findings_of_others_are_left_alone(hub: FakeHub) -> None:
    exported(night(0, a_finding()), hub)
    mine = only(hub)
    for change in ({"GeneratorId": "scanner/x"}, {"ProductArn": mine["ProductArn"] + "2"}):
        hub.findings[f"theirs-{change}"] = mine | change | {"Id": f"theirs-{change}"}
    assert exported(night(1), hub) == Exported(archived=1)


def test_a_verdict_that_cannot_be_told_any_more_is_not_available_and_not_archived(hub: FakeHub) -> None:
    exported(night(0, a_finding()), hub)
    unknown = a_finding(outcome=Outcome.NOT_ASSESSED, message="cannot tell", reasons=("kms:X AccessDenied in 1/eu",))
    assert exported(night(1, unknown), hub) == Exported(updated=1)
    assert only(hub)["Compliance"]["Status"] == "NOT_AVAILABLE"
    assert only(hub)["RecordState"] == "ACTIVE"


# --- waivers --------------------------------------------------------------------------------------


def test_a_waived_finding_is_suppressed_and_stays_failed(hub: FakeHub) -> None:
    hub.late = 2
    assert exported(night(0, a_finding(waiver=WAIVER)), hub) == Exported(created=1, suppressed=1)
    held = only(hub)
    assert (held["Workflow"]["Status"], held["Compliance"]["Status"]) == ("SUPPRESSED", "FAILED")
    assert "payments team" in held["Note"]["Text"]
    assert exported(night(1, a_finding(waiver=WAIVER)), hub) == Exported(unchanged=1)


def test_a_waiver_that_lapses_opens_the_finding_again(hub: FakeHub) -> None:
    exported(night(0, a_finding(waiver=WAIVER)), hub)
    assert exported(night(1, a_finding()), hub) == Exported(updated=1, reopened=1)
    assert only(hub)["Workflow"]["Status"] == "NEW"
    assert exported(night(2, a_finding()), hub) == Exported(unchanged=1)


def test_a_waiver_that_is_prolonged_is_told(hub: FakeHub) -> None:
    exported(night(0, a_finding(waiver=WAIVER)), hub)
    longer = replace(WAIVER, expires=date(2027, 6, 30))
    assert exported(night(1, a_finding(waiver=longer)), hub) == Exported(updated=1, suppressed=1)
    assert "2027-06-30" in only(hub)["Note"]["Text"]


def test_what_the_customer_suppressed_stays_suppressed(hub: FakeHub) -> None:
    exported(night(0, a_finding()), hub)
    only(hub).update(Workflow={"Status": "SUPPRESSED"}, Note={"Text": "we know", "UpdatedBy": "ana"})
    assert exported(night(1, a_finding()), hub) == Exported(unchanged=1)
    assert exported(night(2, a_finding(waiver=WAIVER)), hub) == Exported(updated=1)
    assert exported(night(3, a_finding()), hub) == Exported(updated=1)
    assert (only(hub)["Workflow"]["Status"], only(hub)["Note"]["Text"]) == ("SUPPRESSED", "we know")


def test_a_suppression_by_the_customer_after_a_lapse_stays(hub: FakeHub) -> None:
    exported(night(0, a_finding(waiver=WAIVER)), hub)
    exported(night(1, a_finding()), hub)
    only(hub)["Workflow"] = {"Status": "SUPPRESSED"}
    assert exported(night(2, a_finding()), hub) == Exported(unchanged=1)


def test_a_finding_that_never_shows_up_to_be_suppressed_is_reported(hub: FakeHub) -> None:
    hub.late = 99
    done = exported(night(0, a_finding(waiver=WAIVER)), hub)
    assert [(failure.code, failure.findings) for failure in done.failures] == [("FindingNotFound", 1)]


@pytest.mark.parametrize("status", ["NEW", "NOTIFIED", "RESOLVED"])
def test_what_the_customer_sets_while_a_waiver_holds_stays(hub: FakeHub, status: str) -> None:
    exported(night(0, a_finding(waiver=WAIVER)), hub)
    only(hub)["Workflow"] = {"Status": status}
    assert exported(night(1, a_finding(waiver=WAIVER)), hub) == Exported(unchanged=1)
    only(hub)["Note"] = {"Text": "we work on it", "UpdatedBy": "ana"}
    only(hub)["Workflow"] = {"Status": "NOTIFIED"}
    assert exported(night(2, a_finding(waiver=WAIVER)), hub) == Exported(unchanged=1)
    assert exported(night(3, a_finding()), hub) == Exported(updated=1)
    assert only(hub)["Workflow"]["Status"] == "NOTIFIED"


def test_a_suppression_that_did_not_arrive_is_asked_for_again(hub: FakeHub) -> None:
    hub.late = 99
    exported(night(0, a_finding(waiver=WAIVER)), hub)
    hub.late = 0
    assert exported(night(1, a_finding(waiver=WAIVER)), hub) == Exported(unchanged=1, suppressed=1)
    assert only(hub)["Workflow"]["Status"] == "SUPPRESSED"


# --- limits and refusals --------------------------------------------------------------------------


def many(count: int) -> list[Finding]:
    return [a_finding(subject=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number}") for number in range(count)]


def test_a_thousand_findings_go_in_ten_calls_and_are_archived_in_ten(hub: FakeHub) -> None:
    assert exported(night(0, *many(1000)), hub).created == 1000
    assert exported(night(1, *many(500)), hub) == Exported(unchanged=500, archived=500)
    assert [name for name, _ in hub.calls].count("batch_import_findings") == 15


def test_calls_keep_the_pace_that_aws_allows(hub: FakeHub) -> None:
    exported(night(0, *many(6000)), hub)
    times = [at for name, at in hub.calls if name == "batch_import_findings"]
    assert len(times) == 60
    assert times[29] == 0
    assert [round(later - earlier, 6) for earlier, later in pairwise(times[29:])] == [0.1] * 30


def test_what_is_throttled_is_sent_again(hub: FakeHub) -> None:
    hub.throttles = 4
    assert exported(night(0, a_finding()), hub) == Exported(created=1)
    assert len(hub.findings) == 1
    assert hub.time.now >= 1 + 2 + 4 + 8


def test_what_is_throttled_for_ever_is_reported(hub: FakeHub) -> None:
    hub.throttles = 99
    (failure,) = exported(night(0, *many(3)), hub).failures
    assert (failure.code, failure.findings) == ("LimitExceededException", 3)


def test_a_finding_that_is_refused_is_reported_and_the_others_arrive(hub: FakeHub) -> None:
    first, second = asff_findings(report := night(0, *many(2)), report.findings)
    hub.refused[first["Id"]] = "InvalidInput"
    (failure,) = exported(report, hub).failures
    assert (failure.id, failure.code, failure.findings) == (first["Id"], "InvalidInput", 1)
    assert list(hub.findings) == [second["Id"]]


def test_where_security_hub_is_off_the_findings_are_reported_and_other_places_get_theirs(hub: FakeHub) -> None:
    off = FakeHub(Place(ACCOUNT, "us-east-1"), hub.time)
    off.enabled = False
    report = night(0, a_finding(), a_finding(region="us-east-1"), source=a_source())
    done = exported(report, hub, lambda place: {hub.place: hub, off.place: off}[place])
    assert [(one.place, one.code, one.findings) for one in done.failures] == [
        ("111122223333/us-east-1", "InvalidAccessException", 1)
    ]
    assert len(hub.findings) == 1


def test_where_security_hub_is_off_and_nothing_is_to_be_sent_nothing_is_missing(hub: FakeHub) -> None:
    hub.enabled = False
    assert exported(night(0), hub) == Exported()


def test_a_batch_that_is_refused_as_a_whole_costs_its_own_findings(hub: FakeHub) -> None:
    hub.broken = 2
    failures = exported(night(0, *many(250)), hub).failures
    assert {failure.code for failure in failures} == {"InternalException"}
    assert (sum(failure.findings for failure in failures), len(hub.findings)) == (100, 150)


def test_throttling_for_good_in_the_middle_costs_what_was_not_sent(hub: FakeHub) -> None:
    hub.throttled_after = 1
    failures = exported(night(0, *many(450)), hub).failures
    assert {failure.code for failure in failures} == {"LimitExceededException"}
    assert (sum(failure.findings for failure in failures), len(hub.findings)) == (350, 100)
    assert hub.time.now < 300


def test_an_account_that_cannot_be_reached_costs_its_own_findings(hub: FakeHub) -> None:
    def connect(place: Place) -> FakeHub:
        if place != hub.place:
            raise HubError("AccessDenied", "not allowed to assume the role")
        return hub

    done = exported(night(0, a_finding(), a_finding(account="999999999999")), hub, connect)
    assert [(one.place, one.code) for one in done.failures] == [("999999999999/eu-west-1", "AccessDenied")]
    assert len(hub.findings) == 1


def test_a_finding_of_no_account_is_reported(hub: FakeHub) -> None:
    (failure,) = exported(night(0, a_finding(account="unknown")), hub).failures
    assert (failure.code, failure.place) == ("InvalidAccount", "unknown/eu-west-1")


def test_a_dry_run_sends_nothing(hub: FakeHub) -> None:
    exported(night(0, a_finding(), a_finding(VOLUME)), hub)
    done = exported(night(1, a_finding(waiver=WAIVER)), hub, dry_run=True)
    assert done == Exported(updated=1, archived=1, suppressed=1)
    assert {name for name, _ in hub.calls[-1:]} == {"get_findings"}
    assert {one["RecordState"] for one in hub.findings.values()} == {"ACTIVE"}


@given(st.lists(st.integers(1, 260_000), max_size=300))
def test_batches_keep_every_finding_in_order_within_the_limits(sizes: list[int]) -> None:
    findings = [{"Id": "x" * size} for size in sizes]
    made = list(batches(findings))
    assert [finding for batch in made for finding in batch] == findings
    for batch in made:
        assert len(batch) <= BATCH_FINDINGS
        assert len(batch) == 1 or sum(map(size_of, batch)) <= BATCH_BYTES
    for batch, after in pairwise(made):
        assert len(batch) == BATCH_FINDINGS or sum(map(size_of, batch)) + size_of(after[0]) > BATCH_BYTES


def test_a_finding_that_is_too_large_is_reported_and_not_sent(hub: FakeHub) -> None:
    huge = next(asff_findings(report := night(0, a_finding()), report.findings)) | {"Description": "x" * 240_000}
    done = export([huge], [HERE], reach_of(report).covers, AS_OF, lambda _: hub, Timing(hub.time.clock, hub.time.sleep))
    assert [failure.code for failure in done.failures] == ["TooLarge"]
    assert hub.sent == 0

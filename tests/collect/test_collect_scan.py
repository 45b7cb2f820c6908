"""A whole scan: who may start one, what each refused call costs, what is asked of AWS, and how it ends early."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import boto3
import msgspec
import pytest
from fakes.aws import ACCOUNT, FakeAws, Fault, denied, throttled, web_page
from fakes.bench import Reading, VirtualClock
from fakes.estate import REGION, FakeKey, everything_in, key_id, keys_in
from moto import mock_aws
from moto.server import ThreadedMotoServer

from scanner.catalog import quotas
from scanner.catalog.permissions import iam_action
from scanner.collect.aws import ScanOptions, scan
from scanner.collect.collectors import COLLECTORS, Row, calls, permissions
from scanner.errors import CredentialsError, IncompleteError, SourceError, UsageError
from scanner.model.records import Item, KeyFact, Source

START = datetime(2026, 11, 22, tzinfo=UTC)
FAST = 1.0
OWN = tuple(row for row in COLLECTORS if "resources" not in row.name)
"""The collectors without the table of resource types, which has tests of its own."""


class Kept:
    """A sink that keeps everything, and can act when it has seen enough."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._lock = Lock()

    def add(self, item: Item) -> None:
        with self._lock:
            self.items.append(item)

    @property
    def reading(self) -> Reading:
        return Reading(list(self.items))


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake answers at once, so nothing is gained by waiting for AWS's quotas."""
    for name in quotas.QUOTAS:
        monkeypatch.setitem(quotas.QUOTAS, name, quotas.Quota(10_000))


def moments() -> Any:
    steps = iter(START + timedelta(seconds=n) for n in range(10))
    return lambda: next(steps)


def scanned(collectors: tuple[Row, ...] = OWN, progress: Any = None, **options: Any) -> tuple[Source, Reading]:
    sink = Kept()
    source = scan(ScanOptions(**{"quota_fraction": FAST} | options), sink, progress, moments(), collectors)
    return source, sink.reading


def test_the_source_says_who_read_what_and_when(aws: FakeAws):
    everything_in(aws)
    source, reading = scanned(regions=(REGION, "us-east-1"))
    assert source.caller == f"arn:aws:iam::{ACCOUNT}:user/auditor"
    assert (source.accounts, source.regions, source.endpoint) == ((ACCOUNT,), (REGION, "us-east-1"), None)
    assert (source.started, source.finished) == (START, START + timedelta(seconds=1))
    assert source.interrupted is False
    assert reading.gaps == []
    assert all(row.complete for row in reading.coverage)


def test_a_scan_reads_the_same_twice(aws: FakeAws):
    everything_in(aws)

    def once() -> list[bytes]:
        return sorted(msgspec.json.encode(item) for item in scanned()[1].items)

    assert once() == once()


def test_everything_that_a_scan_yields_can_be_read_back(aws: FakeAws):
    everything_in(aws)
    _, reading = scanned()
    encoded = msgspec.json.encode(reading.items)
    assert msgspec.json.decode(encoded, type=list[Item]) == reading.items


def test_every_listing_has_its_coverage_row_in_each_scope(aws: FakeAws):
    everything_in(aws)
    regions = (REGION, "us-east-1")
    _, reading = scanned(regions=regions)
    expected = {
        (word, region)
        for row in OWN
        for word in row.provides
        for region in (regions if row.where == "regional" else ("aws-global",))
    }
    assert {(word, row.region) for row in reading.coverage for word in row.provides} == expected


def test_a_scan_asks_exactly_what_its_permissions_say(aws: FakeAws):
    everything_in(aws)
    declared = {call for row in OWN for call in row.calls} | {("sts", "GetCallerIdentity"), ("ec2", "DescribeRegions")}
    aws.answer("ec2", "DescribeRegions", {"Regions": [{"RegionName": REGION}]})
    scanned(regions=("all",))
    assert set(aws.calls) == declared <= set(calls())
    assert {iam_action(*call) for call in aws.calls} <= set(permissions())


def test_every_call_of_a_scan_only_reads():
    reads = ("Get", "List", "Describe", "BatchGet")
    assert [operation for _, operation in calls() if not operation.startswith(reads)] == []
    assert ("secretsmanager", "GetSecretValue") not in calls()


DECLARED = sorted({call for row in OWN for call in row.calls})


@pytest.fixture(scope="module")
def whole() -> dict[Any, Any]:
    """Every fact of the estate when nothing is refused, by what it is about."""
    with FakeAws() as aws:
        everything_in(aws)
        return {identity(fact): fact for fact in scanned()[1].facts}


def identity(fact: Any) -> tuple[Any, ...]:
    return type(fact), getattr(fact, "arn", None), getattr(fact, "id", None)


@pytest.mark.parametrize(("service", "operation"), DECLARED, ids=lambda part: part)
@pytest.mark.parametrize("fault", [denied(), web_page(500)], ids=["denied", "web page"])
def test_each_refused_call_becomes_a_gap_and_the_scan_goes_on(
    whole: dict[Any, Any], aws: FakeAws, service: str, operation: str, fault: Fault
):
    everything_in(aws)
    aws.fault(service, operation, fault)
    _, reading = scanned()
    assert {(gap.service, gap.operation) for gap in reading.gaps} == {(service, operation)}
    assert all(gap.makes_unknown for gap in reading.gaps)
    assert len(reading.facts) == len(whole) or not all(row.complete for row in reading.coverage)
    reasons = {gap.reason() for gap in reading.gaps}
    for fact in reading.facts:
        for field in set(fact.__struct_fields__) - {"unread"}:
            now, then = getattr(fact, field), getattr(whole[identity(fact)], field)
            if now != then and then is not msgspec.UNSET:
                assert now is msgspec.UNSET, f"`{field}` changed although it was not read"
                assert fact.unread[field] in reasons


def test_throttling_is_waited_out(aws: FakeAws):
    everything_in(aws)
    for operation in ("ListGrants", "DescribeKey", "ListKeys"):
        aws.fault("kms", operation, throttled(times=2))
    _, reading = scanned()
    assert reading.gaps == []


def test_an_answer_without_what_it_must_have_is_a_gap_of_that_collector(aws: FakeAws):
    everything_in(aws)
    aws.answer("kms", "ListAliases", {"Aliases": [{"AliasName": "alias/nameless"}], "Truncated": False})
    _, reading = scanned()
    (gap,) = reading.gaps
    assert (gap.operation, gap.code, gap.makes_unknown) == ("ListAliases", "Unreadable", ("alias",))
    assert [row.complete for row in reading.coverage if row.provides == ("alias",)] == [False]


def test_expired_credentials_keep_what_was_read_and_say_so_once_for_each_call(aws: FakeAws):
    everything_in(aws)
    keys_in(aws, tuple(FakeKey(key_id(n)) for n in range(40)))
    aws.fault("kms", "ListGrants", Fault(400, "ExpiredTokenException"))
    _, reading = scanned()
    assert {gap.code for gap in reading.gaps} == {"ExpiredToken"}
    said = [(gap.service, gap.operation, gap.region, gap.makes_unknown) for gap in reading.gaps]
    assert len(said) == len(set(said))
    assert len([fact for fact in reading.facts if isinstance(fact, KeyFact)]) == 40


def test_an_interrupted_scan_keeps_what_was_read_and_says_what_was_not(aws: FakeAws):
    everything_in(aws)
    keys_in(aws, tuple(FakeKey(key_id(n)) for n in range(400)))

    def ask(call: Any) -> dict[str, Any]:
        if call.params["KeyId"].endswith("30"):
            os.kill(os.getpid(), signal.SIGINT)
        return {"Grants": [], "Truncated": False}

    aws.answer("kms", "ListGrants", ask)
    source, reading = scanned()
    assert source.interrupted is True
    cut = [gap for gap in reading.gaps if gap.code == "Interrupted"]
    assert ("key",) in {gap.makes_unknown for gap in cut}
    assert [row.complete for row in reading.coverage if row.provides == ("key",)] == [False]
    assert len([fact for fact in reading.facts if isinstance(fact, KeyFact)]) < 400


def test_a_fault_in_a_collector_is_not_hidden(aws: FakeAws):
    everything_in(aws)

    def broken(call: Any) -> dict[str, Any]:
        raise ZeroDivisionError

    aws.answer("kms", "ListAliases", broken)
    with pytest.raises(ZeroDivisionError):
        scanned()


def test_progress_ends_with_every_collector_done(aws: FakeAws):
    everything_in(aws)
    seen: list[tuple[int, int, int, str]] = []
    scanned(progress=lambda *step: seen.append(step))
    done, total, records, label = seen[-1]
    assert done == total > 0
    assert records > 0
    assert label.count(" in ") == 1


def test_no_credentials_end_the_scan_in_one_line(aws: FakeAws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialsError, match="no AWS credentials found") as caught:
        scanned()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "ExpiredToken", "SignatureDoesNotMatch"])
def test_credentials_that_aws_does_not_accept_end_the_scan_in_one_line(aws: FakeAws, code: str):
    aws.fault("sts", "GetCallerIdentity", Fault(403, code))
    with pytest.raises(CredentialsError, match=f"does not accept the credentials: {code}") as caught:
        scanned()
    assert "\n" not in str(caught.value)


def test_an_endpoint_that_is_not_aws_is_no_matter_of_credentials(aws: FakeAws):
    aws.fault("sts", "GetCallerIdentity", web_page(404))
    with pytest.raises(SourceError, match="does not answer"):
        scanned()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "profile": ({"profile": "nobody"}, "unknown profile `nobody`"),
    "region": ({"regions": ("eu-wset-1",)}, "unknown Region `eu-wset-1`; did you mean `eu-west-1`?"),
    "role": ({"role_arn": "auditor"}, "`auditor` is not the ARN of a role"),
    "fraction": ({"quota_fraction": 1.5}, "at most 1, not `1.5`"),
    "nothing": ({"quota_fraction": 0.0}, "above 0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_name_is_told_before_anything_is_asked(aws: FakeAws, case: str):
    options, message = WRONG[case]
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        scanned(**options)
    assert not aws.calls


@pytest.mark.parametrize("url", ["localhost:5000", "ftp://localhost", "http://", "https:///kms", "http://h:x"])
def test_an_endpoint_that_is_no_web_address_is_a_wrong_name(aws: FakeAws, url: str):
    with pytest.raises(UsageError, match=f"`{url}` is no endpoint; write it as `http"):
        scanned(endpoint_url=url)
    assert not aws.calls


def test_without_any_region_the_scan_does_not_guess_one(aws: FakeAws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(UsageError, match="no Region"):
        scanned()


def test_all_regions_are_those_that_are_enabled(aws: FakeAws):
    everything_in(aws)
    aws.answer("ec2", "DescribeRegions", {"Regions": [{"RegionName": "us-west-2"}, {"RegionName": REGION}]})
    assert scanned(regions=("all",))[0].regions == (REGION, "us-west-2")


def test_regions_that_cannot_be_listed_are_asked_for_by_name(aws: FakeAws):
    aws.fault("ec2", "DescribeRegions", Fault(403, "UnauthorizedOperation"))
    with pytest.raises(IncompleteError, match="name each with --region"):
        scanned(regions=("all",))


def test_an_assumed_role_scans_its_own_account(aws: FakeAws):
    everything_in(aws)
    expiry = datetime.now(UTC) + timedelta(hours=1)
    other = {"AccessKeyId": "AKIA444455556666", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": expiry}
    aws.answer("sts", "AssumeRole", {"Credentials": other})
    source, reading = scanned(role_arn="arn:aws:iam::444455556666:role/auditor", external_id="e-1")
    assert source.accounts == ("444455556666",)
    assert {fact.account for fact in reading.facts} == {"444455556666"}
    asked = next(call for call in aws.log if call.operation == "AssumeRole")
    assert asked.params["ExternalId"] == "e-1"


def test_a_role_that_may_not_be_assumed_is_a_matter_of_credentials(aws: FakeAws):
    aws.fault("sts", "AssumeRole", Fault(403, "AccessDenied"))
    with pytest.raises(CredentialsError, match="cannot assume the role `arn:aws:iam::444455556666:role/x`"):
        scanned(role_arn="arn:aws:iam::444455556666:role/x")


@pytest.fixture
def moto_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)


def make_estate(endpoint: str | None = None) -> str:
    def client(service: str) -> Any:
        return boto3.client(service, region_name=REGION, endpoint_url=endpoint)

    kms = client("kms")
    key = kms.create_key(Tags=[{"TagKey": "pci", "TagValue": "true"}])["KeyMetadata"]
    kms.create_alias(AliasName="alias/pay", TargetKeyId=key["KeyId"])
    kms.enable_key_rotation(KeyId=key["KeyId"])
    role = client("iam").create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps({"Statement": []}))["Role"]
    kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=role["Arn"], Operations=["Decrypt"])
    return str(key["Arn"])


def check_estate(reading: Reading, arn: str) -> None:
    key = next(fact for fact in reading.facts if isinstance(fact, KeyFact) and fact.arn == arn)
    assert (key.tags, key.rotation.enabled, [grant.operations for grant in key.grants]) == (
        {"pci": "true"},
        True,
        [("Decrypt",)],
    )
    assert "Unsupported" in {gap.code for gap in reading.gaps if gap.operation == "DescribeCustomKeyStores"}


def test_what_moto_was_given_comes_back(moto_account: None):
    with mock_aws():
        arn = make_estate()
        check_estate(scanned()[1], arn)


def test_an_endpoint_of_ones_own_is_scanned_over_http(moto_account: None, clock: VirtualClock):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        arn = make_estate(url)
        source, reading = scanned(endpoint_url=url)
    finally:
        server.stop()
    assert source.endpoint == url
    check_estate(reading, arn)


def test_gaps_are_told_apart_by_region(aws: FakeAws):
    everything_in(aws)
    aws.fault("kms", "ListKeys", denied(when=lambda call: call.region == "us-east-1"))
    _, reading = scanned(regions=(REGION, "us-east-1"))
    assert [(gap.region, gap.makes_unknown) for gap in reading.gaps] == [("us-east-1", ("key",))]

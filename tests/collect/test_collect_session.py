"""The scope that every collector reads through: pages, refusals, accounts, order, quotas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from fakes.aws import ACCOUNT, FakeAws, Fault, Quota, denied, throttled, web_page
from fakes.bench import Bench, VirtualClock
from fakes.estate import REGION, key_id, keys_in
from hypothesis import given
from hypothesis import strategies as st

from scanner.catalog.quotas import Quota as Budget
from scanner.collect.collectors import calls
from scanner.collect.models import DeclaredModels, model_loader
from scanner.collect.paging import paging_of
from scanner.collect.refused import Refused
from scanner.collect.session import GLOBAL
from scanner.collect.throttle import Bucket
from scanner.collect.workers import Workers

OTHER = "444455556666"
LISTINGS = (
    ("kms", "list_keys", "ListKeys", "Keys", "KeyId"),
    ("rds", "describe_db_instances", "DescribeDBInstances", "DBInstances", "DBInstanceIdentifier"),
    ("ec2", "describe_volumes", "DescribeVolumes", "Volumes", "VolumeId"),
    ("s3", "list_buckets", "ListBuckets", "Buckets", "Name"),
    ("logs", "describe_log_groups", "DescribeLogGroups", "logGroups", "logGroupName"),
    ("dynamodb", "list_tables", "ListTables", "TableNames", None),
)


@pytest.mark.parametrize(("service", "operation", "api", "member", "name"), LISTINGS, ids=lambda part: str(part))
def test_every_protocol_pages_to_the_end(
    aws: FakeAws, bench: Bench, service: str, operation: str, api: str, member: str, name: str | None
):
    names = [f"{n:03d}" for n in range(25)]
    aws.pages(service, api, member, [{name: n} if name else n for n in names], size=10)
    pages = list(bench.scope().pages(service, operation))
    assert [item[name] if name else item for page in pages for item in page[member]] == names
    assert aws.calls[service, api] == 3


def test_the_largest_page_that_aws_allows_is_asked_for(aws: FakeAws, bench: Bench):
    scope = bench.scope()
    for service, operation in (("kms", "list_keys"), ("kms", "list_aliases"), ("cloudhsmv2", "describe_clusters")):
        list(scope.pages(service, operation))
    list(scope.pages("kms", "list_grants", KeyId="k", Limit=7))
    sizes = [call.params.get("Limit", call.params.get("MaxResults")) for call in aws.log]
    assert sizes == [1000, 100, 25, 7]


def test_an_operation_without_a_paginator_is_followed_by_its_token(aws: FakeAws, bench: Bench):
    aws.answer(
        "events",
        "ListEventBuses",
        lambda call: (
            {"EventBuses": [{"Name": "a"}], "NextToken": "t"}
            if "NextToken" not in call.params
            else {"EventBuses": [{"Name": "b"}]}
        ),
    )
    pages = list(bench.scope().pages("events", "list_event_buses"))
    assert [bus["Name"] for page in pages for bus in page["EventBuses"]] == ["a", "b"]


def test_a_listing_that_says_more_without_a_token_is_refused(aws: FakeAws, bench: Bench):
    aws.answer("kms", "ListKeys", {"Keys": [], "Truncated": True})
    with pytest.raises(Refused, match=r"Unreadable.*no page token"):
        list(bench.scope().pages("kms", "list_keys"))


def test_a_token_that_leads_nowhere_is_refused(aws: FakeAws, bench: Bench):
    aws.answer("kms", "ListKeys", {"Keys": [], "Truncated": True, "NextMarker": "again"})
    with pytest.raises(Refused, match="repeats the page token"):
        list(bench.scope().pages("kms", "list_keys"))


@given(st.lists(st.text(min_size=1, max_size=3), unique=True, max_size=6))
def test_tokens_are_followed_one_by_one_whatever_they_look_like(tokens: list[str]):
    paging = paging_of("kms", _model("kms", "ListKeys"), _paginator("kms", "ListKeys"))
    last: dict[str, Any] = {}
    seen = []
    for token in [*tokens, None]:
        last = paging.following({"Truncated": token is not None, "NextMarker": token}, last)
        seen.append(last.get("Marker"))
    assert seen == [*tokens, None]


def _model(service: str, operation: str) -> Any:
    return _core().get_service_model(service).operation_model(operation)


def _paginator(service: str, operation: str) -> dict[str, Any]:
    return dict(_core().get_paginator_model(service).get_paginator(operation))


def _core(cached: list[Any] = []) -> Any:  # noqa: B006  (one botocore session for all examples)
    if not cached:
        import botocore.session

        cached.append(botocore.session.Session())
    return cached[0]


HTML = "<html><body>sign in to the network</body></html>"
REFUSALS = {
    "denied": (denied(), "AccessDeniedException"),
    "a web page instead of an error": (web_page(500), "Unsupported"),
    "a web page that says not found": (web_page(404), "Unsupported"),
    "a web page instead of an answer": (Fault(200, body=HTML), "Unreadable"),
    "a broken gateway": (web_page(503), "Unreadable"),
    "half an answer": (Fault(200, body='{"Keys": [{"KeyId": "a"}'), "Unreadable"),
    "an error without a code": (Fault(500, code=""), "Unreadable"),
    "an unknown operation": (Fault(400, "UnknownOperationException"), "Unsupported"),
    "an expired token": (Fault(400, "ExpiredTokenException"), "ExpiredToken"),
    "too fast, again and again": (throttled(), "ThrottlingException"),
    "no answer": (Fault(error=ReadTimeoutError(endpoint_url="x")), "Timeout"),
    "no connection in time": (Fault(error=ConnectTimeoutError(endpoint_url="x")), "Timeout"),
    "no connection": (Fault(error=EndpointConnectionError(endpoint_url="x", error="x")), "Unreachable"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_no_answer_is_refused_with_a_clear_code(aws: FakeAws, bench: Bench, case: str):
    fault, code = REFUSALS[case]
    aws.fault("kms", "ListKeys", fault)
    with pytest.raises(Refused) as caught:
        bench.scope().call("kms", "list_keys")
    assert (caught.value.service, caught.value.operation, caught.value.code) == ("kms", "ListKeys", code)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("service", ["sqs", "ec2", "s3", "iam", "rds", "logs"])
def test_a_web_page_is_refused_in_every_protocol(aws: FakeAws, bench: Bench, service: str):
    operation = {
        "sqs": "list_queues",
        "ec2": "describe_volumes",
        "s3": "list_buckets",
        "iam": "get_account_authorization_details",
        "rds": "describe_db_instances",
        "logs": "describe_log_groups",
    }[service]
    scope = bench.scope()
    api = scope._api_name(service, operation)
    for status in (200, 404, 500):
        aws.fault(service, api, web_page(status, times=1))
        with pytest.raises(Refused) as caught:
            scope.call(service, operation)
        assert caught.value.code in {"Unreadable", "Unsupported"}


@pytest.mark.parametrize("body", ["<a>\x1b[31m</a>", "<a>", "not xml"], ids=["escape", "cut", "text"])
@pytest.mark.parametrize(
    ("service", "operation", "api"),
    [
        ("ec2", "describe_volumes", "DescribeVolumes"),
        ("s3", "list_buckets", "ListBuckets"),
        ("iam", "get_account_authorization_details", "GetAccountAuthorizationDetails"),
    ],
)
def test_an_answer_that_is_no_xml_is_refused(
    aws: FakeAws, bench: Bench, service: str, operation: str, api: str, body: str
):
    aws.fault(service, api, Fault(200, body=body))
    with pytest.raises(Refused, match="Unreadable") as caught:
        bench.scope().call(service, operation)
    assert len(caught.value.message) <= 300


@pytest.mark.parametrize("service", ["rds", "s3", "kms"])
def test_the_errors_of_a_service_are_known_although_few_of_its_operations_are(service: str):
    model = ServiceModel(model_loader(None).load_service_model(service, "service-2"))
    assert all(shape.type_name == "structure" for shape in model.error_shapes)


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidParameterValue"])
def test_an_error_of_a_service_whose_model_botocore_amends_is_refused(aws: FakeAws, bench: Bench, code: str):
    aws.fault("rds", "DescribeDBClusters", Fault(403, code))
    with pytest.raises(Refused, match=code):
        bench.scope().call("rds", "describe_db_clusters")


def test_what_botocore_does_not_know_is_unsupported(bench: Bench):
    for service, operation in (("kms", "make_coffee"), ("coffee", "make")):
        with pytest.raises(Refused, match="Unsupported"):
            bench.scope().call(service, operation)


def test_a_gap_names_the_permission_only_when_one_is_missing(bench: Bench):
    scope = bench.scope()
    denied_gap = scope.gap(Refused("s3", "GetBucketEncryption", "AccessDenied"), subject="b", makes_unknown=("x",))
    assert denied_gap.action == "s3:GetEncryptionConfiguration"
    assert denied_gap.reason() == f"s3:GetEncryptionConfiguration AccessDenied in {ACCOUNT}/{REGION}"
    assert scope.gap(Refused("kms", "ListKeys", "Timeout")).action is None


def test_one_client_serves_two_accounts_and_never_mixes_them(aws: FakeAws, bench: Bench):
    def described(call: Any) -> dict[str, Any]:
        return {"KeyMetadata": {"KeyId": call.params["KeyId"], "AWSAccountId": call.account}}

    aws.answer("kms", "DescribeKey", described)
    mine = bench.scope(threads=12, fraction=1.0)
    theirs = mine.elsewhere(REGION)
    theirs.account, theirs._credentials = OTHER, bench.scope(account=OTHER)._credentials

    def account_of(scope: Any) -> Any:
        return lambda key: scope.call("kms", "describe_key", KeyId=key)["KeyMetadata"]["AWSAccountId"]

    keys = [key_id(n) for n in range(100)]
    interleaved = zip(mine.map(account_of(mine), keys), mine.map(account_of(theirs), keys), strict=True)
    assert set(interleaved) == {(ACCOUNT, OTHER)}
    assert len(mine._connection.clients._clients) == 1


def test_what_has_no_region_is_asked_at_home(aws: FakeAws, bench: Bench):
    list(bench.scope(region=GLOBAL).pages("iam", "get_account_authorization_details"))
    assert aws.log[0].region == "us-east-1"


def test_results_keep_the_order_of_their_items_and_few_wait(bench: Bench):
    scope = bench.scope(threads=4)
    taken = []

    def items() -> Iterator[int]:
        for n in range(2000):
            taken.append(n)
            yield n

    results = scope.map(lambda n: n * n, items())
    assert next(results) == 0
    assert len(taken) < 300
    assert list(results) == [n * n for n in range(1, 2000)]


def test_a_refusal_inside_map_reaches_whoever_takes_the_result(aws: FakeAws, bench: Bench):
    keys_in(aws)
    aws.fault("kms", "DescribeKey", denied())
    scope = bench.scope(threads=2)
    with pytest.raises(Refused):
        list(scope.map(lambda key: scope.call("kms", "describe_key", KeyId=key), ["a", "b"]))


def test_map_inside_map_does_not_wait_for_threads_that_wait_for_it(bench: Bench):
    scope = bench.scope(threads=2)
    rows = scope.map(lambda n: sum(scope.map(lambda m: m, range(n))), range(20))
    assert list(rows) == [sum(range(n)) for n in range(20)]


def test_calls_are_spaced_so_that_a_quota_is_never_exceeded(aws: FakeAws, bench: Bench, clock: VirtualClock):
    aws.quota("kms", "ListGrants", Quota(100, clock))
    scope = bench.scope(fraction=1.0)
    began = clock()
    for _ in range(1000):
        scope.call("kms", "list_grants", KeyId="k")
    assert aws.refused["kms", "ListGrants"] == 0
    assert 1000 / (clock() - began) >= 0.9 * 100


def test_half_the_quota_is_half_the_speed(aws: FakeAws, bench: Bench, clock: VirtualClock):
    scope = bench.scope(fraction=0.5)
    began = clock()
    for _ in range(500):
        scope.call("kms", "list_grants", KeyId="k")
    assert 9 <= clock() - began <= 10


def test_a_quota_that_someone_else_uses_too_slows_the_scan_but_refuses_nothing(
    aws: FakeAws, bench: Bench, clock: VirtualClock
):
    aws.quota("kms", "ListGrants", Quota(30, clock))
    scope = bench.scope(fraction=1.0)
    began = clock()
    for _ in range(600):
        scope.call("kms", "list_grants", KeyId="k")
    assert aws.refused["kms", "ListGrants"] < 120
    assert 600 / (clock() - began) > 0.5 * 30


def test_a_throttled_operation_slows_no_other(aws: FakeAws, bench: Bench, clock: VirtualClock):
    aws.fault("kms", "ListGrants", throttled(times=3))
    scope = bench.scope(fraction=1.0)
    scope.call("kms", "list_grants", KeyId="k")
    clock.slept.clear()
    for _ in range(30):
        scope.call("kms", "describe_key", KeyId="k")
    assert sum(clock.slept) < 0.05


def test_a_scan_has_no_operation_that_is_not_declared(bench: Bench):
    scope = bench.scope()
    for operation in ("schedule_key_deletion", "put_key_policy", "create_grant", "decrypt"):
        with pytest.raises(Refused, match="Unsupported"):
            scope.call("kms", operation, KeyId="k")
    offered = scope._connection.clients.client("kms", REGION).meta.method_to_api_mapping.values()
    assert {("kms", api) for api in offered} == {call for call in calls() if call[0] == "kms"}


@pytest.mark.parametrize("service", sorted({service for service, _ in calls()}))
def test_a_declared_operation_is_whole(service: str):
    # Loaders of its own: botocore changes the models of a shared one when it makes a client (the paths of S3).
    mine_only, botocores = Loader(file_loader=DeclaredModels(calls())), Loader()
    trimmed = ServiceModel(mine_only.load_service_model(service, "service-2"), service)
    whole = ServiceModel(botocores.load_service_model(service, "service-2"), service)
    for operation in (operation for name, operation in calls() if name == service):
        mine, theirs = trimmed.operation_model(operation), whole.operation_model(operation)
        assert _shapes(mine.input_shape) == _shapes(theirs.input_shape)
        assert _shapes(mine.output_shape) == _shapes(theirs.output_shape)
        assert [shape.name for shape in mine.error_shapes] == [shape.name for shape in theirs.error_shapes]
        assert mine.http == theirs.http


def _shapes(shape: Any, seen: tuple[str, ...] = ()) -> Any:
    """Names and types all the way down, each shape once on a path."""
    if shape is None or shape.name in seen:
        return shape and shape.name
    seen = (*seen, shape.name)
    if shape.type_name == "structure":
        return {name: _shapes(member, seen) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [_shapes(shape.member, seen)]
    if shape.type_name == "map":
        return [_shapes(shape.key, seen), _shapes(shape.value, seen)]
    return shape.type_name, shape.name


def test_what_an_endpoint_does_not_have_is_soon_no_longer_asked_for(aws: FakeAws, bench: Bench):
    aws.fault("kms", "GetKeyLastUsage", web_page(500))
    scope = bench.scope()
    codes = []
    for number in range(10):
        with pytest.raises(Refused) as caught:
            scope.call("kms", "get_key_last_usage", KeyId=key_id(number))
        codes.append(caught.value.code)
    assert codes == ["Unsupported"] * 10
    assert aws.calls["kms", "GetKeyLastUsage"] == 3


def test_work_that_asks_for_nothing_uses_up_no_quota():
    workers, bucket = Workers(2), Bucket(Budget(1), 1.0, lambda: 0.0)
    try:
        futures = [workers.submit(bucket, lambda: "nothing to ask") for _ in range(20)]
        assert {future.result(timeout=20) for future in futures} == {"nothing to ask"}
    finally:
        workers.stop()


def test_a_hiccup_does_not_end_the_asking_for_what_was_answered_before(aws: FakeAws, bench: Bench):
    scope = bench.scope()
    scope.call("kms", "list_grants", KeyId="k")
    aws.fault("kms", "ListGrants", web_page(500, times=5))
    for _ in range(5):
        with pytest.raises(Refused):
            scope.call("kms", "list_grants", KeyId="k")
    scope.call("kms", "list_grants", KeyId="k")


def test_expired_credentials_are_not_tried_again(aws: FakeAws, bench: Bench):
    aws.fault("kms", "ListGrants", Fault(400, "ExpiredTokenException"))
    scope = bench.scope()
    for operation in ("list_grants", "list_resource_tags", "list_grants"):
        with pytest.raises(Refused, match="ExpiredToken"):
            scope.call("kms", operation, KeyId="k")
    assert aws.calls == {("kms", "ListGrants"): 1}

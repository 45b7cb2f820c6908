"""Every operation that can answer in pages is followed to its last page, with or without a botocore paginator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import botocore.session
import pytest
from fakes.aws import Call, FakeAws
from fakes.bench import Bench
from fakes.estate import REGION

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.catalog.encryption.types import EncryptedType
from scanner.collect import resources
from scanner.collect.collectors import calls
from scanner.collect.paging import paging_of

SESSION = botocore.session.get_session()
SAYS_MORE = re.compile(r"(next|pagination|continuation)_?(page)?_?token|marker|truncated|hasmore|lastevaluated", re.I)
ASKS_MORE = re.compile(r"next_?token|marker|exclusivestart|startingtoken", re.I)
ONE_PAGE = {("firehose", "DescribeDeliveryStream"): "a delivery stream has a single destination"}


def operations() -> Iterator[tuple[str, str]]:
    listed = {call for row in ENCRYPTED_TYPES for call in row.calls()}
    yield from sorted(listed | set(calls()))


def test_no_operation_that_can_answer_in_pages_is_read_without_following_them() -> None:
    for service, operation in operations():
        model = SESSION.get_service_model(service).operation_model(operation)
        paginator = SESSION.get_paginator_model(service)._paginator_config.get(operation)
        outputs = model.output_shape.members if model.output_shape else {}
        inputs = model.input_shape.members if model.input_shape else {}
        pages = [name for name in outputs if SAYS_MORE.search(name)] + [
            name for name in inputs if ASKS_MORE.search(name)
        ]
        if pages and (service, operation) not in ONE_PAGE:
            assert paging_of(service, model, paginator).tokens, f"{service}:{operation} pages by {pages}"


@pytest.mark.parametrize(
    ("type", "service", "listing", "names", "tags"),
    [
        ("AWS::Kinesis::Stream", "kinesis", "ListStreams", "StreamNames", "ListTagsForStream"),
        (
            "AWS::KinesisFirehose::DeliveryStream",
            "firehose",
            "ListDeliveryStreams",
            "DeliveryStreamNames",
            "ListTagsForDeliveryStream",
        ),
    ],
)
def test_tags_that_come_one_by_one_are_all_read(
    aws: FakeAws, bench: Bench, type: str, service: str, listing: str, names: str, tags: str
) -> None:
    stated = [{"Key": name, "Value": "x"} for name in ("app", "DataClass", "zone")]

    def one_tag(call: Call) -> dict[str, Any]:
        after = call.params.get("ExclusiveStartTagKey")
        place = 0 if after is None else [tag["Key"] for tag in stated].index(after) + 1
        return {"Tags": stated[place : place + 1], "HasMoreTags": place + 1 < len(stated)}

    more = "HasMoreStreams" if service == "kinesis" else "HasMoreDeliveryStreams"
    aws.answer(service, listing, {names: ["s"], more: False})
    aws.answer(service, tags, one_tag)
    rows = [row for row in ENCRYPTED_TYPES if row.type == type]
    assert _tags(bench, rows) == {"app": "x", "DataClass": "x", "zone": "x"}


def test_tags_that_come_as_a_map_in_pages_are_all_read(aws: FakeAws, bench: Bench) -> None:
    aws.answer("kinesisvideo", "ListStreams", {"StreamInfoList": [{"StreamName": "s", "StreamARN": "arn:s"}]})
    first, last = {"Tags": {"app": "x"}, "NextToken": "t"}, {"Tags": {"DataClass": "pci"}}
    aws.answer("kinesisvideo", "ListTagsForStream", lambda call: last if "NextToken" in call.params else first)
    rows = [row for row in ENCRYPTED_TYPES if row.type == "AWS::KinesisVideo::Stream"]
    assert _tags(bench, rows) == {"app": "x", "DataClass": "pci"}


def _tags(bench: Bench, rows: list[EncryptedType]) -> Any:
    (fact,) = bench.read(partial(resources.collect, types=rows), region=REGION).facts
    return fact.tags

"""The forms in which services give names, tags and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from scanner.collect.reading import filled, moment, short_name, tags_from

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        WHEN,
        WHEN.astimezone(timezone(timedelta(hours=2))),
        WHEN.replace(tzinfo=None),
        1767323045,
        1767323045000,
        "1767323045",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05+00:00",
    ],
)
def test_every_form_of_a_time_is_the_same_moment(value: Any):
    assert moment(value) == WHEN


@pytest.mark.parametrize("value", [None, "", "yesterday", {}, "true"])
def test_what_is_no_time_is_none(value: Any):
    assert moment(value) is None


@pytest.mark.parametrize(
    "value",
    [
        {"a": "b", "c": ""},
        [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}],
        [{"key": "a", "value": "b"}, {"key": "c", "value": ""}],
        [{"TagKey": "a", "TagValue": "b"}, {"TagKey": "c"}],
    ],
)
def test_every_form_of_tags_is_the_same_map(value: Any):
    assert tags_from(value) == {"a": "b", "c": ""}


def test_no_tags_are_an_empty_map():
    assert tags_from(None) == tags_from([]) == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("plain/name", "plain/name"),
        ("arn:aws:sns:eu-west-1:111122223333:topic", "topic"),
        ("arn:aws:mq:eu-west-1:111122223333:broker/one", "one"),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/queue", "queue"),
    ],
)
def test_a_name_is_the_last_segment_of_an_arn_or_url(text: str, name: str):
    assert short_name(text) == name


def test_templates_take_words_first_and_then_paths():
    assert filled("{name}/{Parent.Id}/{None}", {"name": "n"}, {"name": "x", "Parent": {"Id": "p"}}) == "n/p/"

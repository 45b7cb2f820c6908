"""What the absence of a key means: the one place where both readers settle it; and paths into documents."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
    NOT_USED,
    UNENCRYPTED,
    Absent,
    Flag,
    Silence,
    aws_managed,
    key_use,
    switch,
    untold,
)
from scanner.catalog.paths import search

RDS = aws_managed("rds")


def settle(named: str | Absent | None, silence: Silence, **flags: Any) -> tuple[Any, ...] | None:
    use = key_use("storage", named, silence, flags.get)
    return use and (use.state, use.key or use.reason)


@pytest.mark.parametrize(
    ("named", "silence", "flags", "expected"),
    [
        ("k", UNENCRYPTED, {}, ("KEY", "k")),
        (None, UNENCRYPTED, {}, ("UNENCRYPTED", None)),
        ("", RDS, {}, ("KEY", "alias/aws/rds")),
        (None, NOT_USED, {}, None),
        ("k", NOT_USED, {}, ("KEY", "k")),
        ("AWS_OWNED_KMS_KEY", RDS, {}, ("AWS_OWNED", None)),
        (None, switch("on", RDS), {"on": True}, ("KEY", "alias/aws/rds")),
        (None, switch("on", RDS), {"on": "true"}, ("KEY", "alias/aws/rds")),
        (None, switch("on", RDS), {"on": False}, ("UNENCRYPTED", None)),
        ("k", switch("on", RDS), {"on": True}, ("KEY", "k")),
        ("k", switch("on", RDS), {"on": False}, ("UNENCRYPTED", None)),
        ("k", switch("on", RDS, missing=UNENCRYPTED), {}, ("KEY", "k")),
        (None, switch("on", RDS), {}, ("UNKNOWN", "`on` is not stated")),
        ("k", switch("on", RDS), {}, ("KEY", "k")),
        (None, switch("on", RDS), {"on": "maybe"}, ("UNKNOWN", "`on` is `maybe`, whose meaning is not known")),
        (None, switch("on", NOT_NAMED), {"on": True}, ("KEY", "encrypted, but no key is named")),
        (None, switch("on", RDS, off=NOT_USED), {"on": False}, None),
    ],
)
def test_a_key_a_flag_and_silence(named: Any, silence: Silence, flags: dict[str, Any], expected: Any) -> None:
    assert settle(named, silence, **flags) == expected


def test_a_flag_that_yields_speaks_only_of_silence() -> None:
    flag = Flag("managed", {True: AWS_OWNED, False: UNENCRYPTED}, yields=True)
    assert settle("k", flag, managed=False) == ("KEY", "k")
    assert settle(None, flag, managed=False) == ("UNENCRYPTED", None)


def test_flags_follow_one_another() -> None:
    kinds: dict[str, Silence] = {"none": UNENCRYPTED, "own": switch("on", RDS)}
    flag = Flag("kind", kinds, missing=switch("on", RDS))
    assert settle(None, flag, kind="own", on=False) == ("UNENCRYPTED", None)
    assert settle(None, flag, on=True) == ("KEY", "alias/aws/rds")


def test_a_flag_that_cannot_be_read_leaves_the_use_unknown_unless_a_key_is_named() -> None:
    flag = switch("on", RDS)
    assert settle(None, flag, on=untold("refused")) == ("UNKNOWN", "refused")
    assert settle("k", flag, on=untold("refused")) == ("KEY", "k")


def test_a_key_that_cannot_be_read_matters_only_where_a_key_could_be() -> None:
    flag = switch("on", RDS)
    assert settle(untold("refused"), flag, on=True) == ("UNKNOWN", "refused")
    assert settle(untold("refused"), flag, on=False) == ("UNENCRYPTED", None)


@pytest.mark.parametrize(
    ("path", "data", "found"),
    [
        ("first_match('^/?(.+)$', name)", {"name": "/a/b"}, "a/b"),
        ("first_match('x(.)', name)", {"name": "a"}, None),
        ("first_match('x(.)', name)", {}, None),
        ("from_json(text).a.b", {"text": '{"a": {"b": 1}}'}, 1),
        ("from_json(text).a", {"text": "no document"}, None),
        ("from_json(text).a", {}, None),
    ],
)
def test_functions_for_facts_inside_texts(path: str, data: Any, found: Any) -> None:
    assert search(path, data) == found

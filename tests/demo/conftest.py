"""One emulation for a module of tests, and an empty account in it for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
import time_machine

from scanner.demo.emulator import emulated_aws

REGION = "eu-central-1"
START = datetime(2026, 1, 1, tzinfo=UTC)
_ACCOUNTS = count(700_000_000_001)


@pytest.fixture(scope="module")
def emulation() -> Iterator[None]:
    """boto3 talks to an emulated AWS."""
    with emulated_aws(region=REGION):
        yield


@pytest.fixture
def account(emulation: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The caller's account, in which nothing has been made."""
    number = str(next(_ACCOUNTS))
    monkeypatch.setenv("MOTO_ACCOUNT_ID", number)
    return number


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands at `START` until a test moves it."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller

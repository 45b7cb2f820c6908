"""What tests of collectors share: an empty fake AWS and scopes on it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import botocore.endpoint
import pytest
from fakes.aws import FakeAws
from fakes.bench import Bench, VirtualClock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    """The clock of the throttle and of botocore's pauses between attempts."""
    virtual = VirtualClock()
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=virtual.sleep))
    return virtual


@pytest.fixture
def aws(clock: VirtualClock) -> Iterator[FakeAws]:
    """An empty fake AWS that every botocore session made meanwhile talks to."""
    with FakeAws() as fake:
        yield fake


@pytest.fixture
def bench(aws: FakeAws, clock: VirtualClock) -> Iterator[Bench]:
    """Scopes on that fake."""
    made = Bench(clock)
    yield made
    for workers in made.workers:
        workers.stop()

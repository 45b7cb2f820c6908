"""Scopes over the fake AWS: one thread and a clock that only waiting moves, unless a test asks for threads."""

from __future__ import annotations

import time
from typing import Any

from botocore.credentials import Credentials
from fakes.aws import ACCOUNT
from fakes.estate import REGION

from scanner.collect.clients import Clients
from scanner.collect.models import model_loader
from scanner.collect.session import Collector, Connection, Scope
from scanner.collect.throttle import Throttle
from scanner.collect.workers import Workers
from scanner.model.records import Coverage, Gap, Record


class VirtualClock:
    """Seconds that pass only while someone sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Reading:
    """What a collector yielded, taken apart."""

    def __init__(self, items: list[Record]) -> None:
        self.items = items
        self.gaps = [item for item in items if isinstance(item, Gap)]
        self.coverage = [item for item in items if isinstance(item, Coverage)]
        self.facts: list[Any] = [item for item in items if not isinstance(item, (Gap, Coverage))]


class Bench:
    """Makes scopes on one fake."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.workers: list[Workers] = []

    def scope(self, region: str = REGION, account: str = ACCOUNT, threads: int = 0, **more: Any) -> Scope:
        workers = Workers(threads, None if threads else self.clock.sleep)
        self.workers.append(workers)
        throttle = Throttle(more.pop("fraction", 0.5), time.monotonic if threads else self.clock)
        budget = more.pop("last_usage_budget", 300)
        connection = Connection(lambda slow: Clients(None, None, slow, model_loader(None)), throttle, workers, budget)
        return Scope(account, region, "aws", credentials(account), connection, **more)

    def read(self, collector: Collector, **options: Any) -> Reading:
        return Reading(list(collector(self.scope(**options))))


def credentials(account: str) -> Any:
    return Credentials(f"AKIA{account}", "fake")

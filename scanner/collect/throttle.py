"""Stay under AWS's request quotas: a token bucket for each operation in each account and Region.

Buckets start at a fraction of the quota, slow down when AWS throttles all the same (someone else uses the
quota too) and creep back up: additive increase, multiplicative decrease.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock

from scanner.catalog.quotas import Quota, quota_of

Clock = Callable[[], float]
"""Seconds from any fixed point, never going back (`time.monotonic`)."""

CEILING = 0.97
"""Nobody hits a quota exactly: above this share of it, jitter alone gets requests refused."""
_SLOWER = 0.8
_RECOVERY = 0.02
"""Share of the full rate that a slowed bucket regains each second."""
_LEAST = 0.05


class Bucket:
    """Tokens for one quota. A token is one request.

    A quota that AWS states for each second also holds for any second here: what a pause saved up may be spent, but
    never so that one second sees more requests than the share of its quota.
    """

    def __init__(self, quota: Quota, fraction: float, clock: Clock) -> None:
        share = min(fraction, CEILING)
        self.full_rate = quota.rate * share
        self.rate = self.full_rate
        self._capacity = max(1.0, quota.burst * share or self.full_rate / 2)
        self._tokens = self._capacity
        self._sent: deque[float] | None = None if quota.burst else deque(maxlen=max(1, int(self.full_rate)))
        self._clock = clock
        self._updated = self._slowed = clock()
        self._lock = Lock()

    def _refill(self) -> float:
        now = self._clock()
        passed = now - self._updated
        self._updated = now
        if self.rate < self.full_rate:
            self.rate = min(self.full_rate, self.rate + self.full_rate * _RECOVERY * passed)
        self._tokens = min(self._capacity, self._tokens + passed * self.rate)
        return now

    def _wait(self, now: float) -> float:
        """Seconds until the next request may be sent."""
        wait = (1 - self._tokens) / self.rate
        if self._sent is not None and len(self._sent) == self._sent.maxlen:
            wait = max(wait, self._sent[0] + 1 - now)
        return max(0.0, wait)

    def _take(self, at: float) -> None:
        self._tokens -= 1
        if self._sent is not None:
            self._sent.append(at)

    def try_take(self) -> float:
        """Take a token and answer 0, or take none and answer in how many seconds there will be one."""
        with self._lock:
            now = self._refill()
            wait = self._wait(now)
            if wait == 0:
                self._take(now)
            return wait

    def reserve(self) -> float:
        """Take the next token, even one of the future; answer in how many seconds it may be used."""
        with self._lock:
            now = self._refill()
            wait = self._wait(now)
            self._take(now + wait)
            return wait

    def give_back(self) -> None:
        """Return a token that was taken and not used: there was nothing to ask after all."""
        with self._lock:
            self._tokens += 1
            if self._sent:
                self._sent.popleft()

    def slow_down(self) -> None:
        """AWS refused a request as too fast: one step slower, at most one step a second."""
        with self._lock:
            now = self._refill()
            self._tokens = min(self._tokens, 0.0)
            if now - self._slowed >= 1 or self.rate == self.full_rate:
                self.rate = max(self.rate * _SLOWER, self.full_rate * _LEAST)
                self._slowed = now


class Throttle:
    """The buckets of one scan; `fraction` is the share of every quota that it may use."""

    def __init__(self, fraction: float, clock: Clock) -> None:
        self._fraction = fraction
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], Bucket] = {}
        self._lock = Lock()

    def bucket(self, account: str, region: str, service: str, operation: str) -> Bucket:
        """The bucket of `operation` (`ListGrants`) of boto3's `service` in one account and Region."""
        quota = quota_of(service, operation)
        key = (account, region, quota.shared or f"{service}:{operation}")
        with self._lock:
            if key not in self._buckets:
                self._buckets[key] = Bucket(quota, self._fraction, self._clock)
            return self._buckets[key]

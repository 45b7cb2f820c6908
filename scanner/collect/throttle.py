"""Stay under AWS's request quotas: a token bucket for each operation in each account and Region.

Buckets start at a fraction of the quota, slow down when AWS throttles all the same (someone else uses the
quota too) and creep back up: additive increase, multiplicative decrease.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from scanner.catalog.quotas import Quota, quota_of

Clock = Callable[[], float]
"""Seconds from any fixed point, never going back (`time.monotonic`)."""

CEILING = 0.96
"""Nobody hits a quota exactly: above this share of it, jitter alone gets requests refused."""
_SLOWER = 0.8
_RECOVERY = 0.02
"""Share of the full rate that a slowed bucket regains each second."""
_LEAST = 0.05


class Bucket:
    """Tokens for one quota. A token is one request."""

    def __init__(self, quota: Quota, fraction: float, clock: Clock) -> None:
        share = min(fraction, CEILING)
        self.full_rate = quota.rate * share
        self.rate = self.full_rate
        # Bursts may use what the steady rate leaves free, so that no second exceeds the quota.
        self._capacity = max(1.0, (quota.burst or quota.rate * (1 - share) / 2) * share)
        self._tokens = self._capacity
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

    def try_take(self) -> float:
        """Take a token and answer 0, or take none and answer in how many seconds there will be one."""
        with self._lock:
            self._refill()
            if self._tokens >= 1:
                self._tokens -= 1
                return 0.0
            return (1 - self._tokens) / self.rate

    def reserve(self) -> float:
        """Take the next token, even one of the future; answer in how many seconds it may be used."""
        with self._lock:
            self._refill()
            self._tokens -= 1
            return max(0.0, -self._tokens / self.rate)

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

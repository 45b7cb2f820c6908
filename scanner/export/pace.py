"""A token bucket: so many calls a second, with a burst."""

from __future__ import annotations

from collections.abc import Callable


class Pace:
    """Lets `rate` calls a second through, and at most `burst` at once; `clock` and `sleep` are in seconds."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._rate, self._burst = rate, burst
        self._clock, self._sleep = clock, sleep
        self._tokens, self._at = float(burst), clock()

    def wait(self) -> None:
        """Return when one more call may be made."""
        self._refill()
        if self._tokens < 1:
            self._sleep((1 - self._tokens) / self._rate)
            self._refill()
        self._tokens -= 1

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now

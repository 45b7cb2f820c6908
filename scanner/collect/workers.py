"""A few threads for all requests of a scan: work starts when its quota has a token, slowest quota first.

A request that must wait for its quota waits in a queue and holds no thread, so ListGrants (100 a second) never
waits behind DescribeKey (2,000 a second), nor the other way round.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from threading import Condition, Event, Thread
from typing import Any, TypeVar

from scanner.collect.throttle import Bucket

T = TypeVar("T")

_prepaid: ContextVar[Bucket | None] = ContextVar("prepaid", default=None)
_inside: ContextVar[bool] = ContextVar("inside", default=False)


class StoppedError(Exception):
    """The scan was interrupted; nothing more is read."""


class Workers:
    """`threads` daemon threads; with 0, work runs at once where it is submitted (for tests on a virtual clock)."""

    def __init__(self, threads: int, sleep: Callable[[float], object] | None = None) -> None:
        self._stop = Event()
        self._sleep = sleep or self._stop.wait
        self._lanes: dict[Bucket | None, deque[Callable[[], None]]] = {}
        self._condition = Condition()
        self._threads = [Thread(target=self._run, name=f"scan-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, lane: Bucket | None, work: Callable[[], T]) -> Future[T]:
        """Start `work` as soon as `lane` has a token for its first request (at once when there is no lane)."""
        future: Future[T] = Future()
        if not self._threads or _inside.get():
            _settle(future, work)
            return future
        with self._condition:
            if self._stop.is_set():
                raise StoppedError
            self._lanes.setdefault(lane, deque()).append(lambda: _settle(future, work))
            self._condition.notify()
        return future

    def wait_for(self, bucket: Bucket) -> None:
        """Wait until `bucket` allows one request, unless the thread's work was started with its token."""
        if self._stop.is_set():
            raise StoppedError
        if _prepaid.get() is bucket:
            _prepaid.set(None)
            return
        delay = bucket.reserve()
        if delay > 0:
            self._sleep(delay)
        if self._stop.is_set():
            raise StoppedError

    def stop(self) -> None:
        """Start nothing more; whoever waits for unstarted work gets `StoppedError`."""
        self._stop.set()
        with self._condition:
            left = [work for queue in self._lanes.values() for work in queue]
            self._lanes.clear()
            self._condition.notify_all()
        for work in left:
            work()  # ends at once: nothing may wait any more

    def _run(self) -> None:
        _inside.set(True)
        while (work := self._next()) is not None:
            work()
            if (unused := _prepaid.get()) is not None:
                unused.give_back()
                _prepaid.set(None)

    def _next(self) -> Callable[[], None] | None:
        with self._condition:
            while not self._stop.is_set():
                delay: float | None = None
                for lane in sorted(self._lanes, key=_rate):
                    wait = lane.try_take() if lane else 0.0
                    if wait == 0:
                        _prepaid.set(lane)
                        return self._pop(lane)
                    delay = wait if delay is None else min(delay, wait)
                self._condition.wait(delay)
            return None

    def _pop(self, lane: Bucket | None) -> Callable[[], None]:
        queue = self._lanes[lane]
        work = queue.popleft()
        if not queue:
            del self._lanes[lane]
        return work


def _rate(lane: Bucket | None) -> float:
    return lane.rate if lane else float("inf")


def _settle(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001  (whatever it is belongs to whoever waits for the result)
        future.set_exception(error)

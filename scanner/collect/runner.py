"""Run collectors beside each other and keep everything they read, also when one breaks or a person interrupts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import NamedTuple, Protocol

from scanner.collect.collectors import Row
from scanner.collect.refused import MALFORMED
from scanner.collect.session import Refused, Scope
from scanner.collect.workers import StoppedError, Workers
from scanner.model.records import Gap, Item
from scanner.model.snapshot import Sink

RUNNERS = 8
"""Collectors at once; each has a thread, besides the workers that make most requests."""
REPORT_EVERY = 50
"""Records between two calls of progress."""
GRACE_SECONDS = 5.0
"""How long an interrupted scan waits for answers under way."""


class Progress(Protocol):
    """Told how far a scan is: collectors done, of how many, records read, what is read now. Any thread may call."""

    def __call__(self, done: int, total: int, records: int, label: str) -> None:
        """Show it."""


class Job(NamedTuple):
    """One collector in one scope."""

    row: Row
    scope: Scope

    @property
    def label(self) -> str:
        """`keys in eu-west-1`."""
        return f"{self.row.name} in {self.scope.region}"

    def failure(self, code: str, message: str) -> Iterable[Item]:
        """What to record when the collector ended before its listings did."""
        service, operation = self.row.calls[0]
        refused = Refused(service, operation, code, message)
        yield self.scope.gap(refused, makes_unknown=self.row.provides)
        if self.row.provides:
            yield self.scope.coverage(service, operation, self.row.provides, 0, complete=False)


@dataclass
class _Run:
    """The state that runner threads share."""

    sink: Sink
    progress: Progress | None
    total: int
    lock: Lock = field(default_factory=Lock)
    open: bool = True
    done: int = 0
    records: int = 0
    said: set[tuple[str, ...]] = field(default_factory=set)
    finished: set[Job] = field(default_factory=set)
    broken: list[BaseException] = field(default_factory=list)

    def keep(self, item: Item, label: str) -> None:
        """Put `item` in the sink; StoppedError once the run is closed."""
        with self.lock:
            if not self.open:
                raise StoppedError
            if isinstance(item, Gap) and item.subject is None and self._said(item):
                return
            self.sink.add(item)
            self.records += 1
            if self.records % REPORT_EVERY == 0:
                self.tell(label)

    def _said(self, gap: Gap) -> bool:
        """Whether the same was already said, of another subject that the gap does not name."""
        key = (gap.account, gap.region, gap.service, gap.operation, gap.code, *gap.makes_unknown)
        said = key in self.said
        self.said.add(key)
        return said

    def end(self, job: Job) -> None:
        """`job` has read all that it could."""
        with self.lock:
            self.finished.add(job)
            self.done += 1
            self.tell(job.label)

    def tell(self, label: str) -> None:
        if self.progress is not None:
            self.progress(self.done, self.total, self.records, label)


def run(jobs: list[Job], sink: Sink, progress: Progress | None, workers: Workers) -> bool:
    """Run `jobs`; False when a person interrupted, with a Gap for each job that was not over."""
    state = _Run(sink, progress, len(jobs))
    queue: SimpleQueue[Job] = SimpleQueue()
    for job in jobs:
        queue.put(job)
    threads = [Thread(target=_work, args=(queue, state, workers), daemon=True) for _ in range(RUNNERS)]
    started: list[Thread] = []
    complete = True
    try:
        for thread in threads:  # the first may be interrupted before the last has begun
            started.append(thread)
            thread.start()
        _join(threads)
    except KeyboardInterrupt:
        complete = False
        with contextlib.suppress(KeyboardInterrupt):
            workers.stop()
            _join([thread for thread in started if thread.ident is not None], GRACE_SECONDS)
        _close(state, jobs)
    if state.broken:
        raise state.broken[0]
    return complete


def _join(threads: list[Thread], seconds: float | None = None) -> None:
    """Wait for all `threads`, together no longer than `seconds`."""
    until = None if seconds is None else time.monotonic() + seconds
    for thread in threads:
        thread.join(None if until is None else max(0.0, until - time.monotonic()))


def _close(state: _Run, jobs: list[Job]) -> None:
    with state.lock:
        state.open = False
        for job in jobs:
            if job not in state.finished:
                for item in job.failure("Interrupted", "the scan was interrupted"):
                    state.sink.add(item)


def _work(queue: SimpleQueue[Job], state: _Run, workers: Workers) -> None:
    while True:
        try:
            job = queue.get_nowait()
        except Empty:
            return
        try:
            _collect(job, state)
        except StoppedError:
            return
        except BaseException as error:  # noqa: BLE001  (raised again by the thread that waits)
            state.broken.append(error)
            workers.stop()
            return


def _collect(job: Job, state: _Run) -> None:
    try:
        for item in job.row.collect(job.scope):
            state.keep(item, job.label)
    except MALFORMED as error:
        # Nothing that was read is lost, and nothing is taken for granted.
        for item in job.failure("Unreadable", f"{type(error).__name__}: {error}"):
            state.keep(item, job.label)
    state.end(job)

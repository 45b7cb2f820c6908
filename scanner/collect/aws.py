"""Scan a live account: `scan` reads it through boto3 into a sink and says what it read from."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from scanner import __version__
from scanner.collect.clients import THREADS, Clients
from scanner.collect.collectors import COLLECTORS, Row
from scanner.collect.identity import caller_of, core_session, credentials_of, enabled_regions, regions_of
from scanner.collect.runner import RUNNERS, Job, Progress, run
from scanner.collect.session import GLOBAL, LAST_USAGE_BUDGET, Connection, Scope
from scanner.collect.throttle import Throttle
from scanner.collect.workers import Workers
from scanner.errors import UsageError
from scanner.model.arn import partition_of
from scanner.model.records import Source
from scanner.model.snapshot import Sink

__all__ = ["Progress", "ScanOptions", "scan"]


class ScanOptions(Struct, frozen=True):
    """What to scan and how. No Regions: the session's; `all`: every enabled one.

    `quota_fraction` is the share of AWS's request quotas to use, above 0 and at most 1. `last_usage_budget` is how many
    keys of each account and Region may wait at once for the answer about their last use; 0: none is asked.
    """

    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    regions: tuple[str, ...] = ()
    endpoint_url: str | None = None
    quota_fraction: float = 0.5
    last_usage_budget: int = LAST_USAGE_BUDGET


def scan(
    options: ScanOptions,
    sink: Sink,
    progress: Progress | None,
    now: Callable[[], datetime],
    collectors: tuple[Row, ...] = COLLECTORS,
) -> Source:
    """Read one account into `sink`, from several threads, with all `collectors` or some of them.

    What cannot be read becomes a Gap. Raises CredentialsError when AWS accepts no credentials at the start, UsageError
    for a wrong name. A KeyboardInterrupt while reading ends the scan early: what was read is kept, the rest are Gaps.
    """
    if not 0 < options.quota_fraction <= 1:
        raise UsageError(f"the quota fraction is above 0 and at most 1, not `{options.quota_fraction}`")
    if options.last_usage_budget < 0:
        raise UsageError(f"the budget of last usages is 0 or more, not `{options.last_usage_budget}`")
    if options.endpoint_url is not None and not _is_web_address(options.endpoint_url):
        raise UsageError(f"`{options.endpoint_url}` is no endpoint; write it as `http://localhost:5000`")
    started = now()
    session = core_session(options.profile)
    regions = regions_of(session, options.regions, check=options.endpoint_url is None)
    credentials = credentials_of(session, regions[0], options.role_arn, options.external_id, options.endpoint_url)
    workers = Workers(THREADS - RUNNERS)
    try:
        connection = _connect(session, options, workers)
        first = Scope("", regions[0], partition_of(regions[0]), credentials, connection)
        caller = caller_of(first, options.role_arn)
        first = Scope(caller.account, regions[0], caller.partition, credentials, connection)
        if "all" in options.regions:
            regions = enabled_regions(first)
        scopes = [
            Scope(caller.account, region, caller.partition, credentials, connection, regions)
            for region in (*regions, GLOBAL)
        ]
        complete = run(_jobs(collectors, scopes), sink, progress, workers)
    finally:
        workers.stop()
    return Source(
        type="aws",
        started=started,
        finished=now(),
        interrupted=not complete,
        caller=caller.arn,
        accounts=(caller.account,),
        regions=regions,
        endpoint=options.endpoint_url,
        tool=f"keyproof {__version__}",
    )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no IPv6 address, no port
        return False


def _connect(session: Any, options: ScanOptions, workers: Workers) -> Connection:
    loader = session.get_component("data_loader")
    return Connection(
        lambda on_throttle: Clients(options.profile, options.endpoint_url, on_throttle, loader),
        Throttle(options.quota_fraction, time.monotonic),
        workers,
        options.last_usage_budget,
    )


def _jobs(collectors: tuple[Row, ...], scopes: list[Scope]) -> list[Job]:
    """Every collector in every scope that it is for, in the order of the table."""
    return [
        Job(row, scope) for row in collectors for scope in scopes if (scope.region == GLOBAL) == (row.where == "global")
    ]

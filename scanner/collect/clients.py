"""boto3 clients, one for each (service, Region), shared by all accounts and threads of a scan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp

from scanner import __version__
from scanner.collect.credentials import context_resolver
from scanner.collect.lean import SERVICES, LeanSender
from scanner.collect.refused import THROTTLED, check_body

THREADS = 32
"""Requests in flight at once in one process: seven calls for each of 100 keys a second, at 35 ms, are 25 in flight."""

Throttled = Callable[[], None]


class Clients:
    """Makes clients on demand. `on_throttle` is called, in the calling thread, for every answer "too fast"."""

    def __init__(
        self, profile: str | None, endpoint_url: str | None, on_throttle: Throttled, loader: Any = None
    ) -> None:
        self._core = botocore.session.Session(profile=profile)
        self._core.register_component("credential_provider", context_resolver())
        self._parsers = self._core.get_component("response_parser_factory")
        self._parsers.set_parser_defaults(timestamp_parser=utc_time)
        if loader is not None:
            self._core.register_component("data_loader", loader)
        self._session = boto3.Session(botocore_session=self._core)
        self._endpoint_url = endpoint_url
        self._on_throttle = on_throttle
        self._clients: dict[tuple[str, str], Any] = {}
        self._lean: dict[tuple[str, str], LeanSender] = {}
        self._lock = Lock()

    def client(self, service: str, region: str) -> Any:
        """The client of `service` in `region`."""
        with self._lock:
            if (service, region) not in self._clients:
                client = self._make(service, region)
                if service in SERVICES:
                    self._lean[service, region] = LeanSender(client, self._parsers, self._on_throttle)
                self._clients[service, region] = client
            return self._clients[service, region]

    def is_quick(self, service: str) -> bool:
        """Whether `ask_quickly` serves `service`."""
        return service in SERVICES

    def ask_quickly(self, service: str, region: str, api: str, params: dict[str, Any]) -> dict[str, Any] | None:
        """One attempt at one answer of `api` (`ListKeys`), without retries; None when `ask` should try."""
        self.client(service, region)
        return self._lean[service, region].send(api, params)

    def ask(self, service: str, region: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """One answer through boto3 with its retries; raises what botocore raises."""
        answer: dict[str, Any] = getattr(self.client(service, region), method)(**params)
        return answer

    def paginator(self, service: str, operation: str) -> dict[str, Any] | None:
        """botocore's description of how `operation` (`ListKeys`) pages, or None when it has none."""
        try:
            found = self._core.get_paginator_model(service).get_paginator(operation)
        except ValueError:
            return None
        return dict(found)

    def knows_elsewhere_only(self, service: str, region: str, partition: str) -> bool:
        """Whether botocore knows where `service` is answered, and `region` is not among the places."""
        known = self._core.get_available_regions(service, partition)
        return bool(known) and region not in known

    def _make(self, service: str, region: str) -> Any:
        client = self._session.client(
            service, region_name=region, endpoint_url=self._endpoint_url, config=_config(self._endpoint_url is not None)
        )
        name = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"before-parse.{name}", _check_body)
        client.meta.events.register(f"needs-retry.{name}", self._watch)
        return client

    def _watch(self, response: Any, **_: Any) -> None:
        if response is not None and response[1].get("Error", {}).get("Code") in THROTTLED:
            self._on_throttle()


def _config(custom_endpoint: bool) -> Config:
    """A new Config for each client: botocore changes the `retries` of the one it is given."""
    return Config(
        user_agent=f"keyproof/{__version__}",
        retries={"mode": "standard", "total_max_attempts": 5},
        max_pool_connections=THREADS,
        connect_timeout=5,
        read_timeout=60,
        account_id_endpoint_mode="disabled",
        # Host names of an emulator have no subdomains.
        s3={"addressing_style": "path"} if custom_endpoint else None,
        inject_host_prefix=False if custom_endpoint else None,
    )


def utc_time(value: Any) -> datetime:
    """A timestamp of any AWS protocol (seconds since 1970, ISO 8601, an HTTP date) as an aware datetime in UTC."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    parsed: datetime = parse_timestamp(value)
    return parsed.astimezone(UTC)


def _check_body(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    protocol = operation_model.service_model.resolved_protocol
    check_body(protocol, response_dict["status_code"], response_dict.get("body"))

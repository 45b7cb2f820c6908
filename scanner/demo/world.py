"""The emulated world that an estate is built in: boto3 clients, and the clock and chance that AWS brings along."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, cast
from unittest.mock import patch

import boto3
import time_machine
from moto.backends import get_backend
from moto.cloudhsmv2.models import cloudhsmv2_backends
from moto.kms.models import kms_backends
from moto.moto_api._internal import mock_random
from msgspec import Struct, field

from scanner.demo.cloudhsm_model import Cluster
from scanner.demo.emulator import emulated_aws
from scanner.demo.kms_backend import KmsBackend
from scanner.demo.kms_model import Key
from scanner.demo.moto_cloudhsm import CloudHsmBackend

ACCOUNT = "111122223333"
MAIN = "eu-central-1"
SECOND = "us-east-1"
AS_OF = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
"""The day of the demo: ages, windows and expiries are counted from here."""


def day(text: str) -> datetime:
    """Eight in the morning of an ISO date, UTC."""
    return datetime.fromisoformat(f"{text}T08:00:00+00:00")


class World(Struct):
    """Clients of one account, and a clock that stands still until it is moved."""

    session: boto3.Session
    clock: time_machine.Traveller
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    name: str = ""

    def client(self, service: str, region: str = MAIN) -> Any:
        """The boto3 client of a service in a Region."""
        place = (service, region)
        if place not in self.clients:
            self.clients[place] = self.session.client(service, region_name=region)
            self._begin(service, region)
        return self.clients[place]

    def _begin(self, service: str, region: str) -> None:
        """Make what moto fills a service with when it is first asked: the ids of what is made next do not depend on it.

        moto finds the handlers of a service through its backend of us-east-1, so that one is made too.
        """
        backends: Any = get_backend(service)  # type: ignore[call-overload]
        for place in ("aws",) if service in ("iam", "s3") else (region, "us-east-1"):
            backends[ACCOUNT][place]
        mock_random.seed(self.name)

    def at(self, date: str, name: str) -> None:
        """What is made next is made on `date`, with ids that follow from `name` alone."""
        self.clock.move_to(day(date))
        self.name = name
        mock_random.seed(name)

    def kms(self, region: str = MAIN) -> KmsBackend:
        """The state behind KMS, for what AWS does by itself and no API call asks for."""
        return cast("KmsBackend", kms_backends[ACCOUNT][region])

    def key(self, alias: str, region: str = MAIN) -> Key:
        """The key behind an alias (`card-vault`)."""
        return self.kms(region).describe_key(f"alias/{alias}")

    def arn(self, alias: str, region: str = MAIN) -> str:
        """The ARN of the key behind an alias."""
        return self.key(alias, region).arn

    def cloudhsm(self) -> CloudHsmBackend:
        """The state behind CloudHSM."""
        return cast("CloudHsmBackend", cloudhsmv2_backends[ACCOUNT][MAIN])

    def cluster_of(self, store_id: str) -> Cluster:
        """The cluster behind a custom key store."""
        return self.cloudhsm().cluster(self.kms().store(store_id).cluster_id or "")


@contextmanager
def world() -> Iterator[World]:
    """An empty emulated account; the clock stands at `AS_OF` until `World.at` moves it."""
    with ExitStack() as stack:
        clock = stack.enter_context(time_machine.travel(AS_OF, tick=False))
        stack.enter_context(emulated_aws(ACCOUNT, MAIN, managed_policies=True))
        stack.enter_context(patch.object(uuid, "uuid4", mock_random.uuid4))
        mock_random.seed("the beginning")
        yield World(boto3.Session(), clock)

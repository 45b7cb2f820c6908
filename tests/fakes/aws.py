"""A fake AWS inside botocore: real signing, retries and parsing; answers from handlers, checked against AWS's models.

    with FakeAws() as aws:
        aws.pages("kms", "ListKeys", "Keys", [...])        # paged by the request's own limit and token
        aws.answer("kms", "DescribeKey", lambda call: {"KeyMetadata": {...}})
        aws.fault("kms", "ListGrants", denied())

An operation without a handler answers that there is nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock, local
from typing import Any
from unittest.mock import patch

import botocore.handlers
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from fakes import wire
from moto.core.botocore_stubber import MockRawResponse

ACCOUNT = "111122223333"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": f"AKIA{ACCOUNT}",
    "AWS_SECRET_ACCESS_KEY": "fake",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


CORE = botocore.session.Session()
MODELS: dict[str, Any] = {}
"""Service models by service id, read once for all fakes."""
OTHER_NAMES = {"cloudwatch-logs": "logs", "eventbridge": "events", "sfn": "stepfunctions"}
"""Service id to boto3's name, where they differ; without a row here the models are searched, which takes seconds."""


@dataclass(frozen=True)
class Call:
    """One request as it arrived. `account` are the digits of the access key that signed it (`AKIA<account>`)."""

    service: str
    operation: str
    params: dict[str, Any]
    account: str
    region: str


@dataclass
class Fault:
    """What to answer instead: a status with an error code or a body, or an exception that the network raised."""

    status: int = 400
    code: str = ""
    message: str = "refused by the fake"
    body: str | None = None
    error: Exception | None = None
    times: int | None = None
    when: Callable[[Call], bool] = lambda _: True


def denied(**options: Any) -> Fault:
    return Fault(400, "AccessDeniedException", **options)


def throttled(**options: Any) -> Fault:
    return Fault(400, "ThrottlingException", "Rate exceeded", **options)


def web_page(status: int = 500, **options: Any) -> Fault:
    return Fault(status, body="<!doctype html><html><title>Internal Server Error</title></html>", **options)


@dataclass
class Quota:
    """`rate` answers in each second of `clock`, counted from its whole seconds; then "too fast"."""

    rate: int
    clock: Callable[[], float]
    second: int = -1
    used: int = 0

    def takes(self) -> bool:
        second = int(self.clock())
        self.used = self.used + 1 if second == self.second else 1
        self.second = second
        return self.used <= self.rate


Handler = Callable[[Call], "dict[str, Any] | Fault"]
Name = tuple[str, str]


class FakeAws:
    """See the module. `calls` counts every request by (service, operation), `refused` those beyond a quota."""

    def __init__(self) -> None:
        self.calls: Counter[Name] = Counter()
        self.refused: Counter[Name] = Counter()
        self.log: list[Call] = []
        self._handlers: dict[Name, Handler] = {("sts", "GetCallerIdentity"): _identity}
        self._faults: dict[Name, list[Fault]] = defaultdict(list)
        self._quotas: dict[Name, Quota] = {}
        self._sent = local()
        self._lock = Lock()
        self._environment = patch.dict(os.environ, ENVIRONMENT)
        self._hooks = [("provide-client-params", self._remember), ("before-send", self._respond)]

    def __enter__(self) -> FakeAws:
        self._environment.start()
        for name in [name for name in os.environ if name.startswith("AWS_") and name not in ENVIRONMENT]:
            del os.environ[name]
        botocore.handlers.BUILTIN_HANDLERS.extend(self._hooks)
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            botocore.handlers.BUILTIN_HANDLERS.remove(hook)
        self._environment.stop()

    def answer(self, service: str, operation: str, handler: Handler | dict[str, Any]) -> None:
        """Answer with `handler(call)`, or always with the same."""
        self._handlers[service, operation] = handler if callable(handler) else lambda _: handler

    def pages(
        self,
        service: str,
        operation: str,
        member: str,
        items: Iterable[Any] | Callable[[Call], Iterable[Any]],
        size: int = 1000,
    ) -> None:
        """Answer `items` in pages of the request's limit, at most `size`."""
        paginator = CORE.get_paginator_model(service).get_paginator(operation)
        listed = items if callable(items) else (lambda _, kept=list(items): kept)
        self.answer(
            service, operation, lambda call: wire.page(paginator, member, list(listed(call)), call.params, size)
        )

    def fault(self, service: str, operation: str, fault: Fault) -> None:
        """Answer `fault` instead, for as many requests as it says."""
        self._faults[service, operation].append(fault)

    def quota(self, service: str, operation: str, quota: Quota) -> None:
        """Refuse as too fast what exceeds `quota`."""
        self._quotas[service, operation] = quota

    def _remember(self, params: dict[str, Any], **_: Any) -> None:
        self._sent.params = params

    def _respond(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        _, service_id, operation = event_name.split(".")
        model = self._model(service_id)
        call = self._call(model.service_name, operation, request)
        with self._lock:
            fault = self._admit(call)
        answer = fault or self._handlers.get((call.service, operation), _nothing)(call)
        if not isinstance(answer, Fault):
            made = wire.success(call.service, operation, answer)
        elif answer.error is not None:
            raise answer.error
        elif answer.body is not None:
            made = answer.status, {"Content-Type": "text/html"}, answer.body
        else:
            made = wire.refusal(model, answer.status, answer.code, answer.message)
        status, headers, body = made
        return AWSResponse(request.url, status, headers, MockRawResponse(body))

    def _call(self, service: str, operation: str, request: AWSPreparedRequest) -> Call:
        signed = re.search(r"Credential=AKIA(\d{12})/\d+/([\w-]+)/", _text(request.headers["Authorization"]))
        assert signed, "the request is not signed with a key of this fake"
        is_json = "x-amz-json" in _text(request.headers.get("Content-Type", ""))
        params = json.loads(request.body or "{}") if is_json else dict(self._sent.params)
        return Call(service, operation, params, signed[1], signed[2])

    def _admit(self, call: Call) -> Fault | None:
        name = (call.service, call.operation)
        self.calls[name] += 1
        self.log.append(call)
        for fault in self._faults[name]:
            if fault.times != 0 and fault.when(call):
                fault.times = fault.times - 1 if fault.times is not None else None
                return fault
        if name in self._quotas and not self._quotas[name].takes():
            self.refused[name] += 1
            return throttled()
        return None

    def _model(self, service_id: str) -> Any:
        if service_id not in MODELS:
            known = set(CORE.get_available_services())
            likely = [OTHER_NAMES.get(service_id, service_id), service_id.replace("-", "")]
            likely += sorted({service for service, _ in self._handlers})
            models = (CORE.get_service_model(name) for name in [*likely, *sorted(known)] if name in known)
            MODELS[service_id] = next(model for model in models if model.service_id.hyphenize() == service_id)
        return MODELS[service_id]


def _identity(call: Call) -> dict[str, Any]:
    return {"Account": call.account, "UserId": "AIDA", "Arn": f"arn:aws:iam::{call.account}:user/auditor"}


def _nothing(call: Call) -> dict[str, Any]:
    return {}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value

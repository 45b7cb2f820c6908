"""The short way for a service that is asked thousands of times: one signed JSON request without botocore's machinery.

A boto3 call costs 1.5 ms of CPU, most of it events, endpoint rules and user agents that are the same each time; KMS
needs seven calls for each key. The same parts of botocore sign, send and parse here, three times as fast. Whatever is
not a plain answer or a plain refusal goes back to boto3, which knows how to retry.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.hooks import first_non_none_response
from botocore.parsers import ResponseParserFactory

from scanner.collect.credentials import current_credentials
from scanner.collect.refused import THROTTLED, check_body

SERVICES = frozenset({"kms"})
"""Services of the protocol awsJson whose reads take plain strings and numbers, at one endpoint for all operations."""


class LeanSender:
    """Sends what `client` (boto3) would send; safe to use from several threads."""

    def __init__(self, client: Any, parsers: ResponseParserFactory, on_throttle: Callable[[], None]) -> None:
        model = client.meta.service_model
        self._model = model
        self._name = model.service_id.hyphenize()
        self._client = client
        self._on_throttle = on_throttle
        # The client's own connections: the same TLS, proxy and timeout settings.
        self._http = client._endpoint.http_session
        self._parser = parsers.create_parser("json")
        self._headers = {
            "Content-Type": f"application/x-amz-json-{model.metadata['jsonVersion']}",
            "User-Agent": client.meta.config.user_agent,
        }

    def send(self, api: str, params: dict[str, Any]) -> dict[str, Any] | None:
        """The answer; None when boto3 should ask (again). Raises ClientError when AWS refuses."""
        request = self._signed(api, params)
        try:
            answered = self._client.meta.events.emit(f"before-send.{self._name}.{api}", request=request)
            response = first_non_none_response(answered) or self._http.send(request)
        except BotoCoreError:
            return None
        operation = self._model.operation_model(api)
        answer = {"status_code": response.status_code, "headers": response.headers, "body": response.content}
        check_body("json", answer["status_code"], answer["body"])
        if response.status_code >= 500:
            return None
        parsed: dict[str, Any] = self._parser.parse(answer, operation.output_shape)
        if response.status_code < 300:
            return parsed
        if parsed["Error"]["Code"] in THROTTLED:
            self._on_throttle()
            return None
        raise ClientError(parsed, api)

    def _signed(self, api: str, params: dict[str, Any]) -> Any:
        target = f"{self._model.metadata['targetPrefix']}.{api}"
        request = AWSRequest(
            "POST",
            self._client.meta.endpoint_url,
            headers={**self._headers, "X-Amz-Target": target},
            data=json.dumps(params).encode(),
        )
        SigV4Auth(current_credentials(), self._model.signing_name, self._client.meta.region_name).add_auth(request)
        return request.prepare()

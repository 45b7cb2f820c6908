"""This process cut off from everything real: made-up credentials, and no request that leaves the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session

from scanner.errors import KeyproofError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SAFE = {
    "AWS_ACCESS_KEY_ID": "DEMOONLYNOTAREALKEY0",
    "AWS_SECRET_ACCESS_KEY": "demo-only-not-a-real-secret",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "NO_PROXY": ",".join(LOOPBACK),
}
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class RealNetworkRefused(KeyproofError):
    """A request of the emulation was about to leave this machine; `host` is where it would have gone."""

    def __init__(self, method: str, url: str) -> None:
        super().__init__(f"the emulation does not answer `{method} {url}` and never asks AWS")
        self.host = urlsplit(url).hostname or ""


@contextmanager
def isolated(region: str) -> Iterator[None]:
    """No credential, profile, endpoint or proxy of the user is seen; boto3 reaches this machine alone."""
    with patch.dict(os.environ, clear=False), patch.object(URLLib3Session, "send", _send_on_this_machine_only):
        for name in list(os.environ):
            if name.upper().startswith("AWS_") or name.upper() in _PROXIES:
                del os.environ[name]
        os.environ.update(_SAFE | {"AWS_DEFAULT_REGION": region, "AWS_REGION": region})
        yield


_real_send = URLLib3Session.send


def _send_on_this_machine_only(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
    if urlsplit(request.url).hostname not in LOOPBACK:
        raise RealNetworkRefused(request.method, request.url)
    return _real_send(session, request)

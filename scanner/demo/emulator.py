"""AWS emulated in this process or on a local port: moto with our extensions, cut off from everything real.

While an emulation is on, this process has made-up credentials, no profile, no configured endpoint and no
proxy, and every request that would leave the machine is refused. A demo can therefore never reach a real
account, whatever the environment it is started in.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session
from moto import mock_aws
from moto.server import ThreadedMotoServer

from scanner.demo.extending import extended
from scanner.demo.extensions import EXTENSIONS
from scanner.demo.unimplemented import empty_where_unimplemented
from scanner.errors import KeyproofError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SAFE_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "DEMOONLYNOTAREALKEY0",
    "AWS_SECRET_ACCESS_KEY": "demo-only-not-a-real-secret",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "NO_PROXY": ",".join(LOOPBACK),
}
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class RealNetworkRefused(KeyproofError):
    """A request of the emulation was about to leave this machine."""


@contextmanager
def emulated_aws(
    account: str | None = None, region: str = "us-east-1", *, managed_policies: bool = False
) -> Iterator[None]:
    """boto3 in this process talks to an empty emulated AWS, and to nothing else.

    `account` is the account of every caller; None leaves it to moto (123456789012, and other accounts
    through AssumeRole). `region` is the default Region. `managed_policies` brings the IAM policies that AWS
    keeps (`AdministratorAccess` ...), which takes 0.3 s.
    """
    with ExitStack() as stack:
        _isolate(stack, account, region)
        if managed_policies:
            os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
        stack.enter_context(extended(EXTENSIONS))
        stack.enter_context(mock_aws())
        stack.enter_context(empty_where_unimplemented())
        yield


@contextmanager
def serve(port: int = 0, account: str | None = None) -> Iterator[str]:
    """The same emulated AWS behind HTTP on the loopback interface; yields its URL (for `--endpoint-url`).

    Port 0 takes a free one. Clients in this process may use the URL or, within `emulated_aws`, none.
    """
    with ExitStack() as stack:
        _isolate(stack, account, "us-east-1")
        stack.enter_context(extended(EXTENSIONS))
        stack.enter_context(_quiet("werkzeug"))
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        server.start()
        stack.callback(server.stop)
        host, bound_port = server.get_host_and_port()
        yield f"http://{host}:{bound_port}"


@contextmanager
def _quiet(logger_name: str) -> Iterator[None]:
    """Only errors of one logger, while it lasts."""
    logger = logging.getLogger(logger_name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _isolate(stack: ExitStack, account: str | None, region: str) -> None:
    stack.enter_context(patch.dict(os.environ, clear=False))
    for name in list(os.environ):
        if name.upper().startswith("AWS_") or name.upper() in _PROXIES:
            del os.environ[name]
    os.environ.update(_SAFE_ENVIRONMENT | {"AWS_DEFAULT_REGION": region, "AWS_REGION": region})
    if account is not None:
        os.environ["MOTO_ACCOUNT_ID"] = account
    stack.enter_context(patch.object(URLLib3Session, "send", _send_on_this_machine_only))


_real_send = URLLib3Session.send


def _send_on_this_machine_only(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
    host = urlsplit(request.url).hostname
    if host not in LOOPBACK:
        raise RealNetworkRefused(f"the emulation does not answer `{request.method} {request.url}` and never asks AWS")
    return _real_send(session, request)

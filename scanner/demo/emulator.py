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
from unittest.mock import patch

import moto.core
from moto import mock_aws
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.server import ThreadedMotoServer

from scanner.demo.extending import extended
from scanner.demo.extensions import EXTENSIONS
from scanner.demo.isolation import isolated
from scanner.demo.unimplemented import empty_where_unimplemented


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
        stack.enter_context(isolated(region))
        _configure(account, managed_policies)
        stack.enter_context(extended(EXTENSIONS))
        if account is not None:
            # moto finds the handlers of a service through a backend of its default account, which takes time to make
            stack.enter_context(patch.object(moto.core, "DEFAULT_ACCOUNT_ID", account))
        stack.enter_context(mock_aws())
        stack.callback(_forget_costly_state)
        stack.enter_context(empty_where_unimplemented())
        yield


@contextmanager
def serve(port: int = 0, account: str | None = None) -> Iterator[str]:
    """The same emulated AWS behind HTTP on the loopback interface; yields its URL (for `--endpoint-url`).

    Port 0 takes a free one. What neither moto nor our extensions implement is moto's answer of a broken server.
    """
    with ExitStack() as stack:
        stack.enter_context(isolated("us-east-1"))
        _configure(account, managed_policies=False)
        stack.enter_context(extended(EXTENSIONS))
        stack.enter_context(_quiet("werkzeug"))
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        server.start()
        stack.callback(server.stop)
        host, bound_port = server.get_host_and_port()
        yield f"http://{host}:{bound_port}"


def _configure(account: str | None, managed_policies: bool) -> None:
    """moto reads these from the environment, which `isolated` puts back."""
    if account is not None:
        os.environ["MOTO_ACCOUNT_ID"] = account
    if managed_policies:
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"


def _forget_costly_state() -> None:
    """Drop EC2 and IAM, which moto would fill with AMIs and AWS managed policies once more to empty them."""
    for backends in (ec2_backends, iam_backends):
        backends.clear()


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

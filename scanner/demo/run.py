"""The demo as a command needs it: the estate in place, and where and as of when to scan it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from msgspec import Struct

from scanner.catalog.quotas import QUOTAS, Quota
from scanner.errors import UsageError

_INSTALL = "the demo needs the extra `demo`: pip install 'keyproof[demo]'"
UNHURRIED = Quota(1000)
"""The emulation answers at once what AWS answers five times a second."""


class Demo(Struct, frozen=True):
    """What to scan: these Regions with the credentials of the environment, as of this day; what people attest."""

    regions: tuple[str, ...]
    as_of: datetime
    attestation: dict[str, Any]
    """The content of an attestation file."""


@contextmanager
def demo() -> Iterator[Demo]:
    """boto3 in this process sees the demo estate and nothing else, and its clock stands still at `as_of`.

    Raises UsageError where the extra `demo` is not installed.
    """
    try:
        from scanner.demo.estate import demo_estate
        from scanner.demo.estate_attested import attestation
        from scanner.demo.world import AS_OF, MAIN, SECOND
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("moto", "time_machine", "flask", "werkzeug"):
            raise
        raise UsageError(_INSTALL) from None
    with demo_estate() as world, patch.dict(QUOTAS, {("kms", "GetKeyLastUsage"): UNHURRIED}):
        yield Demo((MAIN, SECOND), AS_OF, attestation(world))

"""One client serves every account: the credentials of a request come from the context that makes the call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from botocore.credentials import CredentialProvider, CredentialResolver, Credentials
from botocore.exceptions import NoCredentialsError

_current: ContextVar[Any] = ContextVar("credentials")


@contextmanager
def acting_as(credentials: Any) -> Iterator[None]:
    """Sign every request of this thread with `credentials` (a botocore Credentials object) until the block ends."""
    token = _current.set(credentials)
    try:
        yield
    finally:
        _current.reset(token)


def current_credentials() -> Any:
    """The keys of the account that the current call is for (refreshed if need be); never those of another."""
    credentials = _current.get(None)
    if credentials is None:
        raise NoCredentialsError
    return credentials.get_frozen_credentials()


class ContextCredentials(Credentials):  # type: ignore[misc]  # botocore has no types
    """Credentials that look up the real ones each time a request is signed."""

    def __init__(self) -> None:
        super().__init__("context", "context", method="context")

    def get_frozen_credentials(self) -> Any:
        """The keys of the account that the current call is for."""
        return current_credentials()


class _ContextProvider(CredentialProvider):  # type: ignore[misc]
    METHOD = "context"

    def load(self) -> Credentials:
        return ContextCredentials()


def context_resolver() -> CredentialResolver:
    """What to register as botocore's `credential_provider` component."""
    return CredentialResolver([_ContextProvider()])

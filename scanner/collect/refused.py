"""Reads that failed, each as one `Refused` with a clear code: never an empty answer, never a traceback.

Codes are AWS's own (`AccessDeniedException`, `ThrottlingException` ...), or one of ours:
`Unsupported` (the endpoint or the SDK does not know the call), `Unreadable` (an answer that is no answer:
HTML, truncated, a page token that leads nowhere), `Timeout`, `Unreachable`, `ExpiredToken`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

DENIED = frozenset(
    {
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "ForbiddenException",
        "NotAuthorized",
        "NotAuthorizedException",
        "UnauthorizedOperation",
        "403",
    }
)
"""Error codes, besides those with `AccessDenied` in them, that say that a permission is missing."""

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Error codes that mean "too fast" (botocore, retry mode `standard`)."""

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNSUPPORTED = frozenset(
    {"InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException", "404", "405", "501"}
)


MALFORMED = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer raises that lacks what its model promises."""


class Refused(Exception):
    """One read that failed for a reason that becomes a Gap.

    `service` is boto3's name of the service, `operation` the API's (`ListGrants`).
    """

    def __init__(self, service: str, operation: str, code: str, message: str = "") -> None:
        self.service = service
        self.operation = operation
        self.code = code
        self.message = message
        super().__init__(f"{service}:{operation} {code}: {message}")

    @property
    def denied(self) -> bool:
        """Whether a permission is missing."""
        return self.code in DENIED or "AccessDenied" in self.code

    @property
    def general(self) -> bool:
        """Whether the same would be said whatever was asked about: credentials or the endpoint are at fault."""
        return self.code in ("ExpiredToken", "Unsupported")


class UnreadableError(Exception):
    """An answer whose body is not what the protocol promises; `code` is the code of the refusal."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def check_body(protocol: str, status: int, body: Any) -> None:
    """Raise `UnreadableError` for a body that botocore would quietly read as an empty answer.

    Web pages (a proxy, a load balancer, an emulator without the operation) and broken JSON. A page with a status
    that may pass (502, 503, 504) is left to the retries.
    """
    if not isinstance(body, bytes) or status in (502, 503, 504):
        return
    if body[:200].lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        code = "Unsupported" if status in (404, 405, 500, 501) else "Unreadable"
        raise UnreadableError(code, f"the endpoint answered a web page (HTTP status {status})")
    if status < 300 and body and "json" in protocol:
        try:
            json.loads(body)
        except ValueError as error:
            raise UnreadableError("Unreadable", f"the answer is not JSON: {error}") from None


@contextmanager
def refusals(service: str, operation: str) -> Iterator[None]:
    """Turn everything that botocore can raise about one call into `Refused`."""
    from botocore import exceptions as aws
    from botocore.parsers import ResponseParserError

    def refused(code: str, error: BaseException) -> Refused:
        return Refused(service, operation, code, _one_line(str(error)))

    try:
        yield
    except aws.ClientError as error:
        raise _of_answer(service, operation, error.response) from error
    except UnreadableError as error:
        raise refused(error.code, error) from error
    except (aws.ConnectTimeoutError, aws.ReadTimeoutError) as error:
        raise refused("Timeout", error) from error
    except (aws.CredentialRetrievalError, aws.NoCredentialsError, aws.TokenRetrievalError) as error:
        raise refused("ExpiredToken", error) from error
    except (aws.SSOError, aws.UnauthorizedSSOTokenError, aws.RefreshWithMFAUnsupportedError) as error:
        raise refused("ExpiredToken", error) from error
    except (aws.EndpointProviderError, aws.NoRegionError, aws.UnknownServiceError, NotImplementedError) as error:
        raise refused("Unsupported", error) from error
    except (aws.ConnectionError, aws.HTTPClientError) as error:
        raise refused("Unreachable", error) from error
    except (aws.BotoCoreError, ResponseParserError, *MALFORMED) as error:
        # botocore's own parsing and endpoint discovery trip over answers that lack what their model promises.
        raise Refused(service, operation, "Unreadable", _one_line(f"{type(error).__name__}: {error}")) from error


def _of_answer(service: str, operation: str, response: Any) -> Refused:
    error = response.get("Error", {})
    code = str(error.get("Code") or response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
    message = _one_line(str(error.get("Message", "")))
    if code in _EXPIRED:
        return Refused(service, operation, "ExpiredToken", message)
    if code in _UNSUPPORTED:
        return Refused(service, operation, "Unsupported", message)
    if not code or code == "Unknown" or (code.isdigit() and code.startswith("5")):
        return Refused(service, operation, "Unreadable", message)
    return Refused(service, operation, code, message)


def _one_line(text: str, limit: int = 300) -> str:
    """`text` on one line without control characters: endpoints may answer whole HTML pages."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"

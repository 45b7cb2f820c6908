"""Reads that neither moto nor our extensions implement: the emulated account has none of such things.

What cannot be created in an emulation is not there, so an empty listing is the true answer. Settings that every
account has are stated in a table; any other call fails and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.model import OperationModel, StructureShape
from msgspec import Struct

from scanner.demo.isolation import RealNetworkRefused

SETTINGS: dict[tuple[str, str], dict[str, Any]] = {
    ("auditmanager", "GetSettings"): {
        "Error": {
            "Code": "AccessDeniedException",
            "Message": "Please complete AWS Audit Manager setup from home page to enable this action in this account.",
        }
    },
    ("macie2", "GetClassificationExportConfiguration"): {
        "Error": {"Code": "AccessDeniedException", "Message": "Macie is not enabled."}
    },
    ("xray", "GetEncryptionConfig"): {"EncryptionConfig": {"Status": "ACTIVE", "Type": "NONE"}},
}
"""(boto3 service, operation) to what a new account answers: the output, or an `Error`."""

_READS = ("List", "Describe", "Search")
_NOT_YET = "Not yet implemented"


class Unimplemented(NotImplementedError):
    """A call that the emulation has no answer for."""


class _Answered(Struct, frozen=True):
    """The part of an HTTP response that botocore's clients look at."""

    status_code: int = 200
    headers: tuple[()] = ()


@contextmanager
def empty_where_unimplemented() -> Iterator[None]:
    """Clients of this process get an empty listing instead of moto's NotImplementedError.

    One request at a time: moto imports a service when it is first asked for, which threads must not do together.
    """
    real, turn = BaseClient._make_request, RLock()

    def make_request(client: BaseClient, operation: OperationModel, request: Any, context: Any) -> Any:
        if (client.meta.service_model.service_name, operation.name) in SETTINGS:
            return _answered(client, operation)
        try:
            with turn:
                http, parsed = real(client, operation, request, context)
        except (NotImplementedError, KeyError, RealNetworkRefused) as error:
            if not _unknown_to_moto(error, client.meta.region_name):
                raise
            return _answered(client, operation)
        if http.status_code == 404 and _NOT_YET in http.text:
            return _answered(client, operation)
        return http, parsed

    with patch.object(BaseClient, "_make_request", make_request):
        yield


def _answered(client: BaseClient, operation: OperationModel) -> tuple[_Answered, dict[str, Any]]:
    parsed = answer(client.meta.service_model.service_name, operation)
    return _Answered(403 if "Error" in parsed else 200), parsed


def _unknown_to_moto(error: Exception, region: str) -> bool:
    """moto has no such operation, or no such service: in this Region, or at an endpoint of AWS that it knows."""
    if isinstance(error, KeyError):
        return error.args == (region,)
    return not isinstance(error, RealNetworkRefused) or error.host.endswith((".amazonaws.com", ".aws"))


def answer(service: str, operation: OperationModel) -> dict[str, Any]:
    """The parsed answer of an account that has none of what is asked for."""
    metadata = {"ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}}
    stated = SETTINGS.get((service, operation.name))
    if stated is not None:
        return stated | metadata
    if not _lists(operation):
        raise Unimplemented(f"the emulation does not implement {service} {operation.name}")
    return _empty(operation.output_shape) | metadata


def _lists(operation: OperationModel) -> bool:
    """Whether the call asks what there is, and not about one thing."""
    if operation.name.startswith("Get"):
        needs = operation.input_shape.required_members if operation.input_shape else ()
        return bool(_empty(operation.output_shape)) and len(needs) == 0
    return str(operation.name).startswith(_READS)


def _empty(shape: StructureShape | None) -> dict[str, Any]:
    members = shape.members.items() if shape else ()
    return {name: [] for name, member in members if member.type_name == "list"}

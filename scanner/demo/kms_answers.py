"""What all answers of the emulated KMS share: the state, the parameters, the key asked about, pages."""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.responses import KmsResponse as MotoKmsResponse

from scanner.demo.kms_backend import KmsBackend
from scanner.demo.kms_model import Key
from scanner.demo.kms_stores import kms_error
from scanner.demo.paging import page


class KmsAnswers(MotoKmsResponse):
    """moto's KMS handler with our backend behind it."""

    @property
    def state(self) -> KmsBackend:
        """The backend of the caller's account and Region."""
        return self.kms_backend  # type: ignore[return-value]

    @property
    def _parameters(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]

    def _key(self) -> Key:
        """The key that the request names by id or ARN."""
        self._validate_cmk_id(self._get_param("KeyId"))
        return self.state.describe_key(self._get_param("KeyId"))

    def _page(self, items: list[Any], name: str, *, default: int, most: int) -> dict[str, Any]:
        limit, marker = self._get_param("Limit"), self._get_param("Marker")
        return page(items, name, limit=limit, marker=marker, default=default, most=most)


def unsupported(key: Key) -> JsonRESTError:
    """The error for a call that this kind of key does not take."""
    return kms_error(
        "UnsupportedOperationException", f"{key.arn} origin is {key.origin} which is not valid for this operation."
    )

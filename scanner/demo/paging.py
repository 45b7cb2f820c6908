"""Pages as KMS cuts them: `Limit` items from `Marker` on, `Truncated` and `NextMarker` in the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.core.exceptions import JsonRESTError


def page(
    items: Sequence[Any], name: str, *, limit: int | None, marker: str | None, default: int, most: int
) -> dict[str, Any]:
    """One page of `items` under `name`; a marker that no page gave out and a limit out of range are refused."""
    if limit is not None and not 1 <= limit <= most:
        raise JsonRESTError("ValidationException", f"Value '{limit}' at 'limit' must be between 1 and {most}")
    start = _position(marker, len(items))
    end = start + (limit or default)
    answer: dict[str, Any] = {name: list(items[start:end]), "Truncated": end < len(items)}
    if end < len(items):
        answer["NextMarker"] = f"marker-{end}"
    return answer


def _position(marker: str | None, size: int) -> int:
    if marker is None:
        return 0
    number = marker.removeprefix("marker-")
    if not marker.startswith("marker-") or not number.isdigit() or int(number) >= size:
        raise JsonRESTError("InvalidMarkerException", f"The marker '{marker}' is not valid")
    return int(number)

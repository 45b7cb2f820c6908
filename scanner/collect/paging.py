"""How an operation pages: which members carry the token, which says that there is more, how large a page may be."""

from __future__ import annotations

from typing import Any

import jmespath
from msgspec import Struct

from scanner.catalog.quotas import PAGE_SIZES

TOKENS = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("NextPageToken", "NextPageToken"),
    ("PaginationToken", "PaginationToken"),
    ("Marker", "NextMarker"),
    ("Marker", "Marker"),
    ("NextMarker", "NextMarker"),
    ("ContinuationToken", "NextContinuationToken"),
)
"""Request and answer member of a page token, for operations that page without a botocore paginator."""
LIMITS = ("MaxResults", "maxResults", "MaxItems", "Limit", "limit", "MaxRecords")

_TAGS_BY_KEY = {
    "input_token": "ExclusiveStartTagKey",
    "output_token": "Tags[-1].Key",
    "more_results": "HasMoreTags",
    "limit_key": "Limit",
}
BY_LAST_ITEM = {
    ("firehose", "ListDeliveryStreams"): {
        "input_token": "ExclusiveStartDeliveryStreamName",
        "output_token": "DeliveryStreamNames[-1]",
        "more_results": "HasMoreDeliveryStreams",
        "limit_key": "Limit",
    },
    ("firehose", "ListTagsForDeliveryStream"): _TAGS_BY_KEY,
    ("kinesis", "ListTagsForStream"): _TAGS_BY_KEY,
}
"""Operations whose next page begins after the last item, without a token or a botocore paginator."""


class PagingError(Exception):
    """The pages do not lead to the end of the list."""


class Paging(Struct, frozen=True):
    """One operation's way of paging. Paths are JMESPath into the answer."""

    tokens: tuple[tuple[str, Any], ...] = ()
    """Request member and compiled path of the answer's token."""
    more: Any = None
    size: tuple[str, int] | None = None

    def first(self, params: dict[str, Any]) -> dict[str, Any]:
        """The parameters of the first request, with the largest page size unless the caller sets one."""
        if self.size is None or self.size[0] in params:
            return params
        return {**params, self.size[0]: self.size[1]}

    def following(self, page: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
        """The tokens for the next request, empty after the last page.

        PagingError when the answer says that there is more and gives no token, or the token it was asked with.
        """
        more = self.more.search(page) if self.more else None
        found = {name: path.search(page) for name, path in self.tokens}
        found = {name: token for name, token in found.items() if token}
        if more is False or (not found and not more):
            return {}
        if not found:
            raise PagingError("the answer says that there is more, but has no page token")
        if found == last:
            raise PagingError("the answer repeats the page token that it was asked with")
        return found


def paging_of(service: str, operation_model: Any, paginator: dict[str, Any] | None) -> Paging:
    """How `operation_model` (botocore) pages, by its paginator or else by its members."""
    inputs = operation_model.input_shape.members if operation_model.input_shape else {}
    outputs = operation_model.output_shape.members if operation_model.output_shape else {}
    paginator = paginator or BY_LAST_ITEM.get((service, operation_model.name))
    if paginator:
        names = list(zip(_listed(paginator["input_token"]), _listed(paginator["output_token"]), strict=True))
        more, limit = paginator.get("more_results"), paginator.get("limit_key")
    else:
        names = [pair for pair in TOKENS if pair[0] in inputs and pair[1] in outputs][:1]
        more, limit = None, next((name for name in LIMITS if name in inputs), None)
    return Paging(
        tuple((name, jmespath.compile(path)) for name, path in names),
        jmespath.compile(more) if more else None,
        _size(service, operation_model.name, limit, inputs),
    )


def _size(service: str, operation: str, limit: str | None, inputs: Any) -> tuple[str, int] | None:
    if limit is None:
        return None
    stated = PAGE_SIZES.get((service, operation)) or inputs[limit].metadata.get("max")
    return (limit, stated) if stated and inputs[limit].type_name in ("integer", "long") else None


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]

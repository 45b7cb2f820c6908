"""Small steps from AWS's answers to records that several collectors share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from scanner.collect.session import Refused, Scope
from scanner.model.records import Item


def tags_of(listed: Iterable[dict[str, str]] | None, name: str = "Key", value: str = "Value") -> dict[str, str]:
    """A list of name and value pairs as a map; AWS leaves an empty value out."""
    return {tag[name]: tag.get(value, "") for tag in listed or ()}


def stated(answer: dict[str, Any], *names: str) -> Any:
    """The first of `names` that the answer has, else UNSET: AWS did not say."""
    for name in names:
        if answer.get(name) is not None:
            return answer[name]
    return UNSET


def document_text(document: Any) -> str:
    """A policy document as JSON text; botocore decodes those of IAM."""
    return document if isinstance(document, str) else json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def unset_reasons(values: dict[str, Any], reason: str) -> dict[str, str]:
    """`reason` for every value that is UNSET."""
    return {name: reason for name, value in values.items() if isinstance(value, UnsetType)}


def listing(
    scope: Scope,
    service: str,
    operation: str,
    member: str,
    provides: tuple[str, ...],
    record: Callable[[dict[str, Any]], Iterator[Item] | Iterable[Item]],
    **params: Any,
) -> Iterator[Item]:
    """The records of every member of `operation` (`ListAliases`), then its Coverage row, after a Gap if refused."""
    from botocore import xform_name  # slow to import, and only a scan needs it

    count, refused = 0, None
    try:
        for page in scope.pages(service, xform_name(operation), **params):
            for item in page.get(member, ()):
                count += 1
                yield from record(item)
    except Refused as error:
        if not scope.not_offered(error):
            refused = error
            yield scope.gap(error, makes_unknown=provides)
    yield scope.coverage(service, operation, provides, count, complete=refused is None)

"""One listed item read by its row: paths become values, uses, links, tags; what was refused becomes a reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from scanner.catalog.encryption.types import Absent, EncryptedType, KeyField, LinkField, key_use, untold
from scanner.catalog.paths import search
from scanner.model.records import KeyUse, Link, Scalar

_BRACES = re.compile(r"\{([^{}]+)\}")
_MILLISECONDS = 1e11  # a later moment in seconds would be the year 5138


class Reading(Struct):
    """What the calls about one item have brought so far.

    `refused` maps the place of a detail that could not be read (`Call.into`) to the reason; the empty place stands
    for details that are merged into the item, so nothing absent from it can be taken for an answer.
    """

    row: EncryptedType
    item: dict[str, Any]
    words: Mapping[str, str]
    """`partition`, `region`, `account`, `name` for templates."""
    refused: dict[str, str] = field(default_factory=dict)

    def at(self, path: str) -> Any:
        """The value at `path`, or an `Absent` with the reason when it may have been in a refused answer."""
        value = search(path, self.item) if path else None
        if value is not None:
            return value
        for place, reason in self.refused.items():
            if not place or re.search(rf"\b{place}\b", path):
                return untold(reason)
        return None

    def uses(self) -> tuple[KeyUse, ...]:
        """The uses of every field of the row that AWS states."""
        return tuple(use for key in self.row.keys if key.api for use in self._uses_of(key))

    def _uses_of(self, key: KeyField) -> Iterator[KeyUse]:
        if not key.each:
            yield from _one(key_use(key.use, self.at(key.api), key.absent, self.at, key.api))
            return
        parts = self.at(key.each)
        if isinstance(parts, Absent):
            yield KeyUse(field=key.use, state="UNKNOWN", reason=parts.reason, pointer=key.each)
        else:
            for index, part in enumerate(parts or ()):
                label = (search(key.part, part) if key.part else None) or index
                pointer = f"{key.each}[{index}].{key.api}"

                def look(path: str, part: Any = part) -> Any:
                    return search(path, part)

                yield from _one(key_use(f"{key.use}[{label}]", look(key.api), key.absent, look, pointer))

    def links(self) -> tuple[tuple[Link, ...], str | None]:
        """The links that AWS states, and why there may be more."""
        found: dict[Link, None] = {}
        reason = None
        for link in self.row.links:
            value = self.at(link.api)
            if isinstance(value, Absent):
                reason = value.reason
            else:
                found |= dict.fromkeys(self._links_of(link, value))
        return tuple(found), reason

    def _links_of(self, link: LinkField, value: Any) -> Iterator[Link]:
        for target in value if isinstance(value, list) else [value]:
            if target:
                bare = not str(target).startswith("arn:")
                arn = filled(link.target, {**self.words, "value": str(target)}, {}) if bare else str(target)
                yield Link(relation=link.relation, target=arn)

    def attributes(self) -> tuple[dict[str, Scalar], dict[str, str]]:
        """The plain facts of the row, and why some are missing: `attributes.<name>` to reason."""
        found: dict[str, Scalar] = {}
        unread: dict[str, str] = {}
        for attribute in self.row.attributes:
            value = self.at(attribute.api)
            if isinstance(value, Absent):
                unread[f"attributes.{attribute.name}"] = value.reason or ""
            elif attribute.api:
                found[attribute.name] = _plain(value)
        return found, unread


def _one(use: KeyUse | None) -> Iterable[KeyUse]:
    return () if use is None else (use,)


def filled(template: str, words: Mapping[str, str], item: Any) -> str:
    """`template` with every `{word}` replaced, and every `{path}` that is no word by what it leads to in `item`."""
    return _BRACES.sub(lambda found: words.get(found[1]) or str(search(found[1], item) or ""), template)


def short_name(text: str) -> str:
    """The last segment of an ARN or URL; any other text as it is."""
    if not text.startswith(("arn:", "http://", "https://")):
        return text
    return re.split(r"[:/]", text.rstrip("/"))[-1]


def tags_from(value: Any) -> dict[str, str]:
    """Tags in whatever form a service gives them: a map, or a list of objects with a key and a value."""
    if isinstance(value, dict):
        return {str(name): str(text) for name, text in value.items()}
    pairs = ({name.lower().removeprefix("tag"): text for name, text in tag.items()} for tag in value or ())
    return {str(pair["key"]): str(pair.get("value") or "") for pair in pairs if pair.get("key")}


def moment(value: Any) -> datetime | None:
    """A time in whatever form a service gives it: a datetime, ISO 8601, or seconds or milliseconds since 1970."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return _iso(value)
    return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC)


def _iso(value: Any) -> datetime | None:
    try:
        return moment(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return None


def _plain(value: Any) -> Scalar:
    if isinstance(value, datetime):
        return (moment(value) or value).isoformat()
    return value if isinstance(value, bool | int | float | str | None) else str(value)

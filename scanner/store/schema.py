"""The published JSON Schema of an exported snapshot, generated from the record types."""

from __future__ import annotations

from typing import Any

import msgspec

from scanner.model.records import Item
from scanner.store.lines import Header


def snapshot_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one line of `keyproof snapshot export`."""
    schema = msgspec.json.schema(Header | Item)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of an exported keyproof snapshot",
        "description": "The first line is a `snapshot` header; every further line is one record, gap or coverage row.",
        **schema,
    }

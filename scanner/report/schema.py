"""The JSON Schema of our own JSON report, generated from the types that write and read it."""

from __future__ import annotations

from typing import Any

import msgspec

from scanner.report.jsontext import json_text
from scanner.report.wire import ReportOut


def report_schema() -> str:
    """The text of `docs/report.schema.json` (JSON Schema 2020-12)."""
    schema: dict[str, Any] = msgspec.json.schema(ReportOut)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "keyproof report, schema 1",
    }
    return json_text(head | schema)

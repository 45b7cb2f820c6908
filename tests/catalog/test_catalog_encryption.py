"""Every row of the table against the models of botocore and the schema of the Terraform provider."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from shape_paths import PathError, follow, listed_item, member, operation, paginator, type_of, whole_item

from scanner.catalog.encryption import ENCRYPTED_TYPES, api_calls
from scanner.catalog.encryption.types import At, Call, EncryptedType, Flag, KeyField, Silence, key_use
from scanner.catalog.running import RUNNING_TYPES
from scanner.collect.paging import paging_of

READ = [row for row in (*ENCRYPTED_TYPES, *RUNNING_TYPES) if row.api.listing]
SCHEMA = json.loads(files("scanner.catalog").joinpath("data/terraform-key-attributes.json").read_text())["attributes"]
MORE = re.compile(r"(?i)(token|marker)$|truncated|hasmore|lastevaluated")
NOT_PAGES = {
    "UpdateToken",  # a lock for the next change of a firewall
    "HasMoreTags",  # Kinesis and Firehose: asked with the largest limit, which no stream can exceed
}
SCALARS = {"string", "boolean", "integer", "long", "float", "double", "timestamp", "free"}


def by_type(row: EncryptedType) -> str:
    return row.type


def flags(silence: Silence | None) -> Iterator[Flag]:
    if isinstance(silence, Flag):
        yield silence
        yield from flags(silence.missing)
        for meaning in silence.answers.values():
            yield from flags(meaning)


def templated(text: str) -> list[str]:
    """The paths inside a template."""
    words = {"partition", "region", "account", "name", "value"}
    return [path for path in re.findall(r"\{([^{}]+)\}", text) if path not in words]


def test_types_are_unique_and_have_the_form_of_cloudformation_names() -> None:
    names = [row.type for row in ENCRYPTED_TYPES]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"AWS::[A-Za-z0-9]+::[A-Za-z0-9]+", name)] == []


def test_a_terraform_type_belongs_to_one_row() -> None:
    owned = [name for row in ENCRYPTED_TYPES for name in row.terraform]
    assert len(owned) == len(set(owned))


@pytest.mark.parametrize("row", READ, ids=by_type)
def test_every_argument_of_every_call_exists_and_none_that_is_required_is_missing(row: EncryptedType) -> None:
    for call in row.chain():
        shape = operation(call.service or row.api.service, call.operation).input_shape
        members = set(shape.members) if shape else set()
        sent = set(call.given) | set(call.fixed)
        assert sent <= members, call
        assert set(shape.required_members if shape else ()) <= sent, call


@pytest.mark.parametrize("row", READ, ids=by_type)
def test_only_operations_that_read_are_called(row: EncryptedType) -> None:
    for call in row.chain():
        assert re.match(r"(Describe|Get|List|BatchGet)", call.operation), call.operation


@pytest.mark.parametrize("row", READ, ids=by_type)
def test_every_call_that_pages_is_paged(row: EncryptedType) -> None:
    for call in row.chain():
        service = call.service or row.api.service
        model = operation(service, call.operation)
        paging = paging_of(service, model, paginator(service, call.operation))
        more = [name for name in model.output_shape.members if MORE.search(name) and name not in NOT_PAGES]
        assert bool(paging.tokens) or not more, (call.operation, more)


@pytest.mark.parametrize("row", READ, ids=by_type)
def test_identity_is_known_from_the_listing_alone(row: EncryptedType) -> None:
    item = listed_item(row)
    assert type_of(follow(row.api.name, item)) in {"string", "free"}
    for path in templated(row.api.arn) if row.api.arn.startswith("arn:") else [row.api.arn]:
        assert type_of(follow(path, item)) in {"string", "free"}, path
    for path in filter(None, (row.api.region, row.api.owner)):
        assert type_of(follow(path, item)) == "string", path


@pytest.mark.parametrize("row", READ, ids=by_type)
def test_every_argument_that_an_item_gives_is_in_the_item(row: EncryptedType) -> None:
    item = listed_item(row)
    parents = item
    for call in reversed(row.api.listing[1:]):
        parents = parents["Parent"]
        for path in call.given.values():
            follow(path, parents)
    later = dict(item)
    for call in row.api.details:
        for path in call.given.values():
            follow(path, later)
        later = whole_item(row)


@pytest.mark.parametrize("row", READ, ids=by_type)
def test_places_of_details_are_not_members_of_the_listed_item(row: EncryptedType) -> None:
    places = [call.into for call in row.api.details if call.into]
    assert len(places) == len(set(places))
    assert set(places).isdisjoint(listed_item(row))


@pytest.mark.parametrize("row", READ, ids=by_type)
def test_every_key_path_leads_to_text_in_the_answers(row: EncryptedType) -> None:
    item = whole_item(row)
    for key in row.keys:
        if key.api:
            part = member(follow(key.each, item)) if key.each else item
            assert type_of(follow(key.api, part)) in {"string", "free"}, key
            if key.part:
                assert type_of(follow(key.part, part)) in {"string", "free"}, key
            for flag in flags(key.absent):
                check_flag(flag, follow(flag.path, part))


def check_flag(flag: Flag, shape: Any) -> None:
    """The values of a flag are of its type, and every value that AWS may state has a meaning."""
    assert type_of(shape) in {"string", "boolean", "free"}, flag
    if type_of(shape) == "boolean":
        assert set(flag.answers) == {True, False}, flag
    stated = set(getattr(shape, "enum", None) or ())
    answers = {str(answer).lower() for answer in flag.answers}
    assert {value.lower() for value in stated} <= answers, (flag.path, stated)


@pytest.mark.parametrize("row", READ, ids=by_type)
def test_every_other_path_leads_to_what_it_promises(row: EncryptedType) -> None:
    item = whole_item(row)
    for attribute in row.attributes:
        assert not attribute.api or type_of(follow(attribute.api, item)) in SCALARS, attribute
    for link in row.links:
        shape = follow(link.api, item) if link.api else None
        assert shape is None or type_of(member(shape) if type_of(shape) == "list" else shape) in SCALARS, link
    if row.api.created:
        assert type_of(follow(row.api.created, item)) in SCALARS
    if row.api.tags:
        check_tags(follow(row.api.tags, item))


def check_tags(shape: Any) -> None:
    if type_of(shape) == "list":
        names = {name.lower().removeprefix("tag") for name in member(shape).members}
        assert {"key", "value"} <= names
    else:
        assert type_of(shape) in {"map", "free"}


def places_of(row: EncryptedType) -> list[tuple[KeyField, At]]:
    return [(key, at) for key in row.keys for at in key.terraform]


def test_every_terraform_key_attribute_exists_in_the_provider_schema() -> None:
    missing = [
        f"{at.type}.{at.path}"
        for row in ENCRYPTED_TYPES
        for _, at in places_of(row)
        if at.names_key and at.path not in SCHEMA.get(at.type, {}) and (at.type, at.path) not in JSON_DOCUMENTS
    ]
    assert missing == []


JSON_DOCUMENTS: set[tuple[str, str]] = set()


@pytest.mark.parametrize("row", ENCRYPTED_TYPES, ids=by_type)
def test_terraform_places_are_of_the_row_or_name_their_home(row: EncryptedType) -> None:
    for key, at in places_of(row):
        assert (at.type in row.terraform) != bool(at.home), (key.use, at)


@pytest.mark.parametrize("row", ENCRYPTED_TYPES, ids=by_type)
def test_where_a_flag_decides_terraform_states_its_own(row: EncryptedType) -> None:
    for key, at in places_of(row):
        assert at.absent is not None or not isinstance(key.absent, Flag), (key.use, at)


@pytest.mark.parametrize("row", ENCRYPTED_TYPES, ids=by_type)
def test_no_switch_that_is_on_hides_the_key_that_is_named_beside_it(row: EncryptedType) -> None:
    def on(path: str) -> bool:
        return not re.search(r"(?i)owned|disabled", path)  # those name AWS's own key or none, and do override

    said = [(key.use, key.absent) for key in row.keys]
    said += [(key.use, at.absent) for key, at in places_of(row) if at.absent is not None and at.names_key]
    uses = [key_use(name, "k", silence, on) for name, silence in said]
    assert [use for use in uses if use is None or use.key != "k"] == []


@pytest.mark.parametrize("row", ENCRYPTED_TYPES, ids=by_type)
def test_uses_of_a_type_have_distinct_names(row: EncryptedType) -> None:
    uses = [key.use for key in row.keys]
    assert len(uses) == len(set(uses))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", use) for use in uses)


def test_attributes_have_a_name_and_a_documentation() -> None:
    for row in ENCRYPTED_TYPES:
        names = [attribute.name for attribute in row.attributes]
        assert len(names) == len(set(names)), row.type
        assert all(attribute.doc.endswith(".") for attribute in row.attributes), row.type


def test_api_calls_lists_every_operation_with_its_service() -> None:
    calls = api_calls()
    assert {("rds", "DescribeDBClusters"), ("s3", "GetBucketEncryption"), ("sqs", "ListQueues")} <= calls
    assert all(operation(service, name).name == name for service, name in calls)


def test_services_whose_endpoint_must_be_discovered_say_so() -> None:
    for row in READ:
        model = operation(row.api.service, row.api.listing[0].operation)
        assert bool(row.api.also) == bool(model.endpoint_discovery and model.endpoint_discovery.get("required")), (
            row.type
        )


def test_a_path_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(PathError):
        follow("Volumes[].KmsKey", operation("ec2", "DescribeVolumes").output_shape)
    assert Call("X").items == "@"

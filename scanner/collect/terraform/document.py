"""Plan and state files as typed documents: bytes to `Document`, with a clear error for anything else.

Shapes: developer.hashicorp.com/terraform/internals/json-format (format 0.1, 0.2, 1.x; OpenTofu writes the
same) and the raw state file, version 4. Properties that are not named here are ignored, as that page asks.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from scanner.errors import SourceError

SIZE_LIMIT = 1 << 30
"""Bytes; the largest plans seen in public are about a hundred times smaller."""

HOW_TO = "write it with `terraform show -json PLAN > plan.json`"

HOW_BINARY = "give the output of `terraform show -json` on it, and the binary plan itself as `--source`"


class Change(msgspec.Struct):
    """Values before and after, with mirrors of the same shape that mark unknown and sensitive leaves."""

    actions: list[str] = []
    before: Any = None
    after: Any = None
    after_unknown: Any = None
    before_sensitive: Any = None
    after_sensitive: Any = None
    importing: Any = None


class ResourceChange(msgspec.Struct):
    """What happens to one resource instance object."""

    address: str
    type: str | None = None
    name: str | None = None
    mode: str | None = None
    module_address: str | None = None
    index: str | int | float | None = None
    previous_address: str | None = None
    deposed: str | None = None
    action_reason: str | None = None
    change: Change = msgspec.field(default_factory=Change)


class DeferredChange(msgspec.Struct):
    """A change that Terraform put off to a later run."""

    reason: str | None = None
    resource_change: ResourceChange | None = None


class StatedResource(msgspec.Struct):
    """A resource instance of `values`, `planned_values` or `prior_state`."""

    address: str
    type: str | None = None
    name: str | None = None
    mode: str | None = None
    index: str | int | float | None = None
    values: dict[str, Any] | None = None
    sensitive_values: Any = None


class StatedModule(msgspec.Struct):
    """The resources of a module instance."""

    address: str | None = None
    resources: list[StatedResource] | None = None
    child_modules: list[StatedModule] | None = None


class StateValues(msgspec.Struct):
    """`values` of a state."""

    root_module: StatedModule | None = None


class PriorState(msgspec.Struct):
    """The state before the plan."""

    values: StateValues | None = None


class ConfigResource(msgspec.Struct):
    """A resource block; expressions hold `constant_value` or `references`."""

    type: str
    name: str
    mode: str = "managed"
    provider_config_key: str | None = None
    expressions: dict[str, Any] | None = None
    count_expression: Any = None
    for_each_expression: Any = None


class ModuleCall(msgspec.Struct):
    """A module block with the configuration it calls."""

    source: str | None = None
    expressions: dict[str, Any] | None = None
    count_expression: Any = None
    for_each_expression: Any = None
    module: ConfigModule | None = None


class ConfigModule(msgspec.Struct):
    """The blocks of one module."""

    resources: list[ConfigResource] | None = None
    module_calls: dict[str, ModuleCall] | None = None
    outputs: dict[str, Any] | None = None
    variables: dict[str, Any] | None = None


class ProviderConfig(msgspec.Struct):
    """A provider block; its constants may hold credentials and are never kept but for the Region."""

    name: str | None = None
    full_name: str | None = None
    alias: str | None = None
    module_address: str | None = None
    expressions: dict[str, Any] | None = None


class Configuration(msgspec.Struct):
    """The source as Terraform read it, without locals, dynamic blocks and comments."""

    provider_config: dict[str, ProviderConfig] | None = None
    root_module: ConfigModule | None = None


class RawInstance(msgspec.Struct):
    """An instance of a raw state file."""

    attributes: dict[str, Any] | None = None
    index_key: str | int | float | None = None
    deposed: str | None = None
    sensitive_attributes: Any = None


class RawResource(msgspec.Struct):
    """A resource of a raw state file."""

    type: str
    name: str
    mode: str = "managed"
    module: str | None = None
    instances: list[RawInstance] | None = None


class Document(msgspec.Struct):
    """A plan."""

    format_version: str | None = None
    resource_changes: list[ResourceChange] | None = None
    resource_drift: list[ResourceChange] | None = None
    deferred_changes: list[DeferredChange] | None = None
    planned_values: StateValues | None = None
    prior_state: PriorState | None = None
    configuration: Configuration | None = None
    variables: dict[str, Any] | None = None
    timestamp: str | None = None
    errored: bool | None = None
    complete: bool | None = None


class ChangesDocument(Document):
    """A plan with `resource_changes`, which say all that `planned_values` do and more; those are not built."""

    planned_values: msgspec.Raw = msgspec.Raw()  # type: ignore[assignment]


class StateDocument(Document):
    """A state of `show -json` (`values`), or a raw state file (`resources`)."""

    values: StateValues | None = None
    resources: list[RawResource] | None = None


PLAN_KEYS = ("resource_changes", "planned_values", "prior_state", "configuration")
"""Any of these makes a document a plan."""

STATE_KEYS = ("values", "format_version")
RAW_KEYS = ("version", "lineage", "serial")


class _Head(msgspec.Struct):
    """What tells the kinds of documents apart, read before anything else."""

    format_version: Any = None
    version: Any = None
    resource_changes: msgspec.Raw = msgspec.Raw()
    planned_values: msgspec.Raw = msgspec.Raw()
    prior_state: msgspec.Raw = msgspec.Raw()
    configuration: msgspec.Raw = msgspec.Raw()
    values: msgspec.Raw = msgspec.Raw()
    lineage: Any = None
    serial: Any = None
    encrypted_data: msgspec.Raw = msgspec.Raw()

    def has(self, key: str) -> bool:
        """Whether a property is there and not null."""
        value = getattr(self, key)
        if not isinstance(value, msgspec.Raw):
            return value is not None
        text = memoryview(value)
        return text.nbytes > 0 and bytes(text[:4]) != b"null"


def read_bytes(path: str | Path) -> bytes:
    """The bytes of a file, or of standard input for `-`; SourceError names what is wrong."""
    if str(path) == "-":
        return sys.stdin.buffer.read()
    file = Path(path)
    try:
        if file.stat().st_size > SIZE_LIMIT:
            raise SourceError(f"{path}: larger than {SIZE_LIMIT >> 20} MiB; split the plan with `-target`")
        return file.read_bytes()
    except OSError as problem:
        raise SourceError(f"{path}: {(problem.strerror or str(problem)).lower()}") from problem


def read_document(data: bytes, name: str) -> Document:
    """The document in `data`; `name` stands in errors. Raises SourceError."""
    text = _decode(data, name)
    try:
        head = msgspec.json.decode(text, type=_Head)
        kind = _kind(head, name)
        if kind is None:
            return _unwrap(msgspec.json.decode(text), name)
        changes_tell = kind is Document and head.has("resource_changes")
        return msgspec.json.decode(text, type=ChangesDocument if changes_tell else kind)
    except msgspec.ValidationError as problem:
        raise SourceError(f"{name}: not a Terraform plan or state: {_lower(problem)}; {_hint(text)}") from problem
    except (msgspec.DecodeError, RecursionError, UnicodeError) as problem:
        raise SourceError(f"{name}: not complete, valid JSON: {_lower(problem)}; {_hint(text)}") from problem


def _kind(head: _Head, name: str) -> type[Document] | None:
    """The type of a document; None where it is neither plan nor state."""
    if any(map(head.has, PLAN_KEYS)):
        _check_format(head.format_version, name)
        return Document
    if head.has("encrypted_data"):
        raise SourceError(f"{name}: the state or plan is encrypted; write it with `tofu show -json`")
    if any(map(head.has, STATE_KEYS)):
        _check_format(head.format_version, name)
        return StateDocument
    if not any(map(head.has, RAW_KEYS)):
        return None
    if head.version != 4:
        raise SourceError(f"{name}: state version {head.version} cannot be read, only 4; {HOW_TO}")
    return StateDocument


def _check_format(version: Any, name: str) -> None:
    """Minor versions only add; an unknown major one is refused, as the format asks."""
    if version is not None and str(version).split(".", 1)[0] not in ("0", "1"):
        raise SourceError(f"{name}: format version `{str(version)[:20]}` is newer than 1.x; update keyproof")


def _lower(problem: Exception) -> str:
    text = "nested too deeply" if isinstance(problem, RecursionError) else str(problem)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _decode(data: bytes, name: str) -> bytes:
    """UTF-8 bytes: PowerShell redirects write UTF-16 with a byte order mark."""
    if data.startswith(b"PK\x03\x04"):
        raise SourceError(f"{name}: this is a binary plan, which only its providers can read; {HOW_BINARY}")
    if data.startswith(b"\x1f\x8b"):
        raise SourceError(f"{name}: this is compressed with gzip; decompress it first")
    if not data.strip():
        raise SourceError(f"{name}: the file is empty; {HOW_TO}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16").encode()
        except UnicodeError as problem:
            raise SourceError(f"{name}: begins like UTF-16 and is not: {problem}") from problem
    return data.removeprefix(b"\xef\xbb\xbf")


def _hint(text: bytes) -> str:
    if b'"@level"' in text[:4096]:
        return f"this is the log of `terraform plan -json`, not the plan; {HOW_TO}"
    mixed = text.startswith(b"[command]") or text.lstrip()[:1] not in (b"{", b"[")
    if mixed and b'{"format_version"' in text[:65536]:
        return "other output stands before the plan; with the action setup-terraform, set `terraform_wrapper: false`"
    return HOW_TO


def _unwrap(value: Any, name: str, depth: int = 3) -> Document:
    """The plan inside another object: some pipelines wrap it."""
    nodes = [value]
    for _ in range(depth):
        inner: list[Any] = []
        for node in nodes:
            if isinstance(node, dict) and any(node.get(key) is not None for key in PLAN_KEYS):
                _check_format(node.get("format_version"), name)
                return msgspec.convert(node, Document)
            if isinstance(node, dict):
                inner += node.values()
            elif isinstance(node, list):
                inner += node
        nodes = inner
    raise SourceError(f"{name}: no Terraform plan or state in it: none of {', '.join(PLAN_KEYS)} is there; {HOW_TO}")

"""The shape of a rule file: typed on the way in, with the messages of the published JSON Schema when it is wrong."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from scanner.errors import Problem
from scanner.rules.shapes import MOST_PROBLEMS, schema_problems, struct_problem
from scanner.rules.yamlfile import YamlFile

Id = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=80)]
Word = Annotated[str, Meta(pattern=r"^[a-z_][A-Za-z0-9_]*$", max_length=40)]
Text = Annotated[str, Meta(min_length=1)]
Url = Annotated[str, Meta(pattern=r"^https://\S+$")]
ControlId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]*/\S+$")]
SubjectWord = Literal["key", "resource", "principal", "grant", "store", "cluster", "trail", "account", "change"]
ParamType = Literal["bool", "int", "double", "string", "list<string>", "list<int>"]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of a rule file."""


class ParamPart(Part, frozen=True):
    """A value that settings can change."""

    type: ParamType
    default: Any
    doc: Text


class CheckPart(Part, frozen=True):
    """One requirement; `message` is a template."""

    check: Text
    message: Text | None = None


class ControlPart(Part, frozen=True):
    """A control that the rule tests or supports."""

    id: ControlId
    strength: Literal["tests", "supports"]


class FixPart(Part, frozen=True):
    """How to mend it."""

    cli: Text | None = None
    terraform: Text | None = None


class ExamplePart(Part, frozen=True):
    """Facts about one subject and the outcome they must have; the subject stands under its own word."""

    name: Text
    expect: Literal["PASS", "FAIL", "NOT_ASSESSED", "NOT_APPLICABLE"]
    message: Text | None = None
    as_of: Text | None = None
    key: dict[str, Any] | UnsetType = UNSET
    resource: dict[str, Any] | UnsetType = UNSET
    principal: dict[str, Any] | UnsetType = UNSET
    grant: dict[str, Any] | UnsetType = UNSET
    store: dict[str, Any] | UnsetType = UNSET
    cluster: dict[str, Any] | UnsetType = UNSET
    trail: dict[str, Any] | UnsetType = UNSET
    account: dict[str, Any] | UnsetType = UNSET
    change: dict[str, Any] | UnsetType = UNSET


class RuleFile(Part, frozen=True):
    """A whole rule file."""

    rule: Id
    title: Text
    severity: Literal["critical", "high", "medium", "low", "info"]
    subject: SubjectWord
    require: Annotated[tuple[CheckPart, ...], Meta(min_length=1, max_length=32)]
    why: Text
    examples: tuple[ExamplePart, ...]
    where: Text | None = None
    params: dict[Word, ParamPart] = {}
    let: Annotated[dict[Word, Text], Meta(max_length=32)] = {}
    evidence: Text | None = None
    false_positives: Text | None = None
    fix: FixPart = FixPart()
    controls: tuple[ControlPart, ...] = ()
    sources: tuple[Url, ...] = ()
    aliases: tuple[Id, ...] = ()


def read_shape(file: YamlFile, schema: Path) -> RuleFile | list[Problem]:
    """The typed contents of `file`, or everything that `schema` has against it."""
    try:
        return msgspec.convert(file.root.data, RuleFile)
    except msgspec.ValidationError as error:
        document = json.loads(schema.read_text(encoding="utf-8"))
        return list(islice(schema_problems(file, document), MOST_PROBLEMS)) or [struct_problem(file, error)]

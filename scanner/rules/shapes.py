"""Plain data from a YAML file to a typed struct, with the place of what does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

import msgspec

from scanner.errors import KeyproofError, Problem
from scanner.rules.lang.faults import suggest
from scanner.rules.schema_words import in_words
from scanner.rules.yamlfile import YamlFile

MOST_PROBLEMS = 20
S = TypeVar("S", bound=msgspec.Struct)
STEP = re.compile(r"\.([^.\[\]`]+)|\[(\d+)\]")
UNKNOWN_KEY = re.compile(r"Object contains unknown field (`.+`)")
WORDS = (("Object missing required field", "missing"), ("Expected", "expected"), ("Invalid", "invalid"))


def read_struct(file: YamlFile, shape: type[S], error: type[KeyproofError]) -> S:
    """The contents of `file` as `shape`; `error` with file, line and column when they do not fit."""
    try:
        return msgspec.convert(file.root.data, shape)
    except msgspec.ValidationError as fault:
        wrong = list(islice(schema_problems(file, msgspec.json.schema(shape)), MOST_PROBLEMS))
        raise error("\n".join(map(str, wrong or [struct_problem(file, fault)]))) from None


def schema_problems(file: YamlFile, schema: dict[str, Any]) -> Iterator[Problem]:
    """What a JSON Schema has against the file, each at the place it is about."""
    import jsonschema  # a tenth of a second that only a wrong file costs

    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    errors = sorted(validator.iter_errors(file.root.data), key=lambda error: [str(part) for part in error.path])
    yield from dict.fromkeys(problem for error in errors for problem in _problems(file, _meant(error)))


def _meant(error: Any) -> Any:
    """The error of the only choice that was meant: `null` is never it."""
    while error.context:
        error = next((one for one in error.context if one.validator_value != "null"), error.context[0])
    return error


def _problems(file: YamlFile, error: Any) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    if error.validator != "additionalProperties" or not isinstance(error.instance, dict):
        yield file.problem_at(path, *in_words(error))
        return
    known = error.schema.get("properties", {})
    for key in error.instance:
        if key not in known:
            yield file.problem_at_key((*path, key), f"unknown key `{key[:60]}`", suggest(key[:60], known))


def struct_problem(file: YamlFile, fault: msgspec.ValidationError) -> Problem:
    """What msgspec says, at the place it speaks of."""
    message, _, at = str(fault).partition(" - at ")
    path: tuple[str | int, ...] = tuple(int(index) if index else name for name, index in STEP.findall(at))
    if match := UNKNOWN_KEY.search(message):
        return file.problem_at_key((*path, match.group(1).strip("`")), f"unknown key {match.group(1)}")
    for theirs, ours in WORDS:
        message = message.replace(theirs, ours)
    return file.problem_at(path, message, "quote it" if "`str" in message and "got `int`" in message else "")

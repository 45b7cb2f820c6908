"""Plain data from a YAML file to a typed struct, with the place of what does not fit."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from scanner.errors import KeyproofError, Problem
from scanner.rules.yamlfile import YamlFile

S = TypeVar("S", bound=msgspec.Struct)
STEP = re.compile(r"\.([^.\[\]`]+)|\[(\d+)\]")
UNKNOWN_KEY = re.compile(r"Object contains unknown field (`.+`)")
WORDS = (("Object missing required field", "missing"), ("Expected", "expected"), ("Invalid", "invalid"))


def read_struct(file: YamlFile, shape: type[S], error: type[KeyproofError]) -> S:
    """The contents of `file` as `shape`; `error` with file, line and column when they do not fit."""
    try:
        return msgspec.convert(file.root.data, shape)
    except msgspec.ValidationError as fault:
        raise error(str(struct_problem(file, fault))) from None


def struct_problem(file: YamlFile, fault: msgspec.ValidationError) -> Problem:
    """What msgspec says, at the place it speaks of."""
    message, _, at = str(fault).partition(" - at ")
    path: tuple[str | int, ...] = tuple(int(index) if index else name for name, index in STEP.findall(at))
    if match := UNKNOWN_KEY.search(message):
        return file.problem_at_key((*path, match.group(1).strip("`")), f"unknown key {match.group(1)}")
    for theirs, ours in WORDS:
        message = message.replace(theirs, ours)
    return file.problem_at(path, message, "quote it" if "`str" in message and "got `int`" in message else "")

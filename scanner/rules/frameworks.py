"""Catalogues of controls: which requirements a standard has, so that rules cannot name one that does not exist.

`frameworks/<id>.yaml` holds `framework`, `title`, `source` and `controls`, a list of `{id, title, manual}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from scanner.errors import RuleError
from scanner.model.framework import Framework, Requirement
from scanner.rules.kept import keep, kept
from scanner.rules.source import FRAMEWORKS


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    framework: str
    title: str
    source: str
    controls: tuple[Requirement, ...]


def load_frameworks(directories: Sequence[Path]) -> dict[str, Framework]:
    """The catalogues of all folders, by id; RuleError when one cannot be read."""
    return {one.id: one for directory in directories for one in _of_directory(directory)}


def _of_directory(directory: Path) -> tuple[Framework, ...]:
    found: tuple[Framework, ...] | None = kept(directory, FRAMEWORKS)
    if found is None:
        found = tuple(map(_read, sorted((directory / FRAMEWORKS).glob("*.yaml"))))
        keep(directory, FRAMEWORKS, found)
    return found


def _read(path: Path) -> Framework:
    from scanner.rules.yamlfile import YamlProblem, read_yaml

    try:
        file = read_yaml(path)
        read = msgspec.convert(file.root.data, _File)
    except YamlProblem as error:
        raise RuleError([error.problem]) from None
    except msgspec.ValidationError as error:
        raise RuleError([file.problem_at((), f"not a catalogue of controls: {error}")]) from None
    if read.framework != path.stem:
        raise RuleError([file.problem_at(("framework",), f"the file is called `{path.name}`", "use one name for both")])
    ids = [control.id for control in read.controls]
    if twice := next((id for id in ids if ids.count(id) > 1), None):
        raise RuleError([file.problem_at(("controls",), f"control `{twice}` is listed twice")])
    return Framework(read.framework, read.title, read.source, read.controls)

"""Catalogues of controls: which requirements a standard has, so that rules cannot name one that does not exist.

`frameworks/<id>.yaml` holds `framework`, `title`, `source` and `controls`, a list of `{id, title, manual}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from scanner.errors import RuleError
from scanner.model.framework import Framework, Requirement
from scanner.rules.source import FRAMEWORKS
from scanner.rules.yamlfile import YamlProblem, read_yaml


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    framework: str
    title: str
    source: str
    controls: tuple[Requirement, ...]


def load_frameworks(directories: Sequence[Path]) -> dict[str, Framework]:
    """The catalogues of all folders, by id; RuleError when one cannot be read."""
    paths = [path for directory in directories for path in sorted((directory / FRAMEWORKS).glob("*.yaml"))]
    return {framework.id: framework for framework in map(_read, paths)}


def _read(path: Path) -> Framework:
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

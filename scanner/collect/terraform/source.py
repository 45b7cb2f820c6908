"""The source folder of a plan: which file and line declares an instance, what locals refer to, waivers in comments."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from scanner.collect.terraform.configuration import ConfigurationIndex, Place
from scanner.collect.terraform.hcl import Comment, SourceBlock, scan
from scanner.collect.terraform.instances import Instance
from scanner.collect.terraform.json_syntax import scan_json
from scanner.collect.terraform.source_files import SourceFile, SourceFiles, source_files
from scanner.errors import Problem, SettingsError, SourceError


class CodeWaiver(Struct, frozen=True):
    """A waiver written in a comment; it covers the block it stands in or right above."""

    rule: str
    fields: dict[str, str]
    """`owner`, `reason`, `expires` and whatever else the comment states."""
    mode: str
    type: str
    name: str
    place: Place
    file: str
    line: int

    def covers(self, instance: Instance) -> bool:
        """Whether an instance is of the waived block."""
        return instance.block == (self.place, self.mode, self.type, self.name)


@dataclass(slots=True)
class SourceTree:
    """The blocks of every module that can be found in the folder or binary plan `root`."""

    root: Path
    configuration: ConfigurationIndex
    waivers: list[CodeWaiver] = field(default_factory=list)
    blocks: dict[Place, dict[tuple[str, ...], list[str]]] = field(default_factory=dict)
    """Texts of blocks by module, kind and labels; several where blocks share a name (`locals`, override files)."""
    files: SourceFiles = field(init=False)
    _lines: dict[tuple[Place, str, str, str], tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.files = source_files(self.root)
        for file in self.files.sources(self.configuration):
            self._read(file)

    def locate(self, instance: Instance) -> tuple[str, int] | None:
        """File (relative to the working folder given) and line of the block of an instance."""
        return self._lines.get(instance.block)

    def _read(self, file: SourceFile) -> None:
        blocks, comments = _scanned(file)
        for block in blocks:
            self._keep(file.place, block, file.path)
        for comment in comments:
            self.waivers += self._waiver(file.place, blocks, comment, file.path)

    def _keep(self, place: Place, block: SourceBlock, path: Path) -> None:
        self.blocks.setdefault(place, {}).setdefault((block.kind, *block.labels), []).append(block.text)
        if block.kind in MODES and len(block.labels) == 2:
            kind, name = block.labels
            self._lines.setdefault((place, MODES[block.kind], kind, name), (path.as_posix(), block.line))
        elif block.kind == "locals" and place in self.configuration.modules:
            self.configuration.modules[place].locals.update(block.locals)

    def _waiver(self, place: Place, blocks: list[SourceBlock], comment: Comment, path: Path) -> Iterator[CodeWaiver]:
        block = _covered(blocks, comment)
        rule, fields = _parse(comment, path)
        if block is None:
            raise _problem(path, comment, "a waiver stands inside the block that it covers, or right above it")
        kind, name = block.labels
        yield CodeWaiver(rule, fields, MODES[block.kind], kind, name, place, path.as_posix(), comment.line)


def _scanned(file: SourceFile) -> tuple[list[SourceBlock], list[Comment]]:
    try:
        return (scan_json if file.path.suffix == ".json" else scan)(file.text)
    except (ValueError, RecursionError) as problem:
        why = "nested too deeply" if isinstance(problem, RecursionError) else str(problem).lower()
        raise SourceError(f"{file.path}: not valid JSON, which Terraform refuses too: {why}") from problem


MODES = {"resource": "managed", "data": "data"}


def _covered(blocks: list[SourceBlock], comment: Comment) -> SourceBlock | None:
    """The block around a comment, else the one that begins within the next three lines."""
    own = [block for block in blocks if block.kind in MODES and len(block.labels) == 2]
    around = next((block for block in own if block.line <= comment.line <= block.end), None)
    return around or next((block for block in own if comment.end < block.line <= comment.end + 3), None)


def _parse(comment: Comment, path: Path) -> tuple[str, dict[str, str]]:
    """`rule-id owner=pay-team reason="..." expires=2027-01-31`."""
    try:
        words = shlex.split(comment.text)
    except ValueError as problem:
        raise _problem(path, comment, f"the waiver cannot be read: {str(problem).lower()}") from problem
    if not words:
        raise _problem(path, comment, "the waiver does not say which rule it waives")
    rule, *stated = words
    fields: dict[str, str] = {}
    for word in stated:
        name, equals, value = word.partition("=")
        if not equals:
            raise _problem(path, comment, f"`{word}` is not `name=value`; put quotes round a reason of several words")
        if name in fields:
            raise _problem(path, comment, f"the waiver states `{name}` twice")
        fields[name] = value
    return rule, fields


def _problem(path: Path, comment: Comment, message: str) -> SettingsError:
    return SettingsError(str(Problem(path.as_posix(), comment.line, 1, message, help=EXAMPLE)))


EXAMPLE = '# keyproof:waive rule-id owner=pay-team reason="moves to the key store in Q1" expires=2027-01-31'

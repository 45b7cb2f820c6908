"""The source folder of a plan: which file and line declares an instance, what locals refer to, waivers in comments."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scanner.collect.terraform.configuration import ConfigurationIndex, Place
from scanner.collect.terraform.hcl import Comment, SourceBlock, scan
from scanner.collect.terraform.instances import Instance
from scanner.errors import Problem, SettingsError, SourceError

LARGEST_FILE = 8 << 20
"""Bytes of a source file that is still read."""


@dataclass(frozen=True, slots=True)
class CodeWaiver:
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
    """The blocks of every module that can be found below `root`."""

    root: Path
    configuration: ConfigurationIndex
    waivers: list[CodeWaiver] = field(default_factory=list)
    _lines: dict[tuple[Place, str, str, str], tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise SourceError(f"{self.root}: not a folder; `--source` takes the folder of the root module")
        folders = self._folders()
        for place, folder in folders.items():
            for path in sorted(folder.glob("*.tf")):
                self._read(place, path)

    def locate(self, instance: Instance) -> tuple[str, int] | None:
        """File (relative to the working folder given) and line of the block of an instance."""
        return self._lines.get(instance.block)

    def _folders(self) -> dict[Place, Path]:
        """The folder of each module: from `.terraform/modules/modules.json`, else by local `source` paths."""
        found: dict[Place, Path] = {(): self.root}
        installed = self._installed()
        for place in sorted(self.configuration.modules, key=len):
            if not place or place[:-1] not in found:
                continue
            call = self.configuration.modules[place[:-1]].calls.get(place[-1])
            local = call.source if call and call.source and call.source.startswith((".", "/")) else None
            folder = installed.get(".".join(place)) or (found[place[:-1]] / local if local else None)
            if folder is not None and folder.is_dir():
                found[place] = folder
        return found

    def _installed(self) -> dict[str, Path]:
        manifest = self.root / ".terraform" / "modules" / "modules.json"
        try:
            listed = json.loads(manifest.read_text(encoding="utf-8"))["Modules"]
            return {entry["Key"]: self.root / entry["Dir"] for entry in listed if entry["Key"]}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _read(self, place: Place, path: Path) -> None:
        if path.stat().st_size > LARGEST_FILE:
            return
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeError) as problem:
            raise SourceError(f"{path}: cannot be read: {problem}") from problem
        blocks, comments = scan(text)
        for block in blocks:
            self._keep(place, block, path)
        for comment in comments:
            self.waivers += self._waiver(place, blocks, comment, path)

    def _keep(self, place: Place, block: SourceBlock, path: Path) -> None:
        if block.kind in MODES and len(block.labels) == 2:
            kind, name = block.labels
            self._lines.setdefault((place, MODES[block.kind], kind, name), (path.as_posix(), block.line))
        elif block.kind == "locals" and place in self.configuration.modules:
            self.configuration.modules[place].locals.update(block.locals)

    def _waiver(self, place: Place, blocks: list[SourceBlock], comment: Comment, path: Path) -> Iterator[CodeWaiver]:
        block = _covered(blocks, comment.line)
        rule, fields = _parse(comment, path)
        if block is None:
            raise _problem(path, comment, "a waiver stands inside the block that it covers, or right above it")
        kind, name = block.labels
        yield CodeWaiver(rule, fields, MODES[block.kind], kind, name, place, path.as_posix(), comment.line)


MODES = {"resource": "managed", "data": "data"}


def _covered(blocks: list[SourceBlock], line: int) -> SourceBlock | None:
    """The block around a comment, else the one that begins within the next three lines."""
    own = [block for block in blocks if block.kind in MODES and len(block.labels) == 2]
    around = next((block for block in own if block.line <= line <= block.end), None)
    return around or next((block for block in own if line < block.line <= line + 3), None)


def _parse(comment: Comment, path: Path) -> tuple[str, dict[str, str]]:
    """`rule-id owner=pay-team reason="..." expires=2027-01-31`."""
    try:
        words = shlex.split(comment.text)
    except ValueError as problem:
        raise _problem(path, comment, f"the waiver cannot be read: {str(problem).lower()}") from problem
    rule, *stated = words
    fields: dict[str, str] = {}
    for word in stated:
        name, equals, value = word.partition("=")
        if not equals:
            raise _problem(path, comment, f"`{word}` is not `name=value`; put quotes round a reason of several words")
        fields[name] = value
    return rule, fields


def _problem(path: Path, comment: Comment, message: str) -> SettingsError:
    return SettingsError(str(Problem(path.as_posix(), comment.line, 1, message, help=EXAMPLE)))


EXAMPLE = '# keyproof:waive rule-id owner=pay-team reason="moves to the key store in Q1" expires=2027-01-31'

"""The files of a configuration by module: a folder with its installed modules, or the copy inside a binary plan."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from msgspec import Struct

from scanner.collect.terraform.configuration import ConfigurationIndex, Place
from scanner.errors import SourceError

LARGEST_FILE = 8 << 20
"""Bytes of a source file that is still read."""
MOST_FILES = 20_000
"""Files of a binary plan; the largest public configurations have a tenth of that, modules included."""

MANIFEST = ".terraform/modules/modules.json"


SUFFIXES = (".tf", ".tf.json")
OPENTOFU = (".tofu", ".tofu.json")
"""opentofu.org/docs/language/files."""


ENCRYPTED = b'"encrypted_data"'
"""Stands in a plan or state that OpenTofu has encrypted (opentofu.org/docs/language/state/encryption)."""


class SourceFile(Struct, frozen=True):
    """One file of the configuration; `path` is what a reader is shown."""

    place: Place
    path: Path
    text: str


class SourceFiles(Protocol):
    """Where the configuration of a plan is read from."""

    def sources(self, configuration: ConfigurationIndex) -> Iterator[SourceFile]:
        """Every file of the configuration, of every module that can be found."""

    def folder(self, place: Place) -> str | None:
        """What `path.module` is there, None where it cannot be told."""

    def read(self, path: str) -> str | None:
        """Another file below the root, as `file()` reads it; None where there is none."""


def source_files(root: Path) -> SourceFiles:
    """The files of a folder or of a binary plan; SourceError for anything else."""
    if root.is_dir():
        return FolderFiles(root)
    if root.is_file() and zipfile.is_zipfile(root):
        return PlanFiles(root)
    if root.is_file() and ENCRYPTED in _head(root):
        raise SourceError(f"{root}: the binary plan is encrypted; give the folder of the root module")
    what = "the folder of the root module, or the binary plan that `terraform plan -out` wrote"
    raise SourceError(f"{root}: not a folder or a binary plan; `--source` takes {what}")


def chosen(names: Iterable[str], opentofu: bool) -> list[str]:
    """Files that are configuration; OpenTofu reads `a.tofu` in place of `a.tf`, Terraform does not read it at all."""
    read = [name for name in names if name.endswith((*SUFFIXES, *(OPENTOFU if opentofu else ())))]
    replaced = {name.replace(".tofu", ".tf") for name in read if name.endswith(OPENTOFU)}
    return [name for name in read if name not in replaced and not name.startswith(".")]


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE)
    except OSError:
        return b""


class FolderFiles:
    """The folder of the root module, local modules beside it, and those that `terraform init` installed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: dict[Place, Path] = {(): root}

    def sources(self, configuration: ConfigurationIndex) -> Iterator[SourceFile]:
        """Every file of every module that can be found; SourceError for one that cannot be read."""
        self._find(configuration)
        for place, folder in self._folders.items():
            names = {path.name: path for path in sorted(folder.iterdir())}
            for path in (names[name] for name in chosen(names, configuration.opentofu)):
                if path.stat().st_size <= LARGEST_FILE:
                    yield SourceFile(place, path, _read(path))

    def folder(self, place: Place) -> str | None:
        """The module's folder relative to the root, as Terraform states it when it runs there."""
        folder = self._folders.get(place)
        if folder is None or not folder.is_relative_to(self.root):
            return None
        return folder.relative_to(self.root).as_posix()

    def read(self, path: str) -> str | None:
        """A file below the root; nothing outside it is ever read."""
        file, root = (self.root / path).resolve(), self.root.resolve()
        if not file.is_relative_to(root) or not file.is_file() or file.stat().st_size > LARGEST_FILE:
            return None
        return _read(file)

    def _find(self, configuration: ConfigurationIndex) -> None:
        """The folder of each module: from the manifest of `terraform init`, else by local `source` paths."""
        installed = self._installed()
        for place in sorted(configuration.modules, key=len):
            if not place or place[:-1] not in self._folders:
                continue
            call = configuration.modules[place[:-1]].calls.get(place[-1])
            local = call.source if call and call.source and call.source.startswith((".", "/")) else None
            folder = installed.get(".".join(place)) or (self._folders[place[:-1]] / local if local else None)
            if folder is not None and folder.is_dir():
                self._folders[place] = folder

    def _installed(self) -> dict[str, Path]:
        try:
            entries = _manifest((self.root / MANIFEST).read_bytes())
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return {key: self.root / folder for key, folder in entries.items() if key}


class PlanFiles:
    """The `tfconfig/` part of a binary plan: the configuration of every module, registry modules included.

    The format is not documented (seen with Terraform 0.12 to 1.15): what is not there as expected is not read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._dirs = {
                    tuple(key.split(".")) if key else (): folder
                    for key, folder in _manifest(_entry(archive, "tfconfig/modules.json")).items()
                }
                self._texts = list(self._read_all(archive))
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, RuntimeError) as problem:
            raise SourceError(f"{path}: not a binary plan with its configuration: {problem}") from problem

    def _read_all(self, archive: zipfile.ZipFile) -> Iterator[SourceFile]:
        names = archive.namelist()
        if len(names) > MOST_FILES:
            raise ValueError(f"more than {MOST_FILES} files")
        for name in sorted(names):
            parts = PurePosixPath(name).parts
            if len(parts) != 3 or parts[0] != "tfconfig" or not parts[1].startswith("m-"):
                continue
            if not name.endswith((*SUFFIXES, *OPENTOFU)):
                continue
            key = parts[1].removeprefix("m-")
            place = tuple(key.split(".")) if key else ()
            if place in self._dirs and archive.getinfo(name).file_size <= LARGEST_FILE:
                shown = self.path.parent / self._dirs[place] / parts[2]
                text = _entry(archive, name).decode("utf-8-sig")
                yield SourceFile(place, shown, text.replace("\r\n", "\n"))

    def sources(self, configuration: ConfigurationIndex) -> Iterator[SourceFile]:  # noqa: ARG002  knows its modules
        """Every file, shown as a path beside the plan, where `terraform plan` ran."""
        yield from self._texts

    def folder(self, place: Place) -> str | None:
        """The module's folder as Terraform recorded it."""
        return self._dirs.get(place)

    def read(self, path: str) -> str | None:  # noqa: ARG002
        """Nothing: a binary plan holds the configuration alone."""
        return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as problem:
        raise SourceError(f"{path}: cannot be read: {problem}") from problem


def _entry(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LARGEST_FILE:
        raise ValueError(f"{name} is larger than {LARGEST_FILE >> 20} MiB")
    return archive.read(name)


def _manifest(data: bytes) -> dict[str, str]:
    """Module keys (`outer.inner`) and their folders; `{"Modules": [...]}` in a working folder, a list in a plan."""
    listed = json.loads(data)
    return {entry["Key"]: entry["Dir"] for entry in (listed["Modules"] if isinstance(listed, dict) else listed)}

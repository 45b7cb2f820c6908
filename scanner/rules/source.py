"""Where rules come from: the folder that is shipped with the package or given by the user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from scanner.errors import UsageError

FRAMEWORKS = "frameworks"
"""The folder beside the themes that holds catalogues of controls."""


def find_policies(chosen: str | None = None) -> Path:
    """The folder of the shipped rules: `chosen`, or inside the package, or beside it (editable install)."""
    package = Path(__file__).resolve().parent.parent
    candidates = [Path(chosen)] if chosen else [package / "_policies", package.parent / "policies"]
    for candidate in candidates:
        if (candidate / "schema.json").is_file():
            return candidate
    raise UsageError(f"no rules found in `{candidates[-1]}`: `schema.json` is missing there")


def rule_files(directories: Sequence[Path]) -> Iterator[Path]:
    """Every rule file of the folders, sorted within each."""
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(f"`{directory}` is not a folder of rules")
        files = sorted((*directory.rglob("*.yaml"), *directory.rglob("*.yml")))
        if not files:
            raise UsageError(f"no rule files in `{directory}`")
        for path in files:
            if FRAMEWORKS not in path.relative_to(directory).parts[:-1]:
                yield path

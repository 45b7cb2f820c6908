"""What was worked out from the shipped rules, kept beside them as Python keeps bytecode beside its sources.

It holds for the very bytes of the rules and for the code that read them, and is only ever read from and written to the
folder of the package itself: who can change it can change the package. Where that folder cannot be written, or Python
is told to write no bytecode, nothing is kept and everything is worked out again.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from scanner import __version__
from scanner.errors import UsageError
from scanner.rules.source import find_policies

log = logging.getLogger("scanner.rules")

CACHE = "__pycache__"
DIGEST = sha256().digest_size
"""A kept file begins with two: of what decides, and of what is kept, which a damaged disk may have changed."""
PACKAGE = Path(__file__).resolve().parent.parent
READERS = ("model", "graph", "rules", "rules/lang")
"""Packages whose code decides what a rule file comes to."""


def kept(directory: Path, what: str) -> Any:
    """What was kept under this name for a folder of rules; None where nothing is, or it no longer holds."""
    if not _is_shipped(directory):
        return None
    try:
        content = _file(directory, what).read_bytes()
        stamp, seal, value = content[:DIGEST], content[DIGEST : 2 * DIGEST], content[2 * DIGEST :]
        if stamp == _stamp(directory) and seal == sha256(value).digest():
            return pickle.loads(value)  # noqa: S301  as trusted as the code, which lies in the same place
    except Exception:  # noqa: BLE001, S110  missing or not ours: all one, it is worked out again
        pass
    return None


def keep(directory: Path, what: str, value: Any) -> None:
    """Keep `value`, which can be pickled, where that is possible."""
    if not _is_shipped(directory) or sys.dont_write_bytecode or sys.pycache_prefix:
        return
    file = _file(directory, what)
    new = file.with_suffix(f".{os.urandom(4).hex()}")
    content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    try:
        file.parent.mkdir(exist_ok=True)
        new.write_bytes(_stamp(directory) + sha256(content).digest() + content)
        new.replace(file)
    except OSError:
        log.debug("%s cannot be written: the rules are checked again in every run", file)
        with suppress(OSError):
            new.unlink()


def _is_shipped(directory: Path) -> bool:
    try:
        return directory == find_policies()
    except UsageError:  # none are: those of somebody else are all there is
        return False


def _file(directory: Path, what: str) -> Path:
    return directory / CACHE / f"{what}.{sys.implementation.cache_tag}.pickle"


@cache
def _stamp(directory: Path) -> bytes:
    """A digest of what decides: version, place and contents of the rules, and sizes and times of the code."""
    digest = sha256(f"{__version__}\0{sys.version}\0{directory}\0{CODE}\0".encode())
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if name != CACHE)
        for name in sorted(files):
            path = f"{folder}/{name}"
            content = Path(path).read_bytes()
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.digest()


def _code() -> str:
    """Sizes and times of the code, where it lies in files."""
    told: list[str] = []
    for package in READERS:
        with suppress(OSError):
            for path in sorted((PACKAGE / package).glob("*.py")):
                status = path.stat()
                told.append(f"{package}/{path.name}\0{status.st_size}\0{status.st_mtime_ns}")
    return "\0".join(told)


CODE = _code()
"""Of the code that this process runs: asked at its start, since the files may change while it lasts."""

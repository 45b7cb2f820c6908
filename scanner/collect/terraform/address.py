"""Addresses and references of Terraform, cut into their steps: `module.pay["eu.1"].aws_kms_key.main[0].arn`."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct

Key: TypeAlias = str | int | None
"""Instance key of for_each (text) or count (number); None where there is neither."""


class Index(Struct, frozen=True):
    """One `[...]` step; `key` is None for a splat or an index that is not a literal."""

    key: Key


Step: TypeAlias = str | Index
ModulePath: TypeAlias = tuple[tuple[str, Key], ...]
"""Calls from the root down, each with its instance key."""


class ResourceAddress(Struct, frozen=True):
    """The parts of a resource instance's address."""

    module: ModulePath
    mode: str
    type: str
    name: str
    key: Key


@lru_cache(maxsize=65536)
def steps(text: str) -> tuple[Step, ...]:
    """The steps of an address or reference; text that is not one comes back as far as it can be read."""
    found: list[Step] = []
    at = 0
    while at < len(text):
        if text[at] == "[":
            index, at = _index(text, at + 1)
            found.append(index)
        elif text[at] == ".":
            at += 1
        else:
            end = min((cut for cut in (text.find(".", at), text.find("[", at)) if cut >= 0), default=len(text))
            found.append(text[at:end])
            at = end
    return tuple(found)


def _index(text: str, at: int) -> tuple[Index, int]:
    if text[at : at + 1] == '"':
        return _quoted(text, at + 1)
    end = text.find("]", at)
    end = len(text) if end < 0 else end
    inner = text[at:end].strip()
    return Index(int(inner) if inner.isdecimal() and inner.isascii() and len(inner) < 10 else None), end + 1


def _quoted(text: str, at: int) -> tuple[Index, int]:
    """A quoted key; HCL escapes quotes, backslashes and template markers."""
    key: list[str] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
            key.append({"n": "\n", "t": "\t", "r": "\r"}.get(text[at], text[at]))
        else:
            key.append(text[at])
        at += 1
    return Index("".join(key).replace("$${", "${").replace("%%{", "%{")), at + 2


ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("${", "$${"), ("%{", "%%{"))


def quoted(key: str) -> str:
    """An instance key as it stands in an address."""
    for plain, written in ESCAPES:
        key = key.replace(plain, written)
    return f'"{key}"'


@lru_cache(maxsize=4096)
def module_path(address: str | None) -> ModulePath:
    """The module calls of a module address: `module.a[0].module.b`; empty for the root."""
    path, _ = _modules(steps(address or ""))
    return path


def _modules(parts: tuple[Step, ...]) -> tuple[ModulePath, tuple[Step, ...]]:
    path: list[tuple[str, Key]] = []
    at = 0
    while at + 1 < len(parts) and parts[at] == "module" and isinstance(parts[at + 1], str):
        name = str(parts[at + 1])
        at += 2
        key: Key = None
        if at < len(parts) and isinstance(index := parts[at], Index):
            key = index.key
            at += 1
        path.append((name, key))
    return tuple(path), parts[at:]


def resource_address(text: str) -> ResourceAddress | None:
    """The parts of a resource instance's address, or None when it is not one."""
    path, rest = _modules(steps(text))
    mode = "managed"
    if rest[:1] == ("data",):
        mode, rest = "data", rest[1:]
    if len(rest) < 2 or not isinstance(rest[0], str) or not isinstance(rest[1], str):
        return None
    key = rest[2].key if len(rest) > 2 and isinstance(rest[2], Index) else None
    return ResourceAddress(path, mode, rest[0], rest[1], key)


def without_keys(path: ModulePath) -> tuple[str, ...]:
    """The module calls alone: where in the configuration a module stands."""
    return tuple(call for call, _ in path)


def drop_prefixes(references: list[str]) -> list[tuple[Step, ...]]:
    """References as steps, without those that only name the beginning of another.

    Terraform lists `a.b[0].arn`, `a.b[0]` and `a.b` for one expression, most specific first.
    """
    cut = list(dict.fromkeys(steps(text) for text in references))
    return [one for one in cut if not any(len(other) > len(one) and other[: len(one)] == one for other in cut)]

"""AWS's API models as a scan needs them: of each service only the operations that collectors declare.

What is not declared is not in the client at all, so a scan cannot change anything, whatever its permissions are. It
also costs a third of the time and memory: EC2 alone has 800 operations, of which a scan calls three.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader, Loader

from scanner.collect.collectors import Calls, calls

_OPENERS: tuple[tuple[str, Callable[..., Any]], ...] = ((".json", open), (".json.gz", gzip.open))


@cache
def model_loader(data_path: str | None) -> Loader:
    """The reader of models, one for all sessions of a process. `data_path`: AWS_DATA_PATH, for models of one's own."""
    paths = [str(Path(os.path.expandvars(path)).expanduser()) for path in (data_path or "").split(os.pathsep) if path]
    return Loader(extra_search_paths=paths, file_loader=DeclaredModels(calls()))


class DeclaredModels(JSONFileLoader):  # type: ignore[misc]  # botocore has no types
    """Reads botocore's model files, without the operations that `declared` leaves out.

    Services of which nothing is declared are read whole: botocore needs some (SSO) to find credentials; so is STS.
    """

    def __init__(self, declared: Calls) -> None:
        self._declared: dict[str, set[str]] = {}
        for service, operation in declared:
            if service != "sts":
                self._declared.setdefault(service, set()).add(operation)
        self._shapes: dict[tuple[str, str], set[str]] = {}
        """The shapes that were kept of the model of a service and API version, in whichever directory it is."""

    def load_file(self, file_path: str) -> Any:
        """The model at `file_path` (without its ending), or None when there is none."""
        for ending, opener in _OPENERS:
            path = Path(file_path + ending)
            if path.is_file():
                with opener(path, "rb") as file:
                    return self._decoded(path, file.read())
        return None

    def _decoded(self, path: Path, text: bytes) -> Any:
        declared = self._declared.get(path.parent.parent.name)
        if declared is None or not path.name.startswith("service-2."):
            return msgspec.json.decode(text)
        if path.name.startswith("service-2.sdk-extras"):
            return _amending(msgspec.json.decode(text), self._shapes.get(_version(path), set()))
        model = _trimmed(text, declared)
        self._shapes[_version(path)] = set(model["shapes"])
        return model


def _version(path: Path) -> tuple[str, str]:
    return path.parent.parent.name, path.parent.name


def _trimmed(text: bytes, declared: set[str]) -> dict[str, Any]:
    parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    named = msgspec.json.decode(parts.pop("operations"), type=dict[str, msgspec.Raw])
    described = msgspec.json.decode(parts.pop("shapes"), type=dict[str, msgspec.Raw])
    operations = {
        name: msgspec.json.decode(raw)
        for name, raw in named.items()
        # botocore itself calls the operation that tells where the others are answered.
        if name in declared or b'"endpointoperation"' in bytes(raw)
    }
    whole: dict[str, Any] = {name: msgspec.json.decode(raw) for name, raw in parts.items()}
    return whole | {"operations": operations, "shapes": _reachable(operations.values(), described)}


def _amending(extras: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    """botocore's amendments to a model, without those to shapes that were left out of it."""
    shapes = extras.get("merge", {}).get("shapes")
    if not shapes:
        return extras
    known = {name: shape for name, shape in shapes.items() if name in kept}
    return extras | {"merge": extras["merge"] | {"shapes": known}}


def _reachable(operations: Iterable[dict[str, Any]], described: dict[str, msgspec.Raw]) -> dict[str, Any]:
    """The shapes that `operations` refer to, and those that these refer to, and so on."""
    shapes: dict[str, Any] = {}
    waiting = [name for operation in operations for name in _shapes_of_operation(operation)]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = msgspec.json.decode(described[name])
            waiting += _shapes_of_shape(shapes[name])
    return shapes


def _shapes_of_operation(operation: dict[str, Any]) -> Iterator[str]:
    for part in ("input", "output"):
        if part in operation:
            yield operation[part]["shape"]
    for error in operation.get("errors", ()):
        yield error["shape"]


def _shapes_of_shape(shape: dict[str, Any]) -> Iterator[str]:
    for member in shape.get("members", {}).values():
        yield member["shape"]
    for part in ("member", "key", "value"):
        if part in shape:
            yield shape[part]["shape"]

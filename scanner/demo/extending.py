"""Put our subclasses of moto's answers and backends in moto's place, and take them out again.

moto has no plugin mechanism: a service answers through the handlers of its `urls.url_paths`, and keeps its
state in a `BackendDict` that makes backends of one class. An `Extension` names the subclasses that stand in
for both, so that in-process mocking and the moto server use them alike and untouched services stay moto's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any
from unittest.mock import patch

from moto import backends
from moto.core.base_backend import BaseBackend
from moto.core.responses import BaseResponse
from msgspec import Struct


class Extension(Struct, frozen=True):
    """What stands in for moto's own classes of one service (`service` is moto's package name)."""

    service: str
    answers: type[BaseResponse] | None = None
    backend: type[BaseBackend] | None = None


@contextmanager
def extended(extensions: Sequence[Extension]) -> Iterator[None]:
    """moto with `extensions` in place; backends that exist already keep their class."""
    with ExitStack() as stack:
        for extension in extensions:
            _install(extension, stack)
        yield


def _install(extension: Extension, stack: ExitStack) -> None:
    urls = import_module(f"moto.{extension.service}.urls")
    if extension.backend is not None:
        _name_urls(extension.backend, urls)
        backend_dict = backends.get_backend(extension.service)  # type: ignore[call-overload]
        stack.enter_context(patch.object(backend_dict, "backend", extension.backend))
    if extension.answers is not None:
        handlers = {path: _rebound(handler, extension.answers) for path, handler in urls.url_paths.items()}
        if "{0}/$" in handlers:
            handlers["{0}$"] = handlers["{0}/$"]  # a request without a path is one for the root
        stack.enter_context(patch.dict(urls.url_paths, handlers))


def _name_urls(backend: type[BaseBackend], urls: Any) -> None:
    """moto derives a backend's urls from the module that its class stands in, which is not so for a subclass."""
    backend._url_module = urls  # type: ignore[method-assign]


def _rebound(handler: Callable[..., Any], answers: type[BaseResponse]) -> Callable[..., Any]:
    """The same handler of `answers`: handlers are bound to a class or to one instance of it."""
    owner = getattr(handler, "__self__", None)
    if isinstance(owner, type) and issubclass(answers, owner):
        return getattr(answers, handler.__name__)  # type: ignore[no-any-return]
    if owner is not None and isinstance(owner, BaseResponse) and issubclass(answers, type(owner)):
        return getattr(answers(), handler.__name__)  # type: ignore[no-any-return]
    return handler

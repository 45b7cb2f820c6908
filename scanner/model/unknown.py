"""Two values that stand for what was not read: `Unknown` and `Partial`.

Three kinds of nothing are kept apart everywhere above the snapshot:

* `None`: AWS says that there is none (a key without a key store);
* `Unknown(reason)`: nobody read it (a refused call, a value known only after apply);
* `Partial(known, reason)`: a list of which some members are known, perhaps not all.

Any operation on an `Unknown` raises `UnknownValueError`, so that compiled rules cannot mistake it for
an answer; the three-valued evaluator catches that and works with the reasons.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, NoReturn, TypeVar

T = TypeVar("T")


class UnknownValueError(Exception):
    """A value was needed that is not known; `reason` says why it is not."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Unknown:
    """A fact that was not read. `reason` names the call that was refused and where, in words."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        object.__setattr__(self, "reason", reason)

    def __repr__(self) -> str:
        return f"Unknown({self.reason!r})"

    def _refuse(self, *_: Any) -> NoReturn:
        raise UnknownValueError(self.reason)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)  # copy, pickle and networkx probe for optional protocols
        raise UnknownValueError(self.reason)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __len__ = __iter__ = __hash__ = __contains__ = __getitem__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = _refuse
    __truediv__ = __floordiv__ = __mod__ = __rfloordiv__ = __rmod__ = _refuse


class Partial(Generic[T]):
    """A list of which `known` are members and others may be.

    Iterating yields the known members and then raises; `in` answers True or raises.
    """

    __slots__ = ("known", "reason")

    def __init__(self, known: tuple[T, ...], reason: str) -> None:
        self.known = known
        self.reason = reason

    def __repr__(self) -> str:
        return f"Partial({self.known!r}, {self.reason!r})"

    def __iter__(self) -> Iterator[T]:
        yield from self.known
        raise UnknownValueError(self.reason)

    def __contains__(self, item: object) -> bool:
        if item in self.known:
            return True
        raise UnknownValueError(self.reason)

    def __len__(self) -> int:
        raise UnknownValueError(self.reason)

    def __bool__(self) -> bool:
        raise UnknownValueError(self.reason)


class PartialMap(dict[str, Any]):
    """A map of which some entries were not read: their values are `Unknown`, and so is whether they are there."""

    def __contains__(self, name: object) -> bool:
        value = self.get(name) if isinstance(name, str) else None
        if isinstance(value, Unknown):
            raise UnknownValueError(value.reason)
        return super().__contains__(name)


def known_members(relation: tuple[T, ...] | Partial[T] | Unknown) -> tuple[T, ...]:
    """The members that are certain, whatever else there may be."""
    if isinstance(relation, Unknown):
        return ()
    return relation.known if isinstance(relation, Partial) else relation


def reason_of(value: object) -> str | None:
    """Why `value` is not (fully) known, or None when it is."""
    return value.reason if isinstance(value, (Unknown, Partial)) else None

"""The types of the rule language and how a class of the graph declares them.

A view class lists its facts as annotated attributes:

    class Key(View):
        arn: Annotated[str, Doc("The key's ARN.")]
        state: Annotated[str | Unknown, OneOf(*KEY_STATES), Doc("KeyState of DescribeKey.")]
        store: Annotated["Store | None | Unknown", Doc("The custom key store that holds the material.")]
        users: Annotated["Many[Access]", Doc("Whoever may use the key."), Lazy()]

Types that a fact may have: bool, int, float, str, datetime (timestamp), timedelta (duration),
`Many[T]` (a list), dict[str, str] (a map) and other view classes; `| None` where AWS may say that
there is none; `| Unknown` where it may not have been read (any list may also be `Partial`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from inspect import get_annotations
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from scanner.model.unknown import Partial, Unknown

T = TypeVar("T")
Many = Union[tuple[T, ...], Partial[T], Unknown]  # noqa: UP007  (a generic alias that can be subscripted)
"""A list fact: known, partly known or unknown."""


class Doc(Struct, frozen=True):
    """What a fact means, where it comes from, its unit: the text of the reference page."""

    text: str


class OneOf:
    """The values that a string can take; comparing with any other is an error in a rule."""

    __slots__ = ("values",)

    def __init__(self, *values: str) -> None:
        self.values = frozenset(values)


class Lazy(Struct, frozen=True):
    """A relation that is worked out when it is first read, because it is costly."""


class _ViewType(type):
    """Gives every annotated fact a slot: a million views must stay small."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> _ViewType:
        annotated = namespace.get("__annotations__", {})
        namespace.setdefault("__slots__", tuple(fact for fact in annotated if fact not in namespace))
        return super().__new__(mcls, name, bases, namespace, **kwargs)


class View(metaclass=_ViewType):
    """Base of the classes that rules see; `identity` names the attribute by which two views are the same object.

    Views compare and hash by object identity unless a class says otherwise. A `Lazy` fact is worked out by
    `load_lazy` on first reading and then kept in its slot; a fact that nobody set reads as `Unknown`.
    """

    __slots__ = ("__weakref__",)
    identity: ClassVar[str] = "arn"

    def __init_subclass__(cls, identity: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if identity is not None:
            cls.identity = identity

    def __init__(self, **facts: Any) -> None:
        for name, value in facts.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = self.load_lazy(name)
        setattr(self, name, value)
        return value

    def load_lazy(self, name: str) -> Any:
        """The value of a fact whose slot is empty."""
        return Unknown(f"{name} was not collected")

    def in_words(self) -> str:
        """What it says as evidence, in one line; empty for the default of type and label."""
        return ""

    @classmethod
    def type_name(cls) -> str:
        """The name of this type in the rule language."""
        return cls.__name__


class FactType(Struct, frozen=True):
    """A type of the rule language.

    `name` is bool, int, double, string, timestamp, duration, list, map, object or null.
    `item` is the member type of a list or the value type of a map; `view` the class of an object.
    """

    name: str
    item: FactType | None = None
    view: type[View] | None = None
    nullable: bool = False
    values: frozenset[str] | None = None

    def __str__(self) -> str:
        text = self.name
        if self.view is not None:
            text = self.view.type_name()
        elif self.item is not None:
            text = f"map<string, {self.item}>" if self.name == "map" else f"list<{self.item}>"
        return f"opt<{text}>" if self.nullable else text


class Field(Struct, frozen=True):
    """One fact of a view."""

    name: str
    type: FactType
    doc: str
    lazy: bool = False


SCALARS: dict[Any, str] = {
    bool: "bool",
    int: "int",
    float: "double",
    str: "string",
    datetime: "timestamp",
    timedelta: "duration",
}


def fact_type(annotation: Any) -> FactType:
    """The rule-language type of a Python annotation; TypeError for one that rules cannot have."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        return _with_values(fact_type(inner), extras)
    if get_origin(annotation) in (Union, UnionType):
        return _of_union(annotation)
    if annotation in SCALARS:
        return FactType(SCALARS[annotation])
    if get_origin(annotation) is tuple:
        return FactType("list", fact_type(get_args(annotation)[0]))
    if get_origin(annotation) is dict:
        return FactType("map", fact_type(get_args(annotation)[1]))
    if isinstance(annotation, type) and issubclass(annotation, View):
        return FactType("object", view=annotation)
    raise TypeError(f"no rule-language type for {annotation}")


def _of_union(annotation: Any) -> FactType:
    members = get_args(annotation)
    stated = [m for m in members if m not in (NoneType, Unknown) and get_origin(m) is not Partial]
    if len(stated) != 1:
        raise TypeError(f"a fact has one type, not {annotation}")
    base = fact_type(stated[0])
    return FactType(base.name, base.item, base.view, NoneType in members, base.values)


def _with_values(base: FactType, extras: list[Any]) -> FactType:
    for extra in extras:
        if isinstance(extra, OneOf):
            if base.name == "list" and base.item is not None:
                return FactType("list", FactType("string", values=extra.values), nullable=base.nullable)
            return FactType(base.name, base.item, base.view, base.nullable, extra.values)
    return base


@cache
def fact_names(view: type[View]) -> frozenset[str]:
    """The names of the facts of `view`, without working out their types."""
    declared = (get_annotations(base).items() for base in view.__mro__ if issubclass(base, View) and base is not View)
    return frozenset(
        name for names in declared for name, written in names if "Annotated[" in str(written) and name[0] != "_"
    )


@cache
def fields_of(view: type[View]) -> Mapping[str, Field]:
    """The facts that `view` declares, by name, in the order of the class."""
    found: dict[str, Field] = {}
    for name, annotation in get_type_hints(view, include_extras=True).items():
        if name.startswith("_") or get_origin(annotation) is not Annotated:
            continue
        extras = get_args(annotation)[1:]
        doc = next((extra.text for extra in extras if isinstance(extra, Doc)), "")
        found[name] = Field(name, fact_type(annotation), doc, any(isinstance(extra, Lazy) for extra in extras))
    return found

"""Typed terms: what an expression means, names resolved and every operator a function of the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from scanner.model.facttypes import FactType

if TYPE_CHECKING:
    from scanner.rules.lang.functions import Function

BOOL = FactType("bool")
INT = FactType("int")
TIMESTAMP = FactType("timestamp")
NULL = FactType("null", nullable=True)
AS_OF = "as_of"
"""The variable that holds the date as of which a rule is judged."""


class Term(Struct, frozen=True):
    """A typed piece of an expression; `start` and `end` are offsets into its text."""

    type: FactType
    start: int
    end: int


class Const(Term, frozen=True):
    """A value known before the scan; lists are tuples."""

    value: Any


class Var(Term, frozen=True):
    """The subject, `as_of`, a `let` or the variable of a loop."""

    name: str


class Field(Term, frozen=True):
    """A fact of an object."""

    base: Term
    name: str


class Apply(Term, frozen=True):
    """A function of the registry with its arguments."""

    function: Function
    args: tuple[Term, ...]


class Junction(Term, frozen=True):
    """All (`conjunction`) or any of `terms`."""

    conjunction: bool
    terms: tuple[Term, ...]


class If(Term, frozen=True):
    """`test ? yes : no`."""

    test: Term
    yes: Term
    no: Term


class Loop(Term, frozen=True):
    """`source.kind(variable, body)` with kind exists, all, exists_one, filter or map."""

    kind: str
    source: Term
    variable: str
    body: Term


class Items(Term, frozen=True):
    """A list written out, of which some members are not constants."""

    items: tuple[Term, ...]


def parts(term: Term) -> tuple[Term, ...]:
    """The terms directly inside `term`."""
    match term:
        case Field(base=base):
            return (base,)
        case Apply(args=args):
            return args
        case Junction(terms=terms):
            return terms
        case If(test=test, yes=yes, no=no):
            return (test, yes, no)
        case Loop(source=source, body=body):
            return (source, body)
        case Items(items=items):
            return items
    return ()


def walk(term: Term) -> Iterator[Term]:
    """`term` and everything inside it."""
    yield term
    for part in parts(term):
        yield from walk(part)


def variables(term: Term) -> frozenset[str]:
    """The variables that `term` needs from outside."""
    if isinstance(term, Var):
        return frozenset((term.name,))
    free = frozenset[str]().union(*(variables(part) for part in parts(term)))
    return free - {term.variable} if isinstance(term, Loop) else free


def depth(term: Term, of: Mapping[str, int]) -> int:
    """How deep `term` is nested, variables counting as deep as `of` says."""
    if isinstance(term, Var):
        return of.get(term.name, 0) + 1
    return 1 + max((depth(part, of) for part in parts(term)), default=0)


def text_of(term: Term) -> str:
    """`term` in one way of writing, so that equal meanings have equal texts."""
    match term:
        case Const(value=value):
            return repr(value)
        case Var(name=name):
            return name
        case Field(base=base, name=name):
            return f"{text_of(base)}.{name}"
        case Apply(function=function, args=args):
            return f"{function.name}({', '.join(map(text_of, args))})"
        case Junction(conjunction=conjunction, terms=terms):
            return "(" + (" && " if conjunction else " || ").join(map(text_of, terms)) + ")"
        case If(test=test, yes=yes, no=no):
            return f"({text_of(test)} ? {text_of(yes)} : {text_of(no)})"
        case Loop(kind=kind, source=source, variable=variable, body=body):
            return f"{text_of(source)}.{kind}({variable}, {text_of(body)})"
        case Items(items=items):
            return f"[{', '.join(map(text_of, items))}]"
    raise TypeError(f"no text for {type(term).__name__}")


def path_of(term: Term) -> str:
    """A path as its author wrote it, for suggestions; `x` for anything longer."""
    if isinstance(term, Field):
        base = path_of(term.base)
        return "x" if base == "x" else f"{base}.{term.name}"
    return term.name if isinstance(term, Var) else "x"

"""Operators and calls to functions of the registry, and what is wrong when none fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import structs
from msgspec.structs import replace

from scanner.model.facttypes import FactType, fields_of
from scanner.rules.lang import syntax
from scanner.rules.lang.faults import ExpressionError, Fault, suggest
from scanner.rules.lang.functions import BY_NAME, CALLS, LOOPS, MATCHES, Function, overload
from scanner.rules.lang.regex import searcher
from scanner.rules.lang.signature import same_type
from scanner.rules.lang.terms import AS_OF, NULL, TIMESTAMP, Apply, Const, Field, Term, Var, path_of

GLOBALS = sorted({function.name for function in CALLS if not function.method} | {"has"})
METHODS = sorted({function.name for function in CALLS if function.method} | set(LOOPS))
INSTEAD = {
    "int": "numbers are not converted",
    "string": "numbers are not converted; a message writes `{x}`",
    "double": "numbers are not converted",
    "duration": "use `days(n)`",
    "lowerAscii": "use `lower`",
    "type": "types are known; there is nothing to ask",
    "dyn": "every value has one type",
}


WRITTEN = {
    "string": '"..."',
    "int": "90",
    "double": "0.5",
    "bool": "true",
    "duration": "days(90)",
    "timestamp": 'timestamp("2026-01-31T00:00:00Z")',
}
"""A constant of each plain type, for suggestions."""


def operator(name: str, args: tuple[Term, ...], node: syntax.Node) -> Term:
    """The application of an operator; ExpressionError when it does not take such operands."""
    if name in ("==", "!=", "in"):
        _check_comparison(name, args, node)
    found = overload(name, [arg.type for arg in args])
    if found is None:
        raise _no_operator(name, args, node)
    function, type = found
    return Apply(type, node.start, node.end, function, args)


def refuse_unknown(node: syntax.Call) -> None:
    """ExpressionError when no function is called so."""
    known, others = (GLOBALS, METHODS) if node.target is None else (METHODS, GLOBALS)
    if node.name not in known:
        usage = f"write `{'x.' * (node.target is None)}{node.name}(...)`" if node.name in others else ""
        help = INSTEAD.get(node.name) or usage or suggest(node.name, known)
        end = node.name_start + len(node.name)
        raise ExpressionError(f"unknown function `{node.name}`", node.name_start, end, help)


def call(node: syntax.Call, target: tuple[Term, ...], args: tuple[Term, ...]) -> Term:
    """The application of a named function; calls of constants are worked out at once."""
    every = (*target, *args)
    if node.name == "age" and len(every) == 1:
        every = (Var(TIMESTAMP, node.start, node.end, AS_OF), *every)
    found = overload(node.name, [term.type for term in every], bool(target))
    if found is None:
        raise _no_call(node, (*target, *args))
    function, type = found
    if function is MATCHES:
        every = (every[0], _pattern(every[1]))
    elif all(isinstance(term, Const) for term in every):
        return _folded(function, type, every, node)
    elif node.name == "timestamp":
        raise ExpressionError("`timestamp` takes a constant", node.start, node.end)
    if function.name in ("intersects", "containsAll"):
        _check_values(every[0], every[1], every[0].type.item, every[1].type.item)
    return Apply(type, node.start, node.end, function, every)


def has(node: syntax.Call, args: list[Term]) -> Term:
    """`has(x.f)`: the fact is not null."""
    if len(args) != 1 or not isinstance(args[0], Field):
        raise ExpressionError("`has` takes one field: `has(x.f)`", node.start, node.end)
    null = Const(NULL, node.start, node.end, None)
    return operator("!=", (args[0], null), node.args[0])


def common_type(terms: Sequence[Term]) -> FactType:
    """The one type of all terms, nullable if one is; ExpressionError when they differ."""
    type = next((term.type for term in terms if term.type.name != "null"), terms[0].type)
    for term in terms:
        if not same_type(type, term.type):
            raise ExpressionError(f"this is {term.type}, the others are {type}", term.start, term.end)
    values = frozenset[str]().union(*(term.type.values or frozenset() for term in terms))
    known = all(term.type.values for term in terms)
    return replace(type, nullable=any(term.type.nullable for term in terms), values=values if known else None)


def _check_comparison(name: str, args: tuple[Term, ...], node: syntax.Node) -> None:
    left, right = args
    if name == "in":
        _check_values(left, right, left.type, right.type.item if right.type.name == "list" else None)
        return
    for one, other in ((left, right), (right, left)):
        if isinstance(other, Const) and other.value is None and _never_null(one):
            raise ExpressionError("this is never null", one.start, one.end, "leave the comparison out")
    if left.type.name == right.type.name == "list" and _holds_objects(left.type):
        help = "compare ids with `map`, or use `xs.intersects(ys)` or `xs.containsAll(ys)`"
        raise ExpressionError("lists of objects cannot be compared", node.start, node.end, help)
    if "map" in (left.type.name, right.type.name):
        raise ExpressionError("maps cannot be compared", node.start, node.end, "compare single entries")
    _check_values(left, right, left.type, right.type)


def _never_null(term: Term) -> bool:
    """Whether the fact schema says so; what a guard has proved may be compared again."""
    if not isinstance(term, Field) or term.base.type.view is None:
        return False
    return not fields_of(term.base.type.view)[term.name].type.nullable


def _holds_objects(type: FactType) -> bool:
    return type.item is not None and (type.item.name in ("object", "map") or _holds_objects(type.item))


def _check_values(left: Term, right: Term, left_type: FactType | None, right_type: FactType | None) -> None:
    """A constant that a fact can never equal is a slip, not a false comparison."""
    for fact, type, other in ((left, left_type, right), (right, right_type, left)):
        if type is None or not type.values or not isinstance(other, Const):
            continue
        written = other.value if isinstance(other.value, tuple) else (other.value,)
        for value in written:
            if isinstance(value, str) and value not in type.values:
                name = f"`{fact.name}`" if isinstance(fact, (Field, Var)) else "this"
                help = suggest(value, type.values)
                raise ExpressionError(f'{name} is never "{value}"', other.start, other.end, help)


def _no_operator(name: str, args: tuple[Term, ...], node: syntax.Node) -> ExpressionError:
    types = [arg.type for arg in args]
    nullable = next((arg for arg in args if arg.type.nullable), None)
    if nullable and name not in ("==", "!=") and overload(name, [replace(type, nullable=False) for type in types]):
        return _may_be_null(nullable, f"`{name}`")
    if name == "in":
        help = "compare ids: `xs.exists(x, x.arn == ...)`, or use `xs.intersects(ys)`"
        message = f"`in` looks for {types[0]} in {types[1]}"
        return ExpressionError(message, node.start, node.end, help if types[1].name == "list" else "")
    if len(args) == 1:
        return ExpressionError(f"`{name}` does not take {types[0]}", node.start, node.end)
    verb = "compare" if name in ("==", "!=", "<", "<=", ">", ">=") else "combine"
    message = f"`{name}` cannot {verb} {types[0]} with {types[1]}"
    return ExpressionError(message, node.start, node.end, _how_to_write(args))


def _how_to_write(args: Sequence[Term]) -> str:
    """How a constant of the type of the other operand is written."""
    wanted = next((arg.type.name for arg in args if not isinstance(arg, Const)), "")
    form = WRITTEN.get(wanted) if any(isinstance(arg, Const) for arg in args) else None
    return f"a {wanted} is written `{form}`" if form else ""


def _no_call(node: syntax.Call, args: tuple[Term, ...]) -> ExpressionError:
    for arg in args:
        if arg.type.nullable:
            return _may_be_null(arg, f"`{node.name}`")
    forms = [usage(function) for function in BY_NAME[node.name] if function.method == (node.target is not None)]
    given = ", ".join(str(arg.type) for arg in args)
    return ExpressionError(
        f"`{node.name}` does not take ({given})",
        node.name_start,
        node.end,
        "it is " + " or ".join(dict.fromkeys(forms)),
    )


def _may_be_null(term: Term, taker: str) -> ExpressionError:
    help = f"guard it: `{path_of(term)} != null && ...`"
    return ExpressionError(f"this may be null, which {taker} does not take", term.start, term.end, help)


def usage(function: Function) -> str:
    """How a function is written, for messages and the reference page: `list<T>.intersects(list<T>) -> bool`."""
    args, result = function.types[1:].rsplit(") -> ", 1)
    first, *rest = re.split(r", ", args)
    if function.name == "age":
        return f"age(timestamp) -> {result}"
    if function.method:
        return f"{first}.{function.name}({', '.join(rest)}) -> {result}"
    return f"{function.name}({args}) -> {result}"


def _pattern(term: Term) -> Term:
    """The search that a constant pattern stands for."""
    if not isinstance(term, Const):
        raise ExpressionError("a regular expression must be a constant", term.start, term.end)
    try:
        return structs.replace(term, value=searcher(term.value))
    except ValueError as error:
        raise ExpressionError(str(error), term.start, term.end) from None


def _folded(function: Function, type: FactType, args: tuple[Term, ...], node: syntax.Call) -> Term:
    try:
        value = function.run(*(arg.value for arg in args if isinstance(arg, Const)))
    except (Fault, ValueError, TypeError) as error:
        raise ExpressionError(f"`{node.name}` fails: {error}", node.start, node.end) from None
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ExpressionError("a timestamp needs its offset from UTC", node.start, node.end, "end it with `Z`")
    return Const(type, node.start, node.end, value)

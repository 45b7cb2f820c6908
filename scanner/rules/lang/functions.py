"""The registry: every function and operator of the language, typed and documented; nothing else can be called."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from msgspec import Struct

from scanner.model.arn import parse_arn
from scanner.model.facttypes import Doc, FactType, View
from scanner.rules.lang import arithmetic, partial
from scanner.rules.lang.signature import Signature, bind, signature_of


class ArnParts(View, identity="resource"):
    """The parts of an ARN; all are empty strings when the text is none."""

    partition: Annotated[str, Doc("`aws`, `aws-cn`, `aws-us-gov`.")]
    service: Annotated[str, Doc("`iam`, `kms` ...")]
    region: Annotated[str, Doc("Region, or empty for what has none.")]
    account: Annotated[str, Doc("Account, or empty for what has none.")]
    resource: Annotated[str, Doc("The rest, with its own colons and slashes.")]


class Function(Struct, frozen=True, eq=False):
    """One function with one signature.

    `code` is the Python expression of the fast path with `{0}`, `{1}` for the arguments, when calling `run` would
    be slower. `part` decides, where it can, when arguments are not fully known; without it the result is unknown too.
    """

    name: str
    types: str
    doc: str
    run: Callable[..., Any]
    code: str = ""
    part: Callable[[list[Any]], Any] | None = None
    method: bool = False
    """Written `a.name(b)` rather than `name(a, b)`."""
    linear: bool = False
    """Looks at every member of its lists, so each counts as a step."""

    @property
    def signature(self) -> Signature:
        """The parsed `types`."""
        return signature_of(self.types)

    def __reduce__(self) -> tuple[Callable[..., Function], tuple[str, str, bool]]:
        return registered, (self.name, self.types, self.method)


def _arn(text: str) -> ArnParts:
    parts = parse_arn(text) or ("", "", "", "", "")
    return ArnParts(**dict(zip(("partition", "service", "region", "account", "resource"), parts, strict=True)))


def _op(name: str, types: str, doc: str, run: Callable[..., Any], code: str = "", **more: Any) -> Function:
    return Function(name, types, doc, run, code, **more)


def _method(name: str, types: str, doc: str, run: Callable[..., Any], code: str = "", **more: Any) -> Function:
    return Function(name, types, doc, run, code, method=True, **more)


NOT = _op("!", "(bool) -> bool", "Not.", operator.not_, "(not {0})")
EQUAL = _op("==", "(opt<T>, opt<T>) -> bool", "Equal; objects are equal when they are the same thing.",
            operator.eq, "({0} == {1})", part=partial.compared("=="))  # fmt: skip
UNEQUAL = _op("!=", "(opt<T>, opt<T>) -> bool", "Not equal.", operator.ne, "({0} != {1})", part=partial.compared("!="))
EQUAL_LISTS = _op("==", "(list<T>, list<T>) -> bool", "Same members in the same order.", arithmetic.equal, linear=True)
UNEQUAL_LISTS = _op("!=", "(list<T>, list<T>) -> bool", "Not the same list.", arithmetic.unequal, linear=True)
IN_LIST = _op("in", "(opt<T>, list<T>) -> bool", "Is a member of the list.", lambda item, items: item in items,
              "({0} in {1})", linear=True)  # fmt: skip
IN_MAP = _op("in", "(string, map<T>) -> bool", "The map has this key.", lambda key, mapping: key in mapping,
             "({0} in {1})")  # fmt: skip
ENTRY = _op("[]", "(map<T>, string) -> T", "The map's value for a key; guard it with `key in map`.", arithmetic.entry)
MATCHES = _method("matches", "(string, string) -> bool",
                  "A part of the text matches the regular expression (RE2 syntax, a constant).",
                  lambda text, pattern: pattern(text), "{1}({0})")  # fmt: skip

OPERATORS = (
    NOT, EQUAL_LISTS, UNEQUAL_LISTS, EQUAL, UNEQUAL, IN_LIST, IN_MAP, ENTRY,
    _op("<", "(O, O) -> bool", "Less.", operator.lt, "({0} < {1})", part=partial.compared("<")),
    _op("<=", "(O, O) -> bool", "Less or equal.", operator.le, "({0} <= {1})", part=partial.compared("<=")),
    _op(">", "(O, O) -> bool", "Greater.", operator.gt, "({0} > {1})", part=partial.compared(">")),
    _op(">=", "(O, O) -> bool", "Greater or equal.", operator.ge, "({0} >= {1})", part=partial.compared(">=")),
    _op("+", "(int, int) -> int", "Sum; overflow of 64 bits is a fault.", arithmetic.add),
    _op("+", "(double, double) -> double", "Sum.", operator.add, "({0} + {1})"),
    _op("+", "(string, string) -> string", "Both texts.", arithmetic.concatenate_text),
    _op("+", "(list<T>, list<T>) -> list<T>", "Both lists.", arithmetic.concatenate,
        part=partial.concatenated, linear=True),
    _op("+", "(timestamp, duration) -> timestamp", "Later.", arithmetic.guarded(operator.add)),
    _op("+", "(duration, timestamp) -> timestamp", "Later.", arithmetic.guarded(operator.add)),
    _op("+", "(duration, duration) -> duration", "Sum.", arithmetic.guarded(operator.add)),
    _op("-", "(int, int) -> int", "Difference.", arithmetic.subtract),
    _op("-", "(double, double) -> double", "Difference.", operator.sub, "({0} - {1})"),
    _op("-", "(timestamp, timestamp) -> duration", "Time between.", operator.sub, "({0} - {1})"),
    _op("-", "(timestamp, duration) -> timestamp", "Earlier.", arithmetic.guarded(operator.sub)),
    _op("-", "(duration, duration) -> duration", "Difference.", arithmetic.guarded(operator.sub)),
    _op("-", "(int) -> int", "The other sign.", arithmetic.negate),
    _op("-", "(double) -> double", "The other sign.", operator.neg, "(-{0})"),
    _op("*", "(int, int) -> int", "Product.", arithmetic.multiply),
    _op("*", "(double, double) -> double", "Product.", operator.mul, "({0} * {1})"),
    _op("/", "(int, int) -> int", "Quotient, cut off towards zero; by zero is a fault.", arithmetic.divide),
    _op("/", "(double, double) -> double", "Quotient; by zero is infinity.", arithmetic.divide_doubles),
    _op("%", "(int, int) -> int", "Remainder, with the sign of the first.", arithmetic.remainder),
)  # fmt: skip

CALLS = (
    *(Function("size", types, doc, len, "len({0})", partial.size, method)
      for method in (True, False)
      for types, doc in (
          ("(list<T>) -> int", "How many members."),
          ("(string) -> int", "How many characters (code points)."),
          ("(map<T>) -> int", "How many entries."),
      )),
    MATCHES,
    _method("startsWith", "(string, string) -> bool", "The text begins so.", str.startswith, "{0}.startswith({1})"),
    _method("endsWith", "(string, string) -> bool", "The text ends so.", str.endswith, "{0}.endswith({1})"),
    _method("contains", "(string, string) -> bool", "The text has this part.", lambda text, part: part in text,
            "({1} in {0})"),
    _method("lower", "(string) -> string", "In lower case.", str.lower, "{0}.lower()"),
    _method("intersects", "(list<T>, list<T>) -> bool", "A member of one is in the other.", arithmetic.intersects,
            part=partial.intersects, linear=True),
    _method("containsAll", "(list<T>, list<T>) -> bool", "Every member of the second is in the first.",
            arithmetic.contains_all, part=partial.contains_all, linear=True),
    _method("distinct", "(list<T>) -> list<T>", "Each member once.", arithmetic.distinct, part=partial.distinct,
            linear=True),
    _method("join", "(list<string>, string) -> string", "The texts with a separator between.", arithmetic.joined,
            part=partial.join, linear=True),
    Function("plural", "(int, string, string) -> string",
             "The number with the words that go with it: `plural(n, \"key is\", \"keys are\")`.",
             arithmetic.plural, part=partial.plural),
    Function("age", "(timestamp, timestamp) -> duration", "`age(t)`: time from `t` to the date of the evaluation.",
             operator.sub, "({0} - {1})"),
    Function("days", "(int) -> duration", "So many days of 24 hours.", arithmetic.days),
    Function("timestamp", "(string) -> timestamp", "`timestamp(\"2026-01-31T00:00:00Z\")`, of a constant.",
             datetime.fromisoformat),
    Function("arn", "(string) -> arn", "The parts of an ARN: partition, service, region, account, resource.", _arn),
)  # fmt: skip

LOOPS = {
    "exists": "Some member satisfies it.",
    "all": "Every member satisfies it.",
    "exists_one": "Exactly one member satisfies it.",
    "filter": "The members that satisfy it.",
    "map": "What becomes of each member.",
}
"""`list.exists(x, test)` and its kin."""

ARN_TYPE = FactType("object", view=ArnParts)
EVERY = (*OPERATORS, *CALLS)
BY_NAME: dict[str, list[Function]] = {}
for _function in EVERY:
    BY_NAME.setdefault(_function.name, []).append(_function)


def registered(name: str, types: str, method: bool) -> Function:
    """The function of the registry with this signature."""
    return next(one for one in BY_NAME[name] if one.types == types and one.method == method)


def overload(name: str, args: list[FactType], method: bool = False) -> tuple[Function, FactType] | None:
    """The function of this name that takes these arguments, with the type of its result."""
    for function in BY_NAME.get(name, ()):
        if function.method == method:
            result = bind(function.signature, args)
            if result is not None:
                return function, ARN_TYPE if result.name == "arn" else result
    return None

"""The Condition element: parsed into tests, each answered with what is known of the request.

Operators, keys and tests are joined by and, the values of one test by or (for negated operators nor).
What an absent key means is in `_when_absent`; see the IAM user guide, "Condition operators", "Null",
"...IfExists" and "Multivalued context keys".
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct

from scanner.authz.operators import NULL, OPERATORS, Operator
from scanner.authz.patterns import Pattern, literal
from scanner.authz.templates import Lookup, Resolved, has_variables, resolve, variables_of
from scanner.authz.values import ABSENT, Context, Known, Open, Truth, Value, shapes_of

Quantifier = Literal["", "ForAllValues", "ForAnyValue"]


class ConditionFault(ValueError):
    """A Condition element that AWS would not accept."""


class Test(Struct, frozen=True):
    """One operator on one context key."""

    operator: Operator
    key: str
    """In lower case; names of condition keys do not depend on case."""
    values: tuple[str, ...]
    quantifier: Quantifier = ""
    if_exists: bool = False
    variables: bool = False
    """Some value has a policy variable to replace."""
    name: str = ""
    """The key as written."""

    __test__ = False  # pytest: not a test class

    def __str__(self) -> str:
        return says(self)


def parse_conditions(element: Any, variables: bool) -> tuple[Test, ...]:
    """The tests of a Condition element; `variables` where the document's version replaces them."""
    if element is None:
        return ()
    if not isinstance(element, dict):
        raise ConditionFault("Condition is not an object")
    tests = []
    for operator, keys in element.items():
        if not isinstance(keys, dict):
            raise ConditionFault(f"the condition operator `{operator[:60]}` has no object of keys")
        tests += [_test(operator, key, values, variables) for key, values in keys.items()]
    return tuple(tests)


def _test(written: str, key: str, raw: Any, variables: bool) -> Test:
    quantifier, operator, if_exists = _operator(written)
    values = _values(raw, key)
    replaced = variables and operator.fit is not None and any(has_variables(value) for value in values)
    return Test(operator, key.lower(), values, quantifier, if_exists, replaced, key)


@lru_cache(maxsize=1024)
def _operator(written: str) -> tuple[Quantifier, Operator, bool]:
    prefix, colon, name = written.rpartition(":")
    quantifiers: dict[str, Quantifier] = {"": "", "forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}
    quantifier = quantifiers.get(prefix.lower()) if prefix or not colon else None
    plain = name.lower()
    if_exists = plain.endswith("ifexists")
    found = OPERATORS.get(plain.removesuffix("ifexists"))
    if quantifier is None or found is None or (found is NULL and if_exists):
        raise ConditionFault(f"`{written[:60]}` is not a condition operator")
    return quantifier, found, if_exists


def _values(raw: Any, key: str) -> tuple[str, ...]:
    items = raw if isinstance(raw, list) else [raw]
    if not items or not all(isinstance(item, (str, bool, int, float)) for item in items):
        raise ConditionFault(f"the condition on `{key[:60]}` has no value, or one that is not text, number or boolean")
    return tuple(_text(item) for item in items)


def _text(item: str | bool | float) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    return item if isinstance(item, str) else str(item)


def holds(tests: Iterable[Test], context: Context, actions: int) -> tuple[int, int]:
    """The actions for which all tests certainly hold, and those for which they may."""
    surely = possibly = actions
    for test in tests:
        sure = maybe = 0
        for part, value in context.parts(test.key, possibly):
            truth = truth_of(test, value, context.value)
            if truth is not Truth.NO:
                maybe |= part
                sure |= part if truth is Truth.YES else 0
        surely &= sure
        possibly &= maybe
        if not possibly:
            break
    return surely, possibly


def truth_of(test: Test, value: Value, lookup: Lookup) -> Truth:
    """Whether a test holds for what is known of its key."""
    if not test.variables:
        return _constant_truth(test, value)
    resolved = tuple(resolve(text, wild=test.operator.wild, variables=True, lookup=lookup) for text in test.values)
    return _truth(test, value, resolved)


@lru_cache(maxsize=262144)
def _constant_truth(test: Test, value: Value) -> Truth:
    resolved = tuple(
        resolve(text, wild=test.operator.wild, variables=False, lookup=lambda _: ABSENT) for text in test.values
    )
    return _truth(test, value, resolved)


def _truth(test: Test, value: Value, wanted: tuple[Resolved, ...]) -> Truth:
    if isinstance(value, Known):
        return _when_known(test, value, wanted) if value.values else _when_absent(test)
    return _when_open(test, value, wanted)


def _when_absent(test: Test) -> Truth:
    if test.operator is NULL:
        return _null(test, absent=True)
    if test.quantifier == "ForAllValues":
        return Truth.YES
    if test.quantifier == "ForAnyValue":
        return Truth.MAYBE if test.if_exists else Truth.NO  # AWS does not say which of the two words wins
    return Truth.YES if test.if_exists or test.operator.negated else Truth.NO


def _null(test: Test, absent: bool) -> Truth:
    return Truth.YES if str(absent).lower() in {value.lower() for value in test.values} else Truth.NO


def _when_known(test: Test, value: Known, wanted: tuple[Resolved, ...]) -> Truth:
    if test.operator is NULL:
        return _null(test, absent=False)
    if test.quantifier == "ForAllValues" and not any(value.values):
        return Truth.YES  # an empty text is a null data set
    each = [_one(test, literal(text), wanted) for text in value.values]
    if test.quantifier == "ForAllValues":
        return min(each)
    if test.quantifier == "ForAnyValue" or len(each) == 1:
        return max(each)
    return Truth.MAYBE if len(set(each)) > 1 else each[0]


def _when_open(test: Test, value: Open, wanted: tuple[Resolved, ...]) -> Truth:
    """The common answer of everything it may be; for a set of values drawn from the shapes it is the same."""
    if test.operator is NULL:
        answers = {_null(test, absent=False)}
    else:
        answers = {_one(test, shape, wanted) for shape in shapes_of(value)}
        if test.quantifier == "ForAllValues":
            answers.add(Truth.YES)  # the values may be empty texts
    if value.absent:
        answers.add(_when_absent(test))
    return answers.pop() if len(answers) == 1 else Truth.MAYBE


def _one(test: Test, shape: Pattern, wanted: tuple[Resolved, ...]) -> Truth:
    """Whether one value of the request satisfies the test."""
    found = Truth.NO
    for pattern, exact in wanted:
        if pattern is not None:
            truth = test.operator.test(shape, pattern)
            found = max(found, truth if exact else min(truth, Truth.MAYBE))
    return ~found if test.operator.negated else found


def keys_of(test: Test) -> tuple[str, ...]:
    """Every context key that the answer of a test depends on."""
    if not test.variables:
        return (test.key,)
    return (test.key, *(key for text in test.values for key in variables_of(text)))


def says(test: Test) -> str:
    """The test in words."""
    name = test.name or test.key
    if test.operator is NULL:
        missing = "true" in {value.lower() for value in test.values}
        return f"{name} is missing" if missing else f"{name} is present"
    more = [f"{len(test.values) - 4} more"] if len(test.values) > 4 else []
    values = " or ".join([f"`{value}`" for value in test.values[:4]] + more)
    amount = {"": "", "ForAllValues": "every value of ", "ForAnyValue": "some value of "}[test.quantifier]
    missing_too = ", or is missing" if test.if_exists or test.quantifier == "ForAllValues" else ""
    return f"{amount}{name} {test.operator.says} {values}{missing_too}"

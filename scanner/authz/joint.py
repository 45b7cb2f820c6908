"""Can the open conditions of a decision hold together? `weigh` answers each of them by itself.

Where several tests ask about one unknown key, all its values that could make a difference are tried: those
that the policies name, any other, and none. Only tests whose values fall into such classes exactly are looked
at; past a budget, or with patterns, sets and variables, the conditions are taken to go together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from msgspec.structs import replace

from scanner.authz.conditions import Test
from scanner.authz.match import Hit
from scanner.authz.request import AccessRequest, Documents
from scanner.authz.values import ABSENT, Context, Open, Value, known
from scanner.authz.weigh import Outcome, weigh

BUDGET = 256
"""Combinations of values that are tried at most."""
_EXACT = frozenset(("StringEquals", "StringNotEquals", "Bool", "Null"))
_ANY_OTHER = "\N{REPLACEMENT CHARACTER}any other value"


def weigh_jointly(request: AccessRequest, documents: Documents) -> Outcome:
    """`weigh`, without actions that no completion of the context allows."""
    outcome = weigh(request, documents)
    doubtful = outcome.may & ~outcome.must
    choices = _choices(outcome, doubtful, request.context) if doubtful else {}
    if choices:
        outcome.may = outcome.must | _possible(request, documents, choices, doubtful)
    return outcome


def _possible(request: AccessRequest, documents: Documents, choices: dict[str, list[Value]], doubtful: int) -> int:
    found = 0
    for values in product(*choices.values()):
        context = _Settled(dict(zip(choices, values, strict=True)), request.context)
        found |= weigh(replace(request, actions=doubtful, context=context), documents).may
        if found == doubtful:
            break
    return found


def _choices(outcome: Outcome, actions: int, context: Context) -> dict[str, list[Value]]:
    """The values to try of each unknown key that several tests ask about; none where that is not exact."""
    asked: dict[str, list[Test]] = defaultdict(list)
    for hit in _open_hits(outcome, actions):
        for test in hit.statement.conditions:
            asked[test.key].append(test)
    found: dict[str, list[Value]] = {}
    size = 1
    for key in sorted(asked):
        value = context.value(key)
        if len(asked[key]) > 1 and isinstance(value, Open) and all(map(_is_exact, asked[key])):
            values = _values(asked[key], value)
            size *= len(values)
            if size > BUDGET:
                return {}
            found[key] = values
    return found


def _open_hits(outcome: Outcome, actions: int) -> Iterator[Hit]:
    for layer in outcome.layers:
        for hit in layer.hits:
            if hit.possibly & ~hit.surely & actions:
                yield hit


def _is_exact(test: Test) -> bool:
    return test.operator.name in _EXACT and not test.quantifier and not test.variables


def _values(tests: list[Test], value: Open) -> list[Value]:
    """Constants that the key may be, any other value, and absence."""
    constants = {text.lower() if test.operator.name == "Bool" else text for test in tests for text in test.values}
    constants -= {text for test in tests if test.operator.name == "Null" for text in test.values}
    constants |= {"true", "false"} if any(test.operator.name == "Bool" for test in tests) else set()
    named: list[Value] = [known(text) for text in sorted(constants) if any(s.matches(text) for s in value.shapes)]
    other = [] if all(shape.literal is not None for shape in value.shapes) else [known(_ANY_OTHER)]
    literals = [known(s.literal) for s in value.shapes if s.literal is not None and s.literal not in constants]
    return [*named, *literals, *other, *([ABSENT] if value.absent else [])]


class _Settled:
    """A context in which some unknown keys have a value; which actions can carry them stays as it was."""

    def __init__(self, values: dict[str, Value], context: Context) -> None:
        self._values = values
        self._context = context

    def parts(self, key: str, actions: int) -> tuple[tuple[int, Value], ...]:
        """The settled value where the key was open."""
        parts = self._context.parts(key, actions)
        settled = self._values.get(key)
        if settled is None:
            return parts
        return tuple((mask, settled if isinstance(value, Open) else value) for mask, value in parts)

    def value(self, key: str) -> Value:
        """The settled value, else what was known."""
        return self._values.get(key) or self._context.value(key)

    def of_resource_policy(self) -> Context:
        """The same values as key policies and RCPs see them."""
        return _Settled(self._values, self._context.of_resource_policy())

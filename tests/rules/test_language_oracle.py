"""The language agrees with CEL's own implementation, and its two evaluators with each other."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from cel_expr_python import cel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.model.rule import Outcome
from scanner.model.unknown import UnknownValueError
from scanner.rules.lang.checker import check
from scanner.rules.lang.faults import RUNTIME_FAULTS
from scanner.rules.program import PASSED, Check, Program
from tests.rules.things import SCOPE, Thing, expressions, hidden, thing, thing_facts

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
ENV = cel.NewEnv(variables={"t": cel.Type.DYN})
many = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def program(text: str) -> Program:
    return Program("t", None, {}, (Check(check(text, SCOPE), None),))


def slow(text: str, subject: Thing) -> Any:
    """True, False, `error` or None for unknown, by the three-valued evaluator."""
    decision = program(text).decide_slowly(subject, AS_OF)
    if decision.faulty:
        return "error"
    return {Outcome.PASS: True, Outcome.FAIL: False}.get(decision.outcome)


def fast(text: str, subject: Thing) -> Any:
    """True or False by compiled code, None when it cannot tell."""
    try:
        return program(text).fast(subject, AS_OF) == PASSED
    except (UnknownValueError, *RUNTIME_FAULTS):
        return None


def oracle(text: str, facts: dict[str, Any]) -> Any:
    value = ENV.compile(text).eval(data={"t": facts})
    return "error" if value.type().name() == "ERROR" else value.plain_value()


@pytest.mark.parametrize("operator", "+-*/%")
def test_arithmetic_agrees_with_cel(operator: str) -> None:
    numbers = (0, 1, -1, 2, 3, -3, 7, -7, 2**62, 2**63 - 1, -(2**63))
    for left, right in itertools.product(numbers, repeat=2):
        for result in (0, 1, -2, -3, 3):
            text = f"{left} {operator} {right} > {result}"
            assert slow(text, Thing()) == oracle(text, {}), text
            assert fast(text, Thing()) in (None, slow(text, Thing()))


@many
@given(expressions(), thing_facts())
def test_agrees_with_cel_on_complete_facts(text: str, facts: dict[str, Any]) -> None:
    assert slow(text, thing(facts)) == oracle(text, facts), text


@many
@given(expressions(objects=True), thing_facts())
def test_compiled_code_agrees_with_the_reference_on_complete_facts(text: str, facts: dict[str, Any]) -> None:
    quick = fast(text, thing(facts))
    assert quick is None or quick is slow(text, thing(facts))


@many
@given(expressions(objects=True), st.data())
def test_compiled_code_agrees_with_the_reference_on_partly_known_facts(text: str, data: st.DataObject) -> None:
    subject = data.draw(hidden(data.draw(thing_facts())))
    quick = fast(text, subject)
    assert quick is None or quick is slow(text, subject)


@many
@given(expressions(objects=True), st.data())
def test_completing_the_unknown_never_contradicts_what_was_decided(text: str, data: st.DataObject) -> None:
    facts = data.draw(thing_facts())
    decided = slow(text, data.draw(hidden(facts)))
    if decided is not None:
        assert slow(text, thing(facts)) in (decided, "error")

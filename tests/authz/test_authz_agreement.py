"""The engine and the plain reference engine give the same answers on random requests."""

from __future__ import annotations

from typing import Any

from authz import reference
from authz.strategies import cases
from hypothesis import given, settings

from scanner.authz.simulate import answer


@settings(max_examples=300)
@given(cases())
def test_both_engines_agree(case: dict[str, Any]) -> None:
    found = answer(case)
    assert found["decision"] == reference.answer(case), found["because"]

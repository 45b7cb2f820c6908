"""The facts that a class declares."""

from __future__ import annotations

import pytest

from scanner.graph import views
from scanner.model.facttypes import View, fact_names, fields_of

CLASSES = [one for one in vars(views).values() if isinstance(one, type) and issubclass(one, View) and one is not View]


@pytest.mark.parametrize("view", CLASSES, ids=lambda view: view.__name__)
def test_names_are_told_without_types(view: type[View]) -> None:
    assert fact_names(view) == set(fields_of(view))

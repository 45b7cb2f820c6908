"""The facts that a class declares."""

from __future__ import annotations

import pytest

from scanner.graph import access, access_views, views
from scanner.model.facttypes import View, fact_names, fields_of

CLASSES = {
    one
    for module in (views, access_views, access)
    for one in vars(module).values()
    if isinstance(one, type) and issubclass(one, View) and one is not View
}


@pytest.mark.parametrize("view", sorted(CLASSES, key=str), ids=lambda view: view.__name__)
def test_names_are_told_without_types(view: type[View]) -> None:
    assert fact_names(view) == set(fields_of(view))

"""Every documented case, asked of the engine and of the reference engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from authz import reference
from authz.shorthand import case

from scanner.authz.simulate import answer

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def documented() -> list[Any]:
    found = []
    for file in FILES:
        page = yaml.safe_load(file.read_text(encoding="utf-8"))
        found += [pytest.param(short, page["source"], id=f"{file.stem}: {short['name']}") for short in page["cases"]]
    return found


@pytest.mark.parametrize(("short", "source"), documented())
def test_the_engine_decides_as_documented(short: dict[str, Any], source: str) -> None:
    found = answer(case(short))
    assert found["decision"] == short["expect"], (short["because"], source, found["because"])


@pytest.mark.parametrize(("short", "source"), documented())
def test_the_reference_engine_decides_as_documented(short: dict[str, Any], source: str) -> None:
    if "StringAlike" in str(short):
        return  # the reference engine reads well-formed documents only
    assert reference.answer(case(short)) == short["expect"], (short["because"], source)


def test_every_case_says_why() -> None:
    assert all(short["because"] and source for short, source in (param.values for param in documented()))

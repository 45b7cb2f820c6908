"""The generated documents are those that the code generates, and the table of permissions behind facts holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scanner.collect.collectors import calls
from scanner.graph import views
from scanner.graph.sources import SOURCES, TYPES, named_facts
from scanner.model.facttypes import View, fields_of

DOCS = Path(__file__).parent.parent / "docs"
CLASSES = {view.__name__: view for view in vars(views).values() if isinstance(view, type) and issubclass(view, View)}
ASKED = set(calls())


def test_the_generated_documents_are_current() -> None:
    run = subprocess.run(
        [sys.executable, str(DOCS / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, "")


@pytest.mark.parametrize(("view", "fact"), list(named_facts()))
def test_every_fact_with_permissions_exists_and_its_calls_are_made(view: str, fact: str) -> None:
    assert fact in fields_of(CLASSES[view])
    assert set(SOURCES[view][fact]) - set(TYPES) <= ASKED


def test_every_subject_has_its_permissions() -> None:
    asked = {view.__name__ for word, view in views.SUBJECT_VIEWS.items() if word != "change"}
    assert asked <= set(SOURCES)
    assert all("*" in facts for facts in SOURCES.values())

"""Examples in docstrings run; every public name stands on the method page."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from kamerton.measure import generalizability

PAGE = Path(__file__).resolve().parents[3] / "docs" / "methods" / "generalizability.md"


@pytest.mark.parametrize("module", ("_accuracy", "_decision", "_design", "_search", "_study"))
def test_examples_in_docstrings_run(module):
    found = doctest.testmod(importlib.import_module(f"kamerton.measure.generalizability.{module}"))
    assert found.failed == 0 and found.attempted > 0


def test_every_public_name_stands_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in generalizability.__all__ if f"`{name}`" not in text] == []


def test_all_lists_every_public_name_once():
    assert len(set(generalizability.__all__)) == len(generalizability.__all__)
    assert all(hasattr(generalizability, name) for name in generalizability.__all__)

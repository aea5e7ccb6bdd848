"""Examples in docstrings and on the method page run; every public name stands on the page."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from kamerton.measure import classical

PAGE = Path(__file__).resolve().parents[3] / "docs" / "methods" / "classical.md"


@pytest.mark.parametrize("module", ("_distractors", "_items", "_persons", "_precision", "_reliability"))
def test_examples_in_docstrings_run(module):
    found = doctest.testmod(importlib.import_module(f"kamerton.measure.classical.{module}"))
    assert found.failed == 0 and found.attempted > 0


def test_examples_on_the_page_run():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0 and found.attempted > 0


def test_every_public_name_stands_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in classical.__all__ if f"`{name}`" not in text] == []


def test_all_lists_every_public_name_once():
    assert len(set(classical.__all__)) == len(classical.__all__)
    assert all(hasattr(classical, name) for name in classical.__all__)

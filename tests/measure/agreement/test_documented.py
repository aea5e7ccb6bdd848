"""Examples in docstrings run; every public name stands on the method page."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from kamerton.measure import agreement

PAGE = Path(__file__).resolve().parents[3] / "docs" / "methods" / "agreement.md"
MODULES = ("_concordance", "_icc", "_kappa", "_krippendorff", "_pairs", "_within_group")


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module):
    found = doctest.testmod(importlib.import_module(f"kamerton.measure.agreement.{module}"))
    assert found.failed == 0 and found.attempted > 0


def test_every_public_name_stands_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in agreement.__all__ if f"`{name}`" not in text] == []


def test_all_lists_every_public_name_once():
    assert len(set(agreement.__all__)) == len(agreement.__all__)
    assert all(hasattr(agreement, name) for name in agreement.__all__)

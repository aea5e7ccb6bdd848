"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def cast(db: None):
    from tests.cast import make_cast

    return make_cast()


@pytest.fixture(scope="session")
def pack_folder() -> Path:
    return ROOT / "content" / "kam-precious-metals"


@pytest.fixture(scope="session")
def reference() -> Path:
    """Data and answers that nobody here wrote; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("KAMERTON_REFERENCE", ROOT.parent / "shared" / "reference"))
    if not folder.is_dir():
        pytest.skip("reference data absent; set KAMERTON_REFERENCE to its folder")
    return folder


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes are named by their argument: a workbook carries the second it was made, and two processes must agree."""
    return argname if isinstance(val, bytes) else None

from __future__ import annotations

from tests.fixtures.sample import sample

__all__ = ["sample"]

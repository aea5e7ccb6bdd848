"""Statistics on arrays: numpy and scipy only, no Django. Levels 1–5 unless a docstring says otherwise."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import chain, combination, facets, fit, linking, seats, simulation

__all__ = ["chain", "combination", "facets", "fit", "linking", "seats", "simulation"]

_LAZY = ("classical",)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

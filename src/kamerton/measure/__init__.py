"""Statistics on arrays: numpy and scipy only, no Django. Levels 1–5 unless a docstring says otherwise."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._estimator import Estimates, Estimator, Flag, NotFittedError, Table, load

if TYPE_CHECKING:
    from . import (
        adaptive,
        agreement,
        chain,
        change,
        classical,
        combination,
        content,
        cuts,
        executor,
        facets,
        fairness,
        fit,
        generalizability,
        irt,
        linking,
        model_fit,
        norms,
        seats,
        simulation,
        validity,
    )

_ROOMS = (
    "adaptive", "agreement", "chain", "change", "classical", "combination", "content", "cuts", "executor", "facets",
    "fairness", "fit", "generalizability", "irt", "linking", "model_fit", "norms", "seats", "simulation", "validity",
)  # fmt: skip
"""Imported when first asked for: a page that needs one formula does not wait for all."""

__all__ = [
    "Estimates", "Estimator", "Flag", "NotFittedError", "Table", "load",
    "adaptive", "agreement", "chain", "change", "classical", "combination", "content", "cuts", "executor", "facets",
    "fairness", "fit", "generalizability", "irt", "linking", "model_fit", "norms", "seats", "simulation", "validity",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

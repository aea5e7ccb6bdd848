"""Ratings with known truth for the tests of the many-facet model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = np.array([-1.5, -0.5, 0.5, 1.5])


@dataclass(frozen=True)
class Sample:
    ratings: dict[str, NDArray[Any]]
    ability: NDArray[np.float64]
    severity: NDArray[np.float64]


def draw(
    location: NDArray[np.float64], rng: np.random.Generator, thresholds: Any = THRESHOLDS
) -> NDArray[np.intp]:
    """Categories from 0 at the given locations."""
    steps = location[:, None] - np.atleast_2d(thresholds)
    log = np.concatenate((np.zeros((len(location), 1)), np.cumsum(steps, axis=1)), axis=1)
    p = np.exp(log - log.max(axis=1, keepdims=True))
    cumulative = np.cumsum(p / p.sum(axis=1, keepdims=True), axis=1)
    return (rng.random(len(location))[:, None] > cumulative[:, :-1]).sum(axis=1).astype(np.intp)


def centre(n_persons: int = 500, n_raters: int = 3, seed: int = 11) -> Sample:
    """Persons × 6 exercises × 8 competencies × 3 raters of the pool, drawn anew for each performance."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n_persons)
    exercise, competency = rng.normal(scale=0.3, size=6), rng.normal(scale=0.4, size=8)
    severity = rng.normal(scale=0.5, size=n_raters)
    severity -= severity.mean()
    seats = np.argsort(rng.random((n_persons, 6, n_raters)), axis=2)[:, :, :3]
    axes = np.meshgrid(np.arange(n_persons), np.arange(6), np.arange(8), np.arange(3), indexing="ij")
    p, e, c, s = (axis.ravel() for axis in axes)
    r = seats[p, e, s]
    value = draw(ability[p] - exercise[e] - competency[c] - severity[r], rng)
    return Sample(
        {"person": p, "exercise": e, "competency": c, "rater": r, "value": value}, ability, severity
    )


def pairs(n_persons: int = 200, n_raters: int = 6, seed: int = 5, items: int = 4) -> Sample:
    """Each person seen by two raters of the pool on some items."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n_persons)
    severity = rng.normal(scale=0.6, size=n_raters)
    severity -= severity.mean()
    seats = np.argsort(rng.random((n_persons, n_raters)), axis=1)[:, :2]
    p, i, s = (
        a.ravel() for a in np.meshgrid(np.arange(n_persons), np.arange(items), np.arange(2), indexing="ij")
    )
    difficulty = np.linspace(-0.5, 0.5, items)
    r = seats[p, s]
    value = draw(ability[p] - difficulty[i] - severity[r], rng)
    return Sample({"person": p, "item": i, "rater": r, "value": value}, ability, severity)

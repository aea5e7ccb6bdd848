"""Several predictors together: validity, what one adds, difference of groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._checks import FloatArray, frozen


@dataclass(frozen=True)
class Composite:
    """Validity of a weighted sum of standardised predictors: `validity`, the `weights` used, `incremental` of each (R minus R without it,
    best weights), `best` multiple correlation, `shrunken` what best weights learnt on `n` persons keep in the population; NaN without n."""

    validity: float
    weights: FloatArray
    best: float
    incremental: FloatArray
    shrunken: float
    flags: tuple[str, ...]


def composite_validity(
    validities: ArrayLike, correlations: ArrayLike, weights: ArrayLike | None = None, *, n: int | None = None
) -> Composite:
    """What a battery predicts: r_c = w′r/√(w′Rw) for stated weights, √(r′R⁻¹r) for the best ones.

    `validities` (K,) of each predictor, `correlations` (K, K) between them, `weights` stated or None for the best. `n` persons the best weights were
    learnt on: `shrunken` is Wherry's estimate √(1 − (1 − R²)(n − 1)/(n − K − 1)), 0 when nothing is left. Unit weights lose little and
    never shrink.

    Do not use best weights below some 20 persons a predictor (flag `few_for_weights`).

    >>> two = composite_validity([0.51, 0.41], [[1, 0], [0, 1]])
    >>> round(two.best, 2), round(float(two.incremental[1]), 2)
    (0.65, 0.14)
    """
    r, matrix = _battery(validities, correlations)
    best = float(np.sqrt(max(float(r @ np.linalg.solve(matrix, r)), 0.0)))
    flags: list[str] = []
    if weights is None:
        w = np.linalg.solve(matrix, r)
    else:
        w = np.asarray(weights, dtype=float)
        if w.shape != r.shape or not np.any(w):
            raise ValueError(f"weights has shape {w.shape} for {len(r)} predictors, or nothing but zeros.")
    validity = float(w @ r / np.sqrt(w @ matrix @ w)) if np.any(w) else 0.0
    if best > 1 + 1e-9:
        flags.append(
            "impossible: a multiple correlation above 1; the table was put together from different people"
        )
    steps = []
    for k in range(len(r)):
        rest = np.delete(np.arange(len(r)), k)
        without = float(r[rest] @ np.linalg.solve(matrix[np.ix_(rest, rest)], r[rest])) if len(rest) else 0.0
        steps.append(best - float(np.sqrt(max(without, 0.0))))
    shrunken = float("nan")
    if n is not None:
        left = 1 - (1 - min(best, 1.0) ** 2) * (n - 1) / (n - len(r) - 1) if n > len(r) + 1 else 0.0
        shrunken = float(np.sqrt(max(left, 0.0)))
        if n < 20 * len(r):
            flags.append(f"few_for_weights: {n} persons, {len(r)} predictors")
    return Composite(validity, frozen(w), best, frozen(np.array(steps)), shrunken, tuple(flags))


def composite_difference(differences: ArrayLike, correlations: ArrayLike, weights: ArrayLike) -> float:
    """Standardised difference of two groups on a weighted sum, d_c = w′d/√(w′Rw) (Sackett & Ellingson 1997).

    Adding a predictor without a difference does not halve it, and several small differences add up to a larger one.

    >>> round(composite_difference([0.2, 0.4, 0.3], [[1, 0.3, 0.3], [0.3, 1, 0.3], [0.3, 0.3, 1]], [1, 1, 1]), 4)
    0.4108
    """
    d, matrix = _battery(differences, correlations, limit=False)
    w = np.asarray(weights, dtype=float)
    if w.shape != d.shape or not np.any(w):
        raise ValueError(f"weights has shape {w.shape} for {len(d)} predictors, or nothing but zeros.")
    return float(w @ d / np.sqrt(w @ matrix @ w))


def _battery(
    values: ArrayLike, correlations: ArrayLike, *, limit: bool = True
) -> tuple[FloatArray, FloatArray]:
    v, m = np.asarray(values, dtype=float), np.asarray(correlations, dtype=float)
    if (
        v.ndim != 1
        or m.shape != (len(v), len(v))
        or not np.allclose(m, m.T)
        or not np.allclose(np.diag(m), 1)
    ):
        raise ValueError(
            f"correlations must be a symmetric {len(v)} × {len(v)} table with ones on its diagonal, got {m.shape}."
        )
    if limit and np.any(np.abs(v) > 1):
        raise ValueError("a validity lies in [-1, 1].")
    if np.linalg.eigvalsh(m)[0] < 1e-8:
        raise ValueError("correlations are not positive definite: one predictor is a sum of others.")
    return v, m

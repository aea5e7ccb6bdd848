"""How well ratings agree with the model: mean squares, correlations and average ratings of every level and category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from .._checks import FloatArray, IntArray
from ._long import Design
from ._moments import Moments

FLOOR = 1e-10  # variance of a rating below which a squared standardised residual says nothing


@dataclass(frozen=True)
class Residuals:
    """Sums over the ratings behind each row of a table: persons, or levels of a facet, or categories."""

    n: IntArray
    squared: FloatArray  # Σ (x − E)²
    standardised: FloatArray  # Σ (x − E)²/W
    variance: FloatArray  # Σ W
    outfit_spread: FloatArray  # Σ (C/W²) − n, C the fourth central moment
    infit_spread: FloatArray  # Σ (C − W²)

    def mean_squares(self) -> dict[str, FloatArray]:
        """Infit and outfit with their standardised forms (Wilson–Hilferty)."""
        n = np.maximum(self.n, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            outfit = np.where(self.n > 0, self.standardised / n, np.nan)
            infit = np.where(self.variance > 0, self.squared / self.variance, np.nan)
            q_out = np.sqrt(np.maximum(self.outfit_spread, 0.0)) / n
            q_in = np.sqrt(np.maximum(self.infit_spread, 0.0)) / self.variance
            return {
                "infit": infit,
                "infit_standardised": _standardised(infit, q_in),
                "outfit": outfit,
                "outfit_standardised": _standardised(outfit, q_out),
            }


def _standardised(mean_square: FloatArray, q: FloatArray) -> FloatArray:
    q = np.minimum(
        q, np.sqrt(2.0)
    )  # a mean square of one normal deviate; beyond it the cube root says nothing
    return np.where(q > 0, (np.cbrt(mean_square) - 1.0) * 3.0 / q + q / 3.0, np.nan)


def fourth_moment(location: FloatArray, cumulative: FloatArray, m: Moments) -> FloatArray:
    """Σ_k (k − E)⁴ P_k."""
    out = m.mean**4 * np.exp(-m.log_norm)
    for k in range(1, cumulative.shape[1]):
        out += (k - m.mean) ** 4 * np.exp(k * location - cumulative[:, k : k + 1] - m.log_norm)
    return out


@dataclass(frozen=True)
class Kinds:
    """Distinct (cell, category) of a design with the persons who got them; in the joint method every rating is one."""

    at: IntArray  # (T,) row of the table of moments
    cell_of: IntArray  # (T,) cell of the design
    step: IntArray  # (T,)
    row: IntArray  # (R,) kind of each row
    counts: Any  # (P, T) sparse


def kinds_of(design: Design) -> Kinds:
    key = design.cell * (design.width + 1) + design.step
    unique, row = np.unique(key, return_inverse=True)
    counts = csr_matrix((np.ones(len(row)), (design.person, row)), shape=(design.n_persons, len(unique)))
    counts.sum_duplicates()
    cell = (unique // (design.width + 1)).astype(np.intp)
    return Kinds(cell, cell, (unique % (design.width + 1)).astype(np.intp), row.astype(np.intp), counts)


def rows_as_kinds(design: Design) -> Kinds:
    """Every rating on its own."""
    rows = np.arange(len(design.cell), dtype=np.intp)
    return Kinds(rows, design.cell, design.step, rows, None)


@dataclass(frozen=True)
class ByKind:
    """Residual sums of each kind over the posteriors of the persons who got it."""

    n: FloatArray
    squared: FloatArray
    standardised: FloatArray
    variance: FloatArray
    outfit_spread: FloatArray
    infit_spread: FloatArray
    expected: FloatArray

    def of(self, place: IntArray, size: int, kinds: IntArray | None = None) -> Residuals:
        """Summed by `place` of the kinds (all, or those listed)."""
        pick: Any = slice(None) if kinds is None else kinds

        def add(values: FloatArray) -> FloatArray:
            return np.bincount(place, weights=values[pick], minlength=size).astype(np.float64)

        return Residuals(
            n=np.round(add(self.n)).astype(np.intp),
            squared=add(self.squared),
            standardised=add(self.standardised),
            variance=add(self.variance),
            outfit_spread=add(self.outfit_spread),
            infit_spread=add(self.infit_spread),
        )


def table_of_kinds(kinds: Kinds, m: Moments, fourth: FloatArray) -> dict[str, FloatArray]:
    """(T, Q) squared and standardised residuals of each kind; (C, Q) parts that do not depend on the category."""
    mean, variance = m.mean[kinds.at], np.maximum(m.variance, FLOOR)
    squared = (kinds.step[:, None] - mean) ** 2
    return {
        "squared": squared,
        "standardised": squared / variance[kinds.at],
        "variance": m.variance,
        "outfit_spread": fourth / variance**2 - 1.0,
        "infit_spread": np.maximum(fourth - m.variance**2, 0.0),
        "expected": m.mean,
    }


def sum_kinds(kinds: Kinds, table: dict[str, FloatArray], weight: FloatArray) -> ByKind:
    """`weight` (T, Q): how many persons of each kind stand at each node."""
    c = kinds.at
    return ByKind(
        n=weight.sum(axis=1),
        squared=np.einsum("tq,tq->t", weight, table["squared"]),
        standardised=np.einsum("tq,tq->t", weight, table["standardised"]),
        **{
            name: np.einsum("tq,tq->t", weight, table[name][c])
            for name in ("variance", "outfit_spread", "infit_spread", "expected")
        },
    )


def person_residuals(
    kinds: Kinds, design: Design, table: dict[str, FloatArray], post: FloatArray, here: slice
) -> dict[str, FloatArray]:
    """The same sums for the persons of a block."""
    by_kind = kinds.counts[here]
    by_cell = design.counts[here]
    out = {name: np.einsum("pq,pq->p", by_kind @ table[name], post) for name in ("squared", "standardised")}
    return out | {
        name: np.einsum("pq,pq->p", by_cell @ table[name], post)
        for name in ("variance", "outfit_spread", "infit_spread")
    }


def correlation(place: IntArray, size: int, x: FloatArray, y: FloatArray) -> FloatArray:
    """Pearson correlation of x and y within each place; NaN where either does not vary."""
    n = np.maximum(np.bincount(place, minlength=size), 1)
    mx = np.bincount(place, weights=x, minlength=size) / n
    my = np.bincount(place, weights=y, minlength=size) / n
    dx, dy = x - mx[place], y - my[place]
    sxy = np.bincount(place, weights=dx * dy, minlength=size)
    sxx = np.bincount(place, weights=dx * dx, minlength=size)
    syy = np.bincount(place, weights=dy * dy, minlength=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((sxx > 1e-12) & (syy > 1e-12), sxy / np.sqrt(sxx * syy), np.nan)

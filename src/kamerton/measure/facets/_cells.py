"""Cell scores of record and the model's second opinion (SCORING A2.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._checks import BoolArray, FloatArray, IntArray, frozen
from ._components import VarianceComponents
from ._severity import _COUNTS, CATEGORIES


@dataclass(frozen=True)
class CellTable:
    """Scores per person × instrument × competency; arrays (P, I, C) in levels, NaN where nobody observed.

    raw: mean rating. value: clip(mean(rating − severity), 1, 5). shared: M = method + halo/R, common to an exercise's
    competencies. unique: U = cell + residual/R + severity. error: M + U. severity_variance: Σ se²/R².
    Flags as arrays: clipped, single_rater (R = 1), not_linked (a rater without an estimated severity).
    """

    raw: FloatArray
    value: FloatArray
    n_raters: IntArray
    severity_variance: FloatArray
    shared: FloatArray
    unique: FloatArray
    clipped: BoolArray
    single_rater: BoolArray
    not_linked: BoolArray

    @property
    def error(self) -> FloatArray:
        """Error variance M + U, (P, I, C), squared levels."""
        return self.shared + self.unique

    @property
    def observed(self) -> BoolArray:
        """Cells with at least one rating."""
        return self.n_raters > 0


def cell_scores(
    person: IntArray,
    exercise: IntArray,
    competency: IntArray,
    rater: IntArray,
    value: FloatArray,
    *,
    shape: tuple[int, int, int],
    severity: FloatArray,
    severity_se: FloatArray,
    linked: BoolArray,
    components: VarianceComponents,
) -> CellTable:
    """Severity-corrected, unshrunken fair averages. Observations are (N,) indices and ratings, NaN = not observed.

    shape = (P, I, C). severity, severity_se, linked: one per rater, levels.
    """
    seen = ~np.isnan(value)
    p, e, c, r = person[seen], exercise[seen], competency[seen], rater[seen]
    x = value[seen]
    flat = (p * shape[1] + e) * shape[2] + c
    size = shape[0] * shape[1] * shape[2]

    def total(weights: FloatArray) -> FloatArray:
        return np.bincount(flat, weights=weights, minlength=size).reshape(shape).astype(np.float64)

    n = np.bincount(flat, minlength=size).reshape(shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        raw = np.where(n > 0, total(x) / n, np.nan)
        mean = np.where(n > 0, total(x - severity[r]) / n, np.nan)
        sev = np.where(n > 0, total(severity_se[r] ** 2) / n**2, np.nan)
        shared = np.where(n > 0, components.method + components.halo / n, np.nan)
        unique = np.where(n > 0, components.cell + components.residual / n, np.nan) + sev
    clipped = np.clip(mean, 1.0, 5.0)
    return CellTable(
        raw=frozen(raw),
        value=frozen(clipped),
        n_raters=frozen(n),
        severity_variance=frozen(sev),
        shared=frozen(shared),
        unique=frozen(unique),
        clipped=frozen((n > 0) & (clipped != mean)),
        single_rater=frozen(n == 1),
        not_linked=frozen((n > 0) & (total((~linked[r]).astype(float)) > 0)),
    )


def fair_average(
    person: IntArray,
    exercise: IntArray,
    competency: IntArray,
    rater: IntArray,
    value: FloatArray,
    *,
    shape: tuple[int, int, int],
    severity: FloatArray,
    steps: FloatArray,
    slope: float = 2.0,
) -> FloatArray:
    """The model's fair average E(x | η̂, β = 0) per cell, (P, I, C): a second opinion that borrows strength.

    η̂ is the posterior mean of the cell's location under the adjacent-category model with a normal population per
    exercise × competency (mean and SD of its corrected scores). Halo is not separated here. Never fed into A3.
    `severity` in logits / slope.
    """
    seen = ~np.isnan(value)
    flat = (person[seen] * shape[1] + exercise[seen]) * shape[2] + competency[seen]
    x = value[seen].astype(np.intp)
    r, e_c = rater[seen], exercise[seen] * shape[2] + competency[seen]
    rows, row = np.unique(flat, return_inverse=True)
    k = np.arange(1, CATEGORIES + 1)
    grid = np.linspace(-1.0, 7.0, 81)
    base = slope * (grid[:, None] * k[None, :] - (_COUNTS @ steps)[None, :])
    n = np.bincount(row)
    mean = np.bincount(row, weights=value[seen] - severity[r]) / n
    column = np.zeros(len(rows), dtype=np.intp)
    column[row] = e_c
    size = shape[1] * shape[2]
    count = np.maximum(np.bincount(column, minlength=size), 1)
    mu = (np.bincount(column, weights=mean, minlength=size) / count)[column]
    var = np.bincount(column, weights=(mean - mu) ** 2, minlength=size) / count
    var = np.maximum(var, 0.25)[column]  # a flat column still leaves half a level of doubt
    log_post = -0.5 * (grid[None, :] - mu[:, None]) ** 2 / var[:, None]
    for one in np.unique(r):  # a rater's curves are the same everywhere
        lin = base + slope * severity[one] * k[None, :]
        curve = lin - np.logaddexp.reduce(lin, axis=1, keepdims=True)
        mine = r == one
        np.add.at(log_post, row[mine], curve[:, x[mine] - 1].T)
    post = np.exp(log_post - log_post.max(axis=1, keepdims=True))
    eta = post @ grid / post.sum(axis=1)
    lin = slope * (eta[:, None] * k[None, :] - (_COUNTS @ steps)[None, :])
    out = np.full(shape[0] * size, np.nan)
    out[rows] = np.exp(lin - np.logaddexp.reduce(lin, axis=1, keepdims=True)) @ k.astype(np.float64)
    out = out.reshape(shape)
    return frozen(out)

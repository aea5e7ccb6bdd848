"""Combination by stated weights (SCORING A3). See docs/methods/combination.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from .._checks import BoolArray, FloatArray, IntArray, floats, frozen
from ..linking._panel import COMMON_LINK_SHARE

ALGORITHM = "combine.stated/1"
HALF = 0.5  # of the stated weight must be present (SCORING A3.1)
CONFLICT_P = 0.01  # SCORING A3.5


@dataclass(frozen=True)
class Combined:
    """Combined competencies: P persons, C competencies, I instruments; levels, variances squared levels.

    value (P, C): unshrunken; NaN where no instrument is present. covariance (P, C, C): V, NaN rows where not measured.
    method_free_se (P, C): without method and specific parts; too small, shown for comparison only.
    weights_used (P, C, I). parts_value, parts_shared (M), parts_unique (U), parts_link (SE²) (P, C, I).
    precision_value, precision_se (P, C): second opinion with weights 1/v.
    conflict_q, conflict_df, conflict_p (P, C); conflict: p < .01; conflict_page: also within Benjamini–Hochberg at 10 %
    over this call. not_measured, insufficient (P, C).
    """

    value: FloatArray
    covariance: FloatArray
    method_free_se: FloatArray
    weights_stated: FloatArray
    weights_used: FloatArray
    parts_value: FloatArray
    parts_shared: FloatArray
    parts_unique: FloatArray
    parts_link: FloatArray
    precision_value: FloatArray
    precision_se: FloatArray
    conflict_q: FloatArray
    conflict_df: IntArray
    conflict_p: FloatArray
    conflict: BoolArray
    conflict_page: BoolArray
    not_measured: BoolArray
    insufficient: BoolArray
    algorithm: str = ALGORITHM

    @property
    def se(self) -> FloatArray:
        """SE per competency, (P, C), levels."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))


def benjamini_hochberg(p: FloatArray, rate: float = 0.10) -> BoolArray:
    """Which p-values (any shape, NaN = no test) survive at the false discovery rate `rate`."""
    flat = np.asarray(p, dtype=np.float64).ravel()
    out = np.zeros(flat.shape, dtype=bool)
    where = np.flatnonzero(~np.isnan(flat))
    if where.size:
        order = where[np.argsort(flat[where], kind="stable")]
        ok = np.flatnonzero(flat[order] <= rate * np.arange(1, len(order) + 1) / len(order))
        if ok.size:
            out[order[: ok[-1] + 1]] = True
    return out.reshape(np.shape(p))


def combine(
    *,
    weights: object,
    is_simulation: object,
    value: object,
    method: object,
    halo: object,
    raters: object,
    unique: object,
    noise: object,
    link_se: object,
) -> Combined:
    """Combine per-instrument levels of every person.

    weights (C, I) stated, 0 = not in the matrix. is_simulation (I,). value (P, C, I) levels, NaN = absent.
    method (I,): variance shared by an instrument's competencies (τ²_m, τ²_t of the test). halo (I,): τ²_h, 0 for a test.
    raters (P, C, I): R of each cell, 1 for a test. unique (P, C, I): U. noise (P, C, I): the part of U that is plain
    measurement (SE²_test, or σ²/R + severity), for the method-free SE.
    link_se (C, I): SE of the link in levels, 0 for a rated exercise.
    V_cd = Σ ω_ci ω_di M_i + link, + [c = d](Σ ω²U + specific link); between competencies seen by R_c and R_d raters of one
    exercise the halo part is τ²_h / max(R_c, R_d): the smaller set of raters is contained in the larger.
    """
    w = floats(weights, "weights", (None, None))
    n_c, n_i = w.shape
    y = floats(value, "value", (None, n_c, n_i))
    n_p = len(y)
    shape = (n_p, n_c, n_i)
    u, clean = floats(unique, "unique", shape), floats(noise, "noise", shape)
    r = floats(raters, "raters", shape)
    m, h = floats(method, "method", (n_i,)), floats(halo, "halo", (n_i,))
    link = floats(link_se, "link_se", (n_c, n_i))
    simulation = np.asarray(is_simulation, dtype=bool)
    if np.any(w < 0) or not np.all(np.isfinite(w)):
        raise ValueError(
            f"weights must be finite and not negative, got {w.min():g} as the lowest. Correct the matrix."
        )
    here = ~np.isnan(y) & (w > 0)[None]
    present = np.where(here, w[None], 0.0)
    total = present.sum(axis=2)
    measured = total > 0
    omega = present / np.where(measured, total, 1.0)[:, :, None]
    stated = w.sum(axis=1)
    enough = total >= HALF * stated[None, :] - 1e-12
    simulated = (here & simulation[None, None, :]).any(axis=2)
    filled = np.where(here, y, 0.0)
    combined = np.where(measured, (omega * filled).sum(axis=2), np.nan)
    inv_r = np.where(here, 1.0 / np.where(here, r, 1.0), 0.0)
    u0, clean0 = np.where(here, u, 0.0), np.where(here, clean, 0.0)
    cov = _covariance(omega, m, h, inv_r, u0, link)
    free = np.sqrt((omega**2 * (clean0 + link[None] ** 2)).sum(axis=2))
    gone = ~measured
    cov[gone[:, :, None] | gone[:, None, :]] = np.nan
    shared = np.where(here, m[None, None, :] + h[None, None, :] * inv_r, np.nan)
    v = np.where(here, shared + u0 + link[None] ** 2, np.nan)
    precision = np.where(here, 1.0 / np.where(here, v, 1.0), 0.0)
    weight = precision.sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(measured, (precision * filled).sum(axis=2) / weight, np.nan)
        mean_se = np.where(measured, 1.0 / np.sqrt(weight), np.nan)
    q = np.where(here, (filled - mean[:, :, None]) ** 2 * precision, 0.0).sum(axis=2)
    df = np.maximum(here.sum(axis=2) - 1, 0)
    p_value = np.where(df > 0, chi2.sf(q, np.maximum(df, 1)), np.nan)
    q = np.where(df > 0, q, np.nan)
    conflict = np.nan_to_num(p_value, nan=1.0) < CONFLICT_P
    return Combined(
        value=frozen(combined),
        covariance=frozen(cov),
        method_free_se=frozen(np.where(measured, free, np.nan)),
        weights_stated=frozen(w),
        weights_used=frozen(omega),
        parts_value=frozen(np.where(here, y, np.nan)),
        parts_shared=frozen(shared),
        parts_unique=frozen(np.where(here, u, np.nan)),
        parts_link=frozen(np.where(here, link[None] ** 2, np.nan)),
        precision_value=frozen(mean),
        precision_se=frozen(mean_se),
        conflict_q=frozen(q),
        conflict_df=frozen(df),
        conflict_p=frozen(p_value),
        conflict=frozen(conflict),
        conflict_page=frozen(conflict & benjamini_hochberg(p_value)),
        not_measured=frozen(gone),
        insufficient=frozen(~gone & ~(enough & simulated)),
    )


def _covariance(
    omega: FloatArray, m: FloatArray, h: FloatArray, inv_r: FloatArray, unique: FloatArray, link: FloatArray
) -> FloatArray:
    """V of weighted means with weights omega (P, C, I); absent instruments have weight 0 and no unique part."""
    n_p, n_c, n_i = omega.shape
    cov = np.zeros((n_p, n_c, n_c))
    for i in range(n_i):
        o = omega[:, :, i]
        pair = o[:, :, None] * o[:, None, :]
        least = np.minimum(inv_r[:, :, None, i], inv_r[:, None, :, i])
        common_link = COMMON_LINK_SHARE * link[:, None, i] * link[None, :, i]
        cov += pair * (m[i] + h[i] * least + common_link[None])
    own = (omega**2 * (unique + (1 - COMMON_LINK_SHARE) * link[None] ** 2)).sum(axis=2)
    diagonal = np.arange(n_c)
    cov[:, diagonal, diagonal] += own
    return cov


def error_covariance(
    weights: object, *, method: object, halo: object, raters: object, unique: object, link_se: object
) -> FloatArray:
    """Covariance of the errors of weighted means of instruments, V (P, C, C), squared levels: for planning a design.

    V_cd = Σ_i ω_ci ω_di (M_i + τ²_h,i/max(R_c, R_d) + link) + [c = d]·Σ_i ω_ci²(U_ci + own link), ω = weights over their
    sum. `combine` uses the same matrix with the weights stated; here weights may differ by person, so that precision
    weights, a design not yet run, or one rater more can be judged beforehand.

    weights (C, I) or (P, C, I), 0 = absent. method, halo (I,). raters, unique (C, I) or (P, C, I). link_se (C, I).

    >>> import numpy as np
    >>> v = error_covariance(np.ones((2, 2)), method=[0.1, 0.2], halo=[0, 0.1], raters=np.full((2, 2), 2),
    ...                      unique=np.full((2, 2), 0.2), link_se=np.zeros((2, 2)))
    >>> v[0].round(4).tolist()
    [[0.1875, 0.0875], [0.0875, 0.1875]]
    """
    given = np.asarray(weights, dtype=np.float64)
    w = floats(given[None] if given.ndim == 2 else given, "weights", (None, None, None))
    if np.any(w < 0) or not np.all(np.isfinite(w)) or not np.all(w.sum(axis=2) > 0):
        raise ValueError("weights must be finite, not negative and positive somewhere for every competency.")
    n_i = w.shape[2]

    def wide(x: object) -> FloatArray:
        return np.broadcast_to(np.asarray(x, dtype=np.float64), w.shape)

    here = w > 0
    inv_r = np.where(here, 1.0 / np.where(here, wide(raters), 1.0), 0.0)
    return _covariance(
        w / w.sum(axis=2, keepdims=True),
        floats(method, "method", (n_i,)),
        floats(halo, "halo", (n_i,)),
        inv_r,
        np.where(here, wide(unique), 0.0),
        floats(link_se, "link_se", w.shape[1:]),
    )


@dataclass(frozen=True)
class Linear:
    """A weighted mean of competencies: value, se, reliability (P,); partial = some weighted competency is missing."""

    value: FloatArray
    se: FloatArray
    reliability: FloatArray
    partial: BoolArray
    weights: FloatArray


def linear(
    value: FloatArray, covariance: FloatArray, weights: object, usable: BoolArray, true_covariance: FloatArray
) -> Linear:
    """Composite or cluster: w′y with SE √(w′Vw); weights (C,) are renormalised over usable competencies.

    usable (P, C). Less than half of the weight usable → NaN. reliability = w′Σw / (w′Σw + SE²).
    """
    w = floats(weights, "weights", (value.shape[1],))
    if w.sum() <= 0 or np.any(w < 0):
        raise ValueError(
            f"weights must be not negative with a positive sum, got {w.tolist()}. Correct the role's weights."
        )
    kept = np.where(usable, w[None, :], 0.0)
    share = kept.sum(axis=1) / w.sum()
    a = kept / np.where(share > 0, kept.sum(axis=1), 1.0)[:, None]
    y = (a * np.where(usable, value, 0.0)).sum(axis=1)
    both = usable[:, :, None] & usable[:, None, :]
    var = np.einsum("pc,pcd,pd->p", a, np.where(both, covariance, 0.0), a)
    true = np.einsum("pc,cd,pd->p", a, true_covariance, a)
    ok = share >= HALF - 1e-12
    se = np.where(ok, np.sqrt(var), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        rel = np.where(ok, true / (true + var), np.nan)
    return Linear(
        frozen(np.where(ok, y, np.nan)),
        frozen(se),
        frozen(rel),
        frozen(share < 1 - 1e-12),
        frozen(w / w.sum()),
    )


def reliability(variance_true: FloatArray, se: FloatArray) -> FloatArray:
    """Var_T / (Var_T + SE²); arrays broadcast."""
    out: FloatArray = np.asarray(variance_true / (variance_true + np.asarray(se) ** 2))
    return out

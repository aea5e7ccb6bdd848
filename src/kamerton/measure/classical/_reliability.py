"""Reliability of a sum score from one administration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from ._estimate import (
    Estimate,
    FloatArray,
    Interval,
    check_level,
    fisher_interval,
    log_complement_interval,
    withheld,
)
from ._precision import spearman_brown
from ._responses import Covariances, Missing, check_scores, covariances


def coefficient_alpha(matrix: FloatArray) -> float:
    """Alpha of a covariance matrix: k/(k−1) · (1 − trace/sum); NaN when the sum score does not vary."""
    k = matrix.shape[0]
    total = float(matrix.sum())
    if k < 2 or not total > 0:
        return math.nan
    return float(k / (k - 1) * (1 - float(np.trace(matrix)) / total))


def _unusable(c: Covariances) -> tuple[str, ...]:
    if np.isnan(c.matrix).any():
        return ("too_few_persons",)
    if not float(c.matrix.sum()) > 1e-12:
        return ("no_variance",)
    return ()


def _delta_se(gradient: FloatArray, matrix: FloatArray, n: int) -> float:
    """SE of a smooth function of a covariance matrix under normal scores: 2 tr(G C G C)/n."""
    product = gradient @ matrix
    return math.sqrt(max(0.0, 2 * float(np.sum(product * product.T)) / n))


def feldt_interval(value: float, n: int, k: int, level: float) -> Interval | None:
    """Feldt's (1965) interval of alpha: (1 − α)/(1 − α̂) follows F with (n−1)(k−1) and n−1 degrees of freedom."""
    if math.isnan(value) or n < 3 or k < 2:
        return None
    df1, df2 = n - 1, (n - 1) * (k - 1)
    tail = (1 - level) / 2
    low = 1 - (1 - value) * float(stats.f.ppf(1 - tail, df1, df2))
    high = 1 - (1 - value) * float(stats.f.ppf(tail, df1, df2))
    return Interval(low, high, level, "feldt")


def alpha(scores: ArrayLike, *, level: float = 0.95, missing: Missing = "pairwise") -> Estimate:
    """Coefficient alpha of the sum of the items, with Feldt's interval.

    Formula: k/(k − 1) · (1 − Σ item variances / variance of the sum), k items. The interval is Feldt's (1965),
    exact for normal scores with compound symmetry and close for 0/1 items; `se` is the asymptotic error of
    Duhachek and Iacobucci (2004), which does not assume equal covariances.

    Parameters: `scores` persons × items, NaN = not presented; `level` of the interval, 0.5 to below 1, default
    0.95 because alpha is compared with published values; `missing` "pairwise" (default: uses every cell) or
    "complete". With missing cells the interval uses the smallest number of persons behind any covariance.

    Assumptions: errors of different items are uncorrelated; alpha then is a lower bound of reliability. Do not
    use it as evidence of one dimension, nor for a speeded test, whose unreached items inflate it.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> ability = rng.normal(size=(200, 1))
    >>> a = alpha(ability + rng.normal(size=(200, 4)))
    >>> round(a.value, 2), a.n
    (0.78, 200)

    References: Cronbach 1951; Feldt 1965; Duhachek & Iacobucci 2004.
    """
    check_level(level)
    matrix = check_scores(scores, least_items=2)
    return alpha_of(covariances(matrix, missing), level)


def alpha_of(c: Covariances, level: float) -> Estimate:
    flags = _unusable(c)
    if flags:
        return withheld(c.n, *flags)
    k = c.matrix.shape[0]
    value = coefficient_alpha(c.matrix)
    total, trace = float(c.matrix.sum()), float(np.trace(c.matrix))
    gradient = k / (k - 1) * (np.full((k, k), trace / total**2) - np.eye(k) / total)
    return Estimate(
        value, _delta_se(gradient, c.matrix, c.n), feldt_interval(value, c.n, k, level), c.n,
        ("negative_alpha",) if value < 0 else (),
    )  # fmt: skip


def lambda2(scores: ArrayLike, *, level: float = 0.95, missing: Missing = "pairwise") -> Estimate:
    """Guttman's lambda-2 of the sum of the items: a lower bound never below alpha.

    Formula: (S + √(k/(k − 1) · Q)) / variance of the sum; S and Q are the sum and the sum of squares of the
    covariances of different items. Interval on ln(1 − λ₂) with the delta-method error for normal scores.

    Parameters as for `alpha`. In small samples (n < 100) it capitalises on chance a little more than alpha.

    >>> lambda2([[1, 2, 3], [2, 3, 4], [3, 5, 5], [4, 4, 6]]).value >= alpha([[1, 2, 3], [2, 3, 4], [3, 5, 5], [4, 4, 6]]).value
    True

    References: Guttman 1945; Sijtsma 2009.
    """
    check_level(level)
    return lambda2_of(covariances(check_scores(scores, least_items=2), missing), level)


def lambda2_of(c: Covariances, level: float) -> Estimate:
    flags = _unusable(c)
    if flags:
        return withheld(c.n, *flags)
    k = c.matrix.shape[0]
    off = c.matrix - np.diag(np.diag(c.matrix))
    total, spread = float(c.matrix.sum()), math.sqrt(float((off**2).sum()))
    factor = math.sqrt(k / (k - 1))
    value = (float(off.sum()) + factor * spread) / total
    direct = 1 - np.eye(k) + (factor / spread * off if spread > 0 else 0.0)
    se = _delta_se((direct - value) / total, c.matrix, c.n)
    return Estimate(value, se, log_complement_interval(value, se, level), c.n)


@dataclass(frozen=True)
class OneFactor:
    """One-factor minres solution of a correlation matrix; `loadings` are signed so that their sum is positive."""

    loadings: FloatArray
    residual: float
    flags: tuple[str, ...]


def one_factor_minres(correlations: FloatArray) -> OneFactor:
    """Loadings of one factor that leave the smallest sum of squared off-diagonal residuals (Harman & Jones 1966)."""
    k = correlations.shape[0]
    off = correlations - np.diag(np.diag(correlations))

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        residual = off - np.outer(x, x)
        np.fill_diagonal(residual, 0.0)
        return 0.5 * float((residual**2).sum()), -2 * residual @ x

    values, vectors = np.linalg.eigh(correlations)
    start = vectors[:, -1] * math.sqrt(max(values[-1] - 1, 0.05))
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-15, "gtol": 1e-10}
    )
    x = np.asarray(found.x, dtype=np.float64)
    for _ in range(20):
        slope = loss(x)[1] / 2
        if float(np.abs(slope).max()) < 1e-13:
            break
        try:
            x = x - np.linalg.solve(_curvature(off, x), slope)
        except np.linalg.LinAlgError:
            break
    best = x if loss(x)[0] <= found.fun + 1e-12 else np.asarray(found.x, dtype=np.float64)
    if best.sum() < 0:
        best = -best
    flags: list[str] = []
    if float(np.abs(loss(best)[1]).max()) > 1e-6:
        flags.append("not_converged")
    if float(np.abs(best).max()) >= 1:
        flags.append("loading_above_one")
    if k < 3:
        flags.append("not_identified")
    return OneFactor(best, loss(best)[0], tuple(flags))


def _curvature(off: FloatArray, x: FloatArray) -> FloatArray:
    """Half the Hessian of the minres loss."""
    h = 2 * np.outer(x, x) - off
    np.fill_diagonal(h, float(x @ x) - x**2)
    return h


def omega_total(
    scores: ArrayLike,
    *,
    metric: Literal["raw", "standardised"] = "raw",
    level: float = 0.95,
    missing: Missing = "pairwise",
) -> Estimate:
    """Omega total of the sum of the items under one common factor fitted by minres.

    Formula: (Σ sλ)² / ((Σ sλ)² + Σ s²(1 − λ²)) with loadings λ of the correlation matrix and item SDs s;
    metric "standardised" sets s = 1. Interval on ln(1 − ω), error by the delta method through the minres
    solution for normal scores.

    Parameters: as for `alpha`; `metric` "raw" by default, because people are scored by the sum of points and
    not of z-scores; "standardised" is what R's psych prints.

    Assumptions: one factor. With groups of items sharing more than the common factor (a text with several
    questions) it overstates reliability of the common part; fit a larger model instead.

    >>> import numpy as np
    >>> rng = np.random.default_rng(2)
    >>> x = rng.normal(size=(400, 1)) * [0.9, 0.7, 0.5, 0.6] + rng.normal(size=(400, 4))
    >>> 0.6 < omega_total(x).value < 0.75
    True

    References: McDonald 1999; Harman & Jones 1966.
    """
    check_level(level)
    if metric not in ("raw", "standardised"):
        raise ValueError(f'metric is "{metric}"; it is "raw" or "standardised".')
    matrix = check_scores(scores, least_items=3)
    return omega_of(covariances(matrix, missing), metric, level)


def omega_of(c: Covariances, metric: Literal["raw", "standardised"], level: float) -> Estimate:
    flags = _unusable(c)
    if flags:
        return withheld(c.n, *flags)
    sd = np.sqrt(np.diag(c.matrix))
    if not (sd > 0).all() or np.isnan(c.correlations).any():
        return withheld(c.n, "constant_item")
    correlations = c.correlations
    fitted = one_factor_minres(correlations)
    s = sd / sd.mean() if metric == "raw" else np.ones_like(sd)
    x = fitted.loadings
    common, unique = float(s @ x) ** 2, s**2 * (1 - x**2)
    denominator = common + float(unique.sum())
    value = common / denominator
    d_common = 2 * float(s @ x)
    by_loading = (s * d_common * (1 - value) + value * 2 * s**2 * x) / denominator
    by_log_sd = (s * x * d_common * (1 - value) - value * 2 * unique) / denominator
    off = correlations - np.eye(len(x))
    try:
        adjoint = np.linalg.solve(_curvature(off, x), by_loading)
        gradient = 0.5 * (np.outer(adjoint, x) + np.outer(x, adjoint))
        np.fill_diagonal(gradient, 0.0)
        np.fill_diagonal(
            gradient, -(gradient * correlations).sum(axis=1) + (0.5 * by_log_sd if metric == "raw" else 0.0)
        )
        se = _delta_se(gradient, correlations, c.n)
    except np.linalg.LinAlgError:
        se = math.nan
    return Estimate(value, se, log_complement_interval(value, se, level), c.n, fitted.flags)


def split_half(
    scores: ArrayLike,
    *,
    first_half: Sequence[int] | None = None,
    level: float = 0.95,
    missing: Missing = "complete",
) -> Estimate:
    """Reliability of the whole test from the correlation of two halves, stepped up by Spearman and Brown.

    Formula: 2r/(1 + r), r the correlation of the two half sums. Interval: Fisher's z of r, both ends stepped up.

    Parameters: `first_half` column numbers of the first half, from 0; by default every other item, because
    order is often order of difficulty and fatigue. `missing` "complete" (default: half sums need every item) or
    "pairwise", which takes the covariances of the halves from the pairwise matrix.

    Assumptions: the halves are parallel. Another split gives another value; do not search for the best one.

    >>> split_half([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 1, 1], [1, 1, 1, 0]]).n
    5

    References: Spearman 1910; Brown 1910.
    """
    check_level(level)
    matrix = check_scores(scores, least_items=2)
    k = matrix.shape[1]
    chosen = set(range(0, k, 2) if first_half is None else first_half)
    if not chosen or not chosen < set(range(k)):
        raise ValueError(
            f"first_half {sorted(chosen)} must name some of the {k} columns 0–{k - 1}, and not all."
        )
    return split_half_of(covariances(matrix, missing), chosen, level)


def split_half_of(c: Covariances, chosen: set[int], level: float) -> Estimate:
    flags = _unusable(c)
    if flags:
        return withheld(c.n, *flags)
    k = c.matrix.shape[0]
    one = np.array([1.0 if j in chosen else 0.0 for j in range(k)])
    two = 1 - one
    v1, v2, cov = float(one @ c.matrix @ one), float(two @ c.matrix @ two), float(one @ c.matrix @ two)
    if not (v1 > 0 and v2 > 0):
        return withheld(c.n, "no_variance")
    r = min(1.0, max(-1.0, cov / math.sqrt(v1 * v2)))
    if r <= -1:
        return withheld(c.n, "halves_opposed")
    value = spearman_brown(r, 2)
    around = fisher_interval(r, c.n, level)
    interval = None
    if around is not None:
        interval = Interval(
            spearman_brown(max(around.low, -0.999), 2),
            spearman_brown(around.high, 2),
            level,
            "fisher_z_stepped_up",
        )
    se = 2 / (1 + r) ** 2 * (1 - r * r) / math.sqrt(c.n - 1) if c.n > 1 else math.nan
    return Estimate(value, se, interval, c.n, ("unequal_halves",) if k % 2 and len(chosen) * 2 != k else ())

"""Did a programme change people? Before and after, beside a group that did not take part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .._checks import FloatArray
from ..classical import Interval

FEW = 10
"""Persons of a group below which an interval is printed and nothing else is said."""
UNEQUAL = 0.5
"""Difference of the groups before, in SDs, from which an adjusted comparison leans on its model."""


@dataclass(frozen=True)
class Effect:
    """An estimate with its interval: `value`, `se`, `df`, `interval`, `p`."""

    value: float
    se: float
    df: float
    interval: Interval
    p: float


@dataclass(frozen=True)
class PrePost:
    """Change of one group, and beside another when there is one; units those of the scores unless said.

    `gain`, `gain_comparison` mean changes; `difference` of them (Welch); `adjusted` by the score before (analysis of covariance, HC3
    errors); `standardised` d_ppc2 of Morris (2008) with its interval; `n`, `n_comparison` complete persons; `flags` what the reader must
    know. None where it cannot be had.
    """

    gain: Effect
    gain_comparison: Effect | None
    difference: Effect | None
    adjusted: Effect | None
    standardised: Effect | None
    n: int
    n_comparison: int
    flags: tuple[str, ...]


def pre_post(
    before: ArrayLike, after: ArrayLike, comparison_before: ArrayLike | None = None,
    comparison_after: ArrayLike | None = None, *, level: float = 0.95,
) -> PrePost:  # fmt: skip
    """How much a group gained, and how much more than people who did not take part.

    Scores of the same persons before and after; NaN pairs are left out and counted. Without a comparison group the gain stands alone,
    flagged `no_comparison`: time, practice and regression to the mean explain it as well. d_ppc2 divides by the pooled SD before.

    Do not use it when the two groups were chosen by their scores; the adjusted figure repairs that only if the model is right.

    >>> rng = np.random.default_rng(1)
    >>> x, c = rng.normal(3, 0.7, 60), rng.normal(3, 0.7, 60)
    >>> found = pre_post(x, x + 0.4 + rng.normal(0, 0.3, 60), c, c + rng.normal(0, 0.3, 60))
    >>> found.difference.interval.low < 0.4 < found.difference.interval.high
    True
    """
    if not 0.5 <= level < 1:
        raise ValueError(f"level is {level}; it lies from 0.5 to below 1.")
    x, y, lost = _pairs(before, after, "the group")
    flags = [f"incomplete: {lost}"] if lost else []
    if len(x) < FEW:
        flags.append(f"few_persons: {len(x)}")
    gain = _mean(y - x, level)
    if comparison_before is None or comparison_after is None:
        return PrePost(gain, None, None, None, None, len(x), 0, (*flags, "no_comparison"))
    cx, cy, lost = _pairs(comparison_before, comparison_after, "the comparison group")
    if lost:
        flags.append(f"incomplete_comparison: {lost}")
    if len(cx) < FEW:
        flags.append(f"few_comparison_persons: {len(cx)}")
    n, m = len(x), len(cx)
    pooled = float(np.sqrt(((n - 1) * x.var(ddof=1) + (m - 1) * cx.var(ddof=1)) / (n + m - 2)))
    if pooled > 0 and abs(x.mean() - cx.mean()) > UNEQUAL * pooled:
        flags.append(f"unequal_before: {(x.mean() - cx.mean()) / pooled:.2f} SD")
    return PrePost(
        gain, _mean(cy - cx, level), _welch(y - x, cy - cx, level), _adjusted(x, y, cx, cy, level),
        _standardised(x, y, cx, cy, pooled, level) if pooled > 0 else None, n, m, tuple(flags),
    )  # fmt: skip


def _pairs(before: ArrayLike, after: ArrayLike, who: str) -> tuple[FloatArray, FloatArray, int]:
    x, y = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"{who}: before {x.shape} and after {y.shape} must have one score a person each.")
    seen = ~(np.isnan(x) | np.isnan(y))
    if seen.sum() < 3:
        raise ValueError(f"{who} has {int(seen.sum())} persons with both scores; at least 3 are needed.")
    return x[seen], y[seen], int((~seen).sum())


def _effect(value: float, se: float, df: float, level: float, method: str) -> Effect:
    t = float(stats.t.ppf(0.5 + level / 2, df))
    p = float(2 * stats.t.sf(abs(value) / se, df)) if se > 0 else float("nan")
    return Effect(value, se, df, Interval(value - t * se, value + t * se, level, method), p)


def _mean(d: FloatArray, level: float) -> Effect:
    return _effect(float(d.mean()), float(d.std(ddof=1) / np.sqrt(len(d))), len(d) - 1, level, "t")


def _welch(a: FloatArray, b: FloatArray, level: float) -> Effect:
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    below = va**2 / (len(a) - 1) + vb**2 / (len(b) - 1)
    df = float((va + vb) ** 2 / below) if below > 0 else float(len(a) + len(b) - 2)
    return _effect(float(a.mean() - b.mean()), float(np.sqrt(va + vb)), df, level, "welch")


def _adjusted(x: FloatArray, y: FloatArray, cx: FloatArray, cy: FloatArray, level: float) -> Effect | None:
    design = np.column_stack(
        (np.ones(len(x) + len(cx)), np.r_[np.ones(len(x)), np.zeros(len(cx))], np.r_[x, cx])
    )
    if np.linalg.matrix_rank(design) < 3:
        return None
    outcome = np.r_[y, cy]
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ outcome
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    residual = (outcome - design @ beta) / np.maximum(1 - leverage, 1e-8)
    spread = inverse @ (design.T * residual**2) @ design @ inverse
    return _effect(float(beta[1]), float(np.sqrt(spread[1, 1])), len(outcome) - 3, level, "hc3")


def _standardised(
    x: FloatArray, y: FloatArray, cx: FloatArray, cy: FloatArray, pooled: float, level: float
) -> Effect:
    """Morris 2008, equations 8 to 10 and 25: d_ppc2 with small-sample factor and its variance."""
    n, m = len(x), len(cx)
    df = n + m - 2
    small = 1 - 3 / (4 * df - 1)
    raw = ((y - x).mean() - (cy - cx).mean()) / pooled
    d = float(small * raw)
    # The correlation of before and after is pooled over both groups.
    r = float(
        np.clip(((n - 1) * np.corrcoef(x, y)[0, 1] + (m - 1) * np.corrcoef(cx, cy)[0, 1]) / df, -0.999, 0.999)
    )
    q = 2 * (1 - r) * (n + m) / (n * m)
    variance = small**2 * q * (df / (df - 2)) * (1 + d**2 / q) - d**2
    return _effect(d, float(np.sqrt(max(variance, 1e-12))), df, level, "morris_ppc2")

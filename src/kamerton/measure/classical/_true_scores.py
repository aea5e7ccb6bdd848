"""Distributions of true scores behind decision consistency: four-moment beta, compound binomial, regressed shares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta as beta_distribution
from scipy.stats import binom

from .._checks import IntArray
from ._estimate import FloatArray

NODES = 48
"""Gauss–Legendre nodes in each stretch between true cuts: the integrands are polynomials of the length of the test in
a smooth variable, and doubling the nodes changes no figure by 1e-6 for lengths to 200."""

LEAST_LENGTH, MOST_LENGTH = 4, 1_000_000
"""Four moments of the true scores need four items at least; above a million the binomial has no error left to see."""


@dataclass(frozen=True)
class TrueScores:
    """Points of the distribution of true shares: weight (M,), true category (M,), P(observed category) (M, C)."""

    weight: FloatArray
    category: IntArray
    observed: FloatArray


@dataclass(frozen=True)
class BetaOfFour:
    """Beta distribution between `low` and `high` with shapes `a`, `b`."""

    a: float
    b: float
    low: float
    high: float


def raw_moments(share: FloatArray, length: int, k: float = 0.0) -> FloatArray:
    """First four raw moments of the true share from observed shares of a test of `length` items.

    Factorial moments E[X(X−1)…] of X = length·share are those of the true share times length(length−1)…; with Lord's
    k > 0 those of the two-term compound binomial (Lord 1965).
    """
    x = share * length
    out, falling = [1.0], np.ones_like(x)
    base = 1.0
    for r in range(1, 5):
        falling = falling * (x - (r - 1))
        if r > 2:
            base *= length - 2 - (r - 3)
        if r == 1:
            out.append(float(falling.mean()) / length)
            continue
        own = length * (length - 1) + k * r * (r - 1)
        out.append((float(falling.mean()) / base + k * r * (r - 1) * out[r - 1]) / own)
    return np.array(out[1:])


def fit_beta(moments: FloatArray, flags: list[str]) -> BetaOfFour | None:
    """Four-parameter beta by moments; two parameters on 0–1 where that is impossible; None without true variance."""
    m1, m2, m3, m4 = (float(m) for m in moments)
    variance = m2 - m1**2
    if not variance > 1e-12 or not 0 < m1 < 1:
        return None
    third = m3 - 3 * m1 * m2 + 2 * m1**3
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    skew2, kurtosis = third**2 / variance**3, fourth / variance**2
    below = 6 + 3 * skew2 - 2 * kurtosis
    if below != 0:
        total = 6 * (kurtosis - skew2 - 1) / below
        inner = (total + 2) * (total + 3) * kurtosis - 3 * (total - 6) * (total + 1)
        if total > 0 and inner > 0 and 1 - 24 * (total + 1) / inner >= 0:
            root = math.sqrt(1 - 24 * (total + 1) / inner)
            a, b = total / 2 * (1 - root), total / 2 * (1 + root)
            if third < 0:
                a, b = b, a
            if a > 0 and b > 0:
                unit = math.sqrt(variance * (total + 1) / (a * b))
                low, high = m1 - a * unit, m1 + b * unit
                if low >= -1e-9 and high <= 1 + 1e-9:
                    return BetaOfFour(a, b, max(low, 0.0), min(high, 1.0))
    both = m1 * (1 - m1) / variance - 1
    if both <= 0:
        return None
    if "beta_two_parameter" not in flags:
        flags.append("beta_two_parameter")
    return BetaOfFour(m1 * both, (1 - m1) * both, 0.0, 1.0)


def _points(shape: BetaOfFour, true_edges: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Nodes, weights and true categories: Gauss–Legendre in the distribution function, stretch by stretch."""
    inside = np.clip((true_edges - shape.low) / (shape.high - shape.low), 0, 1)
    ends = np.concatenate(([0.0], beta_distribution.cdf(inside, shape.a, shape.b), [1.0]))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    at, weight, category = [], [], []
    for c in range(len(ends) - 1):
        width = ends[c + 1] - ends[c]
        at.append(ends[c] + width * (nodes + 1) / 2)
        weight.append(width * weights / 2)
        category.append(np.full(NODES, c, dtype=np.intp))
    share = shape.low + (shape.high - shape.low) * beta_distribution.ppf(np.concatenate(at), shape.a, shape.b)
    return share, np.concatenate(weight), np.concatenate(category)


def _binomial_categories(share: FloatArray, length: int, edges: FloatArray, k: float = 0.0) -> FloatArray:
    """P(category) of the observed share at each true share; a count takes up its half unit on either side."""
    place = edges * length + 0.5
    whole = np.floor(place + 1e-9)
    part = np.clip(place - whole, 0.0, 1.0)

    def below(count: FloatArray) -> FloatArray:
        """P(X ≤ count) of the (compound) binomial, for each true share and edge."""
        p = share[:, None]
        cdf: FloatArray = binom.cdf(count[None, :], length, p)
        if k:
            first, second = (
                binom.pmf(count[None, :], length - 2, p),
                binom.pmf(count[None, :] - 1, length - 2, p),
            )
            cdf = cdf - k * p * (1 - p) * (first - second)
        return cdf

    lower, upper = below(whole - 1), below(whole)
    cumulative = np.clip(lower + part[None, :] * (upper - lower), 0.0, 1.0)
    full = np.column_stack([np.zeros(len(share)), cumulative, np.ones(len(share))])
    return np.maximum(np.diff(full, axis=1), 0.0)


def _from_beta(
    moments: FloatArray,
    mean: float,
    length: int,
    edges: FloatArray,
    true_edges: FloatArray,
    flags: list[str],
    k: float = 0.0,
) -> TrueScores:
    shape = fit_beta(moments, flags)
    if shape is None:
        if "no_true_variance" not in flags:
            flags.append("no_true_variance")
        at = np.array([mean])
        own: IntArray = np.searchsorted(true_edges, at, side="right").astype(np.intp)
        return TrueScores(np.ones(1), own, _binomial_categories(at, length, edges, k))
    at, weight, category = _points(shape, true_edges)
    return TrueScores(weight, category, _binomial_categories(at, length, edges, k))


def effective_length(share: FloatArray, reliability: float) -> float:
    """Number of 0/1 items of equal difficulty that would give these shares this reliability."""
    mean, variance = float(share.mean()), float(share.var(ddof=1))
    if variance <= 1e-12:
        return 1.0
    return (mean * (1 - mean) - reliability * variance) / (variance * (1 - reliability))


def livingston_lewis_scores(
    share: FloatArray, reliability: float, edges: FloatArray, true_edges: FloatArray, flags: list[str]
) -> TrueScores:
    """True scores and errors of the effective test."""
    length = round(min(effective_length(share, reliability), MOST_LENGTH))
    if length < LEAST_LENGTH:
        length = LEAST_LENGTH
        if "short_effective_length" not in flags:
            flags.append("short_effective_length")
    return _from_beta(raw_moments(share, length), float(share.mean()), length, edges, true_edges, flags)


def kr21(share: FloatArray, length: int) -> float:
    """Reliability of number right with items of equal difficulty."""
    mean, variance = float(share.mean()) * length, float(share.var(ddof=1)) * length**2
    if variance <= 0:
        return 0.0
    return length / (length - 1) * (1 - mean * (length - mean) / (length * variance))


def lords_k(share: FloatArray, length: int, reliability: float) -> float:
    """Lord's k: 0 for equally difficult items; above 0 it lowers the error to that of the given reliability."""
    mean, variance = float(share.mean()) * length, float(share.var(ddof=1)) * length**2
    true = reliability * variance
    top = length * ((length - 1) * true - length * variance + mean * (length - mean))
    below = 2 * (mean * (length - mean) - true)
    return top / below if below > 0 else 0.0


def hanson_brennan_scores(
    share: FloatArray,
    length: int,
    reliability: float | None,
    edges: FloatArray,
    true_edges: FloatArray,
    flags: list[str],
) -> TrueScores:
    """True scores and compound binomial errors of a test of `length` 0/1 items."""
    k = 0.0
    if reliability is None:
        flags.append("kr21")
    else:
        k = lords_k(share, length, reliability)
    return _from_beta(raw_moments(share, length, k), float(share.mean()), length, edges, true_edges, flags, k)


def subkoviak_scores(
    share: FloatArray,
    length: int,
    reliability: float | None,
    edges: FloatArray,
    true_edges: FloatArray,
    flags: list[str],
) -> TrueScores:
    """Each person's share regressed to the mean, with binomial errors."""
    if reliability is None:
        reliability = min(max(kr21(share, length), 0.0), 1.0)
        flags.append("kr21")
    at = reliability * share + (1 - reliability) * float(share.mean())
    category: IntArray = np.searchsorted(true_edges, at + 1e-12, side="right").astype(np.intp)
    weight: FloatArray = np.full(len(at), 1 / len(at))
    return TrueScores(weight, category, _binomial_categories(at, length, edges))

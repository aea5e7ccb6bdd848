"""Item analysis: how hard each item is and how well it goes with the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ._estimate import (
    FULL_ITEM_STATISTICS_FROM,
    ITEM_STATISTICS_FROM,
    Estimate,
    FloatArray,
    Interval,
    check_level,
    fisher_interval,
    wilson_interval,
    withheld,
)
from ._reliability import coefficient_alpha
from ._responses import Covariances, Missing, check_names, check_scores, covariances, known_range

LOW_DISCRIMINATION = 0.15
"""Below it an item adds next to nothing; Ebel & Frisbie (1991) call items under .20 poor, .15 spares chance at n ≈ 200."""

VERY_EASY, VERY_HARD = 0.95, 0.05
"""An item nearly everybody solves, or nobody, tells few people apart: its variance is under a fifth of the largest."""


@dataclass(frozen=True)
class ItemStatistics:
    """Classical statistics of one item.

    `difficulty` is the mean as a share of the item's range (p of a 0/1 item); `r_rest` the correlation with the
    sum of the other items (corrected), `r_total` with the sum of all. `n` were presented the item, of whom
    `n_omitted` left it without an answer.
    """

    name: str
    n: int
    n_omitted: int
    n_not_presented: int
    minimum: float
    maximum: float
    mean: float
    sd: float
    difficulty: Estimate
    r_rest: Estimate
    r_total: Estimate
    alpha_if_dropped: Estimate
    flags: tuple[str, ...]


def item_analysis(
    scores: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    minimum: ArrayLike | None = None,
    maximum: ArrayLike | None = None,
    omitted: ArrayLike | None = None,
    level: float = 0.95,
    missing: Missing = "pairwise",
) -> tuple[ItemStatistics, ...]:
    """Difficulty and discrimination of each item of a test.

    Formulas, with the covariance matrix C of the items and its column sums c_j: r_total = c_j / √(C_jj ΣC);
    r_rest = (c_j − C_jj) / √(C_jj (ΣC − 2c_j + C_jj)); difficulty = (mean − lowest)/(highest − lowest).
    Intervals: Wilson for the p of 0/1 items, t for other means, Fisher's z for correlations.

    Parameters: `scores` persons × items, NaN = not presented, a wrong answer is the lowest score;
    `minimum`, `maximum` the range of the items, one number or one per item (default: the lowest score in the
    whole matrix, the highest seen on each item); `omitted` persons × items, true where a presented item was
    left without answer; `level` of intervals (default 0.95); `missing` "pairwise" or "complete".

    With n < 30 only counts are returned; from 30 to 99 difficulty and correlations; alpha if dropped from 100.
    Do not compare p between groups that were given different items.

    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> x = (rng.normal(size=(300, 1)) + rng.normal(size=(300, 3)) > [0.0, 0.5, -0.5]).astype(float)
    >>> [round(i.difficulty.value, 1) for i in item_analysis(x)]
    [0.5, 0.4, 0.7]

    References: Lord & Novick 1968; Henrysson 1963; Ebel & Frisbie 1991.
    """
    check_level(level)
    matrix = check_scores(scores, least_items=2)
    labels = check_names(names, matrix.shape[1])
    low, high = known_range(matrix, minimum, maximum)
    left = _omitted(omitted, matrix)
    c = covariances(matrix, missing)
    used = matrix[~np.isnan(matrix).any(axis=1)] if missing == "complete" else matrix
    kept = left[~np.isnan(matrix).any(axis=1)] if missing == "complete" else left
    return tuple(
        _one_item(labels[j], used[:, j], kept[:, j], j, c, float(low[j]), float(high[j]), level)
        for j in range(matrix.shape[1])
    )


def _omitted(
    omitted: ArrayLike | None, matrix: FloatArray
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    if omitted is None:
        return np.zeros(matrix.shape, dtype=bool)
    left = np.asarray(omitted, dtype=bool)
    if left.shape != matrix.shape:
        raise ValueError(f"omitted has shape {left.shape}, scores have {matrix.shape}; they must be equal.")
    return left & ~np.isnan(matrix)


def _one_item(
    name: str,
    column: FloatArray,
    omitted: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    j: int,
    c: Covariances,
    low: float,
    high: float,
    level: float,
) -> ItemStatistics:
    seen = column[~np.isnan(column)]
    n = len(seen)
    counts = (n, int(omitted.sum()), len(column) - n, float(low), float(high))
    if n < ITEM_STATISTICS_FROM:
        none = withheld(n, "too_few_persons")
        return ItemStatistics(name, *counts, math.nan, math.nan, none, none, none, none, ("too_few_persons",))
    mean, sd = float(seen.mean()), float(seen.std(ddof=1))
    difficulty = _difficulty(seen, mean, sd, low, high, level)
    r_rest, r_total, dropped = _discrimination(c, j, n, level)
    flags = _flags(difficulty.value, sd, r_rest, n)
    return ItemStatistics(name, *counts, mean, sd, difficulty, r_rest, r_total, dropped, flags)


def _difficulty(seen: FloatArray, mean: float, sd: float, low: float, high: float, level: float) -> Estimate:
    n, width = len(seen), high - low
    share = (mean - low) / width
    if bool(np.isin(seen, (low, high)).all()):
        return Estimate(share, math.sqrt(share * (1 - share) / n), wilson_interval(share, n, level), n)
    se = sd / width / math.sqrt(n)
    half = float(stats.t.ppf(0.5 + level / 2, n - 1)) * se
    return Estimate(share, se, Interval(max(0.0, share - half), min(1.0, share + half), level, "t"), n)


def _discrimination(c: Covariances, j: int, n: int, level: float) -> tuple[Estimate, Estimate, Estimate]:
    matrix, k = c.matrix, c.matrix.shape[0]
    if np.isnan(matrix).any():
        none = withheld(n, "too_few_common_persons")
        return none, none, none
    own, column, total = float(matrix[j, j]), float(matrix[:, j].sum()), float(matrix.sum())
    rest = total - 2 * column + own
    if own <= 1e-12:
        none = withheld(n, "constant")
        return none, none, none
    r_total = _correlation(column, own * total, n, level)
    r_rest = _correlation(column - own, own * rest, n, level)
    if n < FULL_ITEM_STATISTICS_FROM:
        return r_rest, r_total, withheld(n, "too_few_persons")
    if k < 3:
        return r_rest, r_total, withheld(n, "too_few_items")
    others = np.delete(np.delete(matrix, j, axis=0), j, axis=1)
    value = coefficient_alpha(others)
    dropped = withheld(n, "no_variance") if math.isnan(value) else Estimate(value, math.nan, None, c.n)
    return r_rest, r_total, dropped


def _correlation(covariance: float, product: float, n: int, level: float) -> Estimate:
    if product <= 1e-24:
        return withheld(n, "no_variance")
    # Pairwise covariances need not form a proper matrix: keep the correlation inside its range.
    r = max(-1.0, min(1.0, covariance / math.sqrt(product)))
    return Estimate(r, (1 - r * r) / math.sqrt(n - 1), fisher_interval(r, n, level), n)


def _flags(difficulty: float, sd: float, r_rest: Estimate, n: int) -> tuple[str, ...]:
    flags: list[str] = []
    if sd <= 1e-12:
        flags.append("constant")
    elif difficulty > VERY_EASY:
        flags.append("very_easy")
    elif difficulty < VERY_HARD:
        flags.append("very_hard")
    if r_rest.is_reported:
        if r_rest.value < 0:
            flags.append("negative_discrimination")
        elif r_rest.value < LOW_DISCRIMINATION:
            flags.append("low_discrimination")
    if n < FULL_ITEM_STATISTICS_FROM:
        flags.append("few_persons")
    return tuple(flags)

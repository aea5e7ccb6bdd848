"""Lawshe's content validity ratio, with exact critical values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .._checks import FloatArray
from .._estimator import Table

FEWEST_JUDGES = 5
"""Below five judges even agreement of all could be chance at the 5 % level."""


@dataclass(frozen=True)
class Critical:
    """The smallest number of "essential" that chance would reach with p at most `alpha`; None when even all would not do."""

    judges: int
    alpha: float
    essential: int | None
    ratio: float


@dataclass(frozen=True)
class ContentRatios:
    """Content validity of a set of indicators: one row each in `items`, their mean as `index` (CVI).

    `items` columns: item, n, essential, ratio (CVR), p (one-sided exact), low, high (Clopper–Pearson interval of the ratio), keep.
    `flags`: codes about the whole.
    """

    items: Table
    index: float
    index_kept: float
    flags: tuple[str, ...]

    def to_frame(self, library: str = "pandas") -> object:
        """`items` as a data frame."""
        return self.items.to_frame(library)


def critical_ratio(judges: int, *, alpha: float = 0.05) -> Critical:
    """The smallest CVR that chance does not explain, by the exact binomial distribution (Ayre & Scally 2014).

    CVR = (n_e − N/2)/(N/2); chance is each judge saying "essential" with probability one half. Lawshe's printed table
    rests on normal approximations and is wrong in places; these values are exact.

    >>> critical_ratio(10)
    Critical(judges=10, alpha=0.05, essential=9, ratio=0.8)
    """
    if judges < 1:
        raise ValueError(f"judges is {judges}; at least one must have judged.")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha is {alpha}; it lies between 0 and 0.5.")
    # sf(k - 1) = P(X >= k); the loop is short and exact where an inverse may round the wrong way.
    for k in range(judges // 2 + 1, judges + 1):
        if stats.binom.sf(k - 1, judges, 0.5) <= alpha:
            return Critical(judges, alpha, k, (2 * k - judges) / judges)
    return Critical(judges, alpha, None, float("nan"))


def content_ratios(
    essential: ArrayLike, *, names: tuple[str, ...] | None = None, alpha: float = 0.05, level: float = 0.95
) -> ContentRatios:
    """Content validity ratio of each indicator from judges × indicators: 1 = essential, 0 = not, NaN = not judged.

    An indicator is kept when its number of "essential" reaches the exact critical value for the judges it had. `index` is the mean
    CVR of all, `index_kept` of those kept. Indicators with fewer than 5 judges cannot be kept, whatever they say.

    Do not read it as validity of a measure: it says that people who know the work find the indicator necessary.

    >>> votes = [[1, 1, 0], [1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1], [1, 1, 0], [1, 1, 0]]
    >>> found = content_ratios(votes, names=("plans", "asks", "sings"))
    >>> found.items["keep"].tolist(), found.items["ratio"].tolist()
    ([True, True, False], [1.0, 0.75, -0.5])
    """
    votes = np.asarray(essential, dtype=np.float64)
    if votes.ndim != 2 or 0 in votes.shape:
        raise ValueError(f"essential must be a table of judges × indicators, got shape {votes.shape}.")
    odd = ~np.isnan(votes) & ~np.isin(votes, (0.0, 1.0))
    if odd.any():
        row, column = (int(i[0]) for i in np.nonzero(odd))
        raise ValueError(
            f"judge {row + 1}, indicator {column + 1}: {votes[row, column]:g}; give 1 for essential, 0 for not, NaN for not judged."
        )
    count = votes.shape[1]
    labels = names or tuple(f"item{j + 1}" for j in range(count))
    if len(labels) != count:
        raise ValueError(f"names has {len(labels)} entries for {count} indicators.")
    n = (~np.isnan(votes)).sum(axis=0)
    e = np.nansum(votes, axis=0).astype(int)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(n > 0, (2 * e - n) / n, np.nan)
    p = np.array([stats.binom.sf(k - 1, m, 0.5) if m else np.nan for k, m in zip(e, n, strict=True)])
    low, high = _exact(e, n, level)
    need = {int(m): critical_ratio(int(m), alpha=alpha).essential for m in np.unique(n[n > 0])}
    least = np.array([need.get(int(m)) or 10**9 for m in n])
    keep: NDArray[np.bool_] = (e >= least) & (n >= FEWEST_JUDGES)
    flags = []
    if (n < FEWEST_JUDGES).any():
        flags.append(
            f"too_few_judges: {', '.join(str(x) for x, m in zip(labels, n, strict=True) if m < FEWEST_JUDGES)}"
        )
    table = Table(
        {
            "item": np.array(labels),
            "n": n,
            "essential": e,
            "ratio": ratio,
            "p": p,
            "low": low,
            "high": high,
            "keep": keep,
        }
    )
    mean = float(np.nanmean(ratio)) if np.isfinite(ratio).any() else float("nan")
    kept = float(ratio[keep].mean()) if keep.any() else float("nan")
    return ContentRatios(table, mean, kept, tuple(flags))


def _exact(e: NDArray[np.int_], n: NDArray[np.int_], level: float) -> tuple[FloatArray, FloatArray]:
    tail = (1 - level) / 2
    low = np.where(e > 0, stats.beta.ppf(tail, np.maximum(e, 1), n - e + 1), 0.0)
    high = np.where(e < n, stats.beta.ppf(1 - tail, e + 1, np.maximum(n - e, 1)), 1.0)
    blank = n == 0
    return np.where(blank, np.nan, 2 * low - 1), np.where(blank, np.nan, 2 * high - 1)

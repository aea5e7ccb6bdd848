"""Importance × frequency: which tasks and indicators carry the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .._checks import FloatArray
from .._estimator import Table


@dataclass(frozen=True)
class Criticality:
    """Each task's importance, frequency and their product over respondents; `items` one row each, highest first by `rank`.

    `items` columns: item, n, importance, frequency, criticality, se, low, high (t interval of the mean product), share_important, keep, rank.
    """

    items: Table
    flags: tuple[str, ...]

    def to_frame(self, library: str = "pandas") -> object:
        """`items` as a data frame."""
        return self.items.to_frame(library)


def criticality(
    importance: ArrayLike, frequency: ArrayLike, *, names: Sequence[str] | None = None, scale: float = 5.0,
    important_from: float = 4.0, least_share: float = 0.5, level: float = 0.95,
) -> Criticality:  # fmt: skip
    """Mean of importance × frequency over respondents for each task, scaled to 0…1, with its error.

    `importance`, `frequency`: respondents × tasks on 1…`scale`, 0 in `frequency` for "never done", NaN for no answer. Criticality of a
    respondent is (i·f)/scale². A task is kept when at least `least_share` of those who answered call it important (`important_from` or
    more) and somebody does it. Ranks of neighbours whose intervals overlap are not told apart.

    Do not use it to drop rare tasks where a mistake is dear: importance alone speaks for them (flag `rare_but_important`).

    >>> found = criticality([[5, 2], [4, 3], [5, 2]], [[5, 1], [4, 2], [5, 1]], names=["plan", "file"])
    >>> found.items["keep"].tolist(), found.items["rank"].tolist()
    ([True, False], [1, 2])
    """
    i, f = np.asarray(importance, dtype=np.float64), np.asarray(frequency, dtype=np.float64)
    if i.ndim != 2 or i.shape != f.shape or 0 in i.shape:
        raise ValueError(
            f"importance {i.shape} and frequency {f.shape} must be tables of one shape, respondents × tasks."
        )
    for what, table, low in (("importance", i, 1.0), ("frequency", f, 0.0)):
        bad = ~np.isnan(table) & ((table < low) | (table > scale))
        if bad.any():
            row, column = (int(x[0]) for x in np.nonzero(bad))
            raise ValueError(f"{what} of respondent {row + 1}, task {column + 1} is {table[row, column]:g}; the scale is {low:g} to {scale:g}.")  # fmt: skip
    labels = list(names) if names is not None else [f"item{j + 1}" for j in range(i.shape[1])]
    product = i * f / scale**2
    both = ~np.isnan(product)
    n = both.sum(axis=0)
    mean = _mean(product, both)
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.sqrt(np.where(both, (product - mean) ** 2, 0).sum(axis=0) / (n - 1) / n)
    se = np.where(n > 1, se, np.nan)
    half = stats.t.ppf(0.5 + level / 2, np.maximum(n - 1, 1)) * se
    answered = ~np.isnan(i)
    share = _mean((i >= important_from).astype(float), answered)
    done = np.nansum(f, axis=0) > 0
    keep = (share >= least_share) & done
    flags = [f"too_few_respondents: {labels[j]} ({n[j]})" for j in np.flatnonzero(n < 5)]
    rare = keep & (_mean(f, ~np.isnan(f)) < scale / 4)
    flags += [f"rare_but_important: {labels[j]}" for j in np.flatnonzero(rare)]
    rank = stats.rankdata(-np.nan_to_num(mean, nan=-1), method="min").astype(int)
    return Criticality(
        Table({
            "item": np.array(labels), "n": n, "importance": _mean(i, answered), "frequency": _mean(f, ~np.isnan(f)),
            "criticality": mean, "se": se, "low": np.maximum(mean - half, 0), "high": np.minimum(mean + half, 1),
            "share_important": share, "keep": keep, "rank": rank,
        }),
        tuple(flags),
    )  # fmt: skip


def _mean(table: FloatArray, seen: np.ndarray) -> FloatArray:
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        out: FloatArray = np.where(n > 0, np.where(seen, table, 0.0).sum(axis=0) / n, np.nan)
    return out

"""A validity coefficient, with its interval, and corrected for what shrank it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import ndtri

from .._checks import FloatArray
from .._estimator import Table
from ..classical import Interval

FEW = 30
"""Persons below which a validity is descriptive only."""


@dataclass(frozen=True)
class Validity:
    """`value` with `interval`; `observed` and `n` behind it; `factor` the correction multiplied by; `flags`."""

    value: float
    interval: Interval | None
    observed: float
    n: int
    factor: float
    flags: tuple[str, ...]


def correlation(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> Validity:
    """Pearson's correlation of a score with a criterion, with Fisher's interval; pairs with a gap are left out.

    Do not read it as the validity of a procedure when only the chosen were followed: see `corrected`.

    >>> rng = np.random.default_rng(1)
    >>> score = rng.normal(size=80)
    >>> found = correlation(score, 0.5 * score + rng.normal(size=80))
    >>> found.interval.low < found.value < found.interval.high
    True
    """
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"x {a.shape} and y {b.shape} must have one number a person each.")
    seen = ~(np.isnan(a) | np.isnan(b))
    n = int(seen.sum())
    flags = () if n == len(a) else (f"incomplete: {len(a) - n}",)
    if n < 4 or a[seen].std() == 0 or b[seen].std() == 0:
        return Validity(
            float("nan"), None, float("nan"), n, 1.0, (*flags, "no_variance" if n >= 4 else "too_few_persons")
        )
    return corrected(float(np.corrcoef(a[seen], b[seen])[0, 1]), n, level=level, flags=flags)


def corrected(
    r: float, n: int, *, criterion_reliability: float = 1.0, predictor_reliability: float = 1.0,
    restriction: float = 1.0, level: float = 0.95, flags: tuple[str, ...] = (),
) -> Validity:  # fmt: skip
    """A correlation corrected for direct range restriction (Thorndike's Case II) and then for unreliability.

    r_c = (r/u)/√(1 + r²(1/u² − 1)), u = `restriction` = SD of the chosen / SD of the applicants; divided by √r_yy (operational validity) and,
    only for a statement about the construct, by √r_xx. Fisher's interval of r travels through the same formula, so it widens with the
    correction. The criterion's reliability is that among the people followed (`r_yy` restricted): when u is below 1, the restriction is
    undone first on the attenuated r, as Hunter, Schmidt & Le (2006) do for a criterion measured in the restricted group by dividing first.

    Below 30 persons `descriptive_only`. A corrected value above 1 is cut to 1 and flagged: one of the reliabilities is wrong.

    >>> round(corrected(0.25, 120, criterion_reliability=0.6).value, 4), round(corrected(0.25, 120, restriction=0.7).value, 4)
    (0.3227, 0.3461)
    """
    if not -1 <= r <= 1 or n < 1:
        raise ValueError(f"r {r} must lie in [-1, 1] and n {n} be at least 1.")
    for name, value in (("criterion_reliability", criterion_reliability), ("predictor_reliability", predictor_reliability), ("restriction", restriction)):  # fmt: skip
        if not 0 < value <= 1:
            raise ValueError(f"{name} is {value}; it lies above 0 and up to 1.")

    def apply(x: float) -> float:
        y = x / np.sqrt(criterion_reliability)
        y = (y / restriction) / np.sqrt(1 + y**2 * (1 / restriction**2 - 1))
        return float(y / np.sqrt(predictor_reliability))

    out = list(flags)
    value = apply(r)
    if abs(value) > 1:
        out.append("above_one")
        value = float(np.sign(value))
    if n < FEW:
        out.append("descriptive_only")
    if restriction < 1 or criterion_reliability < 1 or predictor_reliability < 1:
        out.append("corrected")
    interval = None
    if n > 3 and abs(r) < 1:
        half = float(ndtri(0.5 + level / 2)) / np.sqrt(n - 3)
        ends = [apply(float(np.tanh(np.arctanh(r) + s * half))) for s in (-1, 1)]
        interval = Interval(max(ends[0], -1.0), min(ends[1], 1.0), level, "fisher")
    return Validity(value, interval, r, n, value / r if r else 1.0, tuple(out))


def expectancy(score: ArrayLike, success: ArrayLike, edges: ArrayLike, *, level: float = 0.95) -> Table:
    """Share of successes in each band of scores, with exact intervals: what a manager can read.

    Columns: low, high (of the band), n, successes, share, share_low, share_high. `edges` rising; the last band is closed above.

    >>> expectancy([1, 2, 3, 4], [0, 1, 1, 1], [1, 2.5, 4])["share"].tolist()
    [0.5, 1.0]
    """
    x, y, cuts = (np.asarray(v, dtype=float) for v in (score, success, edges))
    if x.shape != y.shape or cuts.ndim != 1 or len(cuts) < 2 or np.any(np.diff(cuts) <= 0):
        raise ValueError("score and success need one entry a person, edges at least two rising numbers.")
    if not np.isin(y[~np.isnan(y)], (0, 1)).all():
        raise ValueError("success holds something else than 0 and 1.")
    seen = ~(np.isnan(x) | np.isnan(y))
    band = np.clip(np.searchsorted(cuts, x, side="right") - 1, 0, len(cuts) - 2)
    inside = seen & (x >= cuts[0]) & (x <= cuts[-1])
    n = np.bincount(band[inside], minlength=len(cuts) - 1)
    k = np.bincount(band[inside], weights=y[inside], minlength=len(cuts) - 1).astype(int)
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        share: FloatArray = np.where(n > 0, k / n, np.nan)
    low = np.where(k > 0, stats.beta.ppf(tail, np.maximum(k, 1), n - k + 1), np.where(n > 0, 0.0, np.nan))
    high = np.where(
        k < n, stats.beta.ppf(1 - tail, k + 1, np.maximum(n - k, 1)), np.where(n > 0, 1.0, np.nan)
    )
    return Table(
        {
            "low": cuts[:-1],
            "high": cuts[1:],
            "n": n,
            "successes": k,
            "share": share,
            "share_low": low,
            "share_high": high,
        }
    )

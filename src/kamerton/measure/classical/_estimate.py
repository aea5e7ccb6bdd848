"""The value types every classical statistic is returned in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FloatArray = NDArray[np.float64]

ITEM_STATISTICS_FROM = 30
"""Below this many persons no item statistic and no reliability is reported (scoring specification, A6):
the standard error of a correlation at n = 29 is about .19, wider than the range in which items differ."""

FULL_ITEM_STATISTICS_FROM = 100
"""From 30 to 99 persons only p and r_it are reported for an item; what is a difference of two unstable
numbers (alpha if the item is dropped) or rests on a handful of choosers waits for 100."""


@dataclass(frozen=True)
class Interval:
    """A confidence interval: its ends, its level and the method it was made by."""

    low: float
    high: float
    level: float
    method: str


@dataclass(frozen=True)
class Estimate:
    """One number with what is needed to believe it.

    `value`, `se` are NaN and `interval` is None when the statistic is not reported; `flags` say why.
    `n` is the number of persons the value rests on.
    """

    value: float
    se: float
    interval: Interval | None
    n: int
    flags: tuple[str, ...] = ()

    @property
    def is_reported(self) -> bool:
        return not math.isnan(self.value)


def withheld(n: int, *flags: str) -> Estimate:
    """An estimate that is not reported, with the reason."""
    return Estimate(math.nan, math.nan, None, n, flags)


def check_level(level: float) -> None:
    if not 0.5 <= level < 1:
        raise ValueError(
            f"level is {level}; it is the confidence of an interval and lies from 0.5 to below 1, e.g. 0.95."
        )


def normal_quantile(level: float) -> float:
    return float(stats.norm.ppf(0.5 + level / 2))


def fisher_interval(r: float, n: int, level: float) -> Interval | None:
    """Interval of a correlation by Fisher's z; None below four persons, where its error is not defined."""
    if n < 4 or math.isnan(r):
        return None
    if abs(r) >= 1:
        return Interval(r, r, level, "fisher_z")
    half = normal_quantile(level) / math.sqrt(n - 3)
    z = math.atanh(r)
    return Interval(math.tanh(z - half), math.tanh(z + half), level, "fisher_z")


def wilson_interval(share: float, n: int, level: float) -> Interval | None:
    """Interval of a proportion by Wilson's score method, which stays inside 0 and 1."""
    if n == 0:
        return None
    z = normal_quantile(level)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half), level, "wilson")


def log_complement_interval(value: float, se: float, level: float) -> Interval | None:
    """Interval of a reliability on the scale ln(1 − value) (Bonett 2002), so that it stays below 1."""
    if math.isnan(value) or math.isnan(se) or value >= 1:
        return None
    half = normal_quantile(level) * se / (1 - value)
    return Interval(
        1 - (1 - value) * math.exp(half), 1 - (1 - value) * math.exp(-half), level, "log_complement"
    )

"""What a coefficient of agreement comes back in, and the checks its callers share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import t as student

from .._checks import FloatArray
from .._estimator import Flag
from ..classical import Interval

FEW_SUBJECTS = 30
"""Below it intervals from a standard error are rough (the error is itself estimated from few subjects)."""


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of agreement with what is needed to believe it.

    `value`, `se` are NaN where the coefficient is not defined; `flags` then say why. `n`: subjects (units) used;
    `raters`: raters behind it. `observed`, `expected`: the two agreements of a chance-corrected coefficient (for
    Krippendorff's alpha one minus the disagreements), NaN where it has none. `p_value` tests the coefficient against
    no agreement, NaN where no test is offered; `statistic`, `df` are those of the test.
    """

    name: str
    value: float
    se: float
    interval: Interval | None
    n: int
    raters: int
    observed: float = math.nan
    expected: float = math.nan
    statistic: float = math.nan
    df: float = math.nan
    p_value: float = math.nan
    flags: tuple[Flag, ...] = field(default=())

    @property
    def is_reported(self) -> bool:
        return not math.isnan(self.value)


def undefined(name: str, n: int, raters: int, *flags: Flag, observed: float = math.nan) -> Coefficient:
    """A coefficient that cannot be given, with the reason."""
    return Coefficient(name, math.nan, math.nan, None, n, raters, observed=observed, flags=flags)


def check_level(level: float) -> None:
    if not 0.5 <= level < 1:
        raise ValueError(
            f"level is {level}; it is the confidence of an interval and lies from 0.5 to below 1, e.g. 0.95."
        )


def symmetric_interval(
    value: float, se: float, level: float, *, df: float | None = None, low: float = -1.0, high: float = 1.0
) -> Interval | None:
    """value ± quantile · se, cut at the ends the coefficient can reach; by t where `df` is given."""
    if math.isnan(value) or math.isnan(se):
        return None
    half = float(student.ppf(0.5 + level / 2, df)) if df is not None else float(ndtri(0.5 + level / 2))
    method = "t" if df is not None else "normal"
    return Interval(max(low, value - half * se), min(high, value + half * se), level, method)


def percentile_interval(draws: FloatArray, level: float) -> Interval | None:
    """Ends of the middle `level` of bootstrap draws; None where fewer than half are defined."""
    kept = draws[np.isfinite(draws)]
    if kept.size < max(2, draws.size // 2):
        return None
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, "bootstrap_percentile")


def check_matrix(ratings: ArrayLike, *, least_rows: int = 2, least_columns: int = 2) -> FloatArray:
    """Subjects × raters as floats, NaN = not rated; refuses another shape, infinite cells, too few rows or columns."""
    try:
        matrix: FloatArray = np.array(ratings, dtype=np.float64)
    except (TypeError, ValueError) as fault:
        raise ValueError(
            f"ratings must be numbers, subjects in rows and raters in columns: {fault}"
        ) from fault
    if matrix.ndim != 2:
        raise ValueError(
            f"ratings have {matrix.ndim} dimension(s), shape {matrix.shape}; give subjects × raters."
        )
    if matrix.shape[0] < least_rows or matrix.shape[1] < least_columns:
        raise ValueError(
            f"ratings have shape {matrix.shape}; at least {least_rows} subjects and {least_columns} raters are needed."
        )
    if np.isinf(matrix).any():
        row, column = (int(v) for v in np.argwhere(np.isinf(matrix))[0])
        raise ValueError(f"row {row}, rater {column} is infinite; mark what was not rated with NaN.")
    return matrix


def rater_names(raters: Sequence[str] | None, n: int) -> tuple[str, ...]:
    """Names of the columns; rater1, rater2, … where none are given."""
    if raters is None:
        return tuple(f"rater{j + 1}" for j in range(n))
    if len(raters) != n or len(set(raters)) != n:
        raise ValueError(f"{n} raters need {n} different names, got {list(raters)}.")
    return tuple(raters)


def complete_rows(matrix: FloatArray, missing: str, what: str) -> tuple[FloatArray, tuple[Flag, ...]]:
    """Rows without gaps; raises where `missing` is "refuse" and there are gaps."""
    if missing not in ("refuse", "complete"):
        raise ValueError(f'missing is {missing!r}; for {what} it is "refuse" or "complete".')
    gaps = np.isnan(matrix)
    if not gaps.any():
        return matrix, ()
    if missing == "refuse":
        row, column = (int(v) for v in np.argwhere(gaps)[0])
        raise ValueError(
            f"{what} needs every subject rated by every rater; row {row}, rater {column} is missing "
            f'({int(gaps.sum())} of {gaps.size} cells). Pass missing="complete" to use the complete rows only, '
            "or a coefficient that takes gaps (krippendorff_alpha, gwet_ac, icc with missing='reml')."
        )
    kept = matrix[~gaps.any(axis=1)]
    dropped = len(matrix) - len(kept)
    if len(kept) < 2:
        raise ValueError(
            f"{what}: only {len(kept)} of {len(matrix)} rows are complete; at least 2 are needed."
        )
    return kept, (Flag("rows_dropped", "", f"{dropped} of {len(matrix)} rows are incomplete"),)

"""The classical test as an estimator: what it learns from a sample and what it says of a person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .._estimator import Estimator, Flag
from ._estimate import (
    ITEM_STATISTICS_FROM,
    Estimate,
    FloatArray,
    Interval,
    check_level,
    normal_quantile,
    withheld,
)
from ._items import ItemStatistics, item_analysis
from ._precision import standard_error_of_measurement
from ._reliability import alpha_of, lambda2_of, omega_of, split_half_of
from ._responses import Missing, check_names, check_scores, covariances, known_range

ASSUMED_ERROR_SHARE = 0.85
"""Items of unequal difficulty make less error than equal ones (Keats kind); scoring specification, A1.3."""

PARTIAL_CREDIT_SHARE = 0.70
"""Error variance of a partial-credit item relative to all-or-nothing; scoring specification, A1.3."""

NOT_PRESENTED_LIMIT = 0.20
"""More of a test's points than this not presented: the score is flagged `insufficient` (A1.1)."""


ERROR_ASSUMED = Flag("error_assumed", "", "from the design of the test; these data allow no reliability")


@dataclass(frozen=True)
class PersonScore:
    """Score of one person: sum of points over the items presented, with its standard error.

    `share` is the score as a share of the range of the items presented: the figure to compare when not
    everybody was presented the same items. `se` is conditional on the score. Flags: `all_correct`,
    `none_correct` (the error is a floor, the interval one-sided), `insufficient`, `error_assumed`,
    `not_presented` (no item at all).
    """

    value: float
    se: float
    interval: Interval | None
    share: float
    share_se: float
    n_items: int
    minimum: float
    maximum: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class ConditionalError:
    """Standard error of measurement at each score on the full test, and where it was measured."""

    scores: FloatArray
    se: FloatArray
    n_at_score: FloatArray
    method: str


class ClassicalTest(Estimator):
    """Reliability, items and persons of a test scored by the sum of its points.

    `fit` learns from a sample; `estimate` gives each person a score with its own standard error
    SE(S) = √(c · q(1 − q) · Σm²), q = (S − lowest)/(highest − lowest) and m the range of each item presented.
    For 0/1 items this is Lord's binomial error with Keats' correction, c chosen so that the mean squared error
    over the sample is SD²(1 − alpha); for partial credit and rating scales the same curve is an approximation.
    At the ends of the scale, where the formula gives zero, q is (S + 0.5)/(range + 1).

    Parameters: `minimum`, `maximum` range of the items (default: lowest of all cells, highest seen on each item);
    `names` of the items; `level` of intervals, default 0.95; `missing` "pairwise" (default) or "complete".

    Attributes after `fit`: `alpha_`, `lambda2_`, `omega_` (raw metric), `omega_standardised_`, `split_half_`,
    `sem_`: Estimate; `items_`: tuple of ItemStatistics, one an item; `n_`; `mean_`, `sd_` of the full-test score
    (of persons presented every item; else from the pairwise matrix); `minimum_`, `maximum_` (items,);
    `conditional_error_`; `flags_`.

    With fewer than 30 persons reliabilities and item statistics are not reported and the error is assumed from
    the design (0.85 · Σ κm² · q(1 − q), κ = 0.7 for partial credit), flag `error_assumed`. Do not use it when people
    took different, unequally hard items: the sum is then not comparable; use an item response model.

    >>> import numpy as np
    >>> rng = np.random.default_rng(4)
    >>> x = (rng.normal(size=(500, 1)) + rng.normal(size=(500, 20)) > 0).astype(float)
    >>> test = ClassicalTest().fit(x)
    >>> 0.85 < test.alpha_.value < 0.95
    True
    >>> person = test.estimate(x[:1])[0]
    >>> person.maximum, person.se > 0
    (20.0, True)

    References: Lord & Novick 1968; Keats 1957; Feldt, Steffen & Gupta 1985.
    """

    saved_types: ClassVar[tuple[type, ...]] = (Estimate, Interval, ItemStatistics, ConditionalError)

    def __init__(
        self,
        *,
        minimum: ArrayLike | None = None,
        maximum: ArrayLike | None = None,
        names: Sequence[str] | None = None,
        level: float = 0.95,
        missing: Missing = "pairwise",
    ) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.names = names
        self.level = level
        self.missing = missing

    def fit(self, scores: ArrayLike, *, omitted: ArrayLike | None = None) -> ClassicalTest:
        """Learn reliability, items and error from persons × items, NaN = not presented."""
        check_level(self.level)
        matrix = check_scores(scores, least_items=2)
        self.names_ = check_names(self.names, matrix.shape[1])
        self.minimum_, self.maximum_ = known_range(matrix, self.minimum, self.maximum)
        c = covariances(matrix, self.missing)
        complete = matrix[~np.isnan(matrix).any(axis=1)]
        self.n_ = c.n_rows
        self.n_complete_ = len(complete)
        self.flags_: tuple[Flag, ...] = tuple(
            Flag("constant_item", name, "every answer is the same; it adds no information")
            for name, column in zip(self.names_, matrix.T, strict=True)
            if len(np.unique(column[~np.isnan(column)])) < 2
        )
        self.items_: tuple[ItemStatistics, ...] = item_analysis(
            matrix, names=self.names_, minimum=self.minimum_, maximum=self.maximum_, omitted=omitted,
            level=self.level, missing=self.missing,
        )  # fmt: skip
        variance = float(c.matrix.sum())
        self.sd_ = math.sqrt(variance) if variance > 0 else math.nan
        means = [
            column[~np.isnan(column)].mean() if not np.isnan(column).all() else math.nan
            for column in matrix.T
        ]
        self.mean_ = (
            float(complete.sum(axis=1).mean()) if len(complete) == len(matrix) else float(np.sum(means))
        )
        if c.n < ITEM_STATISTICS_FROM:
            none = withheld(c.n, "too_few_persons")
            self.alpha_ = self.lambda2_ = self.omega_ = self.omega_standardised_ = self.split_half_ = (
                self.sem_
            ) = none
            self.flags_ += (
                Flag(
                    "too_few_persons", "", f"{c.n} persons; reliability and items from {ITEM_STATISTICS_FROM}"
                ),
                ERROR_ASSUMED,
            )
        else:
            self.alpha_ = alpha_of(c, self.level)
            self.lambda2_ = lambda2_of(c, self.level)
            few = withheld(c.n, "too_few_items")
            self.omega_ = omega_of(c, "raw", self.level) if matrix.shape[1] > 2 else few
            self.omega_standardised_ = omega_of(c, "standardised", self.level) if matrix.shape[1] > 2 else few
            self.split_half_ = split_half_of(c, set(range(0, matrix.shape[1], 2)), self.level)
            self.sem_ = self._sem(c.n)
        self._learn_error_factor(matrix)
        self.conditional_error_ = self._conditional_error(complete)
        return self

    def estimate(self, scores: ArrayLike) -> tuple[PersonScore, ...]:
        """Score of each row, with its conditional standard error and interval."""
        self.require_fitted()
        matrix = np.array(scores, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != len(self.names_):
            raise ValueError(
                f"scores have shape {matrix.shape}; the test was fitted with {len(self.names_)} items."
            )
        return tuple(self._one_person(row) for row in matrix)

    def _sem(self, n: int) -> Estimate:
        if not self.alpha_.is_reported or self.alpha_.value < 0 or math.isnan(self.sd_):
            return withheld(n, *(self.alpha_.flags or ("no_variance",)))
        value = standard_error_of_measurement(self.sd_, self.alpha_.value)
        # SEM² is the error mean square of a persons × items table, with (n − 1)(k − 1) degrees of freedom.
        df = (n - 1) * (len(self.names_) - 1)
        se = value / math.sqrt(2 * df)
        half = normal_quantile(self.level) * se
        return Estimate(value, se, Interval(value - half, value + half, self.level, "normal"), n)

    def _learn_error_factor(self, matrix: FloatArray) -> None:
        width = self.maximum_ - self.minimum_
        weights = np.where(np.isnan(matrix), 0.0, width)
        with np.errstate(invalid="ignore", divide="ignore"):
            q = np.where(np.isnan(matrix), 0.0, matrix - self.minimum_).sum(axis=1) / weights.sum(axis=1)
        spread = float(np.nanmean(q * (1 - q))) if not np.isnan(q).all() else 0.0
        if self.sem_.is_reported and spread > 0:
            self.error_factor_ = self.sem_.value**2 / (spread * float((width**2).sum()))
            self.error_share_ = np.ones_like(width)
            return
        self.error_factor_ = ASSUMED_ERROR_SHARE
        partial = [
            bool(np.any((c > lo) & (c < hi)))
            for c, lo, hi in zip(matrix.T, self.minimum_, self.maximum_, strict=True)
        ]
        self.error_share_ = np.where(partial, PARTIAL_CREDIT_SHARE, 1.0)
        if not self.is_error_assumed:
            self.flags_ = (*self.flags_, ERROR_ASSUMED)

    @property
    def is_error_assumed(self) -> bool:
        """The error comes from the design, because the data could not bear an estimate."""
        return ERROR_ASSUMED in self.flags_

    def _one_person(self, row: FloatArray) -> PersonScore:
        seen = ~np.isnan(row)
        low, high = float(self.minimum_[seen].sum()), float(self.maximum_[seen].sum())
        if not seen.any():
            return PersonScore(math.nan, math.nan, None, math.nan, math.nan, 0, 0.0, 0.0, ("not_presented",))
        value, width = float(row[seen].sum()), high - low
        all_width = float((self.maximum_ - self.minimum_).sum())
        q = (value - low) / width
        flags: list[str] = []
        if q >= 1:
            flags.append("all_correct")
        elif q <= 0:
            flags.append("none_correct")
        if 1 - width / all_width > NOT_PRESENTED_LIMIT:
            flags.append("insufficient")
        if self.is_error_assumed:
            flags.append("error_assumed")
        se = self._error(q, value - low, width, seen)
        half = normal_quantile(self.level) * se
        interval = Interval(max(low, value - half), min(high, value + half), self.level, "conditional_error")
        return PersonScore(value, se, interval, q, se / width, int(seen.sum()), low, high, tuple(flags))

    def _error(
        self, q: float, points: float, width: float, seen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    ) -> float:
        inside = q if 0 < q < 1 else (points + 0.5) / (width + 1)
        ranges = (self.maximum_ - self.minimum_)[seen]
        return math.sqrt(
            self.error_factor_ * inside * (1 - inside) * float((self.error_share_[seen] * ranges**2).sum())
        )

    def _conditional_error(self, complete: FloatArray) -> ConditionalError:
        low, width = float(self.minimum_.sum()), float((self.maximum_ - self.minimum_).sum())
        steps = min(round(width), 200)
        points = np.linspace(0.0, width, max(steps, 1) + 1)
        every = np.ones(len(self.names_), dtype=bool)
        se = np.array([self._error(p / width, float(p), width, every) for p in points])
        totals = complete.sum(axis=1) - low if len(complete) else np.array([])
        nearest = np.rint(totals / width * (len(points) - 1)).astype(int)
        counts = np.bincount(nearest, minlength=len(points)).astype(np.float64)
        return ConditionalError(
            points + low, se, counts, "assumed" if self.is_error_assumed else "lord_keats"
        )

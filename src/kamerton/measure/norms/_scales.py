"""Standard scores by a norm group: z, T, sten, stanine, percentile; linear or normalised."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from .._checks import FloatArray
from .._estimator import Estimates, Estimator, Flag

ENOUGH = 100
"""Below this the mean of the norm group alone has an error of a tenth of its spread, a fifth of a sten; the percentiles of
the tails rest on a handful of persons."""


class _Scale(Estimator):
    """A scale with mean and sd, learnt from a norm group."""

    normalise: bool
    mean_: float
    sd_: float
    n_: int
    sorted_: FloatArray

    centre: ClassVar[float] = 0.0
    spread: ClassVar[float] = 1.0
    ends: ClassVar[tuple[float, float] | None] = None
    is_whole: ClassVar[bool] = False

    def __init__(self, *, normalise: bool = False) -> None:
        self.normalise = normalise

    def _shape(self) -> tuple[float, float, tuple[float, float] | None, bool]:
        return self.centre, self.spread, self.ends, self.is_whole

    def fit(self, values: ArrayLike) -> Self:
        """Learn from the values of the norm group (N,); NaN are left out."""
        given = np.asarray(values, dtype=np.float64)
        if given.ndim != 1:
            raise ValueError(f"values must be one number a person, got shape {given.shape}.")
        kept = np.sort(given[~np.isnan(given)])
        if len(kept) < 2 or np.isinf(kept).any():
            raise ValueError(
                f"A norm group needs at least 2 finite values, got {len(kept)} values that are not missing."
            )
        self.mean_, self.sd_, self.n_ = float(kept.mean()), float(kept.std(ddof=1)), len(kept)
        if self.sd_ == 0:
            raise ValueError(
                f"All {len(kept)} values of the norm group are {kept[0]:g}; nobody can be placed among them."
            )
        self.sorted_ = kept
        flags = []
        if len(kept) < ENOUGH:
            se = self.sd_ / np.sqrt(len(kept))
            flags.append(
                Flag(
                    "small_norm_group",
                    "",
                    f"{len(kept)} persons; the group's mean alone has an error of {se:.2g}, use about {ENOUGH}",
                )
            )
        if not self.normalise:
            skew = float(stats.skew(kept))
            if len(kept) >= 30 and abs(skew) > 1:
                flags.append(
                    Flag(
                        "skewed",
                        "",
                        f"skewness {skew:.2f}; percentiles of a linear scale mislead, consider normalise=True",
                    )
                )
        self.flags_ = tuple(flags)
        return self

    def transform(self, values: ArrayLike | Estimates) -> Estimates:
        """Scores of persons with errors: value, se, n (of the norm group), flags.

        The error is that of the person, stretched to the scale, and that of the norm group's mean and spread:
        SE² = (s·SE_person/SD)² + s²(1/n + z²/(2(n − 1))). With plain numbers only the second part is known and the flag
        `person_error_unknown` says so. Whole scales (sten, stanine) keep their error before rounding.
        """
        self.require_fitted()
        given = values if isinstance(values, Estimates) else None
        x = np.asarray(given.value if given is not None else values, dtype=np.float64)
        if x.ndim != 1:
            raise ValueError(f"values must be one number a person, got shape {x.shape}.")
        centre, spread, ends, whole = self._shape()
        z = self._normal(x) if self.normalise else (x - self.mean_) / self.sd_
        person = given.se if given is not None else np.zeros_like(x)
        se = spread * np.sqrt((person / self.sd_) ** 2 + 1 / self.n_ + z**2 / (2 * (self.n_ - 1)))
        score = centre + spread * z
        if whole:
            score = np.floor(score + 0.5)
        flags = [list(f) for f in given.flags] if given is not None else [["person_error_unknown"] for _ in x]
        low, high = self.sorted_[0], self.sorted_[-1]
        for i in range(len(x)):
            if np.isnan(x[i]):
                score[i] = se[i] = np.nan
            elif not low <= x[i] <= high:
                flags[i].append("outside_norm_group")
        if ends is not None:
            score = np.clip(score, *ends)
        return Estimates(score, se, np.full(len(x), self.n_, dtype=np.intp), tuple(tuple(f) for f in flags))

    def percentile(self, values: ArrayLike) -> FloatArray:
        """(N,) percentile ranks: share of the norm group below, plus half of those equal, in percent."""
        self.require_fitted()
        x = np.asarray(values, dtype=np.float64)
        below, up_to = np.searchsorted(self.sorted_, x, "left"), np.searchsorted(self.sorted_, x, "right")
        rank = 100 * (below + up_to) / (2 * self.n_)
        return np.where(np.isnan(x), np.nan, rank)

    def _normal(self, x: FloatArray) -> FloatArray:
        share = self.percentile(x) / 100
        edge = 0.5 / self.n_
        return np.asarray(stats.norm.ppf(np.clip(share, edge, 1 - edge)))


class ZScore(_Scale):
    """Places persons in a norm group: mean 0, spread 1.

    `normalise` False (default): linear, z = (x − mean)/SD, which keeps distances. True: by ranks to a normal
    distribution, for skewed raw scores. Learnt: `mean_`, `sd_`, `n_`, `sorted_`, `flags_`. Do not use norms of another
    country, job or purpose; a decision about a role needs a criterion, not a place in a group.

    >>> round(float(ZScore().fit([1.0, 2.0, 3.0, 4.0, 5.0]).transform([3.0]).value[0]), 6)
    0.0
    """


class TScore(_Scale):
    """Places persons in a norm group with mean 50 and spread 10; otherwise as `ZScore`.

    >>> float(TScore().fit([1.0, 2.0, 3.0]).transform([3.0]).value[0])
    60.0
    """

    centre, spread = 50.0, 10.0


class Sten(_Scale):
    """Places persons on ten steps of half a spread, 5.5 ± 2 per spread, rounded half up, 1 to 10 (Canfield 1951).

    Otherwise as `ZScore`. A sten is about half a standard deviation wide: with a reliability of .80 the error of a person
    is nearly a whole sten, so neighbouring stens are not a difference.

    >>> Sten().fit([1.0, 2.0, 3.0]).transform([2.0, 4.0]).value.tolist()
    [6.0, 10.0]
    """

    centre, spread, ends, is_whole = 5.5, 2.0, (1.0, 10.0), True


class Stanine(_Scale):
    """Places persons on nine steps, 5 ± 2 per spread, rounded half up, 1 to 9; otherwise as `Sten`.

    >>> Stanine().fit([1.0, 2.0, 3.0]).transform([2.0, 2.4]).value.tolist()
    [5.0, 6.0]
    """

    centre, spread, ends, is_whole = 5.0, 2.0, (1.0, 9.0), True


class StandardScale(_Scale):
    """Places persons on a scale of a mean and spread of one's own, e.g. 100 and 15; otherwise as `ZScore`.

    `mean` default 100, `sd` default 15; `limits` (lowest, highest) reported, default none.

    >>> float(StandardScale(mean=500, sd=100).fit([1.0, 2.0, 3.0]).transform([3.0]).value[0])
    600.0
    """

    def __init__(
        self,
        *,
        mean: float = 100.0,
        sd: float = 15.0,
        limits: tuple[float, float] | None = None,
        normalise: bool = False,
    ) -> None:
        super().__init__(normalise=normalise)
        self.mean = mean
        self.sd = sd
        self.limits = limits

    def _shape(self) -> tuple[float, float, tuple[float, float] | None, bool]:
        if self.sd <= 0:
            raise ValueError(f"sd is {self.sd}; the spread of a scale is above 0.")
        return self.mean, self.sd, self.limits, False

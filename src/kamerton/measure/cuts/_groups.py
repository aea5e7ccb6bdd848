"""Cuts from people already judged: contrasting groups, borderline group, borderline regression, Hofstee."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, ndtri

from .._checks import FloatArray
from .._estimator import Flag
from ..classical import Interval
from ._angoff import CutScore

FEW_PERSONS = 30
"""A group below it gives a cut whose error is larger than the steps of most scales."""


@dataclass(frozen=True)
class ContrastingGroups:
    """Cuts that tell judged masters from non-masters.

    `cut`: the score where the logistic probability of a master equals loss/(1 + loss) (loss = cost of passing a
    non-master over that of failing a master; 1 = equal loss, .5); `normal`: where normal densities of the two groups,
    weighted by numbers and losses, cross; `midpoint` of the two means; `empirical`: the score with the least observed
    loss. `intercept`, `slope` of the logistic with `covariance`; `false_positive`, `false_negative`: shares of judged
    non-masters at or above, of masters below `cut`.
    """

    cut: CutScore
    normal: CutScore
    midpoint: CutScore
    empirical: float
    intercept: float
    slope: float
    covariance: FloatArray
    false_positive: float
    false_negative: float
    n_masters: float
    n_others: float
    flags: tuple[Flag, ...]


def _normal_interval(value: float, se: float, level: float) -> Interval | None:
    if math.isnan(value) or math.isnan(se):
        return None
    half = float(ndtri(0.5 + level / 2)) * se
    return Interval(value - half, value + half, level, "normal")


def _logistic(x: FloatArray, masters: FloatArray, others: FloatArray) -> tuple[FloatArray, FloatArray, bool]:
    """Newton for two coefficients on the standardised score; returns raw-scale coefficients and covariance."""
    n = masters + others
    mean = float(n @ x) / n.sum()
    sd = math.sqrt(float(n @ (x - mean) ** 2) / n.sum())
    z = np.column_stack([np.ones_like(x), (x - mean) / sd])
    beta = np.array([math.log((masters.sum() + 0.5) / (others.sum() + 0.5)), 0.0])
    information, converged = np.eye(2), False
    for _ in range(100):
        p = expit(z @ beta)
        information = z.T @ (z * (n * p * (1 - p))[:, None])
        gradient = z.T @ (masters - n * p)
        if np.linalg.cond(information) > 1e12:
            break
        step = np.linalg.solve(information, gradient)
        step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-300))
        beta = beta + step
        if float(np.abs(step).max()) < 1e-12:
            converged = True
            break
    turn = np.array([[1.0, -mean / sd], [0.0, 1.0 / sd]])
    covariance = turn @ np.linalg.pinv(information) @ turn.T
    return turn @ beta, covariance, converged


def _crossing(m0: float, s0: float, w0: float, m1: float, s1: float, w1: float) -> float:
    """Score where w1·φ1 rises above w0·φ0 on the way from the others' mean to the masters'; NaN where it never does."""
    a = 1 / s0**2 - 1 / s1**2
    b = -2 * (m0 / s0**2 - m1 / s1**2)
    c = m0**2 / s0**2 - m1**2 / s1**2 - 2 * math.log(w0 * s1 / (w1 * s0))
    if abs(a) < 1e-12:
        return -c / b if b else math.nan
    root = b**2 - 4 * a * c
    if root < 0:
        return math.nan
    found = [(-b + sign * math.sqrt(root)) / (2 * a) for sign in (1, -1)]
    rising = [x for x in found if ((x - m0) / s0**2 - (x - m1) / s1**2) * (m1 - m0) > 0]
    return rising[0] if rising else math.nan


def _crossing_se(m0: float, s0: float, n0: float, m1: float, s1: float, n1: float, loss: float) -> float:
    """Delta-method error of the crossing, from the errors of two means and two SDs."""
    at = np.array([m0, s0, m1, s1])
    errors = np.array([s0**2 / n0, s0**2 / (2 * n0), s1**2 / n1, s1**2 / (2 * n1)])
    if (at[[1, 3]] <= 0).any():
        return math.nan
    gradient = np.empty(4)
    for k in range(4):
        moved = np.zeros(4)
        moved[k] = 1e-4 * (s0 + s1)
        high, low = at + moved, at - moved
        gradient[k] = (
            _crossing(float(high[0]), float(high[1]), n0 * loss, float(high[2]), float(high[3]), n1)
            - _crossing(float(low[0]), float(low[1]), n0 * loss, float(low[2]), float(low[3]), n1)
        ) / (2 * moved[k])
    return math.sqrt(float(gradient**2 @ errors))


def _expand(
    score: ArrayLike, master: ArrayLike | None, n_master: ArrayLike | None, n_other: ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    x: FloatArray = np.asarray(score, dtype=np.float64)
    if master is not None:
        judged = np.asarray(master, dtype=np.float64)
        if judged.shape != x.shape or x.ndim != 1:
            raise ValueError(
                f"scores {x.shape} and judgements {judged.shape} must be two columns of one length."
            )
        seen = ~np.isnan(x) & ~np.isnan(judged)
        x, judged = x[seen], judged[seen]
        if not np.isin(judged, (0, 1)).all():
            raise ValueError(
                "master holds 1 (or True) for a judged master and 0 for another; got other values."
            )
        points, at = np.unique(x, return_inverse=True)
        yes: FloatArray = np.bincount(at, weights=judged, minlength=len(points)).astype(np.float64)
        no: FloatArray = np.bincount(at, weights=1 - judged, minlength=len(points)).astype(np.float64)
        return points, yes, no
    if n_master is None or n_other is None:
        raise ValueError("give `master` for each person, or `n_master` and `n_other` for each score.")
    ones: FloatArray = np.asarray(n_master, dtype=np.float64)
    zeros: FloatArray = np.asarray(n_other, dtype=np.float64)
    if ones.shape != x.shape or zeros.shape != x.shape or (ones < 0).any() or (zeros < 0).any():
        raise ValueError(
            f"score {x.shape}, n_master {ones.shape} and n_other {zeros.shape} must match, counts ≥ 0."
        )
    order = np.argsort(x)
    return x[order], ones[order], zeros[order]


def contrasting_groups(
    score: ArrayLike,
    master: ArrayLike | None = None,
    *,
    n_master: ArrayLike | None = None,
    n_other: ArrayLike | None = None,
    loss: float = 1.0,
    level: float = 0.95,
) -> ContrastingGroups:
    """Cut that tells people judged masters from others: by logistic regression, by normal curves, by counting.

    Formula: logit P(master | x) = b0 + b1 x; the cut is where P = loss/(1 + loss): x = (ln loss − b0)/b1; its error by
    the delta method. With equal loss it is the point of P = .5.

    Parameters: `score` of persons with `master` (1/0), NaN left out; or scores with the counts `n_master`, `n_other`.
    `loss`: how much worse passing a non-master is than failing a master (default 1, equal; 2 moves the cut up).
    `level` default 0.95.

    Flags: `complete_separation` (the groups do not overlap: the logistic has no finite answer, the middle of the gap
    is given without error), `few_persons` (a group below 30), `wrong_direction` (masters score lower),
    `cut_outside_scores`, `no_crossing` (of the normal curves).

    P depends on how many masters are in the sample: with 80 % masters the cut of equal loss moves down. Take the
    groups in the shares of the people the cut will be used on. The judgement must not come from the test itself.

    >>> g = contrasting_groups([10, 12, 14, 16, 18], n_other=[9, 8, 5, 2, 0], n_master=[0, 2, 5, 8, 9])
    >>> round(g.cut.value, 2), round(g.cut.se, 2), round(g.midpoint.value, 2)
    (14.0, 0.49, 14.0)

    References: Livingston & Zieky 1982; Cizek & Bunch 2007.
    """
    if not loss > 0:
        raise ValueError(f"loss is {loss}; it is a ratio above 0, 1 for equal losses.")
    x, ones, zeros = _expand(score, master, n_master, n_other)
    n1, n0 = float(ones.sum()), float(zeros.sum())
    if n1 < 2 or n0 < 2:
        raise ValueError(f"{n1:g} masters and {n0:g} others; each group needs at least 2 people.")
    if len(x) < 2:
        raise ValueError("all people have one score; no cut can tell the groups apart.")
    flags: list[Flag] = []
    if min(n1, n0) < FEW_PERSONS:
        flags.append(Flag("few_persons", "", f"{n1:g} masters, {n0:g} others"))
    m1, m0 = float(ones @ x) / n1, float(zeros @ x) / n0
    v1 = float(ones @ (x - m1) ** 2) / (n1 - 1)
    v0 = float(zeros @ (x - m0) ** 2) / (n0 - 1)
    if m1 <= m0:
        flags.append(Flag("wrong_direction", "", f"masters have mean {m1:.3g}, others {m0:.3g}"))
    midpoint = CutScore(
        (m1 + m0) / 2, math.sqrt(v1 / n1 + v0 / n0) / 2,
        _normal_interval((m1 + m0) / 2, math.sqrt(v1 / n1 + v0 / n0) / 2, level), int(n1 + n0), "midpoint_of_means",
    )  # fmt: skip
    highest_other, lowest_master = float(x[zeros > 0].max()), float(x[ones > 0].min())
    total = int(n1 + n0)
    if highest_other < lowest_master:
        flags.append(
            Flag(
                "complete_separation",
                "",
                f"others end at {highest_other:g}, masters begin at {lowest_master:g}",
            )
        )
        value, se = (highest_other + lowest_master) / 2, math.nan
        beta, covariance = np.full(2, np.nan), np.full((2, 2), np.nan)
    else:
        beta, covariance, converged = _logistic(x, ones, zeros)
        if not converged:
            flags.append(Flag("not_converged", "logistic regression"))
        value = (math.log(loss) - float(beta[0])) / float(beta[1]) if abs(beta[1]) > 1e-12 else math.nan
        gradient = np.array([-1 / beta[1], -value / beta[1]])
        se = math.sqrt(max(0.0, float(gradient @ covariance @ gradient)))
        if not x[0] <= value <= x[-1]:
            flags.append(Flag("cut_outside_scores", "", f"{value:.3g} is outside {x[0]:g}–{x[-1]:g}"))
    normal_value = (
        _crossing(m0, math.sqrt(v0), n0 * loss, m1, math.sqrt(v1), n1) if v0 > 0 and v1 > 0 else math.nan
    )
    if math.isnan(normal_value):
        flags.append(Flag("no_crossing", "normal curves", "one curve lies above the other everywhere"))
    normal_se = _crossing_se(m0, math.sqrt(v0), n0, m1, math.sqrt(v1), n1, loss)
    normal = CutScore(
        normal_value, normal_se, _normal_interval(normal_value, normal_se, level), total, "normal_crossing"
    )
    at = np.append(x, x[-1] + 1)
    lost = np.array([loss * zeros[x >= c].sum() + ones[x < c].sum() for c in at])
    best = np.flatnonzero(lost <= lost.min() + 1e-12)
    empirical = float(at[best].mean())
    return ContrastingGroups(
        CutScore(value, se, _normal_interval(value, se, level), total, "logistic", flags=tuple(flags)),
        normal, midpoint, empirical, float(beta[0]), float(beta[1]), covariance,
        float(zeros[x >= value].sum()) / n0, float(ones[x < value].sum()) / n1, n1, n0, tuple(flags),
    )  # fmt: skip


def borderline_group(
    score: ArrayLike,
    *,
    statistic: Literal["median", "mean"] = "median",
    level: float = 0.95,
    bootstrap: int = 2000,
    seed: int = 1,
) -> CutScore:
    """Cut from the scores of people judged borderline: their median or mean.

    `score` of the borderline people alone, NaN left out; `statistic` "median" (default: a few wrongly placed people
    do not move it) or "mean". Error and interval of the median by `bootstrap` seeded resamples, of the mean by its
    formula. Flag `few_persons` (below 30). With few borderline people take
    `borderline_regression`, which uses everybody.

    >>> cut = borderline_group([12, 14, 13, 15, 13, 14, 16, 13], statistic="mean")
    >>> cut.value, round(cut.se, 2)
    (13.75, 0.45)

    References: Livingston & Zieky 1982.
    """
    x: FloatArray = np.asarray(score, dtype=np.float64)
    x = x[~np.isnan(x)]
    if x.ndim != 1 or len(x) < 2:
        raise ValueError(f"{x.size} borderline people; at least 2 are needed.")
    flags = (Flag("few_persons", "", f"{len(x)} borderline people"),) if len(x) < FEW_PERSONS else ()
    if statistic == "mean":
        value, se = float(x.mean()), float(x.std(ddof=1)) / math.sqrt(len(x))
        return CutScore(value, se, _normal_interval(value, se, level), len(x), "borderline_mean", flags=flags)
    if statistic != "median":
        raise ValueError(f'statistic is {statistic!r}; it is "median" or "mean".')
    drawn = np.median(x[np.random.default_rng(seed).integers(0, len(x), (bootstrap, len(x)))], axis=1)
    ends = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return CutScore(
        float(np.median(x)), float(drawn.std(ddof=1)),
        Interval(float(ends[0]), float(ends[1]), level, "bootstrap_percentile"), len(x), "borderline_median", flags=flags,
    )  # fmt: skip


def borderline_regression(
    score: ArrayLike, grade: ArrayLike, *, borderline: float, level: float = 0.95
) -> CutScore:
    """Cut from everybody's score and global grade: the score a straight line predicts at the borderline grade.

    Uses all people, not the borderline ones alone, so its error is smaller. `grade` numbers (1 fail, 2 borderline,
    3 pass, …), `borderline` the grade of the cut. Assumes that the score rises in a straight line with the grade.
    Flags: `few_persons`, `flat_line` (no relation: the slope is less than two of its errors), `grade_outside`.

    >>> cut = borderline_regression([40, 50, 55, 60, 72, 80], [1, 1, 2, 2, 3, 3], borderline=2)
    >>> round(cut.value, 1)
    59.5

    References: Wood, Humphrey-Murto & Norman 2006.
    """
    x, g = np.asarray(score, dtype=np.float64), np.asarray(grade, dtype=np.float64)
    if x.shape != g.shape or x.ndim != 1:
        raise ValueError(f"scores {x.shape} and grades {g.shape} must be two columns of one length.")
    seen = ~np.isnan(x) & ~np.isnan(g)
    x, g = x[seen], g[seen]
    n = len(x)
    spread = float(((g - g.mean()) ** 2).sum()) if n else 0.0
    if n < 3 or spread <= 0:
        raise ValueError(f"{n} people with {len(np.unique(g))} grade(s); a line needs 3 people and 2 grades.")
    slope = float(((g - g.mean()) * (x - x.mean())).sum()) / spread
    value = float(x.mean()) + slope * (borderline - float(g.mean()))
    rest = x - x.mean() - slope * (g - g.mean())
    s2 = float(rest @ rest) / (n - 2)
    se = math.sqrt(s2 * (1 / n + (borderline - float(g.mean())) ** 2 / spread))
    flags = [Flag("few_persons", "", f"{n} people")] if n < FEW_PERSONS else []
    if abs(slope) < 2 * math.sqrt(s2 / spread):
        flags.append(Flag("flat_line", "", "scores hardly rise with the grades"))
    if not g.min() <= borderline <= g.max():
        flags.append(Flag("grade_outside", "", f"grade {borderline:g} is outside {g.min():g}–{g.max():g}"))
    return CutScore(
        value, se, _normal_interval(value, se, level), n, "borderline_regression", flags=tuple(flags)
    )


def hofstee(
    score: ArrayLike,
    judged: ArrayLike,
    *,
    judges: Sequence[str] | None = None,
    level: float = 0.95,
    bootstrap: int = 500,
    seed: int = 1,
) -> CutScore:
    """Hofstee's compromise: where the observed share of fails meets the line between what the judges can accept.

    The line runs from (lowest acceptable cut, highest acceptable fail share) to (highest cut, lowest fail share); the
    curve is the share of people below each score (straight between scores).

    Parameters: `score` of all people; `judged` (judges, 4): lowest cut, highest cut, lowest fail share, highest fail
    share (shares 0–1). Means over judges make the line; `se` and the interval come from `bootstrap` resamples of
    judges and people together. Flags: `no_crossing` (the nearest corner is given), `few_judges`, `disordered_judge`.

    For a check beside another method, not as the only one: it sets the cut by the result people find acceptable.

    >>> cut = hofstee(range(0, 101), [[40, 60, .3, .6], [45, 65, .35, .65]], bootstrap=50)
    >>> round(cut.value, 1)
    50.7

    References: Hofstee 1983; Cizek & Bunch 2007.
    """
    x = np.asarray(score, dtype=np.float64)
    x = np.sort(x[~np.isnan(x)])
    limits = np.asarray(judged, dtype=np.float64)
    if limits.ndim != 2 or limits.shape[1] != 4 or len(limits) < 1 or len(x) < 2:
        raise ValueError(
            f"judged has shape {limits.shape}; give judges × (lowest cut, highest cut, lowest, highest fail share)."
        )
    if ((limits[:, 2:] < 0) | (limits[:, 2:] > 1)).any():
        raise ValueError("fail shares lie from 0 to 1 (0.3, not 30).")
    names = tuple(f"judge{j + 1}" for j in range(len(limits))) if judges is None else tuple(judges)
    flags = [Flag("few_judges", "", f"{len(limits)} judges")] if len(limits) < 8 else []
    for j in np.flatnonzero((limits[:, 0] > limits[:, 1]) | (limits[:, 2] > limits[:, 3])):
        flags.append(Flag("disordered_judge", names[j], "a lowest value is above the highest"))
    value, crossed = _meeting(x, limits.mean(axis=0))
    if not crossed:
        flags.append(
            Flag("no_crossing", "", "the curve passes beside the judges' box; the nearest corner is given")
        )
    rng = np.random.default_rng(seed)
    draws = [
        _meeting(
            np.sort(x[rng.integers(0, len(x), len(x))]),
            limits[rng.integers(0, len(limits), len(limits))].mean(axis=0),
        )[0]
        for _ in range(bootstrap)
    ]
    se = float(np.std(draws, ddof=1)) if bootstrap > 1 else math.nan
    interval: Any = None
    if bootstrap > 1:
        ends = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
        interval = Interval(float(ends[0]), float(ends[1]), level, "bootstrap_percentile")
    return CutScore(value, se, interval, len(limits), "hofstee", flags=tuple(flags))


def _meeting(x: FloatArray, limits: FloatArray) -> tuple[float, bool]:
    low, high, fewest, most = (float(v) for v in limits)
    if high <= low:
        return low, False

    def gap(cut: float) -> float:
        failed = float(np.interp(cut, points, below))
        return failed - (most + (fewest - most) * (cut - low) / (high - low))

    points = np.unique(x)
    below = np.searchsorted(x, points, side="left") / len(x)
    left, right = gap(low), gap(high)
    if left >= 0:
        return low, left == 0
    if right <= 0:
        return high, right == 0
    start, end = low, high
    for _ in range(80):  # the gap rises with the cut, so halving finds its zero
        middle = (start + end) / 2
        start, end = (middle, end) if gap(middle) < 0 else (start, middle)
    return (start + end) / 2, True

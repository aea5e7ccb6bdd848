"""Agreement within one group of people on a scale: r_wg, r_wg(j), a_wg, average deviation, against several null distributions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from .._checks import FloatArray
from .._estimator import Flag, Table, frame_of
from ..classical import Interval
from ._coefficient import Coefficient, check_level, check_matrix, percentile_interval

NullName = Literal["uniform", "triangular", "normal", "slight_skew", "moderate_skew", "heavy_skew"]
Null = NullName | ArrayLike
"""A named distribution of random answers, or a share for each option."""

FIVE_OPTION_NULLS: dict[str, tuple[float, ...]] = {
    "normal": (0.07, 0.24, 0.38, 0.24, 0.07),
    "slight_skew": (0.05, 0.15, 0.20, 0.35, 0.25),
    "moderate_skew": (0.00, 0.10, 0.15, 0.40, 0.35),
    "heavy_skew": (0.00, 0.00, 0.10, 0.40, 0.50),
}
"""Shares of the five options when answering is biased (LeBreton & Senter 2008): variances 1.04, 1.34, 0.90, 0.44."""

LEAST_RESPONDENTS = 3
"""Below it a variance within the group says next to nothing."""


def null_variance(options: int, null: Null = "uniform") -> float:
    """Variance of answers given without looking: uniform (A² − 1)/12, triangular, or the skewed ones of five options.

    `options` A ≥ 2; `null` a name or A shares. Only "uniform" and "triangular" are defined for every A; the others
    are published for five options (give own shares for other scales).

    >>> null_variance(5), round(null_variance(5, "triangular"), 3), round(null_variance(5, "slight_skew"), 2)
    (2.0, 1.333, 1.34)
    """
    if options < 2:
        raise ValueError(f"options is {options}; a scale has at least 2.")
    if isinstance(null, str):
        if null == "uniform":
            return (options**2 - 1) / 12
        if null == "triangular":
            rising = np.minimum(np.arange(1, options + 1), np.arange(options, 0, -1)).astype(np.float64)
            shares: FloatArray = rising / rising.sum()
        elif null not in FIVE_OPTION_NULLS:
            raise ValueError(
                f"null is {null!r}; it is 'uniform', 'triangular', {', '.join(map(repr, FIVE_OPTION_NULLS))} or shares."
            )
        elif options != 5:
            raise ValueError(
                f"null {null!r} is defined for 5 options, not {options}; give {options} shares instead."
            )
        else:
            shares = np.array(FIVE_OPTION_NULLS[null])
    else:
        shares = np.asarray(null, dtype=np.float64)
        if shares.shape != (options,) or (shares < 0).any() or abs(float(shares.sum()) - 1) > 1e-6:
            raise ValueError(
                f"an own null needs {options} shares of 0 or more that sum to 1, got {shares.tolist()}."
            )
    x = np.arange(options, dtype=np.float64)
    mean = float(shares @ x)
    variance = float(shares @ (x - mean) ** 2)
    if variance <= 0:
        raise ValueError(
            "the null puts all answers on one option; its variance is 0 and agreement is not defined."
        )
    return variance


@dataclass(frozen=True)
class WithinGroupAgreement:
    """One group's agreement on one or several items.

    `r_wg_items`, `a_wg_items`, `ad_items`, `variances` (J,) by item; `r_wg` that of a single item or the mean over
    items; `r_wg_j` of the mean of the items, Spearman–Brown stepped; `r_star` 1 − mean variance/null, not truncated;
    `a_wg` and `ad` (mean absolute deviation, in points) means over items. Each a Coefficient with se, interval, flags.
    """

    r_wg: Coefficient
    r_wg_j: Coefficient
    r_star: Coefficient
    a_wg: Coefficient
    ad: Coefficient
    r_wg_items: FloatArray
    a_wg_items: FloatArray
    ad_items: FloatArray
    variances: FloatArray
    null: float
    n: int
    flags: tuple[Flag, ...]


@dataclass(frozen=True)
class _Indices:
    r_items: FloatArray
    a_items: FloatArray
    ad_items: FloatArray
    variances: FloatArray
    r: float
    r_j: float
    r_star: float
    a: float
    ad: float


def _indices(x: FloatArray, null: float, low: float, high: float, widen: float = 1.0) -> _Indices:
    n = (~np.isnan(x)).sum(axis=0).astype(np.float64)
    mean = np.nanmean(x, axis=0)
    s2 = widen * np.nansum((x - mean) ** 2, axis=0) / (n - 1)
    r_items = np.maximum(1 - s2 / null, 0.0)
    ratio = float(s2.mean()) / null
    m, j = min(ratio, 1.0), x.shape[1]
    most = ((high + low) * mean - mean**2 - high * low) * n / (n - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        a_items = np.where(most > 1e-12, 1 - 2 * s2 / most, np.where(s2 <= 1e-12, 1.0, np.nan))
    ad_items = math.sqrt(widen) * np.nanmean(np.abs(x - mean), axis=0)
    return _Indices(
        r_items, a_items, ad_items, s2, float(r_items.mean()), j * (1 - m) / (j * (1 - m) + m), 1 - ratio,
        float(a_items.mean()), float(ad_items.mean()),
    )  # fmt: skip


def within_group_agreement(
    ratings: ArrayLike,
    *,
    options: int,
    lowest: float = 1.0,
    null: Null = "uniform",
    level: float = 0.95,
    bootstrap: int = 1000,
    seed: int = 1,
) -> WithinGroupAgreement:
    """How far the members of one group agree on a scale of A options: r_wg, r_wg(j), r*_wg(j), a_wg, AD_M.

    With s² the variance of an item within the group (n − 1) and σ²_null that of answers given without looking:
    - r_wg = 1 − s²/σ²_null, at least 0; r_wg(j) = J(1 − m)/(J(1 − m) + m), m = mean s²/σ²_null, at most 1;
    - r*_wg(j) = 1 − m, which may be negative;
    - a_wg = 1 − 2s²/(largest variance possible at the group's mean), from −1 to 1;
    - AD = mean absolute deviation from the item mean, in points (0 is perfect; A/6 is the usual limit).

    Parameters: `ratings` respondents × items (one column for one item), NaN = no answer. `options` A; `lowest` value
    of the scale, default 1; `null` see `null_variance`: r_wg depends on it more than on the data, so print at least
    "uniform" and one skewed null. `bootstrap` seeded resamples of respondents for the errors (0 = none), their variances
    widened by n/(n − 1), since a resample spreads less. The interval
    of r_wg of a single item is that of the chi-square of s².

    Flags: `more_than_null` (variance above the null; r_wg set to 0), `few_respondents` (fewer than 10: resampling is
    too narrow), `a_wg_extreme_mean` (the mean is so near an end that a_wg is not to be read), `too_few_respondents`.

    r_wg(j) above .70 of ten items says little: it rises with J. Not a reliability: groups need not differ for it.

    >>> g = within_group_agreement(
    ...     [[4, 4, 5, 4], [4, 3, 4, 4], [5, 4, 4, 4], [4, 4, 4, 3], [3, 4, 5, 4]], options=5, bootstrap=0)
    >>> round(g.r_wg_j.value, 3), round(g.r_star.value, 2), round(g.ad.value, 2)
    (0.958, 0.85, 0.38)

    References: James, Demaree & Wolf 1984; Lindell, Brandt & Whitney 1999; Brown & Hauenstein 2005; Burke & Dunlap
    2002; LeBreton & Senter 2008.
    """
    check_level(level)
    sigma = null_variance(options, null)
    x = check_matrix(np.atleast_2d(np.asarray(ratings, dtype=np.float64)), least_columns=1)
    high = lowest + options - 1
    bad = np.argwhere((x < lowest) | (x > high))
    if len(bad):
        row, column = (int(v) for v in bad[0])
        raise ValueError(
            f"respondent {row}, item {column} has {x[row, column]:g}, outside {lowest:g}–{high:g}. "
            "Correct the answer, `options` or `lowest`."
        )
    x = x[~np.isnan(x).all(axis=1)]
    counts = (~np.isnan(x)).sum(axis=0)
    n = len(x)
    if not len(x) or counts.min() < 2:
        j = int(np.argmin(counts))
        raise ValueError(f"item {j} has {int(counts[j])} answer(s); a variance needs 2.")
    one = _indices(x, sigma, lowest, high)
    flags = []
    if n < LEAST_RESPONDENTS:
        flags.append(Flag("too_few_respondents", "", f"{n} respondents"))
    elif n < 10:
        flags.append(Flag("few_respondents", "", f"{n} respondents; resampled intervals are too narrow"))
    over = np.flatnonzero(one.variances > sigma)
    flags += [
        Flag("more_than_null", f"item{i + 1}", f"variance {one.variances[i]:.3g} > {sigma:.3g}") for i in over
    ]
    mean = np.nanmean(x, axis=0)
    ends = (lowest * (n - 1) + high) / n, (high * (n - 1) + lowest) / n
    flags += [
        Flag(
            "a_wg_extreme_mean",
            f"item{i + 1}",
            f"mean {mean[i]:.2f} lies outside {ends[0]:.2f}–{ends[1]:.2f}",
        )
        for i in np.flatnonzero((mean < ends[0] - 1e-12) | (mean > ends[1] + 1e-12))
    ]
    drawn = _resamples(x, sigma, lowest, high, bootstrap, seed)
    names = ("r_wg", "r_wg_j", "r_star", "a_wg", "ad")
    values = (one.r, one.r_j, one.r_star, one.a, one.ad)
    made = {}
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        draws = drawn[:, place] if drawn is not None else None
        se = float(np.nanstd(draws, ddof=1)) if draws is not None else math.nan
        interval = percentile_interval(draws, level) if draws is not None else None
        if name == "r_wg" and x.shape[1] == 1:
            df, tail = n - 1, (1 - level) / 2
            at = [1 - df * one.variances[0] / float(chi2.ppf(q, df)) / sigma for q in (tail, 1 - tail)]
            interval = Interval(max(0.0, at[0]), max(0.0, at[1]), level, "chi_square")
        made[name] = Coefficient(name, value, se, interval, n, n, flags=tuple(flags))
    return WithinGroupAgreement(
        made["r_wg"], made["r_wg_j"], made["r_star"], made["a_wg"], made["ad"], one.r_items, one.a_items,
        one.ad_items, one.variances, sigma, n, tuple(flags),
    )  # fmt: skip


def _resamples(
    x: FloatArray, null: float, low: float, high: float, times: int, seed: int
) -> FloatArray | None:
    if times < 0:
        raise ValueError(f"bootstrap is {times}; it is a number of resamples, 0 for none.")
    if not times:
        return None
    rng = np.random.default_rng(seed)
    out = np.full((times, 5), np.nan)
    for b in range(times):
        drawn = x[rng.integers(0, len(x), len(x))]
        if ((~np.isnan(drawn)).sum(axis=0) < 2).any():
            continue
        one = _indices(drawn, null, low, high, len(x) / (len(x) - 1))  # a resample spreads less by (n − 1)/n
        out[b] = one.r, one.r_j, one.r_star, one.a, one.ad
    return out


@dataclass(frozen=True)
class GroupCorrelations:
    """ICC(1) and ICC(2) of groups, with the mean squares behind them.

    icc1: share of the variance of one person's answer that lies between groups; icc2: reliability of a group mean.
    `size`: the group size the formulas use. `group_reliability`: Table (group, n, reliability of its own mean).
    """

    icc1: Coefficient
    icc2: Coefficient
    between: float
    within: float
    df_between: int
    df_within: int
    size: float
    group_reliability: Table
    flags: tuple[Flag, ...]

    def to_frame(self, library: str = "pandas") -> Any:
        """The groups as a frame of pandas or polars, where installed."""
        return frame_of(self.group_reliability.columns, library)


def group_icc_from_statistics(
    n: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    size: Literal["mean", "harmonic"] = "mean",
    level: float = 0.95,
) -> GroupCorrelations:
    """ICC(1) and ICC(2) of groups from each group's number, mean and variance (n − 1).

    Formula: ICC(1) = (MSB − MSW)/(MSB + (N̄ − 1)MSW), ICC(2) = (MSB − MSW)/MSB with the one-way mean squares.

    `size` N̄: "mean" (default, as usually printed) or "harmonic": N̄ − (variance of sizes)/(N̄ · groups), the value
    that makes the expectation right with unequal groups; they differ by less than 1 % unless sizes differ greatly.
    Intervals by F, exact for equal groups. Flags: `negative_value`, `few_groups` (fewer than 10), `single_member`.

    Groups are a sample of groups; ICC(2) of a few units of a hundred people is high whatever they say.

    >>> g = group_icc_from_statistics([10, 10, 10], [3.1, 3.6, 4.0], [0.5, 0.4, 0.6])
    >>> round(g.icc1.value, 3), round(g.icc2.value, 3)
    (0.235, 0.754)

    References: Bliese 2000; Shrout & Fleiss 1979.
    """
    from scipy.stats import f as fisher

    check_level(level)
    counts, means, spread = (np.asarray(v, dtype=np.float64) for v in (n, mean, variance))
    if counts.ndim != 1 or counts.shape != means.shape or counts.shape != spread.shape or len(counts) < 2:
        raise ValueError(
            f"n {counts.shape}, mean {means.shape}, variance {spread.shape} must be one column of at least 2 groups."
        )
    labels = tuple(f"group{i + 1}" for i in range(len(counts))) if names is None else tuple(names)
    total = float(counts.sum())
    df_b, df_w = len(counts) - 1, int(total) - len(counts)
    if df_w < 1 or (counts < 1).any():
        raise ValueError(f"{len(counts)} groups hold {total:g} people; at least one group needs 2.")
    grand = float(counts @ means) / total
    alone = counts < 2
    between = float(counts @ (means - grand) ** 2) / df_b
    within = float(((counts - 1) * np.where(alone, 0.0, spread)).sum()) / df_w
    average = total / len(counts)
    if size not in ("mean", "harmonic"):
        raise ValueError(f'size is {size!r}; it is "mean" or "harmonic".')
    k = average if size == "mean" else (total - float((counts**2).sum()) / total) / df_b
    flags = []
    if alone.any():
        flags.append(Flag("single_member", "", f"{int(alone.sum())} groups of one person add nothing to MSW"))
    if len(counts) < 10:
        flags.append(Flag("few_groups", "", f"{len(counts)} groups"))
    if between + (k - 1) * within <= 0:
        raise ValueError("all answers are equal; there is no variance to divide between groups.")
    one = (between - within) / (between + (k - 1) * within)
    two = 1 - within / between if between > 0 else -math.inf
    if one < 0:
        flags.append(
            Flag(
                "negative_value", "", "groups differ less than chance; take the group mean as no information"
            )
        )
    ratio = between / within if within > 0 else math.inf
    tail = (1 - level) / 2
    ends = (
        [ratio / float(fisher.ppf(1 - tail, df_b, df_w)), ratio * float(fisher.ppf(1 - tail, df_w, df_b))]
        if math.isfinite(ratio)
        else [math.inf, math.inf]
    )
    single = [(e - 1) / (e + k - 1) if math.isfinite(e) else 1.0 for e in ends]
    mean_ends = [1 - 1 / e if e > 0 else -math.inf for e in ends]
    down = between + (k - 1) * within
    se_b, se_w = between * math.sqrt(2 / df_b), within * math.sqrt(2 / df_w)
    se1 = math.hypot((1 - one) / down * se_b, (1 + (k - 1) * one) / down * se_w)
    se2 = math.hypot(within / between**2 * se_b, se_w / between) if between > 0 else math.nan
    p = float(fisher.sf(ratio, df_b, df_w)) if math.isfinite(ratio) else 0.0
    people = int(total)
    tau = max(0.0, (between - within) / k)
    bottom = tau + within / counts
    own = np.divide(tau, bottom, out=np.zeros_like(bottom), where=bottom > 0)
    return GroupCorrelations(
        Coefficient("icc1", one, se1, Interval(single[0], single[1], level, "F"), len(counts), people,
                    statistic=ratio, df=float(df_w), p_value=p, flags=tuple(flags)),
        Coefficient("icc2", two, se2, Interval(mean_ends[0], mean_ends[1], level, "F"), len(counts), people,
                    statistic=ratio, df=float(df_w), p_value=p, flags=tuple(flags)),
        between, within, df_b, df_w, k,
        Table({"group": np.array(labels), "n": counts.astype(np.intp), "mean": means, "reliability": own}),
        tuple(flags),
    )  # fmt: skip


def group_icc(
    values: ArrayLike,
    groups: ArrayLike,
    *,
    size: Literal["mean", "harmonic"] = "mean",
    level: float = 0.95,
) -> GroupCorrelations:
    """ICC(1) and ICC(2) of groups from one value a person and the person's group; NaN = no answer.

    See `group_icc_from_statistics` for the formula and the settings.

    >>> g = group_icc([1, 2, 1, 4, 5, 4, 3, 3, 2], ["a", "a", "a", "b", "b", "b", "c", "c", "c"])
    >>> round(g.icc1.value, 2), round(g.icc2.value, 2)
    (0.87, 0.95)
    """
    y: FloatArray = np.asarray(values, dtype=np.float64)
    labels = np.asarray(groups)
    if y.ndim != 1 or labels.shape != y.shape:
        raise ValueError(f"values {y.shape} and groups {labels.shape} must be two columns of one length.")
    seen = ~np.isnan(y)
    names, code = np.unique(labels[seen], return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"{len(names)} group(s); at least 2 are compared.")
    y = y[seen]
    counts = np.bincount(code).astype(np.float64)
    means = np.bincount(code, weights=y) / counts
    squares = np.bincount(code, weights=(y - means[code]) ** 2)
    spread = np.divide(squares, counts - 1, out=np.zeros_like(squares), where=counts > 1)
    return group_icc_from_statistics(
        counts, means, spread, names=[str(v) for v in names], size=size, level=level
    )

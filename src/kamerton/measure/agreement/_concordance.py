"""Concordance of rankings and indices of inter-rater agreement on a scale: Kendall's W, mean correlations, Finn."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import chi2, rankdata
from scipy.stats import f as fisher

from .._checks import FloatArray
from .._estimator import Flag
from ..classical import Interval
from ._coefficient import (
    FEW_SUBJECTS,
    Coefficient,
    check_level,
    check_matrix,
    complete_rows,
    percentile_interval,
)
from ._icc import icc, mean_squares


def _w(ranks: FloatArray, ties: FloatArray | None) -> float:
    n, m = ranks.shape
    s = float(((ranks.sum(axis=1) - m * (n + 1) / 2) ** 2).sum())
    top = m**2 * (n**3 - n)
    if ties is not None:
        top -= m * float(ties.sum())
    return 12 * s / top if top > 1e-9 else math.nan


def _ties(x: FloatArray) -> FloatArray:
    """Σ (t³ − t) over the groups of equal values, one number a rater."""
    out = np.zeros(x.shape[1])
    for j, column in enumerate(x.T):
        counts = np.unique(column, return_counts=True)[1].astype(np.float64)
        out[j] = float((counts**3 - counts).sum())
    return out


def kendall_w(
    ratings: ArrayLike,
    *,
    ties: bool = True,
    missing: Literal["refuse", "complete"] = "refuse",
    permutations: int = 0,
    bootstrap: int = 0,
    level: float = 0.95,
    seed: int = 1,
) -> Coefficient:
    """Kendall's coefficient of concordance W: do raters put the subjects in one order (1) or not at all (0)?

    Formula: W = 12 S / (m²(n³ − n) − m Σ T), S = Σ over subjects of (sum of ranks − mean)², T = Σ (t³ − t) over the
    ties of a rater; χ² = m(n − 1)W with n − 1 degrees of freedom. The mean Spearman correlation of the m raters is
    (mW − 1)/(m − 1).

    Parameters: `ratings` subjects × raters (any numbers; they are ranked within a rater). `ties` True (default)
    corrects for ties; without it W cannot reach 1 when raters use few categories. `missing` "refuse" or "complete".
    `permutations`: number of seeded shuffles within raters for an exact-style p, worth it below 8 subjects, where χ²
    is conservative. `bootstrap`: seeded resamples of subjects for `se` and interval (0 = none: W has no simple error).

    W ignores severity and spread of raters. It says nothing about agreement on the level.

    >>> w = kendall_w([[1, 2, 1], [2, 1, 2], [3, 3, 3], [4, 4, 4]])
    >>> round(w.value, 3), round(w.statistic, 2), w.df
    (0.911, 8.2, 3.0)

    References: Kendall & Babington Smith 1939; Siegel & Castellan 1988.
    """
    check_level(level)
    x, flags = complete_rows(check_matrix(ratings), missing, "kendall_w")
    n, m = x.shape
    ranks = np.apply_along_axis(rankdata, 0, x)
    tied = _ties(x)
    value = _w(ranks, tied if ties else None)
    found = list(flags)
    if tied.any():
        found.append(
            Flag(
                "ties" if ties else "ties_not_corrected",
                "",
                f"{int((tied > 0).sum())} of {m} raters tie subjects",
            )
        )
    if math.isnan(value):
        return Coefficient(
            "kendall_w", value, value, None, n, m, flags=(*found, Flag("no_variance", "raters"))
        )
    if n < 8:
        found.append(
            Flag("few_subjects", "", f"{n} subjects; chi-square is conservative below 8, use permutations")
        )
    statistic = m * (n - 1) * value
    p = float(chi2.sf(statistic, n - 1))
    rng = np.random.default_rng(seed)
    if permutations:
        reached = sum(
            _w(rng.permuted(ranks, axis=0), tied if ties else None) >= value - 1e-12
            for _ in range(permutations)
        )
        p = (reached + 1) / (permutations + 1)
    se, interval = math.nan, None
    if bootstrap:
        draws = np.array([_resampled_w(x, rng) for _ in range(bootstrap)])
        se = float(np.nanstd(draws, ddof=1))
        interval = percentile_interval(draws, level)
    return Coefficient(
        "kendall_w",
        value,
        se,
        interval,
        n,
        m,
        statistic=statistic,
        df=float(n - 1),
        p_value=p,
        flags=tuple(found),
    )


def _resampled_w(x: FloatArray, rng: np.random.Generator) -> float:
    """W of one resample of subjects, corrected for the ties that drawing twice makes."""
    drawn = x[rng.integers(0, len(x), len(x))]
    return _w(np.apply_along_axis(rankdata, 0, drawn), _ties(drawn))


def mean_correlation(
    ratings: ArrayLike,
    *,
    kind: Literal["pearson", "spearman"] = "pearson",
    average: Literal["fisher_z", "plain"] = "fisher_z",
    missing: Literal["refuse", "complete"] = "refuse",
    level: float = 0.95,
) -> Coefficient:
    """Mean correlation of all pairs of raters, its error by the jackknife over subjects.

    `kind` "pearson" (default) or "spearman" (ranks). `average`: "fisher_z" (default) back-transforms the mean of
    Fisher's z, which is less biased; a pair of raters who agree perfectly has no z and makes it 1 (flag
    `perfect_pair`: use "plain"). "plain": the mean itself; that of ranks without ties equals (mW − 1)/(m − 1). Severity and spread of raters drop out; a rater who gives one
    value to all has no correlation and the coefficient is not reported (`no_variance`).

    >>> round(mean_correlation([[1, 2], [2, 3], [3, 5], [4, 4]]).value, 3)
    0.8

    References: Silver & Dunlap 1987.
    """
    check_level(level)
    if kind not in ("pearson", "spearman"):
        raise ValueError(f'kind is {kind!r}; it is "pearson" or "spearman".')
    if average not in ("fisher_z", "plain"):
        raise ValueError(f'average is {average!r}; it is "fisher_z" or "plain".')
    x, flags = complete_rows(check_matrix(ratings), missing, "mean_correlation")
    n, m = x.shape
    constant = [j for j in range(m) if np.ptp(x[:, j]) == 0]
    name = f"mean_{kind}"
    if constant or n < 3:
        why = [Flag("no_variance", f"rater{j + 1}") for j in constant] or [
            Flag("few_subjects", "", f"{n} subjects")
        ]
        return Coefficient(name, math.nan, math.nan, None, n, m, flags=(*flags, *why))

    def mean_r(block: FloatArray) -> float:
        used = np.apply_along_axis(rankdata, 0, block) if kind == "spearman" else block
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.corrcoef(used, rowvar=False)[np.triu_indices(m, 1)]
            if average == "plain":
                return float(r.mean())
            return math.tanh(float(np.arctanh(np.clip(r, -1, 1)).mean()))

    value = mean_r(x)
    if average == "fisher_z" and abs(value) >= 1:
        flags = (*flags, Flag("perfect_pair", "", "two raters order and space the subjects alike"))
    left = np.array([mean_r(np.delete(x, i, axis=0)) for i in range(n)])
    left = left[np.isfinite(left)]
    se = math.sqrt((n - 1) / n * float(((left - left.mean()) ** 2).sum())) if len(left) > 1 else math.nan
    interval = None
    if abs(value) < 1 and not math.isnan(se):
        z, half = math.atanh(value), float(ndtri(0.5 + level / 2)) * se / (1 - value**2)
        interval = Interval(math.tanh(z - half), math.tanh(z + half), level, "fisher_z_jackknife")
    if n < FEW_SUBJECTS:
        flags = (*flags, Flag("few_subjects", "", f"{n} subjects"))
    return Coefficient(name, value, se, interval, n, m, flags=flags)


def finn(
    ratings: ArrayLike,
    *,
    options: int,
    model: Literal["oneway", "twoway"] = "oneway",
    missing: Literal["refuse", "complete"] = "refuse",
    level: float = 0.95,
) -> Coefficient:
    """Finn's coefficient: one minus the variance within subjects over that of random marks on the scale.

    Formula: 1 − MS/((A² − 1)/12), A = `options` of the scale; MS is WMS ("oneway", default: severity counts as
    disagreement) or EMS ("twoway": severity removed). `statistic` = chance variance / MS with ∞ and `df` degrees of
    freedom; the interval comes from the chi-square of MS under normal errors.

    Useful where subjects hardly differ and an ICC is near zero although raters agree. It rises with an unused part of
    the scale: with five options of which two are ever used, chance is exaggerated.

    >>> round(finn([[4, 4, 5], [4, 3, 4], [5, 4, 4], [4, 4, 4]], options=5).value, 3)
    0.875

    References: Finn 1970; Whitehurst 1984.
    """
    check_level(level)
    if options < 2:
        raise ValueError(f"options is {options}; a scale has at least 2.")
    if model not in ("oneway", "twoway"):
        raise ValueError(f'model is {model!r}; it is "oneway" or "twoway".')
    x, flags = complete_rows(check_matrix(ratings), missing, "finn")
    if np.ptp(x) > options - 1:
        raise ValueError(
            f"ratings run from {x.min():g} to {x.max():g}, a range of more than {options} options. Correct `options`."
        )
    ms = mean_squares(x)
    observed, df = (ms.within, ms.df_within) if model == "oneway" else (ms.error, ms.df_error)
    chance = (options**2 - 1) / 12
    value = 1 - observed / chance
    tail = (1 - level) / 2
    interval = Interval(
        1 - observed * df / float(chi2.ppf(tail, df)) / chance,
        1 - observed * df / float(chi2.ppf(1 - tail, df)) / chance,
        level, "chi_square",
    )  # fmt: skip
    statistic = chance / observed if observed > 0 else math.inf
    if value < 0:
        flags = (*flags, Flag("negative_value", "", "raters disagree more than random marks would"))
    return Coefficient(
        f"finn_{model}", value, observed / chance * math.sqrt(2 / df), interval, len(x), x.shape[1],
        statistic=statistic, df=float(df), p_value=float(fisher.sf(statistic, 1e9, df)), flags=flags,
    )  # fmt: skip


def robinson_a(
    ratings: ArrayLike, *, missing: Literal["refuse", "complete"] = "refuse", level: float = 0.95
) -> Coefficient:
    """Robinson's A: share of the variance of ratings, severity taken out, that lies between subjects.

    Formula: SS_subjects/(SS_subjects + SS_error) = (1 + (k − 1)·ICC(C,1))/k; from 1/k (no agreement at random) to 1.
    Prefer `icc`: A depends on the number of raters. Interval from that of ICC(C,1).

    >>> round(robinson_a([[1, 2], [2, 3], [3, 5], [4, 4]]).value, 3)
    0.9

    References: Robinson 1957.
    """
    check_level(level)
    x, flags = complete_rows(check_matrix(ratings), missing, "robinson_a")
    k = x.shape[1]
    single = icc(x, level=level)["ICC(C,1)"]
    ends = single.interval
    interval = (
        Interval((1 + (k - 1) * ends.low) / k, (1 + (k - 1) * ends.high) / k, level, ends.method)
        if ends
        else None
    )
    return Coefficient(
        "robinson_a",
        (1 + (k - 1) * single.value) / k,
        (k - 1) / k * single.se,
        interval,
        len(x),
        k,
        flags=flags,
    )

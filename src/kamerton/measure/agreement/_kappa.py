"""Kappas: Cohen, Light, Conger, Fleiss, PABAK and Gwet's coefficients; percentage agreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from .._checks import BoolArray, FloatArray, IntArray
from .._estimator import Flag
from ._categories import Weights
from ._chance import (
    Linear,
    corrected,
    even_chance,
    gwet_chance,
    many_raters,
    observed_agreement,
    own_chance,
    pooled_chance,
    prepared,
)
from ._coefficient import Coefficient, check_level, symmetric_interval, undefined


def rows_of_table(table: ArrayLike) -> FloatArray:
    """A q × q table of counts (first rater in rows) as one row a subject: two columns of category indices 0 … q − 1.

    >>> rows_of_table([[1, 0], [2, 1]]).tolist()
    [[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"a table of two raters is square, got shape {counts.shape}.")
    if (counts < 0).any() or not np.array_equal(counts, np.rint(counts)):
        raise ValueError("a table of two raters holds counts (whole numbers, 0 or more).")
    first, second = np.indices(counts.shape)
    times = counts.astype(np.intp).ravel()
    return np.column_stack([np.repeat(first.ravel(), times), np.repeat(second.ravel(), times)]).astype(
        np.float64
    )


def _pair(
    name: str, codes: IntArray, w: FloatArray, level: float, flags: Sequence[Flag]
) -> tuple[Coefficient, FloatArray]:
    """Kappa of two complete columns of codes, with the influence of each subject."""
    n, q = len(codes), len(w)
    counts = np.stack([(codes == k).sum(axis=1) for k in range(q)], axis=1).astype(np.float64)
    agreed, chance = observed_agreement(counts, w), own_chance(codes, w)
    found = corrected(name, agreed, chance, n=n, raters=2, level=level, divisor="n", flags=flags)
    if not found.is_reported:
        return found, np.zeros(n)
    influence = (agreed.influence - (1 - found.value) * chance.influence) / (1 - chance.value)
    return _with_null_test(found, codes, w), influence


def _with_null_test(found: Coefficient, codes: IntArray, w: FloatArray) -> Coefficient:
    """z against kappa = 0 with the error of Fleiss, Cohen and Everitt (1969) under independence."""
    q, n = len(w), len(codes)
    a = np.bincount(codes[:, 0], minlength=q) / n
    b = np.bincount(codes[:, 1], minlength=q) / n
    row, column = w @ b, a @ w
    spread = float(a @ (w - row[:, None] - column[None, :]) ** 2 @ b) - found.expected**2
    if spread <= 1e-15:
        return found
    z = found.value / (math.sqrt(spread / n) / (1 - found.expected))
    return Coefficient(
        found.name, found.value, found.se, found.interval, n, 2, found.observed, found.expected,
        z, math.nan, 2 * float(ndtr(-abs(z))), found.flags,
    )  # fmt: skip


def cohen_kappa(
    ratings: Any,
    *,
    weights: Weights = "identity",
    categories: Sequence[Any] | None = None,
    scores: Any = "values",
    level: float = 0.95,
) -> Coefficient:
    """Cohen's kappa of two raters, plain or weighted, with the large-sample error of Fleiss, Cohen and Everitt.

    Formula: κ = (p_o − p_e)/(1 − p_e), p_o = Σ w_kl p_kl, p_e = Σ w_kl p_k. p_.l; w is 1 on the diagonal.

    Parameters: `ratings` subjects × 2, labels or numbers; subjects with a gap are left out (flag `rows_dropped`).
    `weights`: "identity" (default: any difference is total disagreement), "linear", "quadratic" (of ordered
    categories; quadratic comes near an intraclass correlation) or an own (q, q) matrix of agreement. `categories`:
    their order, needed for labels with weights and for categories nobody used. `scores`: distances from the "values"
    of numeric categories (default), from their "ranks", or own numbers. `level` of the interval (0.5 to below 1;
    0.95, as kappas are compared with published ones).

    `statistic`, `p_value` test κ = 0 with the error under independence. A table of counts goes in by `rows_of_table`.
    Do not compare kappas of different base rates (it falls when one category is rare), do not use plain kappa for
    ordered scales, and do not use it for more than two raters.

    >>> k = cohen_kappa(rows_of_table([[20, 5], [10, 15]]))
    >>> round(k.value, 3), round(k.se, 3), k.n
    (0.4, 0.127, 50)

    References: Cohen 1960, 1968; Fleiss, Cohen & Everitt 1969.
    """
    check_level(level)
    coded, w, flags = prepared(ratings, weights, categories, scores)
    if coded.codes.shape[1] != 2:
        raise ValueError(
            f"cohen_kappa compares 2 raters, got {coded.codes.shape[1]}; use light_kappa, conger_kappa or fleiss_kappa."
        )
    both: BoolArray = np.all(coded.codes >= 0, axis=1)
    if not both.all() and not any(f.code == "rows_dropped" for f in flags):
        flags.append(Flag("rows_dropped", "", f"{int((~both).sum())} of {len(both)} subjects lack a rating"))
    if both.sum() < 2:
        return undefined("cohen_kappa", int(both.sum()), 2, *flags, Flag("too_few_subjects"))
    return _pair("cohen_kappa", coded.codes[both], w, level, flags)[0]


def light_kappa(
    ratings: Any,
    *,
    weights: Weights = "identity",
    categories: Sequence[Any] | None = None,
    scores: Any = "values",
    level: float = 0.95,
) -> Coefficient:
    """Light's kappa: the mean of Cohen's kappas over all pairs of raters, with its error over subjects.

    Parameters as `cohen_kappa`; each pair uses the subjects both rated. A pair without a defined kappa is left out
    with the flag `pair_left_out`. Fails silently to see *which* pair disagrees: look at `pairwise_agreement`.

    >>> round(light_kappa([[1, 1, 1], [2, 2, 1], [3, 3, 3], [1, 1, 2], [2, 2, 2]]).value, 3)
    0.583

    References: Light 1971; Conger 1980.
    """
    check_level(level)
    coded, w, flags = prepared(ratings, weights, categories, scores)
    n, r = coded.codes.shape
    values, influence = [], np.zeros(n)
    agreed, expected = [], []
    for i in range(r):
        for j in range(i + 1, r):
            both = (coded.codes[:, [i, j]] >= 0).all(axis=1)
            one, moved = (
                _pair("cohen_kappa", coded.codes[both][:, [i, j]], w, level, ())
                if both.sum() >= 2
                else (undefined("cohen_kappa", 0, 2), np.zeros(int(both.sum())))
            )
            if not one.is_reported:
                flags.append(Flag("pair_left_out", f"raters {i + 1} and {j + 1}", "kappa is not defined"))
                continue
            values.append(one.value)
            agreed.append(one.observed)
            expected.append(one.expected)
            influence[both] += moved * n / both.sum()
    if not values:
        return undefined("light_kappa", n, r, *flags)
    value = float(np.mean(values))
    se = math.sqrt(float((influence**2).sum())) / len(values) / math.sqrt(n * (n - 1))
    return Coefficient(
        "light_kappa", value, se, symmetric_interval(value, se, level, df=n - 1), n, r,
        observed=float(np.mean(agreed)), expected=float(np.mean(expected)), flags=tuple(flags),
    )  # fmt: skip


def conger_kappa(
    ratings: Any,
    *,
    weights: Weights = "identity",
    categories: Sequence[Any] | None = None,
    scores: Any = "values",
    level: float = 0.95,
) -> Coefficient:
    """Conger's kappa: Cohen's for any number of fixed raters, each with own base rates; gaps allowed.

    Formula: p_o = mean share of agreeing pairs of ratings of a subject; p_e = mean over pairs of different raters of
    Σ w_kl p_gk p_hl. With two raters and no gaps it equals Cohen's kappa. Error by linearisation over subjects
    (Gwet 2014), interval by t with n − 1 degrees of freedom. Parameters as `cohen_kappa`.

    >>> round(conger_kappa([[1, 1, 1], [2, 2, 1], [3, 3, 3], [1, 1, 2], [2, 2, 2]]).value, 3)
    0.583

    References: Conger 1980; Gwet 2014.
    """
    check_level(level)
    coded, w, flags = prepared(ratings, weights, categories, scores)
    return corrected(
        "conger_kappa", observed_agreement(coded.counts, w), own_chance(coded.codes, w), n=len(coded.codes),
        raters=coded.codes.shape[1], level=level, divisor="n-1", flags=flags,
    )  # fmt: skip


def fleiss_kappa(
    ratings: Any,
    *,
    weights: Weights = "identity",
    categories: Sequence[Any] | None = None,
    scores: Any = "values",
    level: float = 0.95,
) -> Coefficient:
    """Fleiss' kappa: agreement of any raters, not the same for each subject, beyond pooled base rates.

    Formula: p_o as in `conger_kappa`, p_e = Σ w_kl π_k π_l with the pooled shares π. `statistic`, `p_value` are the
    z of Fleiss, Nee and Landis (1979) against κ = 0 where every subject has as many ratings and weights are identity;
    else value/se. Counts (subjects × categories) go in by `fleiss_kappa_from_counts`. Parameters as `cohen_kappa`.
    With two raters it is Scott's π.

    >>> round(fleiss_kappa([[1, 1, 1], [2, 2, 1], [3, 3, 3], [1, 1, 2], [2, 2, 2]]).value, 3)
    0.583

    References: Scott 1955; Fleiss 1971; Fleiss, Nee & Landis 1979; Gwet 2014.
    """
    check_level(level)
    coded, w, flags = prepared(ratings, weights, categories, scores)
    return _fleiss(coded.counts, w, coded.codes.shape[1], level, flags)


def fleiss_kappa_from_counts(counts: ArrayLike, *, level: float = 0.95) -> Coefficient:
    """Fleiss' kappa from counts: subjects × categories, how many raters chose each.

    >>> round(fleiss_kappa_from_counts([[0, 3], [2, 1], [3, 0], [0, 3]]).value, 3)
    0.657
    """
    check_level(level)
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or (table < 0).any() or not np.array_equal(table, np.rint(table)):
        raise ValueError("counts are whole numbers, subjects × categories.")
    return _fleiss(table, np.eye(table.shape[1]), int(table.sum(axis=1).max()), level, [])


def _fleiss(
    counts: FloatArray, w: FloatArray, raters: int, level: float, flags: Sequence[Flag]
) -> Coefficient:
    found = corrected(
        "fleiss_kappa", observed_agreement(counts, w), pooled_chance(counts, w), n=len(counts), raters=raters,
        level=level, divisor="n-1", flags=flags,
    )  # fmt: skip
    each = counts.sum(axis=1)
    if not found.is_reported or not np.array_equal(w, np.eye(len(w))) or (each != each[0]).any():
        return found
    n, m = len(counts), float(each[0])
    pi = counts.sum(axis=0) / (n * m)
    room = float((pi * (1 - pi)).sum())
    spread = room**2 - float((pi * (1 - pi) * (1 - 2 * pi)).sum())
    if spread <= 0:
        return found
    z = found.value / (math.sqrt(2 * spread / (n * m * (m - 1))) / room)
    return Coefficient(
        found.name, found.value, found.se, found.interval, n, raters, found.observed, found.expected,
        z, math.nan, 2 * float(ndtr(-abs(z))), found.flags,
    )  # fmt: skip


def pabak(
    ratings: Any,
    *,
    weights: Weights = "identity",
    categories: Sequence[Any] | None = None,
    scores: Any = "values",
    level: float = 0.95,
) -> Coefficient:
    """PABAK (Bennett's S, Brennan–Prediger): kappa with all categories equally likely by chance.

    Formula: p_e = Σ w_kl / q²; for two categories 2 p_o − 1. Parameters as `cohen_kappa`; give `categories` whenever
    one was offered and not used, for q decides the value. It says how far agreement is above even guessing, not above
    what these raters' habits would give.

    >>> round(pabak(rows_of_table([[20, 5], [10, 15]])).value, 3)
    0.4

    References: Bennett, Alpert & Goldstein 1954; Brennan & Prediger 1981; Byrt, Bishop & Carlin 1993.
    """
    return many_raters("pabak", even_chance, ratings, weights, categories, scores, level)


def gwet_ac(
    ratings: Any,
    *,
    weights: Weights = "identity",
    categories: Sequence[Any] | None = None,
    scores: Any = "values",
    level: float = 0.95,
) -> Coefficient:
    """Gwet's AC1 (identity weights) or AC2 (any others): agreement of any raters, stable when a category is rare.

    Formula: p_e = Σ w_kl / (q(q − 1)) · Σ π_k (1 − π_k). Gaps allowed; error by linearisation over subjects.
    Parameters as `cohen_kappa`; give `categories` where one was not used. It runs higher than kappa on skewed
    ratings by construction: state which coefficient was chosen before looking.

    >>> a = gwet_ac([[1, 1, 1], [2, 2, 1], [3, 3, 3], [1, 1, 2], [2, 2, 2]])
    >>> a.name, round(a.value, 3)
    ('gwet_ac1', 0.608)

    References: Gwet 2008, 2014.
    """
    name = "gwet_ac1" if isinstance(weights, str) and weights == "identity" else "gwet_ac2"
    return many_raters(name, gwet_chance, ratings, weights, categories, scores, level)


def percentage_agreement(
    ratings: Any,
    *,
    within: float = 0.0,
    categories: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Coefficient:
    """Share of pairs of ratings of one subject that agree, exactly or within a number of points.

    `within`: 0 (default) exact, 1 adjacent on a scale of whole points, and so on; for labels the distance is in
    positions. Gaps allowed; the error is over subjects. Not corrected for chance: on a scale of two categories half of
    the pairs agree by guessing.

    >>> percentage_agreement([[1, 2], [3, 3], [4, 4], [5, 3]]).value
    0.5
    >>> percentage_agreement([[1, 2], [3, 3], [4, 4], [5, 3]], within=1).value
    0.75
    """
    check_level(level)
    if within < 0:
        raise ValueError(f"within is {within}; it is 0 (exact) or a number of points.")
    coded, _, flags = prepared(ratings, "identity", categories, "values")
    near = (np.abs(coded.values[:, None] - coded.values[None, :]) <= within + 1e-12).astype(np.float64)
    counts = coded.counts
    n, r = coded.codes.shape
    agreed: Linear = observed_agreement(counts, near)
    if math.isnan(agreed.value):
        return undefined("percentage_agreement", n, r, *flags, Flag("no_pairs"))
    se = math.sqrt(float((agreed.influence**2).sum()) / (n * (n - 1))) if n > 1 else math.nan
    if se < 1e-12:
        flags.append(Flag("zero_error", "", "every subject says the same"))
    return Coefficient(
        "percentage_agreement", agreed.value, se, symmetric_interval(agreed.value, se, level, df=n - 1, low=0.0),
        n, r, observed=agreed.value, flags=tuple(flags),
    )  # fmt: skip

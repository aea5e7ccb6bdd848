"""Consistency and accuracy of decisions at cuts, from one administration."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from ._estimate import ITEM_STATISTICS_FROM, Estimate, FloatArray, Interval, check_level, normal_quantile
from ._true_scores import TrueScores, hanson_brennan_scores, livingston_lewis_scores, subkoviak_scores

Method = Literal["livingston_lewis", "hanson_brennan", "subkoviak", "normal"]


@dataclass(frozen=True)
class DecisionQuality:
    """How far decisions would repeat (consistency) and how far they are right (accuracy).

    `consistency`: probability of the same category on a parallel form; `kappa` the same beyond chance; `accuracy`:
    probability of the true category; `false_positive`, `false_negative`: probability of an observed category above,
    below the true one. `consistency_table` (C, C) two forms; `accuracy_table` (C, C) rows true, columns observed.
    Categories from low to high; each table sums to 1. `method` and `flags` say how it was got.
    """

    consistency: Estimate
    kappa: Estimate
    accuracy: Estimate
    false_positive: Estimate
    false_negative: Estimate
    consistency_table: FloatArray
    accuracy_table: FloatArray
    cuts: tuple[float, ...]
    method: str
    n: int
    flags: tuple[str, ...]


@dataclass(frozen=True)
class _Tables:
    twice: FloatArray
    truth: FloatArray


def _figures(tables: _Tables) -> FloatArray:
    """consistency, kappa, accuracy, false positive, false negative."""
    agree = float(np.trace(tables.twice))
    chance = float(tables.twice.sum(axis=0) @ tables.twice.sum(axis=1))
    kappa = (agree - chance) / (1 - chance) if abs(1 - chance) > 1e-12 else math.nan
    over = float(np.triu(tables.truth, 1).sum())
    under = float(np.tril(tables.truth, -1).sum())
    return np.array([agree, kappa, float(np.trace(tables.truth)), over, under])


def _quality(
    tables: _Tables,
    cuts: Sequence[float],
    method: str,
    n: int,
    flags: tuple[str, ...],
    draws: FloatArray | None,
    level: float,
    se: FloatArray | None = None,
) -> DecisionQuality:
    values = _figures(tables)
    made = []
    for place, value in enumerate(values):
        error, interval = math.nan, None
        if draws is not None:
            kept = draws[np.isfinite(draws[:, place]), place]
            if len(kept) > 1:
                error = float(kept.std(ddof=1))
                half = normal_quantile(level) * error
                ends = max(0.0, float(value) - half), min(1.0, float(value) + half)
                interval = Interval(ends[0], ends[1], level, "bootstrap_normal")
        elif se is not None and not math.isnan(se[place]):
            error = float(se[place])
            half = normal_quantile(level) * error
            interval = Interval(max(0.0, float(value) - half), min(1.0, float(value) + half), level, "normal")
        made.append(Estimate(float(value), error, interval, n, flags))
    return DecisionQuality(
        made[0], made[1], made[2], made[3], made[4], tables.twice, tables.truth, tuple(float(c) for c in cuts),
        method, n, flags,
    )  # fmt: skip


def _checked_cuts(cuts: float | Sequence[float]) -> FloatArray:
    out: FloatArray = np.atleast_1d(np.asarray(cuts, dtype=np.float64))
    if out.ndim != 1 or not len(out) or not np.isfinite(out).all() or (np.diff(out) <= 0).any():
        raise ValueError(f"cuts must be one or several rising numbers, got {out.tolist()}.")
    return out


def bivariate_normal(h: float, k: float, r: float) -> float:
    """P(Z1 ≤ h, Z2 ≤ k) of standard normals with correlation r, by integrating over the correlation (Plackett)."""
    if abs(r) >= 1:
        return float(ndtr(min(h, k))) if r > 0 else float(max(0.0, ndtr(h) - ndtr(-k)))
    nodes, weights = np.polynomial.legendre.leggauss(64)
    top = math.asin(r)
    at = top * (nodes + 1) / 2
    sine, cosine = np.sin(at), np.cos(at)
    inside = np.exp(-(h * h + k * k - 2 * h * k * sine) / (2 * cosine**2))
    return float(ndtr(h) * ndtr(k) + top / 2 * (weights @ inside) / (2 * math.pi))


def _normal_table(h: FloatArray, k: FloatArray, r: float) -> FloatArray:
    size = len(h) + 1
    below = np.zeros((size + 1, size + 1))
    below[1:size, 1:size] = [[bivariate_normal(float(a), float(b), r) for b in k] for a in h]
    below[size, 1:size], below[1:size, size], below[size, size] = ndtr(k), ndtr(h), 1.0
    out: FloatArray = np.diff(np.diff(below, axis=0), axis=1)
    return np.maximum(out, 0.0)


def decision_consistency_normal(
    cuts: float | Sequence[float],
    *,
    reliability: float,
    mean: float = 0.0,
    sd: float = 1.0,
    step: float = 0.0,
    true_cuts: float | Sequence[float] | None = None,
) -> DecisionQuality:
    """Consistency and accuracy of decisions from mean, SD and reliability alone, by normal curves.

    Formula: two forms are bivariate normal with correlation r; z = (cut − step/2 − mean)/SD; consistency is the
    probability of both on one side of every z, kappa corrects for the two margins. True scores have SD·√r.

    Parameters: `cuts` lowest passing scores; `reliability` 0 to below 1; `mean`, `sd` of the scores; `step` of the
    score (1 for points; default 0, a continuous score or z itself); `true_cuts` where the truth is cut, default `cuts`.

    For planning, and within about .02 for tests of 15 items and more whose cut lies within 1.5 SD. No error is given:
    it knows no n. From scores use `decision_consistency`.

    >>> d = decision_consistency_normal(0, reliability=0.9)
    >>> round(d.consistency.value, 4), round(d.kappa.value, 4)
    (0.8564, 0.7129)

    References: Peng & Subkoviak 1980; Subkoviak 1988.
    """
    if not 0 <= reliability < 1:
        raise ValueError(f"reliability is {reliability}; it lies from 0 to below 1.")
    if not sd > 0:
        raise ValueError(f"sd is {sd}; it must be above 0.")
    at = _checked_cuts(cuts)
    true_at = at if true_cuts is None else _checked_cuts(true_cuts)
    if len(true_at) != len(at):
        raise ValueError(f"{len(true_at)} true cuts for {len(at)} cuts.")
    return _quality(
        _normal_tables(at, true_at, mean, sd, reliability, step), at.tolist(), "normal", 0, (), None, 0.95
    )


def _normal_tables(
    cuts: FloatArray, true_cuts: FloatArray, mean: float, sd: float, reliability: float, step: float
) -> _Tables:
    z = (cuts - step / 2 - mean) / sd
    if reliability <= 0:
        true_z = np.where(true_cuts > mean, np.inf, -np.inf)
    else:
        true_z = (true_cuts - mean) / (sd * math.sqrt(reliability))
    clipped = np.clip(true_z, -38, 38)
    return _Tables(
        _normal_table(z, z, reliability), _normal_table(clipped, z, math.sqrt(max(reliability, 0.0)))
    )


def decision_consistency(
    scores: ArrayLike,
    cuts: float | Sequence[float],
    *,
    reliability: float | None = None,
    maximum: float,
    minimum: float = 0.0,
    method: Method = "livingston_lewis",
    step: float = 1.0,
    true_cuts: float | Sequence[float] | None = None,
    bootstrap: int = 200,
    seed: int = 1,
    level: float = 0.95,
) -> DecisionQuality:
    """Consistency and accuracy of decisions at one or several cuts, from the total scores of one administration.

    | method | for | true scores | errors |
    |---|---|---|---|
    | livingston_lewis (default) | any points, weighted or partial credit | beta of four moments | binomial of the effective length |
    | hanson_brennan | number right of equally weighted 0/1 items | beta of four moments | Lord's two-term compound binomial |
    | subkoviak | the same, small n | each person's regressed share | binomial |
    | normal | longer tests, a rough check | normal | normal |

    Effective length of Livingston and Lewis: n̂ = [(μ − min)(max − μ) − rσ²]/[σ²(1 − r)], with the *possible* minimum
    and maximum. Where the four-moment beta is impossible, two moments on 0–1 are used (flag `beta_two_parameter`).

    Parameters: `scores` (n,) totals of persons presented everything (NaN left out); `cuts` lowest score of each
    category above the first; `reliability` (alpha, omega …), needed except for "hanson_brennan" and "subkoviak",
    where None means KR-21, read from the scores; `maximum`, `minimum` possible scores; `step` of the score, default
    1 point: an observed score is in a category from cut − step/2; `true_cuts` default `cuts`; `bootstrap` seeded
    resamples of persons for the errors (0 = none; the reliability is held fixed;
    intervals are value ± quantile · se, as resamples are a little less spread than the sample); `level` default 0.95.

    Flags: `too_few_persons` (below 30) and `no_variance`: nothing is reported; `beta_two_parameter`, `no_true_variance`,
    `short_effective_length` (fewer than 4 items: the figures are rough),
    `cut_at_end` (a category of less than 1 % of people), `kr21` (assumed equal difficulties, so too low).

    Assumes the parallel form is of the same kind: other items, not another day or other raters. Do not use it where a
    decision rests on several instruments: the score chain has its own probabilities.

    >>> import numpy as np
    >>> rng = np.random.default_rng(2)
    >>> x = rng.binomial(40, rng.beta(6, 4, 500))
    >>> d = decision_consistency(x, 24, reliability=0.8, maximum=40, bootstrap=50)
    >>> 0.78 < d.consistency.value < 0.86, d.consistency.value < d.accuracy.value
    (True, True)

    References: Livingston & Lewis 1995; Hanson & Brennan 1990; Hanson 1991; Subkoviak 1976; Huynh 1976; Lord 1965.
    """
    check_level(level)
    x: FloatArray = np.asarray(scores, dtype=np.float64)
    if x.ndim != 1:
        raise ValueError(f"scores have shape {x.shape}; give one total a person.")
    x = x[~np.isnan(x)]
    at = _checked_cuts(cuts)
    true_at = at if true_cuts is None else _checked_cuts(true_cuts)
    if len(true_at) != len(at):
        raise ValueError(f"{len(true_at)} true cuts for {len(at)} cuts.")
    if not maximum > minimum or (at <= minimum).any() or (at > maximum).any():
        raise ValueError(
            f"cuts {at.tolist()} must lie above the minimum {minimum:g} and up to the maximum {maximum:g}."
        )
    outside = np.flatnonzero((x < minimum) | (x > maximum))
    if len(outside):
        raise ValueError(f"person {int(outside[0])} has {x[outside[0]]:g}, outside {minimum:g}–{maximum:g}.")
    if method not in ("livingston_lewis", "hanson_brennan", "subkoviak", "normal"):
        raise ValueError(
            f"method is {method!r}; it is livingston_lewis, hanson_brennan, subkoviak or normal."
        )
    if reliability is None and method in ("livingston_lewis", "normal"):
        raise ValueError(f"method {method!r} needs the reliability of the scores, e.g. alpha(answers).value.")
    if reliability is not None and not 0 < reliability < 1:
        raise ValueError(f"reliability is {reliability}; it lies between 0 and 1.")
    why = "too_few_persons" if len(x) < ITEM_STATISTICS_FROM else "no_variance" if np.ptp(x) <= 0 else ""
    if why:
        none = np.full((len(at) + 1,) * 2, np.nan)
        return _quality(_Tables(none, none), at.tolist(), method, len(x), (why,), None, level)
    flags: list[str] = []
    one = _tables_of(x, at, true_at, reliability, minimum, maximum, method, step, flags)
    if min(one.twice.sum(axis=0).min(), 1.0) < 0.01:
        flags.append("cut_at_end")
    draws = None
    if bootstrap:
        rng = np.random.default_rng(seed)
        rows = [
            _figures(_tables_of(x[rng.integers(0, len(x), len(x))], at, true_at, reliability, minimum, maximum,
                                method, step, []))
            for _ in range(bootstrap)
        ]  # fmt: skip
        draws = np.array(rows)
    return _quality(one, at.tolist(), method, len(x), tuple(flags), draws, level)


def _tables_of(
    x: FloatArray,
    cuts: FloatArray,
    true_cuts: FloatArray,
    reliability: float | None,
    minimum: float,
    maximum: float,
    method: Method,
    step: float,
    flags: list[str],
) -> _Tables:
    if method == "normal":
        assert reliability is not None
        return _normal_tables(cuts, true_cuts, float(x.mean()), float(x.std(ddof=1)), reliability, step)
    width = maximum - minimum
    share = (x - minimum) / width
    edges, true_edges = (cuts - step / 2 - minimum) / width, (true_cuts - minimum) / width
    if method == "livingston_lewis":
        assert reliability is not None
        scores = livingston_lewis_scores(share, reliability, edges, true_edges, flags)
    else:
        items = width / step
        if abs(items - round(items)) > 1e-9 or np.abs(share * items - np.rint(share * items)).max() > 1e-9:
            raise ValueError(
                f"method {method!r} needs numbers right of {items:g} items in steps of {step:g}; "
                'weighted or partial-credit scores need method="livingston_lewis".'
            )
        build: Callable[..., TrueScores] = (
            hanson_brennan_scores if method == "hanson_brennan" else subkoviak_scores
        )
        scores = build(share, round(items), reliability, edges, true_edges, flags)
    weighted = scores.observed * scores.weight[:, None]
    twice = weighted.T @ scores.observed
    size = len(cuts) + 1
    truth = np.zeros((size, size))
    for category in range(size):
        truth[category] = weighted[scores.category == category].sum(axis=0)
    return _Tables(twice, truth)


def decision_consistency_irt(
    value: ArrayLike, se: ArrayLike, cuts: float | Sequence[float], *, level: float = 0.95
) -> DecisionQuality:
    """Consistency and accuracy of decisions from persons' estimates with their standard errors (Rudner).

    Formula: each person's truth is N(value, se²), p_c its share in category c. Accuracy = mean of the p of the
    observed category; consistency = mean of Σ p_c² (two independent measurements); kappa with the mean p_c as
    margins. Works for any estimate with an error: abilities, levels, composites.

    Parameters: `value`, `se` (n,), NaN left out; `cuts` on their scale. Errors over persons, taking each se as known.

    With EAPs and posterior SDs the accuracy is exact when the prior is; with unshrunken estimates (WLE, ML) both
    figures are a little too high, by .007 at a reliability of .86 in simulation, because estimates spread more than
    truth.

    >>> d = decision_consistency_irt([-1.0, 0.2, 1.5], [0.3, 0.3, 0.3], 0.0)
    >>> round(d.accuracy.value, 3), round(d.consistency.value, 3)
    (0.916, 0.874)

    References: Rudner 2005; Guo 2006; Lee 2010.
    """
    check_level(level)
    x, e = np.asarray(value, dtype=np.float64), np.asarray(se, dtype=np.float64)
    if x.ndim != 1 or x.shape != e.shape:
        raise ValueError(f"value {x.shape} and se {e.shape} must be two columns of one length.")
    kept = ~np.isnan(x) & ~np.isnan(e)
    x, e = x[kept], e[kept]
    if not len(x) or (e <= 0).any():
        raise ValueError("every person needs a standard error above 0, and one person at least.")
    at = _checked_cuts(cuts)
    below = np.column_stack(
        [np.zeros(len(x)), ndtr((at[None, :] - x[:, None]) / e[:, None]), np.ones(len(x))]
    )
    p = np.diff(below, axis=1)
    observed = np.searchsorted(at, x, side="right")
    n, size = len(x), len(at) + 1
    truth = np.zeros((size, size))
    for category in range(size):
        truth[:, category] = p[observed == category].sum(axis=0) / n
    twice = p.T @ p / n
    right = p[np.arange(n), observed]
    # Observed above the true category: the truth lies below the observed one, and the reverse.
    over = below[np.arange(n), observed]
    per_person = np.column_stack([(p**2).sum(axis=1), np.full(n, np.nan), right, over, 1 - right - over])
    errors = per_person.std(axis=0, ddof=1) / math.sqrt(n) if n > 1 else np.full(5, np.nan)
    flags = ("few_persons",) if n < 30 else ()
    return _quality(_Tables(twice, truth), at.tolist(), "rudner", n, flags, None, level, errors)

"""Krippendorff's alpha from the coincidences of values within units, with a seeded bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from .._checks import FloatArray, IntArray
from .._estimator import Flag
from ._categories import code_ratings
from ._coefficient import Coefficient, check_level, percentile_interval, undefined

Metric = Literal["nominal", "ordinal", "interval", "ratio"]
OwnMetric = Callable[[FloatArray, FloatArray], FloatArray]
MANY_VALUES = 400
"""With more different values the (V, V) tables of ordinal, ratio and own metrics are refused: 400² per unit is the
size at which one bootstrap of a thousand units still takes about a second."""


def _squared_distances(metric: Metric | OwnMetric, values: FloatArray, totals: FloatArray) -> FloatArray:
    x, y = values[:, None], values[None, :]
    if callable(metric):
        own = np.asarray(
            metric(np.broadcast_to(x, (len(values),) * 2), np.broadcast_to(y, (len(values),) * 2))
        )
        if own.shape != (len(values),) * 2 or not np.allclose(own, own.T) or not np.allclose(np.diag(own), 0):
            raise ValueError("an own metric gives squared distances: symmetric and 0 for equal values.")
        return own.astype(np.float64)
    if metric == "nominal":
        return 1.0 - np.eye(len(values))
    if metric == "interval":
        return (x - y) ** 2
    if metric == "ratio":
        below = x + y
        return np.divide((x - y) ** 2, below**2, out=np.zeros((len(values),) * 2), where=below != 0)
    middle = np.cumsum(totals) - totals / 2  # ordinal: values between, the two ends by half
    return (middle[:, None] - middle[None, :]) ** 2


def _alpha(disagreed: float, expected: float) -> float:
    return 1 - disagreed / expected if expected > 0 else math.nan


def _from_coincidences(metric: Metric | OwnMetric, values: FloatArray, o: FloatArray) -> tuple[float, float]:
    """Observed and expected disagreement of a (V, V) coincidence matrix."""
    totals = o.sum(axis=1)
    n = float(totals.sum())
    if n <= 1:
        return math.nan, math.nan
    d = _squared_distances(metric, values, totals)
    return float((o * d).sum()) / n, float(totals @ d @ totals) / (n * (n - 1))


def krippendorff_alpha(
    ratings: Any,
    *,
    metric: Metric | OwnMetric = "interval",
    categories: Sequence[Any] | None = None,
    level: float = 0.95,
    bootstrap: int = 1000,
    seed: int = 1,
) -> Coefficient:
    """Krippendorff's alpha: agreement of any number of raters with gaps, for any kind of scale.

    Formula: α = 1 − D_o/D_e from the coincidence matrix o (each unit's ordered pairs of values, divided by its number
    of values less one): D_o = Σ o_kl δ²_kl / n, D_e = Σ n_k n_l δ²_kl / (n(n − 1)). δ² is 0/1 (*nominal*), the squared
    number of ratings between two values (*ordinal*), (k − l)² (*interval*, default: the five levels are meant as equal
    steps), ((k − l)/(k + l))² (*ratio*) or an own function of two arrays.

    Parameters: `ratings` units × raters, NaN = not rated; units with one value are left out. `bootstrap` resamples of
    units for `se` and the percentile interval (0 = none; 1000 settle the ends to about .01), with `seed`. Flags:
    `units_dropped`, `no_variance`, `few_subjects`, `bootstrap_undefined`.

    Assumes that raters are exchangeable. Not for comparing single raters, and not for a handful of units: resampling
    20 units gives intervals that are too short.

    >>> a = krippendorff_alpha([[1, 1], [2, 3], [3, 3], [4, 4], [2, 2]], metric="nominal", bootstrap=0)
    >>> round(a.value, 3), a.n
    (0.757, 5)

    References: Krippendorff 2004, 2011; Zapf et al. 2016.
    """
    check_level(level)
    if not callable(metric) and metric not in ("nominal", "ordinal", "interval", "ratio"):
        raise ValueError(
            f"metric is {metric!r}; it is 'nominal', 'ordinal', 'interval', 'ratio' or a function."
        )
    if bootstrap < 0:
        raise ValueError(f"bootstrap is {bootstrap}; it is a number of resamples, 0 for none.")
    coded = code_ratings(ratings, categories)
    present = coded.codes >= 0
    pairable = present.sum(axis=1) >= 2
    flags = []
    if not pairable.all():
        flags.append(
            Flag(
                "units_dropped",
                "",
                f"{int((~pairable).sum())} of {len(pairable)} units have fewer than 2 values",
            )
        )
    codes, n, r = coded.codes[pairable], int(pairable.sum()), coded.codes.shape[1]
    if n == 0:
        return undefined("krippendorff_alpha", 0, r, *flags, Flag("no_pairs"))
    if metric == "ratio" and (coded.values < 0).any():
        raise ValueError(f"metric='ratio' needs values of 0 or more, got {coded.values.min():g}.")
    ranked = metric in ("nominal", "ordinal")
    values: FloatArray = np.arange(len(coded.values), dtype=np.float64) if ranked else coded.values
    made = _interval_sums(codes, values) if metric == "interval" else _coincidence_rows(codes, values, metric)
    observed, expected = made(np.ones((1, n)))
    value = _alpha(float(observed[0]), float(expected[0]))
    if math.isnan(value):
        return undefined(
            "krippendorff_alpha",
            n,
            r,
            *flags,
            Flag("no_variance", "", "all values are equal; nothing can disagree"),
        )
    se, interval = math.nan, None
    if bootstrap:
        draws = _bootstrap(made, n, bootstrap, seed)
        good = draws[np.isfinite(draws)]
        se = float(good.std(ddof=1)) if good.size > 1 else math.nan
        interval = percentile_interval(draws, level)
        if good.size < draws.size:
            flags.append(
                Flag(
                    "bootstrap_undefined",
                    "",
                    f"{draws.size - good.size} of {draws.size} resamples had one value only",
                )
            )
    if n < 30:
        flags.append(Flag("few_subjects", "", f"{n} units; the bootstrap interval is too short"))
    return Coefficient(
        "krippendorff_alpha", value, se, interval, n, r, observed=1 - float(observed[0]),
        expected=1 - float(expected[0]), flags=tuple(flags),
    )  # fmt: skip


Made = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""(B, n) weights of units → (B,) observed and (B,) expected disagreement."""


def _interval_sums(codes: IntArray, values: FloatArray) -> Made:
    """The interval metric needs three sums a unit, whatever the number of values."""
    seen = codes >= 0
    x = np.where(seen, values[np.maximum(codes, 0)], 0.0)
    x = np.where(seen, x - x.sum() / seen.sum(), 0.0)
    m, s1, s2 = seen.sum(axis=1).astype(np.float64), x.sum(axis=1), (x**2).sum(axis=1)
    within = 2 * (m * s2 - s1**2) / (m - 1)

    def made(weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        n, t1, t2 = weights @ m, weights @ s1, weights @ s2
        return weights @ within / n, np.maximum(2 * (n * t2 - t1**2) / (n * (n - 1)), 0.0)

    return made


def _coincidence_rows(codes: IntArray, values: FloatArray, metric: Metric | OwnMetric) -> Made:
    q = len(values)
    if q > MANY_VALUES:
        raise ValueError(
            f"{q} different values; a table of coincidences is kept for at most {MANY_VALUES}. "
            'Use metric="interval", or round the values.'
        )
    counts = np.stack([(codes == k).sum(axis=1) for k in range(q)], axis=1).astype(np.float64)
    per_unit = np.einsum("ik,il->ikl", counts, counts)
    per_unit[:, np.arange(q), np.arange(q)] -= counts
    per_unit /= (counts.sum(axis=1) - 1)[:, None, None]
    flat = per_unit.reshape(len(counts), q * q)

    def made(weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        tables = (weights @ flat).reshape(-1, q, q)
        pairs = [_from_coincidences(metric, values, o) for o in tables]
        return np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])

    return made


def _bootstrap(made: Made, n: int, times: int, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=times).astype(np.float64)
    observed, expected = made(drawn)
    return np.array([_alpha(float(o), float(e)) for o, e in zip(observed, expected, strict=True)])

"""What choosing by a score is worth: hits, mean of the chosen, money, each with what is not known about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import brentq

from ..classical import Interval


@dataclass(frozen=True)
class Hits:
    """Of people chosen above a cut (Taylor & Russell 1939): `success_ratio` among the chosen, `gain` over the base rate, `sensitivity` share of
    the able who are chosen, `specificity` share of the others who are not."""

    success_ratio: float
    gain: float
    sensitivity: float
    specificity: float


@dataclass(frozen=True)
class Utility:
    """Gain in money over choosing by lot: `value`, its `interval` over what is not known, `per_person` chosen, `break_even` the SD of performance in
    money at which the gain is nothing, `flags`."""

    value: float
    interval: Interval | None
    per_person: float
    break_even: float
    flags: tuple[str, ...]


def taylor_russell(validity: float, selection_ratio: float, base_rate: float) -> Hits:
    """How many of the chosen succeed, if score and success are bivariate normal.

    P(success | chosen) = P(X > x_c, Y > y_c)/SR. `base_rate` the share that would succeed if all were taken.

    >>> round(taylor_russell(0.55, 0.20, 0.60).success_ratio, 2)
    0.88
    """
    _shares(selection_ratio=selection_ratio, base_rate=base_rate)
    if not -1 < validity < 1:
        raise ValueError(f"validity is {validity}; it lies between -1 and 1.")
    x, y = stats.norm.isf(selection_ratio), stats.norm.isf(base_rate)
    rest = np.sqrt(1 - validity**2)
    both = float(
        quad(lambda t: stats.norm.pdf(t) * stats.norm.sf((y - validity * t) / rest), x, 12, epsabs=1e-12)[0]
    )
    success = both / selection_ratio
    return Hits(
        success, success - base_rate, both / base_rate, 1 - (selection_ratio - both) / (1 - base_rate)
    )


def naylor_shine(validity: float, selection_ratio: float) -> float:
    """Mean criterion of the chosen in SDs above that of all: r·φ(z)/SR (Naylor & Shine 1965).

    >>> round(naylor_shine(1.0, 0.10), 2)
    1.75
    """
    _shares(selection_ratio=selection_ratio)
    return float(validity * stats.norm.pdf(stats.norm.isf(selection_ratio)) / selection_ratio)


def utility(
    chosen: float, validity: float, selection_ratio: float, sd_money: float, *, years: float = 1.0,
    cost_per_applicant: float = 0.0, validity_before: float = 0.0, variable_costs: float = 0.0, tax: float = 0.0,
    discount: float = 0.0, validity_se: float = 0.0, sd_money_se: float = 0.0, level: float = 0.80, seed: int = 1,
    draws: int = 10_000,
) -> Utility:  # fmt: skip
    """Gain from choosing `chosen` people by a score (Brogden 1949, Cronbach & Gleser 1965, Boudreau 1983).

    ΔU = N·T*·(r − r_before)·SD_y·φ/SR·(1 − V)(1 − tax) − N·cost/SR·(1 − tax), T* = Σ 1/(1 + discount)^t over the years they stay. V is the share of the gain
    that goes into variable costs (0.5 if half of it is paid out). The interval comes from seeded normal draws of validity and SD_y with the given
    errors; without them there is none and `errors_unknown` says so.

    Do not print the value alone: it is the product of guesses. Compare `break_even` with what the job can be worth.

    >>> round(utility(1, 0.5, 0.3, 10_000).value)
    5795
    """
    _shares(selection_ratio=selection_ratio)
    if chosen <= 0 or sd_money <= 0 or years <= 0 or draws < 100:
        raise ValueError(
            f"chosen {chosen}, sd_money {sd_money} and years {years} must be above 0, draws {draws} at least 100."
        )
    if not 0 <= variable_costs < 1 or not 0 <= tax < 1 or discount < 0:
        raise ValueError(
            f"variable_costs {variable_costs} and tax {tax} lie in [0, 1), discount {discount} from 0."
        )
    time = years if discount == 0 else sum((1 + discount) ** -t for t in range(1, int(np.ceil(years)) + 1))
    ordinate = float(stats.norm.pdf(stats.norm.isf(selection_ratio)) / selection_ratio)
    slope = chosen * time * ordinate * (1 - variable_costs) * (1 - tax)
    cost = chosen * cost_per_applicant / selection_ratio * (1 - tax)
    gain = validity - validity_before
    value = slope * gain * sd_money - cost
    flags = ["errors_unknown"] if validity_se == 0 and sd_money_se == 0 else []
    if discount > 0 and years != int(years):
        flags.append("years_rounded_up")
    interval = None
    if not flags or flags == ["years_rounded_up"]:
        rng = np.random.default_rng(seed)
        r = np.clip(rng.normal(gain, validity_se, draws), -1, 1)
        money = np.maximum(rng.normal(sd_money, sd_money_se, draws), 0)
        low, high = np.quantile(slope * r * money - cost, [(1 - level) / 2, (1 + level) / 2])
        interval = Interval(float(low), float(high), level, "draws")
    break_even = cost / (slope * gain) if gain > 0 else float("inf")
    return Utility(float(value), interval, float(value / chosen), float(break_even), tuple(flags))


def sd_from_percentiles(low: ArrayLike, middle: ArrayLike, high: ArrayLike) -> tuple[float, float]:
    """SD of performance in money and its SE, from judges' values of a person at the 15th, 50th and 85th percentile (Schmidt and others 1979).

    Each judge's SD is the mean of the two distances; SE over judges. With one judge the SE is NaN.

    >>> sd_from_percentiles([80, 90], [100, 110], [120, 130])
    (20.0, 0.0)
    """
    a, b, c = (np.atleast_1d(np.asarray(v, dtype=float)) for v in (low, middle, high))
    if not a.shape == b.shape == c.shape or np.any(a > b) or np.any(b > c):
        raise ValueError("each judge gives three rising values: at the 15th, 50th and 85th percentile.")
    own = (c - a) / 2
    se = float(own.std(ddof=1) / np.sqrt(len(own))) if len(own) > 1 else float("nan")
    return float(own.mean()), se


def expected_impact(difference: float, selection_ratio: float, minority_share: float) -> float:
    """Ratio of selection rates to be expected from a standardised difference when all above one cut are taken (De Corte & Lievens 2003).

    >>> round(expected_impact(0.15, 0.25, 0.30), 3)
    0.823
    """
    _shares(selection_ratio=selection_ratio, minority_share=minority_share)
    p, d = minority_share, difference
    cut = brentq(
        lambda c: (1 - p) * stats.norm.sf(c) + p * stats.norm.sf(c + d) - selection_ratio, -12, 12, xtol=1e-12
    )
    return float(stats.norm.sf(cut + d) / stats.norm.sf(cut))


def _shares(**given: float) -> None:
    for name, value in given.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value}; it lies between 0 and 1.")

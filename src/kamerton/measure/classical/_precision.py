"""Standard errors of scores and of differences from a reliability that is already known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def _check_reliability(name: str, value: float) -> None:
    if math.isnan(value) or not value <= 1:
        raise ValueError(f"{name} is {value}; a reliability is at most 1.")


def standard_error_of_measurement(sd: float, reliability: float) -> float:
    """Standard error of measurement of a score: SD · √(1 − reliability).

    >>> round(standard_error_of_measurement(15, 0.96), 6)
    3.0
    """
    _check_reliability("reliability", reliability)
    return sd * math.sqrt(1 - reliability)


def standard_error_of_estimation(sd: float, reliability: float) -> float:
    """Standard error of the regressed (Kelley) true score: SD · √(reliability · (1 − reliability)).

    >>> round(standard_error_of_estimation(2, 0.84), 4)
    0.7332
    """
    _check_reliability("reliability", reliability)
    return sd * math.sqrt(max(0.0, reliability) * (1 - reliability))


def kelley_true_score(score: float, reliability: float, mean: float) -> float:
    """True score regressed to the mean of the group: reliability · score + (1 − reliability) · mean.

    Not for decisions about people of different groups: it pulls each towards the own group's mean.

    >>> round(kelley_true_score(8, 0.84, 5.5), 6)
    7.6
    """
    _check_reliability("reliability", reliability)
    return reliability * score + (1 - reliability) * mean


def standard_error_of_difference(sd: float, reliability_x: float, reliability_y: float) -> float:
    """Error of the difference of two scores on one metric: SD · √(2 − r_xx − r_yy).

    >>> round(standard_error_of_difference(2, 0.84, 0.76), 6)
    1.264911
    """
    _check_reliability("reliability_x", reliability_x)
    _check_reliability("reliability_y", reliability_y)
    return sd * math.sqrt(2 - reliability_x - reliability_y)


def reliability_of_difference(reliability_x: float, reliability_y: float, correlation: float) -> float:
    """Reliability of a difference of two scores with equal variances: ((r_xx + r_yy)/2 − r_xy)/(1 − r_xy).

    >>> round(reliability_of_difference(0.84, 0.76, 0.5), 6)
    0.6
    """
    if not -1 <= correlation < 1:
        raise ValueError(f"correlation is {correlation}; it lies from −1 to below 1.")
    return ((reliability_x + reliability_y) / 2 - correlation) / (1 - correlation)


def spearman_brown(reliability: float, length: float) -> float:
    """Reliability of a test made `length` times as long by parallel parts: k r / (1 + (k − 1) r).

    >>> spearman_brown(0.5, 4)
    0.8
    """
    if length <= 0:
        raise ValueError(f"length is {length}; it is how many times as long the test becomes, above 0.")
    return length * reliability / (1 + (length - 1) * reliability)


def spearman_brown_length(reliability: float, target: float) -> float:
    """How many times as long a test must be for the reliability wanted.

    >>> round(spearman_brown_length(0.5, 0.8), 9)
    4.0
    """
    if not (0 < reliability < 1 and 0 < target < 1):
        raise ValueError(f"reliability {reliability} and target {target} must both lie between 0 and 1.")
    return target * (1 - reliability) / (reliability * (1 - target))


def composite_reliability(
    weights: Sequence[float], sds: Sequence[float], reliabilities: Sequence[float], correlations: ArrayLike
) -> float:
    """Reliability of a weighted sum of scores (Mosier 1943): 1 − Σ w²s²(1 − r) / variance of the sum.

    >>> round(composite_reliability([1, 1], [1, 1], [0.8, 0.8], [[1, 0.5], [0.5, 1]]), 6)
    0.866667
    """
    ws = np.asarray(weights, dtype=np.float64) * np.asarray(sds, dtype=np.float64)
    variance = float(ws @ np.asarray(correlations, dtype=np.float64) @ ws)
    if not variance > 0:
        raise ValueError(f"the weighted sum has variance {variance}; weights and SDs must let it vary.")
    return 1 - float(np.sum(ws**2 * (1 - np.asarray(reliabilities, dtype=np.float64)))) / variance

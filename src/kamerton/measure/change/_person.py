"""Did one person change? The reliable change index, with what a group changed by practice alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import norm

from .._checks import FloatArray, frozen

WORDS = ("reached", "improved", "unchanged", "declined")


@dataclass(frozen=True)
class ReliableChange:
    """Of N persons: `change`, `se` of it, `index` = (change − expected)/se, `low`, `high` interval of the true change, `verdict`.

    Verdicts: `reached` (reliable and across the cut), `improved`, `unchanged` (within chance), `declined`; `""` where a score is
    missing. `smallest` the smallest change beyond chance for each; `flags` of the whole.
    """

    change: FloatArray
    se: FloatArray
    index: FloatArray
    low: FloatArray
    high: FloatArray
    smallest: FloatArray
    verdict: tuple[str, ...]
    expected: float
    level: float
    flags: tuple[str, ...]


def standard_error_from(sd: float, reliability: float) -> float:
    """SE of one score, SD·√(1 − r); raises ValueError on impossible figures."""
    if not sd > 0 or not 0 <= reliability < 1:
        raise ValueError(f"sd {sd} must be above 0 and reliability {reliability} in [0, 1).")
    return float(sd * np.sqrt(1 - reliability))


def reliable_change(
    before: ArrayLike, after: ArrayLike, se_before: ArrayLike, se_after: ArrayLike | None = None, *,
    expected: float = 0.0, se_expected: float = 0.0, covariance: float = 0.0, cut: float | None = None,
    level: float = 0.95,
) -> ReliableChange:  # fmt: skip
    """Whether each person's change is larger than the errors of both scores (Jacobson & Truax 1991).

    RCI = (x₂ − x₁ − expected)/√(SE₁² + SE₂² − 2·cov + SE_expected²); with one common SE and no practice effect the published form
    √2·SE. `se_before`, `se_after` one number or one a person (default: as before); `expected` the mean change of people to whom
    nothing was done, with its error (Chelune and others 1993); `covariance` of the two errors, above 0 where both occasions share one test's
    method or one panel's link; `cut` the level to be reached; `level` default .95.

    Do not use it to prove what caused a change, nor on people chosen because they were lowest: they rise by chance
    (see `regression_to_the_mean`).

    >>> found = reliable_change([32.5], [47.5], standard_error_from(7.5, 0.80))
    >>> round(float(found.index[0]), 2), found.verdict, round(float(found.smallest[0]), 2)
    (3.16, ('improved',), 9.3)
    """
    x, y = np.atleast_1d(np.asarray(before, dtype=float)), np.atleast_1d(np.asarray(after, dtype=float))
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"before {x.shape} and after {y.shape} must have one score a person each.")
    one = np.broadcast_to(np.asarray(se_before, dtype=float), x.shape)
    two = one if se_after is None else np.broadcast_to(np.asarray(se_after, dtype=float), x.shape)
    if np.any(one <= 0) or np.any(two <= 0):
        raise ValueError("standard errors must be above 0; a score without an error cannot be judged.")
    if not 0.5 <= level < 1:
        raise ValueError(f"level is {level}; it lies from 0.5 to below 1.")
    variance = one**2 + two**2 - 2 * covariance + se_expected**2
    if np.any(variance <= 0):
        raise ValueError(
            f"covariance {covariance} leaves no error of the difference; it must lie below the error variances."
        )
    se, z = np.sqrt(variance), float(ndtri(0.5 + level / 2))
    change = y - x
    index = (change - expected) / se
    verdict = []
    for k, rci in enumerate(index):
        if np.isnan(rci):
            verdict.append("")
        elif rci > z:
            verdict.append("reached" if cut is not None and x[k] < cut <= y[k] else "improved")
        else:
            verdict.append("declined" if rci < -z else "unchanged")
    flags = ["errors_independent"] if covariance == 0.0 else []
    if expected == 0.0 and se_expected == 0.0:
        flags.append("no_practice_effect_assumed")
    if np.isnan(index).any():
        flags.append(f"missing: {int(np.isnan(index).sum())} of {len(x)}")
    gain = change - expected
    return ReliableChange(
        frozen(change), frozen(se), frozen(index), frozen(gain - z * se), frozen(gain + z * se), frozen(z * se),
        tuple(verdict), expected, level, tuple(flags),
    )  # fmt: skip


def regression_to_the_mean(cut: float, mean: float, sd: float, reliability: float) -> float:
    """The rise to be expected without any change among people chosen for scores below `cut`.

    (1 − r)·SD·φ(c)/Φ(c) with c = (cut − mean)/SD: the mean of the chosen lies SD·φ/Φ below the mean of all, and (1 − r) of it was
    error. Normal scores assumed.

    >>> round(regression_to_the_mean(2.5, 3.0, 0.7, 0.75), 2)
    0.23
    """
    standard_error_from(sd, reliability)
    c = (cut - mean) / sd
    return float((1 - reliability) * sd * norm.pdf(c) / norm.cdf(c))

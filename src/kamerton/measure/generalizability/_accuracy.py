"""Accuracy of a rater against true scores, in Cronbach's four components."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._checks import FloatArray
from .._estimator import Flag, Table
from ..agreement._coefficient import rater_names


@dataclass(frozen=True)
class RaterAccuracy:
    """Where one rater's error lies; squared components sum to `mse`.

    elevation: the whole level; differential_elevation: the levels of persons; stereotype_accuracy: the levels of
    dimensions; differential_accuracy: who is strong in what (all squared, smaller is better). `leniency` the signed
    elevation; `range_ratio` SD of all ratings over SD of the true scores (below 1: central tendency);
    correlations: of person means, of dimension means and of what is left (NaN where a side does not vary).
    `se` of leniency over persons.
    """

    elevation: float
    differential_elevation: float
    stereotype_accuracy: float
    differential_accuracy: float
    mse: float
    leniency: float
    leniency_se: float
    range_ratio: float
    person_correlation: float
    dimension_correlation: float
    pattern_correlation: float
    n_persons: int
    n_dimensions: int
    flags: tuple[Flag, ...]


def _correlation(a: FloatArray, b: FloatArray) -> float:
    a, b = a.ravel() - a.mean(), b.ravel() - b.mean()
    below = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / below if below > 1e-12 else math.nan


def rater_accuracy(ratings: ArrayLike, true: ArrayLike) -> RaterAccuracy:
    """Cronbach's components of the accuracy of one rater: persons × dimensions of ratings against true scores.

    With differences d = rating − true: elevation² = (mean d)²; differential elevation² = mean over persons of
    (person mean of d − mean d)²; stereotype accuracy² = the same over dimensions; differential accuracy² = mean of
    the squared rest. Their sum is the mean squared error.

    Parameters: `ratings`, `true` (persons, dimensions), complete; a person or a dimension with a gap must be left
    out by the caller. True scores are expert consensus or a scripted performance: its own error counts as the
    rater's, so a component below the experts' own disagreement is as good as zero. Flags: `one_person`,
    `one_dimension` (their components are 0 by construction), `few_persons` (fewer than 4).

    >>> a = rater_accuracy([[3, 3, 4], [4, 5, 4], [3, 3, 3], [5, 4, 5]], [[2, 3, 4], [4, 4, 3], [3, 2, 2], [5, 4, 4]])
    >>> a.elevation, round(a.differential_elevation, 4), round(a.stereotype_accuracy, 4), a.mse
    (0.25, 0.0278, 0.0417, 0.5)

    References: Cronbach 1955; Murphy et al. 1982.
    """
    x, t = np.asarray(ratings, dtype=np.float64), np.asarray(true, dtype=np.float64)
    if x.ndim != 2 or x.shape != t.shape:
        raise ValueError(
            f"ratings {x.shape} and true scores {t.shape} must be two tables persons × dimensions."
        )
    if not (np.isfinite(x).all() and np.isfinite(t).all()):
        row, column = (int(v) for v in np.argwhere(~np.isfinite(x) | ~np.isfinite(t))[0])
        raise ValueError(
            f"person {row}, dimension {column} is missing; leave the person or the dimension out of both tables."
        )
    n, j = x.shape
    d = x - t
    whole = float(d.mean())
    person, dimension = d.mean(axis=1) - whole, d.mean(axis=0) - whole
    rest = d - whole - person[:, None] - dimension[None, :]
    flags = []
    if n == 1:
        flags.append(Flag("one_person", "", "differential elevation and accuracy are 0 by construction"))
    elif n < 4:
        flags.append(Flag("few_persons", "", f"{n} persons"))
    if j == 1:
        flags.append(Flag("one_dimension", "", "stereotype and differential accuracy are 0 by construction"))
    spread = float(t.std())
    if spread <= 0:
        flags.append(Flag("no_variance", "true scores", "the range ratio is not defined"))

    def left(z: FloatArray) -> FloatArray:
        out: FloatArray = z - z.mean(axis=1, keepdims=True) - z.mean(axis=0, keepdims=True) + z.mean()
        return out

    return RaterAccuracy(
        elevation=whole**2,
        differential_elevation=float((person**2).mean()),
        stereotype_accuracy=float((dimension**2).mean()),
        differential_accuracy=float((rest**2).mean()),
        mse=float((d**2).mean()),
        leniency=whole,
        leniency_se=float(d.mean(axis=1).std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan,
        range_ratio=float(x.std()) / spread if spread > 0 else math.nan,
        person_correlation=_correlation(x.mean(axis=1), t.mean(axis=1)),
        dimension_correlation=_correlation(x.mean(axis=0), t.mean(axis=0)),
        pattern_correlation=_correlation(left(x), left(t)),
        n_persons=n, n_dimensions=j, flags=tuple(flags),
    )  # fmt: skip


def rater_accuracy_table(
    ratings: ArrayLike, true: ArrayLike, *, raters: Sequence[str] | None = None
) -> Table:
    """Cronbach's components of several raters: ratings (raters, persons, dimensions), one row a rater.

    Columns: rater, n (persons used), elevation, differential_elevation, stereotype_accuracy, differential_accuracy,
    mse, leniency, leniency_se, range_ratio. Persons with a gap for a rater are left out for that rater alone.

    >>> t = rater_accuracy_table([[[1, 2], [3, 4]], [[2, 3], [4, 5]]], [[1, 2], [3, 4]])
    >>> t["leniency"].tolist()
    [0.0, 1.0]
    """
    x, t = np.asarray(ratings, dtype=np.float64), np.asarray(true, dtype=np.float64)
    if x.ndim != 3 or x.shape[1:] != t.shape:
        raise ValueError(
            f"ratings {x.shape} must be raters × persons × dimensions with true scores {t.shape}."
        )
    names = rater_names(raters, len(x))
    keys = ("elevation", "differential_elevation", "stereotype_accuracy", "differential_accuracy", "mse", "leniency",
            "leniency_se", "range_ratio")  # fmt: skip
    rows: list[dict[str, float]] = []
    for block in x:
        whole = np.isfinite(block).all(axis=1) & np.isfinite(t).all(axis=1)
        if not whole.any():
            rows.append(dict.fromkeys(keys, math.nan) | {"n": 0})
            continue
        one = rater_accuracy(block[whole], t[whole])
        rows.append({key: getattr(one, key) for key in keys} | {"n": int(whole.sum())})
    columns = {"rater": np.array(names), "n": np.array([int(r["n"]) for r in rows])}
    return Table(columns | {key: np.array([r[key] for r in rows]) for key in keys})

"""Checking a matrix of item scores, and its covariances when cells are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ._estimate import FloatArray

Missing = Literal["pairwise", "complete"]


@dataclass(frozen=True)
class Covariances:
    """Covariance matrix of the items, with the numbers of persons behind it.

    `correlations` of a pair use the standard deviations of the persons of that pair, as R's cor(use="pairwise").
    `n` is the smallest number of persons any covariance rests on: the one intervals are built with.
    """

    matrix: FloatArray
    correlations: FloatArray
    n: int
    n_rows: int
    missing: Missing


def check_scores(scores: ArrayLike, *, least_items: int = 1) -> FloatArray:
    """Persons × items as floats; refuses what is not a matrix, infinite cells and too few columns."""
    try:
        matrix = np.array(scores, dtype=np.float64)
    except (TypeError, ValueError) as fault:
        raise ValueError(f"scores must be numbers, persons in rows and items in columns: {fault}") from fault
    if matrix.ndim != 2:
        raise ValueError(
            f"scores have {matrix.ndim} dimension(s), shape {matrix.shape}; give persons × items."
        )
    if matrix.shape[0] < 2:
        raise ValueError(f"scores hold {matrix.shape[0]} person(s); at least 2 are needed.")
    if matrix.shape[1] < least_items:
        raise ValueError(
            f"scores hold {matrix.shape[1]} item(s); this statistic needs at least {least_items}."
        )
    infinite = np.argwhere(np.isinf(matrix))
    if len(infinite):
        row, column = (int(v) for v in infinite[0])
        raise ValueError(
            f"row {row}, item {column} is infinite; mark an item that was not presented with NaN."
        )
    return matrix


def check_names(names: Sequence[str] | None, n_items: int) -> tuple[str, ...]:
    if names is None:
        return tuple(f"item{j + 1}" for j in range(n_items))
    if len(names) != n_items:
        raise ValueError(f"{len(names)} item names for {n_items} items; give one name a column.")
    if len(set(names)) != len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ValueError(f'item name "{twice}" stands twice; names must differ.')
    return tuple(names)


def _correlations(matrix: FloatArray) -> FloatArray:
    sd = np.sqrt(np.diag(matrix))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(matrix / np.outer(sd, sd), dtype=np.float64)


def covariances(scores: FloatArray, missing: Missing = "pairwise") -> Covariances:
    """Sample covariances (n − 1).

    *pairwise*: each covariance uses the persons who were presented both items, each with its own means, as
    R's cov(use="pairwise"). *complete*: only persons presented every item.
    """
    if missing not in ("pairwise", "complete"):
        raise ValueError(f'missing is "{missing}"; it is "pairwise" or "complete".')
    present = ~np.isnan(scores)
    if missing == "complete":
        scores = scores[present.all(axis=1)]
        present = np.ones_like(scores, dtype=bool)
    if scores.shape[0] < 2:
        none = np.full((scores.shape[1],) * 2, np.nan)
        return Covariances(none, none, scores.shape[0], scores.shape[0], missing)
    if present.all():
        matrix = np.atleast_2d(np.cov(scores, rowvar=False))
        return Covariances(matrix, _correlations(matrix), scores.shape[0], scores.shape[0], missing)
    # Centre first: the sums below then lose no digits to a large mean.
    counts_one = present.sum(axis=0)
    centre = np.where(present, scores, 0.0).sum(axis=0) / np.maximum(counts_one, 1)
    filled = np.where(present, scores - centre, 0.0)
    seen = present.astype(np.float64)
    counts = seen.T @ seen
    sums = filled.T @ seen
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix = (filled.T @ filled - sums * sums.T / counts) / (counts - 1)
        squares = (filled**2).T @ seen
        deviations = squares - sums**2 / counts
        correlations = (filled.T @ filled - sums * sums.T / counts) / np.sqrt(deviations * deviations.T)
    matrix[counts < 2] = np.nan
    correlations[counts < 2] = np.nan
    np.fill_diagonal(correlations, 1.0)
    return Covariances(matrix, correlations, int(counts.min()), scores.shape[0], missing)


def known_range(
    scores: FloatArray, minimum: ArrayLike | None, maximum: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest score of each item: as given, else the lowest of all cells and the highest seen per item."""
    n_items = scores.shape[1]
    if np.isnan(scores).all():
        raise ValueError("every cell is missing; nothing can be estimated.")
    lowest = float(np.nanmin(scores))
    seen = np.where(np.isnan(scores), -np.inf, scores).max(axis=0)
    low = np.broadcast_to(
        np.asarray(lowest if minimum is None else minimum, dtype=np.float64), (n_items,)
    ).copy()
    if maximum is None:
        high = np.where(seen > low, seen, low + 1)
    else:
        high = np.broadcast_to(np.asarray(maximum, dtype=np.float64), (n_items,)).copy()
    for j in range(n_items):
        column = scores[:, j][~np.isnan(scores[:, j])]
        if high[j] <= low[j]:
            raise ValueError(f"item {j}: highest score {high[j]:g} is not above the lowest {low[j]:g}.")
        if len(column) and (column.min() < low[j] or column.max() > high[j]):
            raise ValueError(
                f"item {j} has scores from {column.min():g} to {column.max():g}, outside {low[j]:g}–{high[j]:g}; "
                "correct the range or the scores."
            )
    return low, high

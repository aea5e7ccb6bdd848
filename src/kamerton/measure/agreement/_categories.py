"""Ratings as codes of categories, and how far two categories agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._checks import FloatArray, IntArray

WeightName = Literal["identity", "linear", "quadratic"]
Weights = WeightName | ArrayLike
"""Agreement weights: a name, or a symmetric (q, q) matrix with ones on its diagonal and values from 0 to 1."""


@dataclass(frozen=True)
class CodedRatings:
    """codes: (n, r) index of the category, −1 = not rated; categories: q labels; values: (q,) their numbers."""

    codes: IntArray
    categories: tuple[Any, ...]
    values: FloatArray

    @property
    def counts(self) -> FloatArray:
        """(n, q) raters who put a subject into a category."""
        q = len(self.categories)
        out = np.zeros((len(self.codes), q))
        for k in range(q):
            out[:, k] = (self.codes == k).sum(axis=1)
        return out


def _absent(x: Any) -> bool:
    return x is None or x == "" or (isinstance(x, (float, np.floating)) and math.isnan(x))


def code_ratings(ratings: Any, categories: Sequence[Any] | None = None) -> CodedRatings:
    """Subjects × raters of labels or numbers → codes; NaN, None and "" are *not rated*.

    Categories in the order given, else the sorted labels found. Numbers keep their values for distances; for labels
    the position in the order counts.
    """
    given = np.asarray(ratings) if isinstance(ratings, np.ndarray) else np.asarray(ratings, dtype=object)
    if given.ndim == 2 and given.shape[1] >= 2 and given.dtype.kind in "iuf":
        quick = _code_numbers(given.astype(np.float64), categories)
        if quick is not None:
            return quick
    cells = given.astype(object)
    if cells.ndim != 2 or cells.shape[1] < 2:
        raise ValueError(f"ratings have shape {cells.shape}; give subjects × raters with at least 2 raters.")
    present = [x for x in cells.ravel() if not _absent(x)]
    if not present:
        raise ValueError("every cell is missing; nothing can be compared.")
    if categories is None:
        try:
            order = sorted(set(present))
        except TypeError:
            kinds = sorted({type(x).__name__ for x in present})
            raise ValueError(
                f"labels of mixed kinds ({', '.join(kinds)}) cannot be put in order; give `categories`."
            ) from None
    else:
        order = list(categories)
        if len(set(order)) != len(order):
            raise ValueError(f"a category stands twice in {order}.")
    place = {label: k for k, label in enumerate(order)}
    codes = np.full(cells.shape, -1, dtype=np.intp)
    for i, row in enumerate(cells):
        for j, x in enumerate(row):
            if _absent(x):
                continue
            if x not in place:
                raise ValueError(
                    f"row {i}, rater {j} has category {x!r}, which is not among {order}. Add it or correct the cell."
                )
            codes[i, j] = place[x]
    numeric = all(isinstance(x, (int, float, np.number)) and not isinstance(x, bool) for x in order)
    values = np.array(order, dtype=np.float64) if numeric else np.arange(len(order), dtype=np.float64)
    return CodedRatings(codes, tuple(order), values)


def _code_numbers(x: FloatArray, categories: Sequence[Any] | None) -> CodedRatings | None:
    """The same for arrays of numbers, without a loop over cells; None where the slow way must name what is wrong."""
    present = ~np.isnan(x)
    found = np.unique(x[present])
    if not found.size:
        return None
    if categories is None:
        codes = np.where(present, np.searchsorted(found, np.where(present, x, found[0])), -1)
        labels = [int(v) if v.is_integer() else v for v in found.tolist()]
        return CodedRatings(codes.astype(np.intp), tuple(labels), found)
    if not all(isinstance(c, (int, float, np.number)) and not isinstance(c, bool) for c in categories):
        return None
    values = np.array(categories, dtype=np.float64)
    if len(np.unique(values)) != len(values) or not np.isin(found, values).all():
        return None
    order = np.argsort(values)
    place = order[np.searchsorted(values[order], np.where(present, x, found[0]))]
    return CodedRatings(np.where(present, place, -1).astype(np.intp), tuple(categories), values)


def agreement_weights(weights: Any, values: FloatArray) -> FloatArray:
    """(q, q) agreement weights: identity; linear 1 − |x − y|/range; quadratic 1 − (x − y)²/range²; or as given."""
    q = len(values)
    if isinstance(weights, str):
        if weights == "identity":
            return np.eye(q)
        if weights not in ("linear", "quadratic"):
            raise ValueError(
                f"weights is {weights!r}; it is 'identity', 'linear', 'quadratic' or a (q, q) matrix of agreement."
            )
        width = float(values.max() - values.min())
        if width <= 0:
            return np.eye(q)
        distance = np.abs(values[:, None] - values[None, :]) / width
        return 1 - (distance if weights == "linear" else distance**2)
    own = np.asarray(weights, dtype=np.float64)
    if own.shape != (q, q):
        raise ValueError(f"weights have shape {own.shape} for {q} categories; give ({q}, {q}).")
    if not np.allclose(own, own.T) or not np.allclose(np.diag(own), 1) or (own < 0).any() or (own > 1).any():
        raise ValueError(
            "weights of agreement are symmetric, 1 on the diagonal and from 0 to 1 elsewhere. "
            "Weights of disagreement w become 1 − w / max(w)."
        )
    return own


def category_values(scores: Any, values: FloatArray) -> FloatArray:
    """Numbers the weights are built on: "values" of the labels, their "ranks", or as many numbers as given."""
    if isinstance(scores, str):
        if scores == "values":
            return values
        if scores == "ranks":
            return np.arange(len(values), dtype=np.float64)
        raise ValueError(f'scores is {scores!r}; it is "values", "ranks" or one number a category.')
    own = np.asarray(scores, dtype=np.float64)
    if own.shape != values.shape:
        raise ValueError(f"scores have shape {own.shape} for {len(values)} categories.")
    return own

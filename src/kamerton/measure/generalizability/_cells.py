"""Observations sorted into the cells of each effect, and the quadratic forms of the analysis of variance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import FloatArray, IntArray
from ._design import Design

WITHIN = "within"
"""Name of the residual where cells hold more than one observation."""


@dataclass(frozen=True)
class Cells:
    """Long form: y (N,); codes (effects, N) number of the cell of each observation in each effect, from 0.

    `names`: effects, the residual last. `sizes`: levels of each facet, within one cell of what it is nested in
    (mean where they differ). `balanced`: complete, with equal numbers everywhere. `covers[a, b]`: effect b holds all
    facets of effect a. `residual_own`: the residual is `within` cells rather than the last effect of the design.
    """

    y: FloatArray
    codes: IntArray
    names: tuple[str, ...]
    counts: tuple[int, ...]
    sizes: Mapping[str, float]
    levels: Mapping[str, int]
    balanced: bool
    covers: NDArray[np.bool_]
    residual_own: bool

    @property
    def n(self) -> int:
        return len(self.y)


def _joint(columns: list[IntArray]) -> IntArray:
    """Codes from 0 of the different rows of some columns."""
    key = columns[0]
    for column in columns[1:]:
        key = np.unique(key * (int(column.max()) + 1) + column, return_inverse=True)[1].astype(np.intp)
    return np.unique(key, return_inverse=True)[1].astype(np.intp)


def long_form(
    scores: ArrayLike, facets: Mapping[str, ArrayLike] | None, design: Design
) -> tuple[FloatArray, dict[str, IntArray], dict[str, tuple[str, ...]]]:
    """Observations without gaps, codes of each facet's labels, and the labels as texts."""
    y: FloatArray = np.asarray(scores, dtype=np.float64)
    if np.isinf(y).any():
        raise ValueError("scores hold an infinite value; mark what was not observed with NaN.")
    raw: dict[str, NDArray[np.generic]] = {}
    if facets is None:
        if y.ndim != len(design.facets):
            raise ValueError(
                f"scores have {y.ndim} axes but design {design.text!r} has {len(design.facets)} facets "
                f"({', '.join(design.facets)}); give one axis a facet in that order, or scores in one column with `facets`."
            )
        grid = np.indices(y.shape)
        raw = {facet: grid[axis].ravel() for axis, facet in enumerate(design.facets)}
    else:
        if y.ndim != 1:
            raise ValueError(f"with `facets`, scores are one column, got shape {y.shape}.")
        if set(facets) != set(design.facets):
            raise ValueError(
                f"design {design.text!r} needs facets {list(design.facets)}, got {list(facets)}."
            )
        for name, labels in facets.items():
            column = np.asarray(labels)
            if column.shape != y.shape:
                raise ValueError(f"facet {name!r} has shape {column.shape}, the scores {y.shape}.")
            raw[name] = column
    y = y.ravel()
    seen = ~np.isnan(y)
    if seen.sum() < 3:
        raise ValueError(f"{int(seen.sum())} observation(s) of {len(y)}; variance components need many more.")
    codes, labels_of = {}, {}
    for facet in design.facets:
        found, code = np.unique(raw[facet][seen], return_inverse=True)
        codes[facet] = code.astype(np.intp)
        labels_of[facet] = tuple(str(v) for v in found)
    return y[seen], codes, labels_of


def sort_into_cells(y: FloatArray, codes: Mapping[str, IntArray], design: Design) -> Cells:
    """Codes of every effect; refuses a facet with one level, whose variance cannot be seen."""
    n = len(y)
    per_effect = [_joint([codes[f] for f in design.facets if f in e.indices]) for e in design.effects]
    names = [e.name for e in design.effects]
    index_sets = [e.indices for e in design.effects]
    residual_own = int(per_effect[-1].max()) + 1 < n
    if residual_own:
        per_effect.append(np.arange(n, dtype=np.intp))
        names.append(WITHIN)
        index_sets.append(frozenset((*design.facets, "")))
    counts = [int(c.max()) + 1 for c in per_effect]
    sizes, levels = {}, {}
    for facet in design.facets:
        own = design.nested_in[facet]
        together = _joint([codes[f] for f in design.facets if f == facet or f in own])
        outer = int(_joint([codes[f] for f in design.facets if f in own]).max()) + 1 if own else 1
        levels[facet] = int(together.max()) + 1
        sizes[facet] = levels[facet] / outer
        if levels[facet] == outer:
            where = f" within {', '.join(sorted(own))}" if own else ""
            raise ValueError(
                f"facet {facet!r} has one level{where}; its variance cannot be told from the rest. "
                "Drop it from the design or give data with at least 2 levels."
            )
    equal = all(len(set(np.bincount(c).tolist())) == 1 for c in per_effect)
    full = all(
        abs(count - np.prod([sizes[f] for f in index if f])) < 1e-9
        for count, index in zip(counts, index_sets, strict=True)
        if "" not in index
    )
    covers = np.array([[a <= b for b in index_sets] for a in index_sets])
    return Cells(
        y, np.array(per_effect), tuple(names), tuple(counts), sizes, levels, bool(equal and full), covers,
        residual_own,
    )  # fmt: skip


def cell_squares(cells: Cells, y: FloatArray) -> FloatArray:
    """T of each effect: sum over its cells of (sum of y)² / number, y centred by the caller."""
    return np.array(
        [float((np.bincount(code, weights=y) ** 2 / np.bincount(code)).sum()) for code in cells.codes]
    )


def coefficients(cells: Cells) -> tuple[FloatArray, FloatArray]:
    """(E, E) and (E,): how often each component enters the expectation of each T, and of N·mean²."""
    size = len(cells.names)
    out, mean = np.zeros((size, size)), np.zeros(size)
    for b in range(size):
        nb = np.bincount(cells.codes[b]).astype(np.float64)
        mean[b] = float((nb**2).sum()) / cells.n
        for a in range(size):
            if cells.covers[b, a]:
                out[a, b] = cells.n  # every cell of a lies in one cell of b
                continue
            na = np.bincount(cells.codes[a]).astype(np.float64)
            pair, count = np.unique(
                cells.codes[a].astype(np.int64) * cells.counts[b] + cells.codes[b], return_counts=True
            )
            out[a, b] = float((count.astype(np.float64) ** 2 / na[pair // cells.counts[b]]).sum())
    return out, mean


@dataclass(frozen=True)
class SumsOfSquares:
    """Balanced design: sums of squares, degrees of freedom and the weights of components in each mean square."""

    ss: FloatArray
    df: FloatArray
    weights: FloatArray  # (E, E): expected mean square of row = weights @ components


def sums_of_squares(cells: Cells, y: FloatArray) -> SumsOfSquares:
    """Orthogonal decomposition of a balanced design (effects ordered, residual last)."""
    t = cell_squares(cells, y - y.mean())
    size = len(cells.names)
    ss, df = np.zeros(size), np.zeros(size)
    for a in range(size):
        below = [b for b in range(size) if b != a and cells.covers[b, a]]
        ss[a] = max(t[a] - ss[below].sum(), 0.0)
        df[a] = cells.counts[a] - 1 - df[below].sum()
    per_cell = np.array([cells.n / c for c in cells.counts])
    return SumsOfSquares(ss, df, np.where(cells.covers, per_cell[None, :], 0.0))

"""Parameters of the many-facet model as one vector: levels, thresholds, mean and spread of persons; origins and anchors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, csc_matrix

from .._checks import BoolArray, FloatArray, IntArray
from ._long import USABLE, Design


@dataclass(frozen=True)
class Point:
    """One set of parameter values; levels of the facets after the first stand one after the other."""

    level: FloatArray  # (L,) severity of every level, 0 where set aside
    threshold: FloatArray  # (G, K) padded with 0
    mean: float
    log_sd: float

    @property
    def sd(self) -> float:
        return float(np.exp(self.log_sd))

    def raw(self) -> FloatArray:
        return np.concatenate((self.level, self.threshold.ravel(), [self.mean, self.log_sd]))


@dataclass(frozen=True)
class Layout:
    """How the free numbers make up the raw ones: raw = basis · free + offset; sums of centred facets are zero."""

    offset: IntArray  # (F,) first raw index of each facet after the first, and the end
    n_groups: int
    width: int
    basis: Any  # (raw, free) sparse
    start: FloatArray  # (raw,) anchors, 0 elsewhere
    sums: FloatArray  # (m, free) one row per centred facet
    shifts: FloatArray  # (free, m) what changes nothing but the origin of that facet
    anchored: BoolArray  # (L,)
    known: FloatArray = field(default_factory=lambda: np.zeros(0))

    @property
    def n_levels(self) -> int:
        return int(self.offset[-1])

    @property
    def n_free(self) -> int:
        return int(self.basis.shape[1])

    @property
    def mean_at(self) -> int:
        return self.n_levels + self.n_groups * self.width

    def point(self, free: FloatArray) -> Point:
        raw = self.basis @ free + self.start
        return self.of_raw(raw)

    def of_raw(self, raw: FloatArray) -> Point:
        n, m = self.n_levels, self.mean_at
        return Point(
            level=raw[:n],
            threshold=raw[n:m].reshape(self.n_groups, self.width),
            mean=float(raw[m]),
            log_sd=float(raw[m + 1]),
        )

    def free(self, point: Point) -> FloatArray:
        """The free numbers nearest to a point (used for starts)."""
        target = self.basis.T @ (point.raw() - self.start)
        weight = np.asarray(self.basis.multiply(self.basis).sum(axis=0)).ravel()
        return np.asarray(target / weight)  # the columns are orthogonal


def helmert(k: int) -> FloatArray:
    """(k, k − 1) orthonormal columns that sum to zero: k thresholds with mean zero have k − 1 free numbers."""
    out = np.zeros((k, max(k - 1, 0)))
    for j in range(1, k):
        out[:j, j - 1], out[j, j - 1] = 1.0, -j
        out[:, j - 1] /= np.sqrt(j * (j + 1))
    return out


def layout(
    design: Design,
    anchors: Sequence[dict[int, float]],
    free: int,
    *,
    mean: float | None,
    log_sd: float | None,
    thresholds: FloatArray | None = None,
) -> Layout:
    """`free` is the place of the facet left without an origin (0 = persons); mean and log_sd are fixed where given.

    A facet with anchors takes its origin from them; every other facet but `free` is centred on its usable levels.
    """
    sizes = design.n_levels[1:]
    offset = np.concatenate(([0], np.cumsum(sizes))).astype(np.intp)
    n_levels, n_groups, width = int(offset[-1]), len(design.steps), design.width
    raw = n_levels + n_groups * width + 2
    start = np.zeros(raw)
    anchored = np.zeros(n_levels, dtype=bool)
    for f, given in enumerate(anchors):
        for place, measure in given.items():
            start[offset[f] + place] = measure
            anchored[offset[f] + place] = True
    usable = np.concatenate([design.status[f + 1] == USABLE for f in range(len(sizes))]) & ~anchored
    rows, columns, values = (
        [np.flatnonzero(usable)],
        [np.arange(int(usable.sum()))],
        [np.ones(int(usable.sum()))],
    )
    count = int(usable.sum())
    if thresholds is not None:
        start[n_levels : n_levels + n_groups * width] = thresholds.ravel()
    else:
        for g, k in enumerate(design.steps):
            if k < 2 or not np.any(design.at_least[g]):
                continue
            z = helmert(int(k))
            r, c = np.nonzero(z)
            rows.append(n_levels + g * width + r)
            columns.append(count + c)
            values.append(z[r, c])
            count += int(k) - 1
    mean_column = -1
    for k, fixed in ((0, mean), (1, log_sd)):
        at = n_levels + n_groups * width + k
        if fixed is not None:
            start[at] = fixed
            continue
        if k == 0:
            mean_column = count
        rows.append(np.array([at]))
        columns.append(np.array([count]))
        values.append(np.ones(1))
        count += 1
    basis = coo_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(raw, count)
    )
    basis = csc_matrix(basis)
    centred = [
        f
        for f in range(len(sizes))
        if f + 1 != free and not anchors[f] and usable[offset[f] : offset[f + 1]].any()
    ]
    column_of = np.full(n_levels, -1, dtype=np.intp)
    column_of[usable] = np.arange(int(usable.sum()))
    sums = np.zeros((len(centred), count))
    shifts = np.zeros((count, len(centred)))
    for k, f in enumerate(centred):
        mine = column_of[offset[f] : offset[f + 1]]
        mine = mine[mine >= 0]
        sums[k, mine] = 1.0
        shifts[mine, k] = 1.0
        if free == 0:
            if mean_column >= 0:
                shifts[mean_column, k] = 1.0
        else:
            held = column_of[offset[free - 1] : offset[free]]
            shifts[held[held >= 0], k] = -1.0
    return Layout(
        offset=offset,
        n_groups=n_groups,
        width=width,
        basis=basis,
        start=start,
        sums=sums,
        shifts=shifts,
        anchored=anchored,
    )

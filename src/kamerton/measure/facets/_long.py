"""Ratings as a long table, and what estimation needs of it: index arrays and counts of equal cells, never a design array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

from .._checks import FloatArray, IntArray
from .._estimator import Table

Ratings = Mapping[str, ArrayLike] | NDArray[Any] | Table
"""Columns of one length by name: a mapping, a structured array or a `Table`; a data frame works too."""

USABLE, TOP, BOTTOM, CONSTANT, EMPTY = 0, 1, -1, 2, 3


def columns_of(ratings: Ratings, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The named columns as 1-D arrays of one length; raises ValueError naming what is missing."""
    held: Any = ratings.columns if isinstance(ratings, Table) else ratings
    if isinstance(held, np.ndarray):
        present: list[str] = list(held.dtype.names or ())
    elif isinstance(held, Mapping):
        present = [str(name) for name in held]
    elif hasattr(held, "columns"):
        present = [str(name) for name in held.columns]
    else:
        raise ValueError(
            f"ratings is a {type(held).__name__}; give a mapping of columns, a structured array or a Table."
        )
    missing = [name for name in names if name not in present]
    if missing:
        raise ValueError(f"ratings has no column {', '.join(map(repr, missing))}; it has {present}.")
    out = {name: np.asarray(held[name]) for name in names}
    shapes = {name: column.shape for name, column in out.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        raise ValueError(f"The columns of ratings must be 1-D and of one length, got {shapes}.")
    return out


def label_index(
    column: NDArray[Any], name: str, known: NDArray[Any] | None = None
) -> tuple[NDArray[Any], IntArray]:
    """Sorted labels of a column and the place of each row among them; `known` labels are kept as they are."""
    if column.dtype == object:
        kinds = {type(x) for x in column.tolist()}
        if type(None) in kinds:
            row = next(i for i, x in enumerate(column.tolist()) if x is None)
            raise ValueError(
                f"Column {name!r} has no label in row {row}. Name the {name} or drop the rating."
            )
        column = np.asarray(column.tolist() if len(kinds) == 1 else [str(x) for x in column.tolist()])
    if column.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(column))
        if len(bad):
            raise ValueError(
                f"Column {name!r} has {column[bad[0]]} in row {bad[0]}. Name the {name} or drop the rating."
            )
    if known is None:
        labels, index = np.unique(column, return_inverse=True)
        return labels, index.astype(np.intp)
    if known.dtype.kind != column.dtype.kind and "U" in (known.dtype.kind, column.dtype.kind):
        column = column.astype(str) if known.dtype.kind == "U" else column
    index = np.searchsorted(known, column) if len(known) else np.zeros(len(column), dtype=np.intp)
    index = np.minimum(index, len(known) - 1)
    strange = np.flatnonzero(known[index] != column)
    if len(strange):
        raise ValueError(
            f"{name} {column[strange[0]]!r} (row {strange[0]}) was not in the ratings the model was fitted to. "
            "Fit again with it, or leave its ratings out."
        )
    return known, index.astype(np.intp)


@dataclass(frozen=True)
class LongTable:
    """Ratings that were given, as places among sorted labels."""

    facets: tuple[str, ...]
    labels: tuple[NDArray[Any], ...]  # F arrays
    index: IntArray  # (F, R)
    value: IntArray  # (R,)
    row: IntArray  # (R,) place in the table that was given
    n_missing: int


def read_long(
    ratings: Ratings,
    facets: Sequence[str],
    value: str,
    known: Mapping[str, NDArray[Any]] | None = None,
) -> LongTable:
    """Rows with a rating; NaN = not observed. Raises ValueError for a rating that is no whole number."""
    columns = columns_of(ratings, [*facets, value])
    try:
        x = columns[value].astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"Column {value!r} holds {columns[value].dtype}; ratings are whole numbers, NaN = not observed."
        ) from None
    row = np.flatnonzero(~np.isnan(x)).astype(np.intp)
    x = x[row]
    odd = np.flatnonzero((x != np.round(x)) | ~np.isfinite(x))
    if len(odd):
        raise ValueError(
            f"Column {value!r} has {x[odd[0]]} in row {row[odd[0]]}; a rating is a whole number of the scale. "
            "Double half points, or round them by a stated rule."
        )
    if len(x) == 0:
        raise ValueError(f"ratings has no rating at all: column {value!r} is empty or NaN throughout.")
    labels, index = [], []
    for name in facets:
        held, place = label_index(columns[name][row], name, None if known is None else known.get(name))
        labels.append(held)
        index.append(place)
    return LongTable(
        facets=tuple(facets),
        labels=tuple(labels),
        index=np.asarray(index, dtype=np.intp),
        value=x.astype(np.intp),
        row=row,
        n_missing=len(columns[value]) - len(row),
    )


@dataclass(frozen=True)
class Design:
    """The rows that carry information, grouped: a cell is one combination of the levels of all facets but the first."""

    n_levels: tuple[int, ...]  # of every facet, persons first
    person: IntArray  # (R,)
    cell: IntArray  # (R,)
    step: IntArray  # (R,) category counted from 0 among the used ones of the row's group
    keep: IntArray  # (R,) place in the long table
    cell_level: IntArray  # (C, F − 1)
    cell_group: IntArray  # (C,) threshold group
    steps: IntArray  # (G,) thresholds of each group
    categories: tuple[IntArray, ...]  # G arrays of used values
    counts: Any  # (P, C) sparse: ratings of a person in a cell
    score: FloatArray  # (P,)
    cell_score: FloatArray  # (C,)
    at_least: FloatArray  # (G, K) number of ratings that reached step k
    status: tuple[IntArray, ...]  # per facet: USABLE, TOP, BOTTOM, CONSTANT or EMPTY
    raw_n: tuple[IntArray, ...]  # per facet: ratings before any were set aside

    @property
    def n_persons(self) -> int:
        return self.n_levels[0]

    @property
    def width(self) -> int:
        """Largest number of thresholds."""
        return int(self.steps.max(initial=1))


def used_categories(value: IntArray, group: IntArray, n_groups: int) -> tuple[IntArray, ...]:
    """Per threshold group the values that occur."""
    order = np.lexsort((value, group))
    g, v = group[order], value[order]
    first = np.ones(len(g), dtype=bool)
    first[1:] = (g[1:] != g[:-1]) | (v[1:] != v[:-1])
    g, v = g[first], v[first]
    ends = np.searchsorted(g, np.arange(n_groups + 1))
    return tuple(v[ends[k] : ends[k + 1]] for k in range(n_groups))


def build_design(
    table: LongTable,
    scale_facet: int | None,
    *,
    categories: tuple[IntArray, ...] | None = None,
    set_aside_persons: bool = False,
    set_aside_levels: bool = True,
    anchored: Sequence[Iterable[int]] = (),
) -> Design:
    """Groups equal cells and sets aside what has no finite measure: levels (and persons) at one end of the scale.

    `anchored` holds, for each facet after the first, the places of levels that are never set aside.
    """
    rows = len(table.value)
    group = np.zeros(rows, dtype=np.intp) if scale_facet is None else table.index[scale_facet]
    n_groups = 1 if scale_facet is None else len(table.labels[scale_facet])
    sizes = tuple(len(labels) for labels in table.labels)
    raw_n = tuple(np.bincount(table.index[f], minlength=sizes[f]).astype(np.intp) for f in range(len(sizes)))
    status = [np.where(n == 0, EMPTY, USABLE).astype(np.intp) for n in raw_n]
    usable = np.ones(rows, dtype=bool)
    held = categories
    while True:
        if categories is None:  # categories used by nobody else leave with those who are set aside
            held = used_categories(table.value[usable], group[usable], n_groups)
        assert held is not None
        steps = np.array([max(len(c) - 1, 0) for c in held], dtype=np.intp)
        here = np.flatnonzero(usable)
        x = np.zeros(rows, dtype=np.intp)
        x[here] = steps_of(table.value[here], held, group[here])
        if scale_facet is not None:
            constant = (steps == 0) & (status[scale_facet] == USABLE)
            status[scale_facet][constant] = CONSTANT
            usable &= steps[group] > 0
        before = int(usable.sum())
        for f in range(len(sizes)):
            if (f == 0 and not set_aside_persons) or (f > 0 and not set_aside_levels):
                continue
            place = table.index[f][usable]
            n = np.bincount(place, minlength=sizes[f])
            top = np.bincount(place, weights=x[usable] == steps[group[usable]], minlength=sizes[f])
            bottom = np.bincount(place, weights=x[usable] == 0, minlength=sizes[f])
            ends = n > 0
            if f > 0 and anchored:
                ends[list(anchored[f - 1])] = False  # its measure is known: the ratings speak of the others
            at_top, at_bottom = ends & (top == n), ends & (bottom == n)
            status[f][at_top], status[f][at_bottom] = TOP, BOTTOM
            usable &= status[f][table.index[f]] == USABLE
        if int(usable.sum()) == before and len(here) == before:
            break
        if not usable.any():
            raise ValueError(
                "No rating is left after levels with only the highest or only the lowest category were set aside "
                f"(values {table.value.min()} to {table.value.max()}, {rows} ratings). More varied ratings are needed."
            )
    keep = np.flatnonzero(usable)
    return _grouped(table, keep, x[keep], group[keep], sizes, steps, held, tuple(status), raw_n)


def steps_of(value: IntArray, held: tuple[IntArray, ...], group: IntArray) -> IntArray:
    """Place of each value among the categories of its group; raises ValueError for a value the fit has not seen."""
    low = min(int(value.min()), min((int(c[0]) for c in held if len(c)), default=0))
    span = max(int(value.max()), max((int(c[-1]) for c in held if len(c)), default=0)) - low + 1
    sizes = np.array([len(c) for c in held])
    table = np.concatenate([c - low for c in held]) + np.repeat(np.arange(len(held)), sizes) * span
    key = group * span + value - low
    place = np.minimum(np.searchsorted(table, key), len(table) - 1)
    strange = np.flatnonzero(table[place] != key)
    if len(strange):
        k = strange[0]
        raise ValueError(
            f"Value {value[k]} was not used in the ratings the model was fitted to (used: {held[group[k]].tolist()})."
        )
    return np.asarray(place - (np.cumsum(sizes) - sizes)[group], dtype=np.intp)


def _grouped(
    table: LongTable,
    keep: IntArray,
    x: IntArray,
    group: IntArray,
    sizes: tuple[int, ...],
    steps: IntArray,
    held: tuple[IntArray, ...],
    status: tuple[IntArray, ...],
    raw_n: tuple[IntArray, ...],
) -> Design:
    person = table.index[0][keep]
    levels = table.index[1:, keep]
    key = np.zeros(len(keep), dtype=np.int64)
    for f in range(1, len(sizes)):
        key = key * sizes[f] + levels[f - 1]
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    n_cells = len(first)
    counts = csr_matrix((np.ones(len(keep)), (person, cell)), shape=(sizes[0], n_cells))
    counts.sum_duplicates()
    width = int(steps.max(initial=1))
    seen = np.bincount(group * (width + 1) + x, minlength=len(steps) * (width + 1)).reshape(
        len(steps), width + 1
    )
    at_least = seen[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return Design(
        n_levels=sizes,
        person=person,
        cell=cell.astype(np.intp),
        step=x,
        keep=keep.astype(np.intp),
        cell_level=np.ascontiguousarray(levels[:, first].T),
        cell_group=group[first],
        steps=steps,
        categories=held,
        counts=counts,
        score=np.bincount(person, weights=x, minlength=sizes[0]).astype(np.float64),
        cell_score=np.bincount(cell, weights=x, minlength=n_cells).astype(np.float64),
        at_least=at_least.astype(np.float64),
        status=status,
        raw_n=raw_n,
    )

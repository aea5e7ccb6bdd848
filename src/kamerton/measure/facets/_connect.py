"""Whether the levels of each facet can be compared through the ratings given, and which ratings would join them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsmr

from .._checks import FloatArray, IntArray
from ._long import LongTable, Ratings, read_long

DENSE_LEVELS = 3000  # levels whose Gram matrix is decomposed at once: 72 MB, a few seconds
NULL = 1e-8  # eigenvalue, relative to the largest, below which a direction is not estimable
SAME = 1e-6  # two levels with shifts closer than this belong together
PROBES = 3  # random directions that tell groups apart when there are too many levels to decompose
PERFORMANCES_TRIED = 2000  # per pairing sought; the first that joins is taken


@dataclass(frozen=True)
class Pairing:
    """One rating that would join two subsets: `level` of facet `add` on the performance named by `of`."""

    add: str
    level: Any
    of: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        return f"{self.add} {self.level} on " + ", ".join(f"{facet} {label}" for facet, label in self.of)


@dataclass(frozen=True)
class Subset:
    """Levels of one facet that can be compared with each other and with no other."""

    facet: str
    levels: tuple[Any, ...]


@dataclass(frozen=True)
class Connectedness:
    """Disjoint subsets of a design.

    `connected` says that all levels of all facets can be compared. `missing_links` is the number of ratings, well
    chosen, that would make it so; `pairings_that_connect` names such ratings, as few as that. `subsets` lists, for
    each facet that falls apart, its groups of levels, largest first.
    """

    connected: bool
    facets: tuple[str, ...]
    missing_links: int
    subsets: tuple[Subset, ...]
    pairings_that_connect: tuple[Pairing, ...]

    def subsets_of(self, facet: str) -> tuple[tuple[Any, ...], ...]:
        """Groups of levels of one facet, largest first; empty if the facet holds together."""
        return tuple(subset.levels for subset in self.subsets if subset.facet == facet)


def connectedness(
    ratings: Ratings, facets: Sequence[str], *, value: str = "value", add: str | None = None
) -> Connectedness:
    """Finds the disjoint subsets of a rating design and the fewest ratings that would join them.

    Two levels of a facet are comparable when no shift of measures that leaves every expected rating as it was moves
    them apart: with X the rows of the design (one 1 per facet), the contrast lies in the row space of X. With two facets
    these are the components of the person-rater graph; with more facets a graph can look connected while, say, raters
    nested in exercises cannot be told from the exercises, so the null space of X is computed (persons eliminated).

    Parameters
    ----------
    ratings : long table; rows with NaN in `value` are not counted.
    facets : names of the columns that take part, in any order.
    value : column of the ratings ("value").
    add : facet to bring to existing performances when looking for pairings; default the last of `facets`, as in
        practice it is a rater who sees one person more.

    Assumptions: additive facets. When not to use: for thin links; a design may be connected through one rating only,
    and then the standard errors of differences, not this check, show how weak the link is.

    >>> import numpy as np
    >>> table = {"person": np.array([1, 1, 2, 2]), "rater": np.array(["a", "b", "c", "d"]), "value": np.array([1, 2, 2, 1])}
    >>> found = connectedness(table, ("person", "rater"))
    >>> found.connected, found.missing_links, found.subsets_of("rater")
    (False, 1, (('a', 'b'), ('c', 'd')))
    >>> str(found.pairings_that_connect[0])
    'rater a on person 2'

    References: Weeks & Williams 1964; Linacre 1994, ch. 8; Engelhard 1997.
    """
    if len(facets) < 2 or len(set(facets)) < len(facets):
        raise ValueError(f"facets is {tuple(facets)}; name at least two different columns.")
    if add is not None and add not in facets:
        raise ValueError(f"add is {add!r}; it is one of {tuple(facets)}.")
    table = read_long(ratings, facets, value)
    return connected_levels(table, table.index, facets.index(add) if add is not None else len(facets) - 1)


def connected_levels(table: LongTable, index: IntArray, add: int) -> Connectedness:
    """As `connectedness`, for places among labels."""
    sizes = [len(labels) for labels in table.labels]
    rows = np.unique(index, axis=1)
    offset = np.concatenate(([0], np.cumsum(sizes)))
    if len(sizes) == 2:
        label, n_groups = _graph(rows, sizes)
        extra = n_groups - 1
        pairs = [] if extra == 0 else _graph_pairings(rows, sizes, label, n_groups, add)
        groups = [label[: sizes[0]], label[sizes[0] :]]
    else:
        null, extra = null_space(rows, sizes)
        groups = [group_rows(null[offset[f] : offset[f + 1]]) for f in range(len(sizes))]
        pairs = [] if extra == 0 else _null_pairings(rows, sizes, null, extra, add, groups)
    subsets = []
    for f, group in enumerate(groups):
        if int(group.max()) > 0:
            subsets += [Subset(table.facets[f], levels) for levels in _listed(table.labels[f], group)]
    return Connectedness(
        connected=extra == 0,
        facets=table.facets,
        missing_links=extra,
        subsets=tuple(subsets),
        pairings_that_connect=tuple(
            Pairing(
                add=table.facets[f],
                level=table.labels[f][level].item(),
                of=tuple(
                    (table.facets[k], table.labels[k][row[k]].item()) for k in range(len(sizes)) if k != f
                ),
            )
            for f, level, row in pairs
        ),
    )


def _listed(labels: Any, group: IntArray) -> list[tuple[Any, ...]]:
    order = np.argsort(group, kind="stable")
    parts = np.split(labels[order], np.cumsum(np.bincount(group))[:-1])
    return sorted((tuple(part.tolist()) for part in parts), key=lambda part: (-len(part), str(part[0])))


def _graph(rows: IntArray, sizes: list[int]) -> tuple[IntArray, int]:
    total = sum(sizes)
    links = coo_matrix((np.ones(rows.shape[1]), (rows[0], rows[1] + sizes[0])), shape=(total, total))
    n_groups, label = connected_components(links, directed=False)
    return label.astype(np.intp), int(n_groups)


def _graph_pairings(
    rows: IntArray, sizes: list[int], label: IntArray, n_groups: int, add: int
) -> list[tuple[int, int, IntArray]]:
    """Each smaller group is joined to the largest by the level of facet `add` with the fewest ratings there."""
    start = 0 if add == 0 else sizes[0]
    main = int(np.argmax(np.bincount(label, minlength=n_groups)))
    load = np.bincount(rows[add], minlength=sizes[add])
    mine = label[start : start + sizes[add]]
    carrier = int(np.flatnonzero(mine == main)[np.argmin(load[mine == main])])
    _, first = np.unique(label[rows[0]], return_index=True)
    return [(add, carrier, rows[:, k]) for k in first if label[rows[0, k]] != main]


def null_space(rows: IntArray, sizes: list[int]) -> tuple[FloatArray, int]:
    """Shifts of levels that leave all sums of a row unchanged (sum of sizes, D), and how many are not mere origins."""
    total, big = sum(sizes), int(np.argmax(sizes))
    offset = np.concatenate(([0], np.cumsum(sizes)))
    n = rows.shape[1]
    x = csr_matrix(
        (np.ones(n * len(sizes)), (np.tile(np.arange(n), len(sizes)), (rows + offset[:-1, None]).ravel())),
        shape=(n, total),
    )
    others = np.setdiff1d(np.arange(total), np.arange(offset[big], offset[big + 1]))
    if len(others) > DENSE_LEVELS:
        return _probed(x, total, len(sizes))
    xb, xo = x[:, offset[big] : offset[big + 1]], x[:, others]
    weight = np.asarray(xb.sum(axis=0)).ravel()
    cross = (xb.T @ xo).tocsr()
    inverse = np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)
    gram = (xo.T @ xo).toarray() - (cross.T @ cross.multiply(inverse[:, None]).tocsr()).toarray()
    values, vectors = eigh(gram)
    null = vectors[:, values <= NULL * max(float(values[-1]), 1.0)]
    out = np.zeros((total, null.shape[1]))
    out[others] = null
    out[offset[big] : offset[big + 1]] = -(cross @ null) * inverse[:, None]
    # Each facet but the eliminated one has its own free origin; whatever goes beyond those is a break in the design.
    return out, null.shape[1] - (len(sizes) - 1)


def _probed(x: Any, total: int, n_facets: int) -> tuple[FloatArray, int]:
    """With very many levels: random directions less their part in the row space; groups are told apart, counts are not."""
    rng = np.random.default_rng(0)
    out = np.zeros((total, PROBES))
    for k in range(PROBES):
        v = rng.normal(size=total)
        out[:, k] = v - lsmr(x, x @ v, atol=1e-13, btol=1e-13, maxiter=20 * total)[0]
    groups = max(int(group_rows(out).max()) + 1, 1)
    return out, max(groups - n_facets, 0)


def group_rows(null: FloatArray) -> IntArray:
    """Levels that every null direction shifts alike, numbered from 0."""
    if null.shape[1] == 0 or len(null) == 0:
        return np.zeros(len(null), dtype=np.intp)
    shift = null @ np.random.default_rng(1).normal(size=null.shape[1])
    order = np.argsort(shift, kind="stable")
    scale = max(float(np.abs(shift).max()), 1e-300)
    jump = np.concatenate(([0], np.cumsum(np.diff(shift[order]) > SAME * scale)))
    out = np.empty(len(null), dtype=np.intp)
    out[order] = jump
    return out


def _null_pairings(
    rows: IntArray, sizes: list[int], null: FloatArray, extra: int, add: int, groups: list[IntArray]
) -> list[tuple[int, int, IntArray]]:
    """Greedy, and minimal: a row outside the row space removes exactly one direction."""
    offset = np.concatenate(([0], np.cumsum(sizes)))
    out: list[tuple[int, int, IntArray]] = []
    sought = [add, *[f for f in range(len(sizes)) if f != add]]
    while len(out) < extra:
        found = None
        for f in sought:
            others = [k for k in range(len(sizes)) if k != f]
            seen = np.unique(rows[others], axis=1)[:, :PERFORMANCES_TRIED]
            fixed = sum(null[offset[k] + seen[i]] for i, k in enumerate(others))
            load = np.bincount(rows[f], minlength=sizes[f])
            for level in np.argsort(load, kind="stable"):
                size = np.abs(fixed + null[offset[f] + level]).max(axis=1)
                if float(size.max()) > SAME * max(float(np.abs(null).max()), 1e-300):
                    row = np.zeros(len(sizes), dtype=np.intp)
                    row[others] = seen[:, int(np.argmax(size > 0.5 * size.max()))]
                    row[f] = level
                    found = (f, int(level), row)
                    break
            if found is not None:
                break
        if found is None:
            break
        out.append(found)
        moved = null[offset[:-1] + found[2]].sum(axis=0)
        basis = np.linalg.svd(moved[None, :])[2][1:]  # directions the new rating leaves unmoved
        null = null @ basis.T
        rows = np.concatenate((rows, found[2][:, None]), axis=1)
    return out

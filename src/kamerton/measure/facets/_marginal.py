"""Marginal likelihood of the many-facet Rasch model on a grid of person measures, with exact first and second derivatives.

The grid is z = (θ − mean)/sd, equally spaced: the trapezoidal rule, whose error falls like exp(−2π²(s/h)²) for posterior
spread s and spacing h. The sum of a person's steps is sufficient, so the likelihood of all persons on all nodes is one
product of the sparse table of counts (persons × cells) with the table of log-normalisers (cells × nodes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from .._checks import FloatArray, IntArray
from ._long import Design
from ._parameters import Layout, Point

BLOCK = 4_000_000  # persons × nodes (and features × nodes) held at once: 32 MB
DENSE = 2000  # free parameters up to which the information is a dense matrix in every step


def nodes(spacing: float, reach: float) -> FloatArray:
    """Equally spaced z from −reach to reach."""
    half = int(np.ceil(reach / spacing))
    return np.asarray(np.arange(-half, half + 1) * spacing, dtype=np.float64)


@dataclass(frozen=True)
class Moments:
    """Of the step in each cell at each node."""

    log_norm: FloatArray  # (C, Q)
    mean: FloatArray
    variance: FloatArray
    reached: FloatArray  # (K, C, Q) probability of step k or more
    tail: FloatArray  # (K, C, Q) Σ_{j ≥ k} j P_j


def moments(location: FloatArray, cumulative: FloatArray) -> Moments:
    """`location` (C, Q) of the rating, `cumulative` (C, K + 1) sums of thresholds, infinite beyond the last category."""
    width = cumulative.shape[1] - 1
    log = [np.zeros_like(location)] + [k * location - cumulative[:, k : k + 1] for k in range(1, width + 1)]
    top = np.maximum.reduce(log)
    p = [np.exp(x - top) for x in log]
    total = np.add.reduce(p)
    reached, tail = np.zeros((width, *location.shape)), np.zeros((width, *location.shape))
    above, weighted, square = np.zeros_like(location), np.zeros_like(location), np.zeros_like(location)
    for k in range(width, 0, -1):
        p[k] /= total
        above = above + p[k]
        weighted = weighted + k * p[k]
        square += k * k * p[k]
        reached[k - 1], tail[k - 1] = above, weighted
    return Moments(
        top + np.log(total), weighted, np.maximum(square - weighted * weighted, 0.0), reached, tail
    )


def cumulative_thresholds(threshold: FloatArray, steps: IntArray) -> FloatArray:
    """(G, K + 1) sums of thresholds; infinite for categories a group does not have."""
    out = np.concatenate((np.zeros((len(threshold), 1)), np.cumsum(threshold, axis=1)), axis=1)
    out[np.arange(out.shape[1])[None, :] > steps[:, None]] = np.inf
    return out


@dataclass(frozen=True)
class Features:
    """Per person the raw parameters its ratings speak of; rows sorted by person."""

    pair_counts: Any  # (n, C) sparse: ratings of a person on a level, by cell
    pair_person: IntArray
    pair_raw: IntArray  # raw index of the level
    group_counts: Any  # (m, C) sparse: ratings of a person in a threshold group
    group_person: IntArray
    group_raw: IntArray  # raw index of the group's first threshold


def features(design: Design, offset: IntArray) -> Features:
    """Sparse tables from which scores of persons are made."""
    coo = coo_matrix(design.counts)
    person, cell, count = coo.row, coo.col, coo.data
    n_levels, width, n_cells = int(offset[-1]), design.width, design.counts.shape[1]
    keys = np.concatenate(
        [
            person.astype(np.int64) * n_levels + offset[f] + design.cell_level[cell, f]
            for f in range(len(offset) - 1)
        ]
    )
    unique, row = np.unique(keys, return_inverse=True)
    pairs = csr_matrix(
        (np.tile(count, len(offset) - 1), (row, np.tile(cell, len(offset) - 1))), shape=(len(unique), n_cells)
    )
    n_groups = len(design.steps)
    gkeys, grow = np.unique(person.astype(np.int64) * n_groups + design.cell_group[cell], return_inverse=True)
    groups = csr_matrix((count, (grow, cell)), shape=(len(gkeys), n_cells))
    return Features(
        pair_counts=pairs,
        pair_person=(unique // n_levels).astype(np.intp),
        pair_raw=(unique % n_levels).astype(np.intp),
        group_counts=groups,
        group_person=(gkeys // n_groups).astype(np.intp),
        group_raw=(n_levels + (gkeys % n_groups) * width).astype(np.intp),
    )


@dataclass(frozen=True)
class Pass:
    """One pass over the persons: log-likelihood, gradient and, where asked for, information (both raw)."""

    value: float
    gradient: FloatArray
    complete: Any = None  # information if person measures were known
    missing: Any = None  # what not knowing them takes away


class Marginal:
    """The likelihood of one design; persons in `known` have a given measure instead of a distribution."""

    def __init__(self, design: Design, plan: Layout, known: dict[int, float] | None = None) -> None:
        self.design, self.plan = design, plan
        self.features: Features | None = None
        self.known = known or {}
        self.is_known = np.zeros(design.n_persons, dtype=bool)
        self.known_at = np.zeros(design.n_persons)
        for place, measure in self.known.items():
            self.is_known[place], self.known_at[place] = True, measure
        self.active = np.asarray(design.counts.sum(axis=1)).ravel() > 0
        self.transposed = design.counts.T.tocsr()
        sizes = np.diff(plan.offset)
        self.cell_raw = design.cell_level + plan.offset[:-1][None, :] if len(sizes) else design.cell_level

    # -- tables of cells -------------------------------------------------------------------------------------------
    def difficulty(self, point: Point) -> FloatArray:
        """(C,) sum of the levels of a cell."""
        return np.asarray(point.level[self.cell_raw].sum(axis=1))

    def cells(self, point: Point, theta: FloatArray) -> Moments:
        cumulative = cumulative_thresholds(point.threshold, self.design.steps)[self.design.cell_group]
        return moments(theta[None, :] - self.difficulty(point)[:, None], cumulative)

    def constant(self, point: Point) -> float:
        """The part of the log-likelihood that is linear in the observed scores of cells and categories."""
        return float(
            -(self.design.cell_score @ self.difficulty(point))
            - np.sum(self.design.at_least * point.threshold)
        )

    def blocks(self, n_nodes: int) -> list[slice]:
        size = max(1, BLOCK // n_nodes)
        return [slice(k, min(k + size, self.design.n_persons)) for k in range(0, self.design.n_persons, size)]

    def posterior(
        self, log_norm: FloatArray, theta: FloatArray, z: FloatArray, here: slice
    ) -> tuple[FloatArray, float]:
        """(B, Q) weights of the nodes and the log-likelihood of the block, without `constant`."""
        spacing = z[1] - z[0]
        log = np.outer(self.design.score[here], theta) - self.design.counts[here] @ log_norm
        log += (-0.5 * z * z + np.log(spacing / np.sqrt(2 * np.pi)))[None, :]
        top = log.max(axis=1)
        log -= top[:, None]
        np.exp(log, out=log)
        total = log.sum(axis=1)
        log /= total[:, None]
        free = ~self.is_known[here]
        log[~free] = 0.0
        return log, float(np.sum((top + np.log(total))[free]))

    # -- passes ----------------------------------------------------------------------------------------------------
    def value(self, point: Point, z: FloatArray) -> float:
        theta = point.mean + point.sd * z
        table = self.cells(point, theta).log_norm
        total = self.constant(point)
        for here in self.blocks(len(z)):
            total += self.posterior(table, theta, z, here)[1]
        if self.known:
            total += self._known(point, None)[0]
        return total

    def run(self, point: Point, z: FloatArray, *, information: bool) -> Pass:
        design, plan = self.design, self.plan
        theta = point.mean + point.sd * z
        table = self.cells(point, theta)
        if information and self.features is None:
            self.features = features(design, plan.offset)
        total = self.constant(point)
        weight = np.zeros((len(self.cell_raw), len(z)))
        zbar_score = 0.0
        pieces: list[Any] = []
        for here in self.blocks(len(z)):
            post, value = self.posterior(table.log_norm, theta, z, here)
            total += value
            weight += self.transposed[:, here] @ post
            zbar_score += float(design.score[here] @ (post @ z))
            if information:
                pieces.append(self._missing(point, z, table, post, here))
        gradient = np.zeros(len(plan.start))
        expected = np.einsum("cq,cq->c", weight, table.mean)
        reached = np.einsum("cq,kcq->kc", weight, table.reached)
        sd = point.sd
        observed = design.cell_score
        if self.known:
            more, known_expected, known_reached, known_parts = self._known(point, plan)
            total += more
            expected_all, reached_all = expected + known_expected, reached + known_reached
            known_score = float(np.sum(design.score[self.is_known]))
        else:
            expected_all, reached_all, known_score, known_parts = expected, reached, 0.0, None
        residual = observed - expected_all
        for f in range(self.cell_raw.shape[1]):
            gradient += -np.bincount(self.cell_raw[:, f], weights=residual, minlength=len(gradient))
        steps = np.zeros((plan.n_groups, plan.width))
        for k in range(plan.width):
            steps[:, k] = np.bincount(design.cell_group, weights=reached_all[k], minlength=plan.n_groups)
        gradient[plan.n_levels : plan.mean_at] += (steps - design.at_least).ravel()
        gradient[plan.mean_at] = float(observed.sum()) - known_score - float(expected.sum())
        gradient[plan.mean_at + 1] = sd * (zbar_score - float(np.einsum("cq,cq,q->", weight, table.mean, z)))
        if not information:
            return Pass(total, gradient)
        complete = self._complete(point, z, table, weight, known_parts)
        complete = complete + coo_matrix(
            ([-gradient[plan.mean_at + 1]], ([plan.mean_at + 1], [plan.mean_at + 1])), shape=complete.shape
        )
        missing = sum(pieces[1:], pieces[0])
        return Pass(total, gradient, complete.tocsr(), missing.tocsr())

    def _known(self, point: Point, plan: Layout | None) -> Any:
        """Persons of given measure: log-likelihood (without `constant`), expected counts and information by cell."""
        coo = coo_matrix(self.design.counts)
        mine = self.is_known[coo.row]
        person, cell, count = coo.row[mine], coo.col[mine], coo.data[mine]
        cumulative = cumulative_thresholds(point.threshold, self.design.steps)[self.design.cell_group[cell]]
        at = (self.known_at[person] - self.difficulty(point)[cell])[:, None]
        m = moments(at, cumulative)
        value = float(
            self.design.score[self.is_known] @ self.known_at[self.is_known] - count @ m.log_norm[:, 0]
        )
        if plan is None:
            return (value,)
        n = len(self.cell_raw)
        expected = np.bincount(cell, weights=count * m.mean[:, 0], minlength=n)
        reached = np.stack([np.bincount(cell, weights=count * r[:, 0], minlength=n) for r in m.reached])
        return value, expected, reached, (cell, count, m)

    def _complete(self, point: Point, z: FloatArray, table: Moments, weight: FloatArray, known: Any) -> Any:
        """Information if every person's measure were known, averaged over the posteriors."""
        plan, design = self.plan, self.design
        width, size, sd = plan.width, len(plan.start), point.sd
        n = len(self.cell_raw)
        wv = weight * table.variance
        spread = [wv.sum(axis=1), wv @ z, wv @ (z * z)]
        cross = np.stack(
            [
                np.einsum("cq,cq->c", weight, t - table.mean * r)
                for t, r in zip(table.tail, table.reached, strict=True)
            ]
        )
        cross_z = np.stack(
            [
                np.einsum("cq,cq,q->c", weight, t - table.mean * r, z)
                for t, r in zip(table.tail, table.reached, strict=True)
            ]
        )
        both = np.zeros((width, width, n))
        for j in range(width):
            for k in range(j, width):
                both[j, k] = both[k, j] = np.einsum(
                    "cq,cq->c", weight, table.reached[k] * (1 - table.reached[j])
                )
        own, own_cross, own_both = spread[0], cross, both
        if known is not None:
            cell, count, m = known
            own = own + np.bincount(cell, weights=count * m.variance[:, 0], minlength=n)
            own_cross = own_cross + np.stack(
                [
                    np.bincount(cell, weights=count * (t - m.mean * r)[:, 0], minlength=n)
                    for t, r in zip(m.tail, m.reached, strict=True)
                ]
            )
            own_both = own_both.copy()
            for j in range(width):
                for k in range(j, width):
                    add = np.bincount(
                        cell, weights=count * (m.reached[k] * (1 - m.reached[j]))[:, 0], minlength=n
                    )
                    own_both[j, k] += add
                    if j != k:
                        own_both[k, j] += add
        rows: list[Any] = []
        columns: list[Any] = []
        values: list[Any] = []

        def put(row: Any, column: Any, value: FloatArray, *, mirror: bool) -> None:
            row = np.broadcast_to(row, value.shape)
            column = np.broadcast_to(column, value.shape)
            rows.append(row)
            columns.append(column)
            values.append(value)
            if mirror:
                rows.append(column)
                columns.append(row)
                values.append(value)

        mean_at, sd_at = plan.mean_at, plan.mean_at + 1
        first = plan.n_levels + design.cell_group * width
        facets = range(self.cell_raw.shape[1])
        for f in facets:
            put(self.cell_raw[:, f], self.cell_raw[:, f], own, mirror=False)
            for other in range(f + 1, self.cell_raw.shape[1]):
                put(self.cell_raw[:, f], self.cell_raw[:, other], own, mirror=True)
            put(self.cell_raw[:, f], mean_at, -spread[0], mirror=True)
            put(self.cell_raw[:, f], sd_at, -sd * spread[1], mirror=True)
            for k in range(width):
                put(self.cell_raw[:, f], first + k, own_cross[k], mirror=True)
        for j in range(width):
            put(first + j, mean_at, -cross[j], mirror=True)
            put(first + j, sd_at, -sd * cross_z[j], mirror=True)
            for k in range(width):
                put(first + j, first + k, own_both[j, k], mirror=False)
        total = [np.array([s.sum()]) for s in spread]
        put(mean_at, mean_at, total[0], mirror=False)
        put(mean_at, sd_at, sd * total[1], mirror=True)
        put(sd_at, sd_at, sd * sd * total[2], mirror=False)
        return coo_matrix(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(size, size)
        ).tocsr()

    def _missing(self, point: Point, z: FloatArray, table: Moments, post: FloatArray, here: slice) -> Any:
        """Σ over persons of the posterior covariance of their score functions (Louis 1982), sparse."""
        assert self.features is not None
        plan, f = self.plan, self.features
        size = len(plan.start)
        pieces: list[Any] = []
        step = max(1, BLOCK // (8 * len(z)))
        begin = here.start
        while begin < here.stop:
            end = min(begin + step, here.stop)
            pieces.append(
                self._missing_of(
                    point, z, table, post[begin - here.start : end - here.start], begin, end, f, size
                )
            )
            begin = end
        return sum(pieces[1:], pieces[0])

    def _missing_of(
        self,
        point: Point,
        z: FloatArray,
        table: Moments,
        post: FloatArray,
        begin: int,
        end: int,
        f: Features,
        size: int,
    ) -> Any:
        plan, width = self.plan, self.plan.width
        pairs = slice(*np.searchsorted(f.pair_person, (begin, end)))
        groups = slice(*np.searchsorted(f.group_person, (begin, end)))
        n_pairs, n_groups, n = pairs.stop - pairs.start, groups.stop - groups.start, end - begin
        total = self.design.counts[begin:end] @ table.mean
        score = self.design.score[begin:end, None]
        count = f.group_counts[groups]
        features = np.concatenate(
            [
                f.pair_counts[pairs] @ table.mean,
                *[count @ table.reached[k] for k in range(width)],
                -total,
                point.sd * z[None, :] * (score - total),
            ]
        )
        person = np.concatenate(
            [
                f.pair_person[pairs],
                *[f.group_person[groups]] * width,
                np.arange(begin, end),
                np.arange(begin, end),
            ]
        )
        raw = np.concatenate(
            [
                f.pair_raw[pairs],
                *[f.group_raw[groups] + k for k in range(width)],
                np.full(n, plan.mean_at),
                np.full(n, plan.mean_at + 1),
            ]
        )
        del n_pairs, n_groups
        order = np.argsort(person, kind="stable")
        per_person = np.bincount(person - begin, minlength=n)
        first = np.cumsum(per_person) - per_person
        dense = size <= DENSE
        out = np.zeros(size * size) if dense else None
        pieces: list[Any] = []
        for width_here in np.unique(per_person):
            mine = np.flatnonzero(
                (per_person == width_here) & self.active[begin:end] & ~self.is_known[begin:end]
            )
            if len(mine) == 0:
                continue
            chunk = max(1, BLOCK // (int(width_here) * len(z)))
            for k in range(0, len(mine), chunk):
                who = mine[k : k + chunk]
                at = order[first[who][:, None] + np.arange(width_here)[None, :]]
                values = features[at]  # (B, a, Q)
                p = post[who][:, None, :]
                values = values - (values @ p.transpose(0, 2, 1))
                product = (values * p) @ values.transpose(0, 2, 1)
                index = raw[at]
                if out is not None:
                    key = index[:, :, None] * size + index[:, None, :]
                    out += np.bincount(key.ravel(), weights=product.ravel(), minlength=size * size)
                else:
                    rows = np.broadcast_to(index[:, :, None], product.shape).ravel()
                    columns = np.broadcast_to(index[:, None, :], product.shape).ravel()
                    pieces.append(coo_matrix((product.ravel(), (rows, columns)), shape=(size, size)).tocsr())
        if out is not None:
            return csr_matrix(out.reshape(size, size))
        return sum(pieces[1:], pieces[0]) if pieces else csr_matrix((size, size))

"""Marginal likelihood of the many-facet Rasch model on a grid of person measures, with exact first and second derivatives.

The grid is z = (θ − mean)/sd, equally spaced: the trapezoidal rule, whose error falls like exp(−2π²(s/h)²) for posterior
spread s and spacing h. The sum of a person's steps is sufficient, so the likelihood of all persons on all nodes is one
product of the sparse table of counts (persons × cells) with the table of log-normalisers (cells × nodes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix

from .._checks import FloatArray
from ._long import Design
from ._missing import BLOCK, Features, features, missing_information
from ._moments import Moments, cumulative_thresholds, moments
from ._parameters import Layout, Point


def nodes(spacing: float, reach: float) -> FloatArray:
    """Equally spaced z from −reach to reach."""
    half = int(np.ceil(reach / spacing))
    return np.asarray(np.arange(-half, half + 1) * spacing, dtype=np.float64)


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

    def _features(self) -> Features:
        if self.features is None:
            self.features = features(self.design, self.plan.offset)
        return self.features

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

    def standing(self, log_norm: FloatArray, theta: FloatArray, z: FloatArray, here: slice) -> FloatArray:
        """(B, Q) as `posterior`, with every known person on the two nodes beside the given measure."""
        post, _ = self.posterior(log_norm, theta, z, here)
        for p in np.flatnonzero(self.is_known[here]):
            at = self.known_at[here.start + int(p)]
            k = int(np.clip(np.searchsorted(theta, at), 1, len(theta) - 1))
            share = float(np.clip((at - theta[k - 1]) / (theta[k] - theta[k - 1]), 0.0, 1.0))
            post[p, k - 1], post[p, k] = 1.0 - share, share
        return post

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
        parts = self._features() if information else None
        total = self.constant(point)
        weight = np.zeros((len(self.cell_raw), len(z)))
        zbar_score = 0.0
        pieces: list[Any] = []
        for here in self.blocks(len(z)):
            post, value = self.posterior(table.log_norm, theta, z, here)
            total += value
            weight += self.transposed[:, here] @ post
            zbar_score += float(design.score[here] @ (post @ z))
            if parts is not None:
                pieces.append(
                    missing_information(
                        design,
                        plan,
                        parts,
                        self.active & ~self.is_known,
                        point.sd,
                        z,
                        table,
                        post,
                        here,
                    )
                )
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

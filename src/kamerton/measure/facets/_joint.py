"""Joint maximum likelihood of persons and levels, as FACETS does it: quick, without a population, and biased outwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import LinearOperator, cg

from .._checks import FloatArray
from .._estimator import Progress
from ._long import USABLE, Design
from ._missing import DENSE
from ._moments import Moments, cumulative_thresholds, moments
from ._newton import Errors, penalty, recentre, standard_errors, strength
from ._parameters import Layout, Point


@dataclass(frozen=True)
class JointFound:
    """Where the search ended; theta is NaN for persons set aside."""

    point: Point
    theta: FloatArray
    theta_se: FloatArray
    value: float
    cycles: int
    decrement: float
    converged: bool
    errors: Errors


class Joint:
    """The joint likelihood: every (person, cell) pair once, with its count."""

    def __init__(self, design: Design, plan: Layout) -> None:
        self.design, self.plan = design, plan
        coo = coo_matrix(design.counts)
        self.person, self.cell, self.count = coo.row, coo.col, coo.data
        self.cell_raw = design.cell_level + plan.offset[:-1][None, :]
        self.usable = design.status[0] == USABLE

    def at(self, theta: FloatArray, point: Point) -> Moments:
        difficulty = point.level[self.cell_raw].sum(axis=1)
        cumulative = cumulative_thresholds(point.threshold, self.design.steps)
        where = (theta[self.person] - difficulty[self.cell])[:, None]
        return moments(where, cumulative[self.design.cell_group[self.cell]])

    def value(self, theta: FloatArray, point: Point) -> float:
        d = self.design
        difficulty = point.level[self.cell_raw].sum(axis=1)
        linear = float(
            d.score[self.usable] @ theta[self.usable]
            - d.cell_score @ difficulty
            - np.sum(d.at_least * point.threshold)
        )
        return linear - float(self.count @ self.at(theta, point).log_norm[:, 0])

    def derivatives(
        self, theta: FloatArray, point: Point
    ) -> tuple[FloatArray, FloatArray, FloatArray, Any, Any]:
        """Gradients of persons and of the raw others; information of persons (diagonal), across, of the others."""
        d, plan, m = self.design, self.plan, self.at(theta, point)
        size, width = len(plan.start), plan.width
        mean, variance = self.count * m.mean[:, 0], self.count * m.variance[:, 0]
        person: FloatArray = d.score - np.bincount(self.person, weights=mean, minlength=d.n_persons)
        person[~self.usable] = 0.0
        residual = d.cell_score - np.bincount(self.cell, weights=mean, minlength=len(self.cell_raw))
        others = np.zeros(size)
        rows: list[Any] = []
        columns: list[Any] = []
        values: list[FloatArray] = []
        own_rows: list[Any] = []
        own_columns: list[Any] = []
        own_values: list[FloatArray] = []

        def own(row: Any, column: Any, value: FloatArray, *, mirror: bool) -> None:
            own_rows.extend((row, column) if mirror else (row,))
            own_columns.extend((column, row) if mirror else (column,))
            own_values.extend((value, value) if mirror else (value,))

        group = d.cell_group[self.cell]
        first = plan.n_levels + group * width
        n_facets = self.cell_raw.shape[1]
        cross = [self.count * (m.tail[k] - m.mean * m.reached[k])[:, 0] for k in range(width)]
        for f in range(n_facets):
            others -= np.bincount(self.cell_raw[:, f], weights=residual, minlength=size)
            level = self.cell_raw[self.cell, f]
            rows.append(self.person)
            columns.append(level)
            values.append(-variance)
            own(level, level, variance, mirror=False)
            for other in range(f + 1, n_facets):
                own(level, self.cell_raw[self.cell, other], variance, mirror=True)
            for k in range(width):
                own(level, first + k, cross[k], mirror=True)
        for k in range(width):
            reached = np.bincount(group, weights=self.count * m.reached[k][:, 0], minlength=plan.n_groups)
            others[plan.n_levels + np.arange(plan.n_groups) * width + k] += reached - d.at_least[:, k]
            rows.append(self.person)
            columns.append(first + k)
            values.append(-cross[k])
            for j in range(k + 1):
                both = self.count * (m.reached[k] * (1 - m.reached[j]))[:, 0]
                own(first + j, first + k, both, mirror=j != k)
        across = coo_matrix(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
            shape=(d.n_persons, size),
        ).tocsr()
        inner = coo_matrix(
            (np.concatenate(own_values), (np.concatenate(own_rows), np.concatenate(own_columns))),
            shape=(size, size),
        ).tocsr()
        info: FloatArray = np.bincount(self.person, weights=variance, minlength=d.n_persons).astype(
            np.float64
        )
        info[~self.usable] = np.inf
        return person, others, info, across, inner

    def maximise(
        self, *, max_cycles: int, tolerance: float, full: bool, progress: Progress | None
    ) -> JointFound:
        """Newton with the persons eliminated, halving where a step overshoots."""
        plan = self.plan
        theta, free = np.zeros(self.design.n_persons), np.zeros(plan.n_free)
        value = self.value(theta, plan.point(free))
        cycles, decrement, converged = 0, np.inf, False
        while True:
            g_person, g_raw, info, across, inner = self.derivatives(theta, plan.point(free))
            inverse = 1.0 / np.maximum(info, 1e-10)
            c = (across @ plan.basis).tocsr()
            reduced = plan.basis.T @ inner @ plan.basis - c.T @ diags(inverse) @ c
            right = plan.basis.T @ g_raw - c.T @ (inverse * g_person)
            step = _solve(plan, reduced, right)
            move = inverse * (g_person - c @ step)
            decrement = float(right @ step + g_person @ (inverse * g_person))
            if decrement <= tolerance:
                converged = True
                break
            if cycles >= max_cycles:
                break
            cycles += 1
            length = min(
                1.0,
                2.0 / max(float(np.abs(step).max(initial=0.0)), float(np.abs(move).max(initial=0.0)), 1e-9),
            )
            while True:
                trial, there = recentre(plan, free + length * step), theta + length * move
                found = self.value(there, plan.point(trial))
                if found >= value - 1e-9 * (1 + abs(value)) or length < 1e-6:
                    break
                length /= 2
            if length < 1e-6:
                break
            if progress is not None:
                progress(cycles, found, float(np.abs(trial - free).max(initial=0.0)))
            free, theta, value = trial, there, found
        information = inner - across.T @ diags(inverse) @ across
        errors = standard_errors(plan, information, full=full)
        spread = inverse.copy()
        if errors.covariance is not None:
            half = diags(inverse) @ c
            spread = spread + np.asarray(half.multiply(half @ errors.covariance).sum(axis=1)).ravel()
        theta, spread = np.where(self.usable, theta, np.nan), np.where(self.usable, np.sqrt(spread), np.nan)
        return JointFound(plan.point(free), theta, spread, value, cycles, decrement, converged, errors)


def _solve(plan: Layout, matrix: Any, right: FloatArray) -> FloatArray:
    diagonal = np.maximum(matrix.diagonal(), 1e-10)
    if plan.n_free <= DENSE:
        dense = matrix.toarray() + penalty(plan, diagonal)
        dense[np.diag_indices_from(dense)] += 1e-9 * diagonal
        try:
            return np.asarray(cho_solve(cho_factor(dense, lower=True), right))
        except np.linalg.LinAlgError:
            return np.asarray(np.linalg.lstsq(dense, right, rcond=1e-9)[0])
    sums = plan.sums
    weight = strength(plan, diagonal)
    operator = LinearOperator(
        matrix.shape, matvec=lambda v: matrix @ v + sums.T @ (weight * (sums @ v)), dtype=np.float64
    )
    scale = LinearOperator(matrix.shape, matvec=lambda v: v / diagonal, dtype=np.float64)
    return np.asarray(cg(operator, right, rtol=1e-3, maxiter=500, M=scale)[0])

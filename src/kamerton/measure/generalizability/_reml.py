"""Restricted maximum likelihood of variance components with a common mean: exact gradient, Fisher scoring, zeros kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from .._checks import FloatArray
from .._estimator import Progress
from ._cells import Cells, SumsOfSquares

MOST_COLUMNS = 6000
"""Levels of all random effects but the largest that an unbalanced fit takes: the work grows with their cube and the
memory with their square (6,000 are 0.3 GB a matrix). Balanced designs have no such limit."""
MOST_CELLS = 5e7
"""Those levels times the levels of the largest effect: 0.4 GB a matrix."""

RESIDUAL_FLOOR = 1e-9
"""Smallest residual as a share of the variance of the data: a residual of 0 has no likelihood."""


@dataclass(frozen=True)
class Criterion:
    """−2 × restricted log-likelihood, its gradient and the expected information of the components."""

    value: float
    gradient: FloatArray
    information: FloatArray


@dataclass(frozen=True)
class Maximum:
    """Where the search ended: components, criterion, cycles, and whether the gradient vanished."""

    components: FloatArray
    criterion: Criterion
    cycles: int
    converged: bool


Evaluate = Callable[[FloatArray], Criterion]


def balanced_criterion(table: SumsOfSquares, n: int) -> Evaluate:
    """With balanced data the likelihood needs the mean squares alone, whatever the size of the data."""
    constant = math.log(n) + (n - 1) * math.log(2 * math.pi)
    ss, df, weights = table.ss, table.df, table.weights

    def evaluate(components: FloatArray) -> Criterion:
        expected = weights @ components
        value = constant + float((df * np.log(expected) + ss / expected).sum())
        slope = df / expected - ss / expected**2
        information = 0.5 * weights.T @ (weights * (df / expected**2)[:, None])
        return Criterion(value, weights.T @ slope, information)

    return evaluate


def _tables(cells: Cells, chosen: list[int], against: list[int]) -> FloatArray:
    """Z'Z of some effects (rows) with others (columns): how many observations two levels share."""
    rows = np.concatenate(([0], np.cumsum([cells.counts[i] for i in chosen])))
    columns = np.concatenate(([0], np.cumsum([cells.counts[j] for j in against])))
    flat = np.zeros(int(rows[-1] * columns[-1]))
    for a, i in enumerate(chosen):
        for b, j in enumerate(against):
            place = (cells.codes[i] + rows[a]) * columns[-1] + cells.codes[j] + columns[b]
            flat += np.bincount(place, minlength=flat.size)
    return flat.reshape(int(rows[-1]), int(columns[-1]))


def general_criterion(cells: Cells, y: FloatArray) -> Evaluate:
    """Any design. The effect with most levels is absorbed: with the residual it has a covariance of blocks whose
    inverse is written down, so the equations solved have the size of all *other* effects together.
    """
    random = len(cells.names) - 1
    big = int(np.argmax(cells.counts[:random]))
    small = [j for j in range(random) if j != big]
    columns, wide = sum(cells.counts[j] for j in small), cells.counts[big]
    if columns > MOST_COLUMNS or columns * wide > MOST_CELLS:
        raise ValueError(
            f"the unbalanced design has {wide} levels of {cells.names[big]!r} and {columns} of the other random effects; "
            f"REML here takes {MOST_COLUMNS} others and {MOST_CELLS:.0e} products. "
            'Use method="moments", or a sample of the persons.'
        )
    ends = np.concatenate(([0], np.cumsum([cells.counts[j] for j in small]))).astype(np.intp)
    owner = np.repeat(np.arange(len(small)), [cells.counts[j] for j in small])
    centred, n = y - y.mean(), cells.n
    # E = [Z of the small effects, 1, y]: its products with itself and with the absorbed effect's Z.
    inner, across = np.zeros((columns + 2, columns + 2)), np.zeros((columns + 2, wide))
    inner[:columns, :columns] = _tables(cells, small, small)
    across[:columns] = _tables(cells, small, [big])
    sums = [np.bincount(cells.codes[j], weights=centred) for j in small]
    inner[:columns, columns] = inner[columns, :columns] = np.diag(inner)[:columns]
    inner[:columns, columns + 1] = inner[columns + 1, :columns] = (
        np.concatenate(sums) if sums else np.zeros(0)
    )
    inner[columns, columns], inner[columns + 1, columns + 1] = n, float(centred @ centred)
    size = np.bincount(cells.codes[big]).astype(np.float64)
    across[columns], across[columns + 1] = size, np.bincount(cells.codes[big], weights=centred)

    def evaluate(components: FloatArray) -> Criterion:
        error, absorbed = float(components[-1]), float(components[big])
        s2 = components[small]
        scale = np.sqrt(s2)[owner]
        own = error + absorbed * size  # eigenvalue of the absorbed effect with the residual, level by level
        f = (inner - (across * (absorbed / own)) @ across.T) / error
        k, d = across / own, size / own
        b = np.eye(columns) + scale[:, None] * f[:columns, :columns] * scale[None, :]
        factor = np.linalg.cholesky(b)
        half_f = solve_triangular(factor, scale[:, None] * f[:columns], lower=True, check_finite=False)
        half_k = solve_triangular(factor, scale[:, None] * k[:columns], lower=True, check_finite=False)
        e, c = f - half_f.T @ half_f, k - half_f.T @ half_k
        one_one, one_y, y_y = float(e[columns, columns]), float(e[columns, columns + 1]), float(e[-1, -1])
        quadratic = y_y - one_y**2 / one_one
        log_det = (
            (n - wide) * math.log(error) + float(np.log(own).sum()) + 2 * float(np.log(np.diag(factor)).sum())
        )
        value = (n - 1) * math.log(2 * math.pi) + log_det + math.log(one_one) + quadratic
        v, w = e[:columns, columns], c[columns]
        m11 = e[:columns, :columns] - np.outer(v, v) / one_one
        m12 = c[:columns] - np.outer(v, w) / one_one
        low = np.vstack(
            [half_k, w[None, :] / math.sqrt(one_one)]
        )  # Z'PZ of the absorbed effect is diag(d) − low'low
        taken = (low**2).sum(axis=0)
        py1 = e[:columns, columns + 1] - v * one_y / one_one
        py2 = c[columns + 1] - w * one_y / one_one
        traces, forms, squared = np.zeros(random), np.zeros(random), np.zeros((random, random))
        traces[big], forms[big] = float((d - taken).sum()), float(py2 @ py2)
        squared[big, big] = float((d**2 - 2 * d * taken).sum()) + float(((low @ low.T) ** 2).sum())
        for a, i in enumerate(small):
            rows = slice(ends[a], ends[a + 1])
            traces[i], forms[i] = float(np.diag(m11)[rows].sum()), float(py1[rows] @ py1[rows])
            squared[i, big] = squared[big, i] = float((m12[rows] ** 2).sum())
            squared[i, small] = np.bincount(owner, weights=(m11[rows] ** 2).sum(axis=0), minlength=len(small))
        all_s2 = components[:random]
        trace_p = (n - 1 - all_s2 @ traces) / error
        with_error = (traces - squared @ all_s2) / error
        error_error = (trace_p - all_s2 @ with_error) / error
        form_error = (quadratic - all_s2 @ forms) / error  # y'PPy, from P = P V P
        gradient = np.append(traces - forms, trace_p - form_error)
        information = np.zeros((random + 1, random + 1))
        information[:random, :random] = squared
        information[:random, random] = information[random, :random] = with_error
        information[random, random] = error_error
        return Criterion(value, gradient, information / 2)

    return evaluate


def maximise(
    evaluate: Evaluate,
    start: FloatArray,
    *,
    variance: float,
    cycles: int = 100,
    tolerance: float = 1e-9,
    progress: Progress | None = None,
) -> Maximum:
    """Fisher scoring with the components kept at 0 or above; a component leaves 0 when the gradient asks for it.

    Ends when the step predicted by the information would lower the criterion by less than `tolerance`.
    """
    floor = np.zeros(len(start))
    floor[-1] = RESIDUAL_FLOOR * variance
    s = np.maximum(np.maximum(start, 0.0), floor)
    now = evaluate(s)
    for cycle in range(1, cycles + 1):
        free = (s > floor) | (now.gradient < 0)
        step = np.zeros_like(s)
        while free.any():
            step[:] = 0.0
            block = now.information[np.ix_(free, free)]
            step[free] = -0.5 * np.linalg.lstsq(block, now.gradient[free], rcond=None)[0]
            blocked = free & (s <= floor) & (step < 0)
            if not blocked.any():
                break
            free &= ~blocked
        promised = -float(now.gradient @ step)
        if promised < tolerance:
            return Maximum(s, now, cycle - 1, True)
        length, moved = 1.0, now
        while length > 1e-6:
            tried = np.maximum(s + length * step, floor)
            moved = evaluate(tried)
            if moved.value < now.value:
                break
            length /= 2
        else:
            return Maximum(s, now, cycle, promised < 1e-5)
        change = float(np.abs(tried - s).max())
        s, now = tried, moved
        if progress is not None:
            progress(cycle, -0.5 * now.value, change)
    return Maximum(s, now, cycles, False)

"""Restricted maximum likelihood of variance components with a common mean: exact gradient, Fisher scoring, zeros kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .._checks import FloatArray
from .._estimator import Progress
from ._cells import Cells, SumsOfSquares

MOST_COLUMNS = 6000
"""Levels of all random effects together that an unbalanced fit takes: the work grows with their cube and the memory
with their square (6,000 are 0.3 GB a matrix). Balanced designs have no such limit."""

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


def general_criterion(cells: Cells, y: FloatArray) -> Evaluate:
    """Any design: the equations of all random effects, dense, of the size of their levels together."""
    random = len(cells.names) - 1
    columns = sum(cells.counts[:random])
    if columns > MOST_COLUMNS:
        raise ValueError(
            f"the unbalanced design has {columns} levels of random effects; REML here takes {MOST_COLUMNS}. "
            'Use method="moments", or a sample of the persons.'
        )
    starts = np.concatenate(([0], np.cumsum(cells.counts[:random])))
    z = np.concatenate([cells.codes[j] + starts[j] for j in range(random)]).reshape(random, cells.n)
    flat = np.zeros(columns * columns)
    for i in range(random):
        for j in range(random):
            flat += np.bincount(z[i] * columns + z[j], minlength=columns * columns)
    cross: FloatArray = flat.reshape(columns, columns)
    ones = np.diag(cross).copy()
    centred = y - y.mean()
    sums = np.concatenate([np.bincount(cells.codes[j], weights=centred) for j in range(random)])
    squares, total, n = float(centred @ centred), float(centred.sum()), cells.n
    owner = np.repeat(np.arange(random), cells.counts[:random])

    def evaluate(components: FloatArray) -> Criterion:
        error = float(components[-1])
        scale = np.sqrt(components[:random])[owner]
        a = np.eye(columns) + scale[:, None] * cross * scale[None, :] / error
        factor = cho_factor(a, lower=True, check_finite=False)
        right = scale[:, None] * np.column_stack([cross, ones, sums])
        solved = cho_solve(factor, right, check_finite=False) / error
        inner = (np.column_stack([cross, ones, sums]) - (cross * scale) @ solved) / error
        one_one = (n - (ones * scale) @ solved[:, columns]) / error
        one_y = (total - (ones * scale) @ solved[:, columns + 1]) / error
        y_y = (squares - (sums * scale) @ solved[:, columns + 1]) / error
        v, zy = inner[:, columns], inner[:, columns + 1] - inner[:, columns] * one_y / one_one
        m = inner[:, :columns] - np.outer(v, v) / one_one
        quadratic = y_y - one_y**2 / one_one
        log_det = n * math.log(error) + 2 * float(np.log(np.diag(factor[0])).sum())
        value = (n - 1) * math.log(2 * math.pi) + log_det + math.log(one_one) + quadratic
        traces = np.bincount(owner, weights=np.diag(m), minlength=random)
        squared = np.zeros((random, random))
        block = m**2
        for i in range(random):
            rows = block[starts[i] : starts[i + 1]].sum(axis=0)
            squared[i] = np.bincount(owner, weights=rows, minlength=random)
        s2 = components[:random]
        forms = np.bincount(owner, weights=zy**2, minlength=random)
        trace_p = (n - 1 - s2 @ traces) / error
        with_error = (traces - squared @ s2) / error
        error_error = (trace_p - s2 @ with_error) / error
        form_error = (quadratic - s2 @ forms) / error  # y'PPy, from P = P V P
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

"""Newton's method with halving for the marginal likelihood; dense for few parameters, conjugate gradients for many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.sparse.linalg import LinearOperator, cg

from .._checks import FloatArray
from .._estimator import Progress
from ._marginal import Marginal, Pass, nodes
from ._missing import DENSE
from ._parameters import Layout, Point

START_SPACING, START_REACH = 0.3, 6.0  # in SDs of persons: 41 nodes
SPACING_PER_SD = 1.2  # of the narrowest posterior: 2·exp(−2π²/1.44) = 2e-6 of a person's likelihood
QUADRATURE_TOLERANCE = 0.02  # change of the log-likelihood when the spacing is halved
MAX_NODES = 2001  # spacing .006 SD: 40,000 ratings a person
END_MASS = 1e-7  # posterior mass at the ends of the grid that widens it
ROUGH = 0.05  # Newton decrement (twice the log-likelihood to gain) after which the grid is settled
CG_TOLERANCE = 1e-3  # of a Newton step; the outer loop corrects what is left
STRIP = 500  # columns handled at once in large matrices
KEPT = 3000  # parameters up to which the covariance is kept after the errors are taken from it: 72 MB
FULL_ERRORS = 12_000  # parameters whose information is inverted in full: 1.2 GB, under a minute


@dataclass(frozen=True)
class Found:
    """Where the search ended."""

    free: FloatArray
    point: Point
    z: FloatArray
    value: float
    cycles: int
    decrement: float
    converged: bool
    last: Pass
    quadrature_change: float


def _free_information(plan: Layout, raw: Any) -> Any:
    return plan.basis.T @ raw @ plan.basis


def newton_step(plan: Layout, last: Pass) -> tuple[FloatArray, float]:
    """Direction and decrement; falls back on the complete information where the observed one is not positive."""
    gradient = plan.basis.T @ last.gradient
    complete = _free_information(plan, last.complete)
    observed = complete - _free_information(plan, last.missing)
    if plan.n_free <= DENSE:
        for matrix in (observed, complete):
            dense = matrix.toarray()
            dense += penalty(plan, dense.diagonal())
            try:
                step = cho_solve(cho_factor(dense, lower=True), gradient)
            except np.linalg.LinAlgError:
                continue
            return step, float(gradient @ step)
        values, vectors = eigh(dense)
        kept = np.maximum(values, 1e-8 * values[-1])
        step = vectors @ ((vectors.T @ gradient) / kept)
        return step, float(gradient @ step)
    step = _iterative(plan, observed.tocsr(), gradient)
    decrement = float(gradient @ step)
    if not np.isfinite(decrement) or decrement <= 0:
        step = _iterative(plan, complete.tocsr(), gradient)
        decrement = float(gradient @ step)
    return step, decrement


def strength(plan: Layout, diagonal: FloatArray) -> FloatArray:
    """Weight of each centring sum: it leaves the maximum where it is, because a shift costs no likelihood."""
    size = np.maximum(plan.sums.sum(axis=1), 1.0)
    least = 1e-3 * float(diagonal.max(initial=1.0))  # a facet of one level has no information of its own
    return np.asarray(np.maximum((plan.sums @ diagonal) / size, least) / size)


def penalty(plan: Layout, diagonal: FloatArray) -> FloatArray:
    return np.asarray((plan.sums * strength(plan, diagonal)[:, None]).T @ plan.sums)


def _iterative(plan: Layout, matrix: Any, gradient: FloatArray) -> FloatArray:
    diagonal = np.maximum(matrix.diagonal(), 1e-8)
    weight = strength(plan, diagonal)
    sums = plan.sums
    operator = LinearOperator(
        matrix.shape, matvec=lambda v: matrix @ v + sums.T @ (weight * (sums @ v)), dtype=np.float64
    )
    scale = LinearOperator(matrix.shape, matvec=lambda v: v / diagonal, dtype=np.float64)
    step, _ = cg(operator, gradient, rtol=CG_TOLERANCE, maxiter=500, M=scale)
    return np.asarray(step)


def recentre(plan: Layout, free: FloatArray) -> FloatArray:
    """Moves what a step of finite precision left in the sums of centred facets to where it belongs."""
    size = plan.sums.sum(axis=1)
    return np.asarray(free - plan.shifts @ ((plan.sums @ free) / np.maximum(size, 1.0)))


def maximise(
    model: Marginal, start: FloatArray, *, max_cycles: int, tolerance: float, progress: Progress | None = None
) -> Found:
    """The marginal mode from `start`; the grid follows the narrowest posterior and is checked by halving."""
    plan = model.plan
    free = recentre(plan, start)
    # A grid wider than the posteriors makes the likelihood rough, so it has to be fine from the first step.
    spacing, reach, _ = suitable_grid(model, plan.point(free), nodes(START_SPACING, START_REACH), START_REACH)
    z = nodes(spacing, reach)
    settled = False
    cycles = 0
    last = model.run(plan.point(free), z, information=True)
    decrement, converged, change = np.inf, False, np.inf
    while True:
        step, decrement = newton_step(plan, last)
        if decrement <= (tolerance if settled else ROUGH):
            if not settled:
                finer, reach_now, _ = suitable_grid(model, plan.point(free), z, reach)
                settled = True
                if finer < 0.9 * spacing or reach_now > reach:
                    spacing, reach = min(finer, spacing), reach_now
                    z = nodes(spacing, reach)
                    last = model.run(plan.point(free), z, information=True)
                    continue
                step, decrement = newton_step(plan, last)
                if decrement > tolerance:
                    continue
            change = model.value(plan.point(free), nodes(spacing / 2, reach)) - last.value
            if abs(change) > QUADRATURE_TOLERANCE and 4 * reach / spacing < MAX_NODES:
                spacing /= 2
                z = nodes(spacing, reach)
                last = model.run(plan.point(free), z, information=True)
                continue
            converged = True
            break
        if cycles >= max_cycles:
            break
        cycles += 1
        length = 1.0
        largest = float(np.abs(step).max(initial=0.0))
        if largest > 2.0:
            length = 2.0 / largest
        while True:
            trial = recentre(plan, free + length * step)
            value = model.value(plan.point(trial), z)
            if value >= last.value - 1e-9 * (1 + abs(last.value)) or length < 1e-6:
                break
            length /= 2
        if length < 1e-6:
            break
        if progress is not None:
            progress(cycles, value, float(np.abs(trial - free).max(initial=0.0)))
        free = trial
        last = model.run(plan.point(free), z, information=True)
    return Found(free, plan.point(free), z, last.value, cycles, decrement, converged, last, float(change))


def suitable_grid(model: Marginal, point: Point, z: FloatArray, reach: float) -> tuple[float, float, bool]:
    """Spacing from the narrowest posterior, reach from the mass at the ends of the present grid."""
    theta = point.mean + point.sd * z
    table = model.cells(point, theta)
    narrow, end = 1.0, 0.0
    for here in model.blocks(len(z)):
        post, _ = model.posterior(table.log_norm, theta, z, here)
        used = model.active[here] & ~model.is_known[here]
        if not used.any():
            continue
        information = model.design.counts[here] @ table.variance
        info = np.sum(post * information, axis=1)[used]
        narrow = min(narrow, float(np.min(1.0 / np.sqrt(1.0 + point.sd**2 * info))))
        end = max(end, float(post[used][:, [0, -1]].max()))
    wanted = min(max(SPACING_PER_SD * narrow, 2 * reach / MAX_NODES), START_SPACING)
    while end > END_MASS and reach < 12.0:
        reach += 2.0
        wide = nodes(wanted, reach)
        table_wide = model.cells(point, point.mean + point.sd * wide)
        end = max(
            float(
                model.posterior(table_wide.log_norm, point.mean + point.sd * wide, wide, here)[0][
                    :, [0, -1]
                ].max()
            )
            for here in model.blocks(len(wide))
        )
    return wanted, reach, wanted < START_SPACING or reach > START_REACH


@dataclass(frozen=True)
class Errors:
    """Standard errors of the raw parameters, the covariance of the free ones where it was inverted in full."""

    se: FloatArray  # (raw,)
    covariance: FloatArray | None  # (free, free)
    exact: bool
    not_identified: tuple[int, ...]  # free parameters that the data leave open


def standard_errors(plan: Layout, information: Any, *, full: bool) -> Errors:
    """From the observed information in the space where centred facets sum to zero; `full` inverts it as a whole."""
    if plan.n_free == 0:
        return Errors(np.zeros(len(plan.start)), np.zeros((0, 0)), True, ())
    matrix = _free_information(plan, information)
    diagonal = np.maximum(matrix.diagonal(), 0.0)
    size = np.maximum(plan.sums.sum(axis=1), 1.0)
    if not full:
        with np.errstate(divide="ignore"):
            variance = np.where(diagonal > 0, 1.0 / np.maximum(diagonal, 1e-300), np.inf)
        squared = plan.basis.multiply(plan.basis)
        return Errors(np.sqrt(squared @ variance), None, False, ())
    dense = matrix.toarray(order="F")
    weight = strength(plan, diagonal)
    _add_product(dense, plan.sums.T * weight[None, :], plan.sums)
    scale = np.sqrt(np.maximum(np.diagonal(dense), 1e-12))
    open_ones: tuple[int, ...] = ()
    dense /= scale[:, None]
    dense /= scale[None, :]
    factor, failed = dpotrf(dense, lower=1, overwrite_a=0 if len(dense) <= DENSE else 1)
    singular = failed != 0 or float(np.min(np.abs(np.diagonal(factor)))) < 1e-6
    if singular and len(dense) <= DENSE:
        values, vectors = eigh((dense + dense.T) / 2)
        weak = values < 1e-9
        open_ones = tuple(np.flatnonzero(np.abs(vectors[:, weak]).max(axis=1, initial=0.0) > 1e-3).tolist())
        inverse = (vectors * np.where(weak, 0.0, 1.0 / np.where(weak, 1.0, values))) @ vectors.T
    elif failed:
        return standard_errors(plan, information, full=False)
    else:
        inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
        for k in range(0, len(inverse), STRIP):  # fill the upper triangle in strips, without a second matrix
            inverse[k : k + STRIP, k + STRIP :] = inverse[k + STRIP :, k : k + STRIP].T
            square = inverse[k : k + STRIP, k : k + STRIP]
            square[:] = np.tril(square) + np.tril(square, -1).T
    inverse /= scale[:, None]
    inverse /= scale[None, :]
    if len(plan.sums):
        shift = plan.shifts / size[None, :]
        across = inverse @ plan.sums.T  # V A'
        middle = plan.sums @ across
        _add_product(inverse, -shift, across.T)
        _add_product(inverse, -across, shift.T)
        _add_product(inverse, shift @ middle, shift.T)
    product = plan.basis @ inverse if plan.n_free <= DENSE else None
    if product is not None:
        se = np.sqrt(np.maximum(np.asarray(plan.basis.multiply(product).sum(axis=1)).ravel(), 0.0))
    else:
        se = np.sqrt(np.maximum(_quadratic_rows(plan.basis.tocsr(), inverse), 0.0))
    for k in open_ones:
        se[np.flatnonzero(np.asarray(plan.basis[:, [k]].toarray()).ravel())] = np.nan
    return Errors(se, inverse if len(inverse) <= KEPT else None, True, open_ones)


def _add_product(matrix: FloatArray, left: FloatArray, right: FloatArray) -> None:
    """matrix += left · right in strips: with thousands of raters a second matrix of that size is not affordable."""
    for k in range(0, matrix.shape[1], STRIP):
        matrix[:, k : k + STRIP] += left @ right[:, k : k + STRIP]


def _quadratic_rows(basis: Any, covariance: FloatArray) -> FloatArray:
    """b V b' for each sparse row b."""
    out = np.zeros(basis.shape[0])
    length = np.diff(basis.indptr)
    single = np.flatnonzero(length == 1)
    at = basis.indices[basis.indptr[single]]
    out[single] = basis.data[basis.indptr[single]] ** 2 * covariance[at, at]
    for row in np.flatnonzero(length > 1):
        here = slice(basis.indptr[row], basis.indptr[row + 1])
        at = basis.indices[here]
        out[row] = basis.data[here] @ covariance[np.ix_(at, at)] @ basis.data[here]
    return out

"""Severity within performances: a marginal conditional likelihood of the adjacent-category model.

Two raters of one cell share everything but their lenience and halo: given the sum of their ratings the location of the
cell leaves the likelihood (equal slope, common steps), so no group and no person need be assumed equal to another. The
difference of halos, one number a performance, is integrated out on Gauss–Hermite nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._checks import FloatArray, IntArray

CATEGORIES = 5
STEPS = CATEGORIES - 1
NODES = 15
MEAN_STEP_SD = 0.01  # levels; holds the mean of the steps at 3 in effect
CHUNK = 4000  # rows of unique cells held at once; bounds memory at thousands of persons
_COUNTS = (np.arange(1, CATEGORIES + 1)[:, None] > np.arange(1, STEPS + 1)[None, :]).astype(float)  # (5, 4)


@dataclass(frozen=True)
class Rows:
    """Conditional cells: support features per row, sorted by group. Groups are performances seen by one pair."""

    group: IntArray  # (U,) non-decreasing
    weight: FloatArray  # (U,)
    base: FloatArray  # (U, 5), −inf outside the support
    feature: FloatArray  # (U, 5, 5): coefficient of the rater difference and of the four steps
    observed: FloatArray  # (G, 5) summed features of what was seen
    plus: IntArray  # (G,) rater entering with +
    minus: IntArray  # (G,) rater entering with −, or −1 for a known performance
    halo_factor: FloatArray  # (G,) sqrt(2) for a pair, 1 for a known performance


def pair_rows(
    performance: IntArray, cell: IntArray, rater: IntArray, value: IntArray, slope: float
) -> Rows | None:
    """Rows for all pairs of raters of a cell; with R raters each pair weighs 2/R. None if no cell has two raters."""
    order = np.lexsort((rater, cell))
    performance, cell, rater, value = performance[order], cell[order], rater[order], value[order]
    _, inverse, count = np.unique(cell, return_inverse=True, return_counts=True)
    size = count[inverse]
    first, second = [], []
    for k in range(1, int(size.max(initial=1))):
        same = np.flatnonzero(cell[k:] == cell[:-k])
        first.append(same)
        second.append(same + k)
    a = np.concatenate(first) if first else np.zeros(0, dtype=np.intp)
    if a.size == 0:
        return None
    b = np.concatenate(second)
    n_r = int(rater.max()) + 1
    key = (performance[a] * n_r + rater[a]) * n_r + rater[b]
    groups, g = np.unique(key, return_inverse=True)
    x1, x2, w = value[a], value[b], 2.0 / size[a]
    total = x1 + x2
    table_base, table_feature = _pair_support(slope)
    seen = slope * np.column_stack(((x1 - x2) / 2.0, -(_COUNTS[x1 - 1] + _COUNTS[x2 - 1])))
    observed = np.zeros((len(groups), 1 + STEPS))
    np.add.at(observed, g, seen * w[:, None])
    rows, inverse = np.unique(g * 16 + total, return_inverse=True)
    sums = rows % 16
    return Rows(
        group=(rows // 16).astype(np.intp),
        weight=np.bincount(inverse, weights=w).astype(np.float64),
        base=table_base[sums],
        feature=table_feature[sums],
        observed=observed,
        plus=((groups // n_r) % n_r).astype(np.intp),
        minus=(groups % n_r).astype(np.intp),
        halo_factor=np.full(len(groups), np.sqrt(2.0)),
    )


def _pair_support(slope: float) -> tuple[FloatArray, FloatArray]:
    base = np.full((11, CATEGORIES), -np.inf)
    feature = np.zeros((11, CATEGORIES, 1 + STEPS))
    for s in range(2, 11):
        for x1 in range(max(1, s - CATEGORIES), min(CATEGORIES, s - 1) + 1):
            base[s, x1 - 1] = 0.0
            feature[s, x1 - 1, 0] = slope * (2 * x1 - s) / 2.0
            feature[s, x1 - 1, 1:] = -slope * (_COUNTS[x1 - 1] + _COUNTS[s - x1 - 1])
    return base, feature


def anchor_rows(
    performance: IntArray, rater: IntArray, level: FloatArray, value: IntArray, slope: float
) -> Rows:
    """Rows for ratings of performances whose true level is known: here the rater stands against the expert level."""
    n_r = int(rater.max()) + 1
    groups, g = np.unique(performance * n_r + rater, return_inverse=True)
    order = np.argsort(g, kind="stable")
    grid = np.arange(1.0, CATEGORIES + 1)
    feature = slope * np.concatenate((grid[:, None], -_COUNTS), axis=1)
    observed = np.zeros((len(groups), 1 + STEPS))
    np.add.at(observed, g, feature[value - 1])
    return Rows(
        group=g[order].astype(np.intp),
        weight=np.ones(len(value)),
        base=slope * level[order][:, None] * grid[None, :],
        feature=np.broadcast_to(feature, (len(value), *feature.shape)).copy(),
        observed=observed,
        plus=(groups % n_r).astype(np.intp),
        minus=np.full(len(groups), -1, dtype=np.intp),
        halo_factor=np.ones(len(groups)),
    )


@dataclass(frozen=True)
class SeverityFit:
    """Mode of severities (raters,) and steps (4,) in logits/slope, their covariance, and how the search ended."""

    severity: FloatArray
    steps: FloatArray
    covariance: FloatArray
    iterations: int
    gradient_norm: float
    converged: bool
    log_posterior: float


def _evaluate(
    rows: Rows, theta: FloatArray, n_raters: int, halo_sd: float, nodes: FloatArray, logw: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Log likelihood, gradient and Hessian over (severities, steps)."""
    width = n_raters + STEPS
    value, gradient, hessian = 0.0, np.zeros(width), np.zeros((width, width))
    n_groups = len(rows.plus)
    starts = np.searchsorted(rows.group, np.arange(n_groups))
    minus = np.where(rows.minus >= 0, theta[rows.minus], 0.0)
    difference = theta[rows.plus] - minus
    steps = theta[n_raters:]
    begin = 0
    while begin < n_groups:
        end = int(np.searchsorted(starts, starts[begin] + CHUNK, side="left"))
        end = max(begin + 1, min(end, n_groups))
        lo, hi = int(starts[begin]), int(starts[end]) if end < n_groups else len(rows.group)
        here = slice(lo, hi)
        g = rows.group[here]
        cut = starts[begin:end] - lo
        w = rows.weight[here]
        f = rows.feature[here]
        at = difference[g][:, None] + halo_sd * rows.halo_factor[g][:, None] * nodes[None, :]  # (u, Q)
        lin = (rows.base[here] + f[:, :, 1:] @ steps)[:, None, :] + f[:, None, :, 0] * at[:, :, None]
        top = lin.max(axis=2, keepdims=True)
        e = np.exp(lin - top)
        total = e.sum(axis=2)
        prob = e / total[:, :, None]
        logz = top[:, :, 0] + np.log(total)
        mean = prob @ f  # (u, Q, 5)
        # Σ weight·cov of features in a group and node
        second = np.einsum("uqk,uki,ukj->uqij", prob, f, f, optimize=True)
        cov = (second - mean[..., :, None] * mean[..., None, :]) * w[:, None, None, None]
        obs = rows.observed[begin:end]
        shift = (
            halo_sd * rows.halo_factor[begin:end][:, None] * nodes[None, :] + difference[begin:end][:, None]
        )
        ll = obs[:, 0][:, None] * shift + (obs[:, 1:] @ steps)[:, None]
        ll = ll - np.add.reduceat(logz * w[:, None], cut, axis=0) + logw[None, :]
        peak = ll.max(axis=1, keepdims=True)
        post = np.exp(ll - peak)
        norm = post.sum(axis=1, keepdims=True)
        value += float(np.sum(peak[:, 0] + np.log(norm[:, 0])))
        post = post / norm
        score = obs[:, None, :] - np.add.reduceat(mean * w[:, None, None], cut, axis=0)  # (G, Q, 5)
        cov_g = np.add.reduceat(cov, cut, axis=0)
        s = np.einsum("gq,gqi->gi", post, score)
        h = (
            np.einsum("gq,gqi,gqj->gij", post, score, score, optimize=True)
            - s[:, :, None] * s[:, None, :]
            - np.einsum("gq,gqij->gij", post, cov_g)
        )
        _scatter(gradient, hessian, s, h, rows.plus[begin:end], rows.minus[begin:end], n_raters)
        begin = end
    return value, gradient, hessian


def _scatter(
    gradient: FloatArray,
    hessian: FloatArray,
    s: FloatArray,
    h: FloatArray,
    plus: IntArray,
    minus: IntArray,
    n: int,
) -> None:
    width = len(gradient)
    design = np.zeros((len(plus), width))
    design[np.arange(len(plus)), plus] = 1.0
    paired = minus >= 0
    design[np.flatnonzero(paired), minus[paired]] = -1.0
    gradient += design.T @ s[:, 0]
    gradient[n:] += s[:, 1:].sum(axis=0)
    hessian += design.T @ (design * h[:, 0, 0][:, None])
    cross = design.T @ h[:, 0, 1:]
    hessian[:, n:] += cross
    hessian[n:, :] += cross.T
    hessian[n:, n:] += h[:, 1:, 1:].sum(axis=0)


def fit_severity(
    rows: list[Rows],
    n_raters: int,
    *,
    halo_sd: float,
    prior_sd: float,
    step_prior_sd: float,
    tolerance: float = 1e-7,
    max_iterations: int = 50,
    start: FloatArray | None = None,
) -> SeverityFit:
    """Newton with halving on the marginal posterior; severities N(0, prior_sd²), steps N(k + 0.5, step_prior_sd²) with
    their mean held at 3."""
    x, w = np.polynomial.hermite_e.hermegauss(NODES)
    logw = np.log(w / w.sum())
    centre = np.concatenate((np.zeros(n_raters), np.arange(STEPS) + 1.5))
    precision = np.diag(np.concatenate((np.full(n_raters, prior_sd**-2), np.full(STEPS, step_prior_sd**-2))))
    # The mean of the steps is the middle of the scale: if it moved, it would take up the lenience all raters share.
    precision[n_raters:, n_raters:] += MEAN_STEP_SD**-2 / STEPS**2

    def posterior(theta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        gradient = -precision @ (theta - centre)
        value = 0.5 * float(gradient @ (theta - centre))
        hessian = -precision
        for r in rows:
            v, g, h = _evaluate(r, theta, n_raters, halo_sd, x, logw)
            value, gradient, hessian = value + v, gradient + g, hessian + h
        return value, gradient, hessian

    theta = centre.copy() if start is None else start.copy()
    value, gradient, hessian = posterior(theta)
    iterations = 0
    while float(np.linalg.norm(gradient)) > tolerance and iterations < max_iterations:
        iterations += 1
        values, vectors = np.linalg.eigh(-hessian)
        step = vectors @ ((vectors.T @ gradient) / np.maximum(values, 1.0))
        length = 1.0
        while length > 1e-6:
            trial = posterior(theta + length * step)
            if trial[0] >= value - 1e-12:
                break
            length /= 2
        else:
            break
        theta = theta + length * step
        value, gradient, hessian = trial
    norm = float(np.linalg.norm(gradient))
    return SeverityFit(
        severity=theta[:n_raters],
        steps=theta[n_raters:],
        covariance=np.asarray(np.linalg.inv(-hessian), dtype=np.float64),
        iterations=iterations,
        gradient_norm=norm,
        converged=norm <= tolerance,
        log_posterior=value,
    )

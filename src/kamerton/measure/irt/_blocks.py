"""Several correlated abilities, one a block of items: each block enters as a one-dimensional curve of its own.

Because an item depends on one ability only, the likelihood of a person is a product of curves L_d(θ_d), one a
dimension, under one multivariate normal. Expectation propagation (Minka 2001) replaces each curve by a normal that keeps
the mean and variance of its tilted marginal, found on a grid of nodes; no grid over several dimensions is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._checks import FloatArray, IntArray
from ._engine import Block, Expected, Indicators, Latent, Prior, State, block_counts, category_table, improve
from ._persons import _picked

CHUNK = 8192
"""Persons held at once: with 8 dimensions and 81 nodes about 40 MB."""
NODES = np.linspace(-6.0, 6.0, 81)
DAMPING = 0.9
SMALLEST = 1e-6


@dataclass(frozen=True)
class Dimension:
    """One block of items: their columns in the whole table, their curves, their indicator table."""

    items: IntArray
    blocks: tuple[Block, ...]  # items numbered within the dimension
    data: Indicators

    @property
    def state(self) -> State:
        latent = Latent(np.zeros(1), np.ones(1), np.zeros(1, bool), np.zeros(1, bool))
        return State(self.blocks, latent, NODES)

    def log_likelihood(self, rows: slice) -> FloatArray:
        """(n, Q) log-probability of the answers of a chunk at each node."""
        table, base = category_table(self.state, self.data)
        out: FloatArray = self.data.make(rows.start, rows.stop, np.float64) @ table + base
        return out


@dataclass
class Sites:
    """What each curve says of its ability as a normal: precision and precision × mean, (N, D)."""

    precision: FloatArray
    shift: FloatArray


@dataclass(frozen=True)
class Posterior:
    """Of a chunk of n persons: normal approximation, and the tilted marginal of each ability on the nodes."""

    mean: FloatArray  # (n, D)
    covariance: FloatArray  # (n, D, D)
    marginals: FloatArray  # (D, n, Q)
    log_likelihood: FloatArray  # (n,)
    change: float


def propagate(
    curves: FloatArray, mean: FloatArray, covariance: FloatArray, sites: Sites, rows: slice, *, sweeps: int,
    tolerance: float = 1e-7,
) -> Posterior:  # fmt: skip
    """Sweep over all abilities at once until the sites rest; `curves` (D, n, Q), prior N(mean, covariance).

    `sites` keeps its state between calls, so that a later call starts where the last one ended.
    """
    precision: FloatArray = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
    base = precision @ mean
    count, dims = rows.stop - rows.start, len(mean)
    change = np.inf
    for sweep in range(sweeps):
        tau, nu = sites.precision[rows], sites.shift[rows]
        c, m = _joint(precision, base, tau, nu)
        v = np.einsum("nii->ni", c)
        cavity_v = 1.0 / np.maximum(1.0 / v - tau, SMALLEST)
        cavity_m = cavity_v * (m / v - nu)
        log_z, tilted_m, tilted_v, weights = _tilted(curves, cavity_m, cavity_v)
        new_tau = 1.0 / tilted_v - 1.0 / cavity_v
        new_tau = np.maximum(new_tau, -0.5 / cavity_v)  # a curve with guessing may widen, never undo the rest
        new_nu = tilted_m / tilted_v - cavity_m / cavity_v
        new_nu = np.where(
            new_tau > -0.5 / cavity_v, new_nu, tilted_m * (new_tau + 1 / cavity_v) - cavity_m / cavity_v
        )
        rate = 1.0 if sweep == 0 and not tau.any() else DAMPING
        change = float(np.abs(tilted_m - m).max(initial=0.0))
        sites.precision[rows] = tau + rate * (new_tau - tau)
        sites.shift[rows] = nu + rate * (new_nu - nu)
        if change < tolerance:
            break
    tau, nu = sites.precision[rows], sites.shift[rows]
    c, m = _joint(precision, base, tau, nu)
    site = log_z + 0.5 * np.log1p(np.maximum(tau * cavity_v, -0.999))
    site -= 0.5 * ((cavity_m / cavity_v + nu) ** 2 / (1 / cavity_v + tau) - cavity_m**2 / cavity_v)
    pulled = base + nu
    whole = 0.5 * np.einsum("ni,nij,nj->n", pulled, c, pulled) - 0.5 * float(mean @ base)
    whole += 0.5 * (np.linalg.slogdet(c)[1] + np.linalg.slogdet(precision)[1])
    assert m.shape == (count, dims)
    return Posterior(m, c, weights, site.sum(axis=1) + whole, change)


def _joint(
    precision: FloatArray, base: FloatArray, tau: FloatArray, nu: FloatArray
) -> tuple[FloatArray, FloatArray]:
    whole = np.broadcast_to(precision, (len(tau), *precision.shape)).copy()
    diagonal = np.arange(len(base))
    whole[:, diagonal, diagonal] += tau
    c: FloatArray = np.asarray(np.linalg.inv(whole), dtype=np.float64)
    m: FloatArray = np.einsum("nij,nj->ni", c, base + nu)
    return c, m


def _tilted(
    curves: FloatArray, mean: FloatArray, variance: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Curve × normal on the nodes: log of its integral, mean, variance (n, D), weights (D, n, Q)."""
    dims, n, _ = curves.shape
    spacing = NODES[1] - NODES[0]
    log_z, m, v = np.empty((n, dims)), np.empty((n, dims)), np.empty((n, dims))
    weights = np.empty_like(curves)
    for d in range(dims):
        z = NODES - mean[:, d, None]
        z *= z
        z *= -0.5 / variance[:, d, None]
        z += curves[d]
        top = z.max(axis=1)
        z -= top[:, None]
        np.exp(z, out=z)
        total = z.sum(axis=1)
        z /= total[:, None]
        m[:, d] = z @ NODES
        v[:, d] = np.maximum(z @ NODES**2 - m[:, d] ** 2, SMALLEST)
        log_z[:, d] = top + np.log(total * spacing) - 0.5 * np.log(2 * np.pi * variance[:, d])
        weights[d] = z
    return log_z, m, v, weights


@dataclass(frozen=True)
class Sums:
    """Of one pass over the persons: what an M-step needs."""

    log_likelihood: float
    expected: tuple[Expected, ...]  # one a dimension
    moment: FloatArray  # (D, D) mean of E[θθ′]
    change: float


def expectation(
    dimensions: tuple[Dimension, ...], mean: FloatArray, covariance: FloatArray, sites: Sites, *, sweeps: int
) -> Sums:
    """One E-step over chunks of persons."""
    n, dims = sites.precision.shape
    counts = [np.zeros((d.data.columns, len(NODES))) for d in dimensions]
    nodes = [np.zeros((1, len(NODES))) for _ in dimensions]
    moment = np.zeros((dims, dims))
    total, change = 0.0, 0.0
    for low in range(0, n, CHUNK):
        rows = slice(low, min(low + CHUNK, n))
        curves = np.stack([d.log_likelihood(rows) for d in dimensions])
        found = propagate(curves, mean, covariance, sites, rows, sweeps=sweeps)
        total += float(found.log_likelihood.sum())
        change = max(change, found.change)
        moment += found.covariance.sum(axis=0) + found.mean.T @ found.mean
        for d, dimension in enumerate(dimensions):
            counts[d] += dimension.data.make(rows.start, rows.stop, np.float64).T @ found.marginals[d]
            nodes[d][0] += found.marginals[d].sum(axis=0)
    expected = tuple(Expected(0.0, c, w) for c, w in zip(counts, nodes, strict=True))
    return Sums(total, expected, moment / n, change)


def improved(dimension: Dimension, expected: Expected, prior: Prior) -> Dimension:
    """The items of one dimension after an M-step."""
    blocks = tuple(
        improve(block, block_counts(block, expected, dimension.data), NODES, prior, 2)
        for block in dimension.blocks
    )
    return Dimension(dimension.items, blocks, dimension.data)


def modes(
    dimensions: tuple[Dimension, ...], codes: NDArray[np.int16], mean: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(N, D) modes of the posterior by batched Newton steps, and (N, D, D) Laplace covariances."""
    precision = np.linalg.inv(covariance)
    theta = np.tile(mean, (len(codes), 1))
    diagonal = np.arange(len(mean))

    def equation(at: FloatArray) -> tuple[FloatArray, FloatArray]:
        gradient = -(at - mean) @ precision
        information = np.broadcast_to(precision, (len(at), *precision.shape)).copy()
        for d, dimension in enumerate(dimensions):
            own = codes[:, dimension.items]
            for block in dimension.blocks:
                g, curvature, expected, _ = _picked(block, own[:, block.items], at[:, d])
                gradient[:, d] += g
                information[:, diagonal[d], diagonal[d]] += np.where(curvature < 0, -curvature, expected)
        return gradient, information

    for _ in range(50):
        gradient, information = equation(theta)
        step = np.linalg.solve(information, gradient[..., None])[..., 0]
        step *= np.minimum(1.0, 1.0 / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-12))
        theta = theta + step
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    laplace: FloatArray = np.asarray(np.linalg.inv(equation(theta)[1]), dtype=np.float64)
    return theta, laplace

"""Observed information of the marginal likelihood by Louis' identity, with the posterior covariance by polynomials.

I = Σ_i { E[−H_i] − Cov_post(s_i) }, s_i(θ) the complete-data score of person i. Over the posterior of one person every
score is a smooth function of θ; it is expanded in polynomials that are orthonormal under that posterior, so that
Cov_post(s_i) = Σ_d c_id c_idᵀ. A test of few items has wide posteriors and few parameters: there the degree is high.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import FloatArray, IntArray
from ._engine import (
    Block,
    Expected,
    Indicators,
    Prior,
    State,
    block_counts,
    category_table,
    expectation,
    score_and_information,
)

SHORT, SHORT_DEGREE, LONG_DEGREE = 40, 14, 3
"""Columns of the indicator table up to which the high degree costs nothing. Above, posteriors are narrow: at 50 items
degree 3 differs from degree 14 by 0.02 % of a standard error (two-parameter) and 0.008 % (graded)."""
STEP = 1e-4


def _complete_information(block: Block, counts: FloatArray, nodes: FloatArray) -> FloatArray:
    """(j, m, m) minus the Hessian of the expected complete log-likelihood, by central differences of its gradient."""
    m = block.xi.shape[1]
    out = np.empty((len(block.xi), m, m))
    for p in range(m):
        step = np.zeros_like(block.xi)
        step[:, p] = STEP * (1 + np.abs(block.xi[:, p]))
        up, _ = score_and_information(_at(block, block.xi + step), counts, nodes)
        down, _ = score_and_information(_at(block, block.xi - step), counts, nodes)
        out[:, p, :] = -(up - down) / (2 * step[:, p, None])
    symmetric: FloatArray = (out + out.transpose(0, 2, 1)) / 2
    return symmetric


def _at(block: Block, xi: FloatArray) -> Block:
    return Block(block.family, block.items, xi, block.free, block.shares_steps)


def free_map(state: State) -> FloatArray:
    """(natural parameters, free parameters): rows of blocks in order, then means and log sds of groups."""
    pieces: list[FloatArray] = []
    for block in state.blocks:
        design = block.design
        if design is None:
            chosen = np.tile(block.free, len(block.xi))
            design = np.eye(block.xi.size)[:, chosen]
        pieces.append(design)
    for free in (state.latent.mean_free, state.latent.sd_free):
        pieces.append(np.eye(len(free))[:, free])
    rows, columns = sum(p.shape[0] for p in pieces), sum(p.shape[1] for p in pieces)
    out = np.zeros((rows, columns))
    r = c = 0
    for piece in pieces:
        out[r : r + piece.shape[0], c : c + piece.shape[1]] = piece
        r, c = r + piece.shape[0], c + piece.shape[1]
    return out


def covariance(state: State, data: Indicators, prior: Prior) -> FloatArray:
    """(P, P) covariance of the natural parameters, as in `State.vector`; NaN where the information is not positive."""
    expected = expectation(state, data, exact=True)
    total = state.vector().size
    information = np.zeros((total, total))
    at = 0
    maps: list[tuple[Block, int]] = []
    for block in state.blocks:
        counts = block_counts(block, expected, data)
        complete = _complete_information(block, counts, state.nodes)
        complete[:, np.arange(complete.shape[1]), np.arange(complete.shape[1])] += prior.gradient(block)[1]
        m = block.xi.shape[1]
        for n in range(len(block.items)):
            information[at + n * m : at + (n + 1) * m, at + n * m : at + (n + 1) * m] = complete[n]
        maps.append((block, at))
        at += block.xi.size
    information[at:, at:] = _latent_information(state, expected)
    information -= _posterior_covariance(state, data, maps)
    free = free_map(state)
    reduced = free.T @ information @ free
    try:
        # numpy's own routines: a second library with threads of its own costs more here than the whole inverse.
        lower = np.linalg.inv(np.linalg.cholesky(reduced))
        inverse = lower.T @ lower
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)
    out: FloatArray = free @ inverse @ free.T
    return out


def _latent_scores(state: State) -> FloatArray:
    """(G, Q, 2): derivative of a group's log-weights by its mean and by the log of its sd."""
    z = (state.nodes - state.latent.mean[:, None]) / state.latent.sd[:, None]
    weights = np.exp(state.latent.log_weights(state.nodes))
    raw = np.stack((z / state.latent.sd[:, None], z**2), 2)
    centred: FloatArray = raw - (weights[..., None] * raw).sum(axis=1, keepdims=True)
    return centred


def _latent_information(state: State, expected: Expected) -> FloatArray:
    g = len(state.latent.mean)
    persons = expected.nodes.sum(axis=1)
    scores = _latent_scores(state)
    weights = np.exp(state.latent.log_weights(state.nodes))
    z = (state.nodes - state.latent.mean[:, None]) / state.latent.sd[:, None]
    out = np.zeros((2 * g, 2 * g))
    for group in range(g):
        cross = np.einsum("q,qa,qb->ab", weights[group], scores[group], scores[group])
        # Minus the second derivative of Σ_q n_q log w_q: that of the kernel plus the variance of the normaliser.
        n = expected.nodes[group]
        s = state.latent.sd[group]
        kernel = np.array(
            [[n.sum() / s**2, 2 * (n @ z[group]) / s], [2 * (n @ z[group]) / s, 2 * (n @ z[group] ** 2)]]
        )
        own = np.array(
            [
                [persons[group] / s**2, 2 * persons[group] * (weights[group] @ z[group]) / s],
                [
                    2 * persons[group] * (weights[group] @ z[group]) / s,
                    2 * persons[group] * (weights[group] @ z[group] ** 2),
                ],
            ]
        )
        both = kernel + persons[group] * cross - own
        out[np.ix_([group, g + group], [group, g + group])] = both
    return out


def _posterior_covariance(state: State, data: Indicators, maps: list[tuple[Block, int]]) -> FloatArray:
    total = state.vector().size
    latent_at = sum(block.xi.size for block, _ in maps)
    degree = min(SHORT_DEGREE if data.columns <= SHORT else LONG_DEGREE, len(state.nodes) - 1)
    dtype: type[Any] = np.float64 if data.columns <= SHORT else np.float32
    groups = len(state.latent.mean)
    latent = _latent_scores(state)
    # Scores by category: column (item, category, parameter) of one table over nodes.
    tables, places, widths = [], [], []
    begin = 0
    for block, _ in maps:
        curves = block.kind.curves(block.xi, state.nodes)
        by = (curves.by_parameter / curves.p[..., None]).transpose(1, 0, 2, 3)  # (Q, j, K, m)
        _, j, k, m = by.shape
        places.append(begin + np.arange(j) * k * m)
        widths.append(m)
        begin += j * k * m
        tables.append(by.reshape(len(state.nodes), -1))
    tables.append(np.zeros((len(state.nodes), 1)))  # the score of an item that was not presented
    flat = np.concatenate(tables, axis=1).astype(dtype)
    table, base = category_table(state, data)
    table = table.astype(dtype)
    prior = (state.latent.log_weights(state.nodes) + base).astype(dtype)
    nodes = state.nodes.astype(dtype)
    out = np.zeros((total, total))
    for rows, indicators in data.blocks(dtype):
        n = rows.stop - rows.start
        posterior = indicators @ table
        posterior += prior[0] if groups == 1 else prior[data.groups[rows]]
        posterior -= posterior.max(axis=1, keepdims=True)
        np.exp(posterior, out=posterior)
        posterior /= posterior.sum(axis=1, keepdims=True)
        wanted = np.concatenate(
            [
                _columns(data.codes[rows][:, block.items], place, width, begin).reshape(n, -1)
                for (block, _), place, width in zip(maps, places, widths, strict=True)
            ],
            axis=1,
        )
        wanted += np.arange(n)[:, None] * flat.shape[1]
        posterior *= np.sqrt(data.weights[rows]).astype(dtype)[:, None]
        scale = data.weights[rows].astype(dtype)[:, None]
        for basis in _orthonormal(posterior / np.sqrt(scale), nodes, degree):
            weighted = posterior * basis
            c = np.zeros((n, total), dtype=dtype)
            c[:, :latent_at] = np.take((weighted @ flat).ravel(), wanted)
            for group in range(groups):
                mine = data.groups[rows] == group
                columns = [latent_at + group, latent_at + groups + group]
                c[np.ix_(mine, columns)] = weighted[mine] @ latent[group].astype(dtype)
            out += c.T @ c
    return out


def _columns(codes: NDArray[np.int16], place: IntArray, width: int, nothing: int) -> IntArray:
    """(n, j, m) columns of the table of scores that each person's answers pick; `nothing` where none was given."""
    first = place + np.maximum(codes, 0) * width
    picked = first[:, :, None] + np.arange(width)
    return np.where(codes[:, :, None] >= 0, picked, nothing)


def _orthonormal(posterior: FloatArray, nodes: FloatArray, degree: int) -> list[FloatArray]:
    """Polynomials of degree 1 … under each person's posterior (n, Q), orthonormal, by the three-term recurrence."""
    previous = np.zeros_like(posterior)
    current = np.ones_like(posterior)
    beta = np.zeros((len(posterior), 1))
    found: list[FloatArray] = []
    for _ in range(degree):
        alpha = (posterior * current**2 * nodes).sum(axis=1, keepdims=True)
        following = (nodes - alpha) * current - beta * previous
        norm = np.sqrt((posterior * following**2).sum(axis=1, keepdims=True))
        alive = norm > 1e-7
        following = np.where(alive, following / np.where(alive, norm, 1), 0)
        previous, current, beta = current, following, norm
        found.append(current)
        if not alive.any():
            break
    return found

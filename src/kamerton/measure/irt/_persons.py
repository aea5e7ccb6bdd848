"""Persons by expected value, mode or weighted likelihood, from stored item parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._checks import FloatArray
from .._estimator import Estimates
from ._engine import ROWS, Block, Indicators, State, category_table

WIDEST = 12.0
"""A weighted-likelihood estimate beyond this many logits is at the edge of what the items can say and is flagged."""


def posteriors(state: State, data: Indicators) -> FloatArray:
    """(N, Q) posterior weights at the nodes."""
    out = np.empty((len(data.codes), len(state.nodes)))
    table, base = category_table(state, data)
    prior = state.latent.log_weights(state.nodes) + base
    for rows, indicators in data.blocks(np.float64):
        p = indicators @ table
        p += prior[data.groups[rows]]
        p -= p.max(axis=1, keepdims=True)
        np.exp(p, out=p)
        p /= p.sum(axis=1, keepdims=True)
        out[rows] = p
    return out


def expected(state: State, data: Indicators) -> tuple[FloatArray, FloatArray]:
    """EAP and its posterior sd, in single precision where the grid allows it, block by block."""
    value, se = np.empty(len(data.codes)), np.empty(len(data.codes))
    table, base = category_table(state, data)
    small = table.astype(np.float32)
    prior = (state.latent.log_weights(state.nodes) + base).astype(np.float32)
    moments = np.stack((np.ones_like(state.nodes), state.nodes, state.nodes**2), 1).astype(np.float32)
    for rows, indicators in data.blocks(np.float32):
        p = indicators @ small
        p += prior[0] if len(prior) == 1 else prior[data.groups[rows]]
        p -= p.max(axis=1, keepdims=True)
        np.exp(p, out=p)
        sums = (p @ moments).astype(np.float64)
        value[rows] = sums[:, 1] / sums[:, 0]
        se[rows] = np.sqrt(np.maximum(sums[:, 2] / sums[:, 0] - value[rows] ** 2, 0))
    return value, se


def _picked(
    block: Block, codes: NDArray[np.int16], theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """At each person's own θ: Σ P'/P and Σ (P''/P − (P'/P)²) of the answers given, Σ information, Σ P'P''/P."""
    slopes = block.kind.slopes(block.xi, theta)  # (j, n, K)
    seen = (codes >= 0).T
    at = np.maximum(codes, 0).T[..., None].astype(np.intp)
    p, first, second = (np.take_along_axis(x, at, 2)[..., 0] for x in (slopes.p, slopes.first, slopes.second))
    gradient = (first / p * seen).sum(0)
    curvature = ((second / p - (first / p) ** 2) * seen).sum(0)
    information = ((slopes.first**2 / slopes.p).sum(2) * seen).sum(0)
    warm = ((slopes.first * slopes.second / slopes.p).sum(2) * seen).sum(0)
    return gradient, curvature, information, warm


def _equation(
    state: State, data: Indicators, rows: slice, theta: FloatArray, method: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Left side of the estimating equation, the curvature of its likelihood and the test information."""
    n = len(theta)
    gradient, curvature, information, warm = (np.zeros(n) for _ in range(4))
    for block in state.blocks:
        g, c, i, w = _picked(block, data.codes[rows][:, block.items], theta)
        gradient += g
        curvature += c
        information += i
        warm += w
    if method == "map":
        group = data.groups[rows]
        mean, sd = state.latent.mean[group], state.latent.sd[group]
        return gradient - (theta - mean) / sd**2, curvature - 1 / sd**2, information
    return gradient + warm / (2 * np.maximum(information, 1e-12)), curvature, information


def solved(state: State, data: Indicators, method: str) -> tuple[FloatArray, FloatArray]:
    """MAP or Warm's weighted likelihood by bisection inside a bracket and Newton's step where it stays there."""
    value, se = np.empty(len(data.codes)), np.empty(len(data.codes))
    for low in range(0, len(data.codes), ROWS):
        rows = slice(low, min(low + ROWS, len(data.codes)))
        n = rows.stop - rows.start
        left, right = np.full(n, -WIDEST), np.full(n, WIDEST)
        theta = np.zeros(n)
        for _ in range(80):
            f, slope, _ = _equation(state, data, rows, theta, method)
            left, right = np.where(f > 0, theta, left), np.where(f > 0, right, theta)
            newton = theta - f / np.where(slope < -1e-10, slope, -np.inf)
            inside = (newton > left) & (newton < right) & (slope < -1e-10)
            moved = np.where(inside, newton, (left + right) / 2)
            change = np.abs(moved - theta).max(initial=0)
            theta = moved
            if change < 1e-10:
                break
        _, curvature, information = _equation(state, data, rows, theta, method)
        value[rows] = theta
        se[rows] = 1 / np.sqrt(np.maximum(-curvature if method == "map" else information, 1e-12))
    return value, se


def flagged(value: FloatArray, se: FloatArray, data: Indicators, few: int) -> Estimates:
    """The estimates with what each reader must know: perfect scores, few items, nobody asked anything."""
    used = data.codes if data.is_whole else data.codes[:, data.used]
    top = data.counts[data.used] - 1
    if data.has_missing:
        seen = used >= 0
        n = seen.sum(axis=1)
        highest = ((used == top) | ~seen).all(axis=1) & (n > 0)
        lowest = (used <= 0).all(axis=1) & (n > 0)
    else:
        n = np.full(len(used), used.shape[1])
        total = used.sum(axis=1, dtype=np.int32)
        highest, lowest = total == top.sum(), total == 0
    binary = data.is_binary
    marks: list[tuple[str, NDArray[np.bool_]]] = [
        ("no_answers", n == 0),
        ("all_correct" if binary else "all_highest", highest),
        ("all_wrong" if binary else "all_lowest", lowest),
        ("too_few_items", (n > 0) & (n < few)),
        ("at_bound", np.abs(value) > WIDEST - 1e-6),
    ]
    value, se = np.where(n == 0, np.nan, value), np.where(n == 0, np.nan, se)
    flags: list[tuple[str, ...]] = [()] * len(n)
    for code, rows in marks:
        for i in np.flatnonzero(rows):
            flags[i] = (*flags[i], code)
    return Estimates(value, se, n.astype(np.intp), tuple(flags))

"""Moments of a rating at given locations: what every likelihood, residual and measure is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._checks import FloatArray, IntArray


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

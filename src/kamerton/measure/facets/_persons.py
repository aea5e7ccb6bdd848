"""Measures from a total score when everything else is known: weighted likelihood, likelihood, adjusted extreme scores."""

from __future__ import annotations

import numpy as np

from .._checks import BoolArray, FloatArray, IntArray
from ._moments import moments

MAX_STEP = 1.0  # logits a Newton step may move
CYCLES = 200
CLOSE = 1e-9


def measure_from_score(
    place: IntArray,
    size: int,
    difficulty: FloatArray,
    cumulative: FloatArray,
    count: FloatArray,
    score: FloatArray,
    *,
    sign: float = 1.0,
    weighted: bool = False,
    start: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Measure, standard error and whether it converged, for each of `size` places.

    Rows (u,) give the rest of the location (to be subtracted), thresholds and how often; `sign` is −1 for a facet whose
    measure is subtracted itself. `weighted` adds Warm's term, which is finite at both ends of the scale.
    """
    at = np.zeros(size) if start is None else np.array(start, dtype=np.float64)
    done = np.zeros(size, dtype=bool)
    info: FloatArray = np.ones(size)
    for _ in range(CYCLES):
        location = (sign * at[place] - difficulty)[:, None]
        m = moments(location, cumulative)
        mean, variance = m.mean[:, 0], m.variance[:, 0]
        expected = np.bincount(place, weights=count * mean, minlength=size)
        info = np.asarray(np.bincount(place, weights=count * variance, minlength=size), dtype=np.float64)
        gap = score - expected
        if weighted:
            third = -(mean**3) * np.exp(-m.log_norm[:, 0])
            for k in range(1, cumulative.shape[1]):
                third += (k - mean) ** 3 * np.exp(k * location[:, 0] - cumulative[:, k] - m.log_norm[:, 0])
            skew = np.bincount(place, weights=count * third, minlength=size)
            gap = gap + skew / (2 * np.maximum(info, 1e-12))
        move = np.clip(sign * gap / np.maximum(info, 1e-12), -MAX_STEP, MAX_STEP)
        done = np.abs(move) < CLOSE
        if bool(done.all()):
            break
        at = at + move
    with np.errstate(divide="ignore"):
        return at, 1.0 / np.sqrt(info), done | (np.abs(move) < 1e-6)

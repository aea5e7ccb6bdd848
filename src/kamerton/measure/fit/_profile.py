"""How a profile of scores lies beside a target profile: distances that explain and never decide (SCORING A4.8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._checks import BoolArray, FloatArray, floats, frozen
from .._estimator import Flag

FLAT = 1e-12


@dataclass(frozen=True)
class ProfileDistance:
    """Indices of match of P profiles with one target over C competencies; arrays (P,) unless said.

    d2 = Σ(x − t)², d = √d2. d2_weighted = Σ w(x − t)² with the weights as given. elevation = mean(x) − mean(t).
    scatter = √Σ(x − mean)², scatter_target: one number. r: correlation of the two shapes, NaN for a flat profile.
    parts (P, 3): k·elevation², (scatter − scatter_target)², 2·scatter·scatter_target·(1 − r); they sum to d2.
    shortfall = Σ w·max(0, t − x)/Σw: what is missing, not made up for by what is in excess. compensatory = Σ w·x/Σw.
    failed (P, C): below the minimum. se_d2, d2_corrected: with error covariances, the error of d2 and d2 less what the
    errors alone add to it (tr V); NaN without. n (P,): competencies behind the indices. flags: flat_profile by person.
    """

    d2: FloatArray
    d: FloatArray
    d2_weighted: FloatArray
    elevation: FloatArray
    scatter: FloatArray
    scatter_target: float
    r: FloatArray
    parts: FloatArray
    shortfall: FloatArray
    compensatory: FloatArray
    failed: BoolArray
    se_d2: FloatArray
    d2_corrected: FloatArray
    n: int
    flags: tuple[Flag, ...]


def profile_distance(
    x: object,
    target: object,
    weights: object = None,
    *,
    minimums: object = None,
    covariance: object = None,
) -> ProfileDistance:
    """How far and in what way profiles of scores lie from a target profile.

    D² = Σ(x − t)² = k·(elevation)² + (S_x − S_t)² + 2·S_x·S_t·(1 − r) (Cronbach and Gleser 1953): height, spread and
    shape. A small D² does not mean fit, because an excess counts as a lack does; the shortfall counts the lack alone.

    x: (P, C) or (C,) levels; NaN = not measured, the person's indices are then NaN. target: (C,). weights: (C,), not
    negative, default 1: they enter d2_weighted, shortfall, compensatory. minimums: (C,), NaN = none, for `failed`.
    covariance: (P, C, C) or (C, C) error covariances of x: measurement error adds tr V to the expected D², so profiles
    measured badly look far from every target; d2_corrected takes it out and may be negative near zero.
    se_d2 = √(4(x − t)′V(x − t) + 2 tr V²), normal errors.

    Not to be used to decide or to rank: D² treats two different people at the same distance alike, r ignores height
    (a weak profile of the right shape correlates 1), and difference scores hide which side the gap is on (Edwards 1993).

    >>> import numpy as np
    >>> found = profile_distance([4, 3, 2, 4, 3], [4, 4, 3, 3, 4], [3, 2, 2, 1, 2], minimums=[3, 3, 3, 2, 2])
    >>> found.d2[0], found.shortfall[0], np.round(found.r[0], 3)
    (np.float64(4.0), np.float64(0.6), np.float64(0.218))
    >>> np.flatnonzero(found.failed[0])
    array([2])

    References: Cronbach and Gleser 1953, Psychological Bulletin 50, 456–473; Edwards 1993, Personnel Psychology 46.
    """
    t = floats(target, "target", (None,))
    k = len(t)
    given = np.asarray(x, dtype=np.float64)
    y = floats(given[None] if given.ndim == 1 else given, "x", (None, k))
    w = np.ones(k) if weights is None else floats(weights, "weights", (k,))
    if np.any(w < 0) or not w.sum() > 0:
        raise ValueError(f"weights must be >= 0 with a positive sum, got {w.tolist()}.")
    if not np.all(np.isfinite(t)):
        raise ValueError(f"target must be finite in every competency, got {t.tolist()}. Leave others out.")
    low = np.full(k, np.nan) if minimums is None else floats(minimums, "minimums", (k,))
    gap = y - t
    d2 = (gap**2).sum(axis=1)
    elevation = y.mean(axis=1) - t.mean()
    a, b = y - y.mean(axis=1, keepdims=True), t - t.mean()
    scatter, scatter_t = np.sqrt((a**2).sum(axis=1)), float(np.sqrt((b**2).sum()))
    scale = scatter * scatter_t
    flat = ~(scale > FLAT) & ~np.isnan(d2)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(scale > FLAT, np.clip(a @ b / scale, -1.0, 1.0), np.nan)
        failed = y < low
    spread, shape = (scatter - scatter_t) ** 2, 2 * scale * (1 - r)
    parts = np.stack((k * elevation**2, spread, np.where(flat, 0.0, shape)), axis=1)
    se, corrected = np.full(len(y), np.nan), np.full(len(y), np.nan)
    if covariance is not None:
        v = np.asarray(covariance, dtype=np.float64)
        v = floats(np.broadcast_to(v, (len(y), k, k)) if v.ndim == 2 else v, "covariance", (len(y), k, k))
        corrected = d2 - np.trace(v, axis1=1, axis2=2)
        own = np.einsum("pc,pcd,pd->p", gap, v, gap)
        se = np.sqrt(4 * own + 2 * np.einsum("pcd,pdc->p", v, v))
    return ProfileDistance(
        d2=frozen(d2),
        d=frozen(np.sqrt(d2)),
        d2_weighted=frozen((w * gap**2).sum(axis=1)),
        elevation=frozen(elevation),
        scatter=frozen(scatter),
        scatter_target=scatter_t,
        r=frozen(r),
        parts=frozen(parts),
        shortfall=frozen((w * np.maximum(-gap, 0.0)).sum(axis=1) / w.sum()),
        compensatory=frozen((w * y).sum(axis=1) / w.sum()),
        failed=frozen(failed),
        se_d2=frozen(se),
        d2_corrected=frozen(corrected),
        n=k,
        flags=tuple(
            Flag("flat_profile", f"person {i}", "one of the two profiles has no shape; r is not defined")
            for i in np.flatnonzero(flat).tolist()
        ),
    )

"""Ratings with known truth on the logit scale of many-facet models: severity, halo, drift, bias, central tendency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import FloatArray, IntArray, floats, frozen

THRESHOLDS = (-1.5, -0.5, 0.5, 1.5)


@dataclass(frozen=True)
class Ratings:
    """Simulated ratings, one row a rating, and the truth behind them, in logits.

    ratings: columns person, exercise, competency, rater, occasion, value (0 … K − 1), as `facets.ManyFacetRasch` takes
    them. ability (P, C). exercise (E,), competency (C,): difficulties, mean zero. severity (R, O): of each rater on each occasion,
    positive = severe. method (P, E), halo (P, E, R): person effects shared by the ratings of an exercise, of one rater
    there. bias (R, C): severity of a rater towards a competency. spread (R,): 1, or below it for a central rater.
    """

    ratings: Mapping[str, NDArray[Any]]
    ability: FloatArray
    exercise: FloatArray
    competency: FloatArray
    severity: FloatArray
    method: FloatArray
    halo: FloatArray
    bias: FloatArray
    spread: FloatArray
    seed: int


def simulate_ratings(
    n_persons: int,
    n_exercises: int,
    n_competencies: int,
    n_raters: int,
    seed: int,
    *,
    per_performance: int = 2,
    thresholds: Sequence[float] = THRESHOLDS,
    ability_sd: float = 1.0,
    correlation: float = 1.0,
    exercise_sd: float = 0.3,
    competency_sd: float = 0.4,
    severity_sd: float = 0.5,
    method_sd: float = 0.0,
    halo_sd: float = 0.0,
    bias_sd: float = 0.0,
    occasions: int = 1,
    drift_sd: float = 0.0,
    central: Mapping[int, float] | None = None,
    pairs: object = None,
    absent: float = 0.0,
) -> Ratings:
    """Ratings by adjacent categories: log P(k)/P(k − 1) = s_r(θ_pc + m_pe + h_per − δ_e − γ_c − ρ_ro − b_rc) − τ_k.

    per_performance: raters of each person × exercise, drawn anew with even loads. thresholds τ. correlation: of a
    person's abilities between competencies, 1 = one ability, as the classical model assumes. method_sd, halo_sd: what a plain many-facet model leaves out. occasions: persons fall into them in their
    order; a rater's severity walks by N(0, drift_sd²) from one to the next. central: rater → spread s_r below 1. pairs
    (P, E, k): who rates whom, for sparse or unconnected designs. absent: share of ratings not observed, at random.

    >>> found = simulate_ratings(20, 2, 3, 4, 1, occasions=2, drift_sd=0.3)
    >>> len(found.ratings["value"]), found.severity.shape
    (240, (4, 2))
    """
    if not 1 <= per_performance <= n_raters:
        raise ValueError(
            f"each performance needs {per_performance} raters of {n_raters}. Enlarge the pool or lower per_performance."
        )
    if occasions < 1 or not 0 <= absent < 1 or not 0 <= correlation <= 1:
        raise ValueError(
            f"occasions must be at least 1, absent in [0, 1), correlation in [0, 1], got {occasions}, {absent}, {correlation}."
        )
    rng = np.random.Generator(np.random.PCG64([seed, 0x9A7E]))
    general = rng.standard_normal((n_persons, 1))
    own = rng.standard_normal((n_persons, n_competencies))
    ability = ability_sd * (np.sqrt(correlation) * general + np.sqrt(1 - correlation) * own)
    exercise, competency = (
        sd * _centred(rng.standard_normal(n))
        for sd, n in ((exercise_sd, n_exercises), (competency_sd, n_competencies))
    )
    first = severity_sd * rng.standard_normal((n_raters, 1))
    walk = drift_sd * rng.standard_normal((n_raters, occasions - 1))
    severity = np.concatenate((first, first + np.cumsum(walk, axis=1)), axis=1)
    severity -= severity.mean()
    bias = bias_sd * rng.standard_normal((n_raters, n_competencies))
    method = method_sd * rng.standard_normal((n_persons, n_exercises))
    halo = halo_sd * rng.standard_normal((n_persons, n_exercises, n_raters))
    spread = np.ones(n_raters)
    for rater, value in (central or {}).items():
        spread[rater] = value
    seats = _seats(pairs, n_persons, n_exercises, n_raters, per_performance, rng)
    p, e, s, c = (
        a.ravel() for a in np.meshgrid(*(np.arange(n) for n in (*seats.shape, n_competencies)), indexing="ij")
    )
    r = seats[p, e, s]
    occasion = p * occasions // n_persons
    location = (
        ability[p, c] + method[p, e] + halo[p, e, r] - exercise[e] - competency[c] - severity[r, occasion]
    ) - bias[r, c]
    tau = floats(thresholds, "thresholds", (None,))
    log = np.cumsum(spread[r, None] * location[:, None] - tau[None], axis=1)
    weight = np.exp(np.concatenate((np.zeros((len(log), 1)), log), axis=1))
    reach = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    value = (rng.random(len(p))[:, None] > reach[:, :-1]).sum(axis=1)
    kept = rng.random(len(p)) >= absent
    columns = {
        "person": p, "exercise": e, "competency": c, "rater": r, "occasion": occasion, "value": value,
    }  # fmt: skip
    return Ratings(
        {name: frozen(column[kept]) for name, column in columns.items()},
        ability=frozen(ability),
        exercise=frozen(exercise),
        competency=frozen(competency),
        severity=frozen(severity),
        method=frozen(method),
        halo=frozen(halo),
        bias=frozen(bias),
        spread=frozen(spread),
        seed=seed,
    )


def _centred(x: FloatArray) -> FloatArray:
    out: FloatArray = x - x.mean()
    return out


def _seats(
    pairs: object, n_persons: int, n_exercises: int, n_raters: int, each: int, rng: np.random.Generator
) -> IntArray:
    """Raters of every performance, (P, E, k): given, or dealt from shuffled rounds of the pool."""
    if pairs is not None:
        given = np.asarray(pairs, dtype=np.intp)
        if given.ndim != 3 or given.shape[:2] != (n_persons, n_exercises):
            raise ValueError(f"pairs must have shape ({n_persons}, {n_exercises}, k), got {given.shape}.")
        if given.min() < 0 or given.max() >= n_raters:
            raise ValueError(f"pairs names rater {given.max()}, there are {n_raters} (0 … {n_raters - 1}).")
        return given
    out = np.empty((n_persons * n_exercises, each), dtype=np.intp)
    for start in range(0, len(out), max(n_raters // each, 1)):
        deal = rng.permutation(n_raters)[: n_raters // each * each].reshape(-1, each)
        stop = min(start + len(deal), len(out))
        out[start:stop] = deal[: stop - start]
    return out.reshape(n_persons, n_exercises, each)

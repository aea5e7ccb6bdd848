"""The common prior of true levels (SCORING A4.1): one for all persons, no group in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import FloatArray, floats, frozen

CENTRE = 3.0
TRUE_VARIANCE = 0.49
TRUE_CORRELATION = 0.5
MEAN_WORTH = 10.0  # persons the middle of the scale is worth
COVARIANCE_WORTH = 30.0
SMALLEST_EIGENVALUE = 0.03
MIN_PERSONS = 30


@dataclass(frozen=True)
class Prior:
    """N(mean, covariance) of true levels, (C,) and (C, C); n persons it rests on (0 = default); flags."""

    mean: FloatArray
    covariance: FloatArray
    n: int
    source: str
    flags: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, exact on the way back."""
        return {
            "mean": self.mean.tolist(),
            "covariance": self.covariance.tolist(),
            "n": self.n,
            "source": self.source,
            "flags": list(self.flags),
        }

    @classmethod
    def from_dict(cls, payload: Mapping[str, Any]) -> Prior:
        """The inverse of `to_dict`."""
        return cls(
            frozen(np.asarray(payload["mean"], dtype=np.float64)),
            frozen(np.asarray(payload["covariance"], dtype=np.float64)),
            int(payload["n"]),
            str(payload["source"]),
            tuple(payload["flags"]),
        )


def default_prior(competencies: int) -> Prior:
    """N(3, .49·(.5·11′ + .5·I)): where fewer than 30 persons have been seen."""
    covariance = TRUE_VARIANCE * (
        TRUE_CORRELATION * np.ones((competencies, competencies))
        + (1 - TRUE_CORRELATION) * np.eye(competencies)
    )
    return Prior(frozen(np.full(competencies, CENTRE)), frozen(covariance), 0, "default")


def estimate_prior(y: object, covariance: object) -> Prior:
    """The prior from unshrunken scores y (P, C) and their error covariances (P, C, C).

    n counts persons with all competencies measured. n ≥ 30: μ̂ = (nȳ + 10·3)/(n + 10),
    Σ̂ = (n(S_y − V̄) + 30·Σ_0)/(n + 30), eigenvalues raised to .03 (flag `eigenvalue_floor`). n < 30: the default.
    """
    scores = floats(y, "y", (None, None))
    n_c = scores.shape[1]
    v = floats(covariance, "covariance", (len(scores), n_c, n_c))
    full = ~np.isnan(scores).any(axis=1)
    n = int(full.sum())
    base = default_prior(n_c)
    if n < MIN_PERSONS:
        return base
    seen = scores[full]
    mean = (n * seen.mean(axis=0) + MEAN_WORTH * CENTRE) / (n + MEAN_WORTH)
    spread = np.atleast_2d(np.cov(seen, rowvar=False))
    sigma = (n * (spread - v[full].mean(axis=0)) + COVARIANCE_WORTH * base.covariance) / (
        n + COVARIANCE_WORTH
    )
    sigma = (sigma + sigma.T) / 2
    values, vectors = np.linalg.eigh(sigma)
    flags: tuple[str, ...] = ()
    if values.min() < SMALLEST_EIGENVALUE:
        flags = ("eigenvalue_floor",)
        sigma = (vectors * np.maximum(values, SMALLEST_EIGENVALUE)) @ vectors.T
        sigma = (sigma + sigma.T) / 2
    return Prior(frozen(mean), frozen(sigma), n, "blended", flags)

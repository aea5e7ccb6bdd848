"""Seats arithmetic (SCORING A5.1). See docs/methods/seats.md."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._checks import FloatArray, IntArray, frozen
from ..fit import FitVerdicts, RoleFit, categorise

ALGORITHM = "seats.joint/1"
SHIFT_SD = 0.08  # link and zero of severity, shared by everybody; levels (SCORING A5.1)
SHIFT_SD_COMPETENCY = 0.08


@dataclass(frozen=True)
class SeatCount:
    """Expected counts with 80 % intervals (10th and 90th percentile over draws).

    n persons counted, excluded persons without a verdict. ready, developing: people in A, in B. hire: seats − A −
    share·B, at least 0. draws_a, draws_b, draws_hire (draws,).
    """

    seats: float
    share: float
    n: int
    excluded: tuple[str, ...]
    ready: float
    ready_interval: tuple[float, float]
    developing: float
    developing_interval: tuple[float, float]
    hire: float
    hire_interval: tuple[float, float]
    draws_a: FloatArray
    draws_b: FloatArray
    draws_hire: FloatArray
    seed: int
    algorithm: str = ALGORITHM


def permutation(seed: int, person: str, draws: int) -> IntArray:
    """The person's own order of the draws: PCG64 seeded by SHA-256("seed:person"); does not depend on other persons."""
    digest = hashlib.sha256(f"{seed}:{person}".encode()).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
    return np.asarray(rng.permutation(draws), dtype=np.intp)


def count_seats(
    fit: RoleFit,
    verdicts: FitVerdicts,
    persons: Sequence[str],
    *,
    needed: float,
    share: float = 0.5,
    seed: int | None = None,
) -> SeatCount:
    """People in A and B, and seats to be filled from outside, jointly over persons.

    persons: ids in the order of `verdicts`. needed: seats. share: of B counted as filled, stated by a person (0…1).
    Each draw adds one shift N(0, .08²) and one per competency N(0, .08²) to everybody. Persons with proposal
    "insufficient" are left out and listed; with an unresolved red flag they count as they score, the flag is not a score.
    """
    if not 0 <= share <= 1 or needed < 0:
        raise ValueError(
            f"share must lie in 0…1 and needed be at least 0, got share {share} and needed {needed}."
        )
    if len(set(persons)) != len(persons) or len(persons) != len(verdicts.proposal):
        raise ValueError(
            f"give {len(verdicts.proposal)} different person ids in the order of the verdicts, got {len(persons)}."
        )
    run = fit.seed if seed is None else seed
    z = fit.draw_set()
    n_d, n_c = z.shape
    rng = np.random.Generator(np.random.PCG64([run, 0x5EA75]))
    shift = SHIFT_SD * rng.standard_normal((n_d, 1)) + SHIFT_SD_COMPETENCY * rng.standard_normal((n_d, n_c))
    in_a, in_b = np.zeros(n_d), np.zeros(n_d)
    excluded = []
    for i, person in enumerate(persons):
        if verdicts.proposal[i] == "insufficient":
            excluded.append(person)
            continue
        own = z[permutation(run, person, n_d)]
        levels = fit.levels(verdicts.mean[i : i + 1], verdicts.covariance[i : i + 1], own)[0] + shift
        category, _ = categorise(levels, fit.rules, fit.role)
        in_a += category == 0
        in_b += category == 1
    hire = np.maximum(0.0, needed - in_a - share * in_b)

    def band(x: FloatArray) -> tuple[float, float]:
        low, high = np.quantile(x, (0.10, 0.90))
        return float(low), float(high)

    return SeatCount(
        seats=float(needed),
        share=float(share),
        n=len(persons) - len(excluded),
        excluded=tuple(excluded),
        ready=float(in_a.mean()),
        ready_interval=band(in_a),
        developing=float(in_b.mean()),
        developing_interval=band(in_b),
        hire=float(hire.mean()),
        hire_interval=band(hire),
        draws_a=frozen(in_a),
        draws_b=frozen(in_b),
        draws_hire=frozen(hire),
        seed=run,
    )

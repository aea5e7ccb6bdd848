"""Seats arithmetic (SCORING A5.1). See docs/methods/seats.md."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .._checks import FloatArray, IntArray, frozen
from ..fit import FitVerdicts, RoleFit
from ..fit._draws import CHUNK, Sheet, categories, held, unpacked

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


def shared_shift(draws: int, width: int, seed: int) -> FloatArray:
    """What everybody shares in each draw, (draws, width) levels: one N(0, .08²) for all and one per competency."""
    rng = np.random.Generator(np.random.PCG64([seed, 0x5EA75]))
    out: FloatArray = SHIFT_SD * rng.standard_normal((draws, 1)) + SHIFT_SD_COMPETENCY * rng.standard_normal(
        (draws, width)
    )
    return out


def own_draws(
    mean: FloatArray,
    covariance: FloatArray,
    persons: Sequence[str],
    z: FloatArray,
    weights: FloatArray,
    seed: int,
) -> Iterator[Sheet]:
    """Chunks of persons, each with the draws in an order of its own, and the shared shift added to all alike."""
    n_d, n_c = z.shape
    shift = shared_shift(n_d, n_c, seed)
    added = np.concatenate((shift, shift @ weights.T), axis=1).T
    low = np.linalg.cholesky(covariance)
    rows = np.concatenate((low, weights[None] @ low), axis=1)
    centre = np.concatenate((mean, mean @ weights.T), axis=1)
    across = np.ascontiguousarray(z.T)
    for start in range(0, len(mean), CHUNK):
        part = slice(start, start + CHUNK)
        own = np.stack([across[:, permutation(seed, person, n_d)] for person in persons[part]])
        yield Sheet(part, rows[part] @ own + added[None], centre[part], n_d)


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
    n_d = len(z)
    rule = fit.rules[fit.role]
    counted = [i for i in range(len(persons)) if verdicts.proposal[i] != "insufficient"]
    in_a, in_b = np.zeros(n_d), np.zeros(n_d)
    for sheet in own_draws(
        verdicts.mean[counted],
        verdicts.covariance[counted],
        [persons[i] for i in counted],
        z,
        rule.weights[None],
        run,
    ):
        holds = held(sheet, [rule])
        measured = np.ones((len(sheet.x), 1), dtype=bool)
        a, b, _ = categories(sheet, [rule], 0, holds, measured)
        in_a += unpacked(a, n_d).sum(axis=0)
        in_b += unpacked(b, n_d).sum(axis=0)
    hire = np.maximum(0.0, needed - in_a - share * in_b)

    def band(x: FloatArray) -> tuple[float, float]:
        low, high = np.quantile(x, (0.10, 0.90))
        return float(low), float(high)

    return SeatCount(
        seats=float(needed),
        share=float(share),
        n=len(counted),
        excluded=tuple(
            p for p, code in zip(persons, verdicts.proposal, strict=True) if code == "insufficient"
        ),
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

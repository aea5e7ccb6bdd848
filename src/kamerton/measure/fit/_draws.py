"""Joint events counted over one fixed set of draws, a bit a draw (SCORING A4.2).

Every person is read against the same normals Z, so that a comparison of roles or of persons is not blurred by chance
and no newcomer moves a number. For a chunk of persons all true levels and composites come from one product a person,
[L; WL]·Z′; each cut that occurs is compared once whatever the number of roles that state it, the answers are packed
64 draws a word, and "all minimums and the composite at once" is an AND of words. A person's numbers come from that
person's own product and from sums of whole counts, so the size of the chunk changes no bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._checks import BoolArray, FloatArray, IntArray, floats, frozen
from ._prior import Prior
from ._rule import RoleRule

CHUNK = 64  # persons whose draws are held at once: 17 rows of 2,000 numbers each stay near the processor
WORD = 64

Words = NDArray[np.uint64]  # (persons of the chunk, words): one bit a draw


def antithetic_normals(draws: int, width: int, seed: int) -> FloatArray:
    """Fixed set Z (draws, width): the first half from PCG64(seed), the second half its negative; read-only."""
    if draws < 2 or draws % 2:
        raise ValueError(f"draws must be even and at least 2 for antithetic pairs, got {draws}.")
    half = np.random.Generator(np.random.PCG64(seed)).standard_normal((draws // 2, width))
    return frozen(np.concatenate((half, -half)))


def posterior(y: FloatArray, covariance: FloatArray, prior: Prior) -> tuple[FloatArray, FloatArray]:
    """m (P, C) and C (P, C, C): K = Σ(Σ + V)⁻¹, m = μ + K(y − μ), C = Σ − KΣ. NaN scores: from what was observed."""
    sigma, mu = prior.covariance, prior.mean
    n_c = y.shape[1]
    seen = ~np.isnan(y)
    both = seen[:, :, None] & seen[:, None, :]
    # An absent score enters as an observation with no weight: zero rows in Σ_obs, unit on the diagonal.
    total = np.where(both, sigma[None] + np.where(both, covariance, 0.0), 0.0)
    total = total + np.eye(n_c)[None] * (~seen)[:, :, None]
    left = np.where(seen[:, None, :], sigma[None], 0.0)  # Σ restricted to observed columns
    gain = np.swapaxes(np.linalg.solve(total, np.swapaxes(left, 1, 2)), 1, 2)
    m = mu[None] + np.einsum("pcd,pd->pc", gain, np.where(seen, y - mu, 0.0))
    c = sigma[None] - gain @ np.swapaxes(left, 1, 2)
    return m, (c + np.swapaxes(c, 1, 2)) / 2


def count(bits: Words) -> IntArray:
    """Draws that hold, one number a person."""
    out: IntArray = np.bitwise_count(bits).sum(axis=1, dtype=np.intp)
    return out


def unpacked(bits: Words, draws: int) -> BoolArray:
    """Words back to booleans, (persons, draws)."""
    return np.unpackbits(bits.view(np.uint8), axis=1, count=draws).view(np.bool_)


@dataclass
class Sheet:
    """One chunk of persons over all draws: deviations of levels and composites, and a packed answer per cut asked.

    x (n, C + R, draws) deviations from `centre` (n, C + R); rows are competencies, then roles' composites.
    """

    part: slice
    x: FloatArray
    centre: FloatArray
    draws: int

    def __post_init__(self) -> None:
        n, words = len(self.x), -(-self.draws // WORD)
        self._buffer = np.zeros((n, words * WORD), dtype=np.bool_)
        self._known: dict[tuple[int, float], Words] = {}
        everything = np.zeros(words * WORD, dtype=np.bool_)
        everything[: self.draws] = True
        self.all: Words = np.broadcast_to(np.packbits(everything).view(np.uint64), (n, words))

    def at_least(self, row: int, cut: float) -> Words:
        """Draws in which a row reaches a cut; asked twice it is looked up."""
        known = self._known.get((row, cut))
        if known is None:
            limit = (cut - self.centre[:, row])[:, None]
            np.greater_equal(self.x[:, row], limit, out=self._buffer[:, : self.draws])
            known = np.packbits(self._buffer, axis=1).view(np.uint64)
            self._known[row, cut] = known
        return known


def sheets(
    m: FloatArray, c: FloatArray, z: FloatArray, weights: FloatArray, chunk: int = CHUNK
) -> Iterator[Sheet]:
    """Chunks of persons with posterior N(m, c), (P, C) and (P, C, C); z (draws, C); weights (R, C)."""
    low = np.linalg.cholesky(c)
    rows = np.concatenate((low, weights[None] @ low), axis=1)
    centre = np.concatenate((m, m @ weights.T), axis=1)
    across = np.ascontiguousarray(z.T)
    for start in range(0, len(m), chunk):
        part = slice(start, start + chunk)
        yield Sheet(part, rows[part] @ across, centre[part], len(z))


@dataclass
class Held:
    """Words in which a role's parts hold: minimums, composite, and their AND (category A of that role)."""

    minimums: Words
    composite: Words
    both: Words


def held(sheet: Sheet, rules: Sequence[RoleRule]) -> list[Held]:
    """Where each role's minimums and composite hold; the roles' composites are the rows after the competencies."""
    out = []
    for r, rule in enumerate(rules):
        n_c = len(rule.cuts)
        minimums = sheet.all.copy()
        for k in np.flatnonzero(np.isfinite(rule.cuts)):
            minimums &= sheet.at_least(int(k), float(rule.cuts[k]))
        composite = sheet.at_least(n_c + r, rule.cut)
        out.append(Held(minimums, composite, minimums & composite))
    return out


def categories(
    sheet: Sheet, rules: Sequence[RoleRule], at: int, holds: Sequence[Held], measured: BoolArray
) -> tuple[Words, Words, Words]:
    """Words of categories A, B and C of the role at index `at`, the first that holds; D is the rest.

    measured (n, R): another role counts towards C only for persons in whom all it needs was measured.
    """
    rule = rules[at]
    a = holds[at].both
    b = sheet.at_least(len(rule.cuts) + at, rule.cut - rule.margin_b) & ~a
    assert rule.trainable is not None
    gaps: list[Words] = []
    for k in np.flatnonzero(np.isfinite(rule.cuts)):
        met = sheet.at_least(int(k), float(rule.cuts[k]))
        if rule.trainable[k]:
            b &= sheet.at_least(int(k), float(rule.cuts[k]) - rule.gap_b)
            gaps.append(~met)
        else:
            b &= met
    b &= ~more_than(gaps, rule.gaps_b, sheet.all)
    other = np.zeros_like(a)
    for r, hold in enumerate(holds):
        if r != at:
            other |= np.where(measured[:, r, None], hold.both, np.uint64(0))
    return a, b, other & ~a & ~b


def more_than(events: Sequence[Words], limit: int, everything: Words) -> Words:
    """Draws in which more than `limit` of the events happen: a counter of unary places, each a word of draws."""
    places = [np.zeros_like(everything) for _ in range(limit + 1)]
    for event in events:
        carry = event & everything
        for place in places:
            carried = place & carry
            place |= carry
            carry = carried
    return places[limit]


def normals(given: object, draws: int, width: int, seed: int) -> FloatArray:
    """The set in use: one given (n, width), or the antithetic one of the seed."""
    if given is None:
        return antithetic_normals(draws, width, seed)
    return floats(given, "normals", (None, width))

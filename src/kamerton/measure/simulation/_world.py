"""The generator of SCORING B: true levels, answers around the panel's knots, ratings by planted raters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit

from .._checks import BoolArray, FloatArray, IntArray, floats, frozen
from ..chain import ChainData
from ..facets import Anchors
from ..linking import BlockLink
from ._design import Design

LENIENT = 0.60
CENTRAL_SPREAD = 0.55
DIFFICULTY_SD = 1.0  # logits between items of a block
STEP_HALF = 0.5  # half the distance of the two steps of a partial item, logits


@dataclass(frozen=True)
class Scenario:
    """Standard deviations in levels and correlations of the truth; `mean` of every competency.

    3.05 makes 31 % (moderate) and 37 % (hard) truly ready for the KAM role, the shares of the specification's trial.
    What the trial left out, 0 by default: skew of the truth (0.5: a log-normal's tail to the right), drift: SD over raters of
    the change of severity from the first person to the last, text_marker: SD of one marker of a text as a share of the
    item's points, with text_markers markers each, not_observed: share of ratings left out with a reason.
    """

    name: str
    sd: float = 0.70
    within: float = 0.60
    between: float = 0.45
    method: float = 0.45
    cell: float = 0.30
    halo: float = 0.30
    residual: float = 0.58
    test_method: float = 0.30
    test_specific: float = 0.30
    rater: float = 0.15
    panel_common: float = 0.12
    panel_block: float = 0.10
    mean: float = 3.05
    skew: float = 0.0
    drift: float = 0.0
    text_marker: float = 0.0
    text_markers: int = 1
    not_observed: float = 0.0


MODERATE = Scenario("moderate")
HARD = Scenario("hard", within=0.80, between=0.75, method=0.60, cell=0.40, halo=0.35, test_method=0.35)
SCENARIOS = {"moderate": MODERATE, "hard": HARD}


@dataclass(frozen=True)
class World:
    """One simulated campaign: data as the chain reads it, and the truth behind it.

    true_levels (P, C). severity (R,): shift each rater adds, levels; central (R,): at 55 % of the spread.
    panel_error (C,): levels by which the panel's knots are off. block_truth (P, C): what the test measures.
    """

    design: Design
    scenario: Scenario
    data: ChainData
    true_levels: FloatArray
    severity: FloatArray
    central: BoolArray
    panel_error: FloatArray
    block_truth: FloatArray
    seed: int


def true_correlation(
    n_c: int, clusters: Sequence[tuple[int, ...]], within: float, between: float
) -> FloatArray:
    """Correlation of true levels: `within` a cluster, `between` clusters; competencies in no cluster stand alone."""
    r = np.full((n_c, n_c), between)
    for members in clusters:
        r[np.ix_(members, members)] = within
    np.fill_diagonal(r, 1.0)
    return r


_SHARES = np.linspace(0.004, 0.996, 497)


@lru_cache(maxsize=64)
def _shift_curve(maxima: tuple[float, ...], partial: tuple[bool, ...]) -> tuple[FloatArray, FloatArray]:
    """For shares of the block: the common shift λ (logits) at which Σ E(x_j) equals the share; and the item offsets."""
    m = np.array(maxima)
    n = len(m)
    spread = DIFFICULTY_SD * np.linspace(-1.2, 1.2, n) if n > 1 else np.zeros(1)
    # neighbours in the form get far difficulties, so that large and small items are spread alike
    offsets = spread[np.argsort(np.arange(n) * 7 % max(n, 1), kind="stable")] if n % 7 else spread
    low, high = np.full(len(_SHARES), -12.0), np.full(len(_SHARES), 12.0)
    for _ in range(60):
        mid = (low + high) / 2
        total = (_expected(mid[:, None] + offsets[None, :], m, np.array(partial))).sum(axis=1)
        up = total < _SHARES * m.sum()
        low, high = np.where(up, mid, low), np.where(up, high, mid)
    return (low + high) / 2, offsets


def _step_probabilities(at: FloatArray) -> tuple[FloatArray, FloatArray]:
    """P(half), P(full) of a partial-credit item with steps at ± STEP_HALF around `at` (logits)."""
    one = np.exp(at + STEP_HALF)
    two = np.exp(2 * at)
    total = 1 + one + two
    return one / total, two / total


def _expected(at: FloatArray, m: FloatArray, partial: BoolArray) -> FloatArray:
    half, full = _step_probabilities(at)
    return m * np.where(partial, half / 2 + full, expit(at))


def _items(design: Design, ability: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Item scores (P, J): expected block score of a person whose block ability is L lies on the link curve at L."""
    n_p = len(ability)
    out = np.empty((n_p, len(design.item_max)))
    for c in range(len(design.competencies)):
        mine = np.flatnonzero(design.item_block == c)
        if not mine.size:
            continue
        m, partial = design.item_max[mine], design.item_partial[mine]
        link = BlockLink(design.knots[c], float(m.sum()))
        curve, offsets = _shift_curve(tuple(m.tolist()), tuple(partial.tolist()))
        share = link.to_score(ability[:, c]) / m.sum()
        at = np.interp(share, _SHARES, curve)[:, None] + offsets[None, :]
        u = rng.random((n_p, len(mine)))
        half, full = _step_probabilities(at)
        graded = np.where(u < full, 1.0, np.where(u < full + half, 0.5, 0.0))
        out[:, mine] = m * np.where(partial, graded, (u < expit(at)).astype(float))
    return out


def _assign(n_p: int, n_e: int, pool: int, per_cell: int, rng: np.random.Generator) -> IntArray:
    """Raters of each performance, (P, E, per_cell): a person meets different raters, loads balanced within an exercise."""
    if per_cell > pool:
        raise ValueError(f"each cell needs {per_cell} raters but the pool has {pool}. Enlarge the pool.")
    out = np.empty((n_p, n_e, per_cell), dtype=np.intp)
    for row in range(n_p):
        queue = np.concatenate([rng.permutation(pool) for _ in range(-(-n_e * per_cell // pool) + 1)])
        used = 0
        for e in range(n_e):
            pick: list[int] = []
            while len(pick) < per_cell:
                candidate = int(queue[used % len(queue)])
                used += 1
                if candidate not in pick:
                    pick.append(candidate)
            out[row, e] = pick
    return out


def _skewed(z: FloatArray, skew: float) -> FloatArray:
    """Standard normals bent to a standardised log-normal with exponent `skew`."""
    out: FloatArray = (np.exp(skew * z) - np.exp(skew**2 / 2)) / (
        np.exp(skew**2 / 2) * np.sqrt(np.expm1(skew**2))
    )
    return out


def _marked(
    design: Design, items: FloatArray, s: Scenario, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Texts as the mean of their markers, each with an error of its own, and how many marked each."""
    error = s.text_marker * design.item_max * rng.standard_normal(items.shape) / np.sqrt(s.text_markers)
    seen = np.where(design.item_text, np.clip(items + error, 0.0, design.item_max), items)
    return seen, np.where(design.item_text, float(s.text_markers), 1.0) * np.ones(items.shape)


def simulate_anchors(world: World, seed: int, *, performances: int = 4, expert_sd: float = 0.15) -> Anchors:
    """Certification performances rated by every rater of a world, with levels set by experts: the zero of severity.

    Each performance shows all competencies of the design at levels between 2 and 4 in halves; experts err by N(0,
    expert_sd²) per level, raters as in the world: severity, halo of the performance, residual, the central rater at 55 % of the spread, rounded.
    """
    rng = np.random.Generator(np.random.PCG64([seed, 0xA2C4]))
    n_c, n_r = len(world.design.competencies), len(world.severity)
    s = world.scenario
    shown = rng.choice([2.0, 2.5, 3.0, 3.5, 4.0], (performances, 1, n_c))
    stated = shown + expert_sd * rng.standard_normal(shown.shape)
    x = shown + world.severity[None, :, None] + s.halo * rng.standard_normal((performances, n_r, 1))
    x = x + s.residual * rng.standard_normal((performances, n_r, n_c))
    x = np.where(world.central[None, :, None], 3.0 + CENTRAL_SPREAD * (x - 3.0), x)
    p, r, c = (a.ravel() for a in np.indices(x.shape))
    return Anchors(
        performance=p,
        rater=np.array(world.data.raters)[r],
        level=np.broadcast_to(stated, x.shape)[p, r, c],
        value=np.clip(np.round(x[p, r, c]), 1.0, 5.0),
    )


def simulate(
    design: Design,
    n_persons: int,
    seed: int,
    scenario: Scenario = MODERATE,
    *,
    lenient_rater: int | None = 0,
    central_rater: int | None = 1,
    assignment: IntArray | None = None,
    true_levels: FloatArray | None = None,
) -> World:
    """One world with known truth; everything follows from `seed`.

    lenient_rater, central_rater: index in the pool, None = not planted. assignment (P, E, k): rater indices of every
    performance in the order of the rated instruments; left out, raters are drawn with balanced loads.
    true_levels (P, C): persons known from another world, measured anew.
    Ratings: T + method + cell + halo + severity + residual, the central rater at 55 % of the spread around 3, rounded to 1–5.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    n_c = len(design.competencies)
    s = scenario
    corr = true_correlation(n_c, tuple(design.clusters.values()), s.within, s.between)
    low = np.linalg.cholesky(corr).T
    normal = rng.standard_normal((n_persons, n_c))
    true = s.mean + (s.sd * _skewed(normal @ low, s.skew) if s.skew else s.sd * normal @ low)
    if true_levels is not None:
        true = floats(true_levels, "true_levels", (n_persons, n_c))
    panel = s.panel_common * rng.standard_normal() + s.panel_block * rng.standard_normal(n_c)
    block = (
        true
        + s.test_method * rng.standard_normal((n_persons, 1))
        + s.test_specific * rng.standard_normal((n_persons, n_c))
    )
    # The panel puts its knot for level g where people of level g + error really stand.
    items = _items(design, block - panel[None, :], rng)
    rated = [i for i, name in enumerate(design.instruments) if name != design.test_instrument]
    pool = design.raters
    severity = s.rater * rng.standard_normal(pool)
    if lenient_rater is not None:
        severity[lenient_rater] = LENIENT
    central = np.zeros(pool, dtype=bool)
    if central_rater is not None:
        central[central_rater] = True
    seats = (
        _assign(n_persons, len(rated), pool, design.raters_per_cell, rng)
        if assignment is None
        else assignment
    )
    method = s.method * rng.standard_normal((n_persons, len(rated)))
    cell = s.cell * rng.standard_normal((n_persons, len(rated), n_c))
    halo = s.halo * rng.standard_normal(seats.shape)
    noise = s.residual * rng.standard_normal((*seats.shape, n_c))
    shown = true[:, None, :] + method[:, :, None] + cell
    x = shown[:, :, None, :] + (halo + severity[seats])[..., None] + noise
    more = np.random.Generator(
        np.random.PCG64([seed, 0xD21F7])
    )  # what follows left the trial's numbers alone
    if s.drift:
        change = s.drift * more.standard_normal(pool)
        when = np.linspace(-0.5, 0.5, n_persons) if n_persons > 1 else np.zeros(1)
        x = x + (when[:, None, None] * change[seats])[..., None]
    x = np.where(central[seats][..., None], 3.0 + CENTRAL_SPREAD * (x - 3.0), x)
    used = np.zeros((n_persons, len(rated), n_c), dtype=bool)
    for k, i in enumerate(rated):
        used[:, k, :] = design.weights[:, i] > 0
        skip = int(design.without.get(design.instruments[i], 0))
        if skip:
            used[max(0, n_persons - skip) :, k, :] = False
    mask = np.broadcast_to(used[:, :, None, :], x.shape)
    p, e, seat, c = np.nonzero(mask)
    width = max(3, len(str(n_persons)))
    rating = np.clip(np.round(x[p, e, seat, c]), 1.0, 5.0)
    if s.not_observed:
        rating = np.where(more.random(len(rating)) < s.not_observed, np.nan, rating)
    text_raters = None
    if s.text_marker:
        items, text_raters = _marked(design, items, s, more)
    data = ChainData(
        persons=tuple(f"p{i + 1:0{width}d}" for i in range(n_persons)),
        item_scores=items,
        person=p,
        exercise=np.array(rated, dtype=np.intp)[e],
        competency=c,
        rater=seats[p, e, seat],
        rating=rating,
        raters=tuple(f"r{i + 1:0{max(2, len(str(pool)))}d}" for i in range(pool)),
        text_raters=text_raters,
    )
    return World(
        design=design,
        scenario=s,
        data=data,
        true_levels=frozen(true),
        severity=frozen(severity),
        central=frozen(central),
        panel_error=frozen(panel),
        block_truth=frozen(block),
        seed=seed,
    )

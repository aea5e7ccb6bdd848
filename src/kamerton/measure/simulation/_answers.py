"""Answers with known truth: items of every kind, several dimensions, forms, and persons who do not simply try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.special import expit

from .._checks import BoolArray, FloatArray, IntArray, floats, frozen

ItemModel = Literal["rasch", "2pl", "3pl", "grm", "pcm", "gpcm", "rsm"]
BINARY = ("rasch", "2pl", "3pl")


@dataclass(frozen=True)
class Items:
    """Item parameters of a simulation, J items; logits of the person scale.

    model. slope (J,). location (J, K − 1): difficulty, or steps with the least first, NaN where an item has fewer
    categories. guessing (J,): lower asymptote. dimension (J,): which ability an item asks for.
    """

    model: ItemModel
    slope: FloatArray
    location: FloatArray
    guessing: FloatArray
    dimension: IntArray

    def __post_init__(self) -> None:
        n = len(np.asarray(self.slope))
        if self.model not in get_args(ItemModel):
            raise ValueError(f"model is {self.model!r}; it is one of {list(get_args(ItemModel))}.")
        object.__setattr__(self, "slope", frozen(floats(self.slope, "slope", (n,))))
        object.__setattr__(self, "location", frozen(floats(self.location, "location", (n, None))))
        object.__setattr__(self, "guessing", frozen(floats(self.guessing, "guessing", (n,))))
        object.__setattr__(self, "dimension", frozen(np.asarray(self.dimension, dtype=np.intp)))
        if np.isnan(self.location[:, 0]).any() or self.dimension.shape != (n,):
            raise ValueError(
                "each item needs a first location and a dimension; NaN stands only for steps it lacks."
            )
        if self.model == "grm" and np.any(np.diff(np.nan_to_num(self.location, nan=np.inf), axis=1) < 0):
            raise ValueError("thresholds of a graded item must rise; sort them.")

    @property
    def categories(self) -> IntArray:
        """Categories of each item, (J,)."""
        return np.asarray((~np.isnan(self.location)).sum(axis=1) + 1, dtype=np.intp)

    def probabilities(self, ability: object, shift: object = 0.0) -> FloatArray:
        """P(category) of persons with ability (P, D) or (P,), (P, J, K); `shift` (P, J) makes items harder."""
        theta = _abilities(ability, int(self.dimension.max()) + 1)[:, self.dimension]
        at = theta[:, :, None] - self.location[None] - np.asarray(shift, dtype=float)[..., None]
        scaled = self.slope[None, :, None] * np.where(np.isnan(at), 0.0, at)
        lacking = np.broadcast_to(np.isnan(self.location)[None], scaled.shape)
        if self.model == "grm" or self.model in BINARY:
            reach = np.where(lacking, 0.0, expit(scaled))
            reach = np.concatenate((np.ones((*reach.shape[:2], 1)), reach), axis=2)
            out: FloatArray = reach - np.concatenate(
                (reach[:, :, 1:], np.zeros((*reach.shape[:2], 1))), axis=2
            )
            if self.model == "3pl":
                right = self.guessing[None] + (1 - self.guessing[None]) * out[:, :, 1]
                return np.stack((1 - right, right), axis=2)
            return out
        log = np.concatenate((np.zeros((*scaled.shape[:2], 1)), np.cumsum(scaled, axis=2)), axis=2)
        log[:, :, 1:][lacking] = -np.inf
        p = np.exp(log - log.max(axis=2, keepdims=True))
        graded: FloatArray = p / p.sum(axis=2, keepdims=True)
        return graded


def _abilities(ability: object, dimensions: int) -> FloatArray:
    theta = np.asarray(ability, dtype=np.float64)
    theta = theta[:, None] if theta.ndim == 1 else theta
    if theta.ndim != 2 or theta.shape[1] != dimensions:
        raise ValueError(
            f"ability must have {dimensions} column(s), one a dimension, got shape {theta.shape}."
        )
    return theta


def make_items(
    n_items: int,
    seed: int,
    *,
    model: ItemModel = "2pl",
    categories: int = 2,
    dimensions: int = 1,
    slope_sd: float = 0.3,
    location_sd: float = 1.0,
    step: float = 0.8,
    guessing: float = 0.2,
) -> Items:
    """Items as they are met: log-normal slopes about 1, normal difficulties, steps `step` apart with some noise.

    model: rasch, pcm and rsm have slope 1; 3pl has the asymptote `guessing`. categories: of graded models, 2 for binary.
    dimensions: items are dealt out in turn.

    >>> items = make_items(6, 1, model="gpcm", categories=4)
    >>> items.location.shape, items.categories.tolist()
    ((6, 3), [4, 4, 4, 4, 4, 4])
    """
    if model in BINARY and categories != 2:
        raise ValueError(f"{model} items have 2 categories, got {categories}. Use grm, pcm, gpcm or rsm.")
    if n_items < 1 or categories < 2 or not 1 <= dimensions <= n_items:
        raise ValueError(
            f"give at least 1 item, 2 categories and as many items as dimensions, got {n_items}, {categories}, {dimensions}."
        )
    rng = np.random.Generator(np.random.PCG64(seed))
    free = model in ("2pl", "3pl", "grm", "gpcm")
    slope = rng.lognormal(0.0, slope_sd, n_items) if free else np.ones(n_items)
    middle = location_sd * rng.standard_normal(n_items)
    steps = step * (np.arange(categories - 1) - (categories - 2) / 2)
    noise = 0.0 if model == "rsm" else 0.25 * step * rng.standard_normal((n_items, categories - 1))
    location = middle[:, None] + steps[None] + noise
    if model == "grm":
        location = np.sort(location, axis=1)
    if categories == 2:
        location = middle[:, None]
    lower = np.full(n_items, guessing if model == "3pl" else 0.0)
    return Items(model, slope, location, lower, np.arange(n_items) % dimensions)


@dataclass(frozen=True)
class Answers:
    """Simulated answers with the truth behind them; P persons, J items, D dimensions.

    answers (P, J): 0 … K − 1, NaN = not presented. ability (P, D). behaviour (P,): "solving", "guessing", "testwise"
    or "speeded". reached (P, J): False after a speeded person ran out of time. items, seed.
    """

    answers: FloatArray
    ability: FloatArray
    behaviour: tuple[str, ...]
    reached: BoolArray
    items: Items
    seed: int


def simulate_answers(
    items: Items,
    n_persons: int,
    seed: int,
    *,
    ability: object = None,
    correlation: float = 0.5,
    presented: object = None,
    shift: object = None,
    guessers: float = 0.0,
    testwise: float = 0.0,
    speeded: float = 0.0,
    options: int = 4,
    eliminated: int = 2,
    time_for: float = 0.7,
    after: Literal["zero", "guess", "missing"] = "zero",
) -> Answers:
    """Answers of persons of whom most solve and some do not; everything follows from `seed`.

    ability: (P,) or (P, D), default standard normal with `correlation` between dimensions. presented (P, J): a form
    design, as `booklets` gives; False becomes NaN. shift (P, J) in logits makes an item harder for a person: planted
    DIF, drift of items, or an aid. Shares of persons, exclusive of each other: guessers answer at chance (1/`options` right, graded
    items at random); testwise eliminate `eliminated` wrong options wherever they do not know (0/1 items; nothing changes
    in graded ones); speeded reach `time_for` of their items in order, with a spread of a tenth, and the rest is a `zero`
    (as in selection), a `guess`, or `missing`.

    Draws of persons' abilities, answers and behaviours come from separate streams: planting guessers does not change
    the answers of the others.

    >>> found = simulate_answers(make_items(10, 1), 200, 2, guessers=0.1)
    >>> found.answers.shape, found.behaviour.count("guessing")
    ((200, 10), 20)
    """
    shares = (guessers, testwise, speeded)
    if min(shares) < 0 or sum(shares) > 1 or n_persons < 1:
        raise ValueError(
            f"shares of guessers, testwise and speeded must be >= 0 and sum to at most 1, got {shares}; persons {n_persons}."
        )
    if not 0 <= eliminated < options or not 0 < time_for <= 1:
        raise ValueError(
            f"eliminated must be less than options and time_for in (0, 1], got {eliminated} of {options} and {time_for}."
        )
    who, what, how = (np.random.Generator(np.random.PCG64([seed, k])) for k in range(3))
    n_j, n_d = len(items.slope), int(items.dimension.max()) + 1
    if ability is None:
        r = np.full((n_d, n_d), correlation) + (1 - correlation) * np.eye(n_d)
        theta = who.standard_normal((n_persons, n_d)) @ np.linalg.cholesky(r).T
    else:
        theta = _abilities(ability, n_d)
        if len(theta) != n_persons:
            raise ValueError(
                f"ability has {len(theta)} rows, n_persons is {n_persons}. Give one row a person."
            )
    p = items.probabilities(theta, 0.0 if shift is None else floats(shift, "shift", (n_persons, n_j)))
    behaviour = np.full(n_persons, "solving", dtype=object)
    order, start = how.permutation(n_persons), 0
    for name, share in zip(("guessing", "testwise", "speeded"), shares, strict=True):
        stop = start + round(share * n_persons)
        behaviour[order[start:stop]] = name
        start = stop
    k_of = items.categories
    binary = k_of == 2
    chance = np.zeros(p.shape[1:])
    for j, k in enumerate(k_of):
        chance[j, :k] = (1 - 1 / options, 1 / options) if k == 2 else np.full(k, 1 / k)
    p[behaviour == "guessing"] = chance
    crafty = np.ix_(behaviour == "testwise", binary)
    known = p[..., 1][crafty]
    lucky = known + (1 - known) / (options - eliminated)
    p[..., 1][crafty], p[..., 0][crafty] = lucky, 1 - lucky
    u = what.random((n_persons, n_j, 1))
    x = (u > np.cumsum(p, axis=2)[:, :, :-1]).sum(axis=2).astype(np.float64)
    reached = np.ones((n_persons, n_j), dtype=bool)
    slow = np.flatnonzero(behaviour == "speeded")
    last = np.clip(np.round(n_j * (time_for + 0.1 * how.standard_normal(len(slow)))), 1, n_j)
    reached[slow] = np.arange(n_j)[None] < last[:, None]
    by_luck = (how.random((n_persons, n_j, 1)) > np.cumsum(chance, axis=1)[None, :, :-1]).sum(axis=2)
    rest = {"zero": 0.0, "guess": by_luck.astype(np.float64), "missing": np.nan}
    if after not in rest:
        raise ValueError(f"after is {after!r}; it is one of {list(rest)}.")
    x = np.where(reached, x, rest[after])
    if presented is not None:
        seen = np.asarray(presented, dtype=bool)
        if seen.shape != x.shape:
            raise ValueError(f"presented must have shape {x.shape}, got {seen.shape}.")
        x = np.where(seen, x, np.nan)
    return Answers(frozen(x), frozen(theta), tuple(behaviour.tolist()), frozen(reached), items, seed)


def booklets(
    n_persons: int,
    n_items: int,
    blocks: int,
    per_person: int,
    seed: int,
    *,
    sizes: Sequence[int] | None = None,
) -> BoolArray:
    """Missing by design: who is presented which items, (P, J); blocks of items in a ring, a booklet is a run of them.

    Neighbouring booklets share `per_person` − 1 blocks, so that all items hang together. Every booklet goes to as many
    persons as any other, give or take one, dealt out by `seed`. sizes: items a block; default as equal as they go.

    >>> seen = booklets(12, 10, 5, 2, 1)
    >>> seen.sum(axis=1).tolist() == [4] * 12 and int(seen.sum(axis=0).min()) >= 4
    True
    """
    if not 2 <= per_person <= blocks <= n_items:
        raise ValueError(
            f"give 2 <= per_person <= blocks <= items, got {per_person}, {blocks}, {n_items}; single blocks hang together nowhere."
        )
    width = (
        [len(part) for part in np.array_split(np.arange(n_items), blocks)] if sizes is None else list(sizes)
    )
    if len(width) != blocks or sum(width) != n_items or min(width) < 1:
        raise ValueError(f"sizes must be {blocks} positive numbers that sum to {n_items}, got {width}.")
    block = np.repeat(np.arange(blocks), width)
    rng = np.random.Generator(np.random.PCG64(seed))
    booklet = rng.permutation(np.arange(n_persons) % blocks)
    return np.asarray((block[None] - booklet[:, None]) % blocks < per_person)

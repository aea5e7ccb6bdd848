"""Marginal maximum likelihood by EM: expected counts as matrix products over blocks of persons, Fisher steps, SQUAREM.

A category's log-probability is taken relative to the item's first category, so that a complete 0/1 table costs one
product N × J × Q for the likelihood and one for the counts. Sums run in single precision until the parameters have
settled; the last cycles run in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import FloatArray, IntArray
from ._answers import MISSING
from ._families import FAMILIES, Family

ROWS = 4096
"""Persons a block: the posterior of a block (2 MB at 61 nodes) stays in the cache."""
KEEP = 400_000_000
"""Bytes up to which the indicator table is kept between cycles; above, each block is made anew."""


@dataclass(frozen=True)
class Block:
    """Items of one family with one number of categories."""

    family: str
    items: IntArray  # (j,) columns of the table
    xi: FloatArray  # (j, m)
    free: NDArray[np.bool_]  # (m,)
    shares_steps: bool = False
    """Rating scale: c_k = k β_j + t_k with the same t for all items of the block."""

    @property
    def kind(self) -> Family:
        return FAMILIES[self.family]

    @property
    def design(self) -> FloatArray | None:
        """(j·m, f) map from free to natural parameters where they are shared; None where each item is on its own."""
        if not self.shares_steps:
            return None
        j, m = self.xi.shape
        out = np.zeros((j, m, j + m - 2))
        k = np.arange(1, m)
        for item in range(j):
            out[item, 1:, item] = k
        for step in range(1, m - 1):  # the last sum of steps is zero, which sets apart β from the steps
            out[:, step, j + step - 1] = 1.0
        return out.reshape(j * m, j + m - 2)


@dataclass(frozen=True)
class Latent:
    """Normal distributions of groups; the first is the reference."""

    mean: FloatArray  # (G,)
    sd: FloatArray  # (G,)
    mean_free: NDArray[np.bool_]
    sd_free: NDArray[np.bool_]

    def log_weights(self, nodes: FloatArray) -> FloatArray:
        """(G, Q), each row summing to one as probabilities."""
        z = -0.5 * ((nodes - self.mean[:, None]) / self.sd[:, None]) ** 2
        z -= z.max(axis=1, keepdims=True)
        out: FloatArray = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return out


@dataclass(frozen=True)
class Prior:
    """Priors on item parameters, on the scale of the engine; None = flat."""

    slope: tuple[float, float] | None = None  # mean and sd of log a
    intercept: tuple[float, float] | None = None  # mean and sd of d
    guessing: tuple[float, float] | None = None  # a, b of a beta distribution on g

    def gradient(self, block: Block) -> tuple[FloatArray, FloatArray]:
        """First derivative and minus the second (made non-negative) of the log prior, each (j, m)."""
        first, second = np.zeros_like(block.xi), np.zeros_like(block.xi)
        if self.slope is not None and block.free[0]:
            a = np.maximum(block.xi[:, 0], 1e-3)
            mean, sd = self.slope
            z = (np.log(a) - mean) / sd**2
            first[:, 0] = -(1 + z) / a
            second[:, 0] = np.maximum((1 / sd**2 - 1 - z) / a**2, 0)
        last = block.xi.shape[1] if block.family != "guessing" else 2
        if self.intercept is not None:
            mean, sd = self.intercept
            first[:, 1:last] = -(block.xi[:, 1:last] - mean) / sd**2
            second[:, 1:last] = 1 / sd**2
        if block.family == "guessing" and self.guessing is not None:
            alpha, beta = self.guessing
            g = 1 / (1 + np.exp(-block.xi[:, 2]))
            first[:, 2] = (alpha - 1) * (1 - g) - (beta - 1) * g
            second[:, 2] = (alpha + beta - 2) * g * (1 - g)
        return first, second

    def log_density(self, blocks: tuple[Block, ...]) -> float:
        total = 0.0
        for block in blocks:
            if self.slope is not None and block.free[0]:
                la = np.log(np.maximum(block.xi[:, 0], 1e-3))
                total += float(np.sum(-la - (la - self.slope[0]) ** 2 / (2 * self.slope[1] ** 2)))
            last = block.xi.shape[1] if block.family != "guessing" else 2
            if self.intercept is not None:
                total += float(
                    -np.sum((block.xi[:, 1:last] - self.intercept[0]) ** 2) / (2 * self.intercept[1] ** 2)
                )
            if block.family == "guessing" and self.guessing is not None:
                alpha, beta = self.guessing
                logit = block.xi[:, 2]
                total -= float(
                    np.sum((alpha - 1) * np.logaddexp(0, -logit) + (beta - 1) * np.logaddexp(0, logit))
                )
        return total


class Indicators:
    """The table of answers as 0/1 columns, one for every category but an item's first; made in blocks of persons."""

    def __init__(
        self, codes: NDArray[np.int16], counts: IntArray, groups: IntArray, weights: FloatArray
    ) -> None:
        self.codes, self.groups, self.weights = codes, groups, weights
        self.counts = counts
        self.used = np.flatnonzero(counts > 1)
        self.start = np.zeros(len(counts), dtype=np.intp)
        self.start[self.used] = np.concatenate(([0], np.cumsum(counts[self.used] - 1)[:-1]))
        self.categories = int((counts[self.used] - 1).sum())
        self.is_whole = len(self.used) == len(counts)
        self.is_binary = bool(np.all(counts[self.used] == 2))
        picked = codes if self.is_whole else codes[:, self.used]
        self.has_missing = bool(picked.size and picked.min() == MISSING)
        self.columns = self.categories + (len(self.used) if self.has_missing else 0)
        self._kept: dict[int, NDArray[np.float32]] | None = (
            {} if len(codes) * self.columns * 4 <= KEEP else None
        )

    def make(self, low: int, high: int, dtype: type[Any]) -> NDArray[Any]:
        codes = self.codes[low:high] if self.is_whole else self.codes[low:high, self.used]
        if self.is_binary and not self.has_missing and self.columns == codes.shape[1]:
            return codes.astype(dtype)
        table = np.zeros((high - low, self.columns), dtype=dtype)
        if self.is_binary:
            table[:, : self.categories] = codes == 1
        else:
            row, item = np.nonzero(codes > 0)
            table[row, self.start[self.used][item] + codes[row, item] - 1] = 1
        if self.has_missing:
            table[:, self.categories :] = codes != MISSING
        return table

    def blocks(self, dtype: type[Any]) -> Iterator[tuple[slice, NDArray[Any]]]:
        for low in range(0, len(self.codes), ROWS):
            high = min(low + ROWS, len(self.codes))
            if dtype is np.float32 and self._kept is not None:
                if low not in self._kept:
                    self._kept[low] = self.make(low, high, np.float32)
                yield slice(low, high), self._kept[low]
            else:
                yield slice(low, high), self.make(low, high, dtype)

    def part(self, low: int, high: int) -> Indicators:
        """The same table for persons `low` to `high` only, with the columns of the whole."""
        rows = slice(low, high)
        out = Indicators(self.codes[rows], self.counts, self.groups[rows], self.weights[rows])
        if self.has_missing and not out.has_missing:
            out.has_missing, out.columns, out._kept = True, self.columns, None
        return out


@dataclass(frozen=True)
class Expected:
    """Sums of an E-step."""

    log_likelihood: float
    counts: FloatArray  # (columns, Q)
    nodes: FloatArray  # (G, Q) persons expected at each node

    def __add__(self, other: Expected) -> Expected:
        return Expected(
            self.log_likelihood + other.log_likelihood, self.counts + other.counts, self.nodes + other.nodes
        )


@dataclass(frozen=True)
class State:
    blocks: tuple[Block, ...]
    latent: Latent
    nodes: FloatArray
    probabilities: dict[int, FloatArray] = field(default_factory=dict, compare=False)

    def vector(self) -> FloatArray:
        parts = [block.xi.ravel() for block in self.blocks]
        return np.concatenate((*parts, self.latent.mean, np.log(self.latent.sd)))

    def moved_to(self, vector: FloatArray) -> State:
        blocks, at = [], 0
        for block in self.blocks:
            n = block.xi.size
            blocks.append(replace(block, xi=vector[at : at + n].reshape(block.xi.shape)))
            at += n
        groups = len(self.latent.mean)
        latent = replace(self.latent, mean=vector[at : at + groups], sd=np.exp(vector[at + groups :]))
        return State(tuple(blocks), latent, self.nodes)

    @property
    def is_proper(self) -> bool:
        return all(bool(np.all(b.kind.is_proper(b.xi))) for b in self.blocks) and bool(
            np.all(np.isfinite(self.vector()))
            and np.all(self.latent.sd < 50)
            and np.all(self.latent.sd > 1e-3)
        )


def category_table(state: State, data: Indicators) -> tuple[FloatArray, FloatArray]:
    """(columns, Q) log-probabilities relative to the first category, and (Q,) their base of a complete person."""
    q = len(state.nodes)
    table = np.zeros((data.columns, q))
    base = np.zeros(q)
    place = {int(item): n for n, item in enumerate(data.used)}
    for block in state.blocks:
        logs = np.log(block.kind.probabilities(block.xi, state.nodes))
        for n, item in enumerate(block.items):
            low = data.start[item]
            table[low : low + logs.shape[2] - 1] = (logs[n, :, 1:] - logs[n, :, :1]).T
            if data.has_missing:
                table[data.categories + place[int(item)]] = logs[n, :, 0]
            else:
                base += logs[n, :, 0]
    return table, base


def expectation(state: State, data: Indicators, *, exact: bool) -> Expected:
    """One E-step; `exact` runs it in double precision."""
    dtype: type[Any] = np.float64 if exact else np.float32
    table, base = category_table(state, data)
    prior = (state.latent.log_weights(state.nodes) + base).astype(dtype)
    by_category = table.astype(dtype)
    counts = np.zeros(table.shape)
    at_nodes = np.zeros((len(state.latent.mean), len(state.nodes)))
    log_likelihood = 0.0
    one_group = len(state.latent.mean) == 1
    space = np.empty((min(ROWS, len(data.codes)), len(state.nodes)), dtype=dtype)
    ones = np.ones(len(state.nodes), dtype=dtype)
    narrow = data.columns < len(state.nodes)
    for rows, indicators in data.blocks(dtype):
        posterior = np.matmul(indicators, by_category, out=space[: len(indicators)])
        posterior += prior[0] if one_group else prior[data.groups[rows]]
        top = posterior.max(axis=1)
        posterior -= top[:, None]
        np.exp(posterior, out=posterior)
        total = posterior @ ones
        weight = data.weights[rows]
        log_likelihood += float(weight @ (top.astype(np.float64) + np.log(total.astype(np.float64))))
        share = (weight / total).astype(dtype)
        if narrow:  # the smaller of the two tables is the one to scale
            counts += (indicators * share[:, None]).T @ posterior
        else:
            posterior *= share[:, None]
            counts += indicators.T @ posterior
            share = np.ones_like(share)
        if one_group:
            at_nodes[0] += share @ posterior
        else:
            for group in range(len(at_nodes)):
                at_nodes[group] += np.where(data.groups[rows] == group, share, 0) @ posterior
    return Expected(log_likelihood, counts, at_nodes)


def exact_expectation(state: State, part: Indicators) -> Expected:
    """One E-step over a part in double precision, as executors call it."""
    return expectation(state, part, exact=True)


def block_counts(block: Block, expected: Expected, data: Indicators) -> FloatArray:
    """(j, Q, K) expected answers in each category at each node."""
    k = int(data.counts[block.items[0]])
    columns = data.start[block.items][:, None] + np.arange(k - 1)
    above = expected.counts[columns].transpose(0, 2, 1)
    if data.has_missing:
        place = np.searchsorted(data.used, block.items)
        total = expected.counts[data.categories + place]
    else:
        total = np.broadcast_to(expected.nodes.sum(axis=0), above.shape[:2])
    return np.concatenate((np.maximum(total[..., None] - above.sum(2, keepdims=True), 0), above), 2)


def score_and_information(
    block: Block, counts: FloatArray, nodes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient (j, m) and expected information (j, m, m) of the complete data."""
    curves = block.kind.curves(block.xi, nodes)
    ratio = curves.by_parameter / curves.p[..., None]
    gradient = np.einsum("jqk,jqkm->jm", counts, ratio, optimize=True)
    persons = counts.sum(axis=2)[..., None, None]
    weighted = ratio * (curves.p[..., None] * persons)
    j, q, k, m = ratio.shape
    information = np.matmul(weighted.reshape(j, q * k, m).transpose(0, 2, 1), ratio.reshape(j, q * k, m))
    return gradient, information


def improve(block: Block, counts: FloatArray, nodes: FloatArray, prior: Prior, steps: int) -> Block:
    """Fisher-scoring steps with limits on length; graded intercepts keep their order."""
    for _ in range(steps):
        gradient, information = score_and_information(block, counts, nodes)
        first, second = prior.gradient(block)
        gradient = gradient + first
        diagonal = np.arange(information.shape[1])
        information[:, diagonal, diagonal] += second
        design = block.design
        if design is not None:
            j, m = block.xi.shape
            whole = np.zeros((j, m, j, m))
            whole[np.arange(j), :, np.arange(j), :] = information
            info = design.T @ whole.reshape(j * m, j * m) @ design
            step = (
                design @ np.linalg.solve(info + 1e-9 * np.eye(len(info)), design.T @ gradient.ravel())
            ).reshape(j, m)
        else:
            free = np.flatnonzero(block.free)
            info = information[:, free[:, None], free[None, :]]
            info = info + 1e-9 * np.eye(len(free)) * (1 + np.trace(info, axis1=1, axis2=2))[:, None, None]
            step = np.zeros_like(block.xi)
            step[:, free] = np.linalg.solve(info, gradient[:, free, None])[..., 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        if design is None:
            step *= np.minimum(1.0, 2.0 / np.maximum(longest, 1e-12))
        xi = block.xi + step
        wrong = ~block.kind.is_proper(xi)
        for _ in range(30):
            if not wrong.any():
                break
            step[wrong] /= 2
            xi = block.xi + step
            wrong = ~block.kind.is_proper(xi)
        block = replace(block, xi=xi)
        if longest.max() < 1e-7:
            break
    return block


def maximisation(state: State, expected: Expected, data: Indicators, prior: Prior, steps: int = 2) -> State:
    blocks = tuple(
        improve(block, block_counts(block, expected, data), state.nodes, prior, steps)
        for block in state.blocks
    )
    persons = expected.nodes.sum(axis=1)
    mean = expected.nodes @ state.nodes / persons
    mean = np.where(state.latent.mean_free, mean, state.latent.mean)
    spread = (expected.nodes * (state.nodes - mean[:, None]) ** 2).sum(axis=1) / persons
    sd = np.where(state.latent.sd_free, np.sqrt(np.maximum(spread, 1e-8)), state.latent.sd)
    return State(blocks, replace(state.latent, mean=mean, sd=sd), state.nodes)


@dataclass(frozen=True)
class Fitted:
    state: State
    log_likelihood: float
    cycles: int
    converged: bool
    change: float


def fit_em(
    state: State,
    data: Indicators,
    prior: Prior,
    *,
    tolerance: float,
    max_cycles: int,
    progress: Callable[[int, float, float], None] | None = None,
    expect: Callable[[State, bool], Expected] | None = None,
) -> Fitted:
    """EM accelerated by SQUAREM (Varadhan & Roland 2008); never steps to a lower objective than the last kept one.

    `expect(state, exact)` gives the E-step's sums where they are made elsewhere than over `data` here.
    """

    def objective(at: State, exact: bool) -> tuple[Expected, float]:
        found = expectation(at, data, exact=exact) if expect is None else expect(at, exact)
        return found, found.log_likelihood + prior.log_density(at.blocks)

    cycles, change = 0, np.inf
    exact = False
    expected, value = objective(state, exact)
    while cycles < max_cycles:
        first = maximisation(state, expected, data, prior)
        r = first.vector() - state.vector()
        expected1, value1 = objective(first, exact)
        second = maximisation(first, expected1, data, prior)
        v = second.vector() - first.vector()
        cycles += 1
        change = float(np.abs(v).max())
        if progress is not None:
            progress(cycles, value1, change)
        if change < tolerance and exact:
            state, (expected, value) = second, objective(second, exact)
            break
        if change < max(tolerance, 2e-5) and not exact:
            exact = True
            state, (expected, value) = second, objective(second, exact)
            continue
        curvature = v - r
        bent = float(curvature @ curvature)
        length = max(1.0, float(np.sqrt((r @ r) / bent))) if bent > 0 else 1.0
        candidate = state.moved_to(state.vector() + 2 * length * r + length**2 * curvature)
        if length > 1.0 and candidate.is_proper:
            expected, value = objective(candidate, exact)
            if value >= value1 - 1e-3:
                state = candidate
                continue
        state = second
        expected, value = objective(second, exact)
    if not exact:
        expected, value = objective(state, True)
    return Fitted(state, expected.log_likelihood, cycles, change < tolerance, change)

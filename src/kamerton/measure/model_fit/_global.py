"""Does the model reproduce what was seen? Limited-information tests M2 and C2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import brentq

from .._checks import FloatArray
from ..classical import Interval
from ..irt._answers import MISSING
from ..irt._engine import State
from ..irt._errors import _latent_scores, free_map

if TYPE_CHECKING:
    from ..irt._models import _Model


@dataclass(frozen=True)
class LimitedInformation:
    """`statistic` (M2 for 0/1 items, C2 for ordered ones), `df`, `p_value`; `rmsea` with its 90 % interval; `srmsr` the root of the mean
    squared difference of correlations; `n` complete persons; `flags`. NaN where the test is not defined, with the reason in `flags`."""

    statistic: float
    df: int
    p_value: float
    rmsea: float
    interval: Interval | None
    srmsr: float
    n: int
    flags: tuple[str, ...]


def limited_information(model: _Model, answers: ArrayLike) -> LimitedInformation:
    """Tests a fitted model against the shares of each category and the products of each pair of items.

    M = N·e′(Ξ⁻¹ − Ξ⁻¹Δ(Δ′Ξ⁻¹Δ)⁻¹Δ′Ξ⁻¹)e with e the residual moments, Ξ their covariance under the model, Δ their derivatives by the
    parameters: M2 of Maydeu-Olivares & Joe (2006) for 0/1 items, C2 of Cai & Monroe (2014) for ordered ones, which keeps degrees of
    freedom with few items. Only persons who answered every item are used; with missing by design none may be left, and
    the result says so. `answers` those the model was fitted to. One group only.

    Do not read a large p as proof that the model is true, nor a small one at thousands of persons as a reason to drop it: look at
    the RMSEA (below .05 close) and at the items.

    >>> import numpy as np
    >>> from kamerton.measure.irt import TwoParameter
    >>> rng = np.random.default_rng(1)
    >>> x = (rng.normal(size=(800, 1)) - np.linspace(-1, 1, 8) + rng.logistic(size=(800, 8)) > 0).astype(float)
    >>> fit = limited_information(TwoParameter().fit(x), x)
    >>> fit.df, bool(fit.p_value > 0.001)
    (20, True)
    """
    model.require_fitted()
    data = model._data(answers, None)
    used = data.used
    complete = np.all(data.codes[:, used] != MISSING, axis=1)
    n = int(complete.sum())
    state = model._state()
    flags = [] if complete.all() else [f"complete_persons_only: {n} of {len(complete)}"]

    def undefined(why: str) -> LimitedInformation:
        nan = float("nan")
        return LimitedInformation(nan, 0, nan, nan, None, nan, n, (*flags, why))

    if len(model.group_names_) > 1:
        return undefined("several_groups")
    counts = data.counts[used]
    size = int((counts - 1).sum() + len(used) * (len(used) - 1) / 2)
    free = free_map(state)
    df = size - free.shape[1]
    if n < 50:
        return undefined("too_few_complete_persons")
    if df < 1:
        return undefined("no_degrees_of_freedom")
    codes = data.codes[complete][:, used].astype(np.float64)
    weights = np.exp(state.latent.log_weights(state.nodes))[0]
    curves = _Curves(state, [int(j) for j in used], counts)
    pairs = np.array([(a, b) for a in range(len(used)) for b in range(a + 1, len(used))], dtype=np.intp)
    first = np.concatenate(
        [[(codes[:, j] == k).mean() for k in range(1, counts[j])] for j in range(len(used))]
    )
    second = (codes[:, pairs[:, 0]] * codes[:, pairs[:, 1]]).mean(axis=0)
    moments = curves.moments(weights, pairs)
    residual = np.concatenate((first, second)) - moments
    covariance = curves.covariance(weights, pairs) - np.outer(moments, moments)
    slopes = curves.derivatives(state, weights, pairs) @ free
    inverse = np.linalg.pinv(covariance, hermitian=True)
    weighted = inverse @ slopes
    core = np.linalg.pinv(slopes.T @ weighted, hermitian=True)
    pulled = weighted.T @ residual
    statistic = float(n * (residual @ inverse @ residual - pulled @ core @ pulled))
    rmsea = float(np.sqrt(max(statistic - df, 0.0) / (df * (n - 1))))
    return LimitedInformation(
        statistic, df, float(stats.chi2.sf(statistic, df)), rmsea, _rmsea_interval(statistic, df, n),
        _srmsr(codes, curves, weights, pairs), n, tuple(flags),
    )  # fmt: skip


class _Curves:
    """Category curves of the used items at the nodes: P (J lists (Q, K)), expected score E and squared score E2 (J, Q)."""

    def __init__(self, state: State, items: list[int], counts: np.ndarray) -> None:
        self.place = {item: n for n, item in enumerate(items)}
        self.p: list[FloatArray] = [np.empty((0, 0))] * len(items)
        for block in state.blocks:
            table = block.kind.probabilities(block.xi, state.nodes)
            for n, item in enumerate(block.items):
                self.p[self.place[int(item)]] = table[n]
        self.e = np.stack([p @ np.arange(p.shape[1]) for p in self.p])
        self.e2 = np.stack([p @ np.arange(p.shape[1]) ** 2 for p in self.p])
        self.owner = np.repeat(np.arange(len(items)), counts - 1)
        self.category = np.concatenate([np.arange(1, k) for k in counts])
        self.first = np.stack(
            [self.p[j][:, k] for j, k in zip(self.owner, self.category, strict=True)]
        )  # (F, Q)

    def moments(self, weights: FloatArray, pairs: np.ndarray) -> FloatArray:
        joint: FloatArray = np.concatenate((self.first, self.e[pairs[:, 0]] * self.e[pairs[:, 1]]))
        found: FloatArray = joint @ weights
        return found

    def covariance(self, weights: FloatArray, pairs: np.ndarray) -> FloatArray:
        """Expected products of the moment functions of one person, items shared counted once."""
        joint = np.concatenate((self.first, self.e[pairs[:, 0]] * self.e[pairs[:, 1]]))
        out: FloatArray = (joint * weights) @ joint.T
        f = len(self.first)
        for j in range(len(self.e)):
            own = np.flatnonzero(self.owner == j)
            with_j = np.flatnonzero((pairs == j).any(axis=1))
            other = np.where(pairs[with_j, 0] == j, pairs[with_j, 1], pairs[with_j, 0])
            out[np.ix_(own, own)] = np.diag(self.first[own] @ weights)
            scored = self.first[own] * self.category[own][:, None] * weights
            cross = scored @ self.e[other].T
            out[np.ix_(own, f + with_j)] = cross
            out[np.ix_(f + with_j, own)] = cross.T
            rest = self.e[other]
            both = (rest * (weights * self.e2[j])) @ rest.T
            out[np.ix_(f + with_j, f + with_j)] = both
        same = f + np.arange(len(pairs))
        out[same, same] = (self.e2[pairs[:, 0]] * self.e2[pairs[:, 1]]) @ weights
        return out

    def derivatives(self, state: State, weights: FloatArray, pairs: np.ndarray) -> FloatArray:
        """(moments, natural parameters)."""
        f = len(self.first)
        out = np.zeros((f + len(pairs), state.vector().size))
        at = 0
        for block in state.blocks:
            curves = block.kind.curves(block.xi, state.nodes)
            m = block.xi.shape[1]
            for n, item in enumerate(block.items):
                j = self.place[int(item)]
                by = curves.by_parameter[n]  # (Q, K, m)
                own = np.flatnonzero(self.owner == j)
                columns = slice(at + n * m, at + (n + 1) * m)
                out[own, columns] = np.einsum("q,qkm->km", weights, by)[self.category[own]]
                score = np.einsum("k,qkm->qm", np.arange(by.shape[1]), by)
                with_j = np.flatnonzero((pairs == j).any(axis=1))
                other = np.where(pairs[with_j, 0] == j, pairs[with_j, 1], pairs[with_j, 0])
                out[f + with_j, columns] = (self.e[other] * weights) @ score
            at += block.xi.size
        joint = np.concatenate((self.first, self.e[pairs[:, 0]] * self.e[pairs[:, 1]]))
        latent = _latent_scores(state)[0]  # (Q, 2)
        out[:, at] = (joint * weights) @ latent[:, 0]
        out[:, at + 1] = (joint * weights) @ latent[:, 1]
        return out


def _rmsea_interval(statistic: float, df: int, n: int) -> Interval:
    def noncentrality(share: float) -> float:
        if stats.chi2.cdf(statistic, df) < share:
            return 0.0
        high = max(4.0 * statistic, 50.0)
        return float(brentq(lambda nc: stats.ncx2.cdf(statistic, df, nc) - share, 1e-9, high))

    low, high = (float(np.sqrt(noncentrality(share) / (df * n))) for share in (0.95, 0.05))
    return Interval(low, high, 0.90, "noncentral_chi_square")


def _srmsr(codes: FloatArray, curves: _Curves, weights: FloatArray, pairs: np.ndarray) -> float:
    seen = np.asarray(np.corrcoef(codes, rowvar=False))[pairs[:, 0], pairs[:, 1]]
    mean = curves.e @ weights
    variance = curves.e2 @ weights - mean**2
    joint = (curves.e[pairs[:, 0]] * curves.e[pairs[:, 1]]) @ weights
    implied = (joint - mean[pairs[:, 0]] * mean[pairs[:, 1]]) / np.sqrt(
        variance[pairs[:, 0]] * variance[pairs[:, 1]]
    )
    return float(np.sqrt(np.mean((seen - implied) ** 2)))

"""Category probabilities of the item families, with derivatives by item parameter and by ability.

Every family works on a block of J items with the same number K of categories; parameters are slopes and intercepts,
(J, m), nodes (Q,). Intercepts, not difficulties, because they stay finite when a slope goes to zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._checks import BoolArray, FloatArray

FLOOR = 1e-14
"""A probability below this is rounded up before its logarithm; no answer of a fitted model comes near it."""


@dataclass(frozen=True)
class Curves:
    """Probabilities of a block and what an M-step or a person's estimate needs of them."""

    p: FloatArray  # (J, Q, K)
    by_parameter: FloatArray  # (J, Q, K, m)


@dataclass(frozen=True)
class Slopes:
    """First and second derivative by ability."""

    p: FloatArray  # (J, Q, K)
    first: FloatArray  # (J, Q, K)
    second: FloatArray  # (J, Q, K)


class Family(Protocol):
    """What the engine asks of a family."""

    name: str

    def size(self, categories: int) -> int: ...
    def start(self, shares: FloatArray) -> FloatArray: ...
    def probabilities(self, xi: FloatArray, theta: FloatArray) -> FloatArray: ...
    def curves(self, xi: FloatArray, theta: FloatArray) -> Curves: ...
    def slopes(self, xi: FloatArray, theta: FloatArray) -> Slopes: ...
    def is_proper(self, xi: FloatArray) -> BoolArray: ...


def logistic(x: FloatArray) -> FloatArray:
    out: FloatArray = 1.0 / (1.0 + np.exp(-np.clip(x, -700, 700)))
    return out


class Graded:
    """P(X ≥ k) = logistic(a θ + d_k), d falling; with two categories the two-parameter model (Samejima 1969)."""

    name = "graded"

    def size(self, categories: int) -> int:
        return categories

    def start(self, shares: FloatArray) -> FloatArray:
        above = np.clip(shares[:, ::-1].cumsum(1)[:, ::-1][:, 1:], 1e-4, 1 - 1e-4)
        d = np.log(above / (1 - above)) * np.sqrt(1 + 1 / 2.89)  # a marginal share is flatter than its curve
        return np.column_stack((np.ones(len(shares)), d))

    def _cumulative(self, xi: FloatArray, theta: FloatArray) -> FloatArray:
        return logistic(xi[:, None, :1] * theta[None, :, None] + xi[:, None, 1:])

    def probabilities(self, xi: FloatArray, theta: FloatArray) -> FloatArray:
        s = self._cumulative(xi, theta)
        j, q, k = s.shape
        out = np.empty((j, q, k + 1))
        out[..., 0] = 1 - s[..., 0]
        out[..., 1:-1] = s[..., :-1] - s[..., 1:]
        out[..., -1] = s[..., -1]
        return np.maximum(out, FLOOR)

    def curves(self, xi: FloatArray, theta: FloatArray) -> Curves:
        s = self._cumulative(xi, theta)
        j, q, k = s.shape
        p = np.empty((j, q, k + 1))
        p[..., 0], p[..., 1:-1], p[..., -1] = 1 - s[..., 0], s[..., :-1] - s[..., 1:], s[..., -1]
        w = s * (1 - s)
        by = np.zeros((j, q, k + 1, k + 1))
        by[..., 1:, 0] += w * theta[None, :, None]
        by[..., :-1, 0] -= w * theta[None, :, None]
        for step in range(k):
            by[..., step + 1, step + 1] += w[..., step]
            by[..., step, step + 1] -= w[..., step]
        return Curves(np.maximum(p, FLOOR), by)

    def slopes(self, xi: FloatArray, theta: FloatArray) -> Slopes:
        s = self._cumulative(xi, theta)
        a = xi[:, None, :1]
        w = a * s * (1 - s)
        v = a * w * (1 - 2 * s)
        edge = np.zeros((*s.shape[:2], 1))
        first = np.concatenate((edge, w), 2) - np.concatenate((w, edge), 2)
        second = np.concatenate((edge, v), 2) - np.concatenate((v, edge), 2)
        p = np.concatenate((edge + 1, s), 2) - np.concatenate((s, edge), 2)
        return Slopes(np.maximum(p, FLOOR), first, second)

    def is_proper(self, xi: FloatArray) -> BoolArray:
        return (
            np.all(np.diff(xi[:, 1:], axis=1) < -1e-6, axis=1) if xi.shape[1] > 2 else np.ones(len(xi), bool)
        )


class Adjacent:
    """log P(X = k) = k a θ + c_k + const: generalised partial credit (Muraki 1992); a = 1 gives partial credit."""

    name = "adjacent"

    def size(self, categories: int) -> int:
        return categories

    def start(self, shares: FloatArray) -> FloatArray:
        s = np.clip(shares, 1e-4, None)
        return np.column_stack((np.ones(len(s)), np.log(s[:, 1:] / s[:, :1])))

    def probabilities(self, xi: FloatArray, theta: FloatArray) -> FloatArray:
        k = np.arange(xi.shape[1])
        z = xi[:, None, :1] * theta[None, :, None] * k
        z[..., 1:] += xi[:, None, 1:]
        z -= z.max(axis=2, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(axis=2, keepdims=True)
        return np.maximum(z, FLOOR)

    def curves(self, xi: FloatArray, theta: FloatArray) -> Curves:
        p = self.probabilities(xi, theta)
        k = np.arange(p.shape[2])
        by = np.empty((*p.shape, p.shape[2]))
        by[..., 0] = p * theta[None, :, None] * (k - (p @ k)[..., None])
        for step in range(1, p.shape[2]):
            by[..., step] = -p * p[..., step : step + 1]
            by[..., step, step] += p[..., step]
        return Curves(p, by)

    def slopes(self, xi: FloatArray, theta: FloatArray) -> Slopes:
        p = self.probabilities(xi, theta)
        k = np.arange(p.shape[2])
        a = xi[:, None, :1]
        mean = (p @ k)[..., None]
        variance = (p @ (k * k))[..., None] - mean**2
        return Slopes(p, a * p * (k - mean), a * a * p * ((k - mean) ** 2 - variance))

    def is_proper(self, xi: FloatArray) -> BoolArray:
        return np.ones(len(xi), bool)


class Guessing:
    """P(1) = g + (1 − g) logistic(a θ + d), the third parameter being logit g (Birnbaum 1968)."""

    name = "guessing"

    def size(self, categories: int) -> int:
        if categories != 2:
            raise ValueError(f"A three-parameter item has two categories, got {categories}.")
        return 3

    def start(self, shares: FloatArray) -> FloatArray:
        two = Graded().start(shares)
        return np.column_stack((two, np.full(len(shares), np.log(0.15 / 0.85))))

    def probabilities(self, xi: FloatArray, theta: FloatArray) -> FloatArray:
        s = logistic(xi[:, :1] * theta + xi[:, 1:2])
        g = logistic(xi[:, 2:3])
        p = g + (1 - g) * s
        return np.maximum(np.stack((1 - p, p), 2), FLOOR)

    def curves(self, xi: FloatArray, theta: FloatArray) -> Curves:
        s = logistic(xi[:, :1] * theta + xi[:, 1:2])
        g = logistic(xi[:, 2:3])
        w = (1 - g) * s * (1 - s)
        up = np.stack((w * theta, w, g * (1 - g) * (1 - s)), 2)
        p = g + (1 - g) * s
        return Curves(np.maximum(np.stack((1 - p, p), 2), FLOOR), np.stack((-up, up), 2))

    def slopes(self, xi: FloatArray, theta: FloatArray) -> Slopes:
        a = xi[:, :1]
        s = logistic(a * theta + xi[:, 1:2])
        g = logistic(xi[:, 2:3])
        w = (1 - g) * a * s * (1 - s)
        v = a * w * (1 - 2 * s)
        p = g + (1 - g) * s
        return Slopes(np.maximum(np.stack((1 - p, p), 2), FLOOR), np.stack((-w, w), 2), np.stack((-v, v), 2))

    def is_proper(self, xi: FloatArray) -> BoolArray:
        return np.ones(len(xi), bool)


FAMILIES: dict[str, Family] = {"graded": Graded(), "adjacent": Adjacent(), "guessing": Guessing()}

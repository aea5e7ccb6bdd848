"""Ratios collected over independent worlds, with the Monte-Carlo error of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .._checks import BoolArray, FloatArray


@dataclass(frozen=True)
class Figure:
    """value with its Monte-Carlo standard error over `n` worlds."""

    value: float
    se: float
    n: int


class Tally:
    """Sums of numerators and denominators by name, a pair a world: shares, means, root mean squares."""

    def __init__(self) -> None:
        self._pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._root: set[str] = set()

    def share(self, name: str, event: object, among: object = None) -> None:
        """Share of the events, among those where `among` holds; NaN left out."""
        x = np.asarray(event, dtype=np.float64)
        keep: BoolArray = ~np.isnan(x)
        if among is not None:
            keep &= np.asarray(among, dtype=bool)
        self._pairs[name].append((float(x[keep].sum()), float(keep.sum())))

    def value(self, name: str, x: float) -> None:
        """One number a world; its mean is reported."""
        if np.isfinite(x):
            self._pairs[name].append((float(x), 1.0))

    def root(self, name: str, gap: object) -> None:
        """Root mean square of deviations."""
        x = np.asarray(gap, dtype=np.float64)
        x = x[~np.isnan(x)]
        self._root.add(name)
        self._pairs[name].append((float((x**2).sum()), float(x.size)))

    def coverage(self, name: str, gap: FloatArray, se: FloatArray) -> None:
        """Shares of deviations within the 80 and 95 % intervals: two names, ending in 80 and 95."""
        with np.errstate(invalid="ignore"):
            z = np.abs(gap) / se
        for label, limit in (("80", 1.2815515655446004), ("95", 1.959963984540054)):
            self.share(f"{name}{label}", np.where(np.isnan(z), np.nan, z <= limit))

    def figures(self) -> Mapping[str, Figure]:
        """Every name with its ratio of sums; the error by the deviations of worlds from that ratio."""
        out: dict[str, Figure] = {}
        for name, pairs in self._pairs.items():
            top, below = np.array(pairs).T
            n, total = len(top), below.sum()
            if total <= 0:
                out[name] = Figure(float("nan"), float("nan"), n)
                continue
            ratio = top.sum() / total
            spread = np.sqrt(((top - ratio * below) ** 2).sum() * n / max(n - 1, 1)) / total
            if name in self._root:
                ratio = np.sqrt(ratio)
                spread = spread / (2 * ratio) if ratio > 0 else 0.0
            out[name] = Figure(float(ratio), float(spread) if n > 1 else float("nan"), n)
        return out

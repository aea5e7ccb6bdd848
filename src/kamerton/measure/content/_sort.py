"""Back-sorting: do people who have not seen the model put each incident or indicator where its author meant it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from .._estimator import Table


@dataclass(frozen=True)
class BackSort:
    """Agreement of judges with the author: `agreement` over all placings, `items` one row each, `flags`.

    `items` columns: item, target, n, agreed, share (p_sa), low, high (exact), validity (c_sv), rival, p, clear. `dimensions`: name →
    share of its items' placings that came back to it.
    """

    agreement: float
    n: int
    items: Table
    dimensions: Mapping[str, float]
    flags: tuple[str, ...]

    def to_frame(self, library: str = "pandas") -> object:
        """`items` as a data frame."""
        return self.items.to_frame(library)


def back_sort(
    placed: Sequence[Sequence[str | None]], target: Sequence[str], *, names: Sequence[str] | None = None,
    least: float = 0.70, level: float = 0.95,
) -> BackSort:  # fmt: skip
    """How often judges sort each item back to the dimension it was written for (Smith & Kendall 1963; Anderson & Gerbing 1991).

    `placed`: judges × items, the name of a dimension or None; `target` of each item; `least` share to keep, default .70. For each
    item p_sa = n_c/N and the substantive validity c_sv = (n_c − n_o)/N, with n_o the most frequent other dimension (`rival`); p is the
    one-sided exact test of n_c among N at one half; `clear` needs p_sa at least `least`.

    Do not use it with judges who wrote or revised the items, and with under 8 placings an item look at the interval, not the share.

    >>> sorts = [["plan", "people"], ["plan", "plan"], ["plan", "people"], ["people", "people"]]
    >>> found = back_sort(sorts, ["plan", "people"])
    >>> found.agreement, found.items["validity"].tolist()
    (0.75, [0.5, 0.5])
    """
    if not placed or any(len(row) != len(target) for row in placed):
        lengths = sorted({len(row) for row in placed})
        raise ValueError(f"each judge must place {len(target)} items; rows have {lengths or 'no'} entries.")
    if not 0 < least <= 1 or not 0.5 <= level < 1:
        raise ValueError(f"least {least} must lie in (0, 1] and level {level} in [0.5, 1).")
    labels = list(names) if names is not None else [f"item{j + 1}" for j in range(len(target))]
    rows = []
    for j, own in enumerate(target):
        given = [row[j] for row in placed if row[j] is not None]
        n, agreed = len(given), sum(g == own for g in given)
        others = {g: given.count(g) for g in dict.fromkeys(given) if g != own}
        rival = max(others, key=lambda g: others[g]) if others else ""
        most = others.get(rival, 0)
        tail = (1 - level) / 2
        low = float(stats.beta.ppf(tail, agreed, n - agreed + 1)) if agreed else 0.0
        high = float(stats.beta.ppf(1 - tail, agreed + 1, n - agreed)) if agreed < n else 1.0
        share = agreed / n if n else float("nan")
        p = float(stats.binom.sf(agreed - 1, n, 0.5)) if n else float("nan")
        rows.append((labels[j], own, n, agreed, share, low, high, (agreed - most) / n if n else float("nan"), str(rival or ""), p, n > 0 and share >= least))  # fmt: skip
    columns = ("item", "target", "n", "agreed", "share", "low", "high", "validity", "rival", "p", "clear")
    table = Table(dict(zip(columns, (np.array(c) for c in zip(*rows, strict=True)), strict=True)))
    placed_all, agreed_all = int(table["n"].sum()), int(table["agreed"].sum())
    dimensions = {}
    for name in dict.fromkeys(target):
        mine = table["target"] == name
        total = int(table["n"][mine].sum())
        dimensions[name] = float(table["agreed"][mine].sum() / total) if total else float("nan")
    flags = []
    if len(placed) < 8:
        flags.append(f"too_few_judges: {len(placed)}; intervals are wide")
    if placed_all == 0:
        flags.append("nothing_placed")
    agreement = agreed_all / placed_all if placed_all else float("nan")
    return BackSort(agreement, placed_all, table, dimensions, tuple(flags))

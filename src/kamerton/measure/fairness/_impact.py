"""Adverse impact: selection rates of groups, their ratio, exact tests, and whether anything can be said at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ..classical import Interval

FOUR_FIFTHS = Fraction(4, 5)
SMALLEST_GROUP = 5
"""A group of fewer persons is neither shown nor judged: its rate would tell about persons."""
POWER_FROM = 0.5
"""Below this chance to find a ratio of 0.5 at the 5 % level, the page says that nothing can be judged."""


@dataclass(frozen=True)
class GroupImpact:
    """One group beside the group with the highest rate.

    `ratio` of selection rates with `interval` (score method of Koopman); `below_four_fifths` compared as exact fractions; `z`,
    `p_z` pooled two-proportion test; `p_fisher` exact two-sided, `p_mid` its mid-p form; `shortfall` persons more that the
    highest rate would have selected; `flip_flop` persons whose change of outcome would turn the four-fifths verdict;
    `cannot_be_judged` the reason, or empty.
    """

    group: str
    n: int
    selected: int
    rate: float
    ratio: float
    interval: Interval | None
    below_four_fifths: bool
    z: float
    p_z: float
    p_fisher: float
    p_mid: float
    shortfall: float
    flip_flop: int
    cannot_be_judged: str


@dataclass(frozen=True)
class AdverseImpact:
    """Selection rates of groups; `reference` has the highest rate. `hidden` names groups too small to be shown."""

    reference: str
    groups: tuple[GroupImpact, ...]
    hidden: tuple[str, ...]
    n: int
    flags: tuple[str, ...]


def adverse_impact(
    selected: ArrayLike, group: Sequence[object], *, level: float = 0.95, smallest: int = SMALLEST_GROUP
) -> AdverseImpact:
    """Whether a procedure selects groups alike: rates, ratio to the highest, exact tests, and what n can carry.

    `selected` (N,) True/False or 1/0, no gaps; `group` (N,) labels; `level` of intervals, default .95; `smallest` persons a group needs to
    be shown, default 5. The four-fifths rule of the Uniform Guidelines (1978, sect. 4D) is a rule of thumb about the ratio; the
    tests say whether chance alone would do as much. Neither says why. When a group is so small that even a ratio of 0.5 would be
    found with a chance under one half, `cannot_be_judged` says so, whatever the ratio shows.

    Do not use it to choose a cut after the fact, and do not read "no significance" as "no impact".

    >>> result = adverse_impact([1] * 48 + [0] * 32 + [1] * 12 + [0] * 28, ["a"] * 80 + ["b"] * 40)
    >>> b = result.groups[1]
    >>> round(b.ratio, 3), b.below_four_fifths, round(b.p_fisher, 4)
    (0.5, True, 0.0034)
    """
    chosen = np.asarray(selected, dtype=np.float64)
    labels = [str(g) for g in group]
    if chosen.ndim != 1 or len(labels) != len(chosen):
        raise ValueError(
            f"selected has shape {chosen.shape}, group {len(labels)} labels; both need one entry a person."
        )
    if not np.isin(chosen, (0, 1)).all():
        raise ValueError(
            "selected holds something else than 0 and 1. Leave out persons without an outcome, and say how many."
        )
    if not 0.5 <= level < 1:
        raise ValueError(f"level is {level}; it lies from 0.5 to below 1.")
    counts = {
        name: (labels.count(name), int(chosen[[i for i, x in enumerate(labels) if x == name]].sum()))
        for name in dict.fromkeys(labels)
    }
    shown = {name: pair for name, pair in counts.items() if pair[0] >= smallest}
    # One hidden group could be had by subtraction from the whole: its neighbour is hidden as well.
    hidden = [name for name in counts if name not in shown]
    if len(hidden) == 1 and len(shown) > 2:
        least = min(shown, key=lambda name: shown[name][0])
        hidden.append(least)
        shown.pop(least)
    if len(shown) < 2:
        raise ValueError(
            f"Only {len(shown)} group has {smallest} persons or more; nothing can be compared. Groups: "
            + ", ".join(f"{name} {n}" for name, (n, _) in counts.items())
            + "."
        )
    reference = max(shown, key=lambda name: (Fraction(shown[name][1], shown[name][0]), shown[name][0]))
    rows = tuple(
        _beside(name, shown[name], shown[reference], level, is_reference=name == reference)
        for name in sorted(shown, key=lambda name: name != reference)
    )
    flags = ("nobody_selected",) if not chosen.any() else (("everybody_selected",) if chosen.all() else ())
    return AdverseImpact(reference, rows, tuple(hidden), len(chosen), flags)


def _beside(
    name: str, own: tuple[int, int], best: tuple[int, int], level: float, *, is_reference: bool
) -> GroupImpact:
    n, x = own
    n_ref, x_ref = best
    rate, rate_ref = x / n, x_ref / n_ref
    if is_reference or x_ref == 0:
        return GroupImpact(
            name, n, x, rate, 1.0 if is_reference else float("nan"), None, False, 0.0, 1.0, 1.0, 1.0, 0.0, 0,
            "" if x_ref else "nobody was selected",
        )  # fmt: skip
    exact = Fraction(x, n) / Fraction(x_ref, n_ref)
    table = [[x, n - x], [x_ref, n_ref - x_ref]]
    p_fisher = float(stats.fisher_exact(table)[1])
    pooled = (x + x_ref) / (n + n_ref)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_ref))
    z = float((rate - rate_ref) / spread) if spread > 0 else 0.0
    below = exact < FOUR_FIFTHS
    return GroupImpact(
        group=name,
        n=n,
        selected=x,
        rate=rate,
        ratio=float(exact),
        interval=_ratio_interval(x, n, x_ref, n_ref, level),
        below_four_fifths=below,
        z=z,
        p_z=float(2 * stats.norm.sf(abs(z))),
        p_fisher=p_fisher,
        p_mid=_mid_p(x, n, x_ref, n_ref),
        shortfall=n * rate_ref - x,
        flip_flop=_flip_flop(x, n, x_ref, n_ref, below),
        cannot_be_judged=_reason(n, n_ref, x_ref),
    )


def _mid_p(x: int, n: int, x_ref: int, n_ref: int) -> float:
    """Two-sided mid-p: tables less probable than the observed, and half of those equally probable."""
    law = stats.hypergeom(n + n_ref, x + x_ref, n)
    each = law.pmf(np.arange(max(0, x + x_ref - n_ref), min(n, x + x_ref) + 1))
    seen = float(law.pmf(x))
    tie = np.isclose(each, seen, rtol=1e-9)
    return float(min(1.0, each[(each < seen) & ~tie].sum() + each[tie].sum() / 2))


def _ratio_interval(x: int, n: int, x_ref: int, n_ref: int, level: float) -> Interval:
    """Koopman's (1984) score interval of a ratio of two shares; it exists with zero selected too."""
    low, high = _score_interval(x, n, x_ref, n_ref, level)
    return Interval(low, high, level, "koopman_score")


def _score_interval(x: int, n: int, x_ref: int, n_ref: int, level: float) -> tuple[float, float]:
    limit = float(stats.chi2.ppf(level, 1))

    def distance(ratio: float) -> float:
        """Koopman's chi-square of a ratio, at the shares most likely under it."""
        a = (n + n_ref) * ratio
        b = -((n + x_ref) * ratio + x + n_ref)
        c = float(x + x_ref)
        p_ref = (-b - np.sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a)
        p_ref = min(max(p_ref, 1e-12), 1 - 1e-12)
        p = min(max(p_ref * ratio, 1e-12), 1 - 1e-12)
        own = (x - n * p) ** 2 / (n * p * (1 - p))
        other = (x_ref - n_ref * p_ref) ** 2 / (n_ref * p_ref * (1 - p_ref))
        return float(own + other - limit)

    at = (x / n) / (x_ref / n_ref)

    def root(outside: float, inside: float) -> float:
        for _ in range(200):
            middle = float(np.sqrt(outside * inside)) if outside > 0 else inside / 2
            if distance(middle) > 0:
                outside = middle
            else:
                inside = middle
            if abs(outside - inside) < 1e-10 * max(inside, 1e-6):
                break
        return inside

    centre = at if at > 0 else 0.5 / n / (x_ref / n_ref)
    high = centre
    while distance(high) <= 0 and high < 1e6:
        high *= 2
    upper = root(high, centre) if distance(high) > 0 else float("inf")
    if x == 0:
        return 0.0, upper
    low = centre
    while distance(low) <= 0 and low > 1e-9:
        low /= 2
    return (root(low, centre) if distance(low) > 0 else 0.0), upper


def _flip_flop(x: int, n: int, x_ref: int, n_ref: int, below: bool) -> int:
    """How many persons of the group would have to have the other outcome to turn the four-fifths verdict."""
    for moved in range(1, n + 1):
        other = x + moved if below else x - moved
        if not 0 <= other <= n:
            return 0
        if (Fraction(other, n) / Fraction(x_ref, n_ref) < FOUR_FIFTHS) != below:
            return moved
    return 0


def _reason(n: int, n_ref: int, x_ref: int) -> str:
    rate_ref = x_ref / n_ref
    power = _power(n, n_ref, rate_ref / 2, rate_ref)
    if power < POWER_FROM:
        return f"with {n} and {n_ref} persons a ratio of 0.5 would be found with a chance of {power:.0%} only"
    return ""


def _power(n: int, n_ref: int, share: float, share_ref: float) -> float:
    """Chance that the two-proportion test at 5 % finds the difference (normal approximation with unpooled variance)."""
    pooled = (n * share + n_ref * share_ref) / (n + n_ref)
    null = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_ref))
    real = np.sqrt(share * (1 - share) / n + share_ref * (1 - share_ref) / n_ref)
    if real == 0:
        return 1.0
    return float(stats.norm.cdf((share_ref - share - stats.norm.ppf(0.975) * null) / real))

"""What may be said of a group: its mean with an honest error, shares of levels, differences (SCORING A5.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import t as student

from .._checks import FloatArray, floats, frozen
from .._estimator import Flag
from ..fit import FitVerdicts, RoleFit
from ._joint import SHIFT_SD, SHIFT_SD_COMPETENCY, own_draws

SHOWN_FROM = 5  # persons; fewer could be told one by one
SHARES_FROM = 10
COMPARED_FROM = 10
LEVEL_EDGES = np.array([1.5, 2.5, 3.5, 4.5])


@dataclass(frozen=True)
class GroupProfile:
    """Mean levels of one group over C competencies; NaN where nothing may be shown.

    mean, se (C,), levels. low, high (C,): t interval at `level`. n persons of the group, of `of` in the unit (0 = a
    sample of many). n_measured (C,). flags: `too_few_persons` (below 5), `hidden_by_subtraction`, `interval_only`
    (5–9: the mean is shown only with its interval).
    """

    group: str
    mean: FloatArray
    se: FloatArray
    low: FloatArray
    high: FloatArray
    n: int
    of: int
    n_measured: FloatArray
    level: float
    flags: tuple[Flag, ...]


def group_profiles(
    y: object,
    covariance: object,
    groups: Sequence[str],
    *,
    unit_sizes: Mapping[str, int] | None = None,
    level: float = 0.80,
) -> dict[str, GroupProfile]:
    """Mean levels of disjoint groups, with sampling, measurement and shared error; by name of the group.

    SE² = (S² − V̄)⁺/n · (1 − f) + V̄/n + shared, f = n/N. S² is the variance of the unshrunken scores, V̄ their mean error
    variance: when the whole unit was assessed (f = 1) nothing was sampled and only errors of measurement and link remain.
    shared = .08² + .08², the link and the zero of severity that move all alike; it does not shrink with n.

    y (P, C): unshrunken scores, NaN = not measured. covariance (P, C, C). groups (P,): one name a person. unit_sizes:
    persons in each unit where all of it is known; others count as a sample of many. level: of the intervals.
    Groups below 5 persons are not shown, nor the smallest other one while those hidden are together fewer than 5 people:
    with the mean of all they could be had by subtraction.

    Not for comparing groups by looking at intervals (see `compare_groups`), nor with shrunken scores.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> y = 3 + rng.normal(0, 0.8, (30, 2))
    >>> v = np.repeat(0.15 * np.eye(2)[None], 30, axis=0)
    >>> found = group_profiles(y, v, ["north"] * 16 + ["south"] * 11 + ["west"] * 3)
    >>> [(p.group, p.n, [f.code for f in p.flags]) for p in found.values()]
    [('north', 16, []), ('south', 11, ['hidden_by_subtraction']), ('west', 3, ['too_few_persons'])]
    """
    scores = floats(y, "y", (None, None))
    n_p, n_c = scores.shape
    v = floats(covariance, "covariance", (n_p, n_c, n_c))
    where = _members(groups, n_p)
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}.")
    sizes = dict(unit_sizes or {})
    for name, size in sizes.items():
        if name in where and size < len(where[name]):
            raise ValueError(
                f"unit {name!r} has {size} persons by unit_sizes, but {len(where[name])} were assessed. Correct the size."
            )
    hidden = _hidden({name: len(at) for name, at in where.items()})
    shared = SHIFT_SD**2 + SHIFT_SD_COMPETENCY**2
    out: dict[str, GroupProfile] = {}
    for name, at in where.items():
        n = len(at)
        flags: list[Flag] = []
        if name in hidden:
            flags.append(Flag(hidden[name], name, f"{n} persons"))
        elif n < SHARES_FROM:
            flags.append(Flag("interval_only", name, f"{n} persons"))
        part = scores[at]
        seen = ~np.isnan(part)
        count = seen.sum(axis=0)
        enough = (count >= SHOWN_FROM) & (name not in hidden)
        some = np.maximum(count, 1)
        mean = np.where(seen, part, 0.0).sum(axis=0) / some
        spread = np.where(seen, (part - mean) ** 2, 0.0).sum(axis=0) / np.maximum(count - 1, 1)
        error = np.where(seen, np.diagonal(v[at], axis1=1, axis2=2), 0.0).sum(axis=0) / some
        f = count / sizes[name] if name in sizes else np.zeros(n_c)
        variance = (np.maximum(spread - error, 0.0) * (1 - f) + error) / some
        variance = np.where(f > 0, variance, np.maximum(spread, error) / some) + shared
        se = np.where(enough, np.sqrt(variance), np.nan)
        mean = np.where(enough, mean, np.nan)
        half = student.ppf(0.5 + level / 2, np.maximum(count - 1, 1)) * se
        out[name] = GroupProfile(
            name,
            frozen(mean),
            frozen(se),
            frozen(mean - half),
            frozen(mean + half),
            n,
            int(sizes.get(name, 0)),
            frozen(count),
            level,
            tuple(flags),
        )
    return out


@dataclass(frozen=True)
class LevelShares:
    """Expected shares of a group at levels 1–5, (C, 5), with 80 % intervals `low`, `high`; n persons; flags."""

    share: FloatArray
    low: FloatArray
    high: FloatArray
    n: int
    excluded: tuple[str, ...]
    flags: tuple[Flag, ...]


def level_shares(
    fit: RoleFit, verdicts: FitVerdicts, persons: Sequence[str], *, seed: int | None = None
) -> LevelShares:
    """Shares of true levels 1–5 in a group, from joint draws: counting unshrunken scores would put too many at the ends.

    In every draw each person's true level falls into one band [k − .5, k + .5); link and zero of severity are one shared
    shift for all, so the intervals do not melt with n. persons: ids in the order of `verdicts`; those without a verdict
    are left out and listed. Below 10 persons nothing is shown (`too_few_persons`).
    """
    if len(set(persons)) != len(persons) or len(persons) != len(verdicts):
        raise ValueError(
            f"give {len(verdicts)} different person ids in the order of the verdicts, got {len(persons)}."
        )
    counted = [i for i, code in enumerate(verdicts.proposal) if code != "insufficient"]
    left = tuple(p for i, p in enumerate(persons) if verdicts.proposal[i] == "insufficient")
    n_c = verdicts.mean.shape[1]
    if len(counted) < SHARES_FROM:
        nothing = np.full((n_c, 5), np.nan)
        flag = Flag("too_few_persons", "", f"{len(counted)} persons; shares of levels from {SHARES_FROM}")
        return LevelShares(frozen(nothing), frozen(nothing), frozen(nothing), len(counted), left, (flag,))
    z = fit.draw_set()
    reached = np.zeros((n_c, len(LEVEL_EDGES), len(z)))
    run = fit.seed if seed is None else seed
    ids = [persons[i] for i in counted]
    for sheet in own_draws(
        verdicts.mean[counted], verdicts.covariance[counted], ids, z, np.zeros((1, n_c)), run
    ):
        level = sheet.x[:, :n_c] + sheet.centre[:, :n_c, None]
        for k, edge in enumerate(LEVEL_EDGES):
            reached[:, k] += (level >= edge).sum(axis=0)
    top = np.concatenate((np.full((n_c, 1, len(z)), len(counted)), reached), axis=1)
    below = np.concatenate((reached, np.zeros((n_c, 1, len(z)))), axis=1)
    share = (top - below) / len(counted)
    low, high = np.quantile(share, (0.10, 0.90), axis=2)
    return LevelShares(frozen(share.mean(axis=2)), frozen(low), frozen(high), len(counted), left, ())


@dataclass(frozen=True)
class GroupDifference:
    """Two groups in one competency (index): difference of means a − b in levels with interval and p of Welch's t.

    p_holm: for all comparisons of the call together. told_apart: p_holm < 1 − level. flags: `too_few_persons`.
    """

    a: str
    b: str
    competency: int
    difference: float
    se: float
    low: float
    high: float
    p: float
    p_holm: float
    told_apart: bool
    n: tuple[int, int]
    flags: tuple[Flag, ...]


def compare_groups(y: object, groups: Sequence[str], *, level: float = 0.95) -> tuple[GroupDifference, ...]:
    """Differences of all pairs of groups in all competencies, from 10 persons each, Holm over all of them.

    Link and zero of severity move both groups alike and drop out of the difference; this holds only where both answered
    the same form and met the same raters. SE² = S_a²/n_a + S_b²/n_b, Welch's degrees of freedom; measurement error is in S².
    A difference between groups says nothing of a person in either, and nothing of why.

    >>> import numpy as np
    >>> y = np.random.default_rng(1).normal(3, 0.8, (24, 1))
    >>> [(d.a, d.b, d.told_apart) for d in compare_groups(y, ["x"] * 12 + ["z"] * 12)]
    [('x', 'z', False)]
    """
    scores = floats(y, "y", (None, None))
    where = _members(groups, len(scores))
    rows: list[tuple[str, str, int, float, float, float, float, tuple[int, int]]] = []
    for a, b in combinations(where, 2):
        for c in range(scores.shape[1]):
            one, two = (x[~np.isnan(x)] for x in (scores[where[a], c], scores[where[b], c]))
            n = (len(one), len(two))
            if min(n) < COMPARED_FROM:
                nan = float("nan")
                rows.append((a, b, c, nan, nan, nan, nan, n))
                continue
            parts = one.var(ddof=1) / n[0], two.var(ddof=1) / n[1]
            se = float(np.sqrt(sum(parts)))
            gap = float(one.mean() - two.mean())
            df = (
                sum(parts) ** 2 / (parts[0] ** 2 / (n[0] - 1) + parts[1] ** 2 / (n[1] - 1)) if se > 0 else 1.0
            )
            p = float(2 * student.sf(abs(gap) / se, df)) if se > 0 else float(gap == 0)
            rows.append((a, b, c, gap, se, float(student.ppf(0.5 + level / 2, df)) * se, p, n))
    adjusted = holm(np.array([row[6] for row in rows]))
    out = []
    for (a, b, c, gap, se, half, p, n), over_all in zip(rows, adjusted.tolist(), strict=True):
        few = (
            ()
            if not np.isnan(p)
            else (Flag("too_few_persons", f"{a}, {b}", f"{n[0]} and {n[1]}; from 10 each"),)
        )
        out.append(
            GroupDifference(
                a, b, c, gap, se, gap - half, gap + half, p, over_all, bool(over_all < 1 - level), n, few
            )
        )
    return tuple(out)


def holm(p: FloatArray) -> FloatArray:
    """Holm's adjusted p-values: the k-th smallest times the number of tests left, never falling; NaN = no test."""
    given = np.asarray(p, dtype=np.float64)
    out = np.full(given.shape, np.nan)
    at = np.flatnonzero(~np.isnan(given))
    if at.size:
        order = at[np.argsort(given[at], kind="stable")]
        out[order] = np.minimum(np.maximum.accumulate(given[order] * np.arange(len(order), 0, -1)), 1.0)
    return out


def _members(groups: Sequence[str], n: int) -> dict[str, np.ndarray]:
    if len(groups) != n:
        raise ValueError(f"groups names {len(groups)} persons, the scores have {n}. Give one name a person.")
    names = np.array([str(g) for g in groups], dtype=object)
    return {name: np.flatnonzero(names == name) for name in sorted(set(names.tolist()))}


def _hidden(sizes: Mapping[str, int]) -> dict[str, str]:
    """Groups not shown and why: below 5, or needed so that those hidden are together at least 5 people."""
    out = {name: "too_few_persons" for name, n in sizes.items() if n < SHOWN_FROM}
    together = sum(sizes[name] for name in out)
    for name in sorted(set(sizes) - set(out), key=lambda g: (sizes[g], g)):
        if not out or together >= SHOWN_FROM:
            break
        out[name] = "hidden_by_subtraction"
        together += sizes[name]
    return out

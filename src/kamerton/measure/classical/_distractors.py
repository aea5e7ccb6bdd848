"""Distractor analysis: who chooses which option of a multiple-choice item."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._estimate import ITEM_STATISTICS_FROM, Estimate, FloatArray, check_level, fisher_interval, withheld
from ._responses import check_names, check_scores

UPPER_SHARE = 0.27
"""The able and the weak group: 27 % at each end make the difference of two groups steadiest (Kelley 1939)."""


@dataclass(frozen=True)
class OptionStatistics:
    """One option of one item: who chose it and how they did on the other items.

    `mean_rest` is the mean score on the other items, as a share of their points; `r_rest` the correlation of
    choosing the option with that score; `upper_share`, `lower_share` how often the able and the weak 27 % chose it.
    """

    option: str
    is_key: bool
    n_chosen: int
    share: float
    mean_rest: float
    r_rest: Estimate
    upper_share: float
    lower_share: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class DistractorStatistics:
    """All options of one item. `n` were presented it; `n_omitted` of them left it without an answer."""

    name: str
    keys: tuple[str, ...]
    n: int
    n_omitted: int
    options: tuple[OptionStatistics, ...]
    flags: tuple[str, ...]

    @property
    def all_flags(self) -> tuple[str, ...]:
        return self.flags + tuple(flag for option in self.options for flag in option.flags)


def distractor_analysis(
    choices: Sequence[Sequence[str | None]],
    keys: Sequence[Collection[str]],
    scores: ArrayLike,
    *,
    options: Sequence[Sequence[str]] | None = None,
    names: Sequence[str] | None = None,
    level: float = 0.95,
) -> tuple[DistractorStatistics, ...]:
    """Share, ability and point-biserial correlation of the choosers of each option.

    The correlation is taken with the score on the other items (rest score), so that an item does not vouch for
    itself; with items not presented the rest score is the share of points of the other items presented.

    Flags of an option: `never_chosen`; `positive_distractor` a wrong option with a positive correlation,
    `positive_distractor_certain` when its interval lies wholly above zero; `key_not_positive` the key with a
    correlation of zero or less. Flag of an item: `key_not_chosen_by_ablest` when the able 27 % choose another option more
    often than the key. All ask for a look at the item; none proves it bad.

    Parameters: `choices` persons × items, None = no answer; `keys` the right options of each item; `scores` the
    points of the same persons and items, NaN = not presented; `options` every option of each item in order
    (default: those seen and the key, sorted); `names`; `level` of intervals, default 0.95.

    With fewer than 30 persons presented an item only counts and shares are returned. A single weak item in a
    short test makes the rest score coarse: with fewer than about 5 other items read the flags as hints.

    >>> rows = [["A"], ["B"]] * 20
    >>> extra = [[1.0, 1.0], [0.0, 0.0]] * 20
    >>> item = distractor_analysis([r + ["x"] for r in rows], [{"B"}, {"x"}], extra)[0]
    >>> item.flags, item.options[0].flags
    (('key_not_chosen_by_ablest',), ('positive_distractor', 'positive_distractor_certain'))

    References: Kelley 1939; Haladyna & Rodriguez 2013.
    """
    check_level(level)
    matrix = check_scores(scores)
    n_rows, n_items = matrix.shape
    if len(choices) != n_rows or any(len(row) != n_items for row in choices):
        raise ValueError(f"choices must have the shape of scores, {n_rows} × {n_items}.")
    if len(keys) != n_items or (options is not None and len(options) != n_items):
        raise ValueError(f"keys and options must name each of the {n_items} items.")
    labels = check_names(names, n_items)
    table = np.array([list(row) for row in choices], dtype=object).reshape(n_rows, n_items)
    best = np.nan_to_num(np.where(np.isnan(matrix), -np.inf, matrix).max(axis=0), neginf=1.0)
    best = np.where(best > 0, best, 1.0)
    earned = np.where(np.isnan(matrix), 0.0, matrix)
    possible = np.where(np.isnan(matrix), 0.0, best)
    found = []
    for j in range(n_items):
        at_stake = possible.sum(axis=1) - possible[:, j]
        with np.errstate(invalid="ignore", divide="ignore"):
            rest = np.where(at_stake > 0, (earned.sum(axis=1) - earned[:, j]) / at_stake, np.nan)
        presented = ~np.isnan(matrix[:, j])
        listed = None if options is None else options[j]
        found.append(_one_item(labels[j], table[presented, j], keys[j], rest[presented], listed, level))
    return tuple(found)


def _one_item(
    name: str,
    chosen: NDArray[np.object_],
    keys: Collection[str],
    rest: FloatArray,
    listed: Sequence[str] | None,
    level: float,
) -> DistractorStatistics:
    answers = [None if value is None else str(value) for value in chosen]
    seen = {value for value in answers if value is not None}
    order = list(dict.fromkeys(listed)) if listed else sorted(seen | set(keys))
    order += sorted((seen | set(keys)) - set(order))
    upper, lower = _ends(rest)
    made = tuple(
        _one_option(
            option,
            option in keys,
            np.array([a == option for a in answers], dtype=bool),
            rest,
            upper,
            lower,
            level,
        )
        for option in order
    )
    flags: list[str] = []
    n = len(answers)
    if n < ITEM_STATISTICS_FROM:
        flags.append("too_few_persons")
    else:
        by_key = max((o.upper_share for o in made if o.is_key), default=math.nan)
        by_other = max((o.upper_share for o in made if not o.is_key), default=0.0)
        if by_other > by_key:
            flags.append("key_not_chosen_by_ablest")
    return DistractorStatistics(name, tuple(keys), n, sum(a is None for a in answers), made, tuple(flags))


def _ends(rest: FloatArray) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The able and the weak 27 %, ties at the border included, so that the order of rows changes nothing."""
    known = rest[~np.isnan(rest)]
    none = np.zeros(len(rest), dtype=bool)
    if not len(known):
        return none, none
    size = max(1, round(UPPER_SHARE * len(known)))
    ordered = np.sort(known)
    if ordered[0] == ordered[-1]:
        return none, none
    with np.errstate(invalid="ignore"):
        return rest >= ordered[-size], rest <= ordered[size - 1]


def _one_option(
    option: str,
    is_key: bool,
    hit: NDArray[np.bool_],
    rest: FloatArray,
    upper: NDArray[np.bool_],
    lower: NDArray[np.bool_],
    level: float,
) -> OptionStatistics:
    n, count = len(hit), int(hit.sum())
    share = count / n if n else math.nan
    if n < ITEM_STATISTICS_FROM:
        none = withheld(n, "too_few_persons")
        return OptionStatistics(option, is_key, count, share, math.nan, none, math.nan, math.nan, ())
    known = ~np.isnan(rest)
    mean_rest = float(rest[hit & known].mean()) if (hit & known).any() else math.nan
    r = _point_biserial(hit[known], rest[known], level)
    flags: list[str] = []
    if count == 0:
        flags.append("never_chosen")
    if r.is_reported and not is_key and r.value > 0:
        flags.append("positive_distractor")
        if r.interval is not None and r.interval.low > 0:
            flags.append("positive_distractor_certain")
    if r.is_reported and is_key and r.value <= 0:
        flags.append("key_not_positive")
    return OptionStatistics(
        option, is_key, count, share, mean_rest, r,
        float(hit[upper].mean()) if upper.any() else math.nan,
        float(hit[lower].mean()) if lower.any() else math.nan, tuple(flags),
    )  # fmt: skip


def _point_biserial(hit: NDArray[np.bool_], rest: FloatArray, level: float) -> Estimate:
    n = len(hit)
    if n < 3 or hit.all() or not hit.any() or float(np.ptp(rest)) == 0:
        return withheld(n, "no_variance")
    r = float(np.corrcoef(hit.astype(np.float64), rest)[0, 1])
    return Estimate(r, (1 - r * r) / math.sqrt(n - 1), fisher_interval(r, n, level), n)

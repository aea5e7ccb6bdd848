"""Bookmark panels: a place in a booklet of items in order of difficulty becomes a cut on the ability scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .._checks import FloatArray
from .._estimator import Flag
from ._angoff import ENOUGH_JUDGES, CutScore, _interval

MEDIAN_FACTOR = math.sqrt(math.pi / 2)
"""SE of a median over that of a mean for normal judges: 1.2533."""


def response_probability_location(
    difficulty: ArrayLike,
    *,
    slope: ArrayLike = 1.0,
    guessing: ArrayLike = 0.0,
    rp: float = 2 / 3,
    scale: float = 1.0,
) -> FloatArray:
    """Ability at which an item is answered right with probability `rp`: where it stands in the ordered booklet.

    Formula: θ = b + ln((RP − c)/(1 − RP))/(D a). `rp` 2/3 (default, usual with bookmarks) or 0.5; `scale` D = 1 for
    the logistic metric, 1.702 where slopes were estimated in the normal one. An item with guessing at or above `rp`
    has no location (NaN).

    >>> np.round(response_probability_location([0.0, 1.0]), 4).tolist()
    [0.6931, 1.6931]
    """
    if not 0 < rp < 1:
        raise ValueError(f"rp is {rp}; the response probability lies between 0 and 1, e.g. 2/3.")
    b, a, c = (np.asarray(v, dtype=np.float64) for v in (difficulty, slope, guessing))
    if (a <= 0).any():
        raise ValueError(f"a slope is {float(a.min()):g}; an item in the booklet needs a slope above 0.")
    with np.errstate(invalid="ignore", divide="ignore"):
        location: FloatArray = b + np.where(rp > c, np.log((rp - c) / (1 - rp)), np.nan) / (scale * a)
    return location


def bookmark(
    difficulty: ArrayLike,
    bookmarks: Sequence[int],
    *,
    slope: ArrayLike = 1.0,
    guessing: ArrayLike = 0.0,
    rp: float = 2 / 3,
    scale: float = 1.0,
    statistic: Literal["median", "mean"] = "median",
    place: Literal["before", "at", "between"] = "before",
    groups: Sequence[int | str] | None = None,
    level: float = 0.95,
) -> CutScore:
    """Cut on the ability scale from the judges' bookmarks in a booklet ordered by the RP location.

    A bookmark k (counted from 1) is the first item the borderline person does *not* master. The cut of a judge is the
    location of the item *before* it (default), of the item *at* it, or *between* the two; the panel's cut is the
    median (default) or mean of the judges.

    Parameters: `difficulty`, `slope`, `guessing` of the items, in any order (the booklet is made by location);
    `rp`, `scale` see `response_probability_location`; `bookmarks` one number a judge, from 1 (nothing mastered) to
    items + 1 (everything). `groups` tables the judges sat at: with them the error also counts the agreement within
    tables, se² = s²/J · (1 + (J/T − 1)·r), r the intraclass correlation of tables. `level` default 0.95.

    se: SD/√judges, times 1.2533 for a median. Flags: `few_judges`, `end_of_booklet` (a bookmark beyond the first or
    last item uses the end's location), `gap_in_booklet` (neighbouring items more than 0.5 apart at the cut: the place
    is not fine enough), `no_location`.

    The cut moves with RP: state it to judges before they place anything. Needs a calibrated scale.

    >>> cut = bookmark([-1.8, -1.1, -.6, -.2, .1, .5, .9, 1.4], [5, 6, 5, 4])
    >>> round(cut.value, 4), round(cut.se, 3)
    (0.4931, 0.18)

    References: Mitzel et al. 2001; Cizek & Bunch 2007; Lewis et al. 1996.
    """
    where = response_probability_location(difficulty, slope=slope, guessing=guessing, rp=rp, scale=scale)
    if where.ndim != 1 or len(where) < 2:
        raise ValueError(f"difficulty has shape {where.shape}; give one number for each of at least 2 items.")
    flags: list[Flag] = []
    lost = np.isnan(where)
    if lost.any():
        flags.append(
            Flag("no_location", "", f"{int(lost.sum())} items are guessed right more often than {rp:.2f}")
        )
    booklet = np.sort(where[~lost])
    placed = np.asarray(bookmarks, dtype=np.float64)
    if placed.ndim != 1 or len(placed) < 2 or (placed != np.rint(placed)).any():
        raise ValueError(f"bookmarks must be whole numbers of at least 2 judges, got {list(bookmarks)}.")
    bad = np.flatnonzero((placed < 1) | (placed > len(booklet) + 1))
    if len(bad):
        j = int(bad[0])
        raise ValueError(
            f"judge {j} placed the bookmark at {placed[j]:g}; the booklet runs from 1 to {len(booklet) + 1}."
        )
    if place not in ("before", "at", "between") or statistic not in ("median", "mean"):
        raise ValueError(
            f"place {place!r} is before, at or between; statistic {statistic!r} is median or mean."
        )
    index = placed.astype(np.intp) - 1
    before, at = np.clip(index - 1, 0, len(booklet) - 1), np.clip(index, 0, len(booklet) - 1)
    low, high = booklet[before], booklet[at]
    theta = low if place == "before" else high if place == "at" else (low + high) / 2
    outside = (index == 0) if place == "before" else (index >= len(booklet)) if place == "at" else (
        (index == 0) | (index >= len(booklet)))  # fmt: skip
    if outside.any():
        flags.append(
            Flag("end_of_booklet", "", f"{int(outside.sum())} judges are at an end; the cut may lie beyond")
        )
    n = len(theta)
    if n < ENOUGH_JUDGES:
        flags.append(Flag("few_judges", "", f"{n} judges; {ENOUGH_JUDGES} are asked for"))
    value = float(np.median(theta) if statistic == "median" else theta.mean())
    near = int(np.clip(np.searchsorted(booklet, value, side="right"), 1, len(booklet) - 1))
    if booklet[near] - booklet[near - 1] > 0.5:
        flags.append(
            Flag(
                "gap_in_booklet",
                f"items {near} and {near + 1}",
                f"{booklet[near] - booklet[near - 1]:.2f} apart",
            )
        )
    variance = float(theta.var(ddof=1)) / n
    if groups is not None:
        variance *= _clustering(theta, groups)
    se = math.sqrt(variance) * (MEDIAN_FACTOR if statistic == "median" else 1.0)
    return CutScore(value, se, _interval(value, se, n, level), n, f"bookmark_rp{rp:.2f}", flags=tuple(flags))


def _clustering(theta: FloatArray, groups: Sequence[int | str]) -> float:
    labels = np.asarray(groups)
    if labels.shape != theta.shape:
        raise ValueError(f"{len(labels)} tables named for {len(theta)} judges.")
    from ..agreement import group_icc

    tables = len(np.unique(labels))
    if tables < 2 or tables == len(theta) or theta.var() == 0:
        return 1.0
    r = max(0.0, group_icc(theta, labels).icc1.value)
    return 1 + (len(theta) / tables - 1) * r

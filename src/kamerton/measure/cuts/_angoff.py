"""Angoff panels: rounds of judgements of a borderline person's item scores, the cut and its errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from .._checks import FloatArray
from .._estimator import Flag, Table, frame_of
from ..classical import Interval

ENOUGH_JUDGES = 8
"""Panels below it are flagged: the specification asks for eight judges, and the error of an SD over fewer is large."""


@dataclass(frozen=True)
class CutScore:
    """A cut with its errors.

    `se`: over judges, or over persons for the methods by groups (the method says). `interval` at the level asked for,
    by t over judges. `se_items`: over items, `se_both`: a new panel and new items; NaN where the method has none.
    `n`: judges or persons behind the cut.
    """

    value: float
    se: float
    interval: Interval | None
    n: int
    method: str
    se_items: float = math.nan
    se_both: float = math.nan
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class AngoffPanel:
    """Result of a panel.

    `cut` of the last round; `rounds`: one row a round: round, cut, sd (of judges' sums), se, moved (mean absolute
    change of a judge's item judgement since the round before); `judges`: one row a judge: name, the sum in each round
    (round1, round2, …), distance from the panel in SDs, agreement with the item means of the others, and — where the
    difficulties are known — correlation with them; `items`: mean and SD over judges in the last round.
    """

    cut: CutScore
    rounds: Table
    judges: Table
    items: Table
    flags: tuple[Flag, ...]

    def to_frame(self, library: str = "pandas") -> Any:
        """The judges as a frame of pandas or polars, where installed."""
        return frame_of(self.judges.columns, library)


def _panel(judged: ArrayLike, item_max: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    x: FloatArray = np.asarray(judged, dtype=np.float64)
    if x.ndim == 2:
        x = x[None]
    if x.ndim != 3:
        raise ValueError(f"judgements have shape {x.shape}; give rounds × judges × items, or judges × items.")
    if x.shape[1] < 2 or x.shape[2] < 2:
        raise ValueError(f"{x.shape[1]} judge(s) and {x.shape[2]} item(s); at least 2 of each are needed.")
    top = np.broadcast_to(
        np.asarray(1.0 if item_max is None else item_max, dtype=np.float64), (x.shape[2],)
    ).copy()
    if (top <= 0).any():
        raise ValueError(f"item {int(np.argmin(top))} has maximum {top.min():g}; it must be above 0.")
    bad = np.argwhere((x < 0) | (x > top))
    if len(bad):
        r, j, i = (int(v) for v in bad[0])
        raise ValueError(
            f"round {r + 1}, judge {j}, item {i}: {x[r, j, i]:g} is outside 0…{top[i]:g}. "
            "Judgements are expected item scores (0.7, not 70)."
        )
    return x, top


def _filled(x: FloatArray) -> FloatArray:
    """Gaps of a judge filled by item mean + judge mean − grand mean of that round, so that sums stay comparable."""
    gaps = np.isnan(x)
    if not gaps.any():
        return x
    if gaps.all(axis=0).any():
        i = int(np.argmax(gaps.all(axis=0)))
        raise ValueError(f"item {i} was judged by nobody in one round; take it out or judge it.")
    if gaps.all(axis=1).any():
        j = int(np.argmax(gaps.all(axis=1)))
        raise ValueError(f"judge {j} judged nothing in one round; take the judge out.")
    item = np.nanmean(x, axis=0)
    shift = np.nanmean(x - item, axis=1)
    return np.where(gaps, item + shift[:, None], x)


def _interval(value: float, se: float, n: int, level: float) -> Interval:
    half = float(student.ppf(0.5 + level / 2, n - 1)) * se
    return Interval(value - half, value + half, level, "t_over_judges")


def angoff(
    judged: ArrayLike,
    *,
    item_max: ArrayLike | None = None,
    difficulty: ArrayLike | None = None,
    judges: Sequence[str] | None = None,
    items: Sequence[str] | None = None,
    level: float = 0.95,
) -> AngoffPanel:
    """Cut score of a (modified) Angoff panel in points, over rounds, with its error over judges and over items.

    Formula: cut = Σ over items of the mean judgement; se = SD of the judges' sums/√judges. With the items as a sample
    of their kind, the table judges × items is divided into variances of judges, items and rest: se_items is the error
    of the sum over another sample of items judged by this panel, √(I · variance of the item means); se_both that of
    another panel and other items, I·√(σ²_j/J + σ²_i/I + σ²_ji/(JI)).

    Parameters: `judged` (judges, items) or (rounds, judges, items) expected item scores of a borderline person, NaN =
    not judged (filled by the judge's usual distance from the others; flag `gaps_filled`). `item_max` maxima, default 1.
    `difficulty` observed mean item scores, to compare each judge with. `judges`, `items` names. `level` default 0.95.

    Flags: `few_judges` (below 8), `gaps_filled`, `judge_apart` (a sum more than 2.5 SD of the others away),
    `judge_inconsistent` (correlation with the other judges' item means below .2), `spread_grew` (a later round is
    more spread than the one before), `same_for_all_items`.

    The last round's spread is smaller because judges talked: its se measures what this panel would repeat, not what
    another panel would say. Do not use it where judges have not agreed who the borderline person is.

    >>> p = angoff([[.6, .7, .5, .8, .9], [.5, .6, .6, .7, .9], [.7, .8, .4, .8, .8]])
    >>> round(p.cut.value, 3), round(p.cut.se, 3)
    (3.433, 0.067)

    References: Angoff 1971; Cizek & Bunch 2007; Brennan & Lockwood 1980.
    """
    if not 0.5 <= level < 1:
        raise ValueError(f"level is {level}; it lies from 0.5 to below 1, e.g. 0.95.")
    x, top = _panel(judged, item_max)
    gaps = np.isnan(x)
    whole = np.stack([_filled(block) for block in x])
    n_rounds, n_judges, n_items = whole.shape
    names = tuple(f"judge{j + 1}" for j in range(n_judges)) if judges is None else tuple(judges)
    labels = tuple(f"item{i + 1}" for i in range(n_items)) if items is None else tuple(items)
    if len(names) != n_judges or len(labels) != n_items:
        raise ValueError(
            f"{len(names)} judges and {len(labels)} items named for {n_judges} × {n_items} judgements."
        )
    sums = whole.sum(axis=2)
    cuts, sds = sums.mean(axis=1), sums.std(axis=1, ddof=1)
    last = whole[-1]
    flags: list[Flag] = []
    if n_judges < ENOUGH_JUDGES:
        flags.append(Flag("few_judges", "", f"{n_judges} judges; {ENOUGH_JUDGES} are asked for"))
    if gaps.any():
        flags.append(Flag("gaps_filled", "", f"{int(gaps.sum())} of {gaps.size} judgements"))
    for r in range(1, n_rounds):
        if sds[r] > sds[r - 1] * (1 + 1e-9):
            flags.append(Flag("spread_grew", f"round{r + 1}", f"SD of sums {sds[r - 1]:.3g} → {sds[r]:.3g}"))
    value, se = float(cuts[-1]), float(sds[-1] / math.sqrt(n_judges))
    se_items, se_both = _item_errors(last)
    judge_table, of_judges = _judge_table(whole, names, difficulty)
    flags += of_judges
    cut = CutScore(
        value, se, _interval(value, se, n_judges, level), n_judges, "angoff", se_items, se_both, tuple(flags)
    )
    moved = [math.nan] + [float(np.nanmean(np.abs(x[r] - x[r - 1]))) for r in range(1, n_rounds)]
    rounds = Table(
        {
            "round": np.arange(1, n_rounds + 1), "cut": cuts, "sd": sds, "se": sds / math.sqrt(n_judges),
            "moved": np.array(moved),
        }
    )  # fmt: skip
    item_table = Table(
        {
            "item": np.array(labels), "maximum": top, "mean": last.mean(axis=0), "sd": last.std(axis=0, ddof=1),
            "judges": (~gaps[-1]).sum(axis=0),
        }
    )  # fmt: skip
    return AngoffPanel(cut, rounds, judge_table, item_table, tuple(flags))


def _item_errors(last: FloatArray) -> tuple[float, float]:
    """Error of the sum over a new sample of items, and over new judges and items, by expected mean squares."""
    j, i = last.shape
    item, judge, mean = last.mean(axis=0), last.mean(axis=1), last.mean()
    ms_item = j * float(((item - mean) ** 2).sum()) / (i - 1)
    ms_judge = i * float(((judge - mean) ** 2).sum()) / (j - 1)
    rest = last - item[None, :] - judge[:, None] + mean
    ms_rest = float((rest**2).sum()) / ((i - 1) * (j - 1))
    v_item, v_judge = max(0.0, (ms_item - ms_rest) / j), max(0.0, (ms_judge - ms_rest) / i)
    over_items = i * math.sqrt(ms_item / j / i)
    return over_items, i * math.sqrt(v_judge / j + v_item / i + ms_rest / (i * j))


def _judge_table(
    whole: FloatArray, names: tuple[str, ...], difficulty: ArrayLike | None
) -> tuple[Table, list[Flag]]:
    last, flags = whole[-1], []
    n_judges, n_items = last.shape
    sums = last.sum(axis=1)
    apart, agree, known = np.full((3, n_judges), np.nan)
    observed = None if difficulty is None else np.asarray(difficulty, dtype=np.float64)
    if observed is not None and observed.shape != (n_items,):
        raise ValueError(f"difficulty has shape {observed.shape} for {n_items} items.")
    for j in range(n_judges):
        others = np.delete(sums, j)
        spread = float(others.std(ddof=1)) if n_judges > 2 else math.nan
        if spread > 1e-9:
            apart[j] = (sums[j] - others.mean()) / spread
        if np.ptp(last[j]) < 1e-12:
            flags.append(Flag("same_for_all_items", names[j], "the judge does not tell items apart"))
            continue
        rest = np.delete(last, j, axis=0).mean(axis=0)
        if np.ptp(rest) > 1e-12:
            agree[j] = np.corrcoef(last[j], rest)[0, 1]
        if observed is not None and np.ptp(observed) > 0:
            known[j] = np.corrcoef(last[j], observed)[0, 1]
        if n_judges > 3 and abs(apart[j]) > 2.5:
            flags.append(Flag("judge_apart", names[j], f"{apart[j]:+.1f} SD from the other judges"))
        if n_items > 4 and agree[j] < 0.2:
            flags.append(Flag("judge_inconsistent", names[j], f"correlation with the others {agree[j]:.2f}"))
    columns: dict[str, Any] = {"judge": np.array(names)}
    columns |= {f"round{r + 1}": whole[r].sum(axis=1) for r in range(len(whole))}
    columns |= {"apart": apart, "agreement": agree}
    if observed is not None:
        columns["difficulty"] = known
    return Table(columns), flags

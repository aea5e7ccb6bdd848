"""Four knots of a panel: from expected item scores at 1.5, 2.5, 3.5 and 4.5 to levels 1–5, with the error of the link."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from .._checks import FloatArray
from .._estimator import Flag, Table
from ..classical import Interval
from ..linking import BlockLink, knots_from_judges
from ._angoff import ENOUGH_JUDGES

KNOTS = (1.5, 2.5, 3.5, 4.5)


@dataclass(frozen=True)
class LevelPoint:
    """One score on the level scale: level, error of the link there, interval, and the score it came from."""

    level: float
    se: float
    interval: Interval
    score: float


@dataclass(frozen=True)
class PanelLink:
    """Knots of a panel and what the score chain needs of them.

    `link`: the `BlockLink` (knots, maximum, panel_sd in levels, judges) that scoring uses; `knots` Table (level,
    points, sd over judges in points, se in points, se in levels); `judge_knots` (judges, 4) points; `rounds` Table
    (round, K at each level, sd in levels): how the panel moved; `flags`: `few_judges`, `order_forced` (a knot fell
    below its predecessor), `judge_order` (a judge's own knots fall), `levels_not_separated`, `gaps`.
    """

    link: BlockLink
    knots: Table
    judge_knots: FloatArray
    rounds: Table
    flags: tuple[Flag, ...]

    def level_at(self, score: float, *, level: float = 0.80) -> LevelPoint:
        """The level of a score with the error of the link alone (common to all persons; add the error of the answers).

        The interval (default 80 %, the house's level) is normal, kept within 1–5.
        """
        value = float(self.link.to_level(score))
        half = float(ndtri(0.5 + level / 2)) * self.link.se
        ends = Interval(max(1.0, value - half), min(5.0, value + half), level, "link_error")
        return LevelPoint(value, self.link.se, ends, float(score))

    def cut_score(self, level: float) -> LevelPoint:
        """The score (points) at a level such as a cut of 2.5; `se` in levels, `score` in points."""
        if not 1 <= level <= 5:
            raise ValueError(f"level is {level}; the scale runs from 1 to 5.")
        return self.level_at(float(self.link.to_score(level)))


def panel_link(
    expected: ArrayLike,
    *,
    item_max: ArrayLike,
    judges: Sequence[str] | None = None,
) -> PanelLink:
    """The link of a block to the levels 1–5 from a panel of judges, with the spread that gives its error.

    Formula: K(g) = Σ over items of the mean judged score of a person just at g = 1.5, 2.5, 3.5, 4.5; straight lines
    through (0, 1), (K(g), g), (maximum, 5). A judge's knots are the sums of the own judgements; the SD over judges of
    K(g), in points divided by the panel's points per level (K(4.5) − K(1.5))/3, pooled over the four knots by mean
    square, is `panel_sd`; the link's error is √(panel_sd²/judges + 0.10²) levels.

    Parameters: `expected` (judges, items, 4) or (rounds, judges, items, 4) expected item scores, NaN = not judged
    (means use those who judged; the judge's sum is then scaled to the panel's). `item_max` (items,). `judges` names.

    The error does not shrink with persons and does not average out over them. It assumes that the judges are a sample
    of possible judges who judged on their own; after discussion their spread is too small, so take the spread of the
    first round (`rounds`) as well.

    >>> import numpy as np
    >>> base = np.array([[.2, .4, .7, .9], [.3, .5, .8, .95], [.3, .8, 1.3, 1.8]])
    >>> p = panel_link([base, base * .95, np.minimum(base * 1.04, base + .04)], item_max=[1, 1, 2])
    >>> np.round(p.knots["points"], 2).tolist(), round(p.link.se, 3)
    ([0.8, 1.69, 2.79, 3.63], 0.119)
    """
    x: FloatArray = np.asarray(expected, dtype=np.float64)
    if x.ndim == 3:
        x = x[None]
    top = np.asarray(item_max, dtype=np.float64)
    if x.ndim != 4 or x.shape[3] != 4 or top.shape != (x.shape[2],):
        raise ValueError(
            f"expected has shape {x.shape} and item_max {top.shape}; give (rounds,) judges × items × 4 and one maximum an item."
        )
    bad = np.argwhere((x < 0) | (x > top[None, None, :, None]))
    if len(bad):
        r, j, i, g = (int(v) for v in bad[0])
        raise ValueError(
            f"round {r + 1}, judge {j}, item {i} at level {KNOTS[g]}: {x[r, j, i, g]:g} is outside 0…{top[i]:g}."
        )
    n_judges = x.shape[1]
    names = tuple(f"judge{j + 1}" for j in range(n_judges)) if judges is None else tuple(judges)
    if len(names) != n_judges or n_judges < 2:
        raise ValueError(f"{len(names)} names for {n_judges} judges; a panel has at least 2.")
    flags: list[Flag] = []
    if n_judges < ENOUGH_JUDGES:
        flags.append(Flag("few_judges", "", f"{n_judges} judges; {ENOUGH_JUDGES} are asked for"))
    if np.isnan(x).any():
        flags.append(Flag("gaps", "", f"{int(np.isnan(x).sum())} of {x.size} judgements are missing"))
    knots, forced = knots_from_judges(x[-1])
    if forced:
        flags.append(
            Flag("order_forced", "", "the panel's knots do not rise; send the block back to the panel")
        )
    each = _judge_knots(x[-1])
    for judge in np.flatnonzero((np.diff(each, axis=1) < 0).any(axis=1)):
        flags.append(Flag("judge_order", names[int(judge)], "a higher level was judged to score less"))
    maximum = float(top.sum())
    slope = float((knots[3] - knots[0]) / 3)
    sd = each.std(axis=0, ddof=1)
    panel_sd = math.sqrt(float((sd**2).mean())) / slope
    link = BlockLink(knots, maximum, panel_sd, n_judges)
    for level in link.levels_not_separated:
        flags.append(Flag("levels_not_separated", f"level{level}", "its knots are closer than half a point"))
    se = sd / math.sqrt(n_judges)
    table = Table({"level": np.array(KNOTS), "points": knots, "sd": sd, "se": se, "se_levels": se / slope})
    return PanelLink(link, table, each, _rounds(x), tuple(flags))


def _judge_knots(x: FloatArray) -> FloatArray:
    """(judges, 4) sums over items; a judge with gaps is scaled by the panel's mean on the items judged."""
    item = np.nanmean(x, axis=0)
    seen = ~np.isnan(x)
    own = np.where(seen, x, 0.0).sum(axis=1)
    same = np.where(seen, item[None], 0.0).sum(axis=1)
    out: FloatArray = own * np.divide(item.sum(axis=0)[None], same, out=np.ones_like(same), where=same > 0)
    return out


def _rounds(x: FloatArray) -> Table:
    rows: dict[str, list[float]] = {"round": [], **{f"K{g}": [] for g in KNOTS}, "sd_levels": []}
    for r, block in enumerate(x):
        each = _judge_knots(block)
        knots = each.mean(axis=0)
        slope = float(knots[3] - knots[0]) / 3
        rows["round"].append(r + 1)
        for g, k in zip(KNOTS, knots, strict=True):
            rows[f"K{g}"].append(float(k))
        spread = math.sqrt(float((each.std(axis=0, ddof=1) ** 2).mean()))
        rows["sd_levels"].append(spread / slope if slope > 0 else math.nan)
    return Table({key: np.array(value) for key, value in rows.items()})

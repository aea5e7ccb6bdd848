"""Linking a block of items to the level scale by a modified Angoff panel. See docs/methods/linking.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from .._checks import BoolArray, FloatArray, IntArray, floats, frozen

ALGORITHM = "link.panel/1"

KNOT_LEVELS = np.array([1.5, 2.5, 3.5, 4.5])
SHARED_PANEL_SD = 0.10  # what one panel has in common, in levels; judgement (SCORING A1.4)
DEFAULT_LINK_SE = 0.16  # where no panel spread is on record; judgement (SCORING A1.4)
COMMON_LINK_SHARE = 0.60  # of the link variance, common to all blocks; judgement (SCORING A1.4)
KAPPA_PARTIAL = (
    0.70  # a partial-credit item varies less than an all-or-nothing one of its maximum (SCORING A1.3)
)
UNEQUAL_DIFFICULTY = 0.85  # Keats kind: unequal difficulties shrink the binomial variance (SCORING A1.3)
SHARE_LOW, SHARE_HIGH = 0.08, 0.92  # keep the error of extreme scores from vanishing (SCORING A1.3)
MISSING_LIMIT = 0.20  # of the block's points (SCORING A1.1)
SEPARATION = 0.5  # points between neighbouring knots (SCORING A1.2)
TEXT_MARKER_SD = 0.20  # one marker's SD as a share of the item's maximum; judgement, not tried (SCORING B5)


def link_error(panel_sd: float | None, judges: int) -> float:
    """Standard error of a block's link in levels: sqrt(panel_sd² / judges + 0.10²), or 0.16 without a panel spread.

    The text adds "0.10 for what one panel shares"; the two parts are independent, so they are added in quadrature.
    With the usual spread of 0.35 and 8 judges this gives 0.159, the stated default.
    """
    if panel_sd is None or np.isnan(panel_sd):
        return DEFAULT_LINK_SE
    if panel_sd < 0 or judges < 1:
        raise ValueError(
            f"panel_sd must be >= 0 and judges >= 1, got {panel_sd} and {judges}. "
            "Give the SD over judges in levels, or None to use the default 0.16."
        )
    return float(np.sqrt(panel_sd**2 / judges + SHARED_PANEL_SD**2))


@dataclass(frozen=True)
class BlockLink:
    """Straight lines from a block's score to the level scale.

    knots: (4,) expected block score, in points, of a person just at 1.5, 2.5, 3.5, 4.5; strictly increasing inside
    (0, maximum). maximum: points of the block. panel_sd: SD of the knots over judges in levels, None = not on record.
    judges: number of judges.
    """

    knots: FloatArray
    maximum: float
    panel_sd: float | None = None
    judges: int = 0

    def __post_init__(self) -> None:
        knots = floats(self.knots, "BlockLink.knots", (4,))
        path = np.concatenate(([0.0], knots, [float(self.maximum)]))
        if not np.all(np.isfinite(path)) or np.any(np.diff(path) <= 0):
            raise ValueError(
                f"knots must rise strictly from above 0 to below the maximum {self.maximum:g}, got {knots.tolist()}. "
                "Build them with knots_from_judges, or send the block back to the panel."
            )
        object.__setattr__(self, "knots", frozen(knots))

    @property
    def slope(self) -> float:
        """Points per level, (K(4.5) − K(1.5)) / 3."""
        return float((self.knots[3] - self.knots[0]) / 3)

    @property
    def se(self) -> float:
        """Standard error of the link in levels; common to all persons."""
        return link_error(self.panel_sd, self.judges)

    @property
    def levels_not_separated(self) -> tuple[int, ...]:
        """Levels (2, 3, 4) whose two knots lie closer than half a point."""
        return tuple(int(g) + 2 for g in np.flatnonzero(np.diff(self.knots) < SEPARATION))

    def to_level(self, score: object) -> FloatArray:
        """Levels of block scores in points (any shape); NaN stays NaN; raises outside [0, maximum]."""
        s = np.asarray(score, dtype=np.float64)
        bad = (s < 0) | (s > self.maximum)
        if np.any(bad):
            raise ValueError(
                f"a block score lies between 0 and {self.maximum:g}, got {s[bad].ravel()[0]:g}. Check the item maxima."
            )
        x = np.concatenate(([0.0], self.knots, [self.maximum]))
        out: FloatArray = np.interp(s, x, np.concatenate(([1.0], KNOT_LEVELS, [5.0])))
        return out

    def to_score(self, level: object) -> FloatArray:
        """Expected block score in points at levels in [1, 5]; the inverse of `to_level`, flat outside."""
        y = np.concatenate(([1.0], KNOT_LEVELS, [5.0]))
        out: FloatArray = np.interp(
            np.asarray(level, dtype=np.float64), y, np.concatenate(([0.0], self.knots, [self.maximum]))
        )
        return out

    def band(self, value: float) -> tuple[int, int]:
        """Lowest and highest level a value may be reported as: levels with knots too close join both neighbours."""
        level = int(np.clip(np.floor(value + 0.5), 1, 5))
        low = high = level
        merged = set(self.levels_not_separated)
        while low in merged or (low - 1) in merged:
            low -= 1
        while high in merged or (high + 1) in merged:
            high += 1
        return max(low, 1), min(high, 5)


def knots_from_judges(expected: object) -> tuple[FloatArray, bool]:
    """Block knots from the panel: (judges, items, 4) expected item scores → (4,) points, and whether order was forced.

    Each knot is the sum over items of the mean over judges; a knot that falls below its predecessor is raised to it
    plus 0.001 point, and the flag says so (a panel that disagrees with the scale, not a detail).
    """
    judged = floats(expected, "expected", (None, None, 4))
    raw = np.nansum(np.nanmean(judged, axis=0), axis=0)
    forced = raw.copy()
    for g in range(1, 4):
        forced[g] = max(forced[g], forced[g - 1] + 0.001)
    return forced, bool(np.any(forced != raw))


@dataclass(frozen=True)
class BlockEstimate:
    """One person's block: value and errors in levels, n items presented, flags.

    se contains the link; se_test does not. one_sided: "", "lower" (perfect block: at least) or "upper" (zero block).
    Flags: at_limit, levels_not_separated, insufficient, prorated, error_floor (q was clipped).
    """

    value: float
    se: float
    n: int
    flags: tuple[str, ...]
    score: float
    se_test: float
    se_link: float
    one_sided: str = ""
    band: tuple[int, int] | None = None

    def interval(self, level: float = 0.80) -> tuple[float, float]:
        """Interval in levels; one-sided at a perfect or zero block, ending at the end of the scale there."""
        if self.one_sided == "lower":
            return self.value - float(ndtri(level)) * self.se, 5.0
        if self.one_sided == "upper":
            return 1.0, self.value + float(ndtri(level)) * self.se
        z = float(ndtri(0.5 + level / 2))
        return self.value - z * self.se, self.value + z * self.se


@dataclass(frozen=True)
class BlockTable:
    """Blocks of all persons; arrays (P, C). Errors in levels; `link_se` (C,); variances squared levels."""

    value: FloatArray
    variance_test: FloatArray
    link_se: FloatArray
    score: FloatArray
    presented_points: FloatArray
    n_items: IntArray
    at_limit: BoolArray
    insufficient: BoolArray
    error_floor: BoolArray
    levels_not_separated: tuple[tuple[int, ...], ...]
    algorithm: str = field(default=ALGORITHM)

    @property
    def se_test(self) -> FloatArray:
        """Error of the answers alone, (P, C), levels."""
        return np.sqrt(self.variance_test)

    @property
    def se(self) -> FloatArray:
        """Error of the answers and the link, (P, C), levels; the one to print beside a block."""
        return np.sqrt(self.variance_test + self.link_se**2)

    def estimate(self, person: int, block: int, link: BlockLink) -> BlockEstimate:
        """One cell of the table as an estimate with flags."""
        flags = []
        s, pres = float(self.score[person, block]), float(self.presented_points[person, block])
        at = bool(self.at_limit[person, block])
        if at:
            flags.append("at_limit")
        if self.levels_not_separated[block]:
            flags.append("levels_not_separated")
        if self.insufficient[person, block]:
            flags.append("insufficient")
        elif pres < link.maximum:
            flags.append("prorated")
        if self.error_floor[person, block]:
            flags.append("error_floor")
        value = float(self.value[person, block])
        return BlockEstimate(
            value=value,
            se=float(self.se[person, block]),
            n=int(self.n_items[person, block]),
            flags=tuple(flags),
            score=s,
            se_test=float(self.se_test[person, block]),
            se_link=float(self.link_se[block]),
            one_sided=("lower" if s > 0 else "upper") if at else "",
            band=link.band(value) if np.isfinite(value) else None,
        )


def score_blocks(
    item_scores: object,
    *,
    item_block: object,
    item_max: object,
    item_partial: object,
    item_text: object,
    links: Sequence[BlockLink | None],
    text_raters: object = None,
    text_marker_sd: float = TEXT_MARKER_SD,
) -> BlockTable:
    """Level estimates of every person in every block (SCORING A1.1–A1.4).

    item_scores: (P, J) points, NaN = not presented (omitted and not reached are 0, the reason kept by the caller).
    item_block: (J,) index of the block. item_max: (J,). item_partial, item_text: (J,) booleans.
    links: one per block, None = no items of that competency. text_raters: (P, J) markers per text, default 1.
    A block with more than 20 % of its points not presented has value NaN and `insufficient`; with less, the score is
    carried to the full block in proportion. Raises ValueError where a score leaves [0, item_max].
    """
    x = floats(item_scores, "item_scores", (None, None))
    persons, items = x.shape
    block = np.asarray(item_block, dtype=np.intp)
    top = floats(item_max, "item_max", (items,))
    partial, text = np.asarray(item_partial, dtype=bool), np.asarray(item_text, dtype=bool)
    for name, a in (("item_block", block), ("item_partial", partial), ("item_text", text)):
        if a.shape != (items,):
            raise ValueError(
                f"{name} must have one entry for each of the {items} items, got shape {a.shape}."
            )
    bad = np.argwhere((x < 0) | (x > top))
    if bad.size:
        p, j = (int(v) for v in bad[0])
        raise ValueError(
            f"item {j} of person {p} has score {x[p, j]:g}, outside 0…{top[j]:g}. Correct the key or the item's maximum."
        )
    markers = np.ones_like(x) if text_raters is None else floats(text_raters, "text_raters", (persons, items))
    seen = ~np.isnan(x)
    if np.any(seen & text & ~(markers > 0)):
        p, j = (int(v) for v in np.argwhere(seen & text & ~(markers > 0))[0])
        raise ValueError(
            f"text item {j} of person {p} has a score but {markers[p, j]:g} markers; give at least 1."
        )
    blocks = len(links)
    shape = (persons, blocks)
    value, variance = np.full(shape, np.nan), np.full(shape, np.nan)
    score, presented = np.zeros(shape), np.zeros(shape)
    count = np.zeros(shape, dtype=np.intp)
    at_limit, insufficient, floor = (np.zeros(shape, dtype=bool) for _ in range(3))
    link_se = np.full(blocks, np.nan)
    for c, link in enumerate(links):
        mine = np.flatnonzero(block == c)
        if link is None:
            if mine.size:
                raise ValueError(
                    f"block {c} has {mine.size} items but no link. Give its BlockLink or drop the items."
                )
            insufficient[:, c] = True
            continue
        if not np.isclose(top[mine].sum(), link.maximum):
            raise ValueError(
                f"block {c}: the items sum to {top[mine].sum():g} points but the link was judged for {link.maximum:g}. "
                "Use the link of this form."
            )
        link_se[c] = link.se
        here, m = seen[:, mine], top[mine]
        s = np.where(here, x[:, mine], 0.0).sum(axis=1)
        pres = (here * m).sum(axis=1)
        enough = pres >= (1 - MISSING_LIMIT) * link.maximum - 1e-12
        grow = np.divide(link.maximum, pres, out=np.ones(persons), where=pres > 0)
        share = (s + 0.5) / (pres + 1.0)
        q = np.clip(share, SHARE_LOW, SHARE_HIGH)
        kappa = np.where(partial[mine], KAPPA_PARTIAL, 1.0)
        spread = (here * (kappa * m**2)).sum(axis=1)
        marks = np.where(
            here & text[mine], (text_marker_sd * m) ** 2 / np.maximum(markers[:, mine], 1), 0.0
        ).sum(axis=1)
        var = (UNEQUAL_DIFFICULTY * spread * q * (1 - q) + marks) * grow**2 / link.slope**2
        value[:, c] = np.where(enough, link.to_level(np.minimum(s * grow, link.maximum)), np.nan)
        variance[:, c] = np.where(enough, var, np.nan)
        score[:, c], presented[:, c], count[:, c] = s, pres, here.sum(axis=1)
        insufficient[:, c] = ~enough
        at_limit[:, c] = enough & ((s <= 0) | (s >= pres))
        floor[:, c] = enough & (q != share)
    return BlockTable(
        value=frozen(value),
        variance_test=frozen(variance),
        link_se=frozen(link_se),
        score=frozen(score),
        presented_points=frozen(presented),
        n_items=frozen(count),
        at_limit=frozen(at_limit),
        insufficient=frozen(insufficient),
        error_floor=frozen(floor),
        levels_not_separated=tuple(() if k is None else k.levels_not_separated for k in links),
    )


def score_block(
    item_scores: object,
    item_max: object,
    link: BlockLink,
    *,
    item_partial: object = None,
    item_text: object = None,
    text_raters: object = None,
    text_marker_sd: float = TEXT_MARKER_SD,
) -> BlockEstimate:
    """Level estimate of one person's block: value, se (with link), n, flags.

    item_scores: (J,) points, NaN = not presented. item_max: (J,). item_partial: (J,), default "maximum above 1".
    >>> link = BlockLink(np.array([1.2, 2.4, 3.8, 5.0]), 6, 0.33, 9)
    >>> e = score_block([1, 0, 2, 1], [1, 1, 2, 2], link)
    >>> round(e.value, 3), round(e.se_test, 3), e.flags
    (3.667, 0.961, ())
    """
    x = floats(item_scores, "item_scores", (None,))
    top = floats(item_max, "item_max", (len(x),))
    table = score_blocks(
        x[None, :],
        item_block=np.zeros(len(x), dtype=np.intp),
        item_max=top,
        item_partial=(top > 1) if item_partial is None else item_partial,
        item_text=np.zeros(len(x), dtype=bool) if item_text is None else item_text,
        links=[link],
        text_raters=None if text_raters is None else floats(text_raters, "text_raters", (len(x),))[None, :],
        text_marker_sd=text_marker_sd,
    )
    return table.estimate(0, 0, link)

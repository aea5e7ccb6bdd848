"""Ratings placed among the levels of a fitted model, and persons scored from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .._checks import FloatArray, IntArray
from .._estimator import Estimates
from ._long import Design, LongTable, Ratings, build_design, read_long
from ._marginal import Marginal, nodes
from ._moments import cumulative_thresholds
from ._newton import START_REACH, START_SPACING, suitable_grid
from ._parameters import Point, layout
from ._persons import measure_from_score

if TYPE_CHECKING:
    from ._many_facet import ManyFacetRasch


def fitted_model(
    design: Design, point: Point, known: dict[int, float] | None = None
) -> tuple[Marginal, FloatArray]:
    """The likelihood of a design at fitted values, with a grid fine enough for it."""
    plan = layout(design, [{} for _ in design.n_levels[1:]], 0, mean=point.mean, log_sd=point.log_sd)
    model = Marginal(design, plan, known)
    spacing, reach, _ = suitable_grid(model, point, nodes(START_SPACING, START_REACH), START_REACH)
    return model, nodes(spacing, reach)


def scored_persons(fitted: ManyFacetRasch, ratings: Ratings, by: str) -> Estimates:
    """Persons of new ratings with the severities as fitted; see `ManyFacetRasch.estimate`."""
    if by not in ("wle", "ml", "eap") or (by == "eap" and fitted.method == "joint"):
        raise ValueError(f"by is {by!r}; it is 'wle', 'ml' or (marginal method) 'eap'.")
    place = placed(fitted, ratings)
    design, point, size = place.design, place.point, place.design.n_persons
    group = design.cell_group[design.cell]
    n = np.bincount(design.person, minlength=size)
    most = np.bincount(design.person, weights=design.steps[group], minlength=size)
    top, bottom = (n > 0) & (design.score == most), (n > 0) & (design.score == 0)
    if by == "eap":
        value, se = _posterior_means(design, point)
    else:
        score = design.score
        if by == "ml":
            a = fitted.extreme_adjustment
            score = np.where(top, most - a, np.where(bottom, a, score))
        value, se, _ = measure_from_score(
            design.person,
            size,
            place.difficulty()[design.cell],
            cumulative_thresholds(point.threshold, design.steps)[group],
            np.ones(len(design.person)),
            score,
            weighted=by == "wle",
        )
    seen = n > 0
    flags = tuple(
        ("no_usable_ratings",)
        if not seen[k]
        else ("perfect_score",) * bool(top[k]) + ("zero_score",) * bool(bottom[k])
        for k in range(size)
    )
    return Estimates(value=np.where(seen, value, np.nan), se=np.where(seen, se, np.nan), n=n, flags=flags)


def _posterior_means(design: Design, point: Point) -> tuple[FloatArray, FloatArray]:
    model, z = fitted_model(design, point)
    theta = point.mean + point.sd * z
    table = model.cells(point, theta).log_norm
    value, square = np.zeros(design.n_persons), np.zeros(design.n_persons)
    for here in model.blocks(len(z)):
        post, _ = model.posterior(table, theta, z, here)
        value[here], square[here] = post @ theta, post @ theta**2
    return value, np.sqrt(np.maximum(square - value**2, 0.0))


@dataclass(frozen=True)
class Placed:
    """Ratings among the fitted levels, and the fitted values they meet."""

    table: LongTable
    design: Design
    point: Point
    offset: IntArray  # (F,) first place of each facet after the first among all levels

    def difficulty(self) -> FloatArray:
        """(C,) sum of the severities of each cell."""
        return np.asarray(self.point.level[self.design.cell_level + self.offset[:-1][None, :]].sum(axis=1))


def placed(fitted: ManyFacetRasch, ratings: Ratings) -> Placed:
    """Persons may be new, levels may not; rows with a level that has no measure are left out, and what a level that
    was set aside gave beyond the scale of the others counts as its end."""
    names = tuple(fitted.levels_)
    sizes = [len(fitted.levels_[name]) for name in names[1:]]
    offset = np.concatenate(([0], np.cumsum(sizes))).astype(np.intp)
    known = {name: fitted.levels_[name] for name in names[1:]}
    table = read_long(ratings, names, fitted.value, known)
    scale_facet = None if fitted.scale == "rating" else names.index(fitted.scale.partition(":")[2])
    level = np.concatenate([fitted.severity_[name] for name in names[1:]])
    aside = np.concatenate(
        [[("_score" in text) for text in fitted.tables_[name]["flags"].tolist()] for name in names[1:]]
    )
    place = table.index[1:] + offset[:-1, None]
    keep = np.isfinite(level[place]).all(axis=0)
    if not keep.any():
        raise ValueError(
            "No rating belongs to levels with a measure; see flags_ for the levels that have none."
        )
    group = np.zeros(len(keep), dtype=np.intp) if scale_facet is None else table.index[scale_facet]
    low = np.array([c[0] if len(c) else 0 for c in fitted.categories_])[group]
    high = np.array([c[-1] if len(c) else 0 for c in fitted.categories_])[group]
    value = np.where(aside[place].any(axis=0), np.clip(table.value, low, high), table.value)
    table = LongTable(
        table.facets, table.labels, table.index[:, keep], value[keep], table.row[keep], table.n_missing
    )
    design = build_design(table, scale_facet, categories=fitted.categories_, set_aside_levels=False)
    point = Point(
        np.nan_to_num(level), np.nan_to_num(fitted.thresholds_), fitted.mean_, float(np.log(fitted.sd_))
    )
    return Placed(table, design, point, offset)

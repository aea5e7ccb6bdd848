"""From a design to measures, errors and residual sums, by either method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import diags

from .._checks import FloatArray, IntArray
from .._estimator import Progress
from ._joint import Joint
from ._long import BOTTOM, TOP, USABLE, Design, LongTable
from ._marginal import Marginal
from ._moments import cumulative_thresholds, moments
from ._newton import FULL_ERRORS, Errors, maximise, standard_errors
from ._parameters import Layout, Point, layout
from ._persons import measure_from_score
from ._report import Solved, expected_measures
from ._residuals import (
    Residuals,
    fourth_moment,
    kinds_of,
    person_residuals,
    rows_as_kinds,
    sum_kinds,
    table_of_kinds,
)


@dataclass(frozen=True)
class Search:
    """How the search went."""

    value: float
    cycles: int
    decrement: float
    converged: bool
    n_nodes: int
    quadrature_change: float
    errors: Errors


def start_point(design: Design, plan: Layout, free: int) -> Point:
    """Severities and thresholds from log-odds of mean steps and of neighbouring categories, one SD of persons."""
    steps = design.steps[design.cell_group].astype(np.float64)
    n = np.asarray(design.counts.sum(axis=0)).ravel()
    most = np.maximum(n * steps, 1e-9)

    def odds(got: Any, out_of: Any) -> FloatArray:
        share = (got + 0.5) / (out_of + 1.0)
        return np.asarray(np.log(share / (1.0 - share)))

    whole = float(odds(np.array([design.cell_score.sum()]), np.array([most.sum()]))[0])
    level = np.zeros(plan.n_levels)
    for f in range(design.cell_level.shape[1]):
        here = slice(plan.offset[f], plan.offset[f + 1])
        size = plan.offset[f + 1] - plan.offset[f]
        got = np.bincount(design.cell_level[:, f], weights=design.cell_score, minlength=size)
        out_of = np.bincount(design.cell_level[:, f], weights=most, minlength=size)
        level[here] = -(odds(got, out_of) - whole)
        if f + 1 == free:
            level[here] -= whole
    level[plan.anchored] = plan.start[: plan.n_levels][plan.anchored]
    total = np.bincount(design.cell_group, weights=n, minlength=len(design.steps))[:, None]
    reached = np.concatenate((total, design.at_least), axis=1)
    counts = np.maximum(reached - np.concatenate((design.at_least, np.zeros_like(total)), axis=1), 0.0) + 0.5
    threshold = np.log(counts[:, :-1] / counts[:, 1:])
    held = np.arange(plan.width)[None, :] < design.steps[:, None]
    threshold = np.where(held, threshold, 0.0)
    threshold -= np.where(
        held, threshold.sum(axis=1, keepdims=True) / np.maximum(design.steps, 1)[:, None], 0.0
    )
    return Point(level=level, threshold=threshold, mean=whole if free == 0 else 0.0, log_sd=0.0)


def solve_marginal(
    table: LongTable,
    design: Design,
    scale_facet: int | None,
    anchors: Sequence[dict[int, float]],
    free: int,
    known: dict[int, float],
    *,
    max_cycles: int,
    tolerance: float,
    progress: Progress | None,
) -> tuple[Solved, Search]:
    """Marginal maximum likelihood with persons N(mean, sd²)."""
    everybody_known = len(known) == design.n_persons
    mean: float | None = None if (free == 0 or known) and not everybody_known else 0.0
    plan = layout(design, anchors, free, mean=mean, log_sd=0.0 if everybody_known else None)
    model = Marginal(design, plan, known)
    begin = plan.free(start_point(design, plan, free))
    found = maximise(model, begin, max_cycles=max_cycles, tolerance=tolerance, progress=progress)
    errors = standard_errors(plan, found.last.complete - found.last.missing, full=plan.n_free <= FULL_ERRORS)
    solved = posterior_sums(table, model, found.point, found.z, errors, scale_facet, free)
    return solved, Search(
        found.value,
        found.cycles,
        found.decrement,
        found.converged,
        len(found.z),
        found.quadrature_change,
        errors,
    )


def posterior_sums(
    table: LongTable,
    model: Marginal,
    point: Point,
    z: FloatArray,
    errors: Errors,
    scale_facet: int | None,
    free: int,
) -> Solved:
    """Posterior means and spreads of persons and residual sums over the posteriors, in one pass."""
    design = model.design
    theta = point.mean + point.sd * z
    m = model.cells(point, theta)
    cumulative = cumulative_thresholds(point.threshold, design.steps)[design.cell_group]
    location = theta[None, :] - model.difficulty(point)[:, None]
    kinds = kinds_of(design)
    tables = table_of_kinds(kinds, m, fourth_moment(location, cumulative, m))
    weight = np.zeros((len(kinds.step), len(z)))
    value, spread = np.zeros(design.n_persons), np.zeros(design.n_persons)
    names = ("squared", "standardised", "variance", "outfit_spread", "infit_spread")
    sums = {name: np.zeros(design.n_persons) for name in names}
    transposed = kinds.counts.T.tocsr()
    for here in model.blocks(len(z)):
        post = model.standing(m.log_norm, theta, z, here)
        weight += transposed[:, here] @ post
        value[here] = post @ theta
        spread[here] = np.sqrt(np.maximum(post @ theta**2 - value[here] ** 2, 0.0))
        for name, part in person_residuals(kinds, design, tables, post, here).items():
            sums[name][here] = part
    value = np.where(model.is_known, model.known_at, value)
    spread = np.where(model.is_known, 0.0, spread)
    n = np.asarray(design.counts.sum(axis=1)).ravel()
    value, spread = np.where(model.active, value, np.nan), np.where(model.active, spread, np.nan)
    by_cell = np.zeros((len(model.cell_raw), len(z)))
    np.add.at(by_cell, kinds.cell_of, weight)
    everybody_known = bool(np.all(model.is_known | ~model.active))
    return Solved(
        table=table,
        design=design,
        plan=model.plan,
        point=point,
        se=errors.se,
        covariance=errors.covariance,
        theta=value,
        theta_se=spread,
        kinds=kinds,
        by_kind=sum_kinds(kinds, tables, weight),
        persons=Residuals(n=n.astype(np.intp), **sums),
        centre=float(np.nanmean(value)) if everybody_known else point.mean,
        expected_measure=expected_measures(design, m, by_cell, location, np.arange(len(by_cell))),
        scale_facet=scale_facet,
    )


def solve_joint(
    table: LongTable,
    design: Design,
    scale_facet: int | None,
    anchors: Sequence[dict[int, float]],
    free: int,
    *,
    max_cycles: int,
    tolerance: float,
    progress: Progress | None,
) -> tuple[Solved, Search]:
    """Joint maximum likelihood; the origin is moved to the facet left free afterwards."""
    plan = layout(design, anchors, 0, mean=0.0, log_sd=0.0)
    joint = Joint(design, plan)
    found = joint.maximise(
        max_cycles=max_cycles, tolerance=tolerance, full=plan.n_free <= FULL_ERRORS, progress=progress
    )
    errors = replace(found.errors, exact=found.errors.exact and found.errors.covariance is not None)
    point, theta, theta_se, se = found.point, found.theta, found.theta_se, found.errors.se.copy()
    if free > 0:
        shift = float(np.nanmean(theta))
        theta = theta - shift
        level = point.level.copy()
        level[plan.offset[free - 1] : plan.offset[free]] -= shift
        point = Point(level, point.threshold, 0.0, 0.0)
        if errors.covariance is not None:
            here = slice(plan.offset[free - 1], plan.offset[free])
            se[here], theta_se = _shifted_errors(joint, found.theta, found.point, errors, free)
    kinds = rows_as_kinds(design)
    difficulty = point.level[joint.cell_raw].sum(axis=1)
    location = (theta[design.person] - difficulty[design.cell])[:, None]
    cumulative = cumulative_thresholds(point.threshold, design.steps)[design.cell_group[design.cell]]
    m = moments(location, cumulative)
    weight = np.ones((len(kinds.step), 1))
    by_kind = sum_kinds(kinds, table_of_kinds(kinds, m, fourth_moment(location, cumulative, m)), weight)
    solved = Solved(
        table=table,
        design=design,
        plan=plan,
        point=point,
        se=se,
        covariance=errors.covariance,
        theta=theta,
        theta_se=theta_se,
        kinds=kinds,
        by_kind=by_kind,
        persons=by_kind.of(design.person, design.n_persons),
        centre=float(np.nanmean(theta)),
        expected_measure=expected_measures(design, m, weight, location, design.cell),
        scale_facet=scale_facet,
    )
    return solved, Search(
        found.value, found.cycles, found.decrement, found.converged, 0, np.nan, found.errors
    )


def _shifted_errors(
    joint: Joint, theta: FloatArray, point: Point, errors: Errors, free: int
) -> tuple[FloatArray, FloatArray]:
    """Errors of the levels of the free facet and of persons, both measured from the mean person."""
    plan = joint.plan
    here = slice(plan.offset[free - 1], plan.offset[free])
    assert errors.covariance is not None
    _, _, info, across, _ = joint.derivatives(np.nan_to_num(theta), point)
    inverse = np.where(joint.usable, 1.0 / info, 0.0)
    n = max(int(joint.usable.sum()), 1)
    basis = plan.basis.tocsr()
    carried = diags(inverse) @ (across @ plan.basis)  # a person moves by −this · (change of the others)
    mean_row = np.asarray(carried.sum(axis=0)).ravel() / n
    own = basis[here] @ errors.covariance
    variance = np.asarray(basis[here].multiply(own).sum(axis=1)).ravel()
    of_mean = float(inverse.sum()) / n**2 + float(mean_row @ errors.covariance @ mean_row)
    levels = variance + 2 * (own @ mean_row) + of_mean
    persons = inverse * (1 - 2 / n) + float(inverse.sum()) / n**2
    carried = carried.tocsr()
    for k in range(0, len(persons), 1000):  # a dense matrix of all persons might not fit
        moved = carried[k : k + 1000].toarray() - mean_row
        persons[k : k + 1000] += np.sum((moved @ errors.covariance) * moved, axis=1)
    return np.sqrt(np.maximum(levels, 0.0)), np.where(joint.usable, np.sqrt(np.maximum(persons, 0.0)), np.nan)


def extreme_levels(solved: Solved, f: int, adjustment: float) -> tuple[FloatArray, FloatArray, IntArray]:
    """Measures and errors of the levels (or persons) set aside at an end of the scale, by an adjusted score."""
    d, plan, table = solved.design, solved.plan, solved.table
    status = d.status[f]
    who = np.flatnonzero((status == TOP) | (status == BOTTOM))
    if len(who) == 0:
        return np.zeros(0), np.zeros(0), who
    mine = np.isin(table.index[f], who)
    for g in range(len(d.n_levels)):
        if g != f:
            ok = np.isfinite(solved.theta) if g == 0 else d.status[g] == USABLE
            mine &= ok[table.index[g]]
    rest = np.zeros(int(mine.sum()))
    for g in range(1, len(d.n_levels)):
        if g != f:
            rest += solved.point.level[plan.offset[g - 1] + table.index[g][mine]]
    if f > 0:
        rest -= solved.theta[table.index[0][mine]]
    group = (
        np.zeros(len(rest), dtype=np.intp)
        if solved.scale_facet is None
        else table.index[solved.scale_facet][mine]
    )
    place = np.searchsorted(who, table.index[f][mine])
    most = np.bincount(place, weights=d.steps[group], minlength=len(who))
    score = np.where(status[who] == TOP, most - adjustment, adjustment)
    cumulative = cumulative_thresholds(solved.point.threshold, d.steps)[group]
    value, se, _ = measure_from_score(
        place, len(who), rest, cumulative, np.ones(len(rest)), score, sign=1.0 if f == 0 else -1.0
    )
    empty = most == 0
    value[empty], se[empty] = np.nan, np.nan
    return value, se, who


__all__ = ["Search", "extreme_levels", "posterior_sums", "solve_joint", "solve_marginal", "start_point"]

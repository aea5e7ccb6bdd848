"""Interactions and drift: what is examined after the main fit, with everything else held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix
from scipy.stats import chi2, norm

from .._checks import FloatArray, IntArray
from .._estimator import Table
from ._long import TOP, USABLE, LongTable, Ratings, build_design, columns_of, label_index
from ._marginal import Marginal
from ._moments import cumulative_thresholds, moments
from ._newton import maximise, standard_errors
from ._parameters import layout
from ._scoring import Placed, fitted_model, placed

if TYPE_CHECKING:
    from ._many_facet import ManyFacetRasch

FEW_RATINGS = 10
DRIFT_P = 0.01
DRIFT_T = 2.0
MAX_STEP = 1.0
DRIFT_LEVELS = 2000  # their covariance, and its projection, are dense


def interaction_table(fitted: ManyFacetRasch, ratings: Ratings, pair: tuple[str, ...]) -> Table:
    """See `ManyFacetRasch.interaction`."""
    if len(pair) != 2 or pair[0] == pair[1]:
        raise ValueError(f"pair is {pair!r}; name two different columns.")
    place = placed(fitted, ratings)
    table, design, point = place.table, place.design, place.point
    columns = columns_of(ratings, pair)
    row = table.row[design.keep]
    labels, places = [], []
    for name in pair:
        known = fitted.levels_.get(name)
        held, which = label_index(columns[name][row], name, known)
        labels.append(held)
        places.append(which)
    codes, code = np.unique(places[0] * len(labels[1]) + places[1], return_inverse=True)
    location, weight, at, cell, step, mass = _spread(fitted, place, code, len(codes))
    cumulative = cumulative_thresholds(point.threshold, design.steps)[design.cell_group[cell]]
    observed = np.bincount(at, weights=step, minlength=len(codes))
    n = np.bincount(at, weights=mass, minlength=len(codes))
    most = np.bincount(at, weights=mass * design.steps[design.cell_group[cell]], minlength=len(codes))
    top, bottom = observed >= most - 1e-9, observed <= 1e-9
    a = fitted.extreme_adjustment
    target = np.where(top, most - a, np.where(bottom, a, observed))
    size: FloatArray = np.zeros(len(codes))
    expected: FloatArray = np.zeros(len(codes))
    info: FloatArray = np.ones(len(codes))
    for cycle in range(100):
        m = moments(location + size[at][:, None], cumulative)
        mean = np.bincount(at, weights=np.einsum("tq,tq->t", weight, m.mean), minlength=len(codes)).astype(
            np.float64
        )
        info = np.bincount(
            at, weights=np.einsum("tq,tq->t", weight, m.variance), minlength=len(codes)
        ).astype(np.float64)
        if cycle == 0:
            expected = mean
        move = np.clip((target - mean) / np.maximum(info, 1e-12), -MAX_STEP, MAX_STEP)
        size = size + move
        if float(np.abs(move).max(initial=0.0)) < 1e-8:
            break
    se = 1.0 / np.sqrt(np.maximum(info, 1e-12))
    t = size / se
    flags = []
    for k in range(len(codes)):
        mine = ["perfect_score"] if top[k] else ["zero_score"] if bottom[k] else []
        flags.append(" ".join([*mine, *(["few_ratings"] if n[k] < FEW_RATINGS else [])]))
    return Table(
        {
            pair[0]: labels[0][codes // len(labels[1])],
            pair[1]: labels[1][codes % len(labels[1])],
            "n": np.round(n).astype(np.intp),
            "observed_average": observed / np.maximum(n, 1),
            "expected_average": expected / np.maximum(n, 1),
            "size": size,
            "se": se,
            "t": t,
            "p": 2 * norm.sf(np.abs(t)),
            "flags": np.array(flags, dtype=str),
        }
    )


def _spread(
    fitted: ManyFacetRasch, place: Placed, code: IntArray, n_codes: int
) -> tuple[FloatArray, FloatArray, IntArray, IntArray, FloatArray, FloatArray]:
    """Locations and weights (T, Q) of each (cell, pair), place among the pairs, cell, summed steps, number of ratings."""
    design, point, labels = place.design, place.point, place.table.labels[0]
    difficulty = place.difficulty()
    if fitted.method == "joint":
        person = fitted.tables_[fitted.facets[0]]
        known = {label: k for k, label in enumerate(person["level"].tolist())}
        measured = np.array([person["measure"][known[x]] if x in known else np.nan for x in labels.tolist()])
        theta = measured[design.person]
        ok = np.isfinite(theta)
        where = (theta - difficulty[design.cell])[:, None]
        return (
            where[ok],
            np.ones((int(ok.sum()), 1)),
            code[ok],
            design.cell[ok],
            design.step[ok].astype(float),
            np.ones(int(ok.sum())),
        )
    anchors = (fitted.anchors or {}).get(fitted.facets[0], {})
    anchored = {k: float(anchors[label]) for k, label in enumerate(labels.tolist()) if label in anchors}
    model, z = fitted_model(design, point, anchored)
    theta = point.mean + point.sd * z
    keys, kind = np.unique(design.cell * n_codes + code, return_inverse=True)
    counts = csr_matrix((np.ones(len(kind)), (design.person, kind)), shape=(design.n_persons, len(keys)))
    transposed = counts.T.tocsr()
    weight = np.zeros((len(keys), len(z)))
    table = model.cells(point, theta).log_norm
    for here in model.blocks(len(z)):
        post = model.standing(table, theta, z, here)
        weight += transposed[:, here] @ post
    cell = (keys // n_codes).astype(np.intp)
    return (
        theta[None, :] - difficulty[cell][:, None],
        weight,
        (keys % n_codes).astype(np.intp),
        cell,
        np.bincount(kind, weights=design.step, minlength=len(keys)).astype(np.float64),
        np.bincount(kind, minlength=len(keys)).astype(np.float64),
    )


def drift_table(fitted: ManyFacetRasch, facet: str, time: str, ratings: Ratings) -> Table:
    """See `ManyFacetRasch.drift`."""
    names = tuple(fitted.levels_)
    if facet not in names[1:]:
        raise ValueError(f"facet is {facet!r}; drift is examined for one of {names[1:]}.")
    if fitted.method == "joint":
        raise ValueError("drift needs method='marginal': its errors come from the marginal information.")
    place = placed(fitted, ratings)
    table, point = place.table, place.point
    f = names.index(facet)
    periods, period = label_index(columns_of(ratings, (time,))[time][table.row], time)
    if len(periods) < 2:
        raise ValueError(f"Column {time!r} holds one period only ({periods[0]!r}); drift needs two or more.")
    split, which = np.unique(table.index[f] * len(periods) + period, return_inverse=True)
    if len(split) > DRIFT_LEVELS:
        raise ValueError(
            f"{len(split)} combinations of {facet} and {time}; drift is tested with their whole covariance, up to "
            f"{DRIFT_LEVELS}. Give the ratings of fewer {facet} levels."
        )
    index = table.index.copy()
    index[f] = which
    labels = list(table.labels)
    labels[f] = split
    again = LongTable(table.facets, tuple(labels), index, table.value, table.row, table.n_missing)
    scale_facet = None if fitted.scale == "rating" else names.index(fitted.scale.partition(":")[2])
    if scale_facet == f:
        raise ValueError(
            f"With scale={fitted.scale!r} each {facet} has its own thresholds; examine drift with another scale."
        )
    design = build_design(again, scale_facet, categories=fitted.categories_)
    anchors: list[dict[int, float]] = []
    for g in range(1, len(names)):
        measures = fitted.severity_[names[g]]
        anchors.append({} if g == f else {k: float(v) for k, v in enumerate(measures) if np.isfinite(v)})
    plan = layout(design, anchors, f, mean=point.mean, log_sd=point.log_sd, thresholds=point.threshold)
    model = Marginal(design, plan)
    parent, when = (split // len(periods)).astype(np.intp), (split % len(periods)).astype(np.intp)
    start = plan.start.copy()
    here = slice(plan.offset[f - 1], plan.offset[f])
    start[here] = np.nan_to_num(fitted.severity_[facet])[parent]
    found = maximise(
        model, plan.free(plan.of_raw(start)), max_cycles=fitted.max_cycles, tolerance=fitted.tolerance
    )
    errors = standard_errors(plan, found.last.complete - found.last.missing, full=True)
    assert errors.covariance is not None
    usable = design.status[f] == USABLE
    severity = np.where(usable, found.point.level[here], np.nan)
    se = np.where(usable, errors.se[here], np.nan)
    change, change_se, p = _changes(severity, errors.covariance, parent, when, usable, len(periods))
    t = change / change_se
    flags = []
    for k in range(len(split)):
        mine = [] if usable[k] else ["perfect_score" if design.status[f][k] == TOP else "zero_score"]
        if p[k] < DRIFT_P and abs(t[k]) > DRIFT_T:
            mine.append("drift")
        if design.raw_n[f][k] < FEW_RATINGS:
            mine.append("few_ratings")
        flags.append(" ".join(mine))
    return Table(
        {
            "level": fitted.levels_[facet][parent],
            "period": periods[when],
            "n": design.raw_n[f],
            "severity": severity,
            "se": se,
            "change": change,
            "change_se": change_se,
            "t": t,
            "p_level": p,
            "flags": np.array(flags, dtype=str),
        }
    )


def _changes(
    severity: FloatArray,
    covariance: FloatArray,
    parent: IntArray,
    when: IntArray,
    usable: Any,
    n_periods: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Severities less the level's own mean and the period's common change, by least squares, with errors and tests."""
    rows = np.flatnonzero(usable)
    levels, own = np.unique(parent[rows], return_inverse=True)
    main = np.zeros((len(rows), len(levels) + n_periods - 1))
    main[np.arange(len(rows)), own] = 1.0
    later = when[rows] > 0
    main[np.flatnonzero(later), len(levels) + when[rows][later] - 1] = 1.0
    keep = np.eye(len(rows)) - main @ np.linalg.pinv(main)
    change = keep @ severity[rows]
    spread = keep @ covariance @ keep.T
    out, out_se, out_p = (np.full(len(severity), np.nan) for _ in range(3))
    out[rows] = change
    error = np.sqrt(np.maximum(np.diag(spread), 0.0))
    out_se[rows] = np.where(error > 1e-9, error, np.nan)
    for k in range(len(levels)):
        mine = np.flatnonzero(own == k)
        if len(mine) < 2:
            continue
        block, value = spread[np.ix_(mine, mine)][:-1, :-1], change[mine][:-1]
        try:
            statistic = float(value @ cho_solve(cho_factor(block), value))
        except np.linalg.LinAlgError:
            continue
        out_p[rows[mine]] = chi2.sf(statistic, len(mine) - 1)
    return out, out_se, out_p

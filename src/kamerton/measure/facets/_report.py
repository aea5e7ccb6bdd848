"""Tables of a fitted many-facet model: levels, persons, categories, and a summary of each facet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import chi2

from .._checks import FloatArray, IntArray
from .._estimator import Table
from ._long import BOTTOM, CONSTANT, EMPTY, TOP, USABLE, Design, LongTable
from ._moments import Moments, cumulative_thresholds, moments
from ._parameters import Layout, Point
from ._residuals import ByKind, Kinds, Residuals, correlation

NOISY, MUTED = 1.5, 0.5  # mean squares outside are called unproductive for measurement (Linacre 2002)
FEW_IN_CATEGORY = 10  # below it a threshold is poorly estimated (Linacre 2002)
STATUS_FLAG = {TOP: "perfect_score", BOTTOM: "zero_score", CONSTANT: "one_category", EMPTY: "no_ratings"}


@dataclass(frozen=True)
class Solved:
    """What both methods hand to the tables."""

    table: LongTable
    design: Design
    plan: Layout
    point: Point
    se: FloatArray  # raw
    covariance: FloatArray | None  # free
    theta: FloatArray  # (P,)
    theta_se: FloatArray
    kinds: Kinds
    by_kind: ByKind
    persons: Residuals
    centre: float  # of the persons
    expected_measure: FloatArray  # (G, K + 1) average location expected in each category
    scale_facet: int | None


def flags_text(parts: list[list[str]]) -> NDArray[Any]:
    return np.array([" ".join(p) for p in parts], dtype=str) if parts else np.zeros(0, dtype="<U1")


def expected_value(solved: Solved, location: FloatArray, own_group: bool) -> FloatArray:
    """Expected rating in the values of the scale at each location, over threshold groups by their ratings."""
    d = solved.design
    cumulative = cumulative_thresholds(solved.point.threshold, d.steps)
    n_cells = np.bincount(d.cell_group[d.cell], minlength=len(d.steps)).astype(np.float64)
    value = np.zeros((len(d.steps), d.width + 1))
    for g, held in enumerate(d.categories):
        value[g, : len(held)] = held
    if own_group:
        return _mean_value(location, cumulative, value)
    out = np.zeros(len(location))
    for g in np.flatnonzero(n_cells).tolist():
        out += n_cells[g] * _mean_value(location, cumulative[[g]], value[[g]])
    return np.asarray(out / n_cells.sum())


def _mean_value(location: FloatArray, cumulative: FloatArray, value: FloatArray) -> FloatArray:
    cumulative = np.broadcast_to(cumulative, (len(location), cumulative.shape[1]))
    m = moments(location[:, None], cumulative)
    reached = m.reached[:, :, 0].T
    jumps = np.diff(value, axis=1)
    jumps = np.where(np.isfinite(cumulative[:, 1:]), jumps, 0.0)
    return np.asarray(np.broadcast_to(value[:, 0], (len(location),)) + np.sum(reached * jumps, axis=1))


def row_location(solved: Solved) -> FloatArray:
    """(R,) person measure less the severities of the row."""
    d = solved.design
    difficulty = solved.point.level[d.cell_level + solved.plan.offset[:-1][None, :]].sum(axis=1)
    return np.asarray(solved.theta[d.person] - difficulty[d.cell])


def facet_table(solved: Solved, f: int, measures: FloatArray, errors: FloatArray) -> Table:
    """One row a level (f > 0) or a person (f = 0), with FACETS' columns."""
    d, table, plan = solved.design, solved.table, solved.plan
    size = d.n_levels[f]
    place = table.index[f]
    n = d.raw_n[f]
    with np.errstate(invalid="ignore", divide="ignore"):
        average = np.bincount(place, weights=table.value, minlength=size) / n
    means = [float(np.mean(_used(solved, g))) for g in range(1, len(d.n_levels))]
    if f == 0:
        fair = expected_value(solved, np.nan_to_num(measures) - sum(means), False)
        residuals = solved.persons
        rows = d.person
    else:
        at = solved.centre - (sum(means) - means[f - 1]) - np.nan_to_num(measures)
        fair = expected_value(solved, at, solved.scale_facet == f)
        residuals = solved.by_kind.of(d.cell_level[solved.kinds.cell_of, f - 1], size)
        rows = d.cell_level[d.cell, f - 1]
    fair[np.isnan(measures)] = np.nan
    squares = residuals.mean_squares()
    r = correlation(rows, size, table.value[d.keep].astype(np.float64), row_location(solved))
    flags = []
    for k in range(size):
        mine = [STATUS_FLAG[int(d.status[f][k])]] if int(d.status[f][k]) in STATUS_FLAG else []
        if f > 0 and plan.anchored[plan.offset[f - 1] + k]:
            mine.append("anchored")
        if squares["infit"][k] > NOISY and squares["infit_standardised"][k] > 2:
            mine.append("noisy")
        if squares["infit"][k] < MUTED and squares["infit_standardised"][k] < -2:
            mine.append("muted")
        flags.append(mine)
    return Table(
        {
            "level": table.labels[f],
            ("measure" if f == 0 else "severity"): measures,
            "se": errors,
            "n": n,
            "observed_average": average,
            "fair_average": fair,
            **squares,
            "point_measure_correlation": r,
            "flags": flags_text(flags),
        }
    )


def _used(solved: Solved, f: int) -> FloatArray:
    """Severities of the usable levels of facet f."""
    offset = solved.plan.offset
    return np.asarray(solved.point.level[offset[f - 1] : offset[f]][solved.design.status[f] == USABLE])


def category_table(solved: Solved) -> Table:
    """Counts, average measures and thresholds of every category of every threshold group."""
    d, plan, table = solved.design, solved.plan, solved.table
    location = row_location(solved)
    group = d.cell_group[d.cell]
    key = group * (d.width + 1) + d.step
    size = len(d.steps) * (d.width + 1)
    n = np.bincount(key, minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        average = np.bincount(key, weights=location, minlength=size) / n
        kind_key = d.cell_group[solved.kinds.cell_of] * (d.width + 1) + solved.kinds.step
        outfit = np.bincount(kind_key, weights=solved.by_kind.standardised, minlength=size) / n
    se = solved.se[plan.n_levels : plan.mean_at].reshape(plan.n_groups, plan.width)
    rows: list[dict[str, Any]] = []
    for g, held in enumerate(d.categories):
        name = "all" if solved.scale_facet is None else str(table.labels[solved.scale_facet][g])
        k_g = int(d.steps[g])
        total = max(int(n[g * (d.width + 1) : g * (d.width + 1) + k_g + 1].sum()), 1)
        for k in range(k_g + 1 if k_g else 0):
            at = g * (d.width + 1) + k
            flags = []
            if k >= 2 and solved.point.threshold[g, k - 1] < solved.point.threshold[g, k - 2]:
                flags.append("disordered_threshold")
            if k >= 1 and average[at] < average[at - 1]:
                flags.append("disordered_average")
            if n[at] < FEW_IN_CATEGORY:
                flags.append("few_ratings")
            rows.append(
                {
                    "group": name,
                    "category": int(held[k]),
                    "n": int(n[at]),
                    "share": n[at] / total,
                    "average_measure": average[at],
                    "expected_average_measure": solved.expected_measure[g, k],
                    "outfit": outfit[at],
                    "threshold": solved.point.threshold[g, k - 1] if k else np.nan,
                    "threshold_se": se[g, k - 1] if k and k_g > 1 else np.nan,
                    "flags": " ".join(flags),
                }
            )
    names = list(rows[0]) if rows else []
    return Table({name: np.array([row[name] for row in rows]) for name in names})


def summary_table(solved: Solved, tables: dict[str, Table], *, population_sd: float | None) -> Table:
    """Separation, reliability and homogeneity of every facet."""
    rows: list[dict[str, Any]] = []
    for f, name in enumerate(solved.table.facets):
        t = tables[name]
        used = (solved.design.status[f] == USABLE) & np.isfinite(t["se"]) & (t["se"] > 0)  # not the anchored
        value = t["measure" if f == 0 else "severity"][used]
        se = t["se"][used]
        count = len(value)
        spread = float(np.var(value, ddof=1)) if count > 1 else np.nan
        noise = float(np.mean(se**2)) if count else np.nan
        if (
            f == 0 and population_sd is not None
        ):  # posterior means are shrunken: their variance is the true part
            reliability = spread / (spread + noise)
            true = spread
            chi, df = _likelihood_chi(value, se, solved.centre, population_sd), count - 1
        else:
            true = max(spread - noise, 0.0)
            reliability = true / spread if spread > 0 else np.nan
            chi, df = _chi(solved, f, used, value, se), count - 1
        separation = np.nan if not reliability <= 1 else np.inf
        if reliability < 1:
            separation = float(np.sqrt(reliability / (1 - reliability)))
        rows.append(
            {
                "facet": name,
                "levels": len(t),
                "levels_used": count,
                "mean": float(np.mean(value)) if count else np.nan,
                "sd": np.sqrt(spread),
                "rmse": np.sqrt(noise),
                "true_sd": np.sqrt(true),
                "separation": separation,
                "strata": (4 * separation + 1) / 3,
                "reliability": reliability,
                "chi_square": chi,
                "df": df,
                "p": float(chi2.sf(chi, df)) if df > 0 and np.isfinite(chi) else np.nan,
            }
        )
    return Table({key: np.array([row[key] for row in rows]) for key in rows[0]})


def _chi(solved: Solved, f: int, used: NDArray[np.bool_], value: FloatArray, se: FloatArray) -> float:
    """Wald test that all free levels are equal; from single errors where no covariance is held."""
    plan = solved.plan
    if len(value) < 2 or not np.all(se > 0):
        return float("nan")
    if (
        f > 0
        and solved.covariance is not None
        and not plan.anchored[plan.offset[f - 1] : plan.offset[f]].any()
    ):
        raw = plan.offset[f - 1] + np.flatnonzero(used)
        columns = np.asarray(plan.basis.tocsr()[raw].argmax(axis=1)).ravel()
        block = solved.covariance[np.ix_(columns, columns)]
        contrast = value[:-1] - value[-1]
        spread = block[:-1, :-1] - block[:-1, [-1]] - block[[-1], :-1] + block[-1, -1]
        try:
            return float(contrast @ cho_solve(cho_factor(spread, lower=True), contrast))
        except np.linalg.LinAlgError:
            return float("nan")
    w = 1.0 / se**2
    return float(np.sum(w * value**2) - np.sum(w * value) ** 2 / np.sum(w))


def _likelihood_chi(value: FloatArray, se: FloatArray, mean: float, sd: float) -> float:
    """The prior taken out of each posterior (both normal), then the usual sum."""
    if len(value) < 2:
        return float("nan")
    w = np.maximum(1.0 / se**2 - 1.0 / sd**2, 1e-12)
    free = (value / se**2 - mean / sd**2) / w
    return float(np.sum(w * free**2) - np.sum(w * free) ** 2 / np.sum(w))


def expected_measures(
    design: Design, m: Moments, weight: FloatArray, location: FloatArray, cell: IntArray
) -> FloatArray:
    """(G, K + 1) mean location of those who should be in each category."""
    group = design.cell_group[cell]
    out = np.full((len(design.steps), design.width + 1), np.nan)
    above = np.concatenate((np.ones((1, *m.mean.shape)), m.reached, np.zeros((1, *m.mean.shape))))
    for k in range(design.width + 1):
        p = weight * (above[k] - above[k + 1])
        total = np.bincount(group, weights=p.sum(axis=1), minlength=len(out))
        with np.errstate(invalid="ignore", divide="ignore"):
            out[:, k] = np.bincount(group, weights=(p * location).sum(axis=1), minlength=len(out)) / total
    return out

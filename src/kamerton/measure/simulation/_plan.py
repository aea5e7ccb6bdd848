"""What buys most: the precision of designs not yet run, from components assumed beforehand (table B4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .._checks import FloatArray
from ..combination import error_covariance
from ..linking import DEFAULT_LINK_SE, score_blocks
from ._design import Design, kam_design
from ._world import MODERATE, Scenario, simulate, true_correlation


@dataclass(frozen=True)
class DesignPrecision:
    """Precision of one design: SE of a competency (mean over competencies), reliability (mean, lowest), SE and
    reliability of the composite and of each cluster, levels; covariance V (C, C)."""

    se: float
    reliability: float
    lowest: float
    composite_se: float
    composite_reliability: float
    cluster_se: Mapping[str, float]
    cluster_reliability: Mapping[str, float]
    least_difference: float
    difference_reliability: float
    covariance: FloatArray


def plan_precision(
    design: Design | None = None,
    scenario: Scenario = MODERATE,
    *,
    items: float = 1.0,
    raters: int | None = None,
    link_se: float = DEFAULT_LINK_SE,
    without: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    more: Mapping[str, float] | None = None,
    seed: int = 1,
) -> DesignPrecision:
    """Errors a design would have if the components of `scenario` held; nobody needs to be measured.

    items: as many times the items of the design. raters: per cell, default the design's. link_se: of every block. without: instruments
    left out; only: the instruments kept. more: competency → weight in one more simulation, with a method variance of its own.
    The error of the answers is the mean of SE² over 4,000 simulated persons, divided by `items`.

    Rests wholly on the assumed components: a comparison of designs, not a forecast of one.

    >>> one, two = plan_precision(), plan_precision(items=2)
    >>> round(one.se, 2), two.reliability > one.reliability
    (0.39, True)
    """
    d = kam_design() if design is None else design
    s, n_c = scenario, len(d.competencies)
    n_r = d.raters_per_cell if raters is None else raters
    w = d.weights.copy()
    for k, name in enumerate(d.instruments):
        if name in without or (only and name not in only):
            w[:, k] = 0.0
    names = list(d.instruments)
    if more:
        extra = np.array([more.get(c, 0.0) for c in d.competencies])
        w = np.concatenate((w, extra[:, None]), axis=1)
        names.append("more")
    n_i = len(names)
    method, halo = np.full(n_i, s.method**2), np.full(n_i, s.halo**2)
    unique = np.full((n_c, n_i), s.cell**2 + s.residual**2 / n_r)
    r, link = np.full((n_c, n_i), float(n_r)), np.zeros((n_c, n_i))
    if d.test_instrument in names:
        t = names.index(d.test_instrument)
        method[t], halo[t] = s.test_method**2, 0.0
        unique[:, t] = s.test_specific**2 + _answers(d, s, seed) / items
        r[:, t], link[:, t] = 1.0, link_se
    v = error_covariance(w, method=method, halo=halo, raters=r, unique=unique, link_se=link)[0]
    true = s.sd**2 * true_correlation(n_c, tuple(d.clusters.values()), s.within, s.between)
    se = np.sqrt(np.diag(v))
    reliability = np.diag(true) / (np.diag(true) + np.diag(v))
    weights = d.rules[d.role].weights
    gap = np.diag(v)[:, None] + np.diag(v)[None] - 2 * v
    true_gap = np.diag(true)[:, None] + np.diag(true)[None] - 2 * true
    pairs = np.triu_indices(n_c, 1)
    clusters = {name: np.isin(np.arange(n_c), members) / len(members) for name, members in d.clusters.items()}

    def linear(a: FloatArray) -> tuple[float, float]:
        error, spread = float(a @ v @ a), float(a @ true @ a)
        return float(np.sqrt(error)), spread / (spread + error)

    composite = linear(weights)
    return DesignPrecision(
        se=float(se.mean()),
        reliability=float(reliability.mean()),
        lowest=float(reliability.min()),
        composite_se=composite[0],
        composite_reliability=composite[1],
        cluster_se={name: linear(a)[0] for name, a in clusters.items()},
        cluster_reliability={name: linear(a)[1] for name, a in clusters.items()},
        least_difference=float(1.96 * np.sqrt(gap[pairs]).mean()),
        difference_reliability=float((true_gap[pairs] / (true_gap[pairs] + gap[pairs])).mean()),
        covariance=v,
    )


def _answers(d: Design, s: Scenario, seed: int) -> FloatArray:
    """Mean error variance of the answers per block, levels squared; 0.5 level where a competency has no items."""
    spec = d.spec(seed=seed, draws=2)
    world = simulate(replace(d, without={}), 4000, seed, s)
    found = score_blocks(
        world.data.item_scores,
        item_block=spec.item_block,
        item_max=spec.item_max,
        item_partial=spec.item_partial,
        item_text=spec.item_text,
        links=spec.links(),
    )
    with np.errstate(invalid="ignore"):
        seen = ~np.isnan(found.variance_test)
        total = np.where(seen, found.variance_test, 0.0).sum(axis=0)
        out: FloatArray = np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), 0.25)
    return out

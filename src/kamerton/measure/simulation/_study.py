"""The simulation study as one seeded run: tables B1–B3 of the specification, and what it left untried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import chi2

from .._checks import FloatArray, IntArray
from .._estimator import Progress
from ..chain import ChainResult, ChainSpec, evaluate
from ..fit import FitVerdicts, RoleFit
from ..irt import CorrelatedBlocks
from ..linking import score_blocks
from ..seats import count_seats, group_profiles, level_shares
from ._design import Design, kam_design
from ._pipelines import pipelines, tally_calibration, tally_pipeline, tally_rules, with_severity
from ._replicate import measures, true_categories
from ._tally import Figure, Tally
from ._world import LENIENT, MODERATE, SCENARIOS, Scenario, World, simulate, simulate_anchors

SEATS = 12.0
SHARE_OF_B = 0.5
AGAIN = 500_000  # added to the seed where the same persons are measured anew

OTHER_TRUTHS: Mapping[str, Scenario] = {
    "little spread (SD .50)": replace(MODERATE, name="narrow", sd=0.50),
    "wide spread (SD .90)": replace(MODERATE, name="wide", sd=0.90),
    "competencies nearly apart (.30/.20)": replace(MODERATE, name="apart", within=0.30, between=0.20),
    "exercises agree (method .25, cell .20)": replace(MODERATE, name="agree", method=0.25, cell=0.20),
    "skewed truth": replace(MODERATE, name="skew", skew=0.5),
    "raters drift (SD .40)": replace(MODERATE, name="drift", drift=0.40),
    "one rating in six not observed": replace(MODERATE, name="absent", not_observed=1 / 6),
}
"""Truths the rules were not chosen on; each differs from the moderate one in one thing."""


@dataclass(frozen=True)
class Study:
    """Figures by scenario and name with Monte-Carlo errors; `plan` says replications, persons and seeds of each part."""

    figures: Mapping[str, Mapping[str, Figure]]
    plan: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "plan": dict(self.plan),
            "figures": {s: {k: asdict(f) for k, f in fs.items()} for s, fs in self.figures.items()},
        }


def run_study(
    *,
    replications: int = 300,
    seed: int = 1,
    draws: int = 2000,
    large: int = 5000,
    middle: int = 1000,
    middle_worlds: int = 12,
    design: Design | None = None,
    progress: Progress | None = None,
) -> Study:
    """All parts with seeds from `seed` on; parts that need less precision take a share of the replications.

    replications: worlds of 34 persons per scenario. large, middle: persons of the two greater sizes, 0 = left out;
    middle_worlds of them. progress is called after every world of 34.
    """
    if replications < 2:
        raise ValueError(f"replications must be at least 2 for a Monte-Carlo error, got {replications}.")
    d = kam_design() if design is None else design
    figures: dict[str, Mapping[str, Figure]] = {}
    third = max(2, replications // 3)
    for name, scenario in SCENARIOS.items():
        tally = Tally()
        for k in range(replications):
            _world_of_34(d, scenario, seed + k, draws, tally, anchors=k < third)
            if progress is not None:
                progress(k + 1, float(replications), 0.0)
        if large:
            _large_world(d, scenario, large, seed, draws, tally)
        for k in range(middle_worlds if middle else 0):
            _seats_of_many(d, scenario, middle, seed + k, draws, tally)
        figures[name] = tally.figures()
    for name, scenario in OTHER_TRUTHS.items():
        tally = Tally()
        for k in range(third):
            _other_truth(d, scenario, seed + k, draws, tally)
        figures[name] = tally.figures()
    for markers in (1, 2):
        tally = Tally()
        for k in range(third):
            _texts(d, markers, seed + k, tally)
        figures[f"texts, {markers} marker{'s' if markers > 1 else ''}"] = tally.figures()
    plan = {
        "replications": replications, "third": third, "seed": seed, "draws": draws, "large": large,
        "middle": middle, "middle_worlds": middle_worlds,
    }  # fmt: skip
    return Study(figures, plan)


# -- one world ---------------------------------------------------------------------------------------------------------


def _world_of_34(d: Design, scenario: Scenario, seed: int, draws: int, t: Tally, *, anchors: bool) -> None:
    spec = d.spec(seed=seed, draws=draws)
    world = simulate(d, 34, seed, scenario)
    result = evaluate(spec, world.data, second_opinions=False)
    truth = true_categories(d, world.true_levels)
    is_a = truth == 0
    t.share("true_a", is_a)
    made = pipelines(spec, world, result)
    for name, out in made.items():
        tally_pipeline(t, name, out, world, truth)
    for name in ("blended", "specified"):
        tally_rules(t, name, made[name], world, is_a)
    tally_calibration(t, "specified", made["specified"], world, is_a)
    _letters(t, result.fit, truth)
    _parts(t, spec, world, result)
    _seats(t, "seats", spec, world, result, truth)
    _again(t, spec, d, scenario, seed, world, result, truth)
    if anchors:
        _zero_by_anchors(t, spec, world, seed, is_a)


def _letters(t: Tally, fit: FitVerdicts, truth: IntArray) -> None:
    said = fit.p_category.argmax(axis=1)
    for k, letter in enumerate("ABCD"):
        t.share(f"kept.{letter}", said == truth, truth == k)
        t.share(f"named.{letter}", said == truth, said == k)
    t.share("promised", fit.stability)


def _parts(t: Tally, spec: ChainSpec, world: World, result: ChainResult) -> None:
    """B1: blocks against what they measure, ratings with and without severity, planted raters, conflict."""
    gap = result.blocks.value - world.block_truth
    t.root("block.rmse", gap)
    t.coverage("block.cover", gap, result.blocks.se)
    t.value("block.reliability", _squared_r(result.blocks.value, world.block_truth))
    t.value("test.reliability", _squared_r(result.blocks.value.mean(axis=1), world.block_truth.mean(axis=1)))
    c = result.calibration
    place = [world.data.raters.index(r) for r in c.raters]
    true = world.severity[place]
    kinds = {
        "none": np.zeros(len(true)),
        "mean": c.severity - c.severity.mean(),
        "median": c.severity,
        "true": true,
    }
    exposure = _exposure(world)
    low, high = np.quantile(exposure, (1 / 3, 2 / 3))
    for kind, severity in kinds.items():
        y = _ratings_only(spec, world, dict(zip(c.raters, severity.tolist(), strict=True)))
        gap = y - world.true_levels
        t.root(f"ratings.{kind}.rmse", gap)
        t.value(f"ratings.{kind}.bias", float(np.nanmean(gap)))
        per = np.nanmean(gap, axis=1)
        t.value(f"ratings.{kind}.fairness", float(per[exposure >= high].mean() - per[exposure <= low].mean()))
    for name, value in measures(result, world).items():
        if name in ("severity_rmse", "lenient_found", "central_found", "false_severity", "zero_bias"):
            t.value(name, value)
    central = world.central[place]
    t.share("false_central", ["central" in f for f in c.rater_flags], ~central)
    b = result.combined
    t.share("conflict", b.conflict, ~np.isnan(b.conflict_p))
    t.share("conflict_without_method", _conflict_without_method(result), ~np.isnan(b.conflict_p))


def _squared_r(x: FloatArray, y: FloatArray) -> float:
    """Mean over columns of the squared correlation."""
    a, b = (v[:, None] if v.ndim == 1 else v for v in (x, y))
    return float(np.mean([np.corrcoef(a[:, k], b[:, k])[0, 1] ** 2 for k in range(a.shape[1])]))


def _exposure(world: World) -> FloatArray:
    """Share of each person's ratings given by the lenient rater."""
    data = world.data
    hers = world.severity[data.rater] == LENIENT
    n = len(data.persons)
    out: FloatArray = np.bincount(data.person, hers, n) / np.maximum(np.bincount(data.person, minlength=n), 1)
    return out


def _ratings_only(spec: ChainSpec, world: World, severity: Mapping[str, float]) -> FloatArray:
    """Stated weights over exercises alone, ratings less a severity."""
    data = world.data
    shape = (len(data.persons), len(spec.competencies), len(spec.instruments))
    flat = np.ravel_multi_index((data.person, data.competency, data.exercise), shape)
    corrected = data.rating - np.array([severity[r] for r in data.raters])[data.rater]
    size = int(np.prod(shape))
    n = np.bincount(flat, minlength=size).reshape(shape)
    mean = np.clip(np.bincount(flat, corrected, size).reshape(shape) / np.maximum(n, 1), 1.0, 5.0)
    w = np.where(n > 0, spec.weights[None], 0.0)
    total = w.sum(axis=2)
    return np.where(total > 0, (w * mean).sum(axis=2) / np.where(total > 0, total, 1.0), np.nan)


def _conflict_without_method(result: ChainResult) -> FloatArray:
    """Conflict flags an analysis would raise that takes every exercise at its word."""

    b, used = result.combined, result.calibration.components.used
    specific = np.full(b.parts_unique.shape[2], used.cell)
    specific[0] = used.test_specific
    v = b.parts_unique - specific
    weight = np.where(np.isnan(v), 0.0, 1.0 / np.maximum(v, 1e-9))
    y = np.nan_to_num(b.parts_value)
    mean = (weight * y).sum(axis=2) / np.where(weight.sum(axis=2) > 0, weight.sum(axis=2), 1.0)
    q = (weight * (y - mean[:, :, None]) ** 2).sum(axis=2)
    out: FloatArray = (chi2.sf(q, np.maximum(b.conflict_df, 1)) < 0.01).astype(np.float64)
    return out


def _role_fit(spec: ChainSpec, result: ChainResult) -> RoleFit:
    return RoleFit(
        spec.rules, spec.role, result.prior, competencies=spec.competencies, draws=spec.draws, seed=spec.seed
    )


def _seats(t: Tally, name: str, spec: ChainSpec, world: World, result: ChainResult, truth: IntArray) -> None:
    """Counts and shares of the group against the truth: A5.1 and A5.2."""
    fit, persons = _role_fit(spec, result), result.persons
    n_a, n_b, n = int((truth == 0).sum()), int((truth == 1).sum()), len(persons)
    seats = SEATS * n / 34
    found = count_seats(fit, result.fit, persons, needed=seats, share=SHARE_OF_B)
    for what, true, interval in (
        ("a", n_a, found.ready_interval),
        ("b", n_b, found.developing_interval),
        ("hire", max(0.0, seats - n_a - SHARE_OF_B * n_b), found.hire_interval),
    ):
        t.share(f"{name}.{what}", [interval[0] <= true <= interval[1]])
        t.value(f"{name}.{what}.width", (interval[1] - interval[0]) / n)
    t.value(f"{name}.miss", abs(found.ready - n_a) / n)
    p = result.fit.p_a
    half = 1.2815515655446004 * float(np.sqrt((p * (1 - p)).sum()))
    t.share(f"{name}.independent", [abs(n_a - p.sum()) <= max(half, 0.5)])
    t.value(f"{name}.independent.z", abs(n_a - p.sum()) / float(np.sqrt((p * (1 - p)).sum())))
    shares = level_shares(fit, result.fit, persons)
    level = np.clip(np.floor(world.true_levels + 0.5), 1, 5)
    true_share = np.stack([(level == k).mean(axis=0) for k in range(1, 6)], axis=1)
    t.share(f"{name}.level_share", (shares.low <= true_share) & (true_share <= shares.high))
    t.root(f"{name}.level_share_error", shares.share - true_share)
    whole = group_profiles(result.y, result.V, ["all"] * n, unit_sizes={"all": n})["all"]
    mean = world.true_levels.mean(axis=0)
    t.share(f"{name}.group_mean", (whole.low <= mean) & (mean <= whole.high))
    w = spec.rules[spec.role].weights
    best, oracle = (np.argsort(-(x @ w), kind="stable")[:5] for x in (result.y, world.true_levels))
    t.value(f"{name}.top5", float((world.true_levels[best] @ w).mean()))
    t.value(f"{name}.top5_oracle", float((world.true_levels[oracle] @ w).mean()))
    t.share(f"{name}.top5_same", np.isin(best, oracle))


def _again(
    t: Tally,
    spec: ChainSpec,
    d: Design,
    scenario: Scenario,
    seed: int,
    world: World,
    first: ChainResult,
    truth: IntArray,
) -> None:
    """The same persons with new items, exercises, raters and panel: agreement, and a second measurement of the open."""
    other = simulate(d, 34, seed + AGAIN, scenario, true_levels=world.true_levels)
    second = evaluate(spec, other.data, second_opinions=False)
    a, b = first.fit, second.fit
    same = a.p_category.argmax(axis=1) == b.p_category.argmax(axis=1)
    t.share("again.category", same)
    t.share("again.a", (a.p_a >= 0.5) == (b.p_a >= 0.5))
    t.share("again.category_sure", same, a.p_category.max(axis=1) >= 0.7)
    is_a = truth == 0
    both = _role_fit(spec, first).evaluate((first.y + second.y) / 2, (first.V + second.V) / 4)
    unclear = (a.p_a >= 0.2) & (a.p_a < 0.8)
    for name, p in (
        ("once", a.p_a),
        ("open_twice", np.where(unclear, both.p_a, a.p_a)),
        ("all_twice", both.p_a),
    ):
        says = p >= 0.5
        t.share(f"{name}.agree", says == is_a)
        t.share(f"{name}.fn", ~says, is_a)
        t.share(f"{name}.fp", says, ~is_a)


def _zero_by_anchors(t: Tally, spec: ChainSpec, world: World, seed: int, is_a: Any) -> None:
    """The zero of severity by rated certification performances, beside the median and the mean, on the same worlds."""
    by_median = evaluate(spec, world.data, second_opinions=False)
    c = by_median.calibration
    by_mean = evaluate(
        spec,
        world.data,
        calibration=with_severity(c, c.severity - c.severity.mean()),
        second_opinions=False,
    )
    by_anchors = evaluate(spec, world.data, anchors=simulate_anchors(world, seed), second_opinions=False)
    for name, result in (("mean", by_mean), ("median", by_median), ("anchors", by_anchors)):
        severity = result.calibration.severity
        true = world.severity[[world.data.raters.index(r) for r in result.calibration.raters]]
        t.value(f"zero.{name}.bias", float((true - severity).mean()))
        t.root(f"zero.{name}.error", [(true - severity).mean()])
        t.root(f"zero.{name}.rmse", result.y - world.true_levels)
        says = result.fit.p_a >= 0.5
        t.share(f"zero.{name}.fn", ~says, is_a)
        t.share(f"zero.{name}.fp", says, ~is_a)
        t.share(f"zero.{name}.agree", says == is_a)


# -- other sizes and other truths --------------------------------------------------------------------------------------


def _grown(d: Design, n: int) -> Design:
    """The pool of raters and the route without E4 grow with the persons."""
    return replace(
        d,
        raters=max(d.raters, round(d.raters * n / 34 / 4)),
        without={k: round(v * n / 34) for k, v in d.without.items()},
    )


def _large_world(d: Design, scenario: Scenario, n: int, seed: int, draws: int, t: Tally) -> None:
    big = _grown(d, n)
    spec = big.spec(seed=seed, draws=draws)
    world = simulate(big, n, seed, scenario)
    result = evaluate(spec, world.data, second_opinions=False)
    for name, value in measures(result, world).items():
        t.value(f"large.{name}", value)
    gap = result.blocks.value - world.block_truth
    t.root("large.block.rmse", gap)
    t.value("large.block.reliability", _squared_r(result.blocks.value, world.block_truth))
    t.value("large.reliability", _squared_r(result.y, world.true_levels))
    _borrowing_blocks(t, spec, world)
    w = spec.rules[spec.role].weights
    t.value("large.composite_reliability", _squared_r(result.y @ w, world.true_levels @ w))


def _borrowing_blocks(t: Tally, spec: ChainSpec, world: World) -> None:
    """Blocks by the model of correlated abilities, calibrated on the same answers; levels by the spread of true blocks."""
    types = ["gpcm" if partial else "2pl" for partial in spec.item_partial]
    model = CorrelatedBlocks(
        blocks=[f"C{c + 1}" for c in spec.item_block], types=types, standard_errors=False, tolerance=1e-3
    ).fit(world.data.item_scores)
    found = model.estimate(world.data.item_scores)
    mean, sd = world.block_truth.mean(axis=0), world.block_truth.std(axis=0)
    gap = mean + sd * found.value - world.block_truth
    t.root("large.borrowed.rmse", gap)
    t.coverage("large.borrowed.cover", gap, sd * found.se)
    t.value("large.borrowed.reliability", _squared_r(found.value, world.block_truth))


def _seats_of_many(d: Design, scenario: Scenario, n: int, seed: int, draws: int, t: Tally) -> None:
    big = _grown(d, n)
    spec = big.spec(seed=seed, draws=draws)
    world = simulate(big, n, seed, scenario)
    result = evaluate(spec, world.data, second_opinions=False)
    _seats(t, "many", spec, world, result, true_categories(big, world.true_levels))


def _other_truth(d: Design, scenario: Scenario, seed: int, draws: int, t: Tally) -> None:
    spec = d.spec(seed=seed, draws=draws)
    world = simulate(d, 34, seed, scenario)
    found = measures(evaluate(spec, world.data, second_opinions=False), world)
    for name, value in found.items():
        t.value(name, value)


def _texts(d: Design, markers: int, seed: int, t: Tally) -> None:
    """Case items as texts marked by people: does the marker's term keep the interval of a block honest?"""
    marked = replace(MODERATE, text_marker=0.20, text_markers=markers)
    with_texts = replace(d, item_text=d.item_partial)
    world = simulate(with_texts, 200, seed, marked)
    for name, design in (("with", with_texts), ("without", d)):
        spec = design.spec(seed=seed, draws=2)
        blocks = _blocks(spec, world)
        t.root(f"{name}.rmse", blocks[0] - world.block_truth)
        t.coverage(f"{name}.cover", blocks[0] - world.block_truth, blocks[1])


def _blocks(spec: ChainSpec, world: World) -> tuple[FloatArray, FloatArray]:

    found = score_blocks(
        world.data.item_scores,
        item_block=spec.item_block,
        item_max=spec.item_max,
        item_partial=spec.item_partial,
        item_text=spec.item_text,
        links=spec.links(),
        text_raters=world.data.text_raters,
    )
    return found.value, found.se

"""How well the chain finds the truth: agreement of categories, coverage, severities, over many worlds."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from .._checks import BoolArray, FloatArray, IntArray
from ..chain import ChainResult, ChainSpec, evaluate
from ..facets import VarianceDefaults
from ..fit import categorise
from ._design import Design
from ._world import LENIENT, MODERATE, Scenario, World, simulate

Z80, Z95 = 1.2815515655446004, 1.959963984540054


def true_categories(spec: ChainSpec | Design, true_levels: FloatArray) -> IntArray:
    """Category of true profiles (P, C) by the rule of A4.4: 0 A, 1 B, 2 C, 3 D."""
    return categorise(true_levels, spec.rules, spec.role)[0]


@dataclass(frozen=True)
class Agreement:
    """One world. Shares over persons with a verdict; n of them.

    four: most probable category equals the true one. ready: P(A) ≥ .50 agrees with true A. false_negative: of truly
    ready people, judged not; false_positive: of not ready, judged ready. true_ready: share truly A.
    decided: P(A) outside .20–.80; decided_right: agreement among those. open_true: share truly A among the open.
    """

    n: int
    four: float
    ready: float
    false_negative: float
    false_positive: float
    true_ready: float
    decided: float
    decided_right: float
    promised: float


def category_agreement(
    result: ChainResult, truth: FloatArray | World, *, rules: Design | ChainSpec | None = None
) -> Agreement:
    """Compare verdicts with true levels (P, C), persons in the order of `result`; `truth` may be the World itself."""
    if isinstance(truth, World):
        levels, rule_set = truth.true_levels, rules or truth.design
    else:
        if rules is None:
            raise ValueError(
                "true levels alone carry no rules; pass rules=spec, or the World instead of the levels."
            )
        levels, rule_set = truth, rules
    true = true_categories(rule_set, levels)
    p = result.fit.p_category
    ok = ~np.isnan(p[:, 0])
    n = int(ok.sum())
    if n == 0:
        raise ValueError("no person has a verdict; every score is insufficient. Check the design's matrix.")
    true, p = true[ok], p[ok]
    is_a, says_a = true == 0, p[:, 0] >= 0.5
    sure = (p[:, 0] >= 0.8) | (p[:, 0] < 0.2)

    def share(x: object, of: object) -> float:
        of_ = np.asarray(of, dtype=bool)
        return float(np.asarray(x)[of_].mean()) if of_.any() else float("nan")

    return Agreement(
        n=n,
        four=float((p.argmax(axis=1) == true).mean()),
        ready=float((is_a == says_a).mean()),
        false_negative=share(~says_a, is_a),
        false_positive=share(says_a, ~is_a),
        true_ready=float(is_a.mean()),
        decided=float(sure.mean()),
        decided_right=share(is_a == says_a, sure),
        promised=float(result.fit.stability[ok].mean()),
    )


@dataclass(frozen=True)
class Band:
    """Mean and 5–95 % band over replications, ignoring those without the quantity."""

    mean: float
    low: float
    high: float
    sd: float
    n: int

    @classmethod
    def of(cls, x: FloatArray) -> Band:
        """The band of values (n,), NaN left out."""
        x = x[~np.isnan(x)]
        if not len(x):
            nan = float("nan")
            return cls(nan, nan, nan, nan, 0)
        low, high = np.quantile(x, (0.05, 0.95))
        return cls(float(x.mean()), float(low), float(high), float(x.std()), len(x))


def _flagged(flags: tuple[tuple[str, ...], ...], whom: BoolArray, codes: set[str]) -> float:
    """Share of the raters `whom` who carry one of the codes; NaN if there are none."""
    chosen = np.flatnonzero(whom)
    return (
        float(np.mean([float(bool(codes & set(flags[k]))) for k in chosen])) if chosen.size else float("nan")
    )


def measures(result: ChainResult, world: World) -> dict[str, float]:
    """Everything compared with the truth in one world; levels, shares."""
    out = {k: float(v) for k, v in asdict(category_agreement(result, world)).items()}
    gap = result.y - world.true_levels
    z = np.abs(gap) / result.combined.se
    out["rmse"] = float(np.sqrt(np.nanmean(gap**2)))
    out["cover80"], out["cover95"] = (
        float(np.nanmean(np.where(np.isnan(z), np.nan, z <= q))) for q in (Z80, Z95)
    )
    w = world.design.rules[world.design.role].weights
    gap_c = result.composite.value - world.true_levels @ w
    z_c = np.abs(gap_c) / result.composite.se
    out["composite_rmse"] = float(np.sqrt(np.nanmean(gap_c**2)))
    out["composite_cover80"], out["composite_cover95"] = (float(np.mean(z_c <= q)) for q in (Z80, Z95))
    c = result.calibration
    at = [world.data.raters.index(r) for r in c.raters]
    true = world.severity[at]
    beta = c.severity
    shift = np.median(true) if c.zero == "median" else 0.0
    ordinary = ~world.central[at]
    out["severity_rmse"] = float(
        np.sqrt(np.mean(((beta - beta.mean()) - (true - true.mean()))[ordinary] ** 2))
    )
    lenient, central = true == LENIENT, world.central[at]
    out["lenient_found"] = _flagged(c.rater_flags, lenient, {"lenient"})
    out["central_found"] = _flagged(c.rater_flags, central, {"central"})
    out["false_severity"] = _flagged(c.rater_flags, ~lenient & ~central, {"lenient", "severe"})
    out["zero_bias"] = float(np.mean(beta - (true - shift)))
    out["conflict"] = float(np.mean(result.combined.conflict[~np.isnan(result.combined.conflict_p)]))
    return out


def replicate(
    design: Design,
    *,
    replications: int,
    n_persons: int = 34,
    scenario: Scenario = MODERATE,
    seed: int = 1,
    draws: int = 2000,
    lenient_rater: int | None = 0,
    central_rater: int | None = 1,
    defaults: VarianceDefaults | None = None,
) -> dict[str, Band]:
    """Bands of every measure over independent worlds with seeds `seed`, `seed` + 1, …"""
    spec = design.spec(seed=seed, draws=draws, defaults=defaults)
    rows: list[dict[str, float]] = []
    for k in range(replications):
        world = simulate(
            design, n_persons, seed + k, scenario, lenient_rater=lenient_rater, central_rater=central_rater
        )
        rows.append(measures(evaluate(spec, world.data, second_opinions=False), world))
    return {name: Band.of(np.array([r[name] for r in rows])) for name in rows[0]}

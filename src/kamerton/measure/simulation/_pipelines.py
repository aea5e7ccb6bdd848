"""The ways of combining that are compared on one world, and what each gets right (tables B2 and B3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from .._checks import BoolArray, FloatArray, IntArray
from ..chain import Calibration, ChainResult, ChainSpec, evaluate
from ..combination import error_covariance
from ..facets import ComponentEstimate, VarianceComponents, VarianceDefaults, blend
from ..fit import FitVerdicts, RoleFit, estimate_prior, posterior
from ._tally import Tally
from ._world import World

MILDER = VarianceDefaults(method=0.40, cell=0.30, halo=0.30, residual=0.58, test_method=0.30)
"""The set the specification tried first."""
CLUSTER_RULE = "composite and three clusters"


@dataclass(frozen=True)
class Outcome:
    """One pipeline on one world: scores y (P, C), error covariance V, verdicts."""

    y: FloatArray
    v: FloatArray
    fit: FitVerdicts


def with_severity(
    calibration: Calibration, severity: FloatArray, se: FloatArray | None = None
) -> Calibration:
    """The same calibration with other severities."""
    return replace(calibration, severity=severity, severity_se=calibration.severity_se if se is None else se)


def with_components(calibration: Calibration, used: VarianceComponents) -> Calibration:
    """The same calibration with other components in use."""
    old = calibration.components
    return replace(calibration, components=ComponentEstimate(old.raw, used, old.n, old.source))


def pipelines(spec: ChainSpec, world: World, specified: ChainResult) -> dict[str, Outcome]:
    """Rows of B2, by name: the trial's with the mean as zero of severity and the milder set, then the specified one."""
    c = specified.calibration
    mean_zero = with_severity(c, c.severity - c.severity.mean())
    none = with_severity(c, np.zeros_like(c.severity), np.zeros_like(c.severity))
    bare = VarianceComponents(0.0, 0.0, 0.0, MILDER.residual**2, 0.0, 0.0)
    blended = blend(c.components.raw, c.components.n, MILDER).used
    made = {
        "raw": with_components(none, bare),
        "severity": with_components(mean_zero, bare),
        "method": with_components(mean_zero, MILDER.components),
        "blended": with_components(mean_zero, blended),
    }
    out = {}
    for name, calibration in made.items():
        r = evaluate(spec, world.data, calibration=calibration, second_opinions=False)
        out[name] = Outcome(r.y, r.V, r.fit)
        if name == "blended":
            out["precision"] = _precision(spec, r)
            out["shrunken"] = _shrunken(r)
    out["specified"] = Outcome(specified.y, specified.V, specified.fit)
    return out


def _judge(spec: ChainSpec, r: ChainResult, y: FloatArray, v: FloatArray) -> FitVerdicts:
    prior = estimate_prior(y, v)
    fit = RoleFit(
        spec.rules, spec.role, prior, competencies=spec.competencies, draws=spec.draws, seed=spec.seed
    )
    return fit.evaluate(y, v, insufficient=r.combined.insufficient)


def _precision(spec: ChainSpec, r: ChainResult) -> Outcome:
    """Instruments weighted by 1/v instead of the stated weights."""
    b, used = r.combined, r.calibration.components.used
    total = b.parts_shared + b.parts_unique + b.parts_link
    weights = np.where(np.isnan(total), 0.0, 1.0 / total)
    raters = np.where(np.isnan(total), 1.0, np.swapaxes(r.cells.n_raters, 1, 2))
    method, halo = np.full(len(spec.instruments), used.method), np.full(len(spec.instruments), used.halo)
    link = np.zeros_like(spec.weights)
    if spec.test_index is not None:
        t = spec.test_index
        method[t], halo[t] = used.test_method, 0.0
        raters[:, :, t] = 1.0
        link[:, t] = np.nan_to_num(r.blocks.link_se)
    v = error_covariance(
        weights,
        method=method,
        halo=halo,
        raters=np.maximum(raters, 1.0),
        unique=np.nan_to_num(b.parts_unique),
        link_se=link,
    )
    return Outcome(b.precision_value, v, _judge(spec, r, b.precision_value, v))


def _shrunken(r: ChainResult) -> Outcome:
    """The common prior's posterior taken as the score; the verdicts are the blended pipeline's own."""
    m, c = posterior(r.y, r.V, r.prior)
    return Outcome(m, c, r.fit)


def tally_pipeline(tally: Tally, name: str, out: Outcome, world: World, truth: IntArray) -> None:
    """RMSE, coverage, categories, gates of one pipeline."""
    rule = world.design.rules[world.design.role]
    true, w = world.true_levels, rule.weights
    se = np.sqrt(np.diagonal(out.v, axis1=1, axis2=2))
    tally.root(f"{name}.rmse", out.y - true)
    tally.coverage(f"{name}.cover", out.y - true, se)
    gap, se_c = (out.y - true) @ w, np.sqrt(np.einsum("c,pcd,d->p", w, out.v, w))
    tally.root(f"{name}.composite_rmse", gap)
    tally.coverage(f"{name}.composite_cover", gap, se_c)
    tally.share(f"{name}.four", out.fit.p_category.argmax(axis=1) == truth)
    met, passed = true >= rule.cuts, out.y >= rule.cuts
    tally.share(f"{name}.gate_fn", ~passed, met)
    tally.share(f"{name}.gate_fp", passed, ~met)


def tally_rules(tally: Tally, name: str, out: Outcome, world: World, is_a: BoolArray) -> None:
    """Errors of the ways to say "A or not" from the same scores."""
    rule, y = world.design.rules[world.design.role], out.y
    se = np.sqrt(np.diagonal(out.v, axis1=1, axis2=2))
    w = rule.weights
    composite = y @ w
    clusters = np.ones(len(y), dtype=bool)
    for members in world.design.clusters.values():
        at = list(members)
        clusters &= y[:, at].mean(axis=1) >= rule.cuts[at].mean()
    says = {
        "point gates": (y >= rule.cuts).all(axis=1) & (composite >= rule.cut),
        "within 1 SE": (y >= rule.cuts - se).all(axis=1) & (composite >= rule.cut),
        "composite only": composite >= rule.cut,
        CLUSTER_RULE: clusters & (composite >= rule.cut),
        "P(A) >= .50": out.fit.p_a >= 0.5,
        "P(A) >= .35": out.fit.p_a >= 0.35,
        "minimums alone": (y >= rule.cuts).all(axis=1),
    }
    truth = dict.fromkeys(says, is_a)
    truth["minimums alone"] = rule.meets(world.true_levels)[0]
    for key, verdict in says.items():
        tally.share(f"{name}.{key}.fn", ~verdict, truth[key])
        tally.share(f"{name}.{key}.fp", verdict, ~truth[key])
        tally.share(f"{name}.{key}.ppv", truth[key], verdict)
        tally.share(f"{name}.{key}.agree", verdict == truth[key])


ZONES = ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01))
WORDS = ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 1.01))
GATES = ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.95), (0.95, 1.01))


def tally_calibration(tally: Tally, name: str, out: Outcome, world: World, is_a: BoolArray) -> None:
    """What the printed probabilities are worth: zones of P(A), words, one gate with and without the prior."""
    p = out.fit.p_a
    for k, (low, high) in enumerate(ZONES):
        inside = (p >= low) & (p < high)
        tally.share(f"{name}.zone{k}.share", inside)
        tally.share(f"{name}.zone{k}.true", is_a, inside)
    sure = (p >= 0.8) | (p < 0.2)
    tally.share(f"{name}.decided_right", (p >= 0.5) == is_a, sure)
    rule = world.design.rules[world.design.role]
    met = world.true_levels >= rule.cuts
    se = np.sqrt(np.diagonal(out.v, axis1=1, axis2=2))
    flat = ndtr((out.y - rule.cuts) / se)
    for kind, printed in (("prior", out.fit.p_met), ("flat", flat)):
        for k, (low, high) in enumerate(GATES):
            inside = (printed >= low) & (printed < high)
            tally.share(f"{name}.{kind}{k}.printed", printed, inside)
            tally.share(f"{name}.{kind}{k}.true", met, inside)
    words = np.concatenate((p[:, None], out.fit.p_composite[:, None], out.fit.p_minimums[:, None]), axis=1)
    holds_min, holds_comp, _ = rule.meets(world.true_levels)
    truth = np.stack((is_a, holds_comp, holds_min), axis=1)
    for k, (low, high) in enumerate(WORDS):
        inside = (words >= low) & (words < high)
        tally.share(f"{name}.word{k}.printed", words, inside)
        tally.share(f"{name}.word{k}.true", truth, inside)
        gates = (out.fit.p_met >= low) & (out.fit.p_met < high)
        tally.share(f"{name}.wordgate{k}.true", met, gates)

"""Simulated truth: severities, thresholds, errors, interactions and drift come back within stated bands."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.facets import ManyFacetRasch
from tests.measure.facets.simulated import THRESHOLDS, centre, draw, pairs


@pytest.mark.parametrize(("n_raters", "band"), [(3, 0.03), (12, 0.06)])
def test_severities_of_72_000_ratings_come_back(n_raters: int, band: float) -> None:
    sample = centre(n_raters=n_raters)
    model = ManyFacetRasch().fit(sample.ratings)
    error = model.severity_["rater"] - sample.severity
    assert np.abs(error).max() < band
    assert np.abs(error / model.severity_se_["rater"]).max() < 3.5
    assert np.abs(model.thresholds_[0] - THRESHOLDS).max() < 0.06
    assert abs(model.sd_ - np.std(sample.ability)) < 0.05
    assert abs(model.quadrature_change_) < 0.05
    estimates = model.estimate()
    assert estimates.se.mean() < 0.12  # 144 ratings a person
    # One zero for both: persons are measured from the centred facets, and the simulated exercises have a mean.
    gap = estimates.value - sample.ability
    assert np.corrcoef(estimates.value, sample.ability)[0, 1] > 0.99
    assert np.std(gap) < 0.13


def test_errors_of_severities_are_right_on_average() -> None:
    ratios = []
    for seed in range(25):
        sample = pairs(n_persons=120, seed=seed)
        model = ManyFacetRasch(facets=("person", "item", "rater")).fit(sample.ratings)
        ratios.append((model.severity_["rater"] - sample.severity) / model.severity_se_["rater"])
    assert 0.8 < np.sqrt(np.mean(np.square(ratios))) < 1.2


def test_joint_measures_spread_more_than_the_truth_and_marginal_ones_do_not() -> None:
    sample = pairs(n_persons=600, items=2)
    slopes = {}
    for method in ("marginal", "joint"):
        model = ManyFacetRasch(facets=("person", "item", "rater"), method=method).fit(sample.ratings)
        slopes[method] = np.polyfit(sample.severity, model.severity_["rater"], 1)[0]
    assert abs(slopes["marginal"] - 1) < 0.1
    assert slopes["joint"] > 1.15


def test_mean_squares_are_one_when_the_model_holds() -> None:
    model = ManyFacetRasch().fit(centre(n_persons=120, n_raters=12, seed=3).ratings)
    for facet in ("rater", "competency", "exercise"):
        table = model.table(facet)
        assert np.abs(table["infit"] - 1).max() < 0.12
        assert np.abs(table["outfit"] - 1).max() < 0.15
    persons = model.table("person")
    assert abs(persons["infit"].mean() - 1) < 0.03
    assert 0.8 < persons["infit_standardised"].std() < 1.2


def test_a_careless_rater_is_noisy_and_a_cautious_one_muted() -> None:
    sample = centre(n_persons=60, n_raters=6, seed=8)
    rng = np.random.default_rng(1)
    r, value = sample.ratings["rater"], sample.ratings["value"].copy()
    careless, cautious = r == 0, r == 1
    value[careless] = rng.permutation(value[careless])
    value[cautious] = 2 + np.sign(value[cautious] - 2) * (rng.random(int(cautious.sum())) < 0.3)
    table = ManyFacetRasch().fit({**sample.ratings, "value": value}).table("rater")
    assert table["flags"][0] == "noisy"
    assert table["flags"][1] == "muted"
    assert table["point_measure_correlation"][0] < table["point_measure_correlation"][2:].min()


def test_a_planted_interaction_is_found_and_others_are_not() -> None:
    sample = centre(n_persons=150, n_raters=4, seed=21)
    rng = np.random.default_rng(4)
    r = sample.ratings
    exercise_free = sample.ability[r["person"]] - sample.severity[r["rater"]]
    planted = (r["rater"] == 2) & (r["competency"] == 5)
    value = draw(exercise_free + 0.8 * planted, rng)
    model = ManyFacetRasch(bias=("rater", "competency")).fit({**r, "value": value})
    table = model.bias_["rater:competency"]
    at = (table["rater"] == 2) & (table["competency"] == 5)
    # The main effects take up part of one cell out of 4 × 8: 0.8 · (1 − 1/4)(1 − 1/8) = .53 is left.
    assert abs(table["size"][at][0] - 0.525) < 0.15
    assert table["t"][at][0] > 5
    assert np.mean(np.abs(table["t"][~at]) > 3) < 0.1
    groups = model.interaction({**r, "value": value, "sex": r["person"] % 2}, ("rater", "sex"))
    assert len(groups) == 8
    assert np.abs(groups["t"]).max() < 3.5


def test_a_rater_who_grows_severe_is_flagged_for_drift() -> None:
    rng = np.random.default_rng(6)
    n, raters, periods = 240, 5, 3
    period_of = np.arange(n) % periods
    ability = rng.normal(size=n)
    p, i, r = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(4), np.arange(raters), indexing="ij"))
    severity = np.linspace(-0.4, 0.4, raters)
    drift = np.where(r == 3, 0.4 * period_of[p], 0.0)
    table = {"person": p, "item": i, "rater": r, "period": period_of[p]}
    table["value"] = draw(ability[p] - severity[r] - drift, rng)
    model = ManyFacetRasch(facets=("person", "item", "rater")).fit(table)
    found = model.drift("rater", "period", table)
    assert len(found) == raters * periods
    flagged = {level for level, text in zip(found["level"], found["flags"], strict=True) if "drift" in text}
    assert flagged == {3}
    mine = found["severity"][found["level"] == 3]
    assert mine[2] - mine[0] == pytest.approx(0.8, abs=0.25)


def test_anchors_put_everybody_on_the_old_scale() -> None:
    first, second = centre(n_persons=80, n_raters=6, seed=31), centre(n_persons=80, n_raters=6, seed=31)
    model = ManyFacetRasch().fit(first.ratings)
    anchors = {"rater": {k: float(v) + 1.0 for k, v in enumerate(model.severity_["rater"][:3])}}
    again = ManyFacetRasch(anchors=anchors).fit(second.ratings)
    assert again.severity_["rater"][:3] == pytest.approx([anchors["rater"][k] for k in range(3)])
    assert np.all(again.severity_se_["rater"][:3] == 0)
    assert again.severity_["rater"][3:] == pytest.approx(model.severity_["rater"][3:] + 1.0, abs=1e-3)
    assert again.mean_ == pytest.approx(model.mean_ + 1.0, abs=1e-3)


def test_persons_of_known_level_fix_the_origin_of_raters() -> None:
    sample = centre(n_persons=60, n_raters=6, seed=41)
    known = {"person": {k: float(sample.ability[k]) for k in range(30)}}
    model = ManyFacetRasch(
        facets=("person", "exercise", "competency", "rater"), free="rater", anchors=known
    ).fit(sample.ratings)
    held = model.table("person")
    assert held["measure"][:30] == pytest.approx(sample.ability[:30])
    assert np.all(held["se"][:30] == 0)
    assert np.corrcoef(held["measure"][30:], sample.ability[30:])[0, 1] > 0.98
    spread = model.severity_["rater"] - model.severity_["rater"].mean()
    assert np.abs(spread - sample.severity).max() < 0.12

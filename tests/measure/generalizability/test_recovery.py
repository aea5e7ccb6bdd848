"""Simulated truth: components, their errors and intervals, with and without gaps."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.generalizability import GeneralizabilityStudy, rater_accuracy

TRUTH = {"p": 0.5, "e": 0.1, "r:e": 0.08, "pe": 0.25, "pr:e": 0.35}


def centre(rng, persons=60, exercises=5, raters=3):
    """Persons × raters × exercises, raters nested in exercises."""
    s = {name: np.sqrt(v) for name, v in TRUTH.items()}
    x = 3 + rng.normal(0, s["p"], (persons, 1, 1)) + rng.normal(0, s["e"], (1, 1, exercises))
    x = x + rng.normal(0, s["r:e"], (1, raters, exercises)) + rng.normal(0, s["pe"], (persons, 1, exercises))
    return x + rng.normal(0, s["pr:e"], (persons, raters, exercises))


@pytest.mark.parametrize("method", ("moments", "reml"))
def test_components_of_a_nested_design_are_recovered(method):
    rng = np.random.default_rng(21)
    found = np.array(
        [
            GeneralizabilityStudy(design="p x (r:e)", method=method).fit(centre(rng)).raw_components_
            for _ in range(150)
        ]
    )
    error = found.std(axis=0) / np.sqrt(150)
    bias = found.mean(axis=0) - np.array(list(TRUTH.values()))
    # REML keeps components at 0 or above, so that of the five exercises is a little high on average.
    slack = 0.01 if method == "reml" else 0.0
    assert np.all(np.abs(bias) < 3.5 * error + slack), dict(zip(TRUTH, bias, strict=True))


@pytest.mark.parametrize("method", ("moments", "reml"))
def test_components_are_recovered_with_gaps_and_unequal_numbers(method):
    rng = np.random.default_rng(22)
    found = []
    times = 60 if method == "moments" else 16
    for _ in range(times):
        x = centre(rng)
        x[rng.random(x.shape) < 0.3] = np.nan
        x[:20, 2, :] = np.nan
        draws = 2 if method == "moments" else 0  # two draws only: the errors are not looked at here
        study = GeneralizabilityStudy(design="p x (r:e)", method=method, bootstrap=draws).fit(x)
        found.append(study.raw_components_)
    error = np.std(found, axis=0) / np.sqrt(times)
    bias = np.mean(found, axis=0) - np.array(list(TRUTH.values()))
    assert np.all(np.abs(bias) < 3.5 * error + 0.01), dict(zip(TRUTH, bias, strict=True))


def test_errors_of_components_are_their_spread_and_intervals_cover():
    rng = np.random.default_rng(23)
    values, errors, covered = [], [], []
    for _ in range(300):
        x = rng.normal(0, 0.8, (50, 1)) + rng.normal(0, 0.4, (1, 12)) + rng.normal(0, 0.9, (50, 12))
        study = GeneralizabilityStudy(design="p x i").fit(x)
        values.append(study.components_)
        errors.append(study.parameters_["se"])
        truth = np.array([0.64, 0.16, 0.81])
        covered.append((study.parameters_["low"] <= truth) & (truth <= study.parameters_["high"]))
    ratio = np.mean(errors, axis=0) / np.std(values, axis=0, ddof=1)
    assert np.all((ratio > 0.9) & (ratio < 1.1)), ratio
    share = np.mean(covered, axis=0)
    assert np.all((share > 0.91) & (share < 0.98)), share


def test_intervals_of_g_and_phi_cover():
    rng = np.random.default_rng(24)
    g, phi, drawn = [], [], []
    true_g = 0.64 / (0.64 + 0.81 / 6)
    true_phi = 0.64 / (0.64 + 0.81 / 6 + 0.16 / 6)
    for k in range(200):
        x = rng.normal(0, 0.8, (60, 1)) + rng.normal(0, 0.4, (1, 10)) + rng.normal(0, 0.9, (60, 10))
        d = GeneralizabilityStudy(design="p x i").fit(x).decide({"i": 6})
        g.append(d.g.interval.low <= true_g <= d.g.interval.high)
        phi.append(d.phi.interval.low <= true_phi <= d.phi.interval.high)
        if k < 100:
            b = GeneralizabilityStudy(design="p x i", bootstrap=200, seed=k).fit(x).decide({"i": 6})
            drawn.append(b.phi.interval.low <= true_phi <= b.phi.interval.high)
    assert 0.91 <= np.mean(g) <= 0.985 and 0.91 <= np.mean(phi) <= 0.985
    assert np.mean(drawn) >= 0.88


def test_a_cross_design_of_three_facets_is_recovered():
    rng = np.random.default_rng(25)
    s = dict(
        zip(("p", "r", "e", "pr", "pe", "re", "pre"), (0.5, 0.1, 0.15, 0.1, 0.2, 0.05, 0.3), strict=True)
    )
    n, r, e = 80, 8, 10
    shape = {"p": (n, 1, 1), "r": (1, r, 1), "e": (1, 1, e), "pr": (n, r, 1), "pe": (n, 1, e), "re": (1, r, e),
             "pre": (n, r, e)}  # fmt: skip
    found = []
    for _ in range(40):
        x = sum(rng.normal(0, np.sqrt(v), shape[k]) for k, v in s.items())
        found.append(GeneralizabilityStudy(design="p x r x e", method="reml").fit(x).components_)
    bias = np.mean(found, axis=0) - np.array(list(s.values()))
    assert np.all(np.abs(bias) < 3.5 * np.std(found, axis=0) / np.sqrt(40) + 0.003)


def test_components_of_accuracy_recover_a_planted_rater():
    rng = np.random.default_rng(17)
    true = rng.normal(3, 0.7, (400, 8))
    rated = true + 0.6 + rng.normal(0, 0.3, (400, 1)) + rng.normal(0, 0.5, (400, 8))
    found = rater_accuracy(rated, true)
    assert abs(found.leniency - 0.6) < 0.06
    assert abs(found.differential_elevation - (0.09 + 0.25 / 8)) < 0.03
    assert abs(found.differential_accuracy - 0.25 * 7 / 8) < 0.03

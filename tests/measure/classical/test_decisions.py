"""Decisions at a cut: known answers, simulated truth, properties."""

from __future__ import annotations

import doctest
import importlib
import json
import math

import numpy as np
import pytest

from kamerton.measure.classical import (
    alpha,
    decision_consistency,
    decision_consistency_irt,
    decision_consistency_normal,
)
from kamerton.measure.classical._decisions import bivariate_normal

from .test_reference_answers import REFERENCE

METHODS = ("livingston_lewis", "hanson_brennan", "subkoviak", "normal")


def test_examples_in_the_docstrings_run():
    found = doctest.testmod(importlib.import_module("kamerton.measure.classical._decisions"))
    assert found.failed == 0 and found.attempted > 0


def test_the_normal_approximation_equals_the_published_table():
    file = REFERENCE / "methods" / "decision_consistency.json"
    if not file.exists():
        pytest.skip(
            f"reference data {file.name} is not here; set KAMERTON_REFERENCE to the folder that holds it"
        )
    case = json.loads(file.read_text(encoding="utf-8"))["cases"][0]
    for r in case["inputs"]["r"]:
        found = decision_consistency_normal(case["inputs"]["z"], reliability=r)
        expected = case["expected"][f"r={r}"]
        assert found.consistency.value == pytest.approx(expected["p0"], abs=1e-9)
        assert found.kappa.value == pytest.approx(expected["kappa"], abs=1e-9)


def test_the_bivariate_normal_equals_known_values_and_scipy():
    from scipy.stats import multivariate_normal

    assert bivariate_normal(0, 0, 0.5) == pytest.approx(0.25 + math.asin(0.5) / (2 * math.pi), abs=1e-14)
    for h, k, r in ((0.3, -1.2, 0.7), (1.5, 1.4, -0.4), (-2, 0.5, 0.95)):
        scipy = multivariate_normal.cdf([h, k], cov=[[1, r], [r, 1]], abseps=1e-9, releps=1e-9)
        assert bivariate_normal(h, k, r) == pytest.approx(scipy, abs=1e-7)
    assert bivariate_normal(0.4, 1.0, 1.0) == pytest.approx(0.6554217, abs=1e-6)


def two_forms(rng, shares, length, cuts):
    one, two = rng.binomial(length, shares), rng.binomial(length, shares)
    categories = [np.searchsorted(cuts, v, side="right") for v in (one, two, shares * length)]
    a, b, truth = categories
    return (a == b).mean(), (a == truth).mean(), (a > truth).mean(), (a < truth).mean()


@pytest.mark.parametrize(("length", "cuts"), ((40, [24.0]), (40, [20.0, 26.0]), (80, [44.0, 52.0])))
@pytest.mark.parametrize("method", ("livingston_lewis", "hanson_brennan"))
def test_figures_of_one_form_foretell_two_forms(method, length, cuts):
    rng = np.random.default_rng(61)
    shares = 0.25 + 0.5 * rng.beta(5, 3, 300_000)
    truth = two_forms(rng, shares, length, np.array(cuts))
    x = rng.binomial(length, shares[:8000])
    kr21 = length / (length - 1) * (1 - x.mean() * (length - x.mean()) / (length * x.var(ddof=1)))
    found = decision_consistency(x, cuts, reliability=kr21, maximum=length, method=method, bootstrap=0)
    values = (found.consistency, found.accuracy, found.false_positive, found.false_negative)
    assert [v.value for v in values] == pytest.approx(truth, abs=0.008)


def test_items_of_unequal_difficulty_are_within_a_point_of_the_truth():
    rng = np.random.default_rng(62)
    ability = rng.normal(size=60_000)
    right = 1 / (1 + np.exp(-1.3 * (ability[:, None] - np.linspace(-1.5, 1.5, 30))))
    one, two = ((rng.random(right.shape) < right).sum(axis=1) for _ in range(2))
    rows = (rng.random((4000, 30)) < right[:4000]).astype(float)
    reliability = alpha(rows).value
    for cut in (15, 20):
        truth = ((one >= cut) == (two >= cut)).mean()
        for method, slack in (("livingston_lewis", 0.012), ("hanson_brennan", 0.01), ("normal", 0.018)):
            found = decision_consistency(
                rows.sum(axis=1), cut, reliability=reliability, maximum=30, method=method, bootstrap=0
            )
            assert found.consistency.value == pytest.approx(truth, abs=slack), (method, cut)


def test_errors_are_the_spread_over_samples():
    rng = np.random.default_rng(63)
    values, errors = [], []
    for k in range(60):
        x = rng.binomial(30, rng.beta(5, 4, 300))
        found = decision_consistency(x, 17, reliability=0.75, maximum=30, bootstrap=60, seed=k).consistency
        values.append(found.value)
        errors.append(found.se)
        assert found.interval.low <= found.value <= found.interval.high
    assert 0.75 < np.mean(errors) / np.std(values, ddof=1) < 1.35


def test_rudners_figures_foretell_a_second_measurement():
    rng = np.random.default_rng(64)
    truth = rng.normal(size=60_000)
    one, two = (truth + rng.normal(0, 0.4, 60_000) for _ in range(2))
    found = decision_consistency_irt(one, np.full(60_000, 0.4), [-0.5, 0.6])
    cut = [np.searchsorted([-0.5, 0.6], v, side="right") for v in (one, two, truth)]
    # Unshrunken estimates spread more than truth, so both are a little high: the page says so.
    assert 0 < found.accuracy.value - (cut[0] == cut[2]).mean() < 0.02
    assert 0 < found.consistency.value - (cut[0] == cut[1]).mean() < 0.02
    prior = 1 / (1 + 0.16)
    shrunk = decision_consistency_irt(prior * one, np.full(60_000, math.sqrt(prior * 0.16)), 0.3)
    assert shrunk.accuracy.value == pytest.approx(((prior * one > 0.3) == (truth > 0.3)).mean(), abs=0.005)


def test_tables_sum_to_one_and_give_the_figures():
    x = np.random.default_rng(65).binomial(40, np.random.default_rng(66).beta(6, 4, 400))
    for method in METHODS:
        d = decision_consistency(x, [18, 26], reliability=0.8, maximum=40, method=method, bootstrap=0)
        for table in (d.consistency_table, d.accuracy_table):
            assert table.shape == (3, 3) and table.sum() == pytest.approx(1, abs=1e-6) and (table >= 0).all()
        assert np.allclose(d.consistency_table, d.consistency_table.T, atol=1e-9)
        assert np.trace(d.consistency_table) == pytest.approx(d.consistency.value)
        parts = d.accuracy.value + d.false_positive.value + d.false_negative.value
        assert parts == pytest.approx(1, abs=1e-6)
        # Truth and the second form come from the same true scores, so observed margins agree.
        assert np.allclose(d.accuracy_table.sum(axis=0), d.consistency_table.sum(axis=0), atol=1e-6)


def test_more_reliable_scores_decide_more_alike_and_more_cuts_less():
    x = np.random.default_rng(67).binomial(40, np.random.default_rng(68).beta(6, 4, 400))
    for method in ("livingston_lewis", "normal", "subkoviak"):
        values = [
            decision_consistency(
                x, 24, reliability=r, maximum=40, method=method, bootstrap=0
            ).consistency.value
            for r in (0.5, 0.7, 0.9)
        ]
        assert values == sorted(values)
    one, two = (
        decision_consistency(x, cuts, reliability=0.8, maximum=40, bootstrap=0).consistency.value
        for cuts in (24, [20, 28])
    )
    assert two < one


def test_the_scale_of_the_score_does_not_matter():
    x = np.random.default_rng(69).binomial(40, 0.6, 300)
    one = decision_consistency(x, 24, reliability=0.7, maximum=40, bootstrap=0)
    two = decision_consistency(
        5 * x + 100, 220, reliability=0.7, minimum=100, maximum=300, step=5, bootstrap=0
    )
    assert two.consistency.value == pytest.approx(one.consistency.value, abs=1e-9)
    assert two.accuracy.value == pytest.approx(one.accuracy.value, abs=1e-9)


def test_few_persons_odd_scores_and_missing_reliability_are_said():
    few = decision_consistency([10, 12, 14], 12, reliability=0.8, maximum=20)
    assert not few.consistency.is_reported and few.flags == ("too_few_persons",)
    same = decision_consistency([12.0] * 40, 12, reliability=0.8, maximum=20)
    assert not same.kappa.is_reported and same.flags == ("no_variance",)
    x = np.random.default_rng(70).binomial(20, 0.5, 100).astype(float)
    with pytest.raises(ValueError, match="needs the reliability"):
        decision_consistency(x, 10, maximum=20)
    with pytest.raises(ValueError, match="livingston_lewis"):
        decision_consistency(x / 3, 3, maximum=20, method="hanson_brennan")
    with pytest.raises(ValueError, match="outside 0–15"):
        decision_consistency(x + 5, 10, maximum=15, reliability=0.8)
    with pytest.raises(ValueError, match="rising"):
        decision_consistency(x, [12, 8], maximum=20, reliability=0.8)
    assert "kr21" in decision_consistency(x, 10, maximum=20, method="hanson_brennan", bootstrap=0).flags
    again = [decision_consistency(x, 10, maximum=20, reliability=0.6, bootstrap=10, seed=3) for _ in range(2)]
    assert again[0].consistency == again[1].consistency

"""Simulated truth comes back: the true value is known, the estimate must lie in a band and its interval must cover."""

from __future__ import annotations

import numpy as np
import pytest

from kamerton.measure.classical import (
    ClassicalTest,
    alpha,
    distractor_analysis,
    lambda2,
    omega_total,
    split_half,
)


def normal_test(rng, n, loadings, spread=1.0):
    loadings = np.asarray(loadings)
    unique = np.sqrt(1 - loadings**2)
    return (rng.normal(size=(n, 1)) * loadings + rng.normal(size=(n, len(loadings))) * unique) * spread


@pytest.mark.parametrize("statistic", (alpha, lambda2, omega_total, split_half))
def test_intervals_cover_the_true_reliability_of_parallel_items(statistic):
    # Ten parallel items with loading .6: true reliability = 10 · .36 / (10 · .36 + .64) · … = Spearman-Brown of .36.
    truth = 10 * 0.36 / (1 + 9 * 0.36)
    rng = np.random.default_rng(11)
    covered, values = 0, []
    for _ in range(400):
        found = statistic(normal_test(rng, 200, [0.6] * 10))
        values.append(found.value)
        covered += found.interval.low <= truth <= found.interval.high
    # 95 % nominal; the binomial error of 400 draws is .011. Lambda-2 is biased upwards a little by construction.
    assert 0.91 <= covered / 400 <= 0.985
    assert np.mean(values) == pytest.approx(truth, abs=0.01)


def test_the_delta_method_errors_equal_the_spread_over_samples():
    rng = np.random.default_rng(12)
    loadings = [0.9, 0.8, 0.7, 0.5, 0.4, 0.3]
    for statistic in (alpha, lambda2, omega_total):
        found = [statistic(normal_test(rng, 300, loadings)) for _ in range(400)]
        spread = np.std([e.value for e in found])
        assert np.mean([e.se for e in found]) == pytest.approx(spread, rel=0.12), statistic.__name__


def test_the_error_of_a_standardised_omega_equals_the_spread_over_samples():
    rng = np.random.default_rng(13)
    found = [
        omega_total(normal_test(rng, 300, [0.8, 0.7, 0.6, 0.5]) * [1, 2, 3, 4], metric="standardised")
        for _ in range(400)
    ]
    assert np.mean([e.se for e in found]) == pytest.approx(np.std([e.value for e in found]), rel=0.12)


def test_omega_finds_the_reliability_of_unequal_loadings_where_alpha_stays_below():
    loadings = np.array([0.9, 0.8, 0.5, 0.3, 0.2])
    truth = loadings.sum() ** 2 / (loadings.sum() ** 2 + (1 - loadings**2).sum())
    scores = normal_test(np.random.default_rng(14), 20_000, loadings)
    assert omega_total(scores).value == pytest.approx(truth, abs=0.01)
    assert alpha(scores).value < omega_total(scores).value - 0.02


def test_person_intervals_cover_true_scores():
    # Rasch-like items: the true score is the sum of probabilities.
    rng = np.random.default_rng(15)
    ability, difficulty = rng.normal(size=(2000, 1)), np.linspace(-1.5, 1.5, 30)
    chance = 1 / (1 + np.exp(-(ability - difficulty)))
    scores = (rng.random(chance.shape) < chance).astype(float)
    test = ClassicalTest().fit(scores)
    people = test.estimate(scores)
    truth = chance.sum(axis=1)
    inside = np.mean([p.interval.low <= t <= p.interval.high for p, t in zip(people, truth, strict=True)])
    assert 0.93 <= inside <= 0.97
    # The error of the true score given the person is what SE claims, over the middle of the scale.
    middle = [(p.se**2, (p.value - t) ** 2) for p, t in zip(people, truth, strict=True) if 8 <= p.value <= 22]
    claimed, found = np.mean(middle, axis=0)
    assert claimed == pytest.approx(found, rel=0.12)


def test_assumed_errors_cover_true_scores_of_a_small_group():
    rng = np.random.default_rng(16)
    inside = []
    for _ in range(60):
        ability, difficulty = rng.normal(size=(20, 1)), np.linspace(-1.5, 1.5, 25)
        chance = 1 / (1 + np.exp(-(ability - difficulty)))
        scores = (rng.random(chance.shape) < chance).astype(float)
        people = ClassicalTest(minimum=0, maximum=1).fit(scores).estimate(scores)
        assert all("error_assumed" in p.flags for p in people)
        inside += [
            p.interval.low <= t <= p.interval.high for p, t in zip(people, chance.sum(axis=1), strict=True)
        ]
    assert 0.92 <= np.mean(inside) <= 0.985


def simulated_choices(rng, n=400, items=12):
    ability = rng.normal(size=n)
    solved = rng.random((n, items)) < 1 / (1 + np.exp(-1.4 * (ability[:, None] - np.linspace(-1, 1, items))))
    wrong = rng.choice(["B", "C", "D"], size=(n, items))
    return ability, np.where(solved, "A", wrong)


def test_a_wrong_key_is_found():
    _, chosen = simulated_choices(np.random.default_rng(17))
    keys = [{"A"}] * 12
    keys[4] = {"C"}
    scores = np.array([[float(value in keys[j]) for j, value in enumerate(row)] for row in chosen])
    found = distractor_analysis(chosen.tolist(), keys, scores)
    assert "key_not_chosen_by_ablest" in found[4].flags
    by_option = {o.option: o for o in found[4].options}
    assert "positive_distractor_certain" in by_option["A"].flags
    assert "key_not_positive" in by_option["C"].flags
    assert not any(item.flags for j, item in enumerate(found) if j != 4)


def test_an_option_nobody_chose_is_found():
    _, chosen = simulated_choices(np.random.default_rng(18))
    scores = (chosen == "A").astype(float)
    found = distractor_analysis(chosen.tolist(), [{"A"}] * 12, scores, options=[list("ABCDE")] * 12)
    assert all(item.options[4].flags == ("never_chosen",) and item.options[4].n_chosen == 0 for item in found)


def test_good_items_seldom_raise_the_certain_flag():
    rng = np.random.default_rng(19)
    flagged = total = 0
    for _ in range(40):
        _, chosen = simulated_choices(rng, n=150)
        for item in distractor_analysis(chosen.tolist(), [{"A"}] * 12, (chosen == "A").astype(float)):
            flagged += sum("positive_distractor_certain" in o.flags for o in item.options)
            total += 3
    assert flagged / total < 0.01

"""Simulated truth: intervals hold what they promise, errors are the spread over samples."""

from __future__ import annotations

import numpy as np

from kamerton.measure.agreement import (
    cohen_kappa,
    conger_kappa,
    group_icc,
    gwet_ac,
    icc,
    krippendorff_alpha,
    within_group_agreement,
)


def ratings(rng, n, k, *, subjects=1.0, raters=0.5, error=0.7):
    return rng.normal(0, subjects, (n, 1)) + rng.normal(0, raters, (1, k)) + rng.normal(0, error, (n, k))


def test_intervals_of_the_icc_cover_the_truth():
    rng = np.random.default_rng(11)
    truth = {"ICC(A,1)": 1 / (1 + 0.25 + 0.49), "ICC(C,1)": 1 / 1.49, "ICC(C,k)": 1 / (1 + 0.49 / 6)}
    covered = dict.fromkeys(truth, 0)
    for _ in range(400):
        found = icc(ratings(rng, 40, 6))
        for form, value in truth.items():
            covered[form] += found[form].interval.low <= value <= found[form].interval.high
    assert all(0.92 <= count / 400 <= 0.98 for count in covered.values()), covered


def test_icc_by_reml_recovers_the_truth_with_a_third_of_the_cells_missing():
    rng = np.random.default_rng(12)
    values = []
    for _ in range(20):
        x = ratings(rng, 120, 8)
        x[rng.random(x.shape) < 0.33] = np.nan
        values.append(icc(x, missing="reml")["ICC(C,1)"].value)
    assert abs(np.mean(values) - 1 / 1.49) < 0.02


def labels(rng, n, raters, right=0.75, q=4):
    truth = rng.choice(q, n, p=[0.4, 0.3, 0.2, 0.1])
    guess = rng.integers(0, q, (n, raters))
    return np.where(rng.random((n, raters)) < right, truth[:, None], guess)


def test_errors_of_chance_corrected_coefficients_are_their_spread():
    rng = np.random.default_rng(13)
    for coefficient, raters in ((cohen_kappa, 2), (conger_kappa, 4), (gwet_ac, 4)):
        found = [coefficient(labels(rng, 120, raters), categories=[0, 1, 2, 3]) for _ in range(300)]
        spread = np.std([f.value for f in found], ddof=1)
        assert 0.9 < np.mean([f.se for f in found]) / spread < 1.1, coefficient.__name__


def test_bootstrap_interval_of_alpha_covers_the_truth_of_many_units():
    rng = np.random.default_rng(14)
    truth = krippendorff_alpha(labels(rng, 40_000, 3), metric="nominal", bootstrap=0).value
    covered = 0
    for _ in range(150):
        found = krippendorff_alpha(labels(rng, 150, 3), metric="nominal", bootstrap=300, seed=7)
        covered += found.interval.low <= truth <= found.interval.high
    assert 0.90 <= covered / 150 <= 0.99


def test_icc_of_groups_recovers_the_share_between_groups():
    rng = np.random.default_rng(15)
    found = []
    for _ in range(200):
        sizes = rng.integers(10, 40, 60)
        code = np.repeat(np.arange(60), sizes)
        y = rng.normal(0, np.sqrt(0.15), 60)[code] + rng.normal(0, np.sqrt(0.85), len(code))
        found.append(group_icc(y, code, size="harmonic").icc1)
    assert abs(np.mean([f.value for f in found]) - 0.15) < 0.006
    assert 0.91 <= np.mean([f.interval.low <= 0.15 <= f.interval.high for f in found]) <= 0.98


def test_random_answers_have_r_wg_near_zero_and_its_interval_holds():
    rng = np.random.default_rng(16)
    covered = []
    for _ in range(300):
        y = np.clip(np.rint(rng.normal(3, 0.9, (25, 1))), 1, 5)
        found = within_group_agreement(y, options=5, bootstrap=0).r_wg
        truth = 1 - (0.81 + 1 / 12) / 2  # rounding adds a twelfth to the variance
        covered.append(found.interval.low <= truth <= found.interval.high)
    assert 0.91 <= np.mean(covered) <= 0.99
    guessed = [
        within_group_agreement(rng.integers(1, 6, (60, 1)), options=5, bootstrap=0).r_star.value
        for _ in range(200)
    ]
    assert abs(np.mean(guessed)) < 0.02

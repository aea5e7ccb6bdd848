"""Simulated panels and groups: cuts and their errors."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from kamerton.measure.cuts import (
    angoff,
    bookmark,
    borderline_group,
    borderline_regression,
    contrasting_groups,
    hofstee,
    panel_link,
)


def test_the_error_over_judges_is_the_spread_of_panels_and_its_interval_covers():
    rng = np.random.default_rng(41)
    truth = rng.uniform(0.3, 0.8, 30)
    found = []
    for _ in range(400):
        judged = np.clip(truth + rng.normal(0, 0.05, (10, 1)) + rng.normal(0, 0.06, (10, 30)), 0, 1)
        found.append(angoff(judged).cut)
    spread = np.std([c.value for c in found], ddof=1)
    assert 0.92 < np.mean([c.se for c in found]) / spread < 1.08
    covered = np.mean([c.interval.low <= truth.sum() <= c.interval.high for c in found])
    assert 0.92 <= covered <= 0.98


def test_the_error_over_items_too_is_the_spread_of_panels_with_other_items():
    rng = np.random.default_rng(42)
    found = []
    for _ in range(400):
        item = rng.normal(0.55, 0.12, 25)
        judged = np.clip(item + rng.normal(0, 0.04, (9, 1)) + rng.normal(0, 0.06, (9, 25)), 0, 1)
        found.append(angoff(judged).cut)
    spread = np.std([c.value for c in found], ddof=1)
    assert 0.9 < np.mean([c.se_both for c in found]) / spread < 1.1


def test_the_link_of_many_judges_recovers_the_levels():
    rng = np.random.default_rng(43)
    place = rng.normal(3, 1, 12)
    curve = expit(1.6 * (np.array([1.5, 2.5, 3.5, 4.5])[None, :] - place[:, None]))
    expected = expit(
        1.6
        * (
            np.array([1.5, 2.5, 3.5, 4.5])[None, None, :]
            - place[None, :, None]
            + rng.normal(0, 0.3, (200, 1, 1))
        )
    )
    found = panel_link(expected, item_max=np.ones(12))
    assert np.abs(found.knots["points"] - curve.sum(axis=0)).max() < 0.15
    assert 0.24 < found.link.panel_sd < 0.36
    assert abs(found.level_at(float(curve.sum(axis=0)[1])).level - 2.5) < 0.06


def test_bookmarks_of_judges_with_one_cut_in_mind_recover_it():
    rng = np.random.default_rng(44)
    b = np.sort(rng.normal(0, 1, 60))
    locations = b + np.log(2)
    values = []
    for _ in range(200):
        minds = 0.4 + rng.normal(0, 0.25, 12)
        marks = [int(np.searchsorted(locations, m)) + 1 for m in minds]
        values.append(bookmark(b, [min(max(m, 1), 61) for m in marks], place="between"))
    assert abs(np.mean([v.value for v in values]) - 0.4) < 0.05
    assert 0.85 < np.mean([v.se for v in values]) / np.std([v.value for v in values], ddof=1) < 1.25


def test_the_logistic_cut_is_recovered_and_its_error_is_its_spread():
    rng = np.random.default_rng(45)
    found = []
    for _ in range(300):
        x = np.rint(rng.normal(20, 5, 250))
        found.append(contrasting_groups(x, rng.random(250) < expit(0.5 * (x - 22))))
    values = np.array([f.cut.value for f in found])
    assert abs(values.mean() - 22) < 0.08
    assert 0.9 < np.mean([f.cut.se for f in found]) / values.std(ddof=1) < 1.1
    covered = [f.cut.interval.low <= 22 <= f.cut.interval.high for f in found]
    assert 0.92 <= np.mean(covered) <= 0.98


def test_normal_curves_cross_where_they_should():
    rng = np.random.default_rng(46)
    found = []
    for _ in range(200):
        x = np.concatenate([rng.normal(15, 3, 150), rng.normal(21, 3, 150)])
        found.append(contrasting_groups(x, np.repeat([0, 1], 150)).normal)
    values = np.array([f.value for f in found])
    assert abs(values.mean() - 18) < 0.06
    assert 0.85 < np.mean([f.se for f in found]) / values.std(ddof=1) < 1.15


def test_borderline_cuts_recover_the_borderline_score():
    rng = np.random.default_rng(47)
    median, mean, line = [], [], []
    for _ in range(200):
        grade = rng.choice([1, 2, 3, 4], 200, p=[0.2, 0.3, 0.3, 0.2])
        x = 30 + 10 * grade + rng.normal(0, 6, 200)
        median.append(borderline_group(x[grade == 2], bootstrap=200))
        mean.append(borderline_group(x[grade == 2], statistic="mean"))
        line.append(borderline_regression(x, grade, borderline=2))
    for cuts in (median, mean, line):
        values = np.array([c.value for c in cuts])
        assert abs(values.mean() - 50) < 0.25
        assert 0.85 < np.mean([c.se for c in cuts]) / values.std(ddof=1) < 1.2
    assert np.mean([c.se for c in line]) < np.mean([c.se for c in mean])


def test_hofstee_lands_inside_the_judges_box():
    rng = np.random.default_rng(48)
    x = np.clip(np.rint(rng.normal(60, 12, 400)), 0, 100)
    judged = np.column_stack([rng.normal(50, 3, 10), rng.normal(65, 3, 10), rng.uniform(0.05, 0.15, 10),
                              rng.uniform(0.3, 0.5, 10)])  # fmt: skip
    cut = hofstee(x, judged, bootstrap=200)
    assert 48 < cut.value < 66 and 0 < cut.se < 4
    assert cut.interval.low < cut.value < cut.interval.high

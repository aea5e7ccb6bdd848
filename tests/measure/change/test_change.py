"""Change of persons and groups: published examples, sums by hand, coverage, what a reader must be told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from kamerton.measure.change import pre_post, regression_to_the_mean, reliable_change, standard_error_from

FOLDER = Path(os.environ.get("KAMERTON_REFERENCE") or Path(__file__).parents[4] / "shared" / "reference") / "methods"  # fmt: skip


def test_agrees_with_the_worked_examples() -> None:
    if not FOLDER.is_dir():
        pytest.skip("no reference data; set KAMERTON_REFERENCE")
    for case in json.loads((FOLDER / "reliable_change.json").read_text(encoding="utf-8"))["cases"]:
        given, told = case["inputs"], case["expected"]
        se = standard_error_from(given["s1"], given["rxx"])
        found = reliable_change([given["x1"]], [given["x2"]], se)
        assert se == pytest.approx(told["SE"], abs=1e-6)
        assert found.se[0] == pytest.approx(told["S_diff"], abs=1e-6)
        assert found.index[0] == pytest.approx(told["RC"], abs=1e-6)
        # The example rounds the normal quantile to 1.96; ours is 1.959964.
        assert found.smallest[0] / 1.959963984540054 * 1.96 == pytest.approx(
            told["min_reliable_raw_change"], abs=1e-6
        )
        assert (found.verdict[0] != "unchanged") is told["reliable"]


def test_verdicts_with_a_cut_and_a_missing_score() -> None:
    found = reliable_change([2.0, 2.0, 3.6, 3.0, np.nan], [3.6, 3.0, 2.4, 3.1, 3.0], 0.25, cut=3.5)
    assert found.verdict == ("reached", "improved", "declined", "unchanged", "")
    assert "missing: 1 of 5" in found.flags


def test_nobody_changes_more_often_than_it_says() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(3, 0.7, 20_000)
    found = reliable_change(
        true + rng.normal(0, 0.3, 20_000), true + 0.1 + rng.normal(0, 0.4, 20_000), 0.3, 0.4, expected=0.1
    )
    assert abs(np.mean([v != "unchanged" for v in found.verdict]) - 0.05) < 0.006
    assert abs(float(((found.low < 0) & (found.high > 0)).mean()) - 0.95) < 0.006


def test_shared_errors_narrow_the_difference_and_impossible_ones_are_refused() -> None:
    assert reliable_change([1], [2], 0.3, covariance=0.05).se[0] < reliable_change([1], [2], 0.3).se[0]
    with pytest.raises(ValueError, match="leaves no error"):
        reliable_change([1], [2], 0.3, covariance=0.09)
    with pytest.raises(ValueError, match="above 0"):
        reliable_change([1], [2], 0.0)


def test_regression_to_the_mean_comes_as_announced() -> None:
    rng = np.random.default_rng(2)
    true = rng.normal(3, 0.7 * np.sqrt(0.75), 400_000)
    first, second = (true + rng.normal(0, 0.7 * 0.5, 400_000) for _ in range(2))
    low = first < 2.5
    assert (second - first)[low].mean() == pytest.approx(
        regression_to_the_mean(2.5, 3.0, 0.7, 0.75), abs=0.01
    )


def test_welch_and_the_adjusted_difference_agree_with_other_routes() -> None:
    rng = np.random.default_rng(3)
    x, c = rng.normal(3, 0.7, 25), rng.normal(3.1, 0.7, 40)
    y, d = x + 0.3 + rng.normal(0, 0.5, 25), c + rng.normal(0, 0.2, 40)
    found = pre_post(x, y, c, d)
    known = stats.ttest_ind(y - x, d - c, equal_var=False)
    assert found.difference is not None and found.adjusted is not None
    assert found.difference.p == pytest.approx(known.pvalue, rel=1e-9)
    assert found.gain.p == pytest.approx(stats.ttest_rel(y, x).pvalue, rel=1e-9)
    design = np.column_stack((np.ones(65), np.r_[np.ones(25), np.zeros(40)], np.r_[x, c]))
    assert found.adjusted.value == pytest.approx(np.linalg.lstsq(design, np.r_[y, d], rcond=None)[0][1])


def test_intervals_cover_the_effect() -> None:
    rng = np.random.default_rng(4)
    hits = {"difference": 0, "adjusted": 0, "standardised": 0}
    for _ in range(600):
        x, c = rng.normal(3, 0.7, 20), rng.normal(3, 0.7, 20)
        found = pre_post(x, x + 0.35 + rng.normal(0, 0.4, 20), c, c + rng.normal(0, 0.4, 20))
        for name, truth in (("difference", 0.35), ("adjusted", 0.35), ("standardised", 0.5)):
            effect = getattr(found, name)
            hits[name] += effect.interval.low < truth < effect.interval.high
    assert all(0.92 <= h / 600 <= 0.98 for h in hits.values()), hits


def test_the_reader_is_told() -> None:
    x = np.array([2.0, 2.5, 3.0, np.nan])
    assert {"no_comparison", "few_persons: 3", "incomplete: 1"} == set(
        pre_post(x, x + 0.5 + [0.1, 0, -0.1, 0]).flags
    )
    other = np.array([4.0, 4.2, 4.4, 4.1])
    flags = pre_post(x, x + np.array([0.1, 0, 0.2, 0]), other, other + np.array([0, 0.1, 0, 0.2])).flags
    assert any(f.startswith("unequal_before") for f in flags)
    with pytest.raises(ValueError, match="at least 3"):
        pre_post([1.0, 2.0], [2.0, 2.0])

"""Standing in a group: the table of scales, ranks with ties, errors, and groups that are too small."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from kamerton.measure import Estimates
from kamerton.measure.norms import StandardScale, Stanine, Sten, TScore, ZScore

FOLDER = (
    Path(os.environ.get("KAMERTON_REFERENCE") or Path(__file__).parents[4] / "shared" / "reference")
    / "methods"
)
GROUP = np.array([-1.0, 0.0, 1.0])  # mean 0, spread 1: a value is its own z


def test_the_grid_of_scales_is_the_known_one() -> None:
    if not FOLDER.is_dir():
        pytest.skip("no reference data; set KAMERTON_REFERENCE")
    case = json.loads((FOLDER / "norm_scales.json").read_text(encoding="utf-8"))["cases"][0]
    z, expected = case["inputs"]["z"], case["expected"]
    for kind, name in ((TScore, "T"), (Sten, "sten"), (Stanine, "stanine")):
        assert np.allclose(kind().fit(GROUP).transform(z).value, expected[name], atol=1e-9), name
    assert np.allclose(100 * stats.norm.cdf(z), expected["percentile"], atol=1e-6)


def test_percentile_ranks_share_ties_in_halves() -> None:
    scale = ZScore().fit([1, 2, 2, 2, 3])
    assert scale.percentile([0, 1, 2, 3, 4]).tolist() == [0, 10, 50, 90, 100]
    assert np.isnan(scale.percentile([np.nan])[0])


def test_normalising_makes_a_skewed_group_normal_and_keeps_the_order() -> None:
    x = np.random.default_rng(1).lognormal(0, 1, 2000)
    linear, ranks = ZScore().fit(x), ZScore(normalise=True).fit(x)
    assert any(f.code == "skewed" for f in linear.flags_) and not ranks.flags_
    z = ranks.transform(x).value
    assert abs(stats.skew(z)) < 0.05 and abs(z.std() - 1) < 0.05
    assert np.array_equal(np.argsort(z, kind="stable"), np.argsort(x, kind="stable"))


def test_the_error_joins_person_and_norm_group() -> None:
    x = np.random.default_rng(2).normal(3, 0.5, 400)
    people = Estimates(np.array([3.0, 4.0]), np.array([0.3, 0.3]), np.array([10, 10]), ((), ("all_correct",)))
    scored = TScore().fit(x).transform(people)
    z = (people.value - x.mean()) / x.std(ddof=1)
    assert np.allclose(scored.se, 10 * np.sqrt((0.3 / x.std(ddof=1)) ** 2 + 1 / 400 + z**2 / 798))
    assert scored.flags[1][0] == "all_correct" and scored.n.tolist() == [400, 400]
    assert TScore().fit(x).transform([3.0]).flags[0] == ("person_error_unknown",)


def test_the_error_of_the_norm_group_equals_the_spread_over_groups() -> None:
    rng = np.random.default_rng(3)
    found = [float(ZScore().fit(rng.normal(size=60)).transform([1.0]).value[0]) for _ in range(3000)]
    told = float(ZScore().fit(stats.norm.ppf((np.arange(60) + 0.5) / 60)).transform([1.0]).se[0])
    assert np.std(found) == pytest.approx(told, rel=0.1)


def test_says_when_a_group_is_small_and_a_person_outside_it() -> None:
    scale = Sten().fit(np.random.default_rng(4).normal(size=30))
    assert scale.flags_[0].code == "small_norm_group" and "30 persons" in scale.flags_[0].detail
    assert "outside_norm_group" in scale.transform([9.0]).flags[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [([1.0], "at least 2"), ([2.0, 2.0, 2.0], "All 3 values"), ([[1.0], [2.0]], "one number a person")],
)
def test_refuses_in_words(values: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Sten().fit(values)


def test_a_scale_of_ones_own_keeps_its_limits() -> None:
    scale = StandardScale(mean=500, sd=100, limits=(200, 800)).fit(GROUP)
    assert scale.transform([0, 1, 9]).value.tolist() == [500, 600, 800]
    with pytest.raises(ValueError, match="above 0"):
        StandardScale(sd=0).fit(GROUP).transform([0])

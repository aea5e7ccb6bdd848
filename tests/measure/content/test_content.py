"""Content validity: exact critical values, sorting back, importance by frequency."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from kamerton.measure.content import back_sort, content_ratios, critical_ratio, criticality

FOLDER = Path(os.environ.get("KAMERTON_REFERENCE") or Path(__file__).parents[4] / "shared" / "reference") / "methods"  # fmt: skip


def test_critical_values_agree_with_the_table() -> None:
    if not FOLDER.is_dir():
        pytest.skip("no reference data; set KAMERTON_REFERENCE")
    for case in json.loads((FOLDER / "content_validity.json").read_text(encoding="utf-8"))["cases"]:
        for n, told in case["expected"].get("critical", {}).items():
            found = critical_ratio(int(n))
            assert found.essential == told["n_essential"]
            assert found.ratio == pytest.approx(told["CVR"], abs=1e-6)


def test_critical_values_of_ayre_and_scally() -> None:
    """Ayre & Scally 2014, table 2: 8 judges 7 (.750), 20 judges 15 (.500), 40 judges 26 (.300)."""
    assert [(critical_ratio(n).essential, round(critical_ratio(n).ratio, 3)) for n in (8, 20, 40)] == [
        (7, 0.75), (15, 0.5), (26, 0.3)
    ]  # fmt: skip
    assert critical_ratio(4).essential is None


@pytest.mark.parametrize("n", range(5, 60))
def test_the_critical_number_is_the_first_that_chance_rarely_reaches(n: int) -> None:
    k = critical_ratio(n).essential
    assert k is not None
    assert stats.binom.sf(k - 1, n, 0.5) <= 0.05 < stats.binom.sf(k - 2, n, 0.5)


def test_missing_judgements_lower_the_number_of_judges_not_the_ratio() -> None:
    votes = np.ones((9, 2))
    votes[:6, 1] = np.nan
    found = content_ratios(votes)
    assert found.items["ratio"].tolist() == [1.0, 1.0] and found.items["keep"].tolist() == [True, False]
    assert found.flags == ("too_few_judges: item2",)
    with pytest.raises(ValueError, match="judge 1, indicator 2: 3"):
        content_ratios([[1, 3]])


def test_keeps_by_chance_as_rarely_as_it_says() -> None:
    votes = np.random.default_rng(1).integers(0, 2, size=(12, 4000)).astype(float)
    assert content_ratios(votes).items["keep"].mean() < 0.05


def test_an_item_without_a_rival_is_as_valid_as_it_is_agreed() -> None:
    found = back_sort([["a", "b"], ["a", None], ["a", "a"]], ["a", "b"])
    assert found.items["share"].tolist() == [1.0, 0.5] and found.items["validity"].tolist() == [1.0, 0.0]
    assert found.items["rival"].tolist() == ["", "a"] and found.n == 5
    assert found.dimensions == {"a": 1.0, "b": 0.5}
    with pytest.raises(ValueError, match="must place 2 items"):
        back_sort([["a"]], ["a", "b"])


def test_sorting_at_random_comes_back_as_often_as_there_are_dimensions() -> None:
    rng = np.random.default_rng(2)
    names = list("abcd")
    placed = [[names[k] for k in rng.integers(0, 4, 400)] for _ in range(10)]
    found = back_sort(placed, [names[k % 4] for k in range(400)])
    assert abs(found.agreement - 0.25) < 0.03
    inside = (found.items["low"] <= 0.25) & (found.items["high"] >= 0.25)
    assert inside.mean() > 0.93


def test_criticality_by_hand_and_its_interval() -> None:
    i, f = np.array([[5.0, 3.0], [3.0, 3.0], [4.0, np.nan]]), np.array([[5.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    found = criticality(i, f)
    assert found.items["criticality"][0] == pytest.approx((25 + 3 + 8) / 3 / 25)
    assert found.items["criticality"][1] == 0.0 and not found.items["keep"][1]
    assert found.items["n"].tolist() == [3, 2]
    with pytest.raises(ValueError, match="respondent 1, task 1 is 7"):
        criticality([[7.0]], [[1.0]])


def test_the_interval_of_criticality_covers_its_mean() -> None:
    rng = np.random.default_rng(3)
    i, f = rng.integers(1, 6, (30, 800)).astype(float), rng.integers(0, 6, (30, 800)).astype(float)
    found = criticality(i, f)
    truth = 3.0 * 2.5 / 25
    assert 0.92 < float(((found.items["low"] < truth) & (truth < found.items["high"])).mean()) < 0.975


def test_a_rare_task_of_weight_is_named() -> None:
    found = criticality(np.full((8, 1), 5.0), np.full((8, 1), 1.0), names=["stops a leak"])
    assert found.flags == ("rare_but_important: stops a leak",)
